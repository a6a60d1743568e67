//! The commit of a changed volume cut before every block: e2fsck mends what is there, and no old file is lost.

use std::collections::BTreeMap;

use nvkeep::storage::BlockChange;
use nvkeep::storage::volume::Existing;

use super::{KINDS, LOOKS, assert_sound, carried, content, dirty, expected, few, read_all, run_on};
use crate::support::e2fsprogs::{e2fsck, have_tools, make};

/// Cuts the commit before every block and lets e2fsck mend what is there; all old files must be whole, and a replaced one
/// be the old or the new.
fn cut_everywhere(name: &str, image: &[u8], old: &BTreeMap<String, Vec<u8>>) {
    let wanted = few();
    let done = run_on(image, &wanted);
    done.result.unwrap_or_else(|error| panic!("{name}: {error}"));
    for count in 0..=done.changes.len() {
        let cut = carried(image, &done.changes, count);
        let (code, said, mended) = e2fsck(&cut, "-fy");
        assert!(code <= 1, "{name}, cut before {count}: e2fsck {code}: {said}");
        if count % 8 == 0 {
            assert_sound(name, &mended);
        }
        let found = read_all(&mended);
        for (path, bytes) in old {
            let new = wanted.iter().find(|one| one.path == *path).map(|one| &one.bytes);
            let now = found.get(path);
            assert!(
                now == Some(bytes) || (new.is_some() && now == new),
                "{name}, cut before {count}: {path}"
            );
        }
        if count == done.changes.len() {
            assert!(found == expected(old.clone(), &wanted), "{name}");
        }
    }
}

#[test]
fn a_cut_at_any_block_costs_no_old_file() {
    if !have_tools("volume::cuts::a_cut_at_any_block_costs_no_old_file") {
        return;
    }
    for (name, arguments, kib) in KINDS {
        let kib = if arguments.contains(&"1024") { 4096.max(kib / 4) } else { kib.min(10240) };
        if !matches!(name, "groups_1k" | "flex_4k" | "wide_4k") {
            cut_everywhere(name, &make(arguments, kib, &content(), LOOKS), &content());
        }
    }
}

#[test]
fn a_cut_while_a_replayed_journal_is_carried_over_costs_no_old_file() {
    if !have_tools("volume::cuts::a_cut_while_a_replayed_journal_is_carried_over_costs_no_old_file") {
        return;
    }
    for (name, arguments, _) in [KINDS[0], KINDS[1], KINDS[7]] {
        let (image, files) = dirty(arguments, 10240);
        cut_everywhere(name, &image, &files);
    }
}

#[test]
fn in_the_order_of_addresses_a_cut_would_tear_a_replaced_file() {
    if !have_tools("volume::cuts::in_the_order_of_addresses_a_cut_would_tear_a_replaced_file") {
        return;
    }
    let image = make(KINDS[1].1, 4096, &content(), LOOKS);
    let (old, wanted) = (content(), few());
    let replaced =
        wanted.iter().find(|one| one.existing == Existing::Replace && one.path.contains("MT05")).unwrap();
    let done = run_on(&image, &wanted);
    let created = done.result.unwrap();
    let torn = |changes: &[BlockChange]| {
        let whole = |count: &usize| {
            let found = read_all(&e2fsck(&carried(&image, changes, *count), "-fy").2);
            let now = found.get(&replaced.path);
            now == Some(&replaced.bytes) || now == old.get(&replaced.path)
        };
        (0..changes.len()).filter(|count| !whole(count)).count()
    };
    let mut changes = done.changes;
    changes.sort_by_key(|change| change.lba);
    assert!(torn(&changes) > 0, "the sweep sees no difference");
    changes.sort_by_key(|change| created.rank(change.lba));
    assert_eq!(torn(&changes), 0);
    assert_eq!(created.rank(u64::MAX), 0, "blocks of others come first");
}
