//! The legacy Download Agent, played: both of its stages as the phone runs them after JUMP_DA (preloader-and-legacy-da.md
//! 6). Promises the agent's own rules for packets, and that a wrong byte has the effect it has there: silence.
//!
//! * [`AgentFacts`]: which build, what goes wrong; [`Dialect`].
//! * [`container()`]: DA files made of nothing, whose first stage says which dialect it is.
//! * `fifo`, `turn`: packets, and how the program is written.
//! * `opening`, `dram`, `upload`, `report`: the first stage, and the second up to its loop.
//! * `commands`: the loop; `read`, `write`, `table`, `table_write`, `format`, `registers`, `nand`, `information`, `link`, `ending`: what it
//!   obeys, on `storage`.

mod commands;
pub mod container;
mod dram;
mod ending;
mod facts;
mod fifo;
mod format;
mod information;
mod link;
mod nand;
mod opening;
mod read;
mod registers;
mod report;
mod storage;
mod table;
mod table_write;
mod turn;
mod upload;
mod write;

use std::fmt;
use std::time::Duration;

use super::board::Board;
use super::chip;
use super::phone::Departure;
use super::soc::Soc;

pub use container::{Flaw, Recipe, container};
pub use facts::{AgentFacts, Dialect, Policy};
use fifo::{Fifo, Glued};
use turn::{Memory, Turn, Until, World};

/// Fewer bytes than these are no program.
const PROGRAM_LEAST: usize = 64;

/// A running agent.
pub struct Agent {
    /// The bulk pipes.
    pub fifo: Fifo,
    memory: Memory,
    turn: Turn,
    wakes: Option<Duration>,
    heard: Option<Vec<u8>>,
    counting: Option<Duration>,
    violations: Vec<String>,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("until", &self.turn.until)
            .field("fifo", &self.fifo)
            .finish_non_exhaustive()
    }
}

impl Agent {
    /// Starts the first stage that was uploaded. `joined` says that the cable keeps no packet boundaries.
    pub fn start(board: &Board, first: Vec<u8>, dram_ready: bool, joined: bool, now: Duration) -> Self {
        let facts = &board.agent;
        let identity = container::recognise(&first);
        let dialect = identity.as_ref().map_or(facts.dialect, |identity| identity.dialect);
        let dialect = if facts.swap_dialect { dialect.other() } else { dialect };
        let runs = first.len() >= PROGRAM_LEAST && identity.as_ref().is_none_or(|identity| identity.whole);
        let known = identity.is_none_or(|identity| identity.hw_code == board.hw_code);
        Self {
            fifo: Fifo::new(packet(board), joined, facts.one_byte_packets),
            memory: Memory::new(dialect, first, dram_ready),
            turn: if runs { opening::begin(known) } else { Turn::never() },
            wakes: None,
            heard: None,
            counting: Some(now),
            violations: Vec::new(),
        }
    }

    /// Goes on after it had left the bus to enumerate anew.
    pub fn comes_back(&mut self, board: &Board) {
        self.fifo.enumerate(packet(board));
        self.turn.until = Until::Scalars(0);
    }

    /// Returns the misuses since they were last taken out.
    pub fn violations(&mut self) -> &mut Vec<String> {
        let lost = self.fifo.take_lost();
        if lost > 0 {
            self.violations.push(format!("agent: {lost} bytes glued to a scalar before a block were lost"));
        }
        &mut self.violations
    }

    /// Runs until the program waits for the host, for time, or is gone.
    pub fn run(&mut self, board: &Board, soc: &mut Soc, now: Duration) -> Option<Departure> {
        loop {
            // Switched on anew, the watchdog counts from there.
            self.counting = soc.watchdog_runs().then(|| self.counting.unwrap_or(now));
            if self.watchdog_due().is_some_and(|due| now >= due) {
                let why = match self.memory.armed {
                    Some(_) => ending::restarted(soc),
                    None => Departure::Watchdog,
                };
                return Some(why);
            }
            if self.fifo.is_speaking() {
                return None;
            }
            let bytes = match self.wait(board, now) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return None,
                Err(why) => return Some(why),
            };
            let turn = std::mem::replace(&mut self.turn, Turn::never());
            let mut world = World {
                board,
                soc,
                fifo: &mut self.fifo,
                memory: &mut self.memory,
                now,
                violations: &mut self.violations,
            };
            let next = (turn.next)(&mut world, &bytes);
            self.turn = if world.is_mute() { Turn::never() } else { next };
        }
    }

    /// Returns what was waited for, if it is there.
    fn wait(&mut self, board: &Board, now: Duration) -> Result<Option<Vec<u8>>, Departure> {
        if let Some(wakes) = self.wakes {
            if now < wakes {
                return Ok(None);
            }
            self.wakes = None;
            return Ok(Some(self.heard.take().unwrap_or_default()));
        }
        let heard = match self.turn.until {
            Until::Scalars(count) => self.fifo.take_scalars(count),
            Until::Block(count) => match self.fifo.take_block(count) {
                Ok(block) => block,
                Err(Glued::BehindTheBlock) => {
                    self.violations.push("agent: a packet reached over the end of a block".to_owned());
                    self.turn = Turn::never();
                    None
                }
            },
            Until::Time(time) => {
                self.wakes = Some(now.saturating_add(time));
                return if time.is_zero() { self.wait(board, now) } else { Ok(None) };
            }
            Until::Never => None,
            Until::Gone(why) => return Err(why),
        };
        let delay = board.agent.reply_delay_ms;
        if heard.is_some() && delay > 0 {
            self.heard = heard;
            self.wakes = Some(now.saturating_add(Duration::from_millis(delay)));
            return Ok(None);
        }
        Ok(heard)
    }

    /// Returns the next moment at which the program goes on by itself.
    pub fn next_event(&self) -> Option<Duration> {
        let own = self.wakes.filter(|_| !self.fifo.is_speaking());
        [own, self.watchdog_due()].into_iter().flatten().min()
    }

    /// The watchdog was kicked for the last time at the jump, or armed by the host since.
    fn watchdog_due(&self) -> Option<Duration> {
        let due = self.counting?.saturating_add(Duration::from_secs(chip::WATCHDOG_S));
        Some(self.memory.armed.unwrap_or(due))
    }
}

/// Bytes of a packet at the cable's speed.
fn packet(board: &Board) -> usize {
    if board.full_speed { 64 } else { 512 }
}
