//! Whether a package is for this chip, this kind of storage and this board.

use super::board::Board;
use super::reason::{Findings, Severity, shown};
use super::target::Target;
use crate::formats::scatter_any::{FlashKind, ScatterForm, ScatterLayout};

/// Which of a package's layouts is for the phone's storage: the only one, or the one of its kind, else the first.
#[must_use]
pub fn layout_for<'a>(layouts: &'a [ScatterLayout], target: Option<&Target>) -> Option<&'a ScatterLayout> {
    let wanted = target.map_or("emmc", |target| target.facts.storage.as_str());
    let fits = |layout: &&ScatterLayout| layout.storage.is_some_and(|kind| word(kind) == wanted);
    layouts.iter().find(fits).or_else(|| layouts.first())
}

/// Returns the word for a kind of storage, as phones and archives have it.
#[must_use]
pub fn word(kind: FlashKind) -> &'static str {
    match kind {
        FlashKind::Emmc => "emmc",
        FlashKind::Nand => "nand",
        FlashKind::Ufs => "ufs",
        FlashKind::Sdmmc => "sdmmc",
    }
}

/// Compares chip and storage with the phone's.
pub fn chip_and_storage(findings: &mut Findings, layout: &ScatterLayout, target: &Target) {
    match (&layout.platform, target.facts.chip.as_str()) {
        (_, "unknown" | "") => {
            findings.add(
                Severity::Caution,
                "chip-unknown",
                format!("{} does not tell the phone's chip.", target.source),
            );
        }
        (None, _) => findings.add(
            Severity::Caution,
            "chip-unknown",
            "The scatter file does not say which chip it is for.",
        ),
        (Some(package), phone) if !package.eq_ignore_ascii_case(phone) => findings.add(
            Severity::Danger,
            "other-chip",
            format!("The package is for {}, this phone is {phone}.", shown(package)),
        ),
        _ => {}
    }
    match (layout.storage, target.facts.storage.as_str()) {
        (_, "unknown" | "") => {
            findings.skip(format!("storage: {} does not tell what the phone has", target.source));
        }
        (None, _) if layout.form == ScatterForm::Plain => {
            findings.add(
                Severity::Caution,
                "storage-unknown",
                "The scatter file does not say for which kind of storage it is.",
            );
        }
        (Some(package), phone) if word(package) != phone => findings.add(
            Severity::Danger,
            "other-storage",
            format!(
                "The package is for a phone with {}, this phone has {}.",
                word(package).to_uppercase(),
                phone.to_uppercase()
            ),
        ),
        _ => {}
    }
}

/// What is known of the boards of package and phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameBoard {
    /// Their names agree.
    Yes,
    /// Their names differ.
    No,
    /// One of them does not tell, or they cannot be compared.
    Unknown,
}

/// Compares the boards, and the package with itself.
pub fn board(
    findings: &mut Findings,
    layout: &ScatterLayout,
    package: Option<&Board>,
    target: Option<&Target>,
) -> SameBoard {
    if let (Some(chip), Some(platform)) = (package.and_then(|board| board.chip.as_deref()), &layout.platform)
        && !chip.eq_ignore_ascii_case(platform)
    {
        findings.add(
            Severity::Caution,
            "system-of-another-chip",
            format!("Its build.prop is of {}, its scatter file of {}.", shown(chip), shown(platform)),
        );
    }
    let Some(target) = target else { return SameBoard::Unknown };
    let Some(phone) = target.board.as_ref().filter(|board| !board.products.is_empty()) else {
        findings.skip(format!(
            "board: {} has no build properties that can be read, so nothing says whether the package is for this board{}",
            target.source,
            layout.project.as_ref().map(|project| format!(" (its project is {})", shown(project))).unwrap_or_default(),
        ));
        return SameBoard::Unknown;
    };
    let named = package.map(|board| board.products.as_slice()).unwrap_or_default();
    let names = layout.project.iter().chain(named).map(String::as_str);
    if phone.is_called(names) {
        return SameBoard::Yes;
    }
    let own = shown(&phone.products.join(", "));
    if named.is_empty() {
        findings.skip(format!(
            "board: the package has no build properties that can be read; its project is {}, the phone calls itself {own}",
            layout.project.as_deref().map_or("not told".into(), shown),
        ));
        return SameBoard::Unknown;
    }
    let other = shown(&named.join(", "));
    findings.add(
        Severity::Caution,
        "other-board",
        format!("The package calls its board {other}, the phone calls itself {own}."),
    );
    SameBoard::No
}
