//! Two sources compared by meaning: any two of phone, archive, image and folder. Reads both, writes nothing.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::session::PhoneFacts;
use super::source::{Looked, look};
use super::{Context, Exit, Failure};
use crate::identity::{self, Comparison, VerdictCode, compare};

/// The word for the phone at the port, where a file could be meant; `./phone` is a file of that name.
const PHONE: &str = "phone";

/// One of the two that were compared.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// `phone`, `archive a.nvk`, …
    pub source: String,
    /// Who the phone is, as far as the source tells.
    pub phone: PhoneFacts,
    /// The verdict over all that it holds, compared or not.
    pub verdict: VerdictCode,
}

/// Whether both are of one phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SamePhone {
    /// The card ids are the same.
    Same,
    /// The card ids differ: two phones, or one with another card.
    Other,
    /// One of them does not tell.
    Unknown,
}

/// What `diff` answers.
#[derive(Debug, Clone, Serialize)]
pub struct DiffResult {
    /// The first.
    pub a: Compared,
    /// The second.
    pub b: Compared,
    /// Whether both are of one phone.
    pub phone: SamePhone,
    /// What differs.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// Identities of both, for masking.
    #[serde(skip)]
    pub identities: Vec<String>,
}

/// Compares two sources; the word `phone` is the phone at the port.
///
/// # Errors
/// What reading either gives; exit code 2 where both are the phone, or where they have no place in common.
pub fn diff(context: &Context<'_>, a: &Path, b: &Path) -> Result<DiffResult, Failure> {
    let source = |path: &Path| (path != Path::new(PHONE)).then(|| PathBuf::from(path));
    let (first, second) = (source(a), source(b));
    if first.is_none() && second.is_none() {
        return Err(Failure::new(Exit::Usage, "same-source", "both sides are the phone at the port")
            .advise("Compare the phone with an archive, an image or a folder."));
    }
    // A file with a typing error in its name is told before anybody waits for a phone.
    let (one, other) = if first.is_none() {
        let other = look(context, second.as_deref())?;
        (look(context, None)?, other)
    } else {
        (look(context, first.as_deref())?, look(context, second.as_deref())?)
    };
    of(context, &one, &other)
}

/// Compares what two looks found.
///
/// # Errors
/// Exit code 2 where they have no place in common.
pub fn of(context: &Context<'_>, a: &Looked, b: &Looked) -> Result<DiffResult, Failure> {
    // A source that does not know its chip is read as the other one's.
    let chip = if a.facts.chip == "unknown" { &b.facts.chip } else { &a.facts.chip };
    let generation = identity::generation(&a.copies).or_else(|| identity::generation(&b.copies));
    let family = context.catalog.family_for(chip, generation);
    let comparison = compare((&a.copies, a.covers), (&b.copies, b.covers), family).ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            "nothing-in-common",
            format!("{} and {} have no place in common that could be compared", a.source, b.source),
        )
        .advise(
            "Compare images of the same partition, or with an archive or a phone, which have all of them.",
        )
    })?;
    let (one, other) = (a.report(context)?, b.report(context)?);
    let identities = [one.identities(), other.identities()].concat();
    let side = |report: super::Report| Compared {
        source: report.source,
        phone: report.phone,
        verdict: report.survey.verdict.code,
    };
    let phone = match (a.facts.cid.as_str(), b.facts.cid.as_str()) {
        ("unknown" | "", _) | (_, "unknown" | "") => SamePhone::Unknown,
        (one, other) if one == other => SamePhone::Same,
        _ => SamePhone::Other,
    };
    Ok(DiffResult { a: side(one), b: side(other), phone, comparison, identities })
}
