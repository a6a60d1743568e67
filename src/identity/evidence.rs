//! Evidence: every surviving copy of an identity with its place, the state of its sums and its value, best place first.
//! Compares; decides no write. Two valid, different values for one thing are told, never chosen between.

mod collect;

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::formats::imei::Imei;
use crate::formats::mac::MacAddress;

pub use collect::collect;
pub(super) use collect::own_mac;

/// Where a copy lies. The order is the rank: an earlier place is believed before a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Signed identity data (`CSSD`, modem-nvram.md 5).
    Signed,
    /// An archive bound to this phone.
    Archive,
    /// The BinRegion of NVRAM.
    BinRegion,
    /// The live tree.
    Live,
    /// The daemon's own work copy of the BinRegion, in the live tree: as of its last backup or restore.
    WorkCopy,
    /// The record in PRO_INFO.
    ProInfo,
    /// What is left of a file after it was lost: a journal's copy, blocks of a deleted file.
    Remnant,
}

impl Place {
    /// Returns the place in words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Signed => "the signed identity data",
            Self::Archive => "the archive",
            Self::BinRegion => "the BinRegion",
            Self::Live => "the live files",
            Self::WorkCopy => "the daemon's work copy",
            Self::ProInfo => "PRO_INFO",
            Self::Remnant => "a remnant",
        }
    }
}

/// What a value is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// IMEI of this slot, from 0.
    Imei(usize),
    /// Wi-Fi address.
    Wifi,
    /// Bluetooth address.
    Bt,
    /// Serial number. A record may hold another one than its neighbour's: vendors use the two places differently.
    Barcode,
}

impl Kind {
    /// Returns it in words.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Imei(slot) => format!("IMEI slot {}", slot + 1),
            Self::Wifi => "the Wi-Fi address".into(),
            Self::Bt => "the Bluetooth address".into(),
            Self::Barcode => "the barcode".into(),
        }
    }
}

/// A value that could be this phone's own: never a default, a placeholder or a number with a wrong check digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An IMEI with a right check digit.
    Imei(Imei),
    /// An address that was given to one phone.
    Mac(MacAddress),
    /// A serial number.
    Text(String),
}

impl Value {
    fn whole(&self) -> String {
        match self {
            Self::Imei(imei) => imei.to_string(),
            Self::Mac(mac) => mac.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    fn masked(&self) -> String {
        match self {
            Self::Imei(imei) => imei.masked(),
            Self::Mac(mac) => mac.masked(),
            Self::Text(text) => text.chars().take(2).chain("****".chars()).collect(),
        }
    }
}

/// What the sums around a copy say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sums {
    /// Length and every sum are right.
    Right,
    /// A sum is wrong: shown, never used.
    Wrong,
    /// The place has no sum; the value's own check must do.
    None,
}

/// One surviving copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What it is of.
    pub kind: Kind,
    /// Where it lies.
    pub place: Place,
    /// Where exactly: a file's path, a record.
    pub file: String,
    /// What its sums say.
    pub sums: Sums,
    /// The value.
    pub value: Value,
}

impl Evidence {
    fn is_usable(&self) -> bool {
        self.sums != Sums::Wrong
    }
}

/// A piece of evidence as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceLine {
    /// `IMEI slot 1`.
    pub what: String,
    /// The value.
    pub value: String,
    /// Place and file.
    pub place: String,
    /// State of its sums.
    pub sums: Sums,
    /// Whether the best copy of the same thing has the same value.
    pub agrees: bool,
}

/// Returns the evidence as it is shown, best place first.
#[must_use]
pub fn lines(evidence: &[Evidence]) -> Vec<EvidenceLine> {
    let line = |piece: &Evidence| EvidenceLine {
        what: piece.kind.title(),
        value: piece.value.whole(),
        place: format!("{}: {}", piece.place.title(), piece.file),
        sums: piece.sums,
        agrees: best(evidence, piece.kind).is_none_or(|first| first.value == piece.value),
    };
    evidence.iter().map(line).collect()
}

/// Returns the best usable piece of this kind.
#[must_use]
pub fn best(evidence: &[Evidence], kind: Kind) -> Option<&Evidence> {
    evidence.iter().find(|piece| piece.kind == kind && piece.is_usable())
}

/// Two valid, different values of one kind cannot both be this phone's.
///
/// # Errors
/// [`Refusal::Conflict`] with both, masked.
pub fn agree(evidence: &[Evidence]) -> Result<(), Refusal> {
    for piece in evidence.iter().filter(|piece| piece.is_usable() && piece.kind != Kind::Barcode) {
        let against = best(evidence, piece.kind).filter(|first| first.value != piece.value);
        if let Some(first) = against {
            let said = |piece: &Evidence| {
                format!("{} in {} ({})", piece.value.masked(), piece.place.title(), piece.file)
            };
            return Err(Refusal::Conflict {
                what: piece.kind.title(),
                first: said(first),
                second: said(piece),
            });
        }
    }
    Ok(())
}

/// Compares the number on the label with the evidence. The number goes no further than this.
///
/// # Errors
/// [`Refusal::Label`].
pub fn confirm(evidence: &[Evidence], label: Imei) -> Result<(), Refusal> {
    let is_imei = |piece: &&Evidence| piece.is_usable() && matches!(piece.kind, Kind::Imei(_));
    let mut imeis = evidence.iter().filter(is_imei).peekable();
    if imeis.peek().is_none() {
        return Err(Refusal::Label { why: "no valid IMEI is left to compare it with" });
    }
    match imeis.any(|piece| piece.value == Value::Imei(label)) {
        true => Ok(()),
        false => Err(Refusal::Label { why: "it is none of the IMEIs this phone's evidence holds" }),
    }
}
