//! What records mean: one file per layout, all decoded into named fields with place and unit (modem-nvram.md 3, ap-nvram.md
//! 4). Promises that a length it does not know is left alone; never writes, never repairs.

mod adc;
mod ap_bluetooth;
mod ap_named;
mod ap_product_info;
mod ap_sensors;
mod ap_versions;
mod ap_wifi;
mod barcode;
mod bookkeeping;
mod codec;
pub mod cssd;
mod gsm_clock;
mod gsm_power;
mod gsm_ramp;
mod gsm_receive;
mod gsm_transmit;
mod imei;
pub mod manifest;
mod meid;
mod security;
mod sheet;
mod simlock;
mod system;
mod ul1_receive;
mod ul1_transmit;

use std::fmt;

use super::catalog::{Confidence, Family};
use super::imei::ImeiField;
use super::lid::LidName;
use super::mac::MacAddress;

/// A record with its fields, in the order of their places.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodedRecord {
    /// What it is.
    pub title: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// What it is.
    pub name: String,
    /// Place in the plain bytes.
    pub offset: usize,
    /// Length in bytes.
    pub len: usize,
    /// What it holds.
    pub value: FieldValue,
    /// What its numbers count; fractions are written as such: `1/8 dB`.
    pub unit: Option<&'static str>,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    /// A whole number.
    Number(i64),
    /// A row of whole numbers.
    Numbers(Vec<i64>),
    /// A floating-point number.
    Real(f32),
    /// Printable text, padding cut off.
    Text(String),
    /// Bytes whose meaning is not known further.
    Bytes(Vec<u8>),
    /// An IMEI field.
    Imei(ImeiField),
    /// An address.
    Mac(MacAddress),
    /// A number with a name.
    State {
        /// The number.
        raw: i64,
        /// What it stands for.
        meaning: &'static str,
    },
    /// Codes and PINs: there, kept, not shown.
    Secret,
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = |f: &mut fmt::Formatter<'_>, bytes: &[u8]| {
            bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
        };
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Numbers(numbers) => {
                for (index, number) in numbers.iter().enumerate() {
                    write!(f, "{}{number}", if index == 0 { "" } else { " " })?;
                }
                Ok(())
            }
            Self::Real(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Bytes(all) => bytes(f, all),
            Self::Imei(ImeiField::Digits(imei)) => write!(f, "{imei}"),
            Self::Imei(ImeiField::Unset) => f.write_str("unset"),
            Self::Imei(ImeiField::Garbage) => f.write_str("no number"),
            Self::Mac(mac) => write!(f, "{mac}"),
            Self::State { raw, meaning } => write!(f, "{meaning} ({raw})"),
            Self::Secret => f.write_str("not shown"),
        }
    }
}

impl DecodedRecord {
    /// Returns the field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// Decodes the plain bytes of a file. `path` is its path or bare name; of a modem file `plain` is all its records one
/// behind the other without sums, of an AP file the body without trailer. `None` for an item, version or length that is
/// not known: it is then listed as unknown and kept verbatim.
#[must_use]
pub fn decode(path: &str, plain: &[u8], family: &Family) -> Option<DecodedRecord> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some(parsed) = LidName::parse(name) else { return decode_ap(name, plain) };
    let entry = family.lid(&parsed.prefix).filter(|lid| lid.has_version(&parsed.version))?;
    let mut record = codec::modem(&entry.codec, plain)?;
    if let Some(title) = &entry.title {
        record.title.clone_from(title);
    }
    if entry.confidence == Confidence::Guessed {
        record.notes.push("guessed: the layout is taken over from another family".into());
    }
    Some(record)
}

/// Decodes the body of a file of `APCFG`, `pro_info`, `BackupFlag` or `RestoreFlag`, by its name.
fn decode_ap(name: &str, body: &[u8]) -> Option<DecodedRecord> {
    match name {
        "WIFI" => ap_wifi::decode(body),
        "BT_Addr" => ap_bluetooth::decode(body),
        "PRODUCT_INFO" | "pro_info" | "proinfo" => ap_product_info::decode(body),
        "GPS" => ap_sensors::gps(body),
        "AUXADC" => ap_sensors::auxadc(body),
        "HWMON_ACC" | "HWMON_GYRO" | "HWMON_PS" => ap_sensors::monitor(name, body),
        "FILE_VER" => ap_versions::file_versions(body),
        "BackupFlag" => ap_versions::backup_flag(body),
        "RestoreFlag" => ap_versions::restore_flag(body),
        _ => ap_named::decode(name, body),
    }
}
