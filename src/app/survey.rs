//! From copies to a report: what `inspect` and `diagnose` show of a phone, an archive, an image or a folder.

use serde::{Deserialize, Serialize};

use super::records::{RecordSheet, sheet};
use super::session::PhoneFacts;
use super::{Context, Failure};
use crate::identity::{Copies, Selection, Survey, VerdictCode, generation, judge_parts};

/// What `inspect` and `diagnose` answer (design section 4).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// Who the phone is, as far as the source tells.
    pub phone: PhoneFacts,
    /// Layers, boot decision and verdict.
    #[serde(flatten)]
    pub survey: Survey,
    /// Where the copies come from: `phone`, `archive a.nvk`, `image flash.bin`, `folder nvram`.
    pub source: String,
    /// Every file taken apart, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub records: Option<RecordSheet>,
}

impl Report {
    /// Returns whether nothing needs to be done.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.survey.verdict.code == VerdictCode::Healthy
    }

    /// Returns the identities in it as they are shown, for masking.
    #[must_use]
    pub fn identities(&self) -> Vec<String> {
        let value = |identity: &String| identity.split_once(':').map(|(_, value)| value.to_owned());
        self.survey.identities.iter().filter_map(value).collect()
    }

    /// Judges copies.
    ///
    /// # Errors
    /// When the catalog has no description of the phone's modem family.
    pub fn of(
        context: &Context<'_>,
        phone: PhoneFacts,
        copies: &Copies,
        source: String,
    ) -> Result<Self, Failure> {
        Self::of_parts(context, phone, copies, source, &Selection::All)
    }

    /// Judges copies of which only these parts were gathered.
    ///
    /// # Errors
    /// As [`Report::of`].
    pub fn of_parts(
        context: &Context<'_>,
        phone: PhoneFacts,
        copies: &Copies,
        source: String,
        parts: &Selection,
    ) -> Result<Self, Failure> {
        let family = context.catalog.family_for(&phone.chip, generation(copies));
        let records = context.choices.records.then(|| sheet(copies, family));
        Ok(Self { phone, survey: judge_parts(copies, family, parts), source, records })
    }
}
