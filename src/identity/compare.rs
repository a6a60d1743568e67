//! What two sources say differently, by meaning: values, layers, files, and in which of the two each is worse. Compares
//! only places both can speak of, judged on the same footing; swapping the two changes nothing but the sides. Pure.

mod files;
mod parts;
mod summary;

use serde::{Deserialize, Serialize};

use super::copies::{Copies, Found, Tree};
use super::judge::judge;
use super::survey::{BootsFrom, LayerState, Survey, Value, VerdictCode};
use crate::formats::catalog::Family;

/// Which places a source can speak of at all, whatever is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Covers {
    /// The NVRAM partition.
    pub binregion: bool,
    /// The live tree's partition or folder.
    pub live: bool,
    /// PRO_INFO.
    pub pro_info: bool,
    /// PROTECT_F.
    pub protect_f: bool,
    /// PROTECT_S.
    pub protect_s: bool,
}

impl Covers {
    fn places(self) -> [(&'static str, bool); 5] {
        [
            ("binregion", self.binregion),
            ("live", self.live),
            ("pro_info", self.pro_info),
            ("protect_f", self.protect_f),
            ("protect_s", self.protect_s),
        ]
    }

    /// What cannot be read speaks of nothing.
    fn seen(self, copies: &Copies) -> Self {
        let unread = |found: &Found<Tree>| matches!(found, Found::Unread(_));
        Self {
            live: self.live && !unread(&copies.live),
            protect_f: self.protect_f && !unread(&copies.protect_f),
            protect_s: self.protect_s && !unread(&copies.protect_s),
            ..self
        }
    }

    fn both(self, other: Self) -> Self {
        Self {
            binregion: self.binregion && other.binregion,
            live: self.live && other.live,
            pro_info: self.pro_info && other.pro_info,
            protect_f: self.protect_f && other.protect_f,
            protect_s: self.protect_s && other.protect_s,
        }
    }

    fn layer(self, name: &str) -> bool {
        match name {
            // The two copies of a lock are judged together.
            "simlock" => self.protect_f && self.protect_s,
            _ => self.places().contains(&(name, true)),
        }
    }
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names of the command line")]
pub enum Side {
    A,
    B,
}

/// How two findings stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// No difference.
    Same,
    /// Different, and neither is worse.
    Changed,
    /// One side holds the vendor's default instead of the phone's own.
    Default,
    /// One side holds nothing.
    Lost,
    /// One side holds something that is not valid.
    Damaged,
}

/// A change, and the side on which it is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Way {
    /// What happened.
    pub change: Change,
    /// Where; nothing when neither side is worse.
    pub worse_in: Option<Side>,
}

impl Way {
    /// No difference.
    pub const SAME: Self = Self { change: Change::Same, worse_in: None };

    /// Returns the way between two findings that differ: `a` and `b` say what is wrong with each, if anything.
    fn between(a: Option<Change>, b: Option<Change>) -> Self {
        match (a, b) {
            (None, Some(change)) => Self { change, worse_in: Some(Side::B) },
            (Some(change), None) => Self { change, worse_in: Some(Side::A) },
            _ => Self { change: Change::Changed, worse_in: None },
        }
    }
}

/// One value of the identity in one layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartPair {
    /// Layer it was found in.
    pub layer: &'static str,
    /// `imei`, `wifi`, `bt`, `barcode`, `simlock`.
    pub part: &'static str,
    /// IMEI slot, from 1.
    pub slot: Option<usize>,
    /// How they stand to each other.
    #[serde(flatten)]
    pub way: Way,
    /// What A says; nothing for a SIM lock, which is compared and never shown.
    pub a: Option<Value>,
    /// What B says.
    pub b: Option<Value>,
}

/// The state of one layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerPair {
    /// `binregion`, `live`, `pro_info`, `simlock`.
    pub name: &'static str,
    /// How they stand to each other.
    #[serde(flatten)]
    pub way: Way,
    /// In A.
    pub a: LayerState,
    /// In B.
    pub b: LayerState,
}

/// A file that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FilePair {
    /// `binregion`, `live`, `protect_f`, `protect_s`.
    pub layer: &'static str,
    /// Path below the layer's root.
    pub path: String,
    /// What it is for: `imei`, `calibration`, `simlock`, `audio`, `settings`, …
    pub role: &'static str,
    /// How they stand to each other.
    #[serde(flatten)]
    pub way: Way,
    /// Length in A, in bytes; nothing when A has no such file.
    pub a_bytes: Option<usize>,
    /// Length in B.
    pub b_bytes: Option<usize>,
}

/// Everything two sources say of what both hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Whether nothing that was compared differs.
    pub same: bool,
    /// Whether the identity is damaged in B, and a part or layer of it that is whole in A is not in B.
    pub damaged_in_b: bool,
    /// In plain words, without any identity.
    pub summary: Vec<String>,
    /// Values, those that are the same too.
    pub parts: Vec<PartPair>,
    /// Layers, those that are the same too.
    pub layers: Vec<LayerPair>,
    /// Files that differ.
    pub files: Vec<FilePair>,
    /// What the next boot believes in A and in B, as far as it can be told from what both hold.
    pub boots_from: [BootsFrom; 2],
    /// Places only one of the two, or neither, can speak of.
    pub not_compared: Vec<&'static str>,
}

/// A side: its copies, and which places it speaks of.
pub type Holding<'a> = (&'a Copies, Covers);

/// Compares two sources. `None` when there is no place that both can speak of: then nothing is known, not even sameness.
#[must_use]
pub fn compare(a: Holding<'_>, b: Holding<'_>, family: &Family) -> Option<Comparison> {
    let shared = a.1.seen(a.0).both(b.1.seen(b.0));
    if shared == Covers::default() {
        return None;
    }
    let (a, b) = (restrict(a.0, shared), restrict(b.0, shared));
    let surveys = [judge(&a, family), judge(&b, family)];
    let files = files::differences(&a, &b, family);
    let parts = parts::pairs(&surveys, &files, shared);
    let layers = layers(&surveys, shared);
    let boots_from = [surveys[0].boots_from, surveys[1].boots_from];
    let worse = |way: Way| way.worse_in == Some(Side::B);
    let lost = parts.iter().any(|pair| worse(pair.way))
        || layers.iter().any(|pair| worse(pair.way))
        || files.iter().any(|pair| pair.role == files::CALIBRATION && worse(pair.way));
    let mut comparison = Comparison {
        same: boots_from[0] == boots_from[1]
            && files.is_empty()
            && parts.iter().all(|pair| pair.way == Way::SAME)
            && layers.iter().all(|pair| pair.way == Way::SAME),
        damaged_in_b: lost && surveys[1].verdict.code != VerdictCode::Healthy,
        summary: Vec::new(),
        parts,
        layers,
        files,
        boots_from,
        not_compared: shared.places().into_iter().filter(|(_, both)| !both).map(|(name, _)| name).collect(),
    };
    comparison.summary = summary::sentences(&comparison);
    Some(comparison)
}

/// Returns the copies without those that the other side cannot speak of: a file must not be judged by a yardstick that
/// only one of the two has.
fn restrict(copies: &Copies, shared: Covers) -> Copies {
    fn kept<T: Clone>(found: &Found<T>, keep: bool) -> Found<T> {
        match found {
            found if keep => found.clone(),
            Found::Unread(why) => Found::Unread(why.clone()),
            _ => Found::Absent("only one of the two has it".into()),
        }
    }
    Copies {
        binregion: kept(&copies.binregion, shared.binregion),
        live: kept(&copies.live, shared.live),
        pro_info: kept(&copies.pro_info, shared.pro_info),
        protect_f: kept(&copies.protect_f, shared.protect_f),
        protect_s: kept(&copies.protect_s, shared.protect_s),
        remnants: copies.remnants.clone(),
    }
}

fn layers(surveys: &[Survey; 2], shared: Covers) -> Vec<LayerPair> {
    let wrong = |state: LayerState| match state {
        LayerState::Valid => None,
        LayerState::Blank | LayerState::Absent | LayerState::Unread => Some(Change::Lost),
        LayerState::Corrupt => Some(Change::Damaged),
    };
    let [a, b] = surveys;
    let pairs = a.layers.iter().filter_map(|layer| Some((layer, b.layer(layer.name)?)));
    pairs
        .filter(|(layer, _)| shared.layer(layer.name))
        .map(|(one, other)| LayerPair {
            name: one.name,
            way: if one.state == other.state {
                Way::SAME
            } else {
                Way::between(wrong(one.state), wrong(other.state))
            },
            a: one.state,
            b: other.state,
        })
        .collect()
}
