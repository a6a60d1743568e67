//! What a guard knows of a flasher: its name, how it ends. Running it is the face's business.

use std::fmt;
use std::io::{Error, ErrorKind, Result};

use serde::Serialize;

use crate::app::{Exit, Failure};

/// The user's flasher: any program, run to its end.
pub trait Flasher {
    /// Returns what is run, for people.
    fn name(&self) -> String;

    /// Returns why it cannot be started, as far as that can be told without starting it.
    fn obstacle(&self) -> Option<String>;

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it cannot be started; then it did nothing.
    fn run(&mut self) -> Result<Ending>;
}

/// How a flasher ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// Its exit code; nothing when a signal ended it.
    pub exit: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl Ending {
    /// Returns whether it ended as one that did its work.
    #[must_use]
    pub fn is_good(self) -> bool {
        self.exit == Some(0)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.exit, self.signal) {
            (Some(code), _) => write!(f, "exit code {code}"),
            (None, Some(signal)) => write!(f, "ended by signal {signal}"),
            (None, None) => f.write_str("ended without an exit code"),
        }
    }
}

/// The flasher, as it is reported.
#[derive(Debug, Clone, Serialize)]
pub struct FlasherReport {
    /// What was run.
    pub program: String,
    /// How it ended.
    #[serde(flatten)]
    pub ending: Ending,
}

/// The failure of a flasher that did nothing.
pub(super) fn not_started(name: &str, error: &Error) -> Failure {
    let exit = match error.kind() {
        ErrorKind::PermissionDenied => Exit::Denied,
        ErrorKind::NotFound => Exit::Usage,
        _ => Exit::Other,
    };
    Failure::new(
        exit,
        "flasher-not-started",
        format!("{name} could not be started: {error}; the phone was not flashed"),
    )
}
