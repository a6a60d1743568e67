//! What packets cost on the cable, one after the other (design.md 6): a USB 2.0 cable at high speed carries at best thirteen
//! full packets in a microframe; anything that stands alone costs what the link model says.

use std::time::Duration;

use super::board::{Board, LinkModel};

/// Bytes of a full packet at high speed.
const PACKET: usize = 512;
/// A thirteenth of a microframe of 125 us, in nanoseconds.
const SLOT: Duration = Duration::from_nanos(125_000 / 13);

/// The meter of one cable.
#[derive(Debug, Clone)]
pub struct Fares {
    model: LinkModel,
    fast: bool,
    in_a_row: bool,
}

impl Fares {
    /// Starts a meter for a phone.
    #[must_use]
    pub fn new(board: &Board) -> Self {
        Self { model: board.link, fast: !board.full_speed, in_a_row: false }
    }

    /// Returns what an IN packet of `len` bytes costs. In a row of full packets each costs a slot, and so does the
    /// zero-length packet between two pieces.
    pub fn incoming(&mut self, len: usize) -> Duration {
        let goes_on = self.fast && (len == PACKET || self.in_a_row && len == 0);
        let slot = goes_on && self.in_a_row;
        self.in_a_row = goes_on;
        match (slot, len) {
            (true, _) => SLOT,
            (false, 0) => Duration::ZERO, // a lone zero-length packet is nothing
            (false, _) => Duration::from_micros(self.model.in_packet_us),
        }
    }

    /// Returns what an OUT transfer of `len` bytes costs: its first packet as ever, each further full one a slot.
    pub fn outgoing(&mut self, len: usize) -> Duration {
        self.in_a_row = false;
        let further = if self.fast { (len / PACKET).saturating_sub(1) } else { 0 };
        let further = u32::try_from(further).unwrap_or(u32::MAX);
        Duration::from_micros(self.model.out_transfer_us) + SLOT * further
    }

    /// Returns what waiting for the phone costs once.
    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_micros(self.model.wait_us)
    }
}
