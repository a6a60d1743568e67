//! A copy that is safe to publish: every identity of a phone replaced by a textbook value, in every layer, with its sums made
//! right. What it makes belongs to no phone, and no phone will ever take it.

mod files;
mod traces;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::copies::{BinRegionCopy, Copies, Extent, FileCopy};
use super::files::{below, region_files, tree_files};
use super::plan::{Edit, checksums, overwrite};
use super::refusal::Refusal;
use super::scheme::Scheme;
use crate::formats::ap_file::{BT_MAC_AT, WIFI_MAC_AT};
use crate::formats::binregion::data_checksum;
use crate::formats::catalog::Family;
use crate::formats::imei::{Imei, ImeiField};
use crate::formats::mac::{MacAddress, MacStatus};
use crate::formats::product_info::{self, ProductInfo};
use files::Redactor;

pub use traces::{Trace, blot, first};

/// Numbers that textbooks use; all have right check digits.
const TEXTBOOK: [&str; 12] = [
    "490154203237518",
    "356938035643809",
    "352099001761481",
    "353879234252633",
    "010101010101015",
    "001010123456785",
    "001010123456793",
    "001010123456801",
    "001010123456819",
    "001010123456827",
    "001010123456835",
    "001010123456843",
];

/// What has to be done to a copy.
#[derive(Debug, Clone, Default)]
pub struct Redaction {
    /// Files with other values and right sums.
    pub edits: Vec<Edit>,
    /// Forms of the old values that may stand anywhere else: in journals, unused blocks, files nothing describes.
    pub traces: Vec<Trace>,
    /// Identities found and replaced.
    pub replaced: usize,
}

/// What takes the place of what.
#[derive(Debug, Default)]
struct Aliases {
    imeis: BTreeMap<String, Imei>,
    macs: BTreeMap<[u8; 6], MacAddress>,
    texts: BTreeMap<String, String>,
}

/// Plans the redaction of a copy.
///
/// # Errors
/// [`Refusal::CannotRedact`] where an identity cannot be read and so cannot be replaced.
pub fn plan_redaction(copies: &Copies, family: &Family) -> Result<Redaction, Refusal> {
    let scheme = Scheme::of(copies, family);
    if scheme.is_sealed() {
        return Err(Refusal::CannotRedact {
            why: "its files are enciphered with a key nvkeep does not know",
        });
    }
    let aliases = Aliases::of(copies, &scheme)?;
    let mut redactor = Redactor { scheme: &scheme, aliases: &aliases, traces: aliases.traces() };
    let mut edits = Vec::new();
    if let Some(copy) = copies.binregion.present() {
        region(copy, &mut redactor, &mut edits);
    }
    for (tree, layer) in
        [(&copies.live, "live"), (&copies.protect_f, "simlock"), (&copies.protect_s, "simlock")]
    {
        let tree = tree.present();
        for (path, file) in tree.into_iter().flatten() {
            if let Some(bytes) = redactor.file(path, &file.bytes) {
                overwrite(&mut edits, file, &bytes, layer, path);
            }
        }
        for (path, bytes) in tree.map(|tree| redactor.work_copies(tree)).unwrap_or_default() {
            if let Some(file) = tree.and_then(|tree| tree.get(path)) {
                overwrite(&mut edits, file, &bytes, layer, path);
            }
        }
    }
    if let Some(record) = copies.pro_info.present() {
        let bytes = redactor.record(&record.bytes);
        overwrite(&mut edits, record, &bytes, "pro_info", "PRO_INFO");
    }
    let replaced = aliases.imeis.len() + aliases.macs.len() + aliases.texts.len();
    Ok(Redaction { edits, traces: redactor.traces, replaced })
}

fn region(copy: &BinRegionCopy, redactor: &mut Redactor<'_>, edits: &mut Vec<Edit>) {
    let mut data = copy.region.data.clone();
    for file in &copy.region.files {
        let Some(bytes) = below(&file.name).and_then(|path| redactor.file(path, &file.bytes)) else {
            continue;
        };
        if let Some(place) = data.get_mut(file.start..file.start.saturating_add(bytes.len())) {
            place.copy_from_slice(&bytes);
        }
        let place = |(at, len): &(u64, u64)| Extent { at: copy.partition_at + at, len: *len };
        let extents = file.extents.iter().map(place).collect();
        let there = FileCopy { bytes: file.bytes.clone(), extents };
        overwrite(edits, &there, &bytes, "binregion", &file.name);
    }
    // A checksum that was wrong stays wrong: a copy must not look better than what it was taken from.
    if copy.region.checksum_valid() {
        checksums(edits, data_checksum(&data), copy.partition_at, copy);
    }
}

impl Aliases {
    fn of(copies: &Copies, scheme: &Scheme<'_>) -> Result<Self, Refusal> {
        let mut found = Self::default();
        let mut numbers: Vec<Imei> = scheme.signed_imeis();
        let (region, live) = (region_files(copies), tree_files(&copies.live));
        let remnants = copies.remnants.iter().map(|remnant| remnant.bytes.as_slice());
        let named =
            |path: &str| [&region, &live].into_iter().filter_map(|tree| tree.get(path).copied()).collect();
        let (imeis, barcodes): (Vec<&[u8]>, Vec<&[u8]>) = (named(scheme.imei()), named(scheme.barcode()));
        for file in imeis.into_iter().chain(remnants.clone()) {
            numbers.extend(own(&scheme.imei_slots(file).unwrap_or_default(), scheme));
        }
        for text in barcodes.into_iter().chain(remnants).filter_map(|file| scheme.barcode_text(file)) {
            found.text(&text);
        }
        for (path, at) in [(super::files::WIFI, WIFI_MAC_AT), (super::files::BT, BT_MAC_AT)] {
            let files: Vec<&[u8]> = named(path);
            files
                .into_iter()
                .filter_map(|file| MacAddress::at(file, at))
                .for_each(|mac| found.mac(mac, scheme));
        }
        let record = copies.pro_info.present().map(|copy| copy.bytes.as_slice());
        let files = [&region, &live].into_iter().filter_map(|tree| tree.get(files::PRODUCT_INFO).copied());
        for ProductInfo { barcode, imeis, bt, wifi } in
            record.into_iter().chain(files).filter_map(product_info::decode)
        {
            numbers.extend(own(&imeis, scheme));
            found.text(&barcode);
            found.mac(bt, scheme);
            found.mac(wifi, scheme);
        }
        let taken: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let mut free = TEXTBOOK.iter().filter(|text| !taken.iter().any(|taken| taken == *text));
        for number in numbers {
            if let Entry::Vacant(place) = found.imeis.entry(number.to_string()) {
                let alias = free.next().and_then(|text| Imei::parse(text));
                let why = "it holds more numbers than there are textbook ones";
                place.insert(alias.ok_or(Refusal::CannotRedact { why })?);
            }
        }
        Ok(found)
    }

    fn mac(&mut self, mac: MacAddress, scheme: &Scheme<'_>) {
        let is_own =
            matches!(mac.status(&scheme.family.mac_templates()), MacStatus::Valid | MacStatus::Invalid);
        if !is_own || self.macs.contains_key(&mac.0) {
            return;
        }
        // Locally administered, of nobody; says nothing of the old one.
        let number = u8::try_from(self.macs.len()).unwrap_or(u8::MAX);
        let alias = MacAddress([0x02, 0x00, 0x5E, 0x10, u8::from(mac.0[4] == 0), number]);
        self.macs.insert(mac.0, alias);
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() || self.texts.contains_key(text) {
            return;
        }
        let number = format!("{}", self.texts.len());
        let alias: String =
            "REDACTED".chars().chain(number.chars()).chain(std::iter::repeat('0')).take(text.len()).collect();
        // A text that reads like its own alias is replaced by another.
        let alias = if alias == text { alias.replace('R', "X") } else { alias };
        self.texts.insert(text.into(), alias);
    }

    fn traces(&self) -> Vec<Trace> {
        let imeis =
            self.imeis.iter().filter_map(|(text, alias)| Some(traces::of_imei(&Imei::parse(text)?, alias)));
        let macs = self.macs.iter().map(|(mac, alias)| traces::of_mac(MacAddress(*mac), *alias));
        let texts = self.texts.iter().map(|(text, alias)| traces::of_text(text, alias));
        imeis.chain(macs).chain(texts).flatten().collect()
    }
}

/// Numbers that could be somebody's: all but unset slots and the modem's default.
fn own(slots: &[ImeiField], scheme: &Scheme<'_>) -> Vec<Imei> {
    let number = |field: &ImeiField| match field {
        ImeiField::Digits(imei) if !imei.is_monotonous() && !scheme.family.is_default_imei(imei) => {
            Some(*imei)
        }
        _ => None,
    };
    slots.iter().filter_map(number).collect()
}
