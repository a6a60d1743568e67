//! The shape of a judgement, as `inspect --json` shows it (design section 4), and the closed-world check over it.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// What all layers say, what the phone will believe, and what to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Survey {
    /// Always four: binregion, live, `pro_info`, simlock.
    pub layers: Vec<Layer>,
    /// Which layer the next boot believes (ap-nvram.md 2.2).
    pub boots_from: BootsFrom,
    /// In plain words.
    pub verdict: Verdict,
    /// Every identity found anywhere, as `kind:value`; SIM-lock records as digests.
    #[serde(skip)]
    pub identities: BTreeSet<String>,
}

/// One place that keeps identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Layer {
    /// `binregion`, `live`, `pro_info`, `simlock`.
    #[serde(deserialize_with = "layer_name")]
    pub name: LayerName,
    /// Its state.
    pub state: LayerState,
    /// Why it is not plainly valid.
    pub reason: Option<String>,
    /// Files in it.
    pub files: usize,
    /// Slot 1 always, other slots when they hold a number that is not the modem's default.
    pub imei: Vec<ImeiSlot>,
    /// Wi-Fi address.
    pub wifi_mac: Option<Value>,
    /// Bluetooth address.
    pub bt_mac: Option<Value>,
    /// Serial number.
    pub barcode: Option<Value>,
    /// RF calibration; only binregion and live have it.
    pub calibration: Option<Calibration>,
    /// What the verdict needs beyond the published shape.
    #[serde(skip)]
    pub marks: Marks,
}

/// Findings about a layer that have no field of their own in its published shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// IMEI and barcode are enciphered with a key this program does not know.
    pub sealed: bool,
    /// `WIFI` says that it holds no transmit power (ap-nvram.md 4.1, TxPwrValid = 0).
    pub no_tx_power: bool,
    /// The modem's marker of an unfinished first boot is there (modem-nvram.md 1.4): at the next boot it empties its NVRAM.
    pub first_boot: bool,
    /// Whole copies of the SIM lock, of two.
    pub whole_locks: usize,
    /// The place is there and cannot be parsed at all.
    pub unreadable: bool,
}

/// One of [`LAYERS`]. A name of its own, because serde would borrow a plain reference from what it reads.
pub type LayerName = &'static str;

/// The names a layer can have.
pub const LAYERS: [&str; 4] = ["binregion", "live", "pro_info", "simlock"];

fn layer_name<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    let name = String::deserialize(from)?;
    let known = LAYERS.into_iter().find(|known| **known == *name);
    known.ok_or_else(|| serde::de::Error::custom(format!("no layer is called {name:?}")))
}

/// State of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of design section 4")]
pub enum LayerState {
    Valid,
    Blank,
    Corrupt,
    Absent,
    Unread,
}

/// Worth of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of design section 4")]
pub enum Status {
    Valid,
    Default,
    Null,
    Invalid,
}

/// Source the phone believes at its next boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of design section 4")]
pub enum BootsFrom {
    Live,
    Binregion,
    None,
    Unknown,
}

/// One IMEI slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImeiSlot {
    /// From 1.
    pub slot: usize,
    /// The digits, or nothing.
    pub value: Option<String>,
    /// Their worth.
    pub status: Status,
}

/// A value and its worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// The value, or nothing.
    pub value: Option<String>,
    /// Its worth.
    pub status: Status,
}

/// RF calibration files of a layer. Expected is what all layers together have; when none has any, the family's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calibration {
    /// Files expected.
    pub expected: usize,
    /// Files whose sums hold.
    pub valid: usize,
    /// Names another layer has and this one has not.
    pub missing: Vec<String>,
    /// Names whose sums do not hold.
    pub corrupt: Vec<String>,
}

/// The answer to "what is wrong with it".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Stable code.
    pub code: VerdictCode,
    /// One sentence.
    pub summary: String,
    /// What is seen.
    pub symptoms: Vec<String>,
    /// What to do.
    pub steps: Vec<String>,
}

/// Stable code of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictCode {
    /// Nothing to do.
    Healthy,
    /// The phone itself holds what is needed.
    Repairable,
    /// Only this phone's archive can help.
    NeedsArchive,
    /// Nothing is left on the phone.
    Lost,
    /// What can be read is whole, and what the next boot believes first cannot be read here.
    Unread,
}

impl Survey {
    /// Returns a layer by name.
    #[must_use]
    pub fn layer(&self, name: &str) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.name == name)
    }
}

/// An identity that neither the phone nor the archive held.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the result would hold a {kind} that neither the phone nor the archive held")]
pub struct Stranger {
    /// What it is: `imei`, `wifi`, `bt`, `barcode`, `simlock`.
    pub kind: String,
}

/// Promise 2: the identities of `staged` are a subset of those of `allowed`.
///
/// # Errors
/// The first identity that came from nowhere.
pub fn closed_world(staged: &Survey, allowed: &[&Survey]) -> Result<(), Stranger> {
    let known = |identity: &&String| !allowed.iter().any(|survey| survey.identities.contains(*identity));
    match staged.identities.iter().find(known) {
        None => Ok(()),
        Some(stranger) => Err(Stranger { kind: stranger.split(':').next().unwrap_or_default().into() }),
    }
}
