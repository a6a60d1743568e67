//! Blocks that begin like a sparse image, which an agent writes along with the block before them: power that is lost while the
//! card programs that one tears a block the plan never meant. The journal holds it too.

use nvkeep::app::archive::open_archive;
use nvkeep::app::restore::RestoreRequest;
use nvkeep::app::session::connect_at;
use nvkeep::app::{Exit, Selection};
use nvkeep::formats::binregion::{self, BinRegion};
use nvkeep::simulator::agent::{Dialect, Recipe};
use nvkeep::simulator::build::binregion::checksum;
use nvkeep::simulator::{Area, CardFault, Flash, Leaves};
use nvkeep::wire::agent::SPARSE_MAGIC;

use super::{BOTH, bench};
use crate::faults::resume::{Cut, WAYS, interrupted};
use crate::faults::subject::{Kept, Subject, Verb};
use crate::faults::table::{Left, Outcome};
use crate::support::workbench::{Workbench, same};

/// Blocks that an agent may write before one that looks sparse.
const BEFORE: u64 = 8;

fn read(flash: &Flash, at: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    flash.read(Area::User, at, &mut bytes).unwrap();
    bytes
}

/// Returns where NVRAM lies, and its region.
fn region(bench: &Workbench) -> (u64, BinRegion) {
    let session = connect_at(&bench.context(), bench.port().as_mut()).unwrap();
    let place = session.layout.find("NVRAM").unwrap().clone();
    drop(session);
    let mut bytes = read(&bench.flash(), place.start, place.len as usize);
    (place.start, binregion::parse(&mut bytes).unwrap())
}

/// Returns a block inside a file of calibration, in the user area.
fn block_of(at: u64, region: &BinRegion) -> u64 {
    let inside = |(start, len): &(u64, u64)| {
        let first = (at + start).next_multiple_of(512);
        (first + 512 <= at + start + len).then_some(first / 512)
    };
    let files = region.files.iter().filter(|file| file.name.contains("CALIBRAT"));
    files.flat_map(|file| &file.extents).find_map(inside).unwrap()
}

/// The phone's region comes to hold a block that looks sparse, its sum right.
fn begins_sparse(bench: &Workbench) -> u64 {
    let (at, region) = region(bench);
    let lba = block_of(at, &region);
    bench.change(|flash| {
        assert_ne!(read(flash, lba * 512, 4), SPARSE_MAGIC);
        flash.write(Area::User, lba * 512, &SPARSE_MAGIC).unwrap();
        let data: Vec<u8> = region
            .data_extents
            .iter()
            .flat_map(|(start, len)| read(flash, at + start, *len as usize))
            .take(region.data.len())
            .collect();
        for place in [Some(region.checksum_at), region.tail_checksum_at()].into_iter().flatten() {
            flash.write(Area::User, at + place, &checksum(&data).to_le_bytes()).unwrap();
        }
    });
    lba
}

/// A restore of a block that looks sparse, over one that was zeroed; returns its number too.
fn restore_of_one(dialect: Dialect) -> (Subject, u64) {
    let bench = bench("mt6572", dialect);
    let lba = begins_sparse(&bench);
    bench.backup("a.nvk").unwrap();
    bench.change(|flash| flash.write(Area::User, lba * 512, &[0; 512]).unwrap());
    (subject(bench), lba)
}

/// The same where the block before it changes too: it is in the journal for itself.
fn restore_of_two(dialect: Dialect) -> (Subject, u64) {
    let bench = bench("mt6572", dialect);
    let lba = begins_sparse(&bench);
    bench.backup("a.nvk").unwrap();
    bench.change(|flash| flash.write(Area::User, (lba - 1) * 512, &[0; 1024]).unwrap());
    (subject(bench), lba)
}

/// A restore over a block that came to look sparse: only an undo writes it.
fn restore_over_one(dialect: Dialect) -> (Subject, u64) {
    let bench = bench("mt6572", dialect);
    bench.backup("a.nvk").unwrap();
    let (at, region) = region(&bench);
    let lba = block_of(at, &region);
    bench.change(|flash| flash.write(Area::User, lba * 512, &SPARSE_MAGIC).unwrap());
    (subject(bench), lba)
}

fn subject(bench: Workbench) -> Subject {
    let archive = open_archive(&bench.path("a.nvk")).unwrap();
    let request = RestoreRequest { archive: bench.path("a.nvk"), dry_run: false, selection: Selection::All };
    Subject::of(bench, Verb::Restore(Box::new(archive), request))
}

fn lost_at(nth: u64) -> Vec<CardFault> {
    vec![CardFault::PowerLoss { nth, leaves: Leaves::Garbage }]
}

fn is_whole(subject: &Subject, lba: u64) -> bool {
    let old = read(&subject.old, lba * 512, 512);
    assert_eq!(old, read(&subject.new, lba * 512, 512), "the plan changes it");
    read(&subject.bench.flash(), lba * 512, 512) == old
}

#[test]
fn the_journal_holds_what_may_be_written_along() {
    for of_one in [restore_of_one, restore_over_one] {
        let (mut subject, lba) = of_one(Dialect::D19);
        let blocks = subject.blocks();
        assert!((lba - BEFORE..=lba).all(|block| blocks.contains(&block)), "{lba} in {blocks:?}");
        // And nothing of it where no agent writes.
        subject.bench.directly();
        let blocks = subject.blocks();
        assert!(blocks.contains(&lba) && !blocks.contains(&(lba - 1)), "{lba} in {blocks:?}");
    }
}

#[test]
fn power_lost_in_the_neighbour_of_a_restore_is_finished_and_taken_back() {
    for dialect in BOTH {
        let (mut subject, lba) = restore_of_one(dialect);
        let mut torn = 0;
        for nth in 1.. {
            subject.again();
            subject.card(lost_at(nth));
            let result = subject.run();
            if result.is_ok() {
                break; // power is lost behind the last block
            }
            torn += u32::from(!is_whole(&subject, lba - 1));
            let outcome = subject.settle(&result, false, false);
            assert!(matches!(outcome, Outcome::Journal(_)), "block {nth}: {outcome:?}, {result:?}");
        }
        assert_eq!(torn, 1, "{dialect:?}");
    }
}

#[test]
fn power_lost_in_the_neighbour_of_an_undo_is_finished_and_taken_back() {
    for dialect in BOTH {
        let (mut subject, lba) = restore_over_one(dialect);
        let (left, kept, _) = interrupted(&mut subject, Cut::Late);
        let mut torn = 0;
        for nth in 1.. {
            subject.lay(left.clone(), Some(&kept));
            subject.card(lost_at(nth));
            let result = subject.resume(true).map(drop);
            if result.is_ok() {
                break;
            }
            torn += u32::from(!is_whole(&subject, lba - 1));
            let outcome = subject.settle(&result, true, false);
            assert!(matches!(outcome, Outcome::Journal(Left::Half | Left::New)), "{nth}: {outcome:?}");
        }
        assert_eq!(torn, 1, "{dialect:?}");
    }
}

/// A card may lose more of one packet than one block; never blocks that lie apart.
#[test]
fn a_block_torn_with_its_neighbours_is_believed_to_be_one_loss() {
    for of_some in [restore_of_one, restore_of_two] {
        let (subject, lba) = of_some(Dialect::D19);
        torn_together(subject, lba);
    }
}

fn torn_together(mut subject: Subject, lba: u64) {
    let (left, kept, _) = interrupted(&mut subject, Cut::Early);
    for (torn, believed) in
        [(vec![lba - 1, lba], true), (vec![lba - 2, lba - 1, lba], true), (vec![lba - 2, lba], false)]
    {
        for by_agent in [true, false] {
            for (undo, way) in WAYS {
                subject.lay(left.clone(), Some(&kept));
                torn.iter().for_each(|lba| {
                    subject.bench.change(|flash| flash.write(Area::User, lba * 512, &[0xA5; 512]).unwrap());
                });
                match by_agent {
                    true => subject.bench.by_agent(&Recipe::of(Dialect::D19)),
                    false => subject.bench.directly(),
                }
                let result = subject.resume(undo);
                let wanted = if undo { &subject.old } else { &subject.new };
                match believed {
                    true => {
                        assert!(result.is_ok() && same(&subject.bench.flash(), wanted), "{way}: {result:?}")
                    }
                    false => assert_eq!(result.unwrap_err().code, "phone-changed"),
                }
            }
        }
    }
}

/// The direct engine writes single blocks, and its journal holds no others.
#[test]
fn a_journal_without_the_neighbours_is_left_to_the_engine_that_made_it() {
    for (of_one, cut, undo) in [
        (restore_of_one as fn(Dialect) -> (Subject, u64), Cut::Early, false),
        (restore_over_one, Cut::Late, true),
    ] {
        let (mut subject, lba) = of_one(Dialect::D13);
        subject.bench.directly();
        subject = subject.taken_again();
        let (left, kept, _) = interrupted(&mut subject, cut);
        let before = subject.bench.flash();
        subject.lay(left, Some(&kept));
        subject.bench.by_agent(&Recipe::of(Dialect::D13));
        let failure = subject.resume(undo).unwrap_err();
        assert_eq!((failure.code, failure.exit), ("agent-sparse", Exit::Forbidden), "{failure:?}");
        assert!(failure.message.contains(&format!("{lba:#x}")), "{failure:?}");
        let wanted =
            if undo { "nvkeep resume --undo --engine direct" } else { "nvkeep resume --engine direct" };
        assert!(failure.advice.unwrap().contains(wanted));
        assert!(same(&subject.bench.flash(), &before), "it was written");
        let open = subject.open_journals();
        assert_eq!(Kept::of(&open[0]).bytes, kept.bytes);
        subject.bench.directly();
        let result = subject.resume(undo).map(drop);
        assert_eq!(subject.settle(&result, undo, false), Outcome::Done);
    }
}

/// The first block of a partition has neighbours that are somebody else's.
#[test]
fn a_block_whose_neighbours_lie_in_another_partition_is_refused_before_anything_is_written() {
    for dialect in BOTH {
        let bench = bench("mt6572", dialect);
        bench.backup("a.nvk").unwrap();
        let session = connect_at(&bench.context(), bench.port().as_mut()).unwrap();
        let at = session.layout.find("PRO_INFO").unwrap().start;
        drop(session);
        bench.change(|flash| flash.write(Area::User, at, &SPARSE_MAGIC).unwrap());
        let before = bench.flash();
        let failure = bench.restore("a.nvk").unwrap_err();
        assert_eq!((failure.code, failure.exit), ("agent-sparse", Exit::Forbidden), "{failure:?}");
        assert!(failure.advice.unwrap().contains("--engine direct"));
        assert!(same(&bench.flash(), &before));
        let journals = std::fs::read_dir(bench.path("journals")).map_or(0, Iterator::count);
        assert_eq!(journals, 0);
        bench.directly();
        assert!(bench.restore("a.nvk").unwrap().written);
    }
}
