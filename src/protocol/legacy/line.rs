//! The byte stream to a running agent under the rules of preloader-and-legacy-da.md 6.2: each call of [`Line::say`] is one
//! transfer of its own, answers are one stream. After a failure that leaves the agent's state unknown nothing more is sent.

use std::time::Duration;

use super::trouble::{AgentTrouble, Dialect};
use crate::protocol::ProtocolError;
use crate::transport::{Link, LinkError};
use crate::wire::agent::reply;

/// An answer to a scalar (section 6.2).
pub const SOON: Duration = Duration::from_secs(2);
/// Storage probes, DRAM tests, security scans.
pub const LATER: Duration = Duration::from_secs(10);
/// Greatest number that is taken for one of an agent's; the greatest known is 179A (section 6.9).
const MOST_NUMBER: u32 = 0xFFFF;

/// The stream to one agent.
pub struct Line {
    link: Box<dyn Link>,
    broken: Option<String>,
}

impl Line {
    pub fn new(link: Box<dyn Link>) -> Self {
        Self { link, broken: None }
    }

    pub fn elapsed(&self) -> Duration {
        self.link.elapsed()
    }

    /// Sends one transfer.
    pub fn say(&mut self, bytes: &[u8], doing: &str) -> Result<(), ProtocolError> {
        self.in_step(doing)?;
        let sent = self.link.send(bytes, SOON + travel(bytes.len()));
        sent.map_err(|cause| self.broken_by(ProtocolError::link(doing, cause)))
    }

    /// Receives exactly these bytes.
    pub fn hear(&mut self, into: &mut [u8], within: Duration, doing: &str) -> Result<(), ProtocolError> {
        self.in_step(doing)?;
        let outcome = self.link.receive(into, within + travel(into.len()));
        outcome.map_err(|cause| self.broken_by(ProtocolError::link(doing, cause)))
    }

    pub fn byte(&mut self, within: Duration, doing: &str) -> Result<u8, ProtocolError> {
        let mut byte = [0];
        self.hear(&mut byte, within, doing).map(|()| byte[0])
    }

    pub fn half(&mut self, within: Duration, doing: &str) -> Result<u16, ProtocolError> {
        let mut bytes = [0; 2];
        self.hear(&mut bytes, within, doing).map(|()| u16::from_be_bytes(bytes))
    }

    pub fn word(&mut self, within: Duration, doing: &str) -> Result<u32, ProtocolError> {
        let mut bytes = [0; 4];
        self.hear(&mut bytes, within, doing).map(|()| u32::from_be_bytes(bytes))
    }

    /// Receives an error number. What is far beyond them all is no number: the stream is out of step.
    pub fn number(&mut self, within: Duration, doing: &str) -> Result<u32, ProtocolError> {
        match self.word(within, doing)? {
            code if code <= MOST_NUMBER => Ok(code),
            code => Err(self.absurd("its error number", code.into(), doing)),
        }
    }

    /// Receives 5A, or A5 with an error number; after either the agent is in step.
    pub fn ack(&mut self, dialect: Dialect, within: Duration, doing: &str) -> Result<(), ProtocolError> {
        match self.byte(within, doing)? {
            reply::ACK => Ok(()),
            reply::NACK => Err(self.refusal(dialect, doing)),
            got => Err(self.unexpected("5a or a5", got, doing)),
        }
    }

    /// Reads the error number behind an A5.
    pub fn refusal(&mut self, dialect: Dialect, doing: &str) -> ProtocolError {
        match self.number(SOON, doing) {
            Ok(code) => ProtocolError::agent(doing, AgentTrouble::Number { dialect, code }),
            Err(error) => error,
        }
    }

    /// A byte that must not come leaves the state unknown.
    pub fn unexpected(&mut self, awaited: &'static str, got: u8, doing: &str) -> ProtocolError {
        self.broken_by(ProtocolError::agent(doing, AgentTrouble::Unexpected { awaited, got }))
    }

    /// A count that cannot be does so too.
    pub fn absurd(&mut self, what: &'static str, value: u64, doing: &str) -> ProtocolError {
        self.broken_by(ProtocolError::agent(doing, AgentTrouble::Absurd { what, value }))
    }

    /// Fails when nothing may be sent any more.
    pub fn in_step(&self, doing: &str) -> Result<(), ProtocolError> {
        match &self.broken {
            None => Ok(()),
            Some(since) => Err(ProtocolError::Desync { doing: doing.to_owned(), since: since.clone() }),
        }
    }

    /// Marks the stream as out of step and hands the reason back.
    pub fn broken_by(&mut self, error: ProtocolError) -> ProtocolError {
        self.broken.get_or_insert_with(|| error.to_string());
        error
    }
}

/// Time that bytes may take on a full-speed cable behind a card that pauses: 10 µs each.
fn travel(bytes: usize) -> Duration {
    Duration::from_micros(10 * bytes as u64)
}

/// Returns whether the cable merely fell silent.
pub fn is_silence(error: &ProtocolError) -> bool {
    matches!(error, ProtocolError::Link { cause: LinkError::Timeout { .. }, .. })
}
