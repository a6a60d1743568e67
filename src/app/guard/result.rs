//! What a guard answers: what the flash did to the identity, what was done about it, and the phone in the end.

use std::path::PathBuf;

use serde::Serialize;

use super::FlasherReport;
use crate::app::Report;
use crate::app::diff::DiffResult;
use crate::app::staging::PlanSummary;

/// What became of the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The flash took nothing of it.
    Untouched,
    /// It was damaged, and the phone's own is on it again.
    Restored,
    /// It was damaged, and nothing was written.
    NotRestored,
}

/// What a guard did.
#[derive(Debug, Clone, Serialize)]
pub struct GuardResult {
    /// The archive made before the flash.
    pub archive: PathBuf,
    /// Its digest.
    pub sha256: String,
    /// Whether the identity was whole before the flash.
    pub whole_before: bool,
    /// The flasher.
    pub flasher: FlasherReport,
    /// What differs: A is the archive, B the phone that came back.
    pub comparison: DiffResult,
    /// What became of the identity.
    pub outcome: Outcome,
    /// The plan of the restore, where there was one.
    pub plan: Option<PlanSummary>,
    /// Where the old content of every written block is kept.
    pub journal: Option<PathBuf>,
    /// The phone in the end.
    pub after: Report,
}

impl GuardResult {
    /// Returns whether the phone's own identity is whole on it in the end.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.outcome != Outcome::NotRestored && self.after.is_healthy()
    }

    /// Returns every identity in it, for masking.
    #[must_use]
    pub fn identities(&self) -> Vec<String> {
        [self.comparison.identities.clone(), self.after.identities()].concat()
    }
}
