//! What every verb is given: cables, descriptions, the user's choices, a listener, a clock, and the wish to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Cables, Event, Exit, Failure, Keyring, Sink};
use crate::formats::catalog::Catalog;

/// How blocks are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// The controller is asked every 128 bytes.
    #[default]
    Strict,
    /// The controller is asked once a block.
    Fast,
}

/// Ways to the flash, as asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineWish {
    /// The best this phone allows.
    #[default]
    Auto,
    /// The preloader's register commands.
    Direct,
    /// The user's Download Agent.
    Legacy,
}

/// How the flash is reached.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Which way.
    pub engine: EngineWish,
    /// Download Agent file the user named for this phone.
    pub da: Option<PathBuf>,
    /// Download Agent file the environment names for any phone.
    pub da_by_environment: Option<PathBuf>,
}

/// The user's choices that hold for every verb.
#[derive(Debug, Clone)]
pub struct Choices {
    /// Port name.
    pub port: String,
    /// Bound of every wait.
    pub timeout: Duration,
    /// How blocks are read.
    pub pace: Pace,
    /// Engine and Download Agent.
    pub reach: Reach,
    /// Scatter file, for phones without a PMT.
    pub scatter: Option<PathBuf>,
    /// Folder of real data for `sim:` ports.
    pub data: Option<PathBuf>,
    /// Where the session is recorded.
    pub record: Option<PathBuf>,
    /// Where the session is replayed from.
    pub replay: Option<PathBuf>,
    /// What opens sealed archives.
    pub keyring: Keyring,
    /// Where journals lie.
    pub journals: PathBuf,
    /// Take every file apart into its fields, for `inspect`.
    pub records: bool,
    /// Tell what is said on the wire, as [`Event::Wire`].
    pub wire: bool,
}

/// What a verb works with.
pub struct Context<'a> {
    /// Where ports come from.
    pub cables: &'a dyn Cables,
    /// Chips, LIDs, partitions.
    pub catalog: Catalog,
    /// The user's choices.
    pub choices: Choices,
    /// Who listens.
    pub sink: Sink,
    /// Set when the user wants to stop; looked at between blocks.
    pub stop: Arc<AtomicBool>,
    /// Returns the time as RFC 3339 in UTC, for manifests and file names.
    pub now: fn() -> String,
}

impl Context<'_> {
    /// Tells the listener that a step began.
    pub fn step(&self, text: impl Into<String>) {
        (self.sink)(Event::Step(text.into()));
    }

    /// Tells the listener something worth knowing.
    pub fn note(&self, text: impl Into<String>) {
        (self.sink)(Event::Note(text.into()));
    }

    /// Tells the listener something not to be missed.
    pub fn warn(&self, text: impl Into<String>) {
        (self.sink)(Event::Warning(text.into()));
    }

    /// Fails when the user asked to stop.
    ///
    /// # Errors
    /// A failure with exit code 130.
    pub fn go_on(&self) -> Result<(), Failure> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Failure::new(Exit::Interrupted, "interrupted", "stopped by the user"));
        }
        Ok(())
    }
}
