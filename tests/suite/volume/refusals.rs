//! Refusals, each with its own sentence and nothing staged; the disk's own failures; volumes damaged by seed.

use std::collections::BTreeMap;

use nvkeep::formats::{ReadAt, ReadError};
use nvkeep::storage::volume::{Existing, VolumeError, create};
use nvkeep::storage::{Guard, Place, Staged, share, shared::lock};

use super::{KINDS, NOW, content, dirty, few, file, refusal, run_on};
use crate::support::Random;
use crate::support::e2fsprogs::{debugfs, have_tools, make};

#[test]
fn what_stands_in_the_way_is_named() {
    if !have_tools("volume::refusals::what_stands_in_the_way_is_named") {
        return;
    }
    let commands = "symlink link md\nsymlink md/other ../large\nsif APCFG/APRDEB/WIFI links_count 2\n";
    let image = make(KINDS[0].1, KINDS[0].2, &content(), commands);
    let one = |path: &str, existing| refusal(&image, &[file(path, vec![1; 10], existing)]);
    let (refuse, replace) = (Existing::Refuse, Existing::Replace);
    assert!(matches!(one("link/new", refuse), VolumeError::Symlink { path } if path == "/link"));
    assert!(matches!(one("md/other", replace), VolumeError::Symlink { path } if path == "/md/other"));
    assert!(matches!(one("large/new", refuse), VolumeError::NotAFolder { path } if path == "/large"));
    assert!(matches!(one("large", refuse), VolumeError::Exists { path } if path == "/large"));
    assert!(matches!(one("md/NVRAM", replace), VolumeError::NotReplaceable { .. }));
    assert!(matches!(one("APCFG/APRDEB/WIFI", replace), VolumeError::NotReplaceable { .. }));
    for path in ["", "/", "a//b", "a/../b", "./a", "a/", "a\0b", &"x".repeat(256)] {
        assert!(matches!(one(path, refuse), VolumeError::Path { .. }), "{path:?}");
    }
    let twice = [file("new", vec![1], refuse), file("new", vec![2], refuse)];
    assert!(matches!(refusal(&image, &twice), VolumeError::Exists { .. }));
    let through = [file("new", vec![1], refuse), file("new/more", vec![2], refuse)];
    assert!(matches!(refusal(&image, &through), VolumeError::NotAFolder { .. }));
}

#[test]
fn a_full_volume_is_refused_before_anything_is_staged() {
    if !have_tools("volume::refusals::a_full_volume_is_refused_before_anything_is_staged") {
        return;
    }
    let small: &[&str] =
        &["-t", "ext4", "-b", "1024", "-N", "128", "-O", "^has_journal,^metadata_csum,^64bit"];
    let image = make(small, 2048, &content(), "");
    let large = refusal(&image, &[file("new", vec![1; 3 << 20], Existing::Refuse)]);
    assert!(matches!(large, VolumeError::NoRoom { .. }));
    let several: Vec<_> =
        (0..40).map(|at| file(&format!("n{at}"), vec![1; 100_000], Existing::Refuse)).collect();
    assert!(matches!(refusal(&image, &several), VolumeError::NoRoom { .. }));
    let many: Vec<_> = (0..300).map(|at| file(&format!("n{at}"), vec![1], Existing::Refuse)).collect();
    assert!(matches!(refusal(&image, &many), VolumeError::NoInode { .. }));
}

#[test]
fn foreign_features_and_recorded_errors_are_refused() {
    if !have_tools("volume::refusals::foreign_features_and_recorded_errors_are_refused") {
        return;
    }
    let one = [file("new", vec![1], Existing::Refuse)];
    for (feature, more) in [
        ("inline_data", &[][..]),
        ("encrypt", &[]),
        ("casefold", &["-E", "encoding=utf8"]),
        ("bigalloc", &[]),
        ("quota", &[]),
        ("ea_inode", &[]),
        ("mmp", &[]),
        ("large_dir", &[]),
        ("verity", &[]),
        ("fast_commit", &[]),
        ("meta_bg,^resize_inode", &[]),
    ] {
        let arguments = [&["-t", "ext4", "-b", "4096", "-O", feature], more].concat();
        let image = make(&arguments, 32768, &BTreeMap::new(), "");
        let error = refusal(&image, &one);
        let name = feature.split(',').next().unwrap();
        let said = error.to_string();
        // Our reader, which looks first, knows bigalloc and meta_bg by itself.
        assert!(matches!(error, VolumeError::Feature { .. } | VolumeError::Volume(_)), "{feature}: {said}");
        assert!(said.contains(name) || name == "meta_bg", "{feature}: {said}");
    }
    let ext3 = make(&["-t", "ext3", "-b", "1024"], 10240, &content(), "");
    assert!(matches!(refusal(&ext3, &one), VolumeError::Feature { .. }));
    let (arguments, kib) = (KINDS[0].1, KINDS[0].2);
    let errors = make(arguments, kib, &content(), "ssv state 3\n");
    assert!(matches!(refusal(&errors, &one), VolumeError::Errors { .. }));
    let unclean = make(arguments, kib, &content(), "ssv state 0\n");
    assert!(matches!(refusal(&unclean, &one), VolumeError::NotClean));
    let (stray, _) = debugfs(&dirty(arguments, kib).0, "feature -needs_recovery\n");
    assert!(matches!(refusal(&stray, &one), VolumeError::StrayJournal));
    assert!(matches!(refusal(&vec![0; 1 << 20], &one), VolumeError::Volume(_)));
    assert!(matches!(refusal(&Random::new(2).bytes(1 << 20), &one), VolumeError::Volume(_)));
}

#[test]
fn a_closed_guard_and_a_dead_cable_come_through_as_they_are() {
    struct Dying(Vec<u8>, usize);
    impl ReadAt for Dying {
        fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
            if self.1 == 0 {
                return Err(ReadError::Device { code: "cable-gone", what: "cable gone".into() });
            }
            self.1 -= 1;
            self.0.read_at(at, into)
        }
        fn len(&self) -> u64 {
            self.0.len() as u64
        }
    }
    if !have_tools("volume::refusals::a_closed_guard_and_a_dead_cable_come_through_as_they_are") {
        return;
    }
    let image = make(KINDS[0].1, KINDS[0].2, &content(), "");
    let place = Place { name: "NVDATA".into(), start: 0, len: image.len() as u64 };
    let closed = share(Staged::new(share(image.clone()), Guard::closed()));
    let refused = create(&closed, &place, &few(), NOW);
    assert!(matches!(refused, Err(VolumeError::Disk(ReadError::Refused { .. }))), "{refused:?}");
    assert!(lock(&closed).changes().is_empty());
    let mut died = 0;
    for reads in 0.. {
        let mut guard = Guard::closed();
        guard.open(0, place.len);
        let staged = share(Staged::new(share(Dying(image.clone(), reads)), guard));
        match create(&staged, &place, &few(), NOW) {
            Ok(_) => break,
            Err(VolumeError::Disk(ReadError::Device { code: "cable-gone", .. })) => died += 1,
            Err(VolumeError::Volume(nvkeep::formats::ext4::Ext4Error::Read(ReadError::Device {
                code,
                ..
            }))) => {
                assert_eq!(code, "cable-gone");
                died += 1;
            }
            Err(other) => panic!("a dead cable became: {other}"),
        }
    }
    assert!(died > 20, "{died}");
}

#[test]
fn damaged_volumes_never_panic_or_loop() {
    if !have_tools("volume::refusals::damaged_volumes_never_panic_or_loop") {
        return;
    }
    let mut random = Random::new(77);
    let plain = make(&["-t", "ext4", "-b", "1024", "-O", "^metadata_csum,^64bit"], 2048, &content(), "");
    let (journal, _) =
        dirty(&["-t", "ext4", "-b", "1024", "-J", "size=1", "-O", "^resize_inode,^metadata_csum"], 4096);
    let mut refused = 0;
    for image in [plain, journal] {
        // Where the structures are: what is not zero before the content of files.
        let hot: Vec<usize> = (0..0x8_0000).filter(|at| image[*at] != 0).collect();
        for _ in 0..1000 {
            let mut damaged = image.clone();
            for _ in 0..=random.below(6) {
                let at = hot[random.below(hot.len() as u64) as usize];
                damaged[at] = [0, 0xFF, 0x7F, 0x80, random.next() as u8][random.below(5) as usize];
            }
            let done = run_on(&damaged, &few());
            refused += u32::from(done.result.is_err());
            assert!(done.result.is_ok() || done.changes.is_empty());
        }
    }
    assert!(refused > 20, "the damage was seen only {refused} times");
}
