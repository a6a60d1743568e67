//! The firmware of the preloader as a program with one thread: it listens, shakes hands, obeys commands, and stops at
//! every field until the host has collected it (preloader-and-legacy-da.md 1.5 to 3).

mod brom;
mod commands;
mod listen;
mod pipe;
mod registers;

use std::time::Duration;

use super::board::Board;
use super::chip;
use super::phone::{Departure, Return};
use super::soc::Soc;
use crate::wire::preloader::{LISTEN_MS, POLL_MS};

use commands::Step;
use listen::Listening;
use pipe::Pipe;

/// Time a boot ROM waits for a handshake (preloader-and-legacy-da.md 3.13).
const BROM_LISTENS: Duration = Duration::from_secs(30);

/// Where the program is.
#[derive(Debug)]
enum Place {
    /// Waiting for SET_CONFIGURATION.
    Enumerating { until: Duration },
    /// Waiting for a token or a first A0.
    Listening(Listening),
    /// A boot-mode token was accepted: waiting for DTR to drop.
    Leaving { until: Duration },
    /// In the command loop.
    Commands(Step),
    /// In a Download Agent, which has the pipes and the watchdog from now on.
    InAgent,
    /// Hung: only the watchdog ends it.
    Hung { asserted: bool },
}

/// The firmware.
#[derive(Debug)]
pub struct Preloader {
    pub pipe: Pipe,
    place: Place,
    tool_present: bool,
    data_terminal_ready: bool,
    kicked: Duration,
    commands: u64,
    fields: u32,
    agent_accepted: bool,
    agent: Vec<u8>,
    agent_at: u32,
}

impl Preloader {
    /// Starts in enumeration.
    pub fn new(board: &Board) -> Self {
        Self {
            pipe: Pipe::new(if board.full_speed { 64 } else { 512 }),
            place: Place::Enumerating { until: Duration::from_secs(8) },
            tool_present: false,
            data_terminal_ready: false,
            kicked: Duration::ZERO,
            commands: 0,
            fields: 0,
            agent_accepted: false,
            agent: Vec::new(),
            agent_at: 0,
        }
    }

    /// The host configured the device: the listen window opens.
    pub fn configured(&mut self, board: &Board, now: Duration) {
        if !matches!(self.place, Place::Enumerating { .. }) {
            return;
        }
        if board.is_brom() {
            let until = (!board.force_download).then(|| now.saturating_add(BROM_LISTENS));
            self.place = Place::Listening(Listening::at_once(until, now));
        } else {
            let until = (!board.force_download).then(|| now.saturating_add(Duration::from_millis(LISTEN_MS)));
            self.place =
                Place::Listening(Listening::new(until, now.saturating_add(Duration::from_millis(POLL_MS))));
        }
    }

    /// Returns whether SET_CONFIGURATION has come.
    pub fn is_configured(&self) -> bool {
        !matches!(self.place, Place::Enumerating { .. })
    }

    /// A host program set the line coding: the READY stream starts.
    pub fn tool_is_present(&mut self) {
        self.tool_present = true;
    }

    /// A host program set DTR.
    pub fn set_data_terminal_ready(&mut self, ready: bool) {
        self.data_terminal_ready = ready;
    }

    /// Hands out the agent that was jumped to, once.
    pub fn take_agent_to_start(&mut self) -> Option<Vec<u8>> {
        (matches!(self.place, Place::InAgent) && self.agent_accepted).then(|| {
            self.agent_accepted = false;
            std::mem::take(&mut self.agent)
        })
    }

    /// Returns how many commands were obeyed.
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// Runs until the program waits for the host, for time, or is gone.
    pub fn run(&mut self, board: &Board, soc: &mut Soc, now: Duration) -> Option<Departure> {
        loop {
            if self.pipe.is_full() {
                self.place = Place::Hung { asserted: false };
            }
            if self.pipe.is_flushing(now) {
                self.pipe.poll_unchecked();
                return self.watchdog(soc, now);
            }
            let went_on = match &self.place {
                Place::Enumerating { until } if now >= *until => return Some(Departure::Booted),
                Place::Leaving { until } if now >= *until || !self.data_terminal_ready => {
                    return Some(Departure::Booted);
                }
                Place::Listening(_) => match self.listen(board, now) {
                    Ok(went_on) => went_on,
                    Err(departure) => return Some(departure),
                },
                Place::Commands(_) => match self.obey(board, soc, now) {
                    Ok(went_on) => went_on,
                    Err(departure) => return Some(departure),
                },
                _ => false,
            };
            if !went_on {
                if !matches!(self.place, Place::Hung { .. } | Place::InAgent) {
                    self.kicked = now;
                }
                return self.watchdog(soc, now);
            }
        }
    }

    /// Returns the next moment at which the program goes on by itself.
    pub fn next_event(&self, soc: &Soc) -> Option<Duration> {
        let own = match (&self.place, self.pipe.flush_until()) {
            (_, Some(until)) => Some(until),
            (Place::Enumerating { until } | Place::Leaving { until }, None) => Some(*until),
            (Place::Listening(listening), None) => {
                listening.next_event(!self.tool_present && self.pipe.is_quiet())
            }
            _ => None,
        };
        let watchdog =
            soc.watchdog_runs().then(|| self.kicked.saturating_add(Duration::from_secs(chip::WATCHDOG_S)));
        // While the program polls it kicks the watchdog itself; only a stopped program is reset.
        let stopped = matches!(self.place, Place::Hung { .. } | Place::InAgent);
        [own, watchdog.filter(|_| stopped)].into_iter().flatten().min()
    }

    fn watchdog(&self, soc: &Soc, now: Duration) -> Option<Departure> {
        let stopped = matches!(self.place, Place::Hung { .. } | Place::InAgent);
        let due = now >= self.kicked.saturating_add(Duration::from_secs(chip::WATCHDOG_S));
        let why = match self.place {
            Place::Hung { asserted: true } => Departure::Asserted(Return::Preloader),
            _ => Departure::Watchdog,
        };
        (stopped && due && soc.watchdog_runs()).then_some(why)
    }

    /// Sends one field, with a burst of line noise before it where the board has that.
    fn put(&mut self, board: &Board, field: &[u8], now: Duration) {
        self.fields = self.fields.wrapping_add(1);
        if board.noise_every > 0 && self.fields.is_multiple_of(board.noise_every) {
            let mut noisy = board.noise.clone();
            noisy.extend_from_slice(field);
            self.pipe.put(&noisy, now);
        } else {
            self.pipe.put(field, now);
        }
    }
}
