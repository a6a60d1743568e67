//! A link that shows what passes. It changes nothing and keeps nothing; where the events go is the sink's business.

use std::fmt;
use std::time::Duration;

use super::link::{Link, LinkError};

/// One transfer, as it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceEvent<'a> {
    /// When it ended, on the link's clock.
    pub at: Duration,
    /// What happened.
    pub what: Traced<'a>,
}

/// What a transfer came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Traced<'a> {
    /// The phone took these bytes.
    Sent(&'a [u8]),
    /// The host got these bytes.
    Received(&'a [u8]),
    /// The phone did not take these bytes.
    NotSent(&'a [u8], &'a LinkError),
    /// The host did not get as many bytes as it wanted.
    NotReceived(usize, &'a LinkError),
}

impl fmt::Display for TraceEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:4}.{:06} ", self.at.as_secs(), self.at.subsec_micros())?;
        match self.what {
            Traced::Sent(bytes) => write!(f, "> {}", Hex(bytes)),
            Traced::Received(bytes) => write!(f, "< {}", Hex(bytes)),
            Traced::NotSent(bytes, error) => write!(f, "! sending {}: {error}", Hex(bytes)),
            Traced::NotReceived(wanted, error) => write!(f, "! receiving {wanted} bytes: {error}"),
        }
    }
}

/// Bytes as pairs of digits, without spaces.
pub(super) struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Shows each transfer of a link to a sink.
pub struct Trace<L, S> {
    link: L,
    sink: S,
}

impl<L: Link, S: FnMut(TraceEvent<'_>) + Send> Trace<L, S> {
    /// Shows what passes on `link` to `sink`.
    pub fn new(link: L, sink: S) -> Self {
        Self { link, sink }
    }
}

impl<L: Link, S: FnMut(TraceEvent<'_>) + Send> Link for Trace<L, S> {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        let outcome = self.link.send(bytes, within);
        let what = match &outcome {
            Ok(()) => Traced::Sent(bytes),
            Err(error) => Traced::NotSent(bytes, error),
        };
        (self.sink)(TraceEvent { at: self.link.elapsed(), what });
        outcome
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        let outcome = self.link.receive(into, within);
        let what = match &outcome {
            Ok(()) => Traced::Received(into),
            Err(error) => Traced::NotReceived(into.len(), error),
        };
        (self.sink)(TraceEvent { at: self.link.elapsed(), what });
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
