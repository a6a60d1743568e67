//! A phone on a cable: bytes in, packets out, on virtual time. Promises that nothing here waits, sleeps or reads a clock.

use std::time::Duration;

use super::agent::Agent;
use super::board::Board;
use super::flash::Flash;
use super::preloader::Preloader;
use super::soc::Soc;
use super::usb::{ControlAnswer, Effect, control};
use crate::wire::usb::{AGENT, BROM, PRELOADER};

/// Most bytes one answer may have.
const ANSWER_MOST: usize = 1 << 20;
/// Time off the bus of a phone that enumerates anew. The reference gives none; hosts are said to wait a second.
const AWAY: Duration = Duration::from_millis(500);
/// Most misuses kept.
const VIOLATIONS_MOST: usize = 1000;

/// As what a phone comes back after it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// As a boot ROM, 0e8d:0003.
    Brom,
    /// As a preloader, 0e8d:2000.
    Preloader,
}

/// Why a phone left the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// Nobody spoke in time (or a token asked for it): it went on booting.
    Booted,
    /// The firmware asserted: a refused address, a refused or missing DA.
    Asserted(Return),
    /// The host asked for a reset through the watchdog.
    Reset {
        /// The "enter download mode" request was cancelled before.
        download_cancelled: bool,
        /// The reset counts as automatic restart: the phone boots without the power key.
        automatic: bool,
    },
    /// The watchdog ran out; it comes back as a preloader.
    Watchdog,
    /// The host ended the session without a restart: dead until its key is held or its battery taken out.
    Finished,
    /// An agent enumerates anew at another speed; the phone comes back by itself, and the agent goes on.
    Enumerates {
        /// At high speed.
        high_speed: bool,
    },
    /// The cable was pulled.
    Cut,
    /// Power was lost while the card programmed a block.
    PowerLost,
}

/// Whether a phone is on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Connected,
    /// It is not.
    Gone {
        /// Why it left.
        why: Departure,
    },
}

/// What went over the cable since plug-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Packets the host collected.
    pub in_packets: u64,
    /// Bytes the host collected.
    pub in_bytes: u64,
    /// Transfers the host sent.
    pub out_transfers: u64,
    /// Bytes the host sent.
    pub out_bytes: u64,
    /// Preloader commands begun.
    pub commands: u64,
}

/// A pretend phone in its preloader.
#[derive(Debug)]
pub struct Phone {
    board: Board,
    soc: Soc,
    preloader: Preloader,
    agent: Option<Agent>,
    agent_bytes: u64,
    joined: bool,
    now: Duration,
    gone: Option<Departure>,
    returns: Option<Duration>,
    product: u16,
    slow_at_first: bool,
    counters: Counters,
    violations: Vec<String>,
}

impl Phone {
    /// Plugs a phone into a host that has not configured it yet; it leaves after 8 s without SET_CONFIGURATION.
    #[must_use]
    pub fn attach(board: Board, flash: Flash) -> Self {
        let preloader = Preloader::new(&board);
        let soc = Soc::new(&board, flash);
        Self {
            product: if board.is_brom() { BROM } else { PRELOADER },
            slow_at_first: board.full_speed,
            board,
            soc,
            preloader,
            agent: None,
            agent_bytes: 0,
            joined: false,
            now: Duration::ZERO,
            gone: None,
            returns: None,
            counters: Counters::default(),
            violations: Vec::new(),
        }
    }

    /// Plugs a phone in and configures it: the listen window opens now.
    #[must_use]
    pub fn plug_in(board: Board, flash: Flash) -> Self {
        let mut phone = Self::attach(board, flash);
        phone.preloader.configured(&phone.board, phone.now);
        phone
    }

    /// Says that the cable is a byte stream that keeps no packet boundaries, as TCP and a terminal are: the agent then asks for
    /// none.
    pub fn hears_a_stream(&mut self) {
        self.joined = true;
    }

    /// Pulls the cable and the battery: what survives is the board and its flash.
    #[must_use]
    pub fn unplug(self) -> (Board, Flash) {
        let mut board = self.board;
        let (facts, flash) = self.soc.msdc.card.power_off();
        board.card = facts;
        // Without power it forgets what speed an agent was told.
        board.full_speed = self.slow_at_first;
        (board, flash)
    }

    /// Returns what the phone is, at the speed it has now.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Returns whether the phone is on the bus, and if not, why.
    #[must_use]
    pub fn presence(&self) -> Presence {
        match self.gone {
            None => Presence::Connected,
            Some(why) => Presence::Gone { why },
        }
    }

    /// Returns the virtual time since plug-in.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Returns what went over the cable.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters { commands: self.preloader.commands(), ..self.counters }
    }

    /// Returns every misuse so far: what silicon would punish silently.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Pulls the cable; nothing is undone.
    pub fn cut(&mut self) {
        if self.returns.take().is_some() {
            self.gone = None;
        }
        self.gone.get_or_insert(Departure::Cut);
    }

    /// Makes the phone believe that a host program opened its port, as SET_LINE_CODING does.
    pub fn open_port(&mut self) {
        self.preloader.tool_is_present();
    }

    /// Takes one OUT transfer.
    pub fn hear(&mut self, out_transfer: &[u8]) {
        if self.gone.is_some() {
            return;
        }
        self.counters.out_transfers += 1;
        self.counters.out_bytes += out_transfer.len() as u64;
        self.run();
        let left = self.until_cut().map_or(out_transfer.len(), |left| left.min(out_transfer.len()));
        let taken = match &mut self.agent {
            Some(agent) => agent.fifo.deliver(&out_transfer[..left]),
            None => self.preloader.pipe.deliver(out_transfer),
        };
        if !taken {
            self.violations.push("usb: transfers sent to a phone that takes none were dropped".to_owned());
        }
        self.run();
        self.with_agent(left);
    }

    /// Gives the host one IN packet, if one is ready.
    pub fn next_packet(&mut self) -> Option<Vec<u8>> {
        self.run();
        if self.gone.is_some() {
            return None;
        }
        let packet = match &mut self.agent {
            Some(agent) => agent.fifo.collect()?,
            None => self.preloader.pipe.collect()?,
        };
        self.counters.in_packets += 1;
        self.counters.in_bytes += packet.len() as u64;
        if self.board.cut_after_in_packets.is_some_and(|limit| self.counters.in_packets >= limit) {
            self.cut();
        }
        self.with_agent(packet.len());
        self.run();
        Some(packet)
    }

    /// Returns how many sent bytes the phone has not taken: a real host's transfer would not have completed yet.
    #[must_use]
    pub fn unheard(&self) -> usize {
        self.agent.as_ref().map_or_else(|| self.preloader.pipe.unheard(), |agent| agent.fifo.unheard())
    }

    /// Returns how many bytes may still go over the cable before the scenario pulls it.
    fn until_cut(&self) -> Option<usize> {
        let limit = self.board.agent.cut_after_bytes.filter(|_| self.agent.is_some())?;
        Some(usize::try_from(limit.saturating_sub(self.agent_bytes)).unwrap_or(usize::MAX))
    }

    /// Counts bytes that went over the cable with the agent, and pulls it after as many as the scenario says.
    fn with_agent(&mut self, bytes: usize) {
        if self.agent.is_some() {
            self.agent_bytes += bytes as u64;
            if self.until_cut() == Some(0) {
                self.cut();
            }
        }
    }

    /// Takes one OUT transfer and gives everything the phone says to it without time passing, up to 1 MiB.
    pub fn answer(&mut self, heard: &[u8]) -> Vec<u8> {
        self.hear(heard);
        let mut said = Vec::new();
        while said.len() < ANSWER_MOST {
            match self.next_packet() {
                Some(packet) => said.extend(packet),
                None => break,
            }
        }
        said
    }

    /// Lets virtual time pass.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now.saturating_add(time);
        self.run();
        loop {
            let next = match &self.agent {
                _ if self.gone.is_some() => self.returns,
                Some(agent) => agent.next_event(),
                None => self.preloader.next_event(&self.soc),
            };
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.advance(next.max(self.now.saturating_add(Duration::from_nanos(1))).min(end));
            self.run();
            if self.now == end {
                break;
            }
        }
        self.advance(end);
        self.run();
    }

    /// Answers a control request.
    pub fn control(&mut self, setup: [u8; 8], _data: &[u8]) -> ControlAnswer {
        let (answer, effect) =
            control(setup, self.preloader.is_configured(), self.board.full_speed, self.product);
        match effect {
            Effect::None => {}
            Effect::Configured => self.preloader.configured(&self.board, self.now),
            Effect::ToolPresent => self.preloader.tool_is_present(),
            Effect::DataTerminalReady(ready) => self.preloader.set_data_terminal_ready(ready),
        }
        self.run();
        answer
    }

    fn advance(&mut self, to: Duration) {
        let time = to.saturating_sub(self.now);
        self.soc.pass(time);
        self.now = to;
    }

    fn run(&mut self) {
        if self.returns.is_some_and(|at| self.now >= at) {
            self.come_back();
        }
        if self.gone.is_none() && self.agent.is_none() {
            self.gone = self.preloader.run(&self.board, &mut self.soc, self.now);
            self.start_agent();
        }
        if let Some(agent) = self.agent.as_mut().filter(|_| self.gone.is_none()) {
            self.gone = agent.run(&self.board, &mut self.soc, self.now);
            if let Some(Departure::Enumerates { .. }) = self.gone {
                self.returns = Some(self.now.saturating_add(AWAY));
            }
            self.violations.append(agent.violations());
        }
        let found = self.soc.msdc.take_violations();
        if !found.is_empty() {
            self.violations.extend(found);
            self.violations.truncate(VIOLATIONS_MOST);
        }
        let lost = self.preloader.pipe.take_overflow();
        if lost > 0 {
            self.violations.push(format!("usb: {lost} bytes written over the full receive ring"));
        }
    }

    /// Enumerates after an agent had left the bus for it: under an agent's product id, which is the expected one (section 6.17), and
    /// at the speed that was asked for, as if only the phone had kept the cable slow.
    fn come_back(&mut self) {
        self.returns = None;
        if let (Some(Departure::Enumerates { high_speed }), Some(agent)) = (self.gone, &mut self.agent) {
            self.gone = None;
            self.product = AGENT;
            self.board.full_speed = !high_speed;
            agent.comes_back(&self.board);
        }
    }

    /// Gives the pipes and the processor to an agent that was jumped to; what the host has sent already, it finds there.
    fn start_agent(&mut self) {
        let Some(first) = self.preloader.take_agent_to_start() else { return };
        let mut agent = Agent::start(&self.board, first, !self.board.is_brom(), self.joined, self.now);
        for packet in self.preloader.pipe.take_waiting() {
            agent.fifo.deliver(&packet);
        }
        self.agent = Some(agent);
    }
}
