//! What the link model makes of a long read: packets in a row cost a thirteenth of a microframe, and nothing else changed.

use std::time::{Duration, Instant};

use nvkeep::simulator::agent::{AgentFacts, Dialect};
use nvkeep::simulator::{Area, Fares};

use super::*;
use crate::support::Random;
use crate::support::in_process::OnBench;

const SLOT: Duration = Duration::from_nanos(9615);
const ALONE: Duration = Duration::from_micros(25);

#[test]
fn packets_alone_cost_what_they_always_did() {
    let mut fares = Fares::new(&board());
    for len in [1, 2, 4, 100, 511, 512, 1, 512, 4] {
        assert_eq!(fares.incoming(len), ALONE);
    }
    assert_eq!(fares.wait(), Duration::from_micros(250));
    for len in [0, 1, 512, 700, 1023] {
        assert_eq!(fares.outgoing(len), Duration::from_micros(125));
    }
}

#[test]
fn packets_in_a_row_cost_a_slot() {
    let mut fares = Fares::new(&board());
    let run = [512, 512, 0, 512, 512, 0, 1, 1].map(|len| fares.incoming(len));
    assert_eq!(run, [ALONE, SLOT, SLOT, SLOT, SLOT, SLOT, ALONE, ALONE]);
    assert_eq!(fares.incoming(0), Duration::ZERO, "a lone zero-length packet is nothing");
    assert_eq!(fares.outgoing(0x10_0000), Duration::from_micros(125) + SLOT * 2047);
    let mut slow = Fares::new(&Board { full_speed: true, ..board() });
    assert_eq!([slow.incoming(64), slow.incoming(64)], [ALONE; 2]);
}

#[test]
fn twenty_eight_megabytes_take_what_the_arithmetic_says() {
    const LEN: usize = 28 << 20;
    let content = Random::new(28).bytes(1 << 20);
    let mut flash = blank();
    for at in 0..28 {
        flash.write(Area::User, at << 20, &content).unwrap();
    }
    for (os, slots, work) in [(0x0B, 2048 + 1, 0), (0x0C, 3 * 1024, 0), (0x0B, 2048 + 1, 20)] {
        let facts = AgentFacts { read_us_per_kib: work, ..AgentFacts::default() };
        let bench = OnBench::of(looped(with(facts), flash.clone(), Dialect::D19));
        let mut link = bench.link();
        let within = Duration::from_secs(5);
        let mut ack = [0; 1];
        link.send(&read_header(Dialect::D19, os, 0, LEN as u64), within).unwrap();
        link.receive(&mut ack, within).unwrap();
        let real = Instant::now();
        let began = link.elapsed();
        link.send(&hex("00100000"), within).unwrap();
        let mut block = vec![0; (1 << 20) + 2];
        for _ in 0..28 {
            link.receive(&mut block, within).unwrap();
            assert!(block[..1 << 20] == content && block[1 << 20..] == sum16(&content));
            link.send(&[0x5A], within).unwrap();
        }
        let took = link.elapsed() - began;
        // Each block: its first packet and both bytes of the sum alone, the rest in a row; one byte to the phone, and one wait.
        let block = ALONE * 3
            + SLOT * (slots - 1)
            + Duration::from_micros(125 + 250)
            + Duration::from_micros(work) * 1024;
        let expected = block * 28 + Duration::from_micros(125);
        let off = took.abs_diff(expected);
        println!(
            "28 MiB, host {os:#x}, {work} us/KiB: {took:?} simulated ({:.1} MB/s), {:?} real",
            LEN as f64 / took.as_secs_f64() / 1e6,
            real.elapsed()
        );
        // Waiting while the agent works goes in steps of a millisecond.
        assert!(
            off <= Duration::from_millis(if work == 0 { 1 } else { 29 }),
            "{took:?} instead of {expected:?}"
        );
        assert!(bench.violations().is_empty());
    }
}
