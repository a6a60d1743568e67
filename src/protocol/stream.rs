//! Pipelined register accesses over a link: many commands in one transfer, every echoed byte compared, never more than
//! 512 bytes outstanding (msdc-direct.md 4.1, 5.1, 5.3). After a failure it refuses to say anything more, because bytes
//! would then be taken for something else.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::ProtocolError;
use crate::transport::{Link, LinkError};
use crate::wire::preloader::{NAK_ABOVE, command, status};

/// No answer for this long means dead or out of step (msdc-direct.md 5.3 rule 7).
pub(super) const QUIET: Duration = Duration::from_secs(1);
/// Command byte, address and count.
const HEADER: usize = 9;

/// One register access inside a batch.
#[derive(Debug, Clone, Copy)]
struct Access {
    op: u8,
    address: u32,
    count: usize,
    width: usize,
    /// Where its bytes begin in the batch.
    at: usize,
}

impl Access {
    fn writes(self) -> bool {
        matches!(self.op, command::WRITE32 | command::WRITE16)
    }
    fn out_len(self) -> usize {
        HEADER + if self.writes() { self.count * self.width } else { 0 }
    }
}

/// Its place in messages; made into text only when something fails.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.op {
            command::READ32 => "READ32",
            command::WRITE32 => "WRITE32",
            command::READ16 => "READ16",
            _ => "WRITE16",
        };
        write!(f, "{name} {:08x} x {}", self.address, self.count)
    }
}

/// Register accesses that go out together.
#[derive(Debug, Clone, Default)]
pub(super) struct Batch {
    out: Vec<u8>,
    accesses: Vec<Access>,
}

impl Batch {
    /// Starts an empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `count` consecutive 32-bit words.
    pub fn read(mut self, address: u32, count: u16) -> Self {
        self.push(command::READ32, 4, address, usize::from(count), &[]);
        self
    }

    /// Writes one 32-bit word.
    pub fn write(mut self, address: u32, value: u32) -> Self {
        self.push(command::WRITE32, 4, address, 1, &value.to_be_bytes());
        self
    }

    /// Adds an access of any width; `data` is big-endian, and empty for a read.
    pub fn push(&mut self, op: u8, width: usize, address: u32, count: usize, data: &[u8]) {
        let at = self.out.len();
        self.out.push(op);
        self.out.extend(address.to_be_bytes());
        self.out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
        self.out.extend(data);
        self.accesses.push(Access { op, address, count, width, at });
    }

    /// Splits the batch into transfers: one where it fits, else pieces of which two may be under way.
    fn pieces(&self) -> Vec<std::ops::Range<usize>> {
        let most = if self.out.len() <= NAK_ABOVE { NAK_ABOVE } else { NAK_ABOVE / 2 };
        let mut pieces = Vec::new();
        let (mut first, mut len) = (0, 0);
        for (at, access) in self.accesses.iter().enumerate() {
            if len > 0 && len + access.out_len() > most {
                pieces.push(first..at);
                (first, len) = (at, 0);
            }
            len += access.out_len();
        }
        pieces.push(first..self.accesses.len());
        pieces
    }
}

/// The byte stream to one phone after its handshake.
pub(super) struct Stream {
    link: Box<dyn Link>,
    broken: Option<String>,
}

impl Stream {
    /// Takes a link whose phone is in its command loop.
    pub fn new(link: Box<dyn Link>) -> Self {
        Self { link, broken: None }
    }

    /// Returns the link's clock.
    pub fn elapsed(&self) -> Duration {
        self.link.elapsed()
    }

    /// Lets time pass.
    pub fn pause(&mut self, time: Duration) {
        self.link.pause(time);
    }

    /// Runs a batch; returns every word read, in order, items of 16 bits widened.
    pub fn run(&mut self, batch: &Batch) -> Result<Vec<u32>, ProtocolError> {
        let doing = batch.accesses.first().map(Access::to_string).unwrap_or_default();
        self.in_step(&doing)?;
        let mut words = Vec::new();
        let mut waiting = VecDeque::new();
        for piece in batch.pieces() {
            let start = batch.accesses.get(piece.start).map_or(0, |access| access.at);
            let end = batch.accesses.get(piece.end).map_or(batch.out.len(), |access| access.at);
            let sent = self.link.send(&batch.out[start..end], QUIET);
            sent.map_err(|cause| self.broken_by(ProtocolError::link(doing.clone(), cause)))?;
            waiting.push_back(piece);
            if waiting.len() == 2
                && let Some(piece) = waiting.pop_front()
            {
                self.collect(batch, piece, &mut words)?;
            }
        }
        while let Some(piece) = waiting.pop_front() {
            self.collect(batch, piece, &mut words)?;
        }
        Ok(words)
    }

    /// Sends one command byte and returns the `reply` bytes behind its echo.
    pub fn ask(&mut self, op: u8, reply: usize, doing: &str) -> Result<Vec<u8>, ProtocolError> {
        let mut answer = self.say(&[op], 1 + reply, &[op], doing)?;
        answer.remove(0);
        Ok(answer)
    }

    /// Sends bytes and returns `len` bytes of answer, of which the first must be `expected`.
    pub fn say(
        &mut self,
        bytes: &[u8],
        len: usize,
        expected: &[u8],
        doing: &str,
    ) -> Result<Vec<u8>, ProtocolError> {
        self.in_step(doing)?;
        let sent = self.link.send(bytes, QUIET);
        sent.map_err(|cause| self.broken_by(ProtocolError::link(doing, cause)))?;
        self.hear(len, expected, 0, &doing)
    }

    /// Receives `len` bytes, of which the first must be `expected`; `before` bytes of the reply came earlier.
    pub fn hear(
        &mut self,
        len: usize,
        expected: &[u8],
        before: usize,
        doing: &dyn fmt::Display,
    ) -> Result<Vec<u8>, ProtocolError> {
        self.hear_within(len, expected, before, doing, QUIET)
    }

    /// As [`Self::hear`], for answers that take the phone more than a moment.
    pub fn hear_within(
        &mut self,
        len: usize,
        expected: &[u8],
        before: usize,
        doing: &dyn fmt::Display,
        within: Duration,
    ) -> Result<Vec<u8>, ProtocolError> {
        let mut reply = vec![0; len];
        let outcome = self.link.receive(&mut reply, within);
        if let Err(LinkError::Timeout { got, .. }) = outcome {
            // What did come says more than its absence.
            reply.truncate(got.min(len));
            let _ = self.link.receive(&mut reply, Duration::ZERO);
        } else if outcome.is_err() {
            reply.clear();
        }
        if let Some(at) = reply.iter().zip(expected).position(|(got, expected)| got != expected) {
            let (expected, got) = (expected[at], reply[at]);
            let doing = doing.to_string();
            return Err(self.broken_by(ProtocolError::EchoMismatch {
                doing,
                at: before + at,
                expected,
                got,
            }));
        }
        match outcome {
            Ok(()) => Ok(reply),
            Err(cause) => {
                let doing = format!("{doing}, reply byte {}", before + reply.len());
                Err(self.broken_by(ProtocolError::link(doing, cause)))
            }
        }
    }

    /// Sends bytes that nobody echoes, in transfers of `piece`.
    pub fn pour(&mut self, bytes: &[u8], piece: usize, doing: &str) -> Result<(), ProtocolError> {
        self.in_step(doing)?;
        for piece in bytes.chunks(piece.max(1)) {
            let sent = self.link.send(piece, QUIET);
            sent.map_err(|cause| self.broken_by(ProtocolError::link(doing, cause)))?;
        }
        Ok(())
    }

    /// Gives the link up: from here on somebody else answers.
    pub fn into_link(self) -> Box<dyn Link> {
        self.link
    }

    /// Drops whatever comes until the phone is quiet for `quiet`, bounded in time and bytes.
    pub fn drain(&mut self, quiet: Duration) {
        super::handshake::drain(&mut *self.link, quiet);
    }

    /// Forgets that a query failed: only for the first query after a handshake, which some phones swallow.
    pub fn mend(&mut self) {
        self.broken = None;
    }

    fn collect(
        &mut self,
        batch: &Batch,
        piece: std::ops::Range<usize>,
        words: &mut Vec<u32>,
    ) -> Result<(), ProtocolError> {
        for index in piece {
            let access = batch.accesses[index];
            let header = &batch.out[access.at..access.at + HEADER];
            let reply = self.hear(HEADER + 2, header, 0, &access)?;
            let word = u16::from_be_bytes([reply[HEADER], reply[HEADER + 1]]);
            if word > status::LAST_GOOD {
                // One status, then the command loop again: in step only if nothing else was sent (section 4.1).
                let error = ProtocolError::Status { doing: access.to_string(), status: word };
                let alone = batch.accesses.len() == 1 && !access.writes();
                return Err(if alone { error } else { self.broken_by(error) });
            }
            let len = access.count * access.width;
            let echo = if access.writes() {
                &batch.out[access.at + HEADER..access.at + access.out_len()]
            } else {
                &[]
            };
            let body = self.hear(len + 2, echo, HEADER + 2, &access)?;
            let last = u16::from_be_bytes([body[len], body[len + 1]]);
            if last > status::LAST_GOOD {
                return Err(self.broken_by(ProtocolError::Status { doing: access.to_string(), status: last }));
            }
            if !access.writes() {
                words.extend(
                    body[..len]
                        .chunks(access.width)
                        .map(|item| item.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))),
                );
            }
        }
        Ok(())
    }

    fn in_step(&self, doing: &str) -> Result<(), ProtocolError> {
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
