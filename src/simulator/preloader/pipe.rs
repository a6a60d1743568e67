//! The firmware's USB rings: every field a packet of its own, fields coalescing once the host stalls, and a receive ring
//! that overflows without noticing (preloader-and-legacy-da.md 1.5, msdc-direct.md 5.1).

use std::collections::VecDeque;
use std::time::Duration;

use crate::wire::preloader::{FLUSH_MS, NAK_ABOVE, RECEIVE_RING};

/// Bytes the send ring holds.
const SEND_RING: usize = 1024;

/// Bytes that may wait on the wire; a real host's transfer would simply not complete.
const WIRE_MOST: usize = 4 << 20;

/// Both directions.
#[derive(Debug)]
pub struct Pipe {
    packet: usize,
    waiting: VecDeque<Vec<u8>>,
    cells: Vec<u8>,
    head: usize,
    tail: usize,
    filled: usize,
    sending: VecDeque<u8>,
    endpoint: Option<Vec<u8>>,
    flush_until: Option<Duration>,
    overflowed: usize,
    full: bool,
}

impl Pipe {
    /// Makes empty rings with packets of `packet` bytes.
    pub fn new(packet: usize) -> Self {
        Self {
            packet,
            waiting: VecDeque::new(),
            cells: vec![0; RECEIVE_RING],
            head: 0,
            tail: 0,
            filled: 0,
            sending: VecDeque::new(),
            endpoint: None,
            flush_until: None,
            overflowed: 0,
            full: false,
        }
    }

    /// Takes an OUT transfer from the host; it waits on the wire until the firmware polls for it. Returns whether it was
    /// taken: a transfer to a phone that never polls is dropped in the end.
    pub fn deliver(&mut self, transfer: &[u8]) -> bool {
        if self.unheard() + transfer.len() > WIRE_MOST {
            return false;
        }
        self.waiting.extend(transfer.chunks(self.packet).map(<[u8]>::to_vec));
        true
    }

    /// Gives away the packets that wait on the wire.
    pub fn take_waiting(&mut self) -> VecDeque<Vec<u8>> {
        std::mem::take(&mut self.waiting)
    }

    /// Returns how many bytes wait on the wire because the endpoint is NAKed.
    pub fn unheard(&self) -> usize {
        self.waiting.iter().map(Vec::len).sum()
    }

    /// Returns whether the host has sent nothing that was not read.
    pub fn is_quiet(&self) -> bool {
        self.filled == 0 && self.waiting.is_empty()
    }

    /// Polls for packets as `get` does: not while half the ring is full.
    pub fn poll(&mut self) {
        while self.filled < NAK_ABOVE {
            let Some(packet) = self.waiting.pop_front() else { return };
            self.store(&packet);
        }
    }

    /// Polls for packets as a flush does: with no check for room.
    pub fn poll_unchecked(&mut self) {
        while let Some(packet) = self.waiting.pop_front() {
            self.store(&packet);
        }
    }

    fn store(&mut self, packet: &[u8]) {
        for byte in packet {
            // The real ring goes on writing over what was not read yet, and counts no further.
            self.cells[self.tail] = *byte;
            self.tail = (self.tail + 1) % RECEIVE_RING;
            if self.filled < RECEIVE_RING {
                self.filled += 1;
            } else {
                self.overflowed += 1;
            }
        }
    }

    /// Takes how many bytes overflowed since the last call.
    pub fn take_overflow(&mut self) -> usize {
        std::mem::take(&mut self.overflowed)
    }

    /// Reads exactly `N` bytes, or none.
    pub fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.poll();
        if self.filled < N {
            return None;
        }
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.cells[self.head];
            self.head = (self.head + 1) % RECEIVE_RING;
        }
        self.filled -= N;
        Some(bytes)
    }

    /// Reads up to `most` bytes.
    pub fn take_some(&mut self, most: usize) -> Vec<u8> {
        self.poll();
        let mut bytes = Vec::new();
        while bytes.len() < most {
            match self.take::<1>() {
                Some([byte]) => bytes.push(byte),
                None => break,
            }
        }
        bytes
    }

    /// Queues one field and starts its flush.
    pub fn put(&mut self, field: &[u8], now: Duration) {
        if self.sending.len() + field.len() > SEND_RING {
            self.full = true;
            return;
        }
        self.sending.extend(field);
        self.load();
        self.flush_until = Some(now.saturating_add(Duration::from_millis(FLUSH_MS)));
    }

    /// Returns whether the firmware still waits for its field to be collected.
    pub fn is_flushing(&mut self, now: Duration) -> bool {
        if self.endpoint.is_none() && self.sending.is_empty() {
            self.flush_until = None;
        }
        if self.flush_until.is_some_and(|until| now >= until) {
            self.flush_until = None;
        }
        self.flush_until.is_some()
    }

    /// Returns when the firmware will give its flush up.
    pub fn flush_until(&self) -> Option<Duration> {
        self.flush_until
    }

    /// Returns whether the firmware spins for ever because the send ring is full.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Gives the host one packet.
    pub fn collect(&mut self) -> Option<Vec<u8>> {
        let packet = self.endpoint.take();
        self.load();
        packet
    }

    fn load(&mut self) {
        if self.endpoint.is_none() && !self.sending.is_empty() {
            let len = self.sending.len().min(self.packet);
            self.endpoint = Some(self.sending.drain(..len).collect());
        }
    }
}
