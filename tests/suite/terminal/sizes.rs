//! Claims about the picture: whole at every size, and without a colour where none is wanted.

use super::{Bench, judged, screen};
use crate::support::program::Home;
use crate::support::pty::{CTRL_L, Terminal, text};

/// Waits until the picture is whole: the tabs above, the keys below, nothing else where they are.
#[track_caller]
fn whole(screen: &Terminal, columns: u16, rows: u16) {
    screen.wait("tabs above and keys below", |screen| {
        let (height, width) = screen.size();
        let lines: Vec<String> = screen.rows(0, width.get()).collect();
        let tabs = lines.first().is_some_and(|line| line.contains("Connect") && line.contains("8 Log"));
        let keys = lines.last().is_some_and(|line| line.contains("q quit"));
        (width.get(), height.get()) == (columns, rows) && tabs && keys
    });
    // The same picture drawn onto an empty screen: nothing of another size was left in between.
    let picture = screen.picture();
    let drawn = screen.raw().len();
    screen.keys(CTRL_L);
    screen.writes("an empty screen", drawn, b"\x1b[2J");
    screen.wait("the same picture", |screen| text(screen) == picture);
}

#[test]
fn is_drawn_whole_at_every_size() {
    let bench = Bench::with("mt6572-format-all");
    let screen = screen(&bench.home, &bench.cable.port(), 80, 24);
    judged(&screen, "DAMAGED");
    screen.keys("2");
    screen.shows("the connected phone");
    whole(&screen, 80, 24);
    let small = screen.picture();
    screen.resize(200, 60);
    whole(&screen, 200, 60);
    screen.resize(50, 10);
    screen.shows("nvkeep needs");
    assert!(!screen.screen().contents().contains("DAMAGED"), "nothing half drawn\n{}", screen.shown());
    screen.resize(80, 24);
    whole(&screen, 80, 24);
    assert_eq!(screen.picture(), small);
    screen.keys("q");
    screen.left().in_order(0);
}

/// Returns every colour that was asked for: parameters of SGR that name one.
fn colours(raw: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(raw);
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        rest[end..].starts_with('m').then(|| &rest[..end])
    });
    let numbers = sequences.flat_map(|sequence| sequence.split(';')).filter_map(|number| number.parse().ok());
    // 39 and 49 ask for the terminal's own.
    numbers.filter(|number| matches!(number, 30..=38 | 40..=48 | 90..=97 | 100..=107)).collect()
}

/// Looks at every screen of a damaged phone and returns every byte that was written.
fn every_screen(colourless: bool) -> Vec<u8> {
    let home = Home::new();
    let mut command = home.command(&["tui", "--port", "sim:mt6572-format-all", "--dir", "."]);
    if colourless {
        command.env("NO_COLOR", "1");
    }
    let screen = Terminal::run(&command, 100, 30);
    judged(&screen, "DAMAGED");
    for key in ["2", "3", "4", "5", "6", "7", "8", "1", "?"] {
        let drawn = screen.raw().len();
        screen.keys(key);
        screen.writes("an answer", drawn, b"\x1b[");
    }
    screen.keys("q");
    screen.wait("help closed", |screen| !screen.contents().contains("On this screen"));
    screen.keys("q");
    let left = screen.left();
    left.in_order(0);
    left.raw
}

#[test]
fn no_color_means_no_colour() {
    assert!(!colours(&every_screen(false)).is_empty(), "there are colours to leave out");
    assert_eq!(colours(&every_screen(true)), [0; 0]);
}
