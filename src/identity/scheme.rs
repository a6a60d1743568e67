//! How this phone's modem keeps its files: generation, key, and what the files that hold identity are called. Decided from
//! the files themselves, for the phone as a whole (modem-nvram.md 2.1, 2.8); the chip only says which family is likely.

use super::copies::{Copies, Remnant};
use super::files::{self, Files, region_files, tree_files};
use super::key;
use crate::formats::ap_file::text;
use crate::formats::catalog::Family;
use crate::formats::imei::{Imei, ImeiField};
use crate::formats::key_probe::{self, Finding, Generation, ModemKey, is_ldi};
use crate::formats::ldi::{self, Content, InfoFile, LdiFile};
use crate::formats::lid::{self, BARCODE_RECORD, DEFAULT_KEY, IMEI_RECORD};
use crate::formats::modem_file::replace::replace_record;
use crate::formats::records::cssd::Cssd;
use crate::formats::remnant::RemnantKind;

/// Characters of the barcode's text in its record (3.4).
const BARCODE_TEXT: usize = 60;
/// Last word of a SIM-lock record (3.4).
const LOCK_TAIL: u32 = 0x2659_8088;
/// Folder of IMEI and signed identity.
const IMPORTANT: &str = "md/NVRAM/NVD_IMEI/";

/// How one phone's modem files are kept.
pub(super) struct Scheme<'a> {
    /// The family's table.
    pub family: &'a Family,
    ldi: bool,
    key: Option<ModemKey>,
    sealed: bool,
    signed: Option<Vec<u8>>,
}

/// Returns the generation the modem files of this source are of, where they tell.
#[must_use]
pub fn generation(copies: &Copies) -> Option<Generation> {
    let files = modem_files(copies);
    if files.iter().any(|(_, bytes)| is_ldi(bytes)) {
        return Some(Generation::G3);
    }
    key_probe::probe(files).key().map(ModemKey::generation)
}

impl<'a> Scheme<'a> {
    /// Decides from everything one source holds.
    pub fn of(copies: &Copies, family: &'a Family) -> Self {
        Self::of_all(&[copies], family)
    }

    /// Decides from several sources that are bound to each other: a phone that lost everything is read by its archive's key.
    pub fn of_all(sources: &[&Copies], family: &'a Family) -> Self {
        let files: Vec<(&str, &[u8])> = sources.iter().flat_map(|copies| modem_files(copies)).collect();
        let ldi = files.iter().any(|(_, bytes)| is_ldi(bytes));
        let foreign = || sources.iter().any(|copies| speaks_against_default(copies, family));
        let (key, sealed) = match key_probe::probe(files.iter().copied()) {
            Finding::Proven { key, .. } => (Some(key.key), false),
            // Headerless files that prove no key are read by MediaTek's own as long as nothing speaks against it.
            Finding::UnknownKey { ldi: false, .. } if !foreign() => (Some(ModemKey::Rc4(DEFAULT_KEY)), false),
            Finding::UnknownKey { .. } | Finding::Contradiction { .. } => (None, true),
            Finding::Nothing if ldi => (None, false),
            Finding::Nothing => (Some(ModemKey::Rc4(DEFAULT_KEY)), false),
        };
        let signed = files.iter().find(|(path, _)| is_signed(path)).map(|(_, bytes)| bytes.to_vec());
        Self { family, ldi, key, sealed, signed }
    }

    /// Whether files are there that no known key opens: IMEI and barcode are then compared and kept, never read or made.
    pub fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Whether the files carry the `LDI` header.
    pub fn is_ldi(&self) -> bool {
        self.ldi
    }

    /// Returns the AES key of a G3 phone.
    pub fn aes(&self) -> Option<&[u8; 16]> {
        self.key.as_ref().and_then(ModemKey::aes)
    }

    /// Path of the IMEI file below the tree's root.
    pub fn imei(&self) -> &'static str {
        files::IMEI[usize::from(self.ldi)]
    }

    /// Path of the barcode file below the tree's root.
    pub fn barcode(&self) -> &'static str {
        files::BARCODE[usize::from(self.ldi)]
    }

    /// Returns whether the modem's book of files is whole and does not list the IMEI file: the modem then does not read it
    /// from disk (modem-nvram.md 4.5).
    pub fn hides_imei(&self, book: Option<&[u8]>) -> bool {
        let lid = self.family.lid("LD0B").and_then(|item| item.lid_number);
        let info = book.filter(|_| self.ldi).and_then(|book| InfoFile::parse(book).ok());
        info.zip(lid).is_some_and(|(info, lid)| info.has(lid) == Some(false))
    }

    /// Returns the slots of the IMEI file; `None` when it is damaged or closed.
    pub fn imei_slots(&self, file: &[u8]) -> Option<Vec<ImeiField>> {
        let records = self.records(file, IMEI_RECORD)?;
        records.iter().map(|record| record.first_chunk().map(Imei::from_bcd)).collect()
    }

    /// Returns the text of the barcode file; `None` when it is damaged or closed.
    pub fn barcode_text(&self, file: &[u8]) -> Option<String> {
        let records = self.records(file, BARCODE_RECORD)?;
        let [record] = &records[..] else { return None };
        Some(text(record.get(..BARCODE_TEXT)?))
    }

    /// Returns the file with another number in a slot, software version and padding kept; `None` where the encoder refuses.
    /// Where signed identity data stands beside it the file is never made anew (modem-nvram.md 5).
    pub fn with_imei(&self, file: &[u8], slot: usize, imei: &Imei) -> Option<Vec<u8>> {
        if self.signed.is_some() {
            return None;
        }
        self.textbook_imei(file, slot, imei)
    }

    /// The same for a copy that no phone will take: signed data beside it are no matter.
    pub fn textbook_imei(&self, file: &[u8], slot: usize, imei: &Imei) -> Option<Vec<u8>> {
        if self.sealed {
            return None;
        }
        let mut plain = self.records(file, IMEI_RECORD)?.into_iter().nth(slot)?;
        *plain.first_chunk_mut::<8>()? = imei.to_modem_bcd();
        replace_record(self.imei(), file, slot, &plain, self.family, self.key.as_ref()).ok()
    }

    /// Returns the barcode file with another text, padded as it was; `None` where the encoder refuses.
    pub fn with_barcode(&self, file: &[u8], text: &str) -> Option<Vec<u8>> {
        let mut plain = self.records(file, BARCODE_RECORD)?.into_iter().next()?;
        // Characters, for bytes that do not print stand as longer ones.
        let old = self.barcode_text(file)?.chars().count();
        let place = plain.get_mut(..old.max(text.len()).min(BARCODE_TEXT))?;
        place.fill(b' ');
        place.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        replace_record(self.barcode(), file, 0, &plain, self.family, self.key.as_ref()).ok()
    }

    /// Returns the numbers the phone's signed identity data vouch for, slot by slot.
    pub fn signed_imeis(&self) -> Vec<Imei> {
        let plain = self.signed.as_ref().and_then(|file| match ldi::open(file, self.aes()) {
            Ok(LdiFile { content: Content::Records(records), .. }) => Some(records.concat()),
            _ => None,
        });
        let signed = plain.and_then(|plain| Cssd::parse(&plain).ok()).map(|cssd| cssd.signed);
        let numbers = signed.into_iter().flatten().filter(|entry| matches!(entry.tag, 2 | 3));
        numbers.filter_map(|entry| Imei::parse(&entry.text)).collect()
    }

    /// Returns whether a SIM-lock file is whole: sums right and, where a key opens it, every record with its head and tail.
    /// The record size is the file's own: builds differ.
    pub fn lock_holds(&self, file: &[u8]) -> bool {
        if is_ldi(file) {
            return match ldi::open(file, self.aes()) {
                Ok(LdiFile { content: Content::Records(records), .. }) => !records.is_empty(),
                // What no key opens cannot be looked at: header and length hold.
                Ok(_) => true,
                Err(_) => false,
            };
        }
        let sizes = lid::guess_records(file);
        let Some(key) = self.key.as_ref().filter(|_| !self.sealed) else { return !sizes.is_empty() };
        let sound = |record: &[u8]| key.open_record(record).is_some_and(|plain| is_lock_record(&plain));
        sizes
            .into_iter()
            .any(|(_, size)| lid::records(file, size).is_some_and(|records| records.into_iter().all(sound)))
    }

    /// Opens a confidential file whose records have this size.
    fn records(&self, file: &[u8], size: usize) -> Option<Vec<Vec<u8>>> {
        let key = self.key.as_ref()?;
        if is_ldi(file) {
            return match ldi::open(file, key.aes()) {
                Ok(LdiFile { content: Content::Records(records), .. }) => {
                    records.iter().all(|record| record.len() == size).then_some(records)
                }
                _ => None,
            };
        }
        lid::records(file, size)?.into_iter().map(|record| key.open_record(record)).collect()
    }
}

/// Returns the files that are locks by their name: SECUPACK items begin with `ST` (modem-nvram.md 1.3).
pub(super) fn is_lock(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.starts_with("md") && name.starts_with("ST") && lid::LidName::parse(name).is_some()
}

fn is_lock_record(plain: &[u8]) -> bool {
    let head = plain.first_chunk().map(|word| u32::from_le_bytes(*word));
    let tail = plain.last_chunk().map(|word| u32::from_le_bytes(*word));
    head == u32::try_from(plain.len()).ok() && tail == Some(LOCK_TAIL)
}

fn is_signed(path: &str) -> bool {
    path.strip_prefix(IMPORTANT).is_some_and(|name| name.starts_with("CSSD"))
}

fn modem_files(copies: &Copies) -> Vec<(&str, &[u8])> {
    let trees = [
        region_files(copies),
        tree_files(&copies.live),
        tree_files(&copies.protect_f),
        tree_files(&copies.protect_s),
    ];
    let files = trees.into_iter().flatten().filter(|(path, _)| path.starts_with("md/"));
    files
        .chain(copies.remnants.iter().map(|remnant| (remnant_path(remnant), remnant.bytes.as_slice())))
        .collect()
}

/// Returns the path the file had that a remnant is left of.
pub(super) fn remnant_path(remnant: &Remnant) -> &'static str {
    let ldi = usize::from(is_ldi(&remnant.bytes));
    match remnant.kind {
        RemnantKind::Imei => files::IMEI[ldi],
        RemnantKind::Barcode => files::BARCODE[ldi],
    }
}

/// Whether the files of one phone speak against MediaTek's default key of G1.
fn speaks_against_default(copies: &Copies, family: &Family) -> bool {
    let (region, live) = (region_files(copies), tree_files(&copies.live));
    let protect: [Files<'_>; 2] = [tree_files(&copies.protect_f), tree_files(&copies.protect_s)];
    let locks: Vec<&[u8]> =
        protect.iter().flatten().filter(|(path, _)| is_lock(path)).map(|(_, bytes)| *bytes).collect();
    key::is_foreign(&[&region, &live], &locks, family)
}
