//! Promise 3: whether an archive belongs to a phone. Compares hardware ids first, surviving copies only where ids fail.

use std::collections::BTreeSet;
use std::fmt;

use super::refusal::Refusal;
use super::survey::{Status, Survey, Value};

/// Partitions whose places must match: those a restore writes.
const IDENTITY_REGIONS: [&str; 6] = ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S", "NVDATA", "NVCFG"];

/// What binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneIds {
    /// `MT6572`.
    pub chip: String,
    /// eMMC CID as hex.
    pub cid: String,
    /// SoC id, where the chip gives one.
    pub soc_id: Option<String>,
    /// Canonical name, first byte, length.
    pub layout: Vec<(String, u64, u64)>,
}

/// Why an archive may be written to this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingReason {
    /// Same SoC id and same card.
    SameSocAndCard,
    /// Same SoC id, another card.
    ReplacedCard,
    /// Same card.
    SameCard,
    /// Another card and no SoC id; a surviving copy agrees.
    SurvivingCopyAgrees,
    /// An archive without a CID, imported or of a raw NAND; a surviving copy agrees.
    ImportedCopyAgrees,
}

impl fmt::Display for BindingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameSocAndCard => "same SoC and same eMMC",
            Self::ReplacedCard => "same SoC; its eMMC was replaced",
            Self::SameCard => "same eMMC",
            Self::SurvivingCopyAgrees => {
                "another eMMC, and a valid copy on the phone agrees with the archive"
            }
            Self::ImportedCopyAgrees => {
                "an archive without CID (imported, or of a raw NAND), and a valid copy on the phone agrees with it"
            }
        })
    }
}

/// Decides whether the archive belongs to the phone.
///
/// # Errors
/// Codes `other-chip`, `other-layout`, `other-phone`; there is no override.
pub fn bind(
    phone: &PhoneIds,
    archive: &PhoneIds,
    phone_survey: &Survey,
    archive_survey: &Survey,
) -> Result<BindingReason, Refusal> {
    let is_imported = archive.cid.is_empty() && archive.soc_id.is_none();
    if is_imported && archive.chip == "unknown" {
        return Err(Refusal::WeakBinding {
            why: "it does not say of which chip it is; import it again with --chip",
        });
    }
    if phone.chip != archive.chip {
        return Err(Refusal::OtherChip { phone: phone.chip.clone(), archive: archive.chip.clone() });
    }
    // An imported archive without places is evidence and nothing more: see `places_are_known`.
    let places_told = !(is_imported && archive.layout.is_empty());
    for name in IDENTITY_REGIONS.into_iter().filter(|_| places_told) {
        let place = |ids: &PhoneIds| {
            ids.layout.iter().find(|(known, ..)| known == name).map(|(_, at, len)| (*at, *len))
        };
        if place(phone) != place(archive) {
            return Err(Refusal::OtherLayout { region: name });
        }
    }
    let same_card = !phone.cid.is_empty() && phone.cid == archive.cid;
    match (&phone.soc_id, &archive.soc_id) {
        (Some(a), Some(b)) if a != b => Err(Refusal::OtherPhone { why: "their SoC ids differ" }),
        (Some(_), Some(_)) if same_card => Ok(BindingReason::SameSocAndCard),
        (Some(_), Some(_)) => Ok(BindingReason::ReplacedCard),
        _ if same_card => Ok(BindingReason::SameCard),
        _ => by_copies(phone_survey, archive_survey, is_imported),
    }
}

/// Refuses to restore an archive that does not know where its partitions lie; its values still serve a repair.
///
/// # Errors
/// [`Refusal::WeakBinding`].
pub fn places_are_known(archive: &PhoneIds) -> Result<(), Refusal> {
    if archive.layout.is_empty() {
        return Err(Refusal::WeakBinding {
            why: "it does not know where its partitions lie on the phone; it serves `repair --from`, not `restore`",
        });
    }
    Ok(())
}

fn by_copies(phone: &Survey, archive: &Survey, is_imported: bool) -> Result<BindingReason, Refusal> {
    let refused = |card: &'static str, imported: &'static str| {
        Err(if is_imported {
            Refusal::WeakBinding { why: imported }
        } else {
            Refusal::OtherPhone { why: card }
        })
    };
    let mut agree = [false; 3];
    for (index, kind) in [imeis, wifi, bluetooth].into_iter().enumerate() {
        let (ours, theirs) = (kind(phone), kind(archive));
        if !ours.is_empty() && !theirs.is_empty() && !ours.is_subset(&theirs) {
            return refused(
                "the eMMC differs, and a valid copy on the phone contradicts the archive",
                "a valid copy on the phone contradicts it",
            );
        }
        agree[index] = !ours.is_empty() && !theirs.is_empty();
    }
    match agree {
        [true, ..] | [_, true, true] if is_imported => Ok(BindingReason::ImportedCopyAgrees),
        [true, ..] | [_, true, true] => Ok(BindingReason::SurvivingCopyAgrees),
        _ => refused(
            "the eMMC differs, and no valid copy on the phone agrees with the archive",
            "no valid copy on the phone agrees with it",
        ),
    }
}

fn imeis(survey: &Survey) -> BTreeSet<String> {
    let slots = survey.layers.iter().flat_map(|layer| layer.imei.first());
    slots
        .filter(|slot| slot.slot == 1 && slot.status == Status::Valid)
        .filter_map(|slot| slot.value.clone())
        .collect()
}

fn wifi(survey: &Survey) -> BTreeSet<String> {
    survey.layers.iter().filter_map(|layer| valid(layer.wifi_mac.as_ref())).collect()
}

fn bluetooth(survey: &Survey) -> BTreeSet<String> {
    survey.layers.iter().filter_map(|layer| valid(layer.bt_mac.as_ref())).collect()
}

fn valid(value: Option<&Value>) -> Option<String> {
    value.filter(|value| value.status == Status::Valid).and_then(|value| value.value.clone())
}
