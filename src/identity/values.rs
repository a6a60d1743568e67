//! The worth of single values, and the list of every identity met. Believes no value for its place: defaults, zeros,
//! wrong check digits and values out of a broken file are never valid.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::survey::{ImeiSlot, Status, Value};
use crate::formats::catalog::Family;
use crate::formats::imei::ImeiField;
use crate::formats::mac::{MacAddress, MacStatus};

/// Judges values and remembers the identities among them.
pub(super) struct Judge<'a> {
    pub family: &'a Family,
    /// Every identity met, as `kind:value`.
    pub identities: BTreeSet<String>,
}

impl Judge<'_> {
    /// Judges IMEI slots. Slot 1 is always told; the others when they hold something that is not the modem's default, so
    /// that a phone with one SIM shows one line and a phone with two shows two.
    pub fn slots(&mut self, fields: &[ImeiField]) -> Vec<ImeiSlot> {
        let mut shown = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            let (value, status) = match field {
                ImeiField::Unset => (None, Status::Null),
                ImeiField::Garbage => (None, Status::Invalid),
                ImeiField::Digits(imei) => {
                    let status = if self.family.is_default_imei(imei) {
                        Status::Default
                    } else if imei.is_monotonous() {
                        Status::Null
                    } else if imei.check_digit_holds() {
                        Status::Valid
                    } else {
                        Status::Invalid
                    };
                    if matches!(status, Status::Valid | Status::Invalid) {
                        self.identities.insert(format!("imei:{imei}"));
                    }
                    (Some(imei.to_string()), status)
                }
            };
            if index == 0 || matches!(status, Status::Valid | Status::Invalid) {
                shown.push(ImeiSlot { slot: index + 1, value, status });
            }
        }
        if shown.is_empty() {
            shown.push(ImeiSlot { slot: 1, value: None, status: Status::Null });
        }
        shown
    }

    /// Judges an address at `at` of a file; `whole` says that length and trailer of the file are right, without which
    /// Android throws the file away.
    pub fn mac(&mut self, kind: &str, file: Option<&[u8]>, at: usize, whole: bool) -> Value {
        let Some(mac) = file.and_then(|file| MacAddress::at(file, at)) else {
            return Value { value: None, status: Status::Null };
        };
        let status = match mac.status(&self.family.mac_templates()) {
            MacStatus::Valid if whole => Status::Valid,
            MacStatus::Default => Status::Default,
            MacStatus::Null => Status::Null,
            MacStatus::Valid | MacStatus::Invalid => Status::Invalid,
        };
        if matches!(status, Status::Valid | Status::Invalid) {
            self.identities.insert(format!("{kind}:{mac}"));
        }
        Value { value: Some(mac.to_string()), status }
    }

    /// Judges an address of a record without a sum; `None` where none was ever written.
    pub fn plain_mac(&mut self, kind: &str, mac: MacAddress) -> Option<Value> {
        let value = Some(mac.to_string());
        match mac.status(&self.family.mac_templates()) {
            MacStatus::Null => None,
            MacStatus::Default => Some(Value { value, status: Status::Default }),
            MacStatus::Invalid => Some(Value { value, status: Status::Invalid }),
            MacStatus::Valid => {
                self.identities.insert(format!("{kind}:{mac}"));
                Some(Value { value, status: Status::Valid })
            }
        }
    }

    /// Judges a barcode. Bytes that do not print make it invalid.
    pub fn barcode(&mut self, text: &str) -> Value {
        if text.is_empty() {
            return Value { value: None, status: Status::Null };
        }
        self.identities.insert(format!("barcode:{text}"));
        let status = if text.contains(char::REPLACEMENT_CHARACTER) { Status::Invalid } else { Status::Valid };
        Value { value: Some(text.to_owned()), status }
    }

    /// Remembers a file that cannot or must not be decoded, so that the closed world covers it all the same.
    pub fn sealed(&mut self, kind: &str, file: &[u8]) {
        let digest = Sha256::digest(file).iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        self.identities.insert(format!("{kind}:{digest}"));
    }
}
