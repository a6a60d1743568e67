//! A link that plays a written conversation: what the host must send, transfer by transfer, and what the phone says to each.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::protocol::{
    AgentChip, AgentImage, AgentMode, LegacyEngine, LegacyOptions, ProtocolError, Stage, Watchdog, greet,
};
use nvkeep::transport::{Link, LinkError};

use crate::support::hex;

/// One transfer of the host, and the phone's answer to it.
#[derive(Debug, Clone)]
pub struct Step {
    pub host: Vec<u8>,
    pub phone: Vec<u8>,
}

/// Writes one step in hexadecimal digits; blanks are for the reader.
pub fn step(host: &str, phone: &str) -> Step {
    let bytes = |text: &str| hex(&text.split_whitespace().collect::<String>());
    Step { host: bytes(host), phone: bytes(phone) }
}

pub fn raw(host: &[u8], phone: &[u8]) -> Step {
    Step { host: host.to_vec(), phone: phone.to_vec() }
}

/// What a script is left with.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Steps that were played.
    pub played: usize,
    /// Transfers that came after the script's end.
    pub beyond: Vec<Vec<u8>>,
}

struct Script {
    steps: VecDeque<Step>,
    /// The phone answers nothing from this step on.
    mute_from: usize,
    gone_after: Option<usize>,
    ledger: Arc<Mutex<Ledger>>,
    queue: VecDeque<u8>,
    now: Duration,
}

impl Link for Script {
    fn send(&mut self, bytes: &[u8], _within: Duration) -> Result<(), LinkError> {
        let mut ledger = self.ledger.lock().unwrap();
        if self.gone_after.is_some_and(|at| ledger.played >= at) {
            return Err(LinkError::Gone);
        }
        let Some(step) = self.steps.pop_front() else {
            ledger.beyond.push(bytes.to_vec());
            return Ok(());
        };
        assert!(
            bytes == step.host,
            "step {}: the host sent {} where {} was written",
            ledger.played,
            shown(bytes),
            shown(&step.host)
        );
        if ledger.played < self.mute_from {
            self.queue.extend(step.phone);
        }
        ledger.played += 1;
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        if self.queue.len() < into.len() {
            let got = self.queue.len();
            self.now += within;
            let played = self.ledger.lock().unwrap().played;
            if self.gone_after.is_some_and(|at| played >= at) {
                return Err(LinkError::Gone);
            }
            return Err(LinkError::Timeout { wanted: into.len(), got });
        }
        into.fill_with(|| self.queue.pop_front().unwrap());
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        self.now
    }

    fn pause(&mut self, time: Duration) {
        self.now += time;
    }

    fn describe(&self) -> String {
        "script".to_owned()
    }
}

fn shown(bytes: &[u8]) -> String {
    let head: String = bytes.iter().take(40).map(|byte| format!("{byte:02x}")).collect();
    format!("{head} ({} bytes)", bytes.len())
}

/// Plays `steps` from the first byte of the handshake on.
pub fn play(
    steps: Vec<Step>,
    mute_from: usize,
    gone_after: Option<usize>,
) -> (Box<dyn Link>, Arc<Mutex<Ledger>>) {
    let ledger: Arc<Mutex<Ledger>> = Arc::default();
    let script = Script {
        steps: steps.into(),
        mute_from,
        gone_after,
        ledger: ledger.clone(),
        queue: VecDeque::new(),
        now: Duration::ZERO,
    };
    (Box::new(script), ledger)
}

/// Steps that say nothing about agents: handshake and the four queries (section 7, steps 2 to 8).
pub fn greeting(fuses: u32) -> Vec<Step> {
    let mut steps = vec![step("A0", "5F"), step("0A", "F5"), step("50", "AF"), step("05", "FA")];
    steps.push(step("FD", "FD 6572 0000"));
    steps.push(step("FE", "01"));
    steps.push(step("FC", "FC 8A00 CA01 0001 0000"));
    steps.push(step("D8", &format!("D8 {fuses:08x} 0000")));
    steps
}

/// The chip of the reference's ladder.
pub fn mt6572() -> AgentChip {
    AgentChip {
        name: "MT6572".into(),
        hw_code: 0x6572,
        da_code: 0x6572,
        mode: AgentMode::Legacy,
        watchdogs: vec![Watchdog { address: 0x1000_7000, value: 0x2200_0000, narrow: false }],
        configuration: Vec::new(),
        reset_bytes: 6,
        nand_size_bytes: Some(4),
        verified: true,
    }
}

/// Stages of the sizes that the reference's file has, filled so that their checksum is not zero.
pub fn image() -> AgentImage {
    let fill = |len: usize, seed: usize| (0..len).map(|at| (at * 7 + at / 256 + seed) as u8).collect();
    AgentImage {
        first: Stage { address: 0x0200_7000, bytes: fill(0xEA6C, 1), signature_len: 0x100 },
        second: Stage { address: 0x8000_0000, bytes: fill(0x279C0, 2), signature_len: 0x100 },
    }
}

/// Exclusive or of little-endian half-words, written anew.
pub fn checksum(bytes: &[u8]) -> u16 {
    let mut sum = [0u8; 2];
    for (at, byte) in bytes.iter().enumerate() {
        sum[at % 2] ^= byte;
    }
    u16::from(sum[1]) << 8 | u16::from(sum[0])
}

/// Watchdog, SEND_DA and JUMP_DA (steps 5, 9 to 12); `opening` is what the agent says when it runs.
pub fn starting(image: &AgentImage, opening: &str) -> Vec<Step> {
    let mut steps = vec![
        step("D4 10007000 00000001 22000000", "D4 10007000 00000001 0000 22000000 0000"),
        step("D7", "D7"),
        step("02007000", "02007000"),
        step("0000EA6C", "0000EA6C"),
        step("00000100", "00000100 0000"),
    ];
    let mut pieces: Vec<Step> = image.first.bytes.chunks(1024).map(|piece| raw(piece, &[])).collect();
    let sum = checksum(&image.first.bytes).to_be_bytes();
    pieces.last_mut().unwrap().phone = vec![sum[0], sum[1], 0, 0];
    steps.extend(pieces);
    steps.push(step("D5", "D5"));
    steps.push(step("02007000", &format!("02007000 0000 {opening}")));
    steps
}

/// The second stage, packet by packet; `report` is what it says when it runs.
pub fn loading(image: &AgentImage, report: &str) -> Vec<Step> {
    let mut steps = vec![step("80000000 000279C0 00001000", "5A")];
    for packet in image.second.bytes.chunks(0x1000) {
        steps.push(raw(packet, &[0x5A]));
    }
    // Behind the last packet's own answer the second stage says its first byte.
    steps.last_mut().unwrap().phone.push(0x5A);
    steps.push(step("5A", report));
    steps
}

/// Section 9.7: what a D19 agent says on a phone with a 4 GB eMMC.
pub const OPENING: &str = "C0 00000BC4 0007 0000 0000 0000 0000 0000 0000 0000 00000000 \
     90014A48 38473165 05071234 5678AB00";
pub const REPORT: &str = "00000BC7 00 08 FFFF 00000000 0000 0000 0000 0000 00000000 00000000 \
     00000BC8 00 FFFF 00000000 0007 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 00 00 00 \
     00000000 0000000000200000 0000000000200000 0000000000200000 \
     0000000000000000 0000000000000000 0000000000000000 0000000000000000 00000000E6A00000 \
     90014A48 38473165 05071234 5678AB00 48 38 47 31 65 05 00 00 \
     00000C4F 0000000000000000 00000000 00000000 00000000 00000000 \
     00000000 00020000 00000000 02 00 0000000020000000 \
     00000000000000000000000000000000";
pub const TRAILER: &str = "5A 00000C0B 00000409 C1";
/// The same phone as a D13 agent tells it (section 6.8): narrower sizes, five ids without a count, other numbers.
pub const OLD_OPENING: &str = "C0 04 02 88";
pub const OLD_REPORT: &str = "00000BC3 00 08 FFFF 00000000 0000 0000 0000 0000 00000000 00000000 \
     00000BC4 00 FFFF 00000000 0000 0000 0000 0000 0000 0000 0000 0000 00 00 00 \
     00000000 00200000 00200000 00200000 00000000 00000000 00000000 00000000 00000000E6A00000 \
     90014A48 38473165 05071234 5678AB00 48 38 47 31 65 05 00 00 \
     00000C4A 0000000000000000 00000000 00000000 00000000 00000000 \
     00000000 00020000 00000000 02 00 20000000 \
     00000000000000000000000000000000";
pub const OLD_TRAILER: &str = "5A 00000C06 00000409 C1";
/// Configuration blocks (sections 6.4, 9.7).
pub const CONFIGURATION: &str = "FF 01 08 08 00 7007FFFF 01 00000000 02 01 02 00";
pub const OLD_CONFIGURATION: &str = "FF 01 08 08 00 7007FFFF 00000000 02 00";

/// Everything up to an engine that is ready for blocks, D19.
pub fn ladder(fuses: u32) -> Vec<Step> {
    let image = image();
    let mut steps = greeting(fuses);
    steps.extend(starting(&image, OPENING));
    steps.push(step("5A", "04 02 88"));
    steps.push(step(CONFIGURATION, "00000000"));
    steps.extend(loading(&image, &format!("{REPORT} {TRAILER}")));
    steps.push(step("60 08", "5A"));
    steps
}

/// The same, D13.
pub fn old_ladder() -> Vec<Step> {
    let image = image();
    let mut steps = greeting(0);
    steps.extend(starting(&image, OLD_OPENING));
    steps.push(step(OLD_CONFIGURATION, "00000000"));
    steps.extend(loading(&image, &format!("{OLD_REPORT} {OLD_TRAILER}")));
    steps.push(step("60 08", "5A"));
    steps
}

/// An engine at the end of a ladder, with more steps to come.
pub fn engine(ladder: Vec<Step>, more: Vec<Step>) -> (LegacyEngine, Arc<Mutex<Ledger>>) {
    let steps = ladder.into_iter().chain(more).collect();
    let (link, ledger) = play(steps, usize::MAX, None);
    (open(link, LegacyOptions { packet: 0x400, ..LegacyOptions::default() }).unwrap(), ledger)
}

pub fn open(link: Box<dyn Link>, options: LegacyOptions) -> Result<LegacyEngine, ProtocolError> {
    greet(link, Duration::from_secs(5))?.into_legacy(mt6572(), &image(), options)
}

/// Asserts that the whole script was played, and nothing else sent.
pub fn finished(ledger: &Mutex<Ledger>, steps: usize) {
    let ledger = ledger.lock().unwrap();
    assert_eq!((ledger.played, ledger.beyond.as_slice()), (steps, [].as_slice()));
}
