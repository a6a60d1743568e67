//! A device that answers what the input holds, an answer to each of the host's transfers.
//!
//! Input: pieces of an answer: what it is (u8), a length (u8), as many bytes. What it is, in the low three bits:
//! 0 the bytes; 1 the bytes and their sum, as agents give it; 2 a byte (first) over and over, 32 times the number behind it
//! (u16, big-endian), and their sum; 3 the same without a sum; 4 nothing, and what follows comes later, by 100 ms times the
//! length; 5 nothing, and the device is gone; 6 nothing, and it begins again with the piece of that number; 7 nothing, and it
//! is silent from here on. The top bit says that the next piece belongs to the same answer.

use std::collections::VecDeque;
use std::time::Duration;

use nvkeep::transport::{Link, LinkError};

/// Most bytes under way: a host that lets more pile up does not listen.
const MOST: usize = 2 << 20;
/// Most pieces of an answer: an input may go round in circles, too.
const MOST_PIECES: usize = 64;
/// Bit of a piece that is not the last one of its answer.
const MORE: u8 = 0x80;
/// Time of a transfer.
const FARE: Duration = Duration::from_micros(125);

struct Piece {
    what: u8,
    len: u8,
    bytes: Vec<u8>,
}

/// The device.
pub struct Answers {
    /// What is answered first, come what may.
    first: VecDeque<Vec<u8>>,
    pieces: Vec<Piece>,
    next: usize,
    queue: VecDeque<u8>,
    late: Duration,
    gone: bool,
    mute: bool,
    now: Duration,
}

impl Answers {
    /// Answers `first`, then what `input` says.
    pub fn new(first: Vec<Vec<u8>>, mut input: &[u8]) -> Self {
        let mut pieces = Vec::new();
        while let [what, len, rest @ ..] = input {
            // The lengths of 4 and 6 are numbers.
            let takes = if matches!(what & 7, 4 | 6) { 0 } else { usize::from(*len).min(rest.len()) };
            let (bytes, rest) = rest.split_at(takes);
            pieces.push(Piece { what: *what, len: *len, bytes: bytes.to_vec() });
            input = rest;
        }
        Self {
            first: first.into(),
            pieces,
            next: 0,
            queue: VecDeque::new(),
            late: Duration::ZERO,
            gone: false,
            mute: false,
            now: Duration::ZERO,
        }
    }

    fn answer(&mut self) {
        if let Some(answer) = self.first.pop_front() {
            self.queue.extend(answer);
            return;
        }
        for _ in 0..MOST_PIECES {
            let Some(piece) = self.pieces.get(self.next).filter(|_| !self.mute) else { break };
            self.next += 1;
            let more = piece.what & MORE != 0;
            match piece.what & 7 {
                0 => self.queue.extend(&piece.bytes),
                1 => self.queue.extend(summed(piece.bytes.clone())),
                kind @ (2 | 3) => {
                    let byte = piece.bytes.first().copied().unwrap_or_default();
                    let times =
                        piece.bytes.get(1..3).map_or(1, |raw| usize::from(raw[0]) << 8 | usize::from(raw[1]));
                    let run = vec![byte; times * 32];
                    self.queue.extend(if kind == 2 { summed(run) } else { run });
                }
                4 => self.late += Duration::from_millis(100) * u32::from(piece.len),
                5 => self.gone = true,
                6 => self.next = usize::from(piece.len).min(self.next - 1),
                _ => self.mute = true,
            }
            if !more || self.queue.len() > MOST {
                break;
            }
        }
        self.queue.truncate(MOST);
    }
}

impl Link for Answers {
    fn send(&mut self, _bytes: &[u8], _within: Duration) -> Result<(), LinkError> {
        if self.gone {
            return Err(LinkError::Gone);
        }
        self.now += FARE;
        self.answer();
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        let (wanted, got) = (into.len(), self.queue.len());
        if got < wanted || self.late > within {
            if self.gone {
                return Err(LinkError::Gone);
            }
            self.now += within;
            self.late = self.late.saturating_sub(within);
            return Err(LinkError::Timeout {
                wanted,
                got: if self.late.is_zero() { got.min(wanted) } else { 0 },
            });
        }
        self.now += FARE + self.late;
        self.late = Duration::ZERO;
        for (to, byte) in into.iter_mut().zip(self.queue.drain(..wanted)) {
            *to = byte;
        }
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        self.now
    }

    fn pause(&mut self, time: Duration) {
        self.now += time;
        self.late = self.late.saturating_sub(time);
    }

    fn describe(&self) -> String {
        "a device that answers anything".to_owned()
    }
}

/// Returns the bytes with the sum of them that agents give.
pub fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = bytes.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    bytes.extend(sum.to_be_bytes());
    bytes
}

/// Writes answers as an input.
pub fn written(answers: &[Vec<u8>]) -> Vec<u8> {
    let mut input = Vec::new();
    for answer in answers {
        if answer.is_empty() {
            input.extend([0, 0]);
        }
        let mut pieces = answer.chunks(255).peekable();
        while let Some(piece) = pieces.next() {
            input.push(if pieces.peek().is_some() { MORE } else { 0 });
            input.push(u8::try_from(piece.len()).unwrap_or(u8::MAX));
            input.extend(piece);
        }
    }
    input
}
