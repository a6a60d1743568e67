//! One file at a time: the same file with other values and right sums. Encodes textbook values only.

use super::Aliases;
use super::traces::{Trace, add, blot};
use crate::formats::ap_file::{self, BT_MAC_AT, WIFI_MAC_AT};
use crate::formats::binregion::{Content, data_checksum};
use crate::formats::imei::ImeiField;
use crate::formats::key_probe::is_ldi;
use crate::formats::ldi;
use crate::formats::mac::MacAddress;
use crate::formats::product_info;
use crate::identity::copies::Tree;
use crate::identity::files::{BT, WIFI, below};
use crate::identity::scheme::Scheme;

/// PRODUCT_INFO on builds that keep it among the AP files.
pub(super) const PRODUCT_INFO: &str = "APCFG/APRDEB/PRODUCT_INFO";
/// The serial that adb shows, in later records (ap-nvram.md 4.3).
const ADB_SERIAL: std::ops::Range<usize> = 0x74..0x88;
/// One block of AES.
const BLOCK: usize = 16;

pub(super) struct Redactor<'a> {
    pub scheme: &'a Scheme<'a>,
    pub aliases: &'a Aliases,
    pub traces: Vec<Trace>,
}

impl Redactor<'_> {
    /// Returns the file with other values; `None` when nothing in it changes.
    pub fn file(&mut self, path: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let made = match path {
            WIFI => self.address(bytes, WIFI_MAC_AT),
            BT => self.address(bytes, BT_MAC_AT),
            PRODUCT_INFO => {
                let body = ap_file::body(bytes)?;
                with_trailer(self.record(body))
            }
            _ if path == self.scheme.imei() => self.numbers(bytes)?,
            _ if path == self.scheme.barcode() => {
                let alias = self.aliases.texts.get(&self.scheme.barcode_text(bytes)?)?;
                self.scheme.with_barcode(bytes, alias)?
            }
            // Signed data cannot be made anew: an empty record stays, under a right sum.
            _ if path.contains("/CSSD") => self.emptied(bytes)?,
            _ => return None,
        };
        self.remember(bytes, &made);
        (made != bytes).then_some(made)
    }

    /// Returns the daemon's work copies with the same changes, and the map's sum over them.
    pub fn work_copies(&mut self, tree: &Tree) -> Vec<(&'static str, Vec<u8>)> {
        let (Some(map), Some(data)) = (tree.get("AllMap"), tree.get("AllFile")) else { return Vec::new() };
        let Ok(content) = Content::from_work_copies(&map.bytes, &data.bytes) else {
            // Copies that do not agree are no files any more: only their traces go.
            let mut left = data.bytes.clone();
            blot(&mut left, &self.traces);
            return vec![("AllFile", left)];
        };
        let mut made = Vec::with_capacity(data.bytes.len());
        for file in &content.files {
            let changed = below(&file.name).and_then(|path| self.file(path, &file.bytes));
            made.extend(changed.unwrap_or_else(|| file.bytes.clone()));
        }
        let mut map = map.bytes.clone();
        if let Some(sum) = map.first_chunk_mut() {
            *sum = data_checksum(&made).to_le_bytes();
        }
        vec![("AllMap", map), ("AllFile", made)]
    }

    /// Returns the record of PRO_INFO with other values; flags and calibration marks stay.
    pub fn record(&self, record: &[u8]) -> Vec<u8> {
        let mut made = record.to_vec();
        let Some(info) = product_info::decode(record) else { return made };
        if let Some(place) = made.get_mut(product_info::BARCODE)
            && !info.barcode.is_empty()
        {
            let alias = self.aliases.texts.get(&info.barcode).map(String::as_bytes).unwrap_or_default();
            place.fill(0);
            place.iter_mut().zip(alias).for_each(|(to, from)| *to = *from);
        }
        for (slot, field) in info.imeis.iter().enumerate() {
            let ImeiField::Digits(imei) = field else { continue };
            let at = product_info::IMEIS.start + slot * product_info::IMEI_LEN;
            if let (Some(alias), Some(place)) = (
                self.aliases.imeis.get(&imei.to_string()),
                made.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<8>()),
            ) {
                let filler = place[7] & 0xF0;
                *place = alias.to_modem_bcd();
                place[7] = place[7] & 0x0F | filler;
            }
        }
        for (at, mac) in [(product_info::BT_AT, info.bt), (product_info::WIFI_AT, info.wifi)] {
            if let (Some(alias), Some(place)) =
                (self.aliases.macs.get(&mac.0), made.get_mut(at..).and_then(|rest| rest.first_chunk_mut()))
            {
                *place = alias.0;
            }
        }
        if let Some(serial) = made.get_mut(ADB_SERIAL) {
            serial.fill(0);
        }
        made
    }

    fn address(&self, file: &[u8], at: usize) -> Vec<u8> {
        let mut made = file.to_vec();
        let alias = MacAddress::at(file, at).and_then(|mac| self.aliases.macs.get(&mac.0));
        if let (Some(alias), Some(place)) =
            (alias, made.get_mut(at..).and_then(|rest| rest.first_chunk_mut()))
        {
            *place = alias.0;
        }
        // A trailer that was wrong stays wrong.
        match ap_file::body(file) {
            Some(body) => with_trailer(made.get(..body.len()).unwrap_or_default().to_vec()),
            None => made,
        }
    }

    fn numbers(&self, file: &[u8]) -> Option<Vec<u8>> {
        let mut made = file.to_vec();
        for (slot, field) in self.scheme.imei_slots(file)?.iter().enumerate() {
            let ImeiField::Digits(imei) = field else { continue };
            if let Some(alias) = self.aliases.imeis.get(&imei.to_string()) {
                made = self.scheme.textbook_imei(&made, slot, alias)?;
            }
        }
        Some(made)
    }

    fn emptied(&self, file: &[u8]) -> Option<Vec<u8>> {
        let header = ldi::Header::parse(file).ok()?;
        let empty = vec![0; usize::try_from(header.record_size).ok()?];
        let records = usize::from(header.records);
        (0..records).try_fold(file.to_vec(), |made, index| {
            ldi::replace_record(&made, index, &empty, self.scheme.aes()).ok()
        })
    }

    /// Blocks of a cipher that hold an old value may stand in other places too.
    fn remember(&mut self, old: &[u8], new: &[u8]) {
        if is_ldi(old) && old.len() == new.len() {
            let blocks = old.chunks(BLOCK).zip(new.chunks(BLOCK)).skip(ldi::HEADER / BLOCK);
            for (old, new) in blocks.filter(|(old, new)| old != new) {
                add(&mut self.traces, "ciphered block", old.to_vec(), new.to_vec());
            }
        }
    }
}

fn with_trailer(mut body: Vec<u8>) -> Vec<u8> {
    let trailer = ap_file::trailer(&body);
    body.extend_from_slice(&trailer);
    body
}
