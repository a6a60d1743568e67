//! The backup screen.

use super::keys::on_screen;
use crate::tui::keymap::Command;
use crate::tui::message::{Effect, Job};
use crate::tui::model::{Model, Screen, Tone};

/// Does what a command asks for on the backup screen.
pub(super) fn take(model: &mut Model, command: Command) -> Option<Effect> {
    match command {
        Command::EditNote => model.backup.editing = true,
        Command::Full => model.backup.full = !model.backup.full,
        _ if model.connected().is_none() => {
            model.notify(Tone::Bad, "No phone is connected: there is nothing to back up.");
        }
        _ => {
            let job = Job::Backup { note: model.backup.note.text().to_owned(), full: model.backup.full };
            let started = on_screen(model, Screen::Backup, job);
            if started.is_some() {
                model.backup.last = None;
            }
            return started;
        }
    }
    None
}
