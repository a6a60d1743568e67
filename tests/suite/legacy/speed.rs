//! Both engines side by side on the simulated cable, against what the cable allows: thirteen full packets in a microframe.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::app::backup::{BackupRequest, backup_at};
use nvkeep::app::{Context, Event};
use nvkeep::simulator::{Board, Fares};

use super::BOTH;
use crate::faults::course::Course;
use crate::support::workbench::Workbench;
use nvkeep::simulator::agent::Recipe;

/// What a long read brought.
struct Run {
    /// Bytes of partitions in the archive.
    bytes: u64,
    /// Bytes that came in the long reads, and the time of these.
    bulk: (u64, Duration),
    /// From the first question for identity to the last byte.
    reading: Duration,
    /// The whole conversation.
    seconds: f64,
}

fn run(bench: &Workbench, name: &str, full: bool) -> Run {
    // The last word of each partition's progress.
    let last: Arc<Mutex<BTreeMap<String, (u64, Duration)>>> = Arc::default();
    let heard = last.clone();
    let (course, result) = Course::of(bench.port(), |port, sink| {
        let sink = move |event: Event| {
            if let Event::Progress(progress) = &event
                && progress.total > 0
            {
                heard.lock().unwrap().insert(progress.what.clone(), (progress.done, progress.elapsed));
            }
            sink(event);
        };
        let context = Context { sink: Arc::new(sink), ..bench.context() };
        let request = BackupRequest { output: Some(bench.path(name)), full, ..BackupRequest::default() };
        backup_at(&context, port, &request).unwrap()
    });
    let (from, to) = (course.step("Reading the identity"), course.step("Writing and reading back"));
    let last = last.lock().unwrap();
    let bulk = last.values().fold((0, Duration::ZERO), |sum, run| (sum.0 + run.0, sum.1 + run.1));
    Run {
        bytes: result.regions.iter().map(|region| region.kept).sum(),
        bulk,
        reading: course.time(to) - course.time(from),
        seconds: result.cable_seconds,
    }
}

/// Time that packets of this many bytes take on the cable, one behind the other.
fn allowed(bytes: u64) -> Duration {
    let mut fares = Fares::new(&Board::default());
    (0..bytes.div_ceil(512)).map(|_| fares.incoming(512)).sum()
}

#[test]
fn identity_partitions_come_at_nine_tenths_of_what_the_cable_allows() {
    let bench = Workbench::with("mt6572");
    println!("backup, --full through an agent, on the cable:");
    println!("engine       long reads         s     MB/s  of the cable   all bytes  reading s   whole s");
    let show = |name: &str, full: bool| {
        let run = run(&bench, &format!("{name}.nvk"), full);
        let (bytes, seconds) = (run.bulk.0, run.bulk.1.as_secs_f64());
        let share = allowed(bytes).as_secs_f64() / seconds;
        println!(
            "{name:12} {bytes:>10} {seconds:>9.3} {:>8.2} {:>12.2} % {:>11} {:>10.3} {:>9.3}",
            bytes as f64 / seconds / 1e6,
            share * 100.0,
            run.bytes,
            run.reading.as_secs_f64(),
            run.seconds,
        );
        (run, share)
    };
    // All of it takes `direct` a quarter of an hour on the cable; what a default backup reads tells its pace.
    let (direct, _) = show("direct", false);
    let pace = |run: &Run| run.bytes as f64 / run.seconds;
    let mut kept = Vec::new();
    for dialect in BOTH {
        bench.by_agent(&Recipe::of(dialect));
        let (legacy, share) = show(&format!("legacy {dialect:?}"), true);
        assert!(legacy.bulk.0 >= 28 << 20, "{} bytes are less than the identity partitions", legacy.bulk.0);
        assert!(share >= 0.9, "{dialect:?}: {:.1} %", share * 100.0);
        // The live tree lies scattered in the user data: a few hundred short questions, each with its turns.
        assert!(
            pace(&legacy) > 500.0 * pace(&direct),
            "{} and {} bytes a second",
            pace(&legacy),
            pace(&direct)
        );
        kept.push((legacy.bytes, legacy.bulk.0));
    }
    assert_eq!(kept[0], kept[1]);
}
