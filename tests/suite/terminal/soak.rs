//! Everything that can be done to the screen, at random, for minutes: keys, words, pastes, sizes, and a phone that comes and
//! goes. `NVKEEP_SOAK_MINUTES` (10) and `NVKEEP_SOAK_SEED` (1) choose how long and what.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use vt100::Screen;

use super::{ANYWHERE, judged, screen};
use crate::support::Random;
use crate::support::program::{Home, Sim};
use crate::support::pty::{CTRL_L, CTRL_Z, ENTER, ESC, Terminal, text};

const KEYS: &[&str] = &[
    "1", "2", "3", "4", "5", "6", "7", "8", "\t", "\x1b[Z", "j", "k", "g", "G", "\x1b[A", "\x1b[B", "\x1b[C",
    "\x1b[D", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F", ENTER, ENTER, ENTER, ESC, "?", "n", "w", "s", "r",
    "b", "p", "/", "x", "e", "t", "f", "F", "U", "m", "d", "l", "a", "b", "o", "c", "y", CTRL_L, CTRL_Z,
    "\x7f", "é", "漢",
];

const WORDS: &[&str] = &["restore", "repair", "resume", "undo", "490154203237518", "imei", "nvk"];

const SCENARIOS: &[&str] =
    &["mt6572", "mt6572-format-all", "mt6572-imei-null", "mt6572-other-phone", "mt6572-remnants"];

/// What shows how far a soak came.
const SIGNS: &[&str] = &[
    "Archived: every byte",
    "Written, and read back",
    ": finished",
    "taken back",
    "failed",
    "refused",
    "leave?",
    "WRITING",
    "Type repair",
    "Type restore",
    "Type resume",
    "Type undo",
    "Nothing was written",
    "DIFFERENT",
    "Whole:",
    "nvkeep needs",
    "Unplug the phone",
    "did not finish",
];

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

struct Soak {
    random: Random,
    home: Home,
    port: String,
    sim: Option<Sim>,
    screen: Terminal,
    /// What was done last, for a failure.
    done: Vec<String>,
    ends: usize,
    /// Which of [`SIGNS`] stood on the screen.
    seen: BTreeSet<&'static str>,
}

impl Soak {
    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.random.below(all.len() as u64) as usize]
    }

    fn types(&mut self, keys: &str) {
        self.note(format!("keys {keys:?}"));
        self.screen.keys(keys);
    }

    fn note(&mut self, what: String) {
        if self.done.len() > 60 {
            self.done.remove(0);
        }
        self.done.push(what);
    }

    fn text(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.random.below(200) {
            let code = [0x7F, 0x2FFF, 0x1_FFFF][self.random.below(3) as usize];
            text.extend(char::from_u32(self.random.below(code) as u32));
        }
        text.replace("\x1b[201~", "")
    }

    /// Plugs in another phone, or the same one again, or takes it away.
    fn cable(&mut self) {
        if self.sim.take().is_some() && self.random.below(2) == 0 {
            return self.note("unplugged".into());
        }
        let scenario = self.one_of(SCENARIOS);
        self.note(format!("plugged in {scenario}"));
        let state = self.home.path(&format!("{scenario}.state"));
        self.sim = Some(Sim::serve(&self.home, scenario, &self.port, &state, &[]));
    }

    fn act(&mut self) {
        match self.random.below(100) {
            0..70 => {
                let key = self.one_of(KEYS);
                self.types(key);
            }
            70..80 => {
                let word = self.one_of(WORDS);
                self.types(word);
                self.types(ENTER);
            }
            80..84 => {
                let text = self.text();
                self.note(format!("paste {text:?}"));
                self.screen.paste(&text);
            }
            84..89 => {
                let (columns, rows) = (1 + self.random.below(220) as u16, 1 + self.random.below(70) as u16);
                self.note(format!("size {columns}x{rows}"));
                self.screen.resize(columns, rows);
            }
            89..91 => {
                let len = self.random.below(20) as usize;
                let bytes = self.random.bytes(len);
                let text: String = bytes.iter().map(|byte| char::from(byte & 0x7F)).collect();
                self.types(&text);
            }
            91 => self.types("q"),
            92..94 => self.cable(),
            94..97 => self.agree(),
            _ => {
                let time = self.random.below(1500);
                self.screen.wait_for(Duration::from_millis(time), |_| false);
            }
        }
    }

    /// Asks for a plan, or for the end of a write that was interrupted, and agrees to it, whatever it is.
    fn agree(&mut self) {
        self.screen.resize(100, 30);
        let what = self.one_of(&[ENTER, ENTER, "F", "U"]);
        for keys in [ESC, ESC, "5", "j", what] {
            self.types(keys);
            self.screen.wait_for(Duration::from_millis(300), |_| false);
        }
        let asks = |shown: &str, word: &str| shown.contains(&format!("Type {word} and"));
        let offered = |screen: &Screen| WORDS[..4].iter().any(|word| asks(&screen.contents(), word));
        if self.screen.wait_for(Duration::from_secs(5), offered).is_some() {
            let shown = self.screen.shown();
            for word in WORDS[..4].iter().filter(|word| asks(&shown, word)) {
                self.types(word);
                self.types(ENTER);
            }
        }
    }

    /// Fails when something is wrong; continues what sleeps; opens the screen again when it was left.
    fn check(&mut self) {
        let shown = self.screen.shown();
        self.seen.extend(SIGNS.iter().filter(|sign| shown.contains(**sign)));
        let wrong = ["panicked at", "defect of nvkeep"].iter().any(|words| shown.contains(words));
        assert!(!wrong, "{shown}\n{:#?}", self.done);
        if self.screen.is_stopped() {
            self.screen.signal("CONT");
        } else if !self.screen.is_running() {
            let next = screen(&self.home, &self.port, 100, 30);
            self.ended(next);
        }
    }

    /// Looks at how the screen was left, and takes the next one.
    fn ended(&mut self, next: Terminal) {
        let left = std::mem::replace(&mut self.screen, next).left();
        let said = String::from_utf8_lossy(&left.raw);
        if let Some(at) = said.rfind("panicked at") {
            let words: String = said[at..].chars().take(2000).collect();
            panic!("{words}\n{:#?}\n{}", self.done, text(&left.screen));
        }
        if left.code != 0 {
            eprintln!("{:#?}", self.done);
        }
        // Left before it was drawn, it never took the terminal.
        left.in_order(0);
        self.ends += 1;
    }
}

#[test]
#[ignore = "takes minutes: NVKEEP_SOAK_MINUTES=10 cargo test --test suite -- terminal::soak --ignored --nocapture"]
fn nothing_done_at_random_breaks_the_screen() {
    let (minutes, seed) = (number("NVKEEP_SOAK_MINUTES", 10), number("NVKEEP_SOAK_SEED", 1));
    let home = Home::new();
    home.run(&["--port", "sim:mt6572", "backup", "-o", "a.nvk", "-q"]).exits(0);
    let sim = Sim::serve(&home, "mt6572", ANYWHERE, &home.path("mt6572.state"), &[]);
    let port = sim.port.clone();
    let screen = screen(&home, &port, 100, 30);
    judged(&screen, "GOOD");
    let random = Random::new(seed);
    let mut soak =
        Soak { random, home, port, sim: Some(sim), screen, done: Vec::new(), ends: 0, seen: BTreeSet::new() };
    let (start, mut acts) = (Instant::now(), 0u64);
    while start.elapsed() < Duration::from_secs(60 * minutes) {
        soak.act();
        let pause = soak.random.below(30);
        soak.screen.wait_for(Duration::from_millis(pause), |_| false);
        soak.check();
        acts += 1;
    }
    // Left as a user leaves it, whatever is open and running.
    while soak.screen.is_running() {
        if soak.screen.is_stopped() {
            soak.screen.signal("CONT");
        }
        for keys in [ESC, "q", "y"] {
            soak.screen.keys(keys);
            soak.screen.wait_for(Duration::from_millis(200), |_| false);
        }
        assert!(
            start.elapsed() < Duration::from_secs(60 * minutes + 120),
            "{}\n{:#?}",
            soak.screen.shown(),
            soak.done
        );
    }
    let Soak { screen, home, ends, seen, .. } = soak;
    screen.left().in_order(0);
    let files = home.files();
    let archives: Vec<&String> = files.iter().filter(|name| name.ends_with(".nvk")).collect();
    for archive in &archives {
        home.run(&["verify", archive, "-q"]).exits(0);
    }
    println!(
        "seed {seed}: {acts} acts, left {ends} times, {} archives, all whole; seen: {seen:?}",
        archives.len()
    );
}
