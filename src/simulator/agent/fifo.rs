//! The agent's end of the bulk pipes (preloader-and-legacy-da.md 6.2): scalars share a byte buffer, blocks take whole
//! packets, and whoever mixes them loses bytes or hangs the agent.

use std::collections::VecDeque;

/// Bytes that may wait on the wire; a real host's transfer would simply not complete.
const WIRE_MOST: usize = 4 << 20;

/// Why a block could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glued {
    /// A packet reaches over the block's end.
    BehindTheBlock,
}

/// An OUT transfer, cut into packets only when it is read.
#[derive(Debug)]
struct Transfer {
    bytes: Vec<u8>,
    at: usize,
}

/// What waits for the host.
#[derive(Debug)]
enum Outgoing {
    /// A field in one packet, or a zero-length packet.
    Field(Vec<u8>),
    /// A long run of bytes, cut into pieces, each perhaps followed by a zero-length packet.
    Block { bytes: Vec<u8>, at: usize, piece: usize, zlp: bool, owed: bool },
}

/// Both directions.
#[derive(Debug)]
pub struct Fifo {
    packet: usize,
    in_packet: usize,
    joined: bool,
    waiting: VecDeque<Transfer>,
    waiting_bytes: usize,
    scalars: VecDeque<u8>,
    block: Vec<u8>,
    outgoing: VecDeque<Outgoing>,
    lost: usize,
}

impl Fifo {
    /// Makes empty pipes with packets of `packet` bytes; with `joined` the cable keeps no packet boundaries, and none is
    /// asked for; with `single` every IN packet has one byte.
    pub fn new(packet: usize, joined: bool, single: bool) -> Self {
        Self {
            packet,
            in_packet: if single { 1 } else { packet },
            joined,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            scalars: VecDeque::new(),
            block: Vec::new(),
            outgoing: VecDeque::new(),
            lost: 0,
        }
    }

    /// Starts over with packets of `packet` bytes, as after an enumeration: what was on the way is lost.
    pub fn enumerate(&mut self, packet: usize) {
        *self = Self::new(packet, self.joined, self.in_packet == 1);
    }

    /// Takes an OUT transfer from the host. Returns whether there was room.
    pub fn deliver(&mut self, transfer: &[u8]) -> bool {
        if self.waiting_bytes + transfer.len() > WIRE_MOST {
            return false;
        }
        if !transfer.is_empty() {
            self.waiting_bytes += transfer.len();
            self.waiting.push_back(Transfer { bytes: transfer.to_vec(), at: 0 });
        }
        true
    }

    /// Returns how many sent bytes were not taken.
    pub fn unheard(&self) -> usize {
        self.waiting_bytes
    }

    /// Takes `count` bytes through the scalar buffer, once they are there.
    pub fn take_scalars(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.scalars.len() < count {
            let packet = self.packet;
            let transfer = self.waiting.front_mut()?;
            let len = (transfer.bytes.len() - transfer.at).min(packet);
            self.scalars.extend(&transfer.bytes[transfer.at..transfer.at + len]);
            self.took(len);
        }
        Some(self.scalars.drain(..count).collect())
    }

    /// Takes a block of `count` bytes, packet by packet, once it is there.
    pub fn take_block(&mut self, count: usize) -> Result<Option<Vec<u8>>, Glued> {
        if self.joined {
            let buffered = self.scalars.len().min(count - self.block.len());
            self.block.extend(self.scalars.drain(..buffered));
        } else if self.block.is_empty() && count > 0 {
            // What came in one packet with the scalar before is gone: the block is taken from the controller.
            self.lost += self.scalars.len();
            self.scalars.clear();
        }
        while self.block.len() < count {
            let Some(transfer) = self.waiting.front() else { return Ok(None) };
            let missing = count - self.block.len();
            let left = transfer.bytes.len() - transfer.at;
            let len = left.min(missing);
            if left > missing && !missing.is_multiple_of(self.packet) && !self.joined {
                return Err(Glued::BehindTheBlock);
            }
            self.block.extend_from_slice(&transfer.bytes[transfer.at..transfer.at + len]);
            self.took(len);
        }
        Ok(Some(std::mem::take(&mut self.block)))
    }

    /// Takes how many bytes were lost between scalars and blocks since the last call.
    pub fn take_lost(&mut self) -> usize {
        std::mem::take(&mut self.lost)
    }

    fn took(&mut self, len: usize) {
        self.waiting_bytes -= len;
        if let Some(transfer) = self.waiting.front_mut() {
            transfer.at += len;
            if transfer.at == transfer.bytes.len() {
                self.waiting.pop_front();
            }
        }
    }

    /// Queues a field; no bytes are a zero-length packet.
    pub fn say(&mut self, field: &[u8]) {
        if field.len() <= self.in_packet {
            self.outgoing.push_back(Outgoing::Field(field.to_vec()));
        } else {
            self.say_block(field.to_vec(), None);
        }
    }

    /// Queues a block, whole or in pieces. A zero-length packet follows each that is longer than a packet and ends with a
    /// full one.
    pub fn say_block(&mut self, bytes: Vec<u8>, piece: Option<usize>) {
        // In pieces only a fast cable gets zero-length packets; for a whole block the speed does not matter.
        let zlp = self.in_packet > 1 && (piece.is_none() || self.packet > 64);
        let piece = piece.unwrap_or(bytes.len()).max(1);
        if !bytes.is_empty() {
            self.outgoing.push_back(Outgoing::Block { bytes, at: 0, piece, zlp, owed: false });
        }
    }

    /// Returns whether something waits for the host.
    pub fn is_speaking(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Gives the host one packet.
    pub fn collect(&mut self) -> Option<Vec<u8>> {
        let Outgoing::Block { bytes, at, piece, zlp, owed } = self.outgoing.front_mut()? else {
            return match self.outgoing.pop_front() {
                Some(Outgoing::Field(field)) => Some(field),
                _ => None,
            };
        };
        let packet = if *owed {
            *owed = false;
            Vec::new()
        } else {
            let start = *at / *piece * *piece;
            let end = (start + *piece).min(bytes.len());
            let len = (end - *at).min(self.in_packet);
            let packet = bytes[*at..*at + len].to_vec();
            *at += len;
            *owed = *zlp && *at == end && len == self.in_packet && end - start > len;
            packet
        };
        if *at == bytes.len() && !*owed {
            self.outgoing.pop_front();
        }
        Some(packet)
    }
}
