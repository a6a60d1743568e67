//! Why a verdict is what it is: a stable code, how much it weighs, one sentence. The verdict follows from the reasons and
//! from nothing else.

use serde::Serialize;

/// Longest name out of a package that is shown.
const SHOWN: usize = 80;
/// Longest sentence that quotes a package.
const QUOTED: usize = 300;

/// How much a reason weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Note,
    /// May cost something, or cannot be told.
    Caution,
    /// Kills the phone or its identity.
    Danger,
}

/// What is to be done with a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was compared, and nothing speaks against it.
    Safe,
    /// Only with care.
    Risky,
    /// Not at all.
    DoNotFlash,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable code, for scripts.
    pub code: &'static str,
    /// Its weight.
    pub severity: Severity,
    /// One sentence.
    pub sentence: String,
    /// The partition it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The package's number, where two numbers differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<u64>,
    /// The phone's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<u64>,
}

/// The reasons found so far, and what nobody could look at.
#[derive(Debug, Default)]
pub struct Findings {
    /// The reasons.
    pub reasons: Vec<Reason>,
    /// What was not checked, and why.
    pub not_checked: Vec<String>,
}

impl Findings {
    /// Adds a reason and returns it for details.
    pub fn add(&mut self, severity: Severity, code: &'static str, sentence: impl Into<String>) {
        let sentence = sentence.into();
        self.push(Reason { code, severity, sentence, partition: None, package: None, phone: None });
    }

    /// Adds a reason about one partition.
    pub fn about(
        &mut self,
        partition: &str,
        severity: Severity,
        code: &'static str,
        sentence: impl Into<String>,
    ) {
        let (partition, sentence) = (Some(partition.to_owned()), sentence.into());
        self.push(Reason { code, severity, sentence, partition, package: None, phone: None });
    }

    /// Adds a whole reason.
    pub fn push(&mut self, reason: Reason) {
        self.reasons.push(reason);
    }

    /// Notes what could not be looked at.
    pub fn skip(&mut self, sentence: impl Into<String>) {
        self.not_checked.push(sentence.into());
    }

    /// Returns whether a reason of this code was found.
    #[must_use]
    pub fn has(&self, code: &str) -> bool {
        self.reasons.iter().any(|reason| reason.code == code)
    }

    /// Returns what follows from the reasons.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.reasons.iter().map(|reason| reason.severity).max() {
            Some(Severity::Danger) => Verdict::DoNotFlash,
            Some(Severity::Caution) => Verdict::Risky,
            Some(Severity::Note) | None => Verdict::Safe,
        }
    }
}

/// Returns a name out of a package as it may be shown: short, and without what could steer a terminal.
#[must_use]
pub fn shown(name: &str) -> String {
    cut(name, SHOWN)
}

/// Returns a sentence that may quote a package, as it may be shown.
#[must_use]
pub fn quoted(text: &str) -> String {
    cut(text, QUOTED)
}

fn cut(text: &str, len: usize) -> String {
    let clean = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let mut cut: String = text.chars().take(len).map(clean).collect();
    if text.chars().nth(len).is_some() {
        cut.push('…');
    }
    cut
}
