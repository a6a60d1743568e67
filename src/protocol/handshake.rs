//! Four bytes that make a listening preloader a talking one, with all its quirks: READY copies, a swallowed first byte,
//! windows that close (preloader-and-legacy-da.md 1.6, 1.9, 2). Promises to end within its time and never to repeat a
//! byte into a phone that is already in its command loop.

use std::time::Duration;

use super::ProtocolError;
use super::preloader::Preloader;
use super::stream::Stream;
use crate::transport::{Link, LinkError};
use crate::wire::preloader::{HANDSHAKE, READY};

/// Pause between two first bytes, within the 20-50 ms of the reference.
const PERIOD: Duration = Duration::from_millis(30);
/// How long the answer to a later byte may take.
const STEP: Duration = Duration::from_millis(100);
/// Quiet that ends the drain after the handshake.
const SETTLE: Duration = Duration::from_millis(150);
/// Most bytes thrown away at once: a device that says more is not a preloader.
const FLOOD: usize = 4096;
/// Most first bytes sent, whatever the clock says.
const ATTEMPTS: u32 = 5000;
/// Bytes kept to show what an unknown device said.
const SHOWN: usize = 8;

const FIRST: u8 = HANDSHAKE[0];
/// The answer to a first byte that came one too many.
const SURPLUS: u8 = FIRST.wrapping_add(1);
/// The answer to a second byte that met a phone expecting a first.
const TOO_EARLY: u8 = HANDSHAKE[1].wrapping_add(1);

/// Longest pause between two first bytes: cables slower than [`PERIOD`] must not make every answer look surplus, and
/// the window of 300 ms must still hold the whole exchange.
const LONGEST_PERIOD: Duration = Duration::from_millis(150);

/// How one round of the handshake ended.
enum Round {
    Done,
    Silent,
    OutOfStep,
    InCommandLoop,
}

/// Talks a phone into its command loop.
///
/// # Errors
/// [`ProtocolError::HandshakeLost`] when it stayed silent for `within`, [`ProtocolError::NotAPreloader`] when what it
/// said is foreign, [`ProtocolError::Link`] when the cable failed.
pub fn handshake(mut link: Box<dyn Link>, within: Duration) -> Result<Preloader, ProtocolError> {
    let end = link.elapsed().saturating_add(within);
    let mut foreign = Foreign::default();
    let mut period = PERIOD;
    drain(&mut *link, Duration::from_millis(10));
    for _ in 0..ATTEMPTS {
        if link.elapsed() >= end {
            break;
        }
        match round(&mut *link, period, &mut foreign)? {
            Round::Silent => {}
            Round::OutOfStep => period = (period + PERIOD).min(LONGEST_PERIOD),
            Round::Done => {
                drain(&mut *link, SETTLE);
                return Ok(Preloader::new(Stream::new(link)));
            }
            Round::InCommandLoop => return rejoin(link),
        }
        if foreign.count > FLOOD {
            break;
        }
    }
    Err(foreign.verdict(within))
}

fn round(link: &mut dyn Link, period: Duration, foreign: &mut Foreign) -> Result<Round, ProtocolError> {
    say(link, FIRST)?;
    match await_one_of(link, &[!FIRST, FIRST, SURPLUS], period, foreign)? {
        Some(FIRST) => return Ok(Round::InCommandLoop),
        Some(SURPLUS) => return Ok(Round::OutOfStep),
        None => return Ok(Round::Silent),
        Some(_) => {}
    }
    for byte in &HANDSHAKE[1..] {
        say(link, *byte)?;
        match await_one_of(link, &[!byte, TOO_EARLY, SURPLUS], STEP, foreign)? {
            Some(answer) if answer == !byte => {}
            _ => {
                drain(link, Duration::from_millis(20));
                return Ok(Round::OutOfStep);
            }
        }
    }
    Ok(Round::Done)
}

/// A phone that echoes the first byte was left in its command loop by an earlier session, or in the middle of a
/// command; one clean query tells which (section 2, last rule).
fn rejoin(mut link: Box<dyn Link>) -> Result<Preloader, ProtocolError> {
    drain(&mut *link, Duration::from_millis(50));
    let mut preloader = Preloader::new(Stream::new(link));
    match preloader.hw_code_once() {
        Ok(_) => Ok(preloader),
        Err(ProtocolError::Link { cause: LinkError::Gone, doing }) => {
            Err(ProtocolError::Link { doing, cause: LinkError::Gone })
        }
        Err(error) => Err(ProtocolError::HandshakeLost {
            what: format!("an earlier session left the phone in the middle of a command ({error})"),
        }),
    }
}

/// Throws away what comes until `quiet` has passed without a byte; bounded in time and bytes.
pub(super) fn drain(link: &mut dyn Link, quiet: Duration) {
    let end = link.elapsed() + quiet * 4;
    let mut byte = [0];
    for _ in 0..FLOOD {
        if link.elapsed() >= end || link.receive(&mut byte, quiet).is_err() {
            return;
        }
    }
}

fn say(link: &mut dyn Link, byte: u8) -> Result<(), ProtocolError> {
    link.send(&[byte], STEP).map_err(|cause| ProtocolError::link(format!("handshake byte {byte:02x}"), cause))
}

/// Reads until one of `wanted` comes; everything else is noted and dropped.
fn await_one_of(
    link: &mut dyn Link,
    wanted: &[u8],
    within: Duration,
    foreign: &mut Foreign,
) -> Result<Option<u8>, ProtocolError> {
    let end = link.elapsed() + within;
    let mut byte = [0];
    for _ in 0..=FLOOD {
        let left = end.saturating_sub(link.elapsed());
        if left.is_zero() {
            break;
        }
        match link.receive(&mut byte, left) {
            Ok(()) if wanted.contains(&byte[0]) => return Ok(Some(byte[0])),
            Ok(()) => foreign.note(byte[0]),
            Err(LinkError::Timeout { .. }) => break,
            Err(cause) => return Err(ProtocolError::link("handshake answer", cause)),
        }
    }
    Ok(None)
}

/// What came that no preloader says.
#[derive(Default)]
struct Foreign {
    count: usize,
    first: Vec<u8>,
    ready: bool,
    /// Bytes of a READY that came so far.
    matched: usize,
}

impl Foreign {
    fn note(&mut self, byte: u8) {
        if byte == READY[self.matched] {
            self.matched += 1;
            if self.matched == READY.len() {
                (self.ready, self.matched) = (true, 0);
            }
            return;
        }
        // A READY that breaks off was none.
        let broken_off = std::mem::take(&mut self.matched);
        self.count += broken_off + 1;
        let bytes = READY[..broken_off].iter().chain([&byte]);
        self.first.extend(bytes.take(SHOWN.saturating_sub(self.first.len())));
    }

    fn verdict(self, within: Duration) -> ProtocolError {
        if self.count > 0 && !self.ready {
            return ProtocolError::NotAPreloader { heard: self.first };
        }
        let heard = if self.ready { "it says READY but takes no command" } else { "it says nothing" };
        ProtocolError::HandshakeLost { what: format!("{heard} (waited {} ms)", within.as_millis()) }
    }
}
