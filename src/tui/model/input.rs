//! A line of text that is being typed. Bounded, and without control characters, whatever is pasted.

use crate::tui::key::{Code, Key};

/// Longest line.
const MAX: usize = 200;

/// A line, with its cursor at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
}

impl Input {
    /// Returns what was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Forgets what was typed.
    pub fn clear(&mut self) {
        self.text.clear();
    }

    /// Takes text as if it was typed.
    pub fn paste(&mut self, text: &str) {
        let room = MAX.saturating_sub(self.text.chars().count());
        self.text.extend(text.chars().filter(|c| !c.is_control()).take(room));
    }

    /// Takes a key, and returns whether it was one for a line of text.
    pub fn take(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl) {
            (Code::Char('u'), true) => self.text.clear(),
            (Code::Char('w'), true) => {
                let kept = self.text.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.text.truncate(kept);
            }
            (Code::Char(c), false) => self.paste(c.encode_utf8(&mut [0; 4])),
            (Code::Backspace, _) => {
                self.text.pop();
            }
            _ => return false,
        }
        true
    }
}
