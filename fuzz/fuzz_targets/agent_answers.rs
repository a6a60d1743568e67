//! The host's half of a Download Agent's conversation, against a device that answers anything and against a simulated phone on a
//! bad cable. Every operation must end, a success must be founded on what was heard, and nothing may be said any more once the
//! agent's state is unknown.
//!
//! Input: flags (u8): who answers (low two bits: 0 the input from the first byte on, 1 from the agent's upload on, 2 from its
//! first command on, 3 the simulated phone), D13 instead of D19, a NAND instead of an eMMC, width of the NAND's size in the
//! report (two bits: told by the report, 4, 8, 4), small blocks, a chip nobody has verified; eight operations (four bits each,
//! low ones first); then what is answered ([`Answers`]) or the cable's damage ([`Damaged`]).
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nvkeep::protocol::{
    AgentTrouble, Dialect, Engine, LegacyEngine, LegacyOptions, NandChip, ProtocolError, greet,
};
use nvkeep::simulator::Phone;
use nvkeep::transport::Link;
use nvkeep_fuzz::agent::{AGENTS, Kind, PHONES, greeting, image, mt6572, starting};
use nvkeep_fuzz::answers::{Answers, summed};
use nvkeep_fuzz::cable::Damaged;
use nvkeep_fuzz::witness::Witness;

const WITHIN: Duration = Duration::from_secs(3);
const BLOCK: usize = 512;
const SMALL_PACKET: u32 = 0x400;
/// Where a block of 0x20000 bytes has its last two pages.
const NEAR_AN_EDGE: u64 = 0x1F000 / 512;
/// Most bytes of any field outside blocks: 32 NAND ids.
const FIELDS: usize = 64;
/// Bytes of the longest partition table: 40 entries.
const TABLE: usize = 40 * 0x60;
/// Most blocks that are looked at before one that looks sparse.
const NEIGHBOURS: usize = 8;
/// Bytes of the longest packet of a NAND's pages.
const PACKET: usize = 1 << 20;
/// The restart that an agent is told before a phone is given up.
const RESTART: [u8; 7] = [0xDB, 0, 0, 0, 0, 0, 0];
const SPARSE: [u8; 4] = [0x3A, 0xFF, 0x26, 0xED];

fuzz_target!(|bytes: &[u8]| {
    let Some(([flags, operations @ ..], bytes)) = bytes.split_first_chunk::<5>() else { return };
    let bytes = &bytes[..bytes.len().min(8192)];
    let kind = Kind { old: flags & 4 != 0, nand: flags & 8 != 0 };
    let width = [None, Some(4), Some(8), Some(4)][usize::from(flags >> 4 & 3)];
    let (mut first, mut agent) = (Vec::new(), image());
    let link: Box<dyn Link> = match flags & 3 {
        3 => {
            let (board, flash) = PHONES[usize::from(kind.nand)].clone();
            agent = AGENTS[usize::from(kind.old)].clone();
            Box::new(Damaged::new(Phone::plug_in(board, flash), bytes))
        }
        known => {
            if known > 0 {
                first = greeting();
            }
            if known > 1 {
                first.extend(starting(kind));
            }
            Box::new(Answers::new(first, bytes))
        }
    };
    let witness = Witness::default();
    let packet = if flags & 0x40 == 0 { LegacyOptions::default().packet } else { SMALL_PACKET };
    let options = LegacyOptions { packet, ..LegacyOptions::default() };
    let Ok(greeted) = greet(witness.on(link), WITHIN) else { return };
    witness.saw().agent = true;
    let sends = witness.forget(FIELDS);
    let engine = match greeted.into_legacy(mt6572(width, flags & 0x80 == 0), &agent, options) {
        Ok(engine) => engine,
        Err(error) => return not_opened(&error, &witness, sends),
    };
    let packet = usize::try_from(packet).unwrap_or(usize::MAX);
    // The simulated phone plays every packet: 16 KiB of it are as good as 4 MiB, and take a millisecond.
    let most =
        if flags & 3 == 3 { 32 } else { usize::try_from(engine.capabilities().run_blocks).unwrap_or(1) };
    let mut bench = Bench { engine, witness, packet, most, lost: false };
    bench.card();
    for pair in operations {
        bench.operation(pair & 15);
        bench.operation(pair >> 4);
    }
    bench.leave();
});

fn not_opened(error: &ProtocolError, witness: &Witness, sends: u32) {
    assert!(error.to_string().len() > 10 && error.advice().len() > 20, "{error}");
    let ledger = witness.saw();
    match error {
        ProtocolError::Agent { trouble: AgentTrouble::Locked { .. }, .. } => {
            assert_eq!(ledger.sends, sends, "a locked phone was sent something");
        }
        // The agent obeys: such a phone is at least left booting.
        ProtocolError::RefusedCard { .. }
        | ProtocolError::Agent { trouble: AgentTrouble::NoCard { .. }, .. } => {
            assert!(ledger.said.ends_with(&RESTART), "{error}: the phone was not told to restart");
        }
        _ => {}
    }
}

struct Bench {
    engine: LegacyEngine,
    witness: Witness,
    packet: usize,
    /// Blocks of the longest read.
    most: usize,
    /// An operation has left the agent's state unknown, or the phone restarts.
    lost: bool,
}

impl Bench {
    fn card(&self) {
        let card = self.engine.card();
        assert!(card.sectors > 0 && card.sectors <= (2 << 40) / BLOCK as u64 && !card.general_purpose);
        assert_eq!(card.cid.is_some(), card.nand.is_none());
        assert_eq!(self.engine.capabilities().write, self.engine.chip().verified && card.nand.is_none());
        if let Some(chip) = &card.nand {
            assert_eq!(u64::from(chip.blocks) * chip.erase_block(), card.sectors * BLOCK as u64);
        }
    }

    fn operation(&mut self, which: u8) {
        let sectors = self.engine.card().sectors;
        match which {
            0 => self.is_there(),
            1 => self.read(1, 1),
            2 => self.read(0x2000, 3),
            3 => self.read(NEAR_AN_EDGE, 4),
            4 => self.read(NEAR_AN_EDGE, 12),
            5 => self.read(sectors - 1, 1),
            6 => self.read(sectors, 1),
            7 => self.read(0, self.most),
            8 => self.write(0x2000, false),
            9 => self.write(0x2000, true),
            10 => self.write(0, true),
            11 => self.partitions(),
            12 => self.spare(63, 3),
            13 => self.spare(0, 1),
            14 => self.leave(),
            _ => {}
        }
    }

    /// Runs an operation and judges what is the same for all: a lost agent is told nothing and nothing is believed of it.
    /// `most` is what it may want at once.
    fn run<T>(
        &mut self,
        most: usize,
        what: impl FnOnce(&mut LegacyEngine) -> Result<T, ProtocolError>,
    ) -> Option<T> {
        let sends = self.witness.forget(most);
        let outcome = what(&mut self.engine);
        let silent = self.witness.saw().sends == sends;
        assert!(silent || !self.lost, "something was said to an agent in an unknown state");
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                assert!(error.to_string().len() > 10 && error.advice().len() > 20, "{error}");
                match &error {
                    ProtocolError::OutOfRange { .. }
                    | ProtocolError::NandReadOnly { .. }
                    | ProtocolError::ChipNotVerified { .. }
                    | ProtocolError::Left { .. }
                    | ProtocolError::Desync { .. } => assert!(silent, "{error}: something was said"),
                    error => self.lost |= self.loses(error),
                }
                None
            }
        }
    }

    fn loses(&self, error: &ProtocolError) -> bool {
        let ProtocolError::Agent { trouble, .. } = error else { return true };
        match trouble {
            AgentTrouble::Number { .. } | AgentTrouble::LooksSparse | AgentTrouble::Neighbour { .. } => false,
            // Of all blocks with a wrong sum only pages of a NAND can be given up.
            AgentTrouble::BlockSum { .. } => self.pages().is_none(),
            _ => true,
        }
    }

    /// Returns the NAND that is read by its pages.
    fn pages(&self) -> Option<&NandChip> {
        self.engine.card().nand.as_ref().filter(|_| self.engine.dialect() == Dialect::D19)
    }

    fn is_there(&mut self) {
        if self.run(FIELDS, Engine::is_there).is_some() {
            let ledger = self.witness.saw();
            assert!(matches!(ledger.heard[..], [0x5A, _]), "{:02x?}", ledger.heard);
        }
    }

    fn read(&mut self, lba: u64, blocks: usize) {
        let mut into = vec![0; blocks * BLOCK];
        // Pages are wanted whole, up to a packet.
        let most = if self.pages().is_some() { PACKET } else { self.packet.min(into.len()) };
        let most = most.max(FIELDS);
        if self.run(most, |engine| engine.read(lba, &mut into)).is_none() {
            return;
        }
        assert!(lba + blocks as u64 <= self.engine.card().sectors);
        // What lies in the last erase block, as far as it was read.
        let (start, end) = (lba * BLOCK as u64, lba * BLOCK as u64 + into.len() as u64);
        let mut at = start;
        if let Some(chip) = &self.engine.card().nand {
            at = at.max((end - 1) / chip.erase_block() * chip.erase_block());
            if self.engine.bad_blocks().iter().any(|block| u64::from(*block) == at / chip.erase_block()) {
                assert!(into[length(at - start)..].iter().all(|byte| *byte == 0xFF));
                return;
            }
        }
        let tail = &into[length(at - start)..];
        let ledger = self.witness.saw();
        let Some(chip) = self.pages() else {
            let last = tail.chunks(self.packet).next_back().unwrap_or_default();
            assert!(ledger.heard.ends_with(&summed(last.to_vec())), "LBA {lba}, {blocks} blocks");
            return;
        };
        let page = u64::from(chip.page);
        let (first, pages) = (at / page, end.div_ceil(page) - at / page);
        let run = length(pages * page);
        if run <= PACKET {
            let heard = &ledger.heard[ledger.heard.len() - 2 - run..];
            assert!(summed(heard[..run].to_vec()) == heard, "page {first} has another sum");
            let (from, len) = (length(at - first * page), tail.len());
            assert!(&heard[from..from + len] == tail, "page {first} was not given as it came");
        }
    }

    fn write(&mut self, lba: u64, sparse: bool) {
        let mut block = [0xA5; BLOCK];
        if sparse {
            block[..4].copy_from_slice(&SPARSE);
        }
        let most = if sparse { NEIGHBOURS * BLOCK } else { FIELDS };
        if self.run(most, |engine| engine.write(lba, &block)).is_none() {
            return;
        }
        assert!(self.engine.capabilities().write);
        let ledger = self.witness.saw();
        // A block behind its neighbours is followed by a look at them.
        if !sparse {
            assert_eq!(ledger.heard.last(), Some(&0x69));
            assert!(ledger.said.ends_with(&summed(block.to_vec())));
        } else {
            assert!(lba > 0 && ledger.heard.contains(&0x69));
            assert!(ledger.said.windows(BLOCK).any(|window| window == block));
        }
    }

    fn partitions(&mut self) {
        if let Some(Some(ranges)) = self.run(TABLE, Engine::partitions) {
            assert!((1..=40).contains(&ranges.len()));
            assert!(ranges.iter().all(|range| (1..64).contains(&range.name.len())));
        }
    }

    fn spare(&mut self, first: u64, count: u32) {
        let Some(Some(bytes)) = self.run(PACKET, |engine| engine.read_spare(first, count)) else { return };
        let chip = self.pages().expect("only pages have spare bytes");
        assert_eq!(bytes.len() as u64, u64::from(count) * u64::from(chip.spare));
        if count == 1 {
            assert!(self.witness.saw().heard.ends_with(&summed(bytes)));
        }
    }

    fn leave(&mut self) {
        if self.run(FIELDS, Engine::leave).is_some() {
            let ledger = self.witness.saw();
            assert_eq!(ledger.said, RESTART);
            assert!(ledger.failed || ledger.heard == [0x5A]);
            drop(ledger);
            self.lost = true;
        }
    }
}

fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
