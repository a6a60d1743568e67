//! The library's USB port on a pretend bus: real libusb, pretend kernel. Each test is both halves: the suite plugs devices in
//! and runs itself again as the child that looks for them.

#![cfg(target_os = "linux")]

mod finding; // which device is a phone, and what keeps it from being opened
mod first_light; // the whole job, with the real program
mod pipes; // the stream in a configuration descriptor
mod streaming; // what passes once it is open

use std::collections::VecDeque;
use std::process::Command;
use std::time::{Duration, Instant};

use nvkeep::transport::{BusPath, Link, LinkError, Port, PortKind, UsbPort};

use crate::support::fake_usb::{FakeUsb, PACKET, UsbModel};

const SOON: Duration = Duration::from_millis(60);
const AMPLE: Duration = Duration::from_secs(5);

/// Set in the child, to the claim it is to prove.
const INSIDE: &str = "NVKEEP_INSIDE_FAKE_USB";

/// Runs `host` in a child process on the bus that `bus` sets up. `claim` is the test's own path below this module: the child
/// runs only that.
fn on_bus(claim: &str, bus: impl FnOnce(FakeUsb) -> FakeUsb, host: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some_and(|inside| inside == claim) {
        return host();
    }
    let Some(usb) = FakeUsb::new(claim) else {
        return;
    };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("usb::{claim}"), "--nocapture", "--test-threads=1"]).env(INSIDE, claim);
    let output = bus(usb).run(command);
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "the host's half failed:\n{}", said.concat());
    assert!(said[0].contains("1 passed"), "the child ran another test:\n{}", said.concat());
}

/// Answers each byte with its complement, in packets of at most `packet` bytes. `EE` alone pulls the cable.
struct Complement {
    packet: usize,
    queue: VecDeque<u8>,
    gone: bool,
}

impl Complement {
    fn new() -> Self {
        Self::in_packets_of(PACKET)
    }

    fn in_packets_of(packet: usize) -> Self {
        Self { packet, queue: VecDeque::new(), gone: false }
    }

    /// Has something to say before it is asked.
    fn saying(bytes: &[u8]) -> Self {
        Self { queue: bytes.iter().copied().collect(), ..Self::new() }
    }
}

impl UsbModel for Complement {
    fn out(&mut self, bytes: &[u8]) {
        self.gone |= bytes == [0xEE];
        self.queue.extend(bytes.iter().map(|byte| !byte));
    }
    fn take_in(&mut self, max: usize) -> Option<Vec<u8>> {
        let count = self.queue.len().min(max).min(self.packet);
        (count > 0).then(|| self.queue.drain(..count).collect())
    }
    fn gone(&self) -> bool {
        self.gone
    }
}

/// Opens what is on the bus, or fails with the port's own words.
fn open(place: Option<BusPath>) -> (Box<dyn Link>, PortKind) {
    match UsbPort::new(place).open(AMPLE) {
        Ok(plugged) => (plugged.link, plugged.kind),
        Err(error) => panic!("{error}"),
    }
}

/// Waits for a phone that cannot be opened, and returns why.
fn refusal(within: Duration) -> LinkError {
    let start = Instant::now();
    let error = UsbPort::new(None).open(within).err().unwrap();
    assert!(start.elapsed() >= within.min(SOON), "refused before the time was over");
    error
}

/// Sends a question and returns an answer of the same length.
fn ask(link: &mut dyn Link, question: &[u8]) -> Vec<u8> {
    link.send(question, AMPLE).unwrap();
    let mut answer = vec![0; question.len()];
    link.receive(&mut answer, AMPLE).unwrap();
    answer
}
