//! From a key to what it does: questions first, then lines of text, then the tables of the screen.

use super::{archive, backup, compare, log, moves, phone, records, restore, saving};
use crate::tui::key::{Code, Key, Mouse};
use crate::tui::keymap::{self, Command};
use crate::tui::layout;
use crate::tui::message::{Effect, Job};
use crate::tui::model::bench::CableState;
use crate::tui::model::{Input, Leaving, Model, Pane, Screen, Stage, Tone};

/// A line of text that is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typing {
    /// The word that confirms a plan.
    Confirmation,
    /// The note of the next archive.
    Note,
    /// The number on the label.
    Label,
    /// The search in the records.
    Records,
    /// The search in the vault.
    Archives,
    /// The filter of the log.
    Log,
    /// A path to open.
    Path,
}

/// Returns the line that is being typed, if any.
pub(crate) fn typing(model: &Model) -> Option<Typing> {
    match model.screen {
        Screen::Restore if model.restore.offer.is_some() => Some(Typing::Confirmation),
        Screen::Restore if model.restore.editing_label => Some(Typing::Label),
        Screen::Backup if model.backup.editing => Some(Typing::Note),
        Screen::Records if model.records.filtering => Some(Typing::Records),
        Screen::Archive if model.archives.typing_path => Some(Typing::Path),
        Screen::Restore | Screen::Compare | Screen::Archive if model.archives.filtering => {
            Some(Typing::Archives)
        }
        Screen::Log if model.log.filtering => Some(Typing::Log),
        _ => None,
    }
}

fn line(model: &mut Model, typing: Typing) -> &mut Input {
    match typing {
        Typing::Confirmation => &mut model.restore.typed,
        Typing::Note => &mut model.backup.note,
        Typing::Label => &mut model.restore.label,
        Typing::Records => &mut model.records.filter,
        Typing::Archives => &mut model.archives.filter,
        Typing::Log => &mut model.log.filter,
        Typing::Path => &mut model.archives.path,
    }
}

/// Takes a key.
pub(super) fn key(model: &mut Model, key: Key) -> Option<Effect> {
    if model.leaving == Leaving::Asked {
        return answer_leaving(model, key);
    }
    if key == Key::ctrl('c') || key == Key::ctrl('z') || key == Key::ctrl('l') {
        return keymap::command(model, key).and_then(|command| perform(model, command));
    }
    if model.help {
        return help(model, key);
    }
    if let Some(typing) = typing(model) {
        return type_into(model, typing, key);
    }
    keymap::command(model, key).and_then(|command| perform(model, command))
}

/// Takes pasted text where text is being typed. Nothing pasted is ever a command, and nothing pasted confirms a write.
pub(super) fn paste(model: &mut Model, text: &str) -> Option<Effect> {
    if model.help || model.leaving == Leaving::Asked {
        return None;
    }
    match typing(model) {
        Some(Typing::Confirmation) => {
            model.notify(Tone::Bad, "The word must be typed, not pasted.");
        }
        Some(typing) => {
            line(model, typing).paste(text);
            changed(model, typing);
        }
        None => {}
    }
    None
}

/// Takes a click on a tab, or the wheel.
pub(super) fn mouse(model: &mut Model, mouse: Mouse) -> Option<Effect> {
    if model.leaving != Leaving::No {
        return None;
    }
    match mouse {
        Mouse::Click { x, y: 0 } if !model.help => {
            layout::tab_at(model.size.0, x).and_then(|screen| super::go(model, screen))
        }
        Mouse::Click { .. } => None,
        Mouse::Wheel { down } => {
            let command = if down > 0 { Command::Down } else { Command::Up };
            for _ in 0..3 {
                moves::take(model, command);
            }
            None
        }
    }
}

fn answer_leaving(model: &mut Model, key: Key) -> Option<Effect> {
    match key {
        Key { code: Code::Char('y' | 'Y'), ctrl: false } => super::leave_now(model),
        Key { code: Code::Char('c'), ctrl: true } => super::leave_now(model),
        Key { code: Code::Char('n' | 'N') | Code::Esc, ctrl: false } => {
            model.leaving = Leaving::No;
            None
        }
        _ => None,
    }
}

fn help(model: &mut Model, key: Key) -> Option<Effect> {
    match keymap::command(model, key) {
        Some(Command::Help | Command::Back | Command::Quit) => {
            model.help = false;
            model.scroll = 0;
        }
        Some(command) => {
            moves::take(model, command);
        }
        None => {}
    }
    None
}

fn type_into(model: &mut Model, typing: Typing, key: Key) -> Option<Effect> {
    match key.code {
        Code::Esc => {
            match typing {
                Typing::Confirmation => return restore::answer(model, false),
                // What was searched is forgotten, what was written is kept.
                Typing::Records | Typing::Archives | Typing::Log => line(model, typing).clear(),
                Typing::Note | Typing::Label | Typing::Path => {}
            }
            end_typing(model);
            changed(model, typing);
            None
        }
        Code::Enter if typing == Typing::Confirmation => restore::confirm(model),
        Code::Enter => {
            end_typing(model);
            match typing {
                Typing::Label => restore::check_label(model),
                Typing::Path => archive::open_path(model),
                _ => None,
            }
        }
        Code::Up | Code::Down | Code::PageUp | Code::PageDown => {
            keymap::command(model, key).map(|command| moves::take(model, command));
            None
        }
        _ => {
            if line(model, typing).take(key) {
                changed(model, typing);
            }
            None
        }
    }
}

fn end_typing(model: &mut Model) {
    model.backup.editing = false;
    model.restore.editing_label = false;
    model.records.filtering = false;
    model.archives.filtering = false;
    model.archives.typing_path = false;
    model.log.filtering = false;
}

/// A search that changed leaves other rows: places start again.
fn changed(model: &mut Model, typing: Typing) {
    match typing {
        Typing::Records => (model.records.cursor, model.records.pane) = (0, Pane::Files),
        Typing::Archives => {
            (model.archives.cursor, model.compare.cursor) = (0, 0);
            // The first row of this list is the phone's own copies, which no search is for.
            model.restore.cursor = usize::from(!model.archives.filter.is_empty());
        }
        Typing::Log => model.log.back = 0,
        _ => {}
    }
    moves::clamp(model);
}

/// Does what a command asks for.
fn perform(model: &mut Model, command: Command) -> Option<Effect> {
    if moves::take(model, command) {
        return None;
    }
    match command {
        Command::Quit => quit(model),
        Command::Back => back(model),
        Command::Help => {
            model.help = !model.help;
            model.scroll = 0;
            None
        }
        Command::Go(screen) => {
            end_typing(model);
            super::go(model, screen)
        }
        Command::NextScreen => step(model, 1),
        Command::PreviousScreen => step(model, Screen::ALL.len() - 1),
        Command::Sleep if model.writing() => {
            model.notify(Tone::Bad, "Not now: the phone is being written to.");
            None
        }
        Command::Sleep => Some(Effect::Suspend),
        Command::Redraw => Some(Effect::Redraw),
        Command::NextPhone | Command::Wait | Command::Rest => phone::cable(model, command),
        Command::SwitchSource | Command::ReadAgain => phone::source(model, command),
        Command::StartBackup | Command::EditNote | Command::Full => backup::take(model, command),
        Command::Part(_)
        | Command::NewMac
        | Command::Deep
        | Command::EditLabel
        | Command::Plan
        | Command::RepairWith
        | Command::Finish
        | Command::Undo => restore::take(model, command),
        Command::SideA | Command::SideB | Command::Swap | Command::OnlyDifferences => {
            compare::take(model, command)
        }
        Command::Open
        | Command::Check
        | Command::CompareWithPhone
        | Command::PutBack
        | Command::OpenPath
        | Command::ListAgain => archive::take(model, command),
        Command::Wire | Command::SaveLog | Command::Follow => log::take(model, command),
        Command::Export => saving::export(model),
        Command::SaveRule => saving::rule(model),
        Command::Raw | Command::Left | Command::Right => {
            records::take(model, command);
            None
        }
        Command::Enter => match model.screen {
            Screen::Compare => compare::take(model, command),
            _ => {
                records::take(model, command);
                None
            }
        },
        Command::Filter => {
            match model.screen {
                Screen::Records => model.records.filtering = true,
                Screen::Log => model.log.filtering = true,
                _ => model.archives.filtering = true,
            }
            None
        }
        Command::Up
        | Command::Down
        | Command::PageUp
        | Command::PageDown
        | Command::Top
        | Command::Bottom => None,
    }
}

fn step(model: &mut Model, by: usize) -> Option<Effect> {
    let next = (model.screen.index() + by) % Screen::ALL.len();
    Screen::ALL.get(next).and_then(|screen| super::go(model, *screen))
}

fn quit(model: &mut Model) -> Option<Effect> {
    if model.leaving == Leaving::Waiting {
        return None;
    }
    if !model.busy() {
        return Some(Effect::Quit);
    }
    model.leaving = Leaving::Asked;
    None
}

/// One step back: a search, an answer, a finished screen, a running read, then the first screen. Never out of the program.
fn back(model: &mut Model) -> Option<Effect> {
    match model.screen {
        Screen::Restore if model.restore.ended.is_some() => {
            model.restore.ended = None;
            model.scroll = 0;
            return None;
        }
        Screen::Compare if model.compare.last.is_some() => {
            model.compare.last = None;
            model.scroll = 0;
            return None;
        }
        Screen::Records if model.records.pane == Pane::Fields => {
            model.records.pane = Pane::Files;
            return None;
        }
        Screen::Records if !model.records.filter.is_empty() => {
            model.records.filter.clear();
            moves::clamp(model);
            return None;
        }
        Screen::Log if !model.log.filter.is_empty() => {
            model.log.filter.clear();
            return None;
        }
        Screen::Restore | Screen::Compare | Screen::Archive if !model.archives.filter.is_empty() => {
            model.archives.filter.clear();
            moves::clamp(model);
            return None;
        }
        _ => {}
    }
    if let Some(work) = &model.work {
        if work.stage == Stage::Writing {
            model.notify(
                Tone::Bad,
                "The phone is being written to. q asks whether to stop after the block at hand.",
            );
            return None;
        }
        return super::stop(model);
    }
    let home = match (&model.cable.state, model.subject()) {
        (CableState::Connected(_), _) | (_, Some(_)) => Screen::Phone,
        _ => Screen::Connect,
    };
    super::go(model, home)
}

/// Wants a job and shows the screen it reports on.
pub(super) fn on_screen(model: &mut Model, screen: Screen, job: Job) -> Option<Effect> {
    if !model.occupied() {
        model.screen = screen;
        model.scroll = 0;
    }
    super::work(model, job)
}
