//! The archive screen, and what other screens do with the archive at the cursor.

use std::path::PathBuf;

use super::keys::on_screen;
use super::{compare, go, work};
use crate::tui::keymap::Command;
use crate::tui::message::{Effect, Job, Place};
use crate::tui::model::{Model, Screen, Tone};

/// Does what a command asks for with the archive at the cursor.
pub(super) fn take(model: &mut Model, command: Command) -> Option<Effect> {
    if command == Command::ListAgain {
        return work(model, Job::List);
    }
    if command == Command::OpenPath {
        model.archives.typing_path = true;
        return None;
    }
    let row = match model.screen {
        Screen::Restore => model.restore.cursor.checked_sub(1),
        _ => Some(model.archives.cursor),
    };
    let chosen = row.and_then(|row| model.archives.shown().get(row).map(|shelved| shelved.file.clone()));
    let Some(file) = chosen else {
        model.notify(Tone::Plain, "There is no archive here.");
        return None;
    };
    match command {
        Command::Open => open(model, file),
        Command::CompareWithPhone => {
            (model.compare.a, model.compare.b) = (Some(Place::File(file)), Some(Place::Phone));
            compare::run(model)
        }
        Command::PutBack => {
            model.restore.cursor = model.archives.cursor + 1;
            model.restore.ended = None;
            go(model, Screen::Restore)
        }
        _ => {
            let begun = work(model, Job::Verify(file.clone()));
            if begun.is_some() {
                model.archives.checking = Some(file);
            }
            begun
        }
    }
}

/// Opens the path that was typed.
pub(super) fn open_path(model: &mut Model) -> Option<Effect> {
    let path = model.archives.path.text().trim().to_owned();
    if path.is_empty() { None } else { open(model, path.into()) }
}

/// Opens a file or folder and shows what is in it.
fn open(model: &mut Model, file: PathBuf) -> Option<Effect> {
    let opened = on_screen(model, Screen::Phone, Job::Open(file));
    if opened.is_some() {
        model.file = None;
        model.open_trouble = None;
        super::phone::show(model, true);
    }
    opened
}
