//! What a flash tool would do by this scatter file to the partitions that keep identity, and to the preloader
//! (ap-nvram.md 5.7).

use serde::Serialize;

use super::fit::SameBoard;
use super::layout::{IDENTITY, canonical};
use super::reason::{Findings, Severity, shown};
use super::target::Target;
use crate::app::Context;
use crate::formats::scatter::ScatterEntry;
use crate::formats::scatter_any::{ScatterForm, ScatterLayout};

/// What happens to a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// An image is written over it.
    Overwritten,
    /// A firmware upgrade and "format all" empty it.
    Formatted,
    /// Left alone, or read back and put back, as long as the map stays.
    Kept,
    /// The scatter file does not tell.
    Unknown,
}

/// What happens to one identity partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fate {
    /// The partition.
    pub partition: String,
    /// `operation_type`; empty in the plain form.
    pub operation: String,
    /// What happens to it.
    pub effect: Effect,
}

/// Returns whether an entry's image is written by a plain download.
#[must_use]
pub fn is_flashed(layout: &ScatterLayout, entry: &ScatterEntry) -> bool {
    entry.is_download && (entry.file_name.is_some() || layout.form == ScatterForm::Plain)
}

fn effect(layout: &ScatterLayout, entry: &ScatterEntry) -> Effect {
    if is_flashed(layout, entry) {
        return Effect::Overwritten;
    }
    match entry.operation.trim().to_ascii_uppercase().as_str() {
        "PROTECTED" | "BINREGION" => Effect::Kept,
        "INVISIBLE" | "UPDATE" => Effect::Formatted,
        _ => Effect::Unknown,
    }
}

/// Judges what happens to identity.
pub fn identity(
    context: &Context<'_>,
    findings: &mut Findings,
    layout: &ScatterLayout,
    target: Option<&Target>,
) -> Vec<Fate> {
    let mut fates = Vec::new();
    for entry in &layout.entries {
        let name = canonical(context, &entry.name);
        if name == "USRDATA" && is_flashed(layout, entry) {
            user_data(findings, target);
        }
        if !IDENTITY.contains(&name.as_str()) {
            continue;
        }
        let effect = effect(layout, entry);
        // nvdata and nvcfg can be made anew from NVRAM; what the others hold is nowhere else.
        let comes_back = matches!(name.as_str(), "NVDATA" | "NVCFG");
        let operation = shown(&entry.operation);
        match effect {
            Effect::Overwritten => findings.about(&name, Severity::Danger, "overwrites-identity", format!("{name} would be overwritten: the phone's own content of it is lost.")),
            Effect::Formatted if comes_back => findings.about(&name, Severity::Caution, "formats-identity", format!("{name} is marked {operation}: a firmware upgrade or \"format all\" empties it; it comes back only from a whole NVRAM.")),
            Effect::Formatted => findings.about(&name, Severity::Danger, "formats-identity", format!("{name} is marked {operation}: a firmware upgrade or \"format all\" empties it, and what it holds is nowhere else on the phone.")),
            Effect::Unknown if layout.form == ScatterForm::Plain => {}
            Effect::Unknown => findings.about(&name, Severity::Caution, "operation-unknown", format!("{name} is marked {operation}: what a flash tool does to it is not known.")),
            Effect::Kept => {}
        }
        fates.push(Fate { partition: name, operation, effect });
    }
    if layout.form == ScatterForm::Plain {
        findings.add(
            Severity::Caution,
            "operation-unknown",
            "This old form of scatter file does not tell what a firmware upgrade or \"format all\" keeps.",
        );
    }
    fates
}

/// On old Android the live NV files are in user data.
fn user_data(findings: &mut Findings, target: Option<&Target>) {
    let Some(target) = target.filter(|target| !target.places.iter().any(|place| place.name == "NVDATA"))
    else {
        return;
    };
    if target.nvram_whole {
        findings.about("USRDATA", Severity::Note, "replaces-live-files", "User data is overwritten and the live NV files with it; the phone makes them anew from its NVRAM, which is whole.");
    } else {
        findings.about("USRDATA", Severity::Danger, "replaces-live-files", "User data is overwritten and the live NV files with it, and this phone's NVRAM is not whole: nothing could bring them back.");
    }
}

/// Judges whether the first program the chip starts would be replaced.
pub fn preloader(context: &Context<'_>, findings: &mut Findings, layout: &ScatterLayout, same: SameBoard) {
    let is_first = |entry: &&ScatterEntry| {
        let name = canonical(context, &entry.name);
        name.starts_with("PRELOADER")
            || name == "DSP_BL"
            || entry.operation.trim().eq_ignore_ascii_case("BOOTLOADERS")
    };
    let Some(entry) = layout.entries.iter().filter(|entry| is_flashed(layout, entry)).find(is_first) else {
        return;
    };
    let name = shown(&canonical(context, &entry.name));
    let (severity, sentence) = match same {
        SameBoard::Yes => {
            (Severity::Note, format!("{name} would be written; the package is for this board."))
        }
        SameBoard::No => (
            Severity::Danger,
            format!(
                "{name} of another board would be written: a phone with a wrong one does not start any more."
            ),
        ),
        SameBoard::Unknown => (
            Severity::Caution,
            format!(
                "{name} would be written, and nothing proves that it is for this board: a phone with a wrong one does not start any more."
            ),
        ),
    };
    findings.about(&name, severity, "flashes-preloader", sentence);
}
