//! Claims about what is kept of a phone's blocks: whatever was read, released and written before, a read gives what the card
//! holds, and nothing is fetched that is known.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::formats::ReadAt;
use nvkeep::protocol::{Capabilities, Card, Engine, ProtocolError};
use nvkeep::storage::{BLOCK, PhoneDisk};

use crate::support::Random;

/// Blocks of the card.
const SECTORS: u64 = 6000;
/// An engine of long runs, longer than what is kept as it comes.
const RUN: u64 = 1500;

/// A card, and how often each block of it was read.
struct Counted {
    content: Vec<u8>,
    reads: Vec<u32>,
}

struct Engineer {
    counted: Arc<Mutex<Counted>>,
    card: Card,
}

impl Engine for Engineer {
    fn name(&self) -> &'static str {
        "counted"
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities { write: true, bytes_per_second: 1, run_blocks: RUN }
    }
    fn card(&self) -> &Card {
        &self.card
    }
    fn read(&mut self, lba: u64, into: &mut [u8]) -> Result<(), ProtocolError> {
        let mut counted = self.counted.lock().unwrap();
        let at = (lba * BLOCK) as usize;
        into.copy_from_slice(&counted.content[at..at + into.len()]);
        let last = lba + into.len() as u64 / BLOCK;
        assert!(last - lba <= RUN);
        counted.reads[lba as usize..last as usize].iter_mut().for_each(|reads| *reads += 1);
        Ok(())
    }
    fn write(&mut self, lba: u64, block: &[u8; 512]) -> Result<(), ProtocolError> {
        let at = (lba * BLOCK) as usize;
        self.counted.lock().unwrap().content[at..at + 512].copy_from_slice(block);
        Ok(())
    }
    fn is_there(&mut self) -> Result<(), ProtocolError> {
        Ok(())
    }
    fn leave(&mut self) -> Result<(), ProtocolError> {
        Ok(())
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

fn disk(seed: u64) -> (PhoneDisk, Arc<Mutex<Counted>>) {
    let content = Random::new(seed).bytes((SECTORS * BLOCK) as usize);
    let counted = Arc::new(Mutex::new(Counted { content, reads: vec![0; SECTORS as usize] }));
    let card = Card {
        cid: Some([7; 16]),
        nand: None,
        ext_csd: None,
        sectors: SECTORS,
        boot_bytes: 4 << 20,
        rpmb_bytes: 512 << 10,
        revision: None,
        general_purpose: false,
    };
    (PhoneDisk::new(Box::new(Engineer { counted: counted.clone(), card })), counted)
}

/// Returns which blocks the disk says it knows, and fails unless it says so in order and in runs as long as can be.
fn known(disk: &PhoneDisk) -> Vec<bool> {
    let mut known = vec![false; SECTORS as usize];
    let mut free = 0;
    for (at, len) in disk.known_ranges(0, SECTORS * BLOCK) {
        assert!((at > free || at == 0) && len > 0 && at % BLOCK == 0 && len % BLOCK == 0, "{at} {len}");
        free = at + len;
        known[(at / BLOCK) as usize..(free / BLOCK) as usize].fill(true);
    }
    known
}

#[test]
fn whatever_was_done_before_a_read_gives_what_the_card_holds() {
    let (mut long, mut released) = (0, 0);
    for seed in 0..30 {
        let mut random = Random::new(seed);
        let (mut disk, counted) = disk(seed);
        for _ in 0..40 {
            let before = known(&disk);
            let at = random.below(SECTORS * BLOCK);
            let most = [600, 9000, 400_000, SECTORS * BLOCK][random.below(4) as usize];
            let len = random.below(most.min(SECTORS * BLOCK - at) + 1);
            let touched = (at / BLOCK) as usize..(at + len).div_ceil(BLOCK).max(at / BLOCK) as usize;
            counted.lock().unwrap().reads.fill(0);
            match random.below(6) {
                0 => {
                    disk.release(at, len);
                    let after = known(&disk);
                    for (block, was) in before.iter().enumerate() {
                        let now = after[block];
                        assert!(!now || *was, "{block} is known by being released");
                        let inside = block as u64 * BLOCK >= at && (block as u64 + 1) * BLOCK <= at + len;
                        assert!(inside || now == *was, "{block} of {at}+{len} was not meant");
                        // Lines that lie in it whole are gone.
                        let line = (block as u64 / 8 * 8 * BLOCK, (block as u64 / 8 + 1) * 8 * BLOCK);
                        let whole = line.0 >= at && line.1 <= at + len;
                        assert!(!(whole && now), "{block} of {at}+{len} was kept");
                        released += usize::from(*was && !now);
                    }
                }
                1 => {
                    let block: [u8; 512] = random.bytes(512).try_into().unwrap();
                    let lba = at / BLOCK;
                    assert!(disk.write_and_read_back(lba, &block).unwrap());
                    assert_eq!(&counted.lock().unwrap().content[(lba * BLOCK) as usize..][..512], &block);
                    assert!(known(&disk)[lba as usize]);
                }
                2 => disk.load(at, len).unwrap(),
                _ => {
                    let mut into = vec![0; len as usize];
                    disk.read_at(at, &mut into).unwrap();
                    let counted = counted.lock().unwrap();
                    assert!(into == counted.content[at as usize..][..len as usize], "{at}+{len}");
                    for (block, reads) in counted.reads.iter().enumerate() {
                        let new = len > 0 && touched.contains(&block) && !before[block];
                        assert_eq!(*reads, u32::from(new), "{block} of {at}+{len}");
                    }
                    long += usize::from(len > 600_000);
                }
            }
        }
    }
    assert!(long > 20 && released > 10_000, "{long} long reads, {released} blocks released");
}
