//! Claims about storage: lazy reads, guarded writes, changes that are proven block by block.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::formats::{ReadAt, ReadError, WriteAt};
use nvkeep::protocol::{Capabilities, Card, Engine, ProtocolError};
use nvkeep::storage::{
    BLOCK, BlockChange, CommitError, Guard, KeptDisk, PhoneDisk, ProveError, Staged, Window, commit, prove,
    share, shared::lock,
};

/// What the fake card saw and how it misbehaves.
#[derive(Default)]
struct Bench {
    blocks: BTreeMap<u64, [u8; 512]>,
    reads: Vec<u64>,
    writes: Vec<u64>,
    drop_write_at: Option<u64>,
}

/// An engine over memory.
struct FakeEngine {
    bench: Arc<Mutex<Bench>>,
    card: Card,
}

fn fake(sectors: u64) -> (PhoneDisk, Arc<Mutex<Bench>>) {
    let bench = Arc::new(Mutex::new(Bench::default()));
    let card = Card {
        cid: Some([7; 16]),
        nand: None,
        ext_csd: None,
        sectors,
        boot_bytes: 4 << 20,
        rpmb_bytes: 512 << 10,
        revision: None,
        general_purpose: false,
    };
    (PhoneDisk::new(Box::new(FakeEngine { bench: bench.clone(), card })), bench)
}

impl Engine for FakeEngine {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities { write: true, bytes_per_second: 1, run_blocks: 64 }
    }
    fn card(&self) -> &Card {
        &self.card
    }
    fn read(&mut self, lba: u64, into: &mut [u8]) -> Result<(), ProtocolError> {
        let mut bench = self.bench.lock().unwrap();
        for (lba, block) in (lba..).zip(into.chunks_exact_mut(512)) {
            bench.reads.push(lba);
            block.copy_from_slice(bench.blocks.get(&lba).unwrap_or(&[0; 512]));
        }
        Ok(())
    }
    fn write(&mut self, lba: u64, block: &[u8; 512]) -> Result<(), ProtocolError> {
        let mut bench = self.bench.lock().unwrap();
        bench.writes.push(lba);
        if bench.drop_write_at != Some(lba) {
            bench.blocks.insert(lba, *block);
        }
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

fn change(lba: u64, old: u8, new: u8) -> BlockChange {
    BlockChange { lba, old: Box::new([old; 512]), new: Box::new([new; 512]) }
}

#[test]
fn no_block_is_fetched_twice() {
    let (mut disk, bench) = fake(1000);
    let mut bytes = [0u8; 700];
    disk.read_at(100, &mut bytes).unwrap();
    disk.read_at(0, &mut bytes).unwrap();
    disk.read_at(512, &mut [0; 1024]).unwrap();
    assert_eq!(bench.lock().unwrap().reads, [0, 1, 2]);
    assert_eq!(disk.fetched(), 3);
    assert_eq!(disk.known_ranges(0, 1000 * BLOCK), [(0, 3 * 512)]);
}

#[test]
fn a_read_gives_the_bytes_that_lie_there() {
    let (mut disk, bench) = fake(1000);
    for lba in 0..20u64 {
        bench.lock().unwrap().blocks.insert(lba, [lba as u8; 512]);
    }
    let mut bytes = vec![0u8; 3 * 512];
    disk.read_at(5 * 512 + 256, &mut bytes).unwrap();
    let wanted: Vec<u8> = [(5u8, 256), (6, 512), (7, 512), (8, 256)]
        .iter()
        .flat_map(|(value, count)| std::iter::repeat_n(*value, *count))
        .collect();
    assert_eq!(bytes, wanted);
}

#[test]
fn reading_behind_the_card_is_an_error_and_fetches_nothing() {
    let (mut disk, bench) = fake(10);
    assert!(matches!(disk.read_at(9 * 512 + 1, &mut [0; 512]), Err(ReadError::OutOfRange { .. })));
    assert!(matches!(disk.read_at(u64::MAX, &mut [0; 2]), Err(ReadError::OutOfRange { .. })));
    assert!(bench.lock().unwrap().reads.is_empty());
}

#[test]
fn an_observer_that_says_stop_is_heard() {
    let (mut disk, bench) = fake(1000);
    disk.observe(Some(Box::new(|_, _| false)));
    let error = disk.read_at(0, &mut vec![0; 512 * 200]).unwrap_err();
    assert!(matches!(error, ReadError::Device { code: "interrupted", .. }), "{error:?}");
    assert_eq!(bench.lock().unwrap().reads.len(), 64, "one run, then stop");
}

#[test]
fn a_guard_starts_closed_and_opens_only_what_it_is_told() {
    let mut guard = Guard::closed();
    assert!(guard.check(0, 1).is_err());
    guard.open(1000, 100);
    assert!(guard.check(1000, 100).is_ok());
    assert!(guard.check(999, 2).is_err());
    assert!(guard.check(1099, 2).is_err());
    assert!(guard.check(u64::MAX, 2).is_err());
    guard.close(1050, 10);
    assert!(guard.check(1040, 5).is_ok());
    assert!(guard.check(1040, 11).is_err(), "a closed range wins over an open one");
}

#[test]
fn staged_writes_are_seen_by_reads_and_never_reach_the_disk() {
    let (disk, bench) = fake(100);
    let disk = share(disk);
    let mut guard = Guard::closed();
    guard.open(0, 100 * 512);
    let mut staged = Staged::new(disk, guard);
    staged.write_at(500, &[9; 30]).unwrap();
    let mut bytes = [0u8; 40];
    staged.read_at(495, &mut bytes).unwrap();
    assert_eq!(bytes[..5], [0; 5]);
    assert_eq!(bytes[5..35], [9; 30]);
    assert_eq!(bytes[35..], [0; 5]);
    let changes = staged.changes();
    assert_eq!(changes.iter().map(|change| change.lba).collect::<Vec<_>>(), [0, 1]);
    assert!(bench.lock().unwrap().writes.is_empty());
}

#[test]
fn a_staged_write_of_the_same_bytes_changes_nothing() {
    let (disk, _) = fake(100);
    let mut guard = Guard::closed();
    guard.open(0, 100 * 512);
    let mut staged = Staged::new(share(disk), guard);
    staged.write_at(512, &[0; 512]).unwrap();
    assert!(staged.changes().is_empty());
}

#[test]
fn a_staged_write_outside_the_identity_regions_is_refused() {
    let (disk, _) = fake(100);
    let mut guard = Guard::closed();
    guard.open(512, 512);
    let mut staged = Staged::new(share(disk), guard);
    let error = staged.write_at(1000, &[1; 100]).unwrap_err();
    assert!(matches!(error, ReadError::Refused { at: 1000, .. }), "{error:?}");
    assert!(staged.changes().is_empty());
}

#[test]
fn a_commit_writes_in_order_and_reads_back() {
    let (mut disk, bench) = fake(100);
    let changes = [change(5, 0, 1), change(3, 0, 2)];
    prove(&mut disk, &changes).unwrap();
    assert_eq!(bench.lock().unwrap().writes, [0u64; 0], "all old content is checked before the first write");
    commit(&mut disk, &changes, |_, _| true).unwrap();
    let bench = bench.lock().unwrap();
    assert_eq!(bench.writes, [5, 3]);
    assert_eq!(bench.reads, [5, 3, 5, 3], "old content checked, then each read back");
    assert_eq!(bench.blocks[&3], [2; 512]);
}

#[test]
fn a_write_the_card_drops_is_noticed() {
    let (mut disk, bench) = fake(100);
    bench.lock().unwrap().drop_write_at = Some(3);
    let error =
        commit(&mut disk, &[change(5, 0, 1), change(3, 0, 2), change(4, 0, 2)], |_, _| true).unwrap_err();
    assert!(matches!(error, CommitError::Mismatch { lba: 3, written: 1 }), "{error:?}");
    assert_eq!(bench.lock().unwrap().writes, [5, 3], "nothing is written after a block that failed");
}

#[test]
fn a_block_that_changed_since_the_plan_is_not_overwritten() {
    let (mut disk, bench) = fake(100);
    bench.lock().unwrap().blocks.insert(5, [8; 512]);
    let error = prove(&mut disk, &[change(5, 0, 1)]).unwrap_err();
    assert!(matches!(error, ProveError::Moved { lba: 5 }), "{error:?}");
    assert!(bench.lock().unwrap().writes.is_empty());
}

#[test]
fn a_commit_stops_between_blocks_when_asked() {
    let (mut disk, bench) = fake(100);
    let error = commit(&mut disk, &[change(5, 0, 1), change(3, 0, 2)], |index, _| index == 0).unwrap_err();
    assert!(matches!(error, CommitError::Interrupted { written: 1 }), "{error:?}");
    assert_eq!(bench.lock().unwrap().writes, [5]);
}

#[test]
fn an_archive_never_seems_to_know_what_it_did_not_keep() {
    let mut kept = KeptDisk::new(10_000);
    kept.keep(512, vec![1; 512]);
    kept.keep(1024, vec![2; 512]);
    kept.keep(4096, vec![3; 512]);
    let mut bytes = [0u8; 700];
    kept.read_at(600, &mut bytes).unwrap();
    assert_eq!((bytes[0], bytes[699]), (1, 2), "runs that touch are one");
    assert!(matches!(kept.read_at(1500, &mut [0; 100]), Err(ReadError::NotKept { .. })));
    assert!(matches!(kept.read_at(0, &mut [0; 1]), Err(ReadError::NotKept { .. })));
    let runs: Vec<(u64, usize)> = kept.runs_in(1000, 3200).map(|(at, bytes)| (at, bytes.len())).collect();
    assert_eq!(runs, [(1000, 536), (4096, 104)]);
}

#[test]
fn a_window_cannot_reach_outside_its_part() {
    let disk = share((0..=255u8).collect::<Vec<u8>>());
    let mut window = Window::new(disk.clone(), 100, 50);
    let mut bytes = [0u8; 2];
    window.read_at(48, &mut bytes).unwrap();
    assert_eq!(bytes, [148, 149]);
    assert!(window.read_at(49, &mut bytes).is_err());
    assert_eq!(lock(&disk).len(), 256);
}
