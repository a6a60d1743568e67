//! The journal of a write, with its digest put right half of the time. The file has no name: nothing is left behind.
#![no_main]

use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use nvkeep::vault::Journal;
use sha2::{Digest, Sha256};

const MAGIC: &[u8] = b"nvkeep-journal/1\n";

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    let mut journal = bytes[..bytes.len().min(64 << 10)].to_vec();
    if flag & 1 == 1 {
        journal.splice(..0, MAGIC.iter().copied());
        let digest = Sha256::digest(&journal);
        journal.extend_from_slice(&digest);
    }
    let Some(opened) = open(&journal) else { return };
    assert!(!opened.blocks().is_empty());
    assert!(opened.blocks().is_sorted_by(|a, b| a.lba < b.lba));
    if flag & 2 == 2 {
        let folder = tempfile::tempdir().expect("a folder for a journal");
        let written = Journal::create(folder.path(), opened.header(), opened.blocks()).expect("was read");
        let again = Journal::open(written.path()).expect("was written");
        assert_eq!(again.header(), opened.header());
        assert_eq!(again.blocks(), opened.blocks());
    }
});

fn open(bytes: &[u8]) -> Option<Journal> {
    let mut file = tempfile::tempfile().expect("a file without a name");
    file.write_all(bytes).expect("written");
    Journal::open(&PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))).ok()
}
