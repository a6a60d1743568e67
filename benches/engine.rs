//! Both engines side by side on the same region: the time it takes on a simulated USB 2.0 cable, in words, and what the host
//! pays for it with the simulated phone's half: building the stream, checking every echoed byte or every block's sum. On a real
//! cable a block of the direct engine takes about 24 ms; the host's share must stay far below.

#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nvkeep::app::{chips, descriptions};
use nvkeep::formats::da_container::{DaContainer, Device};
use nvkeep::protocol::{
    AgentImage, ConnectOptions, DirectOptions, Engine, LegacyOptions, Pace, Stage, connect, greet,
};
use nvkeep::simulator::Scenario;
use nvkeep::simulator::agent::{Dialect, Recipe, container};
use nvkeep::transport::{Link, Port};
use nvkeep::wiring::bench::{BenchPort, Slot};

/// A block of the NVRAM partition of the built-in phone.
const LBA: u64 = 0x7C00;
/// Bytes that both engines read for the table.
const REGION: usize = 256 << 10;
const WITHIN: Duration = Duration::from_secs(3);

/// A phone on an in-process cable, just plugged in.
fn plug_in() -> Box<dyn Link> {
    let scenario = Scenario::named("mt6572").expect("the built-in scenario");
    let (board, flash) = scenario.build(None).expect("the built-in phone");
    let mut port = BenchPort(Slot::new("bench", board, flash));
    port.open(Duration::ZERO).expect("a simulated phone is always there").link
}

fn direct(pace: Pace) -> Box<dyn Engine> {
    let profiles = chips::profiles(&descriptions::load(None).expect("the built-in descriptions"));
    let session = connect(plug_in(), &profiles, ConnectOptions::default(), WITHIN).expect("a handshake");
    Box::new(session.into_direct(DirectOptions { pace }).expect("an engine"))
}

fn legacy(dialect: Dialect) -> Box<dyn Engine> {
    let catalog = descriptions::load(None).expect("the built-in descriptions");
    let row = catalog.agents().iter().find(|row| row.hw_code == 0x6572).expect("a description of the chip");
    let file = container(&Recipe::of(dialect));
    let greeted = greet(plug_in(), WITHIN).expect("a handshake");
    let facts = greeted.facts();
    let device = Device {
        da_code: row.da_code(),
        hw_sub_code: facts.hw_sub_code,
        hw_version: facts.hw_version,
        sw_version: facts.sw_version,
    };
    let parsed = DaContainer::parse(&file).expect("a container");
    let chosen = parsed.choose(device, &file).expect("an entry");
    let [first, second] = [&chosen.first, &chosen.second].map(|region| Stage {
        address: region.address,
        bytes: region.of(&file).expect("a region").to_vec(),
        signature_len: region.signature_len,
    });
    let image = AgentImage { first, second };
    let engine = greeted.into_legacy(chips::agent(row), &image, LegacyOptions::default());
    Box::new(engine.expect("an engine"))
}

/// Says what the same region costs through each engine.
fn table() {
    println!("{} KiB of NVRAM on a simulated USB 2.0 cable:", REGION >> 10);
    println!("{:16} {:>12} {:>12} {:>14}", "engine", "on the cable", "a second", "host and phone");
    let mut all: Vec<Vec<u8>> = Vec::new();
    for (name, mut engine) in [
        ("direct, strict", direct(Pace::Strict)),
        ("direct, fast", direct(Pace::Fast)),
        ("legacy, D13", legacy(Dialect::D13)),
        ("legacy, D19", legacy(Dialect::D19)),
    ] {
        let mut bytes = vec![0; REGION];
        let (link, host) = (engine.elapsed(), Instant::now());
        engine.read(LBA, &mut bytes).expect("blocks");
        let (link, host) = (engine.elapsed() - link, host.elapsed());
        let speed = REGION as f64 / 1024.0 / link.as_secs_f64();
        println!(
            "{name:16} {:>10.3} s {speed:>8.0} KiB {:>11.1} ms",
            link.as_secs_f64(),
            host.as_secs_f64() * 1e3
        );
        all.push(bytes);
    }
    println!();
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "the engines read different bytes");
}

fn read(criterion: &mut Criterion) {
    table();
    let mut group = criterion.benchmark_group("host and simulated phone");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3)).sample_size(20);
    for (mut engine, blocks, name) in [
        (direct(Pace::Strict), 8, "read 8 blocks, strict"),
        (direct(Pace::Fast), 8, "read 8 blocks, fast"),
        (legacy(Dialect::D13), 2048, "read 2048 blocks, legacy D13"),
        (legacy(Dialect::D19), 2048, "read 2048 blocks, legacy D19"),
    ] {
        let mut bytes = vec![0u8; blocks * 512];
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| engine.read(black_box(LBA), &mut bytes).expect("blocks"));
        });
    }
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
