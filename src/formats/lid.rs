//! Modem LID files of generation G1 (modem-nvram.md 2.2-2.4, 3.4): records, a two-byte sum each, some under RC4. Verifies
//! without a key, decodes with one, and refuses to guess what a record means.

use binrw::BinRead;
use rc4::{KeyInit, Rc4, StreamCipher};

use super::fixed::shape;
use super::imei::{Imei, ImeiField};

/// The key MediaTek ships; every file seen uses it (2.4).
pub const DEFAULT_KEY: [u8; 4] = [0x12, 0xAB, 0xCD, 0xEF];
/// Checksum bytes behind every record.
const CHECK: usize = 2;
/// Plain length of an IMEI record and of its slots' count.
pub const IMEI_RECORD: usize = 10;
/// Plain length of the barcode record.
pub const BARCODE_RECORD: usize = 64;
/// Plain length of a system record, and of its three records with sums.
const SYSTEM_RECORD: usize = 34;
/// Last word of a SIM-lock record (3.4).
const SML_TAIL: u32 = 0x2659_8088;
/// Lock patterns of the system record, off and on (2.8).
const LOCK_PATTERNS: [&[u8; 12]; 2] = [b" _NVRAM__NO_", b"_NVRAM__YES_"];

/// The barcode record, deciphered (3.4).
#[derive(BinRead)]
#[br(little)]
struct BarcodeRecord {
    text: [u8; 60],
    calibration: [u8; 2],
    _final_test: u8,
    _end: u8,
}

/// The first of the three system records (3.4); only the pattern is enciphered, from the start of the key stream.
#[derive(BinRead)]
#[br(little)]
struct SystemHead {
    version: [u8; 18],
    _mark: [u8; 4],
    lock: [u8; 12],
}

/// How a deciphered SIM-lock record starts (3.4); what follows the categories differs with the build.
#[derive(BinRead)]
#[br(little)]
struct LockHead {
    record_size: u32,
    _categories: [[u8; 4]; 7],
}

/// A file name taken apart: four characters of prefix, copy, three digits of version (1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LidName {
    /// `MP0B`, `ST33`.
    pub prefix: String,
    /// `_` single, `A` or `B` copies.
    pub copy: char,
    /// `001`.
    pub version: String,
}

impl LidName {
    /// Parses a file name without folders; `None` when it is no LID file.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let bytes: &[u8; 8] = name.as_bytes().try_into().ok()?;
        let (prefix, copy, version) = (&bytes[..4], bytes[4], &bytes[5..]);
        let grammar = prefix.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && matches!(copy, b'_' | b'A' | b'B')
            && version.iter().all(u8::is_ascii_digit);
        grammar.then(|| Self { prefix: name[..4].into(), copy: char::from(copy), version: name[5..].into() })
    }
}

/// Returns the checksum of a record as stored: sums of the even and the odd bytes, EF CD when both are zero (2.2).
#[must_use]
pub fn checksum2(body: &[u8]) -> [u8; 2] {
    let mut sums = [0u8; 2];
    for (index, byte) in body.iter().enumerate() {
        sums[index % 2] = sums[index % 2].wrapping_add(*byte);
    }
    if sums == [0, 0] { [0xEF, 0xCD] } else { sums }
}

/// Returns the bodies of all records when the file is whole records of `size` with right checksums.
#[must_use]
pub fn records(file: &[u8], size: usize) -> Option<Vec<&[u8]>> {
    let section = size.checked_add(CHECK).filter(|_| size > 0)?;
    if file.is_empty() || !file.len().is_multiple_of(section) {
        return None;
    }
    file.chunks_exact(section)
        .map(|record| {
            record.split_last_chunk::<CHECK>().filter(|(body, sum)| checksum2(body) == **sum).map(|(b, _)| b)
        })
        .collect()
}

/// Returns every (count, size) by which all checksums of the file hold, fewest records first (2.2). For prefixes that
/// no table knows.
#[must_use]
pub fn guess_records(file: &[u8]) -> Vec<(usize, usize)> {
    let fits = |count: &usize| file.len().is_multiple_of(*count) && file.len() / count > CHECK;
    let split = |count: usize| (count, file.len() / count - CHECK);
    (1..=file.len().min(4096) / 3)
        .filter(fits)
        .map(split)
        .filter(|(_, size)| records(file, *size).is_some())
        .collect()
}

/// Enciphers or deciphers one record; every record starts the key stream anew (2.4).
#[must_use]
pub fn rc4_record(record: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut bytes = record.to_vec();
    if let Ok(mut cipher) = Rc4::new_from_slice(&key) {
        cipher.apply_keystream(&mut bytes);
    }
    bytes
}

/// Returns the slots of `MP0B_001`; `None` when size or a checksum is wrong.
#[must_use]
pub fn imei_slots(file: &[u8], key: [u8; 4]) -> Option<Vec<ImeiField>> {
    let slots = records(file, IMEI_RECORD)?;
    let plain = slots.into_iter().map(|record| rc4_record(record, key));
    Some(plain.filter_map(|record| record.first_chunk().map(Imei::from_bcd)).collect())
}

/// The barcode record (3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barcode {
    /// Serial number; empty when never written.
    pub text: String,
    /// Calibration recorded as passed (`10`) or failed (`01`).
    pub calibrated: Option<bool>,
}

/// Decodes `MP09_001`; `None` when size or checksum is wrong.
#[must_use]
pub fn barcode(file: &[u8], key: [u8; 4]) -> Option<Barcode> {
    let [record] = records(file, BARCODE_RECORD)?[..] else { return None };
    let plain: BarcodeRecord = shape(&rc4_record(record, key), 0)?;
    let calibrated = match &plain.calibration {
        b"10" => Some(true),
        b"01" => Some(false),
        _ => None,
    };
    Some(Barcode { text: super::ap_file::text(&plain.text), calibrated })
}

/// The system record `MT00x000` (3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemRecord {
    /// Last characters of the modem's version.
    pub version: String,
    /// Branch and project.
    pub branch: String,
    /// Whether the NVRAM lock is on; `None` when the pattern is not deciphered by this key.
    pub locked: Option<bool>,
}

/// Decodes `MT00A000` or `MT00B000`; `None` when size or a checksum is wrong.
#[must_use]
pub fn system_record(file: &[u8], key: [u8; 4]) -> Option<SystemRecord> {
    let [system, branch, _] = records(file, SYSTEM_RECORD)?[..] else { return None };
    let system: SystemHead = shape(system, 0)?;
    let lock = rc4_record(&system.lock, key);
    let locked = LOCK_PATTERNS.iter().position(|pattern| lock == *pattern).map(|index| index == 1);
    let text = super::ap_file::text;
    Some(SystemRecord { version: text(&system.version), branch: text(branch), locked })
}

/// Returns whether `key` is proven by the lock pattern of the system record or by an unset IMEI slot (2.8).
#[must_use]
pub fn key_is_proven(system: Option<&[u8]>, imei: Option<&[u8]>, key: [u8; 4]) -> bool {
    let lock = system.and_then(|file| system_record(file, key)).is_some_and(|record| record.locked.is_some());
    let unset = imei
        .and_then(|file| records(file, IMEI_RECORD))
        .is_some_and(|slots| slots.into_iter().any(|record| rc4_record(record, key) == [0xFF; IMEI_RECORD]));
    lock || unset
}

/// Returns whether every record of a SIM-lock file has a right checksum, head and tail. The record size is the file's
/// own: builds differ (824 and 2060 bytes were seen).
#[must_use]
pub fn simlock_holds(file: &[u8], key: [u8; 4]) -> bool {
    guess_records(file).into_iter().any(|(_, size)| {
        let sound = |record: &[u8]| {
            let plain = rc4_record(record, key);
            let head = shape(&plain, 0).map(|head: LockHead| head.record_size);
            let tail = plain.last_chunk().map(|word| u32::from_le_bytes(*word));
            head.is_some() && head == u32::try_from(size).ok() && tail == Some(SML_TAIL)
        };
        records(file, size).is_some_and(|records| records.into_iter().all(sound))
    })
}
