//! The one error faces see: a stable code, one sentence, advice, and the exit code that goes with it.

use std::fmt;

/// Exit codes of the program (design section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Anything that has no code of its own.
    Other = 1,
    /// Bad arguments.
    Usage = 2,
    /// No phone, or a time-out.
    NoPhone = 3,
    /// Permission missing, or the port is busy.
    Denied = 4,
    /// Handshake, security or agent refused.
    Refused = 5,
    /// Reading stopped before everything was read.
    ReadIncomplete = 6,
    /// What was read back is not what was written.
    Mismatch = 7,
    /// A safety rule forbids it.
    Forbidden = 8,
    /// The identity is damaged.
    Damaged = 9,
    /// The archive is corrupt.
    BadArchive = 10,
    /// The user interrupted.
    Interrupted = 130,
}

/// Why a verb failed, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Stable code, for scripts: `cable-gone`, `other-phone`, `archive-truncated` …
    pub code: &'static str,
    /// One sentence with the place of what went wrong.
    pub message: String,
    /// What the user can do about it.
    pub advice: Option<String>,
    /// The exit code.
    pub exit: Exit,
    /// The causes below, outermost first.
    pub causes: Vec<String>,
}

impl Failure {
    /// Makes a failure without advice.
    pub fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), advice: None, exit, causes: Vec::new() }
    }

    /// Adds advice.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Puts what was being done before the sentence.
    #[must_use]
    pub fn while_doing(mut self, doing: &str) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }

    /// Makes a failure of a file operation.
    #[must_use]
    pub fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, NotFound, PermissionDenied, QuotaExceeded, StorageFull};
        let (exit, code) = match error.kind() {
            PermissionDenied => (Exit::Denied, "file-permission"),
            NotFound => (Exit::Usage, "file-missing"),
            StorageFull | QuotaExceeded | FileTooLarge => (Exit::Other, "disk-full"),
            _ => (Exit::Other, "file"),
        };
        let failure = Self::new(exit, code, format!("{doing} {}: {error}", path.display()));
        match code {
            "disk-full" => failure.advise("Make room on that disk, or name a file on another one."),
            _ => failure,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
