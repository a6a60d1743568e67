//! How many blocks are asked for at once: as many as the engine wants, within bounds.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::formats::ReadAt;
use nvkeep::protocol::{Capabilities, Card, Engine, ProtocolError};
use nvkeep::storage::PhoneDisk;

type Runs = Arc<Mutex<Vec<(u64, usize)>>>;

struct Wanting {
    run_blocks: u64,
    runs: Runs,
    card: Card,
}

impl Engine for Wanting {
    fn name(&self) -> &'static str {
        "wanting"
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities { write: false, bytes_per_second: 1, run_blocks: self.run_blocks }
    }
    fn card(&self) -> &Card {
        &self.card
    }
    fn read(&mut self, lba: u64, into: &mut [u8]) -> Result<(), ProtocolError> {
        self.runs.lock().unwrap().push((lba, into.len() / 512));
        for (lba, block) in (lba..).zip(into.chunks_exact_mut(512)) {
            block.fill(lba as u8);
        }
        Ok(())
    }
    fn write(&mut self, _lba: u64, _block: &[u8; 512]) -> Result<(), ProtocolError> {
        unreachable!("nothing is written here")
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

fn disk(run_blocks: u64) -> (PhoneDisk, Runs) {
    let runs = Runs::default();
    let card = Card {
        cid: Some([1; 16]),
        nand: None,
        ext_csd: None,
        sectors: 100_000,
        boot_bytes: 0,
        rpmb_bytes: 0,
        revision: None,
        general_purpose: false,
    };
    (PhoneDisk::new(Box::new(Wanting { run_blocks, runs: runs.clone(), card })), runs)
}

#[test]
fn runs_are_as_long_as_the_engine_wants_them_and_no_block_comes_twice() {
    for (wanted, longest) in [(64, 64), (8192, 8192), (u64::MAX, 16_384), (0, 1)] {
        let (mut disk, runs) = disk(wanted);
        disk.read_at(512 * 40, &mut [0; 512]).unwrap();
        let mut into = vec![0; 512 * if wanted == 0 { 100 } else { 20_000 }];
        disk.read_at(0, &mut into).unwrap();
        assert!(
            into.chunks_exact(512)
                .zip(0u64..)
                .all(|(block, lba)| block.iter().all(|byte| *byte == lba as u8))
        );
        let runs = runs.lock().unwrap();
        assert_eq!(runs.iter().map(|(_, blocks)| blocks).sum::<usize>(), into.len() / 512, "{wanted}");
        assert!(runs.iter().all(|(_, blocks)| *blocks <= longest), "{wanted}");
        assert!(wanted < 64 || runs.iter().any(|(_, blocks)| *blocks == longest), "{wanted}: {runs:?}");
    }
}
