//! A cable inside the process: a simulated phone on virtual time, with a meter. Also the MT6572 as tests describe it.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::protocol::{ChipProfile, ClockGate, Fingerprint, WordCheck};
use nvkeep::simulator::{Board, Fares, Flash, Phone, Presence};
use nvkeep::transport::{Link, LinkError};

/// What went over the cable.
#[derive(Debug, Clone, Copy, Default)]
pub struct Meter {
    pub in_packets: u64,
    pub out_transfers: u64,
    pub waits: u64,
    /// Most bytes that were sent and not yet answered for; a bound for what the phone's ring held.
    pub largest_transfer: usize,
}

/// A phone that the test and the link share.
#[derive(Clone)]
pub struct OnBench {
    pub phone: Arc<Mutex<Phone>>,
    pub meter: Arc<Mutex<Meter>>,
}

impl OnBench {
    pub fn new(board: Board, flash: Flash) -> Self {
        Self::of(Phone::plug_in(board, flash))
    }

    pub fn of(phone: Phone) -> Self {
        Self { phone: Arc::new(Mutex::new(phone)), meter: Arc::default() }
    }

    /// Returns a cable to the phone.
    pub fn link(&self) -> Box<dyn Link> {
        let fares = Fares::new(self.phone.lock().unwrap().board());
        Box::new(Cable { bench: self.clone(), fares, queue: VecDeque::new(), spoke: false })
    }

    pub fn metered(&self) -> Meter {
        *self.meter.lock().unwrap()
    }

    pub fn violations(&self) -> Vec<String> {
        self.phone.lock().unwrap().violations().to_vec()
    }

    pub fn presence(&self) -> Presence {
        self.phone.lock().unwrap().presence()
    }

    pub fn now(&self) -> Duration {
        self.phone.lock().unwrap().now()
    }
}

struct Cable {
    bench: OnBench,
    fares: Fares,
    queue: VecDeque<u8>,
    spoke: bool,
}

impl Link for Cable {
    fn send(&mut self, bytes: &[u8], _within: Duration) -> Result<(), LinkError> {
        let mut phone = self.bench.phone.lock().unwrap();
        if phone.presence() != Presence::Connected {
            return Err(LinkError::Gone);
        }
        phone.hear(bytes);
        phone.pass(self.fares.outgoing(bytes.len()));
        let mut meter = self.bench.meter.lock().unwrap();
        meter.out_transfers += 1;
        meter.largest_transfer = meter.largest_transfer.max(bytes.len());
        self.spoke = true;
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        let mut phone = self.bench.phone.lock().unwrap();
        let mut meter = self.bench.meter.lock().unwrap();
        if self.spoke && self.queue.len() < into.len() {
            self.spoke = false;
            meter.waits += 1;
            phone.pass(self.fares.wait());
        }
        let end = phone.now() + within;
        while self.queue.len() < into.len() {
            if let Some(packet) = phone.next_packet() {
                meter.in_packets += 1;
                phone.pass(self.fares.incoming(packet.len()));
                self.queue.extend(packet);
            } else if phone.presence() != Presence::Connected {
                return Err(LinkError::Gone);
            } else if phone.now() >= end {
                return Err(LinkError::Timeout { wanted: into.len(), got: self.queue.len() });
            } else {
                let left = end - phone.now();
                phone.pass(left.min(Duration::from_millis(1)));
            }
        }
        self.queue.read_exact(into).unwrap();
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        self.bench.now()
    }

    fn pause(&mut self, time: Duration) {
        self.bench.phone.lock().unwrap().pass(time);
    }

    fn describe(&self) -> String {
        "in-process".to_owned()
    }
}

/// The MT6572 of msdc-direct.md 1.3, 6.1, 7 and 9.
pub fn mt6572() -> ChipProfile {
    let pins = |address, mask, expected| WordCheck { address, mask, expected };
    ChipProfile {
        name: "MT6572".to_owned(),
        hw_code: 0x6572,
        msdc0: 0x1112_0000,
        rgu: 0x1000_7000,
        usbdl_flags: Some(0x1000_141C),
        clock_gate: Some(ClockGate { address: 0x1000_0024, bit: 17 }),
        pinmux: vec![
            pins(0x1000_5350, 0xFFFF_0000, 0x1111_0000),
            pins(0x1000_5360, 0x0FFF_FFFF, 0x0111_1111),
        ],
        nand_pinmux: vec![pins(0x1000_5350, 0xFFFF_0000, 0x4444_0000)],
        fingerprint: Fingerprint {
            cfg_sdr: 0x0000_0199,
            cfg_ddr: 0x0002_0099,
            inten: 0x0001_FF7B,
            sdc_cfg_low: 0x001A_0002,
            patch_bit0: 0x403C_004F,
            patch_bit1: 0xFFFF_0009,
        },
        ckdiv_25mhz: 2,
        ckdiv_slow: 8,
        verified: true,
    }
}
