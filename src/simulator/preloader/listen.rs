//! The listen window: READY, tokens, the swallowed first A0, and the four-step handshake (preloader-and-legacy-da.md
//! 1.6, 1.7, 2).

use std::time::Duration;

use super::commands::Step;
use super::{Place, Preloader};
use crate::simulator::board::Board;
use crate::simulator::phone::Departure;
use crate::wire::preloader as wire;
use crate::wire::preloader::{HANDSHAKE, POLL_MS, READY, START_WINDOW_MS};

/// The window's state.
#[derive(Debug)]
pub struct Listening {
    until: Option<Duration>,
    poll: Duration,
    token: Vec<u8>,
    start: Option<Start>,
}

/// The start-command window a first A0 opens.
#[derive(Debug)]
struct Start {
    until: Option<Duration>,
    index: usize,
}

impl Listening {
    /// Opens the window.
    pub fn new(until: Option<Duration>, poll: Duration) -> Self {
        Self { until, poll, token: Vec::new(), start: None }
    }

    /// Opens a boot ROM's window: the handshake may begin at once, with no primer.
    pub fn at_once(until: Option<Duration>, now: Duration) -> Self {
        Self { until, poll: now, token: Vec::new(), start: Some(Start { until, index: 0 }) }
    }

    /// Returns the next moment something happens without the host; polls that find nothing and say nothing are skipped.
    pub fn next_event(&self, idle: bool) -> Option<Duration> {
        match &self.start {
            Some(start) => start.until,
            None if idle => self.until.map(|until| until.max(self.poll)),
            None => Some(self.poll),
        }
    }
}

impl Preloader {
    /// Goes one step in the window. Returns whether there may be more to do at once.
    pub(super) fn listen(&mut self, board: &Board, now: Duration) -> Result<bool, Departure> {
        let Place::Listening(listening) = &mut self.place else {
            return Ok(false);
        };
        if let Some(start) = &mut listening.start {
            if start.until.is_some_and(|until| now >= until) {
                if board.is_brom() {
                    return Err(Departure::Booted);
                }
                listening.start = None;
                listening.poll = now;
                return Ok(true);
            }
            let Some([byte]) = self.pipe.take::<1>() else {
                return Ok(false);
            };
            let answer = if byte == HANDSHAKE[start.index] {
                start.index += 1;
                !byte
            } else {
                start.index = 0;
                byte.wrapping_add(1)
            };
            if start.index == HANDSHAKE.len() {
                self.place = Place::Commands(Step::Idle);
            }
            self.put(board, &[answer], now);
            return Ok(true);
        }
        if now < listening.poll {
            return Ok(false);
        }
        if listening.until.is_some_and(|until| now >= until) {
            return Err(Departure::Booted);
        }
        listening.poll = now.saturating_add(Duration::from_millis(POLL_MS));
        let chunk = self.pipe.take_some(8 - listening.token.len());
        if chunk.first() == Some(&HANDSHAKE[0]) {
            let until =
                (!board.force_download).then(|| now.saturating_add(Duration::from_millis(START_WINDOW_MS)));
            listening.start = Some(Start { until, index: 0 });
            return Ok(true);
        }
        listening.token.extend(chunk);
        if listening.token.len() == 8 {
            let token = std::mem::take(&mut listening.token);
            return self.hear_token(board, &token, now);
        }
        if self.tool_present {
            self.put(board, &READY, now);
        }
        Ok(self.tool_present)
    }

    fn hear_token(&mut self, board: &Board, token: &[u8], now: Duration) -> Result<bool, Departure> {
        let secure = board.target_config & wire::target_config::SBC != 0;
        let known = wire::TOKENS.iter().find(|(name, _)| *name == token);
        let answer = match known {
            Some((b"FASTBOOT" | b"AT+NBOOT", answer)) => answer,
            Some(_) if secure => wire::META_FORBIDDEN,
            Some((b"SWITCHMD", _)) => return Err(Departure::Booted), // only dual-talk builds
            Some((_, answer)) => answer,
            None if token.starts_with(b"AT+") => wire::UNKNOWN_AT,
            None => return Err(Departure::Booted),
        };
        self.place = Place::Leaving { until: now.saturating_add(Duration::from_secs(1)) };
        self.data_terminal_ready = true; // until the host drops it
        self.put(board, answer, now);
        Ok(true)
    }
}
