//! What a write leaves behind before it starts.

use std::fs;
use std::path::Path;

use nvkeep::vault::{BLOCK_LEN, Block, Journal, JournalHeader, VaultError};
use tempfile::tempdir;

use crate::support::Random;

fn header(cid: &str) -> JournalHeader {
    JournalHeader {
        created: "2026-01-02T03:04:05Z".into(),
        chip: "MT6572".into(),
        cid: cid.into(),
        title: "restore the identity set".into(),
    }
}

fn blocks(count: u64) -> Vec<Block> {
    (0..count)
        .map(|n| Block { lba: 100 + 3 * n, old: [n as u8; BLOCK_LEN], new: [0xA0 | n as u8; BLOCK_LEN] })
        .collect()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn comes_back_as_it_was_written_and_only_for_its_phone() {
    let dir = tempdir().unwrap();
    let made = Journal::create(dir.path(), &header("aa11"), &blocks(3)).unwrap();
    Journal::create(dir.path(), &header("bb22"), &blocks(1)).unwrap();
    let found = Journal::open_for(dir.path(), "AA11").unwrap();
    assert_eq!(found, [made]);
    assert_eq!(found[0].blocks(), blocks(3));
    assert_eq!(found[0].header(), &header("aa11"));
}

#[test]
fn a_done_journal_is_kept_but_no_longer_unfinished() {
    let dir = tempdir().unwrap();
    let first = Journal::create(dir.path(), &header("aa11"), &blocks(2)).unwrap().mark_done().unwrap();
    let second = Journal::create(dir.path(), &header("aa11"), &blocks(1)).unwrap().mark_done().unwrap();
    assert!(Journal::open_for(dir.path(), "aa11").unwrap().is_empty());
    assert_ne!(first, second, "a second write in the same second must not replace the first's way back");
    assert_eq!(Journal::open(&first).unwrap().blocks(), blocks(2));
}

#[test]
fn a_folder_that_is_not_there_has_none_and_takes_none() {
    let dir = tempdir().unwrap();
    let missing = dir.path().join("no");
    assert!(Journal::open_for(&missing, "aa11").unwrap().is_empty());
    assert_eq!(Journal::create(&missing, &header("aa11"), &blocks(1)).unwrap_err().code(), "vault-io");
}

#[test]
fn blocks_out_of_order_twice_or_absent_are_refused_and_leave_nothing() {
    let dir = tempdir().unwrap();
    let mut twice = blocks(2);
    twice[1].lba = twice[0].lba;
    let mut backwards = blocks(2);
    backwards.reverse();
    for bad in [twice, backwards, Vec::new()] {
        let error = Journal::create(dir.path(), &header("aa11"), &bad).unwrap_err();
        assert_eq!(error.code(), "journal-corrupt");
    }
    assert!(names(dir.path()).is_empty());
}

#[test]
fn torn_at_any_byte_it_is_refused_by_name() {
    let dir = tempdir().unwrap();
    let path = Journal::create(dir.path(), &header("aa11"), &blocks(2)).unwrap().path().to_path_buf();
    let whole = fs::read(&path).unwrap();
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        match Journal::open_for(dir.path(), "aa11") {
            Err(VaultError::Journal { path: named, .. }) => assert_eq!(named, path),
            other => panic!("cut to {len}: {other:?}"),
        }
    }
}

#[test]
fn changed_in_any_byte_it_is_refused() {
    let dir = tempdir().unwrap();
    let path = Journal::create(dir.path(), &header("aa11"), &blocks(1)).unwrap().path().to_path_buf();
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        assert!(Journal::open(&path).is_err(), "byte {at}");
    }
}

#[test]
fn damaged_by_seed_it_is_refused_or_the_same() {
    let dir = tempdir().unwrap();
    let made = Journal::create(dir.path(), &header("aa11"), &blocks(2)).unwrap();
    let whole = fs::read(made.path()).unwrap();
    let mut random = Random::new(7);
    for _ in 0..2000 {
        let bytes = random.damage(&whole);
        fs::write(made.path(), &bytes).unwrap();
        if bytes == whole {
            assert_eq!(Journal::open(made.path()).unwrap(), made);
        } else {
            assert!(Journal::open(made.path()).is_err());
        }
    }
}
