//! Claims about the terminal afterwards: as it was before, whether the program is left, ended by a signal, loses its terminal
//! or is put to sleep. A panic of the thread that draws cannot be provoked from outside.

use std::time::{Duration, Instant};

use super::{Bench, judged, screen};
use crate::support::program::Home;
use crate::support::pty::{CTRL_L, CTRL_Z, ENTER, PATIENCE, Terminal, text};

const NOBODY: &str = "tcp://127.0.0.1:9";

#[test]
fn is_given_back_when_the_program_is_left() {
    let home = Home::new();
    let screen = screen(&home, NOBODY, 80, 24);
    screen.shows("waiting");
    assert!(!screen.is_cooked(), "keys come one by one while it runs");
    screen.keys("q");
    screen.left().in_order(0);
}

#[test]
fn is_given_back_on_every_signal() {
    let home = Home::new();
    for signal in ["TERM", "HUP", "INT"] {
        let screen = screen(&home, NOBODY, 80, 24);
        screen.shows("waiting");
        screen.signal(signal);
        screen.left().in_order(130);
    }
}

#[test]
fn is_given_back_on_a_signal_while_a_phone_is_read() {
    let bench = Bench::with("mt6572");
    let screen = bench.screen();
    judged(&screen, "GOOD");
    bench.cable.slow(Duration::from_millis(2));
    screen.keys("4");
    screen.keys(ENTER);
    screen.shows("Backing up");
    screen.signal("TERM");
    screen.left().in_order(130);
    let left: Vec<String> = bench.home.files();
    assert!(!left.iter().any(|name| name.contains(".nvk")), "no file of a backup that was stopped: {left:?}");
}

#[test]
fn is_given_back_when_ctrl_c_is_pressed() {
    let home = Home::new();
    let screen = screen(&home, NOBODY, 80, 24);
    screen.shows("waiting");
    screen.keys("\x03");
    screen.left().in_order(0);
}

/// Waits until the program is stopped. Nothing arrives when a process stops, so its state is asked for.
fn stops(screen: &Terminal) {
    let start = Instant::now();
    while !screen.is_stopped() {
        assert!(start.elapsed() < PATIENCE, "it does not stop\n{}", screen.shown());
        screen.wait_for(Duration::from_millis(5), |_| false);
    }
}

/// Waits until this picture was drawn anew, onto an empty screen.
#[track_caller]
fn drawn_anew(screen: &Terminal, from: usize, picture: &str) {
    screen.writes("an empty screen", from, b"\x1b[2J");
    screen.wait("the same picture", |screen| text(screen) == picture);
}

#[test]
fn is_given_back_while_the_program_sleeps_and_taken_again() {
    let bench = Bench::with("mt6572");
    let screen = bench.screen();
    judged(&screen, "GOOD");
    screen.keys("2");
    screen.shows("the connected phone");
    let picture = screen.picture();
    screen.keys(CTRL_Z);
    stops(&screen);
    assert!(screen.is_cooked());
    // The program sleeps; what it said last may still be on its way.
    screen.wait("everything given back", |shown| {
        !shown.alternate_screen() && !shown.hide_cursor() && !shown.bracketed_paste()
    });
    let slept = screen.raw().len();
    screen.signal("CONT");
    drawn_anew(&screen, slept, &picture);
    screen.wait("everything taken again", |screen| {
        screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste()
    });
    assert!(!screen.is_cooked());
    screen.keys("8");
    screen.shows("follow");
    screen.keys("q");
    screen.left().in_order(0);
}

#[test]
fn is_given_back_to_a_shell_and_taken_again_with_fg() {
    let home = Home::new();
    let mut command = std::process::Command::new("bash");
    command.args(["--norc", "--noprofile", "-i"]).env("PS1", "shell> ");
    home.settle(&mut command);
    if std::process::Command::new("bash").arg("-c").arg("true").status().is_err() {
        eprintln!("SKIPPED terminal::order::…_with_fg: there is no bash");
        return;
    }
    let screen = Terminal::run(&command, 100, 30);
    screen.shows("shell> ");
    screen.keys(&format!("'{}' tui --port {NOBODY}\r", env!("CARGO_BIN_EXE_nvkeep")));
    screen.wait("the screen", |screen| screen.alternate_screen() && screen.contents().contains("waiting"));
    screen.keys(CTRL_Z);
    screen.wait("the shell", |screen| !screen.alternate_screen() && screen.contents().contains("Stopped"));
    screen.keys("echo in ord''er\r");
    screen.shows("in order");
    screen.keys("fg\r");
    screen.wait("the screen again", |screen| {
        let text = screen.contents();
        screen.alternate_screen()
            && text.contains("waiting")
            && text.contains("Connect")
            && !text.contains("shell>")
    });
    screen.keys("q");
    screen.wait("the shell again", |screen| {
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && text(screen).trim_end().lines().last() == Some("shell>")
    });
    screen.keys("exit\r");
    assert_eq!(screen.left().code, 0);
}

#[test]
fn a_terminal_that_was_written_over_is_drawn_whole_again() {
    let bench = Bench::with("mt6572");
    let screen = bench.screen();
    judged(&screen, "GOOD");
    screen.keys("2");
    screen.shows("the connected phone");
    let picture = screen.picture();
    let drawn = screen.raw().len();
    screen.keys(CTRL_L);
    drawn_anew(&screen, drawn, &picture);
    // Whoever continues a program that was stopped from outside wrote over its screen in between.
    screen.signal("STOP");
    stops(&screen);
    let drawn = screen.raw().len();
    screen.signal("CONT");
    drawn_anew(&screen, drawn, &picture);
    screen.keys("q");
    screen.left().in_order(0);
}

#[test]
fn ends_the_program_when_its_window_is_closed() {
    let home = Home::new();
    let terminal = screen(&home, NOBODY, 80, 24);
    terminal.shows("waiting");
    // Whichever is heard first, the signal or that nothing can be drawn any more: it is no panic.
    let code = terminal.closed_window();
    assert!([1, 130].contains(&code), "{code}");
}

#[test]
fn without_one_the_screen_is_refused() {
    let home = Home::new();
    let said = home.run(&["tui"]).exits(2);
    assert!(said.err.contains("terminal") && said.out.is_empty(), "{said:?}");
    let said = home.run(&[]).exits(2);
    assert!(said.err.contains("Usage: nvkeep") && said.out.is_empty(), "{said:?}");
}

#[test]
fn nvkeep_alone_opens_the_screen() {
    let home = Home::new();
    let screen = Terminal::run(&home.command(&[]), 80, 24);
    screen.shows("waiting");
    screen.keys("q");
    screen.left().in_order(0);
}
