//! Bytes of the phone that answer nothing: READY, and all else.

use std::time::Duration;

use super::kept::{Kept, bytes};
use super::page::{Meaning, Page, Subject};
use crate::wire::preloader::READY;

/// What came unasked and is not written yet.
pub(super) struct Stray {
    /// Bytes of a READY that came so far, and when the first did.
    matched: usize,
    began: Duration,
    foreign: Kept,
    since: Duration,
}

impl Stray {
    /// Nothing came yet.
    pub fn new() -> Self {
        Self { matched: 0, began: Duration::ZERO, foreign: Kept::new(), since: Duration::ZERO }
    }

    /// Takes bytes that answer nothing.
    pub fn take(&mut self, at: Duration, came: &[u8], page: &mut Page) {
        for byte in came {
            if *byte != READY[self.matched] {
                self.break_off();
            }
            if *byte != READY[self.matched] {
                self.add(at, &[*byte]);
                continue;
            }
            if self.matched == 0 {
                self.began = at;
            }
            self.matched += 1;
            if self.matched == READY.len() {
                self.matched = 0;
                self.write(page);
                page.note(self.began, Subject::Ready, &[], Meaning::Plain, String::new);
            }
        }
    }

    /// Whatever was half a READY is none.
    pub fn break_off(&mut self) {
        let matched = std::mem::take(&mut self.matched);
        if matched > 0 {
            self.add(self.began, &READY[..matched]);
        }
    }

    /// Writes what is known to be no READY.
    pub fn write(&mut self, page: &mut Page) {
        if self.foreign.total() == 0 {
            return;
        }
        let foreign = std::mem::replace(&mut self.foreign, Kept::new());
        let belongs = if foreign.total() == 1 { "belongs" } else { "belong" };
        let text = format!("received {} that {belongs} to no command", bytes(foreign.total()));
        page.line(self.since, text, foreign.hex());
    }

    fn add(&mut self, at: Duration, came: &[u8]) {
        if self.foreign.total() == 0 {
            self.since = at;
        }
        self.foreign.push(came);
    }
}
