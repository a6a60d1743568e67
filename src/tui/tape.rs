//! Sessions of messages, kept and played again: one JSON document a line, the first tells how the session began. Identities
//! are masked before anything is written; bytes of files and flash content never are.

use std::io::{BufRead, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::key::{Code, Key};
use super::message::{Effect, Message};
use super::model::{Model, Setup};
use super::update::{self, Typed, update};
use crate::app::mask::mask;
use crate::app::{Exit, Failure};

/// The version of the form.
const VERSION: u32 = 1;
/// Longest line that is read: a subject of a whole phone takes about a megabyte.
const MAX_LINE: u64 = 32 << 20;

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(rename = "nvkeep-ui")]
    version: u32,
    size: (u16, u16),
    port: String,
    folder: PathBuf,
    file: Option<PathBuf>,
    masked: bool,
}

/// A session being kept.
pub struct Recorder<W> {
    writer: W,
}

impl<W: Write> Recorder<W> {
    /// Begins a file with how the session begins.
    ///
    /// # Errors
    /// The system's.
    pub fn new(mut writer: W, model: &Model) -> std::io::Result<Self> {
        let setup = &model.setup;
        let head = Head {
            version: VERSION,
            size: model.size,
            port: setup.port.clone(),
            folder: setup.folder.clone(),
            file: setup.file.clone(),
            masked: setup.masked,
        };
        writeln!(writer, "{}", serde_json::to_string(&head)?)?;
        Ok(Self { writer })
    }

    /// Takes a message in, and keeps it. What it brings of identities is known only after it was taken in: masking comes last.
    ///
    /// # Errors
    /// The system's; the message was taken in all the same.
    pub fn step(&mut self, model: &mut Model, message: Message) -> (Option<Effect>, std::io::Result<()>) {
        let hidden = hide(&message, update::typed(model), &model.identities());
        let value = serde_json::to_value(hidden.as_ref().unwrap_or(&message));
        let effect = update(model, message);
        let kept = value.map_err(std::io::Error::from).and_then(|mut value| {
            masked(&mut value, &model.identities());
            writeln!(self.writer, "{value}")?;
            self.writer.flush()
        });
        (effect, kept)
    }
}

/// Masks texts, and nothing but texts: a number that looks like an identity must stay one that can be read back.
fn masked(value: &mut Value, identities: &[String]) {
    match value {
        Value::String(text) => *text = mask(text, identities),
        Value::Array(values) => values.iter_mut().for_each(|value| masked(value, identities)),
        Value::Object(values) => values.values_mut().for_each(|value| masked(value, identities)),
        _ => {}
    }
}

/// Digits in a row from which on a number is somebody's: what identifies a model is shorter.
const OPEN_DIGITS: usize = 8;

/// Hides what spells an identity key by key. A label is kept as so many zeros. In other lines a long number, or an identity
/// that is known, is kept as a mask shows it: a search for it finds the same masked archive when it is played.
fn hide(message: &Message, typed: Typed<'_>, identities: &[String]) -> Option<Message> {
    match (message, typed) {
        (Message::Key(Key { code: Code::Char(c), ctrl: false }), Typed::Label) if c.is_ascii_digit() => {
            Some(Message::Key(Key::char('0')))
        }
        (Message::Key(Key { code: Code::Char(c), ctrl: false }), Typed::Line(line)) => {
            spells(line, *c, identities).then(|| Message::Key(Key::char('*')))
        }
        (Message::Paste(text), Typed::Label) => Some(Message::Paste("0".repeat(text.chars().count()))),
        (Message::Paste(text), _) => {
            let mut hidden = String::new();
            for c in text.chars() {
                let run = hidden.chars().rev().take_while(|c| c.is_ascii_digit() || *c == '*').count();
                let hide = c.is_ascii_digit() && (OPEN_DIGITS..OPEN_DIGITS + 4).contains(&run);
                hidden.push(if hide { '*' } else { c });
            }
            Some(Message::Paste(mask(&hidden, identities)))
        }
        _ => None,
    }
}

/// Returns whether the next character of a line lies where a mask would cover it.
fn spells(line: &str, next: char, identities: &[String]) -> bool {
    let run = line.chars().rev().take_while(char::is_ascii_digit).count();
    if next.is_ascii_digit() && (OPEN_DIGITS..OPEN_DIGITS + 4).contains(&run) {
        return true;
    }
    let typed = format!("{line}{next}").to_lowercase();
    identities.iter().filter(|identity| identity.chars().count() >= 8).any(|identity| {
        let covered = mask(identity, std::slice::from_ref(identity));
        let low = identity.to_lowercase();
        let ends = low.char_indices().map(|(at, c)| at + c.len_utf8());
        covered.chars().zip(ends).any(|(shown, end)| {
            shown == '*' && low.get(..end).is_some_and(|start| start.len() > 1 && typed.ends_with(start))
        })
    })
}

/// A session that is played.
pub struct Player<R> {
    lines: R,
    number: usize,
}

impl<R: BufRead> Player<R> {
    /// Reads how the session began.
    ///
    /// # Errors
    /// When it is no session of a screen, or of a newer form.
    pub fn new(mut lines: R) -> Result<(Self, Model), Failure> {
        let first = read_line(&mut lines, 1)?.ok_or_else(|| bad(1, "the file is empty"))?;
        let head: Head = serde_json::from_str(&first).map_err(|error| bad(1, &error.to_string()))?;
        if head.version != VERSION {
            return Err(bad(1, &format!("it is of form {}, this program reads {VERSION}", head.version)));
        }
        let setup = Setup { port: head.port, folder: head.folder, file: head.file, masked: head.masked };
        Ok((Self { lines, number: 1 }, Model::new(setup, head.size)))
    }

    /// Returns the next message, none at the end.
    ///
    /// # Errors
    /// With the line that cannot be read.
    #[expect(
        clippy::should_implement_trait,
        reason = "a session ends at its first bad line; an iterator of results would go on"
    )]
    pub fn next(&mut self) -> Result<Option<Message>, Failure> {
        self.number += 1;
        let Some(line) = read_line(&mut self.lines, self.number)? else { return Ok(None) };
        serde_json::from_str(&line).map(Some).map_err(|error| bad(self.number, &error.to_string()))
    }
}

fn read_line(lines: &mut impl BufRead, number: usize) -> Result<Option<String>, Failure> {
    use std::io::Read;
    let mut line = String::new();
    let mut bounded = lines.take(MAX_LINE);
    match bounded.read_line(&mut line) {
        Ok(0) => Ok(None),
        Ok(_) if line.len() as u64 >= MAX_LINE => Err(bad(number, "the line is too long")),
        Ok(_) => Ok(Some(line)),
        Err(error) => Err(bad(number, &error.to_string())),
    }
}

fn bad(line: usize, what: &str) -> Failure {
    Failure::new(Exit::Usage, "bad-session", format!("line {line} of the screen's session: {what}"))
}
