//! Backups whose phone leaves and is plugged in again: the archive is the one that nothing disturbed, block for block, and what
//! was read is not read again; unless the phone may have written in between.

use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use nvkeep::app::backup::{BackupRequest, BackupResult, backup_at};
use nvkeep::app::guard::{Ending, Flasher, GuardRequest, guard_at};
use nvkeep::app::session::connect_at;
use nvkeep::app::{Exit, Failure};
use nvkeep::simulator::agent::{Dialect, Recipe};
use nvkeep::simulator::{Area, Flash};
use nvkeep::storage::shared::lock;
use nvkeep::transport::{Fault, Faults, LinkError, Plugged, Port};
use nvkeep::wiring::bench::{BenchPort, Slot};

use super::backup::Ground;
use super::course::Which;
use super::table::{Outcome, Table};
use crate::support::workbench::{Workbench, built, same};

/// Blocks that are looked at again after a return, at most.
const WITNESSES: u64 = 16;
/// What a backup says that was begun anew.
const ANEW: &str = "from the start";

/// A port at which something is done before a phone is found, who may be another one; told how often one was found already.
struct Between<F> {
    port: Box<dyn Port>,
    opened: u64,
    act: F,
}

impl<F: FnMut(u64) -> Option<Slot> + Send> Port for Between<F> {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        let other = (self.act)(self.opened);
        self.opened += 1;
        match other {
            Some(slot) => BenchPort(slot).open(within),
            None => self.port.open(within),
        }
    }
    fn name(&self) -> String {
        self.port.name()
    }
}

/// Backs the phone of a bench up into `b.nvk`; returns as well how often a phone was found.
fn backup(
    bench: &Workbench,
    act: impl FnMut(u64) -> Option<Slot> + Send,
) -> (Result<BackupResult, Failure>, u64) {
    let mut port = Between { port: bench.port(), opened: 0, act };
    let request = BackupRequest { output: Some(bench.path("b.nvk")), ..BackupRequest::default() };
    let result = backup_at(&bench.context(), &mut port, &request);
    (result, port.opened)
}

/// Returns how many blocks connecting reads, and how many are read in one go.
fn costs(bench: &Workbench) -> (u64, u64) {
    let session = connect_at(&bench.context(), bench.port().as_mut()).unwrap();
    let disk = lock(&session.disk);
    (disk.fetched(), disk.capabilities().run_blocks)
}

/// Returns where a partition begins, in bytes.
fn start(bench: &Workbench, name: &str) -> u64 {
    let session = connect_at(&bench.context(), bench.port().as_mut()).unwrap();
    session.layout.find(name).unwrap().start
}

/// Changes one byte.
fn turn(flash: &mut Flash, at: u64) {
    let mut byte = [0];
    flash.read(Area::User, at, &mut byte).unwrap();
    flash.write(Area::User, at, &[byte[0] ^ 1]).unwrap();
}

/// The phone is mounted for writing: the mount count of this superblock.
fn mount(flash: &mut Flash, volume: u64) {
    turn(flash, volume + 0x434);
}

/// Pulls the cable at chosen transfers of the reading, and plugs it in again.
fn sweep(table: &mut Table, case: &'static str, mut ground: Ground, which: [Which; 2]) {
    let (connects, run) = costs(&ground.bench);
    let whole = ground.bench.backup("b.nvk").unwrap().blocks;
    std::fs::remove_file(ground.bench.path("b.nvk")).unwrap();
    let [reading, saving] =
        ["Reading the identity", "Writing and reading back"].map(|step| ground.course.step(step));
    for (which, (name, fault)) in which.into_iter().zip([super::CUT, ("stall", |_| Fault::Stall)]) {
        table.span((case, name), "", (reading, saving));
        for at in ground.course.take(reading, saving, which) {
            ground.bench.faults = Faults::at(at, fault(at));
            let result = ground.bench.backup("b.nvk");
            let mut outcome = ground.settle(&result, false);
            match &result {
                Ok(made) if made.blocks > whole + connects + WITNESSES + run => {
                    outcome = Outcome::False(format!("{} blocks were read, {whole} are enough", made.blocks));
                }
                Ok(made) if !made.warnings.iter().any(|told| told.contains("went on once")) => {
                    outcome = Outcome::False(format!("nothing is told of it: {:?}", made.warnings));
                }
                _ => {}
            }
            table.note(case, name, &format!("{at}"), &outcome);
        }
    }
}

pub static CUTS: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    let short = Ground::of("mt6572-format-all");
    sweep(&mut table, "backup, plugged in again", short, [Which::Sends(220), Which::Some(80, 4)]);
    let whole = Ground::of("mt6572");
    sweep(&mut table, "backup, plugged in again", whole, [Which::Some(81, 1), Which::Some(82, 1)]);
    for dialect in [Dialect::D19, Dialect::D13] {
        let bench = Workbench::with("mt6572-format-all");
        bench.by_agent(&Recipe::of(dialect));
        let which = [Which::Sends(6), Which::Some(83, 4)];
        sweep(&mut table, "backup, plugged in again", Ground::on(bench), which);
    }
    table
});

#[test]
fn a_backup_goes_on_when_the_phone_is_plugged_in_again() {
    CUTS.holds();
    let tried = CUTS.tried("backup, plugged in again", "cut before");
    assert!(tried > 100, "{}", *CUTS);
    assert_eq!(CUTS.count(&Outcome::Done), tried + CUTS.tried("backup, plugged in again", "stall"));
}

#[test]
fn a_cable_that_goes_again_and_again_ends_in_one_whole_archive() {
    let mut ground = Ground::of("mt6572");
    let (connects, run) = costs(&ground.bench);
    let whole = ground.bench.backup("b.nvk").unwrap().blocks;
    std::fs::remove_file(ground.bench.path("b.nvk")).unwrap();
    let step = ground.course.len() / 5;
    ground.bench.faults =
        (1..).take(8).fold(Faults::none(), |faults, nth| faults.and(nth * step, Fault::Cut));
    let (result, opened) = backup(&ground.bench, |_| None);
    let made = result.as_ref().unwrap();
    let returns = opened - 1;
    assert!(returns >= 4, "{returns}");
    assert!(made.blocks <= whole + returns * (connects + WITNESSES + run), "{} of {whole}", made.blocks);
    assert!(made.cable_seconds > 0.0 && made.warnings[0].contains(&format!("went on {returns} times")));
    assert_eq!(ground.settle(&result, false), Outcome::Done);
}

#[test]
fn a_cable_that_always_goes_at_the_same_place_is_given_up() {
    let ground = Ground::of("mt6572");
    let reading = ground.course.step("Reading the identity");
    let faults = ground.bench.faults.clone();
    let (result, opened) = backup(&ground.bench, |_| {
        // Behind the superblocks, so that each time the same is known.
        let _ = faults.clone().and(faults.transfers() + reading + 2, Fault::Cut);
        None
    });
    let failure = result.unwrap_err();
    assert_eq!((failure.code, failure.exit), ("cable-gone", Exit::ReadIncomplete));
    assert!((3..20).contains(&opened), "{opened}");
    assert_eq!(ground.bench.files(), [""; 0]);
}

/// Everything by which a start of the phone shows, one after the other.
#[test]
fn a_phone_that_was_started_in_between_is_read_from_the_start() {
    // The first one by the direct engine, which takes its time.
    let changes: [(&str, &str, u64); 6] = [
        ("mt6572", "PROTECT_F", 0x434),
        ("mt6572", "PROTECT_S", 0x42C),
        ("mt6572", "USRDATA", 0x430),
        ("mt6572", "NVRAM", 0x20),
        ("mt6572", "PRO_INFO", 0x08),
        ("lr12a", "NVDATA", 0x434),
    ];
    for (index, (scenario, name, at)) in changes.into_iter().enumerate() {
        let mut bench = Workbench::with(scenario);
        if index > 0 && scenario == "mt6572" {
            bench.by_agent(&Recipe::of(Dialect::D19));
        }
        let at = start(&bench, name) + at;
        bench.faults = Faults::none();
        let before = bench.backup("a.nvk").unwrap();
        let transfers = bench.faults.transfers();
        bench.faults = Faults::at(transfers * 9 / 10, Fault::Cut);
        let slot = bench.slot.clone();
        let (result, opened) = backup(&bench, move |opened| {
            if opened == 1 {
                turn(&mut slot.phone().as_mut().unwrap().1, at);
            }
            None
        });
        let made = result.unwrap();
        assert_eq!(opened, 2, "{name}");
        assert!(made.warnings.iter().any(|told| told.contains(ANEW)), "{name}: {:?}", made.warnings);
        assert!(made.blocks > before.blocks * 3 / 2, "{name}: {} of {}", made.blocks, before.blocks);
        let fresh = bench.backup("c.nvk").unwrap();
        assert_eq!(made.sha256, fresh.sha256, "{name}");
        assert_ne!(made.sha256, before.sha256, "{name}: nothing was changed");
    }
}

/// A phone that is started each time it is lost would be read for ever.
#[test]
fn a_phone_that_is_started_again_and_again_is_given_up() {
    let bench = Workbench::with("mt6572");
    bench.by_agent(&Recipe::of(Dialect::D19));
    let volume = start(&bench, "PROTECT_F");
    let ground = Ground::on(bench);
    let faults = ground.bench.faults.clone();
    let slot = ground.bench.slot.clone();
    let most = ground.course.len() * 2 / 3;
    let (result, opened) = backup(&ground.bench, move |_| {
        let _ = faults.clone().and(faults.transfers() + most, Fault::Cut);
        mount(&mut slot.phone().as_mut().unwrap().1, volume);
        None
    });
    assert_eq!(result.unwrap_err().code, "cable-gone");
    assert!((3..20).contains(&opened), "{opened}");
    assert_eq!(ground.bench.files(), [""; 0]);
}

/// Android itself, which mounts, decides and writes.
#[test]
fn nothing_of_before_a_start_is_mixed_with_what_android_made_of_it() {
    let bench = Workbench::with("mt6572-userdata-wiped");
    bench.by_agent(&Recipe::of(Dialect::D13));
    let volumes = ["PROTECT_F", "PROTECT_S", "USRDATA"].map(|name| start(&bench, name));
    let mut ground = Ground::on(bench);
    let [reading, saving] =
        ["Reading the identity", "Writing and reading back"].map(|step| ground.course.step(step));
    let before = ground.bench.flash();
    for at in ground.course.take(reading, saving, Which::Some(84, 4)) {
        ground.bench.change(|flash| flash.clone_from(&before));
        ground.bench.faults = Faults::at(at, Fault::Cut);
        let bench = &ground.bench;
        let (result, _) = std::thread::scope(|_| {
            let mut port = Between {
                port: bench.port(),
                opened: 0,
                act: |opened| {
                    if opened == 1 {
                        bench.reboot();
                        bench.change(|flash| volumes.iter().for_each(|volume| mount(flash, *volume)));
                    }
                    None
                },
            };
            let request = BackupRequest { output: Some(bench.path("b.nvk")), ..BackupRequest::default() };
            (backup_at(&bench.context(), &mut port, &request), port.opened)
        });
        let made = result.unwrap();
        assert!(!same(&bench.flash(), &before));
        ground.truth = bench.backup("c.nvk").unwrap().sha256;
        std::fs::remove_file(bench.path("c.nvk")).unwrap();
        assert!(made.warnings.iter().any(|told| told.contains(ANEW)), "{at}: {:?}", made.warnings);
        assert_eq!(ground.settle(&Ok(made), false), Outcome::Done, "{at}");
    }
}

#[test]
fn another_phone_in_between_is_refused_and_nothing_is_kept() {
    let mut ground = Ground::of("mt6572");
    let reading = ground.course.step("Reading the identity");
    let mut twin = built("mt6572", None);
    twin.0.card.cid[13] ^= 0x40;
    for (who, (board, flash)) in [("a twin", twin), ("another", built("mt6572-other-phone", None))] {
        let other = Slot::new("other", board, flash.clone());
        ground.bench.faults = Faults::at(reading + 20_000, Fault::Cut);
        let before = ground.bench.flash();
        let theirs = other.clone();
        let (result, opened) = backup(&ground.bench, move |opened| (opened == 1).then(|| theirs.clone()));
        let failure = result.unwrap_err();
        assert_eq!((failure.code, failure.exit, opened), ("other-phone", Exit::Forbidden, 2), "{who}");
        assert!(failure.advice.is_some(), "{failure:?}");
        assert_eq!(ground.bench.files(), [""; 0], "{who}");
        assert!(same(&other.phone().as_ref().unwrap().1, &flash) && same(&ground.bench.flash(), &before));
    }
}

#[test]
fn a_wish_to_stop_is_heard_while_the_phone_is_waited_for_and_behind_it() {
    let ground = Ground::of("mt6572");
    let reading = ground.course.step("Reading the identity");
    for (stop_at, opens) in [(1, 1), (2, 2)] {
        let context = ground.bench.context();
        let faults = Faults::at(reading + 20_000, Fault::Cut);
        let stop = context.stop.clone();
        let wrapped = faults.clone();
        let port =
            nvkeep::transport::WrappedPort::new(ground.bench.port(), move |plugged| wrapped.wrap(plugged));
        let sink = context.sink.clone();
        let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let (seen, wish) = (count.clone(), stop.clone());
        let context = nvkeep::app::Context {
            sink: std::sync::Arc::new(move |event| {
                if matches!(&event, nvkeep::app::Event::Step(text) if text.starts_with("Waiting up to"))
                    && stop_at == 1
                {
                    wish.store(true, Ordering::Relaxed);
                }
                if matches!(&event, nvkeep::app::Event::Note(text) if text.starts_with("The same phone")) {
                    wish.store(true, Ordering::Relaxed);
                }
                seen.fetch_add(1, Ordering::Relaxed);
                sink(event);
            }),
            ..context
        };
        let mut port = Between { port: Box::new(port), opened: 0, act: |_| None };
        let request = BackupRequest { output: Some(ground.bench.path("b.nvk")), ..BackupRequest::default() };
        let failure = backup_at(&context, &mut port, &request).unwrap_err();
        assert_eq!((failure.code, failure.exit, port.opened), ("interrupted", Exit::Interrupted, opens));
        assert_eq!(ground.bench.files(), [""; 0]);
        assert!(stop.load(Ordering::Relaxed) && count.load(Ordering::Relaxed) > 0);
    }
}

/// A flasher that leaves everything as it is.
struct Idle;

impl Flasher for Idle {
    fn name(&self) -> String {
        "flash nothing".into()
    }
    fn obstacle(&self) -> Option<String> {
        None
    }
    fn run(&mut self) -> std::io::Result<Ending> {
        Ok(Ending { exit: Some(0), signal: None })
    }
}

#[test]
fn the_backup_of_a_guard_goes_on_too() {
    let mut ground = Ground::of("mt6572-format-all");
    let reading = ground.course.step("Reading the identity");
    ground.bench.faults = Faults::at(reading + 5000, Fault::Cut);
    let backup = BackupRequest { output: Some(ground.bench.path("b.nvk")), ..BackupRequest::default() };
    let request = GuardRequest { backup, return_within: Duration::from_millis(300) };
    let result =
        guard_at(&ground.bench.context(), ground.bench.port().as_mut(), &request, &mut Idle, &mut |_| false);
    assert_eq!(result.unwrap().sha256, ground.truth);
    assert!(ground.bench.warnings().iter().any(|told| told.contains("the phone was lost")));
}

#[test]
fn a_phone_whose_agent_was_left_running_must_lose_its_power_first() {
    for (by_agent, asked) in [(true, true), (false, false)] {
        let bench = Workbench::with("mt6572-format-all");
        if by_agent {
            bench.by_agent(&Recipe::of(Dialect::D19));
        }
        let mut ground = Ground::on(bench);
        let at = (ground.course.step("Reading the identity") + ground.course.step("Writing and reading")) / 2;
        ground.bench.faults = Faults::at(at, Fault::Cut);
        ground.bench.events.lock().unwrap().clear();
        let result = ground.bench.backup("b.nvk");
        let told = ground.bench.warnings();
        let first = told.iter().any(|told| told.contains("take its battery out for a moment"));
        assert_eq!(first, asked, "{told:?}");
        assert_eq!(ground.settle(&result, false), Outcome::Done);
    }
}
