//! What use cases cost on a cable, in the simulator's link model: IN packet 25 us, OUT transfer 125 us, wait 250 us.
//! The tables are printed; `cargo test speed -- --nocapture` shows them.

use std::collections::BTreeSet;
use std::time::Duration;

use nvkeep::app::archive::open_archive;
use nvkeep::app::backup::{BackupRequest, BackupResult, backup_at};
use nvkeep::app::restore::{RestoreRequest, RestoreResult, restore_at};
use nvkeep::app::{Context, Event, Part, Selection};
use nvkeep::protocol::{ConnectOptions, DirectOptions, Engine, Pace, connect};
use nvkeep::simulator::{Area, Board, CardFacts, Flash, LinkModel};

use crate::faults::course::{Course, Which};
use crate::support::Random;
use crate::support::in_process::{OnBench, mt6572};
use crate::support::workbench::Workbench;

const LBA: u64 = 0x7C00;
const BLOCKS: u32 = 64;

/// What one block costs.
struct Cost {
    in_packets: f64,
    out_transfers: f64,
    waits: f64,
    seconds: f64,
}

impl Cost {
    fn kilobytes_a_second(&self) -> f64 {
        0.512 / self.seconds
    }
    fn packets_per_word(&self) -> f64 {
        self.in_packets / 128.0
    }
}

fn cost_of_a_block(pace: Pace, ddr: bool) -> Cost {
    let board = Board { card: CardFacts { ddr, ..CardFacts::default() }, ..Board::default() };
    assert_eq!(board.link, LinkModel { in_packet_us: 25, out_transfer_us: 125, wait_us: 250 });
    let mut flash = Flash::new(u64::from(board.card.sectors) * 512, 4 << 20, 512 << 10, 0);
    let content = Random::new(3).bytes(BLOCKS as usize * 512);
    flash.write(Area::User, LBA * 512, &content).unwrap();
    let bench = OnBench::new(board, flash);
    let session =
        connect(bench.link(), &[mt6572()], ConnectOptions::default(), Duration::from_secs(3)).unwrap();
    let mut engine = session.into_direct(DirectOptions { pace }).unwrap();
    let mut read = vec![0; content.len()];
    let (before, began) = (bench.metered(), engine.elapsed());
    engine.read(LBA, &mut read).unwrap();
    let (after, took) = (bench.metered(), engine.elapsed() - began);
    assert_eq!(read, content);
    let per_block = |before: u64, after: u64| (after - before) as f64 / f64::from(BLOCKS);
    Cost {
        in_packets: per_block(before.in_packets, after.in_packets),
        out_transfers: per_block(before.out_transfers, after.out_transfers),
        waits: per_block(before.waits, after.waits),
        seconds: took.as_secs_f64() / f64::from(BLOCKS),
    }
}

#[test]
fn block_reads_are_as_fast_as_the_reference_says() {
    println!("reading {BLOCKS} blocks, per block:");
    println!("rate    pace     IN packets  IN per 4 B     OUT   waits      ms     KB/s");
    for (pace, name) in [(Pace::Strict, "strict"), (Pace::Fast, "fast")] {
        for (ddr, rate) in [(false, "single"), (true, "double")] {
            let cost = cost_of_a_block(pace, ddr);
            println!(
                "{rate:7} {name:8} {:>10.1} {:>11.2} {:>7.1} {:>7.1} {:>7.2} {:>8.1}",
                cost.in_packets,
                cost.packets_per_word(),
                cost.out_transfers,
                cost.waits,
                cost.seconds * 1000.0,
                cost.kilobytes_a_second()
            );
            assert!(cost.packets_per_word() <= 7.3, "{rate} {name}: {:.2}", cost.packets_per_word());
            assert!(cost.kilobytes_a_second() >= 18.0, "{rate} {name}: {:.1}", cost.kilobytes_a_second());
        }
    }
}

fn saved(bench: &Workbench, name: &str, full: bool, pace: nvkeep::app::Pace) -> BackupResult {
    let mut context = bench.context();
    context.choices.pace = pace;
    let request =
        BackupRequest { output: Some(bench.path(name)), full, force: true, ..BackupRequest::default() };
    backup_at(&context, bench.port().as_mut(), &request).unwrap()
}

fn kept(result: &BackupResult) -> u64 {
    result.regions.iter().map(|region| region.kept).sum()
}

#[test]
fn a_backup_takes_less_than_ninety_seconds() {
    use nvkeep::app::Pace::{Fast, Strict};
    let bench = Workbench::with("mt6572");
    println!("backup of the healthy phone, seconds on the cable:");
    for (pace, name) in [(Strict, "strict"), (Fast, "fast")] {
        let result = saved(&bench, "default.nvk", false, pace);
        println!("{name:8} {:>7} blocks {:>9.1} s", result.blocks, result.cable_seconds);
        assert!(result.cable_seconds < 90.0, "{name}: {:.1} s", result.cable_seconds);
    }
    for region in saved(&bench, "default.nvk", false, Strict).regions {
        println!("  {:12} {:>8} KiB of {:>8}", region.name, region.kept / 1024, region.len / 1024);
    }
}

#[test]
fn restoring_one_imei_takes_less_than_five_seconds() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-imei-null");
    bench.events.lock().unwrap().clear();
    let result = bench.restore_with("a.nvk", Selection::Only(BTreeSet::from([Part::Imei])), false).unwrap();
    assert!(result.written);
    println!(
        "restore --only imei: {} blocks, {:.2} s on the cable",
        result.plan.blocks, result.cable_seconds
    );
    for event in bench.events.lock().unwrap().iter() {
        match event {
            Event::Step(text) => println!("  {text}"),
            Event::Progress(progress) => println!(
                "    {:>7.3} s {:8} {:>5} blocks",
                progress.elapsed.as_secs_f64(),
                progress.what,
                progress.done / 512
            ),
            _ => {}
        }
    }
    assert!(result.after.is_healthy(), "{:?}", result.after.survey.verdict);
    assert!(result.cable_seconds < 5.0, "{:.2} s", result.cable_seconds);
}

/// Restores `a.nvk` and notes what passes over the cable.
fn restore_course(bench: &Workbench, selection: Selection) -> (Course, RestoreResult) {
    let archive = open_archive(&bench.path("a.nvk")).unwrap();
    let request = RestoreRequest { archive: bench.path("a.nvk"), dry_run: false, selection };
    let (course, result) = Course::of(bench.port(), |port, sink| {
        restore_at(&Context { sink, ..bench.context() }, port, &archive, &request, &mut |_| true).unwrap()
    });
    assert!(result.written && result.after.is_healthy(), "{:?}", result.after.survey.verdict);
    (course, result)
}

#[test]
fn a_whole_restore_takes_less_than_two_minutes() {
    let bench = Workbench::with("mt6572");
    let backup = bench.backup("a.nvk").unwrap();
    println!("restore of everything, seconds on the cable ({} blocks are kept):", kept(&backup) / 512);
    // After "Format All" the phone makes its live files itself; on a phone that wears another one's identity they are
    // written in place.
    let mut written = BTreeSet::new();
    for scenario in ["mt6572-format-all", "mt6572-format-all-pro-info-lost", "mt6572-other-phone"] {
        bench.flash_becomes(scenario);
        let (_, result) = restore_course(&bench, Selection::All);
        println!("  {scenario:32} {:>5} blocks {:>6.1} s", result.plan.blocks, result.cable_seconds);
        println!("    {:?}", result.plan.regions);
        written.extend(result.plan.regions.into_iter().map(|(name, _)| name));
        assert!(result.cable_seconds < 120.0, "{:.1} s", result.cable_seconds);
    }
    let regions = ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S", "USRDATA"].map(String::from);
    assert!(written.is_superset(&regions.into()), "{written:?}");
}

#[test]
fn a_journal_costs_no_transfer() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    println!("restores, seconds on the cable, and of these the second look before the journal is made:");
    for (scenario, selection) in
        [("mt6572-imei-null", Selection::Only([Part::Imei].into())), ("mt6572-format-all", Selection::All)]
    {
        bench.flash_becomes(scenario);
        let (course, result) = restore_course(&bench, selection);
        let (ready, writing) = (course.step("The plan is ready"), course.step("Writing"));
        let judging = course.step("Reading back and judging");
        let seconds = |from: u64, to: u64| (course.time(to) - course.time(from)).as_secs_f64();
        // Between consent and the first write every block to come is looked at again, once; the journal is made of that, and
        // each of its transfers belongs to such a look.
        let blocks = result.plan.blocks as u64;
        let looks = course.take(ready, writing, Which::Sends(1)).len() as u64;
        let sends_of_a_read = looks / blocks;
        println!(
            "  {scenario:20} {:>6.2} {:>6.2} ({:.1} %)",
            result.cable_seconds,
            seconds(ready, writing),
            100.0 * seconds(ready, writing) / result.cable_seconds
        );
        assert_eq!(looks, blocks * sends_of_a_read, "transfers that belong to no block");
        assert!(sends_of_a_read <= 6, "more than a read of a block takes: {sends_of_a_read}");
        assert!(seconds(ready, writing) < seconds(writing, judging) / 2.0);
    }
}

#[test]
fn a_repair_of_one_imei_takes_less_than_ten_seconds() {
    let bench = Workbench::with("mt6572-imei-null");
    let request = nvkeep::app::repair::RepairRequest::default();
    let (context, mut port) = (bench.context(), bench.port());
    let result =
        nvkeep::app::repair::repair_at(&context, port.as_mut(), None, &request, &mut |_| true).unwrap();
    println!("repair of one IMEI: {} blocks, {:.2} s on the cable", result.plan.blocks, result.cable_seconds);
    assert!(result.written && result.after.is_healthy(), "{:?}", result.after.survey.verdict);
    assert!(result.cable_seconds < 10.0, "{:.2} s", result.cable_seconds);
}

#[test]
fn an_nvdata_image_of_64_mib_is_decoded_in_less_than_150_ms() {
    let scenario = nvkeep::simulator::Scenario::named("lr12a").unwrap();
    let (_, flash) = scenario.build(None).unwrap();
    let (at, len) = scenario.place("nvdata").unwrap();
    assert_eq!(len, 64 << 20);
    let bench = Workbench::with("lr12a");
    let mut image = vec![0; len as usize];
    flash.read(Area::User, at, &mut image).unwrap();
    std::fs::write(bench.path("nvdata.img"), image).unwrap();
    let mut context = bench.context();
    context.choices.records = true;
    let took: Vec<Duration> = (0..5)
        .map(|_| {
            let began = std::time::Instant::now();
            let report = nvkeep::app::source::inspect(&context, Some(&bench.path("nvdata.img"))).unwrap();
            let took = began.elapsed();
            let records = report.records.unwrap();
            assert!(records.files.iter().filter(|file| file.sums == "right").count() >= 15);
            assert_eq!(
                report.survey.layer("live").unwrap().imei[0].value.as_deref(),
                Some("490154203237518")
            );
            took
        })
        .collect();
    let best = took.iter().min().unwrap();
    println!(
        "nvdata of 64 MiB, every file taken apart and judged: best of 5 {:.1} ms",
        best.as_secs_f64() * 1e3
    );
    assert!(*best < Duration::from_millis(150), "{took:?}");
}
