//! A failure as the screen keeps it: the same words and codes as [`Failure`], owned, so that a recording can be read back.

use serde::{Deserialize, Serialize};

use crate::app::Failure;

/// Why something failed, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Stable code.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What the user can do.
    pub advice: Option<String>,
    /// The exit code the verb would have.
    pub exit: u8,
    /// The causes below, outermost first.
    pub causes: Vec<String>,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code.into(),
            message: failure.message,
            advice: failure.advice,
            exit: failure.exit as u8,
            causes: failure.causes,
        }
    }
}
