//! Cables whose other end is the fuzzer's, on a clock of their own. They count what the host does: a host that does not
//! come to an end is a finding, and is reported as one long before anybody would have to wait for it.

use std::collections::VecDeque;
use std::time::Duration;

use nvkeep::simulator::{Phone, Presence};
use nvkeep::transport::{Link, LinkError};

/// Calls after which a host is taken to go round in circles.
const CALLS: u32 = 3_000_000;
/// Time on the cable after which it is, too: a day.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// A device that says what the input holds, whatever it is asked.
pub struct Babble {
    left: VecDeque<u8>,
    again: Option<Vec<u8>>,
    now: Duration,
    calls: u32,
}

impl Babble {
    /// Takes what is to be said; `endless` says it over and over.
    pub fn new(bytes: &[u8], endless: bool) -> Self {
        let again = (endless && !bytes.is_empty()).then(|| bytes.to_vec());
        Self { left: bytes.iter().copied().collect(), again, now: Duration::ZERO, calls: 0 }
    }

    fn count(&mut self) {
        self.calls += 1;
        assert!(self.calls < CALLS && self.now < LONGEST, "the host does not come to an end");
    }
}

impl Link for Babble {
    fn send(&mut self, _bytes: &[u8], _within: Duration) -> Result<(), LinkError> {
        self.count();
        self.now += Duration::from_micros(125);
        Ok(())
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        self.count();
        while self.left.len() < into.len() {
            match &self.again {
                Some(bytes) => self.left.extend(bytes),
                None => {
                    self.now += within;
                    return Err(LinkError::Timeout { wanted: into.len(), got: self.left.len() });
                }
            }
        }
        self.now += Duration::from_micros(125);
        let wanted = into.len();
        for (to, byte) in into.iter_mut().zip(self.left.drain(..wanted)) {
            *to = byte;
        }
        Ok(())
    }
    fn elapsed(&self) -> Duration {
        self.now
    }
    fn pause(&mut self, time: Duration) {
        self.count();
        self.now += time;
    }
    fn describe(&self) -> String {
        "a device that babbles".to_owned()
    }
}

/// A simulated phone whose answers are damaged on the way.
///
/// Script: bytes that pass first (u16), what happens (u8, modulo 5: change, drop, insert, cut, swallow everything up to
/// the host's next transfer), a value (u8); little-endian, one after the other.
pub struct Damaged {
    phone: Phone,
    script: VecDeque<[u8; 4]>,
    passed: u16,
    queue: VecDeque<u8>,
    gone: bool,
    mute: bool,
    calls: u32,
}

impl Damaged {
    /// Plugs a phone in.
    pub fn new(phone: Phone, script: &[u8]) -> Self {
        let script = script.as_chunks::<4>().0.iter().copied().collect();
        let queue = VecDeque::new();
        Self { phone, script, passed: 0, queue, gone: false, mute: false, calls: 0 }
    }

    fn count(&mut self) {
        self.calls += 1;
        assert!(self.calls < CALLS && self.phone.now() < LONGEST, "the host does not come to an end");
    }

    fn left(&self) -> bool {
        self.gone || self.phone.presence() != Presence::Connected
    }

    fn hear(&mut self, byte: u8) {
        if self.mute {
            return;
        }
        match self.script.front() {
            Some(&[low, high, what, value]) if u16::from_le_bytes([low, high]) == self.passed => {
                self.script.pop_front();
                self.passed = 0;
                match what % 5 {
                    0 => self.queue.push_back(byte ^ value),
                    1 => {}
                    2 => self.queue.extend([value, byte]),
                    3 => self.gone = true,
                    _ => self.mute = true,
                }
            }
            _ => {
                self.passed = self.passed.saturating_add(1);
                self.queue.push_back(byte);
            }
        }
    }
}

impl Link for Damaged {
    fn send(&mut self, bytes: &[u8], _within: Duration) -> Result<(), LinkError> {
        self.count();
        if self.left() {
            return Err(LinkError::Gone);
        }
        self.mute = false;
        self.phone.hear(bytes);
        self.phone.pass(Duration::from_micros(125));
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        self.count();
        let end = self.phone.now() + within;
        while self.queue.len() < into.len() {
            if self.left() {
                return Err(LinkError::Gone);
            } else if let Some(packet) = self.phone.next_packet() {
                packet.into_iter().for_each(|byte| self.hear(byte));
                self.phone.pass(Duration::from_micros(125));
            } else if self.phone.now() >= end {
                return Err(LinkError::Timeout { wanted: into.len(), got: self.queue.len() });
            } else {
                self.phone.pass((end - self.phone.now()).min(Duration::from_millis(1)));
            }
        }
        let wanted = into.len();
        for (to, byte) in into.iter_mut().zip(self.queue.drain(..wanted)) {
            *to = byte;
        }
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        self.phone.now()
    }

    fn pause(&mut self, time: Duration) {
        self.count();
        self.phone.pass(time);
    }

    fn describe(&self) -> String {
        "a simulated phone on a bad cable".to_owned()
    }
}
