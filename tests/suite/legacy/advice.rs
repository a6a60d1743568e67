//! A write that was broken off leaves the agent running, and it answers nobody: the advice says what to do first.

use nvkeep::app::Failure;
use nvkeep::transport::{Fault, Faults};

use super::BOTH;
use super::cable::of_the_imei;
use crate::faults::subject::Subject;

const FIRST: &str = "take its battery out for a moment";

fn advice(failure: &Failure) -> &str {
    failure.advice.as_deref().unwrap_or_default()
}

/// Breaks a write off in its middle.
fn broken(subject: &mut Subject) -> Failure {
    let (_, writing, judging) = subject.writing();
    subject.again();
    subject.bench.faults = Faults::at((writing + judging) / 2, Fault::Cut);
    let failure = subject.run().unwrap_err();
    subject.bench.faults = Faults::none();
    failure
}

#[test]
fn a_write_that_was_broken_off_asks_for_a_power_cycle_before_resume() {
    for dialect in BOTH {
        let mut subject = of_the_imei(dialect);
        let failure = broken(&mut subject);
        let told = advice(&failure).to_owned();
        assert!(told.find(FIRST).unwrap() < told.find("nvkeep resume").unwrap(), "{told}");

        // So does a resume that is broken off, and a verb that must not begin before it.
        let count = {
            let again = subject.run().unwrap_err();
            assert!(again.code == "journal-open" && advice(&again).contains(FIRST), "{again:?}");
            subject.bench.faults.transfers()
        };
        subject.bench.faults = Faults::at(count, Fault::Cut);
        let failure = subject.resume(false).unwrap_err();
        assert!(advice(&failure).contains(FIRST), "{failure:?}");

        subject.bench.faults = Faults::none();
        subject.resume(false).unwrap();
        assert!(subject.open_journals().is_empty());
    }
}

#[test]
fn a_failure_that_left_nothing_behind_asks_for_none() {
    let mut subject = of_the_imei(BOTH[0]);
    let (ready, ..) = subject.writing();
    subject.again();
    subject.bench.faults = Faults::at(ready - 1, Fault::Cut);
    let failure = subject.run().unwrap_err();
    assert!(!advice(&failure).contains(FIRST), "{failure:?}");
    // With nothing unfinished the phone restarts, whatever was asked for.
    subject.again();
    let failure = subject.resume(false).unwrap_err();
    assert!(failure.code == "no-journal" && !advice(&failure).contains(FIRST), "{failure:?}");
}

#[test]
fn the_direct_engine_leaves_no_agent() {
    let mut subject = of_the_imei(BOTH[0]);
    subject.bench.directly();
    subject.again();
    let before = subject.bench.faults.transfers();
    subject.run().unwrap();
    let transfers = subject.bench.faults.transfers() - before;
    for at in (transfers * 9 / 10..transfers).step_by(50) {
        subject.again();
        subject.bench.faults = Faults::at(at, Fault::Cut);
        if let Err(failure) = subject.run() {
            assert!(!advice(&failure).contains("Download Agent"), "{failure:?}");
        }
    }
}
