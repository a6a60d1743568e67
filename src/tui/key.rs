//! Keys and clicks as the program knows them: no terminal library's types, so that updates can be tested and recordings be
//! read without one.

use serde::{Deserialize, Serialize};

/// A key without its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names on the keys")]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
}

/// A key that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Which.
    pub code: Code,
    /// Whether Ctrl was held.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ctrl: bool,
}

impl Key {
    /// A plain key.
    #[must_use]
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false }
    }

    /// A plain character.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// A character with Ctrl.
    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: true }
    }
}

/// What a mouse did, where it is wanted at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mouse {
    /// The left button, at column and row from the upper left corner.
    Click {
        /// Column from 0.
        x: u16,
        /// Row from 0.
        y: u16,
    },
    /// The wheel, towards the user when positive.
    Wheel {
        /// Notches.
        down: i8,
    },
}
