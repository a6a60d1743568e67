//! Claims about the screen as a whole: the real program in a real terminal, on cables that are pulled.

#![cfg(unix)]

mod bench; // one phone after another, writes that are interrupted
mod order; // the terminal as it was before, however the program ends
mod pace; // how soon a key is answered, and what waiting costs
mod sizes; // drawn whole at every size, with and without colours
mod soak; // keys, cables and sizes by seed, for minutes
#[cfg(target_os = "linux")]
mod usb; // the same over the real libusb

use crate::support::cable::Cable;
use crate::support::program::{Home, Sim};
use crate::support::pty::Terminal;

const ANYWHERE: &str = "tcp://127.0.0.1:0";

/// A simulated phone in a process of its own, and a cable to it.
struct Bench {
    cable: Cable,
    _sim: Sim,
    home: Home,
}

impl Bench {
    /// Lays a phone on the bench.
    fn with(scenario: &str) -> Self {
        Self::at(Home::new(), scenario)
    }

    /// The same, with an archive of the healthy phone in the folder.
    fn with_archive(scenario: &str) -> Self {
        let home = Home::new();
        home.run(&["--port", "sim:mt6572", "backup", "-o", "a.nvk", "-q"]).exits(0);
        Self::at(home, scenario)
    }

    fn at(home: Home, scenario: &str) -> Self {
        let sim = Sim::serve(&home, scenario, ANYWHERE, &home.path("phone.state"), &[]);
        Self { cable: Cable::to(&sim.port), _sim: sim, home }
    }

    /// Opens the screen on it.
    fn screen(&self) -> Terminal {
        screen(&self.home, &self.cable.port(), 100, 30)
    }
}

/// Opens the screen of this home at this port.
fn screen(home: &Home, port: &str, columns: u16, rows: u16) -> Terminal {
    Terminal::run(&home.command(&["tui", "--port", port, "--dir", "."]), columns, rows)
}

/// Returns the journal of a write that did not finish.
fn journal(home: &Home) -> Option<String> {
    home.files().into_iter().find(|name| name.ends_with(".journal"))
}

/// Waits until a phone is connected and was judged so, as the line over every screen says.
#[track_caller]
fn judged(screen: &Terminal, verdict: &str) {
    screen.wait(verdict, |screen| {
        screen.contents().lines().any(|line| line.contains("connected") && line.contains(verdict))
    });
}
