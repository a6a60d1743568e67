//! What the host pays for a block: building the stream, checking every echoed byte, and the simulated phone's half of
//! it. On a real cable a block takes about 24 ms; the host's share must stay far below.

#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nvkeep::app::{chips, descriptions};
use nvkeep::protocol::{ConnectOptions, DirectEngine, DirectOptions, Engine, Pace, connect};
use nvkeep::simulator::Scenario;
use nvkeep::transport::Port;
use nvkeep::wiring::bench::{BenchPort, Slot};

/// A block of the NVRAM partition of the built-in phone.
const LBA: u64 = 0x7C00;

fn engine(pace: Pace) -> DirectEngine {
    let scenario = Scenario::named("mt6572").expect("the built-in scenario");
    let (board, flash) = scenario.build(None).expect("the built-in phone");
    let mut port = BenchPort(Slot::new("bench", board, flash));
    let plugged = port.open(Duration::ZERO).expect("a simulated phone is always there");
    let profiles = chips::profiles(&descriptions::load(None).expect("the built-in descriptions"));
    let within = Duration::from_secs(3);
    let session = connect(plugged.link, &profiles, ConnectOptions::default(), within).expect("a handshake");
    session.into_direct(DirectOptions { pace }).expect("an engine")
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("host and simulated phone");
    group.throughput(Throughput::Bytes(8 * 512));
    for (pace, name) in [(Pace::Strict, "read 8 blocks, strict"), (Pace::Fast, "read 8 blocks, fast")] {
        let mut engine = engine(pace);
        let mut blocks = vec![0u8; 8 * 512];
        group.bench_function(name, |bencher| {
            bencher.iter(|| engine.read(black_box(LBA), &mut blocks).expect("blocks"));
        });
    }
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
