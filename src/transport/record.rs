//! Writes down what passes on a link, so that [`super::replay`] can play it. The recording never disturbs the phone: when the
//! disk fills up in the middle of a session the session goes on, and whoever [`Recording::telling`] named is told once.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::link::{Link, LinkError, Plugged, Port};
use super::session::{self, Event, Plug, What};

/// A session file being written. Clones write to the same file.
#[derive(Clone)]
pub struct Recording {
    paper: Arc<Mutex<Paper>>,
}

/// Who hears that a recording is cut short.
pub type Told = Box<dyn FnOnce(&LinkError) + Send>;

struct Paper {
    writer: Box<dyn Write + Send>,
    trouble: Option<LinkError>,
    told: Option<Told>,
}

impl Paper {
    /// Keeps the first trouble, and tells it.
    fn note(&mut self, written: std::io::Result<()>) {
        let Err(error) = written else { return };
        let error = LinkError::Io { doing: "write the recording", what: error.to_string() };
        if let Some(told) = self.told.take() {
            told(&error);
        }
        self.trouble = Some(error);
    }
}

impl Recording {
    /// Begins a file.
    ///
    /// # Errors
    /// [`LinkError::Io`] when not even the first line can be written.
    pub fn new(writer: Box<dyn Write + Send>) -> Result<Self, LinkError> {
        let recording = Self { paper: Arc::new(Mutex::new(Paper { writer, trouble: None, told: None })) };
        recording.write(&session::header());
        recording.finish()?;
        Ok(recording)
    }

    /// Names who is told when the file is cut short.
    #[must_use]
    pub fn telling(self, told: Told) -> Self {
        self.paper.lock().unwrap_or_else(PoisonError::into_inner).told = Some(told);
        self
    }

    /// Records what passes on `plugged`, as one more plug-in of the file.
    pub fn wrap(&self, plugged: Plugged) -> Plugged {
        let name = plugged.link.describe();
        self.write(&Plug { kind: plugged.kind, name, events: Vec::new() }.to_string());
        Plugged { link: Box::new(Record::new(plugged.link, self.clone())), kind: plugged.kind }
    }

    /// Writes out what is buffered and says whether the file is whole so far.
    ///
    /// # Errors
    /// [`LinkError::Io`] with the first thing that could not be written.
    pub fn finish(&self) -> Result<(), LinkError> {
        let mut paper = self.paper.lock().unwrap_or_else(PoisonError::into_inner);
        if paper.trouble.is_none() {
            let written = paper.writer.flush();
            paper.note(written);
        }
        paper.trouble.clone().map_or(Ok(()), Err)
    }

    fn write(&self, text: &str) {
        let mut paper = self.paper.lock().unwrap_or_else(PoisonError::into_inner);
        if paper.trouble.is_none() {
            let written = paper.writer.write_all(text.as_bytes());
            paper.note(written);
        }
    }

    fn event(&self, at: Duration, what: What) {
        self.write(&Event { at, what, line: 0 }.to_string());
    }
}

/// Records everything that passes at a port, each plug-in after the other.
pub struct RecordingPort<P> {
    port: P,
    recording: Recording,
}

impl<P: Port> RecordingPort<P> {
    /// Wraps `port`.
    pub fn new(port: P, recording: Recording) -> Self {
        Self { port, recording }
    }
}

impl<P: Port> Port for RecordingPort<P> {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        self.recording.finish()?;
        let plugged = self.port.open(within)?;
        Ok(self.recording.wrap(plugged))
    }

    fn name(&self) -> String {
        self.port.name()
    }
}

/// Records what passes on a link. The `plug` line is [`Recording::wrap`]'s.
pub struct Record<L> {
    link: L,
    recording: Recording,
}

impl<L: Link> Record<L> {
    fn new(link: L, recording: Recording) -> Self {
        Self { link, recording }
    }
}

impl<L: Link> Link for Record<L> {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        let outcome = self.link.send(bytes, within);
        let at = self.link.elapsed();
        self.recording.event(at, What::Sent(bytes.to_vec()));
        if let Err(error) = &outcome {
            self.recording.event(at, What::SendFailed(error.clone()));
        }
        outcome
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        let outcome = self.link.receive(into, within);
        let what = match &outcome {
            Ok(()) => What::Received(into.to_vec()),
            Err(error) => What::ReceiveFailed(error.clone()),
        };
        self.recording.event(self.link.elapsed(), what);
        outcome
    }

    fn elapsed(&self) -> Duration {
        self.link.elapsed()
    }

    fn pause(&mut self, time: Duration) {
        self.link.pause(time);
    }

    fn describe(&self) -> String {
        self.link.describe()
    }
}

impl<L> Drop for Record<L> {
    /// A file that is read after a crash or an unplugged cable should end with the last transfer, not with the last buffer.
    fn drop(&mut self) {
        // Trouble is kept in the recording, which outlives the link.
        let _ = self.recording.finish();
    }
}
