//! The simulated phone on the pretend bus: its own descriptors, its own packets, and real time as its clock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nvkeep::simulator::{self, Board, Flash, Phone, Presence};

use super::device::{ControlAnswer, Device, UsbModel};

/// GET_DESCRIPTOR for the configuration, as a setup packet that takes all of it.
const GET_CONFIGURATION: [u8; 8] = [0x80, 6, 0, 2, 0, 0, 0xFF, 0xFF];

/// A simulated phone whose virtual time follows the wall clock.
pub struct SimulatedPhone {
    phone: Phone,
    seen: Instant,
    /// What waits to be collected, where packets are joined.
    joined: Option<VecDeque<u8>>,
}

impl SimulatedPhone {
    /// Plugs a phone in; its listen window opens now.
    pub fn plug_in(board: Board, flash: Flash) -> Self {
        Self { phone: Phone::plug_in(board, flash), seen: Instant::now(), joined: None }
    }

    /// Shows the phone to the bus with the descriptors the phone itself gives.
    pub fn device(mut self) -> Device {
        let configuration = self.configuration();
        Device { configuration, ..Device::preloader(self) }
    }

    /// The same, and keeps a hand on the phone, so that it can be unplugged when the bus is gone. Packets that wait are
    /// joined, as the phone's ring joins them for a host that is slow to collect: this bus is slower than any real one, and
    /// a whole backup would take minutes.
    pub fn shown(mut self) -> (Device, Arc<Mutex<Self>>) {
        self.joined = Some(VecDeque::new());
        let configuration = self.configuration();
        let phone = Arc::new(Mutex::new(self));
        (Device { configuration, ..Device::preloader(phone.clone()) }, phone)
    }

    /// Pulls the cable, in the middle of whatever it carries.
    pub fn cut(&mut self) {
        self.phone.cut();
    }

    /// Takes the phone off the cable.
    pub fn unplug(self) -> (Board, Flash) {
        self.phone.unplug()
    }

    fn configuration(&mut self) -> Vec<u8> {
        match self.phone.control(GET_CONFIGURATION, &[]) {
            simulator::ControlAnswer::Done(bytes) => bytes,
            simulator::ControlAnswer::Stall => panic!("the phone has no configuration descriptor"),
        }
    }

    /// Lets the time pass that passed outside.
    fn catch_up(&mut self) -> &mut Phone {
        let passed: Duration = self.seen.elapsed();
        self.seen += passed;
        self.phone.pass(passed);
        &mut self.phone
    }
}

impl UsbModel for SimulatedPhone {
    fn control(&mut self, setup: [u8; 8], data: &[u8]) -> ControlAnswer {
        match self.catch_up().control(setup, data) {
            simulator::ControlAnswer::Done(bytes) if setup[0] & 0x80 != 0 => ControlAnswer::Data(bytes),
            simulator::ControlAnswer::Done(_) => ControlAnswer::Accept,
            simulator::ControlAnswer::Stall => ControlAnswer::Stall,
        }
    }

    fn out(&mut self, bytes: &[u8]) {
        self.catch_up().hear(bytes);
    }

    fn take_in(&mut self, max: usize) -> Option<Vec<u8>> {
        self.catch_up();
        let Some(joined) = &mut self.joined else { return self.phone.next_packet() };
        while joined.len() < max {
            let Some(packet) = self.phone.next_packet() else { break };
            joined.extend(packet);
        }
        let count = joined.len().min(max);
        (count > 0).then(|| joined.drain(..count).collect())
    }

    fn gone(&self) -> bool {
        self.phone.presence() != Presence::Connected
    }
}
