//! What a finished command is called, and which of its content may be published.

use std::fmt::Write;
use std::time::Duration;

use super::answers::Answers;
use super::command::Command;
use super::kept::{Kept, bytes};
use super::names::{self, Names};
use super::page::{Meaning, Page, Subject, values};
use super::vocabulary::{Part, refusal};
use crate::protocol::ChipProfile;
use crate::wire::msdc;
use crate::wire::preloader::{HANDSHAKE, command as op};

/// Most words of a burst that are named one by one.
const MOST_NAMED: u32 = 8;

/// Writes commands on a page.
pub(super) struct Teller {
    /// The lines.
    pub page: Page,
    /// Control went to an agent, which has a language of its own.
    pub with_agent: bool,
    /// What registers are called.
    pub names: Names,
    answers: Answers,
    /// The argument of the next command to the card.
    card_argument: Option<u32>,
    /// Handshake bytes that were answered as they should be.
    shaken: usize,
    shaking_since: Duration,
}

impl Teller {
    /// Starts an empty page.
    pub fn new(chips: Vec<ChipProfile>) -> Self {
        Self {
            page: Page::default(),
            with_agent: false,
            names: Names::new(chips),
            answers: Answers::default(),
            card_argument: None,
            shaken: 0,
            shaking_since: Duration::ZERO,
        }
    }

    /// A byte of the handshake was answered; true when that was the last.
    pub fn handshake(&mut self, at: Duration, byte: u8, answer: u8) -> bool {
        if answer == !byte && byte == HANDSHAKE[self.shaken] {
            if self.shaken == 0 {
                self.shaking_since = at;
            }
            self.shaken += 1;
            if self.shaken == HANDSHAKE.len() {
                self.shaken = 0;
                let text = "handshake a0 0a 50 05 -> 5f f5 af fa".to_owned();
                self.page.line(self.shaking_since, text, None);
            }
            return self.shaken == 0;
        }
        self.shaken = 0;
        let meaning = match (byte, answer) {
            (0xA0, 0xA0) => ": came back, so the phone was in its command loop",
            _ if answer == !byte => "",
            _ => ": out of step",
        };
        self.page.line(at, format!("handshake {byte:02x} -> {answer:02x}{meaning}"), None);
        false
    }

    /// A byte of the handshake was not answered.
    pub fn unanswered_handshake(&mut self, at: Duration, byte: u8) {
        self.shaken = 0;
        if byte == HANDSHAKE[0] {
            self.page.note(at, Subject::Knock, &[], Meaning::Plain, String::new);
        } else {
            self.page.line(at, format!("handshake {byte:02x}: no answer"), None);
        }
    }

    /// A command got its answer.
    pub fn answered(&mut self, command: &Command) {
        match command.shape.op {
            op::READ32 | op::READ16 => self.read(command),
            op::WRITE32 => self.write(command),
            op::GET_HW_CODE => {
                if let Some(code) = command.answer.bytes().first_chunk::<2>().filter(|_| command.sure) {
                    self.names.meet(u16::from_be_bytes(*code));
                }
                self.query(command);
            }
            op::JUMP_DA => {
                self.query(command);
                self.with_agent = command.sure;
            }
            _ => self.query(command),
        }
    }

    /// The phone refused a command.
    pub fn refused(&mut self, command: &Command, status: u16) {
        self.failed(command, &refusal(status));
    }

    /// A command got no whole answer.
    pub fn failed(&mut self, command: &Command, why: &str) {
        let mut private = Kept::new();
        private.push(command.sent.bytes());
        private.push(command.answer.bytes());
        self.page.line(command.at, format!("{}: {why}", self.describe(command)), private.hex());
    }

    fn read(&mut self, command: &Command) {
        let address = command.argument(0).unwrap_or(0);
        let count = command.argument(1).unwrap_or(0);
        let bytes = command.answer.bytes();
        let offset = self.names.in_controller(address);
        if command.shape.op == op::READ32 && offset == Some(msdc::RXDATA) && count == 1 {
            return self.fifo(command.at, Subject::FromFifo, bytes);
        }
        let wide = command.shape.op == op::READ32;
        if let Some(offset) = offset.filter(|_| wide) {
            for (place, word) in (offset..).step_by(4).zip(bytes.as_chunks::<4>().0) {
                self.answers.read(place, u32::from_be_bytes(*word));
            }
        }
        let public = command.sure && wide && self.is_public(address, count);
        let meaning = match offset {
            Some(msdc::INT) => Meaning::Events,
            Some(msdc::SDC_RESP0) if count == 1 && self.answers.are_status() => Meaning::State,
            _ => Meaning::Plain,
        };
        let subject = Subject::Read { op: command.shape.op, address, count, public };
        let names = &self.names;
        self.page.note(command.at, subject, bytes, meaning, || describe(names, command));
    }

    fn write(&mut self, command: &Command) {
        let address = command.argument(0).unwrap_or(0);
        let count = command.argument(1).unwrap_or(0);
        let offset = self.names.in_controller(address);
        let written = command.sent.bytes();
        if offset == Some(msdc::TXDATA) && count == 1 {
            return self.fifo(command.at, Subject::IntoFifo, written);
        }
        let mut text = self.describe(command);
        if let Some(offset) = offset {
            for (place, word) in (offset..).step_by(4).zip(written.as_chunks::<4>().0) {
                self.answers.written(place, u32::from_be_bytes(*word));
            }
        }
        if !command.sure || !self.is_public(address, count) {
            let _ = write!(text, " = {}", bytes(command.sent.total()));
            return self.page.line(command.at, text, command.sent.hex());
        }
        text.push_str(" = ");
        values(&mut text, 4, &command.sent);
        if let (Some(offset), Some(word)) = (offset, written.first_chunk::<4>()) {
            self.explain(&mut text, offset, u32::from_be_bytes(*word));
        }
        self.page.line(command.at, text, None);
    }

    /// Adds what a word means to the controller.
    fn explain(&mut self, text: &mut String, offset: u32, word: u32) {
        match offset {
            msdc::SDC_ARG => self.card_argument = Some(word),
            msdc::SDC_CMD => {
                let _ = write!(text, " ({}", names::card_command(word));
                if let Some(argument) = self.card_argument.take() {
                    let _ = write!(text, ", argument 0x{argument:08x}");
                }
                text.push(')');
            }
            msdc::INT => {
                if let Some(events) = names::events(word) {
                    let _ = write!(text, " ({events})");
                }
            }
            _ => {}
        }
    }

    /// The card's bytes are in a word from its low end on, and the word comes high end first.
    fn fifo(&mut self, at: Duration, subject: Subject, word: &[u8]) {
        let mut card = [0; 4];
        let len = word.len().min(4);
        card[..len].copy_from_slice(&word[..len]);
        card[..len].reverse();
        self.page.note(at, subject, &card[..len], Meaning::Plain, String::new);
    }

    fn query(&mut self, command: &Command) {
        let mut text = self.describe(command);
        let answer = &command.answer;
        let mut private = None;
        if command.shape.secret || !command.sure || is_access(command) {
            let mut all = Kept::new();
            all.push(command.sent.bytes());
            all.push(answer.bytes());
            for (count, way) in [(command.sent.total(), " sent"), (answer.total(), " received")] {
                if count > 0 {
                    let _ = write!(text, ", {}{way}", bytes(count));
                }
            }
            private = all.hex();
            if private.is_none() {
                text.push_str(" -> OK");
            }
        } else if !command.shape.echoed && answer.bytes() == [command.shape.op] {
            text.push_str(": came back");
        } else if answer.total() > 0 {
            text.push_str(" -> ");
            values(&mut text, if command.shape.op == op::GET_TARGET_CONFIG { 4 } else { 2 }, answer);
            if let (op::GET_TARGET_CONFIG, Some(word)) = (command.shape.op, answer.bytes().first_chunk::<4>())
                && let Some(fuses) = names::fuses(u32::from_be_bytes(*word))
            {
                let _ = write!(text, " ({fuses})");
            }
        } else {
            text.push_str(" -> OK");
        }
        self.page.line(command.at, text, private);
    }

    /// Whether every word of a range has a name and may be published.
    fn is_public(&self, address: u32, count: u32) -> bool {
        count > 0
            && count <= MOST_NAMED
            && (0..count).all(|word| {
                let address = address.wrapping_add(word * 4);
                let offset = self.names.in_controller(address);
                self.names.word(address).is_some()
                    && offset.is_none_or(|offset| self.answers.are_public_at(offset))
            })
    }

    fn describe(&self, command: &Command) -> String {
        describe(&self.names, command)
    }
}

/// Returns a command with its arguments: `READ32 MSDC_PS`.
fn describe(names: &Names, command: &Command) -> String {
    let mut text = command.shape.name.to_owned();
    if !command.sure {
        return text;
    }
    if command.shape.arguments != 8 || matches!(command.shape.op, op::PWR_INIT | op::I2C_SPEED) {
        for argument in command.arguments().chunks(4) {
            text.push_str(" 0x");
            for byte in argument {
                let _ = write!(text, "{byte:02x}");
            }
        }
        return text;
    }
    let (Some(address), Some(count)) = (command.argument(0), command.argument(1)) else { return text };
    let wide = matches!(command.shape.op, op::READ32 | op::WRITE32);
    let named = |word: u32| names.word(address.wrapping_add(word * 4)).filter(|_| wide);
    if count > 0 && count <= MOST_NAMED && (0..count).all(|word| named(word).is_some()) {
        for name in (0..count).filter_map(named) {
            text.push(' ');
            text.push_str(name);
        }
        // A kind of word, of which there are several.
        if count == 1 && named(0).is_some_and(|name| name.contains(' ')) {
            let _ = write!(text, " 0x{address:08x}");
        }
        return text;
    }
    let _ = write!(text, " 0x{address:08x}");
    if count != 1 {
        let _ = write!(text, " ({count} items)");
    }
    text
}

/// Whether it reads or writes memory of the phone.
fn is_access(command: &Command) -> bool {
    command.shape.arguments == 8
        && command.shape.parts.iter().any(|part| !matches!(part, Part::Status | Part::Answer(_)))
}
