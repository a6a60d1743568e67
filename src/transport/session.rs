//! The text of a recorded session: a header, then one event a line. It parses and writes; it does not play.
//!
//! ```text
//! nvkeep session 1
//! plug preloader usb 1-2 (0e8d:2000)
//! > 0.001234 a0
//! < 0.001500 5f
//! ! 0.021500 receive timeout 4 1
//! ! 0.030000 receive gone
//! ```
//!
//! `plug KIND NAME` begins a plug-in; a file may hold several. `>` is one transfer the host sent, `<` what one receive got,
//! `!` a transfer that failed (for a send, the line above is what was to be sent). Times are seconds since the plug-in, on
//! the link's clock. Empty lines and lines that begin with `#` say nothing.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::link::{LinkError, PortKind};
use super::trace::Hex;

/// The first line of every file of this version.
const HEADER: &str = "nvkeep session 1";

/// Longest time an event may carry: beyond a week the file is wrong, not slow.
const LONGEST_SECONDS: u64 = 7 * 24 * 3600;

/// A whole recording: what was plugged in, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    /// In the order of the recording.
    pub plugs: Vec<Plug>,
}

/// Everything that passed between one plug-in and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plug {
    /// What the port said it was.
    pub kind: PortKind,
    /// What the link called itself.
    pub name: String,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// One line of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, since the plug-in.
    pub at: Duration,
    /// What.
    pub what: What,
    /// The line of the file it stands on, from 1; 0 for an event that was not parsed.
    pub line: usize,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The host sent this as one transfer.
    Sent(Vec<u8>),
    /// One receive of the host got this.
    Received(Vec<u8>),
    /// The send above failed.
    SendFailed(LinkError),
    /// A receive failed.
    ReceiveFailed(LinkError),
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        for plug in &self.plugs {
            write!(f, "{plug}")?;
            for event in &plug.events {
                write!(f, "{event}")?;
            }
        }
        Ok(())
    }
}

/// Writes the header line of a file.
pub(super) fn header() -> String {
    format!("{HEADER}\n")
}

impl fmt::Display for Plug {
    /// Writes the line that begins the plug-in, without its events.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plug {} {}", kind_word(self.kind), one_line(&self.name))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = format_args!("{}.{:06}", self.at.as_secs(), self.at.subsec_micros());
        match &self.what {
            What::Sent(bytes) => writeln!(f, "> {at} {}", Hex(bytes)),
            What::Received(bytes) => writeln!(f, "< {at} {}", Hex(bytes)),
            What::SendFailed(error) => writeln!(f, "! {at} send {}", failure_words(error)),
            What::ReceiveFailed(error) => writeln!(f, "! {at} receive {}", failure_words(error)),
        }
    }
}

/// A failure in the words of the format: `gone`, `timeout WANTED GOT`, `failed TEXT`.
fn failure_words(error: &LinkError) -> String {
    match error {
        LinkError::Gone => "gone".to_owned(),
        LinkError::Timeout { wanted, got } => format!("timeout {wanted} {got}"),
        LinkError::Io { what, .. } => format!("failed {}", one_line(what)),
        other => format!("failed {}", one_line(&other.to_string())),
    }
}

/// Keeps foreign text from starting a line of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

fn kind_word(kind: PortKind) -> &'static str {
    match kind {
        PortKind::Preloader => "preloader",
        PortKind::Brom => "brom",
        PortKind::Agent => "agent",
        PortKind::Unknown => "unknown",
    }
}

/// A line that is no part of a session.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line} of the session: {what}")]
pub struct SessionError {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl Session {
    /// Reads the text of a session.
    ///
    /// # Errors
    /// [`SessionError`] with the first line that does not belong to the format.
    pub fn parse(text: &str) -> Result<Self, SessionError> {
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_end()));
        if lines.next().map(|(_, line)| line) != Some(HEADER) {
            return Err(SessionError { line: 1, what: "the file does not begin with \"nvkeep session 1\"" });
        }
        let mut session = Self::default();
        for (line, content) in lines.filter(|(_, content)| !content.is_empty() && !content.starts_with('#')) {
            let wrong = |what| SessionError { line, what };
            if let Some(rest) = content.strip_prefix("plug ") {
                session.plugs.push(parse_plug(rest).ok_or_else(|| wrong("the kind of plug-in is unknown"))?);
                continue;
            }
            let plug = session.plugs.last_mut().ok_or_else(|| wrong("an event stands before any plug-in"))?;
            let (at, what) = parse_event(content).map_err(wrong)?;
            if plug.events.last().is_some_and(|last| last.at > at) {
                return Err(wrong("time runs backwards"));
            }
            let follows_send = matches!(plug.events.last().map(|last| &last.what), Some(What::Sent(_)));
            if matches!(what, What::SendFailed(_)) && !follows_send {
                return Err(wrong("a failed send does not follow what was to be sent"));
            }
            plug.events.push(Event { at, what, line });
        }
        Ok(session)
    }
}

fn parse_plug(rest: &str) -> Option<Plug> {
    let (word, name) = rest.split_once(' ').unwrap_or((rest, ""));
    let kinds = [PortKind::Preloader, PortKind::Brom, PortKind::Agent, PortKind::Unknown];
    let kind = kinds.into_iter().find(|kind| kind_word(*kind) == word)?;
    Some(Plug { kind, name: name.to_owned(), events: Vec::new() })
}

fn parse_event(content: &str) -> Result<(Duration, What), &'static str> {
    let mut parts = content.splitn(3, ' ');
    let (mark, time, rest) =
        (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    if !matches!(mark, ">" | "<" | "!") {
        return Err("a line begins with none of plug, >, <, ! and #");
    }
    let at = parse_time(time).ok_or("the time is not written as SECONDS.FRACTION")?;
    let bytes = || parse_hex(rest).ok_or("the bytes are not pairs of hexadecimal digits");
    let what = match mark {
        ">" => What::Sent(bytes()?),
        "<" => What::Received(bytes()?),
        _ => {
            let (direction, words) = rest.split_once(' ').unwrap_or_default();
            let error =
                parse_failure(words).ok_or("the failure is none of gone, timeout WANTED GOT, failed TEXT")?;
            match direction {
                "send" => What::SendFailed(error),
                "receive" => What::ReceiveFailed(error),
                _ => return Err("a failure names neither send nor receive"),
            }
        }
    };
    Ok((at, what))
}

fn parse_time(text: &str) -> Option<Duration> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (seconds, fraction) = text.split_once('.')?;
    if !digits(seconds) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds = seconds.parse().ok().filter(|&seconds: &u64| seconds <= LONGEST_SECONDS)?;
    let nanoseconds = format!("{fraction:0<9}").parse().ok()?;
    Some(Duration::new(seconds, nanoseconds))
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

fn parse_failure(words: &str) -> Option<LinkError> {
    if words == "gone" {
        return Some(LinkError::Gone);
    }
    // A cause without a printable character leaves only the word.
    if let Some(what) = words.strip_prefix("failed ").or((words == "failed").then_some("")) {
        return Some(LinkError::Io { doing: "recorded failure", what: what.to_owned() });
    }
    let (wanted, got) = words.strip_prefix("timeout ")?.split_once(' ')?;
    Some(LinkError::Timeout { wanted: wanted.parse().ok()?, got: got.parse().ok()? })
}
