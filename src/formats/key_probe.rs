//! Decides per phone which generation its modem files are of and which key opens them (modem-nvram.md 2.1, 2.8). Tries
//! the public keys only; what none of them opens is "unknown key, kept verbatim".

pub use super::catalog::Generation;
use super::derived_key::{DerivedKey, SEEDS};
use super::imei::{Imei, ImeiField};
use super::ldi::{self, ChipCipher, Content};
use super::lid::{self, DEFAULT_KEY};
use super::lid_g2;

/// Lock patterns of the system record, off and on (2.8).
const LOCK: [&[u8; 12]; 2] = [b" _NVRAM__NO_", b"_NVRAM__YES_"];
/// Place of the lock pattern in the first system record.
const LOCK_AT: std::ops::Range<usize> = 22..34;
/// Plain length of a system record.
const SYSTEM_RECORD: usize = 34;
/// Last word of a SIM-lock record (3.4).
const SML_TAIL: u32 = 0x2659_8088;
/// Files longer than this prove nothing that a short one does not.
const PROBE_MAX: usize = 64 * 1024;

/// A key that opens confidential records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModemKey {
    /// G1.
    Rc4([u8; 4]),
    /// G2.
    Table(DerivedKey),
    /// G3.
    Aes([u8; 16]),
}

impl ModemKey {
    /// Returns the generation the key belongs to.
    #[must_use]
    pub fn generation(&self) -> Generation {
        match self {
            Self::Rc4(_) => Generation::G1,
            Self::Table(_) => Generation::G2,
            Self::Aes(_) => Generation::G3,
        }
    }

    /// Deciphers one stored record of a headerless file; `None` for a key of G3.
    #[must_use]
    pub fn open_record(&self, record: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rc4(key) => Some(lid::rc4_record(record, *key)),
            Self::Table(key) => Some(lid_g2::apply(record, key)),
            Self::Aes(_) => None,
        }
    }

    /// Returns the AES key of G3.
    #[must_use]
    pub fn aes(&self) -> Option<&[u8; 16]> {
        if let Self::Aes(key) = self { Some(key) } else { None }
    }
}

/// A key with the name of whoever chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKey {
    /// `MediaTek default`, `mtk v2`, `Samsung`.
    pub name: &'static str,
    /// The key.
    pub key: ModemKey,
}

/// A file that a key opened, and how one can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Name of the file, without folders.
    pub file: String,
    /// What stood there in the clear.
    pub what: &'static str,
}

/// What the files of one modem say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// One key opens what can be tried.
    Proven {
        /// The key.
        key: NamedKey,
        /// What proves it.
        evidence: Vec<Evidence>,
        /// Whether the build binds some items to its chip; `None` where nothing tells.
        chip: Option<ChipCipher>,
    },
    /// Files were tried and none of the known keys opens one: kept verbatim.
    UnknownKey {
        /// Whether the files carry the LDI header.
        ldi: bool,
        /// Whether the build binds some items to its chip; `None` where nothing tells.
        chip: Option<ChipCipher>,
    },
    /// Different keys open different files: these files are not of one phone.
    Contradiction {
        /// Each key with its evidence.
        keys: Vec<(NamedKey, Vec<Evidence>)>,
    },
    /// No file to try a key on.
    Nothing,
}

impl Finding {
    /// Returns the key, where one is proven.
    #[must_use]
    pub fn key(&self) -> Option<&ModemKey> {
        if let Self::Proven { key, .. } = self { Some(&key.key) } else { None }
    }
}

/// Returns the public keys: G1's default, then G2 and G3 of every known seed.
#[must_use]
pub fn known_keys() -> Vec<NamedKey> {
    let mut keys = vec![NamedKey { name: "MediaTek default", key: ModemKey::Rc4(DEFAULT_KEY) }];
    for seed in SEEDS {
        let derived = DerivedKey::from_seed(&seed.bytes);
        let aes = derived.aes_key();
        keys.push(NamedKey { name: seed.name, key: ModemKey::Table(derived) });
        keys.push(NamedKey { name: seed.name, key: ModemKey::Aes(aes) });
    }
    keys
}

/// Tries the public keys on the files of one modem: (path, bytes).
#[must_use]
pub fn probe<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Finding {
    let mut keys: Vec<(NamedKey, Vec<Evidence>)> =
        known_keys().into_iter().map(|key| (key, Vec::new())).collect();
    let (mut tried, mut any_ldi, mut chip) = (false, false, None);
    for (path, bytes) in files {
        let name = path.rsplit('/').next().unwrap_or(path);
        if bytes.len() > PROBE_MAX || !can_be_tried(name, bytes) {
            continue;
        }
        (tried, any_ldi) = (true, any_ldi || is_ldi(bytes));
        for (known, evidence) in &mut keys {
            if let Some(what) = opens(name, bytes, &known.key) {
                evidence.push(Evidence { file: name.to_owned(), what });
            }
        }
        if is_ldi(bytes) && name.starts_with("NV0S") {
            chip = chip.or(ldi::self_test(bytes, &[0; 16]).map(|test| test.chip));
        }
    }
    keys.retain(|(_, evidence)| !evidence.is_empty());
    match (keys.len(), keys.pop(), tried) {
        (1, Some((key, evidence)), _) => Finding::Proven { key, evidence, chip },
        (_, Some(last), _) => {
            keys.push(last);
            Finding::Contradiction { keys }
        }
        (_, None, true) => Finding::UnknownKey { ldi: any_ldi, chip },
        (_, None, false) => Finding::Nothing,
    }
}

/// Returns whether a file begins as a G3 file.
#[must_use]
pub fn is_ldi(file: &[u8]) -> bool {
    file.len() >= ldi::HEADER && file.starts_with(b"LDI\0")
}

/// Returns whether some key could show itself in this file.
fn can_be_tried(name: &str, bytes: &[u8]) -> bool {
    if is_ldi(bytes) {
        return ldi::Header::parse(bytes).is_ok_and(|header| header.is_confidential())
            || name.starts_with("NV0S");
    }
    match name.get(..4) {
        Some("MT00") => lid::records(bytes, SYSTEM_RECORD).is_some(),
        Some("MP0B") => lid::records(bytes, lid::IMEI_RECORD).is_some(),
        Some("MP09") => lid::records(bytes, lid::BARCODE_RECORD).is_some(),
        Some("ST33" | "ST6T") => !lid::guess_records(bytes).is_empty(),
        _ => false,
    }
}

/// Returns what the key shows in a file, when that cannot be chance.
fn opens(name: &str, bytes: &[u8], key: &ModemKey) -> Option<&'static str> {
    match (key, is_ldi(bytes)) {
        (ModemKey::Aes(aes), true) => opens_ldi(name, bytes, aes),
        (ModemKey::Rc4(_) | ModemKey::Table(_), false) => opens_headerless(name, bytes, key),
        _ => None,
    }
}

fn opens_ldi(name: &str, bytes: &[u8], key: &[u8; 16]) -> Option<&'static str> {
    if name.starts_with("NV0S") {
        return ldi::self_test(bytes, key).filter(|test| test.key_fits).map(|_| "self test");
    }
    match ldi::open(bytes, Some(key)) {
        Ok(ldi::LdiFile { header, content: Content::Records(_) }) if header.is_confidential() => {
            Some("record sums")
        }
        // Some records open: 64 bits of sum are no chance.
        Err(ldi::LdiError::RecordSum { .. }) => Some("record sums, not all"),
        _ => None,
    }
}

fn opens_headerless(name: &str, bytes: &[u8], key: &ModemKey) -> Option<&'static str> {
    match name.get(..4)? {
        "MT00" => {
            let system = key.open_record(lid::records(bytes, SYSTEM_RECORD)?.first()?.get(LOCK_AT)?)?;
            LOCK.iter().any(|pattern| system == *pattern).then_some("lock pattern")
        }
        "MP0B" => {
            let slots = lid::records(bytes, lid::IMEI_RECORD)?;
            let plain: Vec<Vec<u8>> =
                slots.into_iter().map(|slot| key.open_record(slot)).collect::<Option<_>>()?;
            let unset = plain.iter().any(|slot| slot[..] == [0xFF; lid::IMEI_RECORD]);
            let number = plain.iter().any(|slot| is_number(slot));
            if unset { Some("unset slot") } else { number.then_some("IMEI with its check digit") }
        }
        "MP09" => {
            let plain = key.open_record(lid::records(bytes, lid::BARCODE_RECORD)?.first()?)?;
            let is_text = |byte: &u8| matches!(byte, 0 | 0x20..0x7F);
            // Sixty places of text under a wrong key: no chance. The marks behind it are any bytes.
            plain.get(..60)?.iter().all(is_text).then_some("barcode")
        }
        "ST33" | "ST6T" => {
            let sizes = lid::guess_records(bytes);
            let sound = sizes.into_iter().any(|(_, size)| {
                lid::records(bytes, size)
                    .and_then(|records| key.open_record(records.first()?))
                    .is_some_and(|plain| is_simlock(&plain))
            });
            sound.then_some("SIM-lock head and tail")
        }
        _ => None,
    }
}

fn is_number(slot: &[u8]) -> bool {
    let Some(field) = slot.first_chunk() else { return false };
    matches!(Imei::from_bcd(field), ImeiField::Digits(imei) if imei.check_digit_holds() && !imei.is_monotonous())
}

fn is_simlock(plain: &[u8]) -> bool {
    let head = plain.first_chunk().map(|word| u32::from_le_bytes(*word));
    let tail = plain.last_chunk().map(|word| u32::from_le_bytes(*word));
    head == u32::try_from(plain.len()).ok() && tail == Some(SML_TAIL)
}
