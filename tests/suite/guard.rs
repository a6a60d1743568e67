//! Claims about `guard`: whatever a flasher does to a phone, its own identity is on it in the end, or it is said why not; and
//! no other phone is ever written.

use std::time::Duration;

use nvkeep::app::archive::open_archive;
use nvkeep::app::backup::BackupRequest;
use nvkeep::app::carry::Offer;
use nvkeep::app::guard::{Ending, Flasher, GuardRequest, GuardResult, Outcome, guard_at};
use nvkeep::app::restore::{RestoreRequest, restore_at};
use nvkeep::app::{Event, Exit, Failure, Selection};
use nvkeep::simulator::{Area, Flash};
use nvkeep::transport::Fault;

use crate::support::workbench::{Workbench, built, same};

#[cfg(unix)]
mod program; // the real program with real flashers

/// A flasher that runs inside the test.
struct Closure<F> {
    obstacle: Option<String>,
    work: F,
}

impl<F: FnMut() -> std::io::Result<Ending>> Flasher for Closure<F> {
    fn name(&self) -> String {
        "flash firmware".into()
    }
    fn obstacle(&self) -> Option<String> {
        self.obstacle.clone()
    }
    fn run(&mut self) -> std::io::Result<Ending> {
        (self.work)()
    }
}

fn ended(exit: i32) -> std::io::Result<Ending> {
    Ok(Ending { exit: Some(exit), signal: None })
}

/// Guards the phone on the bench while `flash` is done to it.
fn guarded(bench: &Workbench, yes: bool, mut flash: impl FnMut(&Workbench)) -> Result<GuardResult, Failure> {
    let work = || {
        flash(bench);
        ended(0)
    };
    run(bench, yes, &mut Closure { obstacle: None, work })
}

fn run(bench: &Workbench, yes: bool, flasher: &mut dyn Flasher) -> Result<GuardResult, Failure> {
    let backup = BackupRequest { output: Some(bench.path("a.nvk")), ..BackupRequest::default() };
    let request = GuardRequest { backup, return_within: Duration::from_millis(300) };
    guard_at(&bench.context(), bench.port().as_mut(), &request, flasher, &mut |_| yes)
}

/// Every failure after the backup names the archive, and the archive is there.
fn names_the_archive(bench: &Workbench, failure: &Failure) {
    let archive = bench.path("a.nvk");
    let advice = failure.advice.as_deref().unwrap();
    assert!(advice.contains(&format!("nvkeep restore {}", archive.display())), "{advice}");
    assert!(archive.is_file());
}

fn imei(result: &GuardResult) -> String {
    result.after.survey.layers[0].imei[0].value.clone().unwrap()
}

#[test]
fn a_full_format_is_undone_with_the_phones_own_identity() {
    let bench = Workbench::with("mt6572");
    let result = guarded(&bench, true, |bench| bench.flash_becomes("mt6572-format-all")).unwrap();
    assert_eq!((result.outcome, result.whole_before, result.is_whole()), (Outcome::Restored, true, true));
    assert!(result.comparison.comparison.damaged_in_b);
    assert!(result.plan.as_ref().unwrap().blocks > 0 && result.journal.as_ref().unwrap().is_file());
    assert_eq!(imei(&result), "490154203237518");
    assert!(bench.inspect().unwrap().is_healthy());
}

#[test]
fn a_flash_that_touches_nothing_ends_without_a_write() {
    let bench = Workbench::with("mt6572");
    let before = bench.flash();
    let result = guarded(&bench, true, |_| {}).unwrap();
    assert_eq!((result.outcome, result.is_whole()), (Outcome::Untouched, true));
    assert!(result.comparison.comparison.same && result.plan.is_none() && result.journal.is_none());
    assert!(same(&bench.flash(), &before));
}

#[test]
fn wiped_user_data_that_the_next_boot_makes_again_is_no_damage() {
    let bench = Workbench::with("mt6572");
    let result = guarded(&bench, true, |bench| bench.flash_becomes("mt6572-userdata-wiped")).unwrap();
    assert!(!result.comparison.comparison.same, "the live tree is gone");
    assert_eq!((result.outcome, result.is_whole()), (Outcome::Untouched, true));
}

/// Another phone's partitions on this phone's card: whole, valid, and not its own.
fn donor(bench: &Workbench, names: &[&str]) {
    let (_, theirs) = built("mt6572-other-phone", None);
    bench.change(|flash| names.iter().for_each(|name| copy(&theirs, flash, name)));
}

fn copy(from: &Flash, to: &mut Flash, name: &str) {
    let (start, len) = crate::gpt_phones::place(name);
    let mut bytes = vec![0; len as usize];
    from.read(Area::User, start, &mut bytes).unwrap();
    to.write(Area::User, start, &bytes).unwrap();
}

#[test]
fn a_donors_nvram_is_damage_however_valid_it_is() {
    let bench = Workbench::with("mt6572");
    let everything = ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S", "USRDATA"];
    let mut judged = None;
    let result = guarded(&bench, true, |bench| {
        donor(bench, &everything);
        judged = Some(bench.inspect().unwrap());
    })
    .unwrap();
    let donated = judged.unwrap();
    assert!(donated.is_healthy() && donated.identities().contains(&"356938035643809".to_owned()));
    assert!(!result.comparison.comparison.damaged_in_b, "by itself it is whole");
    assert_eq!((result.outcome, result.is_whole()), (Outcome::Restored, true));
    assert_eq!(imei(&result), "490154203237518");
    assert!(!bench.inspect().unwrap().identities().contains(&"356938035643809".to_owned()));
}

#[test]
fn a_donors_nvram_is_not_called_whole_when_nothing_may_be_written() {
    let bench = Workbench::with("mt6572");
    let result = guarded(&bench, false, |bench| donor(bench, &["NVRAM", "PRO_INFO", "USRDATA"])).unwrap();
    assert!(result.after.is_healthy(), "{}", result.after.survey.verdict.summary);
    assert_eq!((result.outcome, result.is_whole()), (Outcome::NotRestored, false));
}

#[test]
fn half_a_sim_lock_lost_is_damage() {
    let bench = Workbench::with("mt6572");
    let result = guarded(&bench, true, |bench| bench.flash_becomes("mt6572-simlock-half-lost")).unwrap();
    assert_eq!((result.outcome, result.is_whole()), (Outcome::Restored, true));
}

#[test]
fn a_lost_second_copy_is_put_back_although_the_phone_would_boot() {
    let bench = Workbench::with("mt6572");
    let (start, len) = crate::gpt_phones::place("PRO_INFO");
    let before = bench.read(start, 0x1000);
    let result = guarded(&bench, true, |bench| {
        bench.change(|flash| flash.fill(Area::User, start, len, 0).unwrap());
        assert_ne!(bench.read(start, 0x1000), before);
    })
    .unwrap();
    assert_eq!(result.outcome, Outcome::Restored);
    assert_eq!(bench.read(start, 0x1000), before);
}

#[test]
fn a_plan_that_is_not_confirmed_is_shown_and_not_written() {
    let bench = Workbench::with("mt6572");
    let mut lost = None;
    let result = guarded(&bench, false, |bench| {
        bench.flash_becomes("mt6572-format-all");
        lost = Some(bench.flash());
    })
    .unwrap();
    assert_eq!((result.outcome, result.is_whole()), (Outcome::NotRestored, false));
    assert!(result.plan.unwrap().blocks > 0 && result.journal.is_none());
    assert!(!result.after.is_healthy());
    assert!(same(&bench.flash(), &lost.unwrap()));
}

#[test]
fn a_flasher_that_fails_is_told_and_the_phone_is_restored_all_the_same() {
    let bench = Workbench::with("mt6572");
    let work = || {
        bench.flash_becomes("mt6572-torn-binregion");
        ended(17)
    };
    let result = run(&bench, true, &mut Closure { obstacle: None, work }).unwrap();
    assert_eq!((result.flasher.ending.exit, result.outcome), (Some(17), Outcome::Restored));
    assert!(result.is_whole());
    assert!(bench.warnings().iter().any(|said| said.contains("exit code 17")), "{:?}", bench.warnings());
}

#[test]
fn a_flasher_that_cannot_be_started_leaves_an_archive() {
    let bench = Workbench::with("mt6572");
    let before = bench.flash();
    let work = || Err(std::io::ErrorKind::NotFound.into());
    let failure =
        run(&bench, true, &mut Closure { obstacle: Some("no such program".into()), work }).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("flasher-not-started", Exit::Usage));
    names_the_archive(&bench, &failure);
    // Told before anybody waits for a phone, so before the first step.
    let events = bench.events.lock().unwrap();
    assert!(
        matches!(&events[0], Event::Warning(said) if said.contains("no such program")),
        "{:?}",
        events[0]
    );
    drop(events);
    assert!(same(&bench.flash(), &before));
}

#[test]
fn another_phone_that_comes_back_is_never_written() {
    let bench = Workbench::with("mt6572");
    let failure = guarded(&bench, true, |bench| bench.phone_becomes("mt6572-other-phone")).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("other-phone", Exit::Forbidden));
    names_the_archive(&bench, &failure);
    assert!(failure.message.contains("exit code 0"), "{failure}");
    assert!(same(&bench.flash(), &built("mt6572-other-phone", None).1));
}

#[test]
fn a_clone_is_another_phone_although_its_copies_agree() {
    let bench = Workbench::with("mt6572");
    let mut cloned = None;
    let failure = guarded(&bench, true, |bench| {
        let ours = bench.flash();
        bench.phone_becomes("mt6572-other-phone");
        bench.change(|flash| {
            for name in ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S", "USRDATA"] {
                copy(&ours, flash, name);
            }
        });
        cloned = Some(bench.flash());
    })
    .unwrap_err();
    assert_eq!((failure.code, failure.exit), ("other-phone", Exit::Forbidden));
    assert!(same(&bench.flash(), &cloned.unwrap()));
}

#[test]
fn a_phone_that_does_not_come_back_is_told_with_the_way_on() {
    let bench = Workbench::with("mt6572");
    let failure = guarded(&bench, true, |bench| *bench.slot.phone() = None).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("not-back", Exit::NoPhone));
    names_the_archive(&bench, &failure);
    assert!(failure.advice.unwrap().contains("nothing to resume"));
}

#[test]
fn a_rom_that_moves_the_partitions_is_refused_with_its_reason() {
    let bench = Workbench::with("mt6572");
    let mut flashed = None;
    let failure = guarded(&bench, true, |bench| {
        bench.flash_becomes("lr12a");
        flashed = Some(bench.flash());
    })
    .unwrap_err();
    assert_eq!((failure.code, failure.exit), ("other-layout", Exit::Forbidden), "{failure}");
    names_the_archive(&bench, &failure);
    assert!(same(&bench.flash(), &flashed.unwrap()));
}

#[test]
fn a_rom_with_another_table_that_keeps_the_places_is_restored() {
    let bench = Workbench::with("mt6572");
    let (start, len) = crate::gpt_phones::place("NVRAM");
    let result = guarded(&bench, true, |bench| {
        *bench.slot.phone() = crate::gpt_phones::phone(false).slot.phone().take();
        bench.change(|flash| flash.fill(Area::User, start, len, 0).unwrap());
    })
    .unwrap();
    assert_eq!((result.outcome, result.is_whole()), (Outcome::Restored, true));
}

#[test]
fn tables_that_disagree_after_the_flash_forbid_writing() {
    let bench = Workbench::with("mt6572");
    let mut flashed = None;
    let failure = guarded(&bench, true, |bench| {
        bench.flash_becomes("mt6572-pmt-disagree");
        let (start, len) = crate::gpt_phones::place("NVRAM");
        bench.change(|flash| flash.fill(Area::User, start, len, 0).unwrap());
        flashed = Some(bench.flash());
    })
    .unwrap_err();
    assert_eq!((failure.code, failure.exit), ("layout-unproven", Exit::Forbidden), "{failure}");
    names_the_archive(&bench, &failure);
    assert!(same(&bench.flash(), &flashed.unwrap()));
}

#[test]
fn damage_of_before_is_not_laid_at_the_flashers_door() {
    let bench = Workbench::with("mt6572-imei-null");
    let before = bench.flash();
    let result = guarded(&bench, true, |_| {}).unwrap();
    assert_eq!((result.outcome, result.whole_before, result.is_whole()), (Outcome::Untouched, false, false));
    assert!(same(&bench.flash(), &before));
}

#[test]
fn an_unfinished_write_is_refused_before_the_flasher_runs() {
    let bench = Workbench::with("mt6572");
    bench.backup("old.nvk").unwrap();
    bench.flash_becomes("mt6572-format-all");
    let archive = open_archive(&bench.path("old.nvk")).unwrap();
    let request =
        RestoreRequest { archive: bench.path("old.nvk"), dry_run: false, selection: Selection::All };
    let faults = bench.faults.clone();
    // The moment of consent is the last before the writing: blocks are proven and written a while after it.
    let mut consent = |_: Offer<'_>| {
        let _ = faults.clone().and(faults.transfers() + 60_000, Fault::Cut);
        true
    };
    let failure =
        restore_at(&bench.context(), bench.port().as_mut(), &archive, &request, &mut consent).unwrap_err();
    assert!(failure.advice.as_deref().unwrap_or_default().contains("nvkeep resume"), "{failure:?}");
    let mut ran = false;
    let failure = guarded(&bench, true, |_| ran = true).unwrap_err();
    assert_eq!((failure.code, ran), ("journal-open", false), "{failure}");
}

#[test]
fn a_cable_pulled_in_the_restore_names_journal_and_archive() {
    let bench = Workbench::with("mt6572");
    let backup = BackupRequest { output: Some(bench.path("a.nvk")), ..BackupRequest::default() };
    let request = GuardRequest { backup, return_within: Duration::from_millis(300) };
    let work = || {
        bench.flash_becomes("mt6572-format-all");
        ended(0)
    };
    let faults = bench.faults.clone();
    let mut consent = |_: Offer<'_>| {
        let _ = faults.clone().and(faults.transfers() + 60_000, Fault::Cut);
        true
    };
    let flasher = &mut Closure { obstacle: None, work };
    let failure =
        guard_at(&bench.context(), bench.port().as_mut(), &request, flasher, &mut consent).unwrap_err();
    assert_eq!(failure.code, "write-incomplete", "{failure:?}");
    names_the_archive(&bench, &failure);
    let advice = failure.advice.unwrap();
    assert!(advice.contains("nvkeep resume") && advice.contains(".journal"), "{advice}");
    assert!(advice.find("nvkeep resume") < advice.find("nvkeep restore"), "first things first: {advice}");
}
