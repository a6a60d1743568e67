//! Claims about a bench on TCP: connect, judge, save, put back, prove, next phone; and writes that are interrupted.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{ANYWHERE, Bench, journal, judged, screen};
use crate::support::program::{Home, Sim};
use crate::support::pty::{ENTER, ESC, PATIENCE, Terminal};

/// What a slow cable takes for each piece, so that a write lasts long enough to be interrupted.
const SLOW: Duration = Duration::from_millis(2);

/// Chooses the first archive on the restore screen and asks for the plan.
fn plan(screen: &Terminal, archive: &str) {
    screen.keys("5");
    // In a row of the list, not in a notice that it was made.
    screen.wait(archive, |screen| {
        let listed = |row: &str| row.contains(archive) && row.contains("490154203237518");
        screen.contents().lines().any(listed)
    });
    screen.keys("j");
    screen.keys(ENTER);
    screen.shows("Type restore and Enter");
    assert!(!screen.shown().contains("Written"), "nothing is claimed yet");
}

/// The same, and types its word.
fn put_back(screen: &Terminal, archive: &str) {
    plan(screen, archive);
    screen.keys("restore");
    screen.keys(ENTER);
}

/// Waits until blocks are on their way to the phone.
fn writes(screen: &Terminal) {
    screen.wait("blocks being written", |screen| {
        let text = screen.contents();
        text.contains("WRITING") && text.contains("blocks; do not unplug")
    });
}

/// Waits until the phone's other process has kept its state: the phone has left.
fn saved(screen: &Terminal, state: &Path) {
    let start = Instant::now();
    while !state.exists() {
        assert!(start.elapsed() < PATIENCE, "the phone is not let go\n{}", screen.shown());
        screen.wait_for(Duration::from_millis(5), |_| false);
    }
}

#[test]
fn a_phone_is_saved_another_is_mended_and_the_screen_follows_the_cable() {
    let home = Home::new();
    let sim = Sim::serve(&home, "mt6572", ANYWHERE, &home.path("healthy.state"), &[]);
    let (port, again) = (sim.port.clone(), sim.port.clone());
    let screen = screen(&home, &port, 100, 30);
    judged(&screen, "GOOD");
    screen.keys("4");
    screen.keys(ENTER);
    screen.shows("Archived");
    let archive = home.files().into_iter().find(|name| name.ends_with(".nvk")).unwrap();
    // Unplugged, and the same phone after Format All plugged in.
    drop(sim);
    screen.shows("waiting");
    let state = home.path("lost.state");
    let sim = Sim::serve(&home, "mt6572-format-all", &again, &state, &[]);
    judged(&screen, "DAMAGED");
    put_back(&screen, &archive);
    screen.shows("Written, and read back");
    judged(&screen, "GOOD");
    // It is let go, restarts, and is plugged in once more.
    screen.keys("n");
    saved(&screen, &state);
    judged(&screen, "GOOD");
    drop(sim);
    screen.shows("waiting");
    let _sim = Sim::serve(&home, "mt6572-format-all", &again, &state, &[]);
    judged(&screen, "GOOD");
    screen.keys("q");
    screen.left().in_order(0);
    assert_eq!(journal(&home), None);
}

#[test]
fn a_cable_pulled_while_writing_is_told_and_the_write_finished() {
    let mut bench = Bench::with_archive("mt6572-format-all");
    let screen = bench.screen();
    judged(&screen, "DAMAGED");
    bench.cable.slow(SLOW);
    put_back(&screen, "a.nvk");
    writes(&screen);
    bench.cable.unplug();
    screen.wait("the truth", |screen| {
        let text = screen.contents();
        text.contains("failed") && text.contains("waiting") && !text.contains("Written, and read back")
    });
    assert!(journal(&bench.home).is_some(), "{:?}", bench.home.files());
    bench.cable.slow(Duration::ZERO);
    bench.cable.plug();
    judged(&screen, "DAMAGED");
    screen.keys("5");
    screen.shows("finish");
    screen.keys("F");
    screen.shows("Type resume and Enter");
    screen.keys("resume");
    screen.keys(ENTER);
    screen.shows("finished");
    judged(&screen, "GOOD");
    assert_eq!(journal(&bench.home), None);
    screen.keys("q");
    screen.left().in_order(0);
}

#[test]
fn leaving_while_writing_is_asked_and_leaves_a_journal_that_resumes() {
    let bench = Bench::with_archive("mt6572-format-all");
    let screen = bench.screen();
    judged(&screen, "DAMAGED");
    bench.cable.slow(SLOW);
    put_back(&screen, "a.nvk");
    writes(&screen);
    screen.keys("q");
    screen.shows("Stop and leave?");
    assert!(journal(&bench.home).is_some(), "{:?}", bench.home.files());
    // No is no.
    screen.keys("n");
    screen.wait("the question gone", |screen| !screen.contents().contains("Stop and leave?"));
    screen.keys("q");
    screen.shows("Stop and leave?");
    screen.keys("y");
    screen.left().in_order(0);
    assert!(journal(&bench.home).is_some(), "{:?}", bench.home.files());
    bench.cable.slow(Duration::ZERO);
    let resume = ["--port", &bench.cable.port(), "resume", "--yes", "--json"];
    let resumed = bench.home.run(&resume).exits(0).json();
    assert!(resumed["result"]["written"].as_u64() > Some(0), "{resumed}");
    assert_eq!(journal(&bench.home), None);
    bench.home.run(&["--port", &bench.cable.port(), "diagnose", "-q"]).exits(0);
}

#[test]
fn a_signal_while_writing_stops_after_the_block_at_hand_and_leaves_a_journal() {
    let bench = Bench::with_archive("mt6572-format-all");
    let screen = bench.screen();
    judged(&screen, "DAMAGED");
    bench.cable.slow(SLOW);
    put_back(&screen, "a.nvk");
    writes(&screen);
    screen.signal("TERM");
    screen.left().in_order(130);
    assert!(journal(&bench.home).is_some(), "{:?}", bench.home.files());
    bench.cable.slow(Duration::ZERO);
    bench.home.run(&["--port", &bench.cable.port(), "resume", "--yes", "-q"]).exits(0);
    bench.home.run(&["--port", &bench.cable.port(), "diagnose", "-q"]).exits(0);
}

#[test]
fn a_pasted_word_confirms_nothing() {
    let bench = Bench::with_archive("mt6572-format-all");
    let screen = bench.screen();
    judged(&screen, "DAMAGED");
    plan(&screen, "a.nvk");
    screen.paste("restore");
    screen.shows("typed, not pasted");
    screen.paste("restore\r");
    screen.keys(ENTER);
    screen.shows("Type restore and Enter to write, Esc to write nothing.");
    screen.keys(ESC);
    screen.wait("the plan gone", |screen| !screen.contents().contains("The plan"));
    screen.keys("q");
    screen.left().in_order(0);
    bench.home.run(&["--port", &bench.cable.port(), "diagnose", "-q"]).exits(9);
}
