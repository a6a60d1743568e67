//! What a verb tells while it works. Faces turn events into lines, bars or screens; the work does not know which.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whoever listens to events. Called from whichever thread works.
pub type Sink = Arc<dyn Fn(Event) + Send + Sync>;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A new step began: `waiting for a phone at usb`.
    Step(String),
    /// Something worth knowing.
    Note(String),
    /// Something the user must not miss.
    Warning(String),
    /// A transfer moved on.
    Progress(Progress),
    /// Something was said on the wire; only when [`super::Choices::wire`] asks for it.
    Wire(WireLine),
}

/// One line of what host and phone say to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireLine {
    /// When it began, since the phone was plugged in.
    pub at: Duration,
    /// What was said; safe to publish.
    pub text: String,
    /// The beginning of what the text leaves out, in hex. It may hold identities, so it is never written anywhere.
    #[serde(skip)]
    pub private: Option<String>,
}

/// How far a transfer is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being moved: a region's name.
    pub what: String,
    /// Bytes moved.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// Time on the cable since the transfer began.
    pub elapsed: Duration,
}

impl Progress {
    /// Returns bytes a second so far, none before any time has passed.
    #[must_use]
    pub fn speed(&self) -> Option<f64> {
        let seconds = self.elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a speed for human eyes")]
        (seconds > 0.0).then(|| self.done as f64 / seconds)
    }

    /// Returns the time that is left at the speed so far.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let speed = self.speed().filter(|speed| *speed > 0.0)?;
        #[expect(clippy::cast_precision_loss, reason = "a time for human eyes")]
        let seconds = self.total.saturating_sub(self.done) as f64 / speed;
        Duration::try_from_secs_f64(seconds).ok()
    }
}
