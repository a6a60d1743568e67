//! The way to the phone, and which of two sources is looked at.

use super::work;
use crate::tui::keymap::Command;
use crate::tui::message::{Effect, Job};
use crate::tui::model::bench::CableState;
use crate::tui::model::{Model, Screen, Tone};

/// Waiting for phones and letting them go.
pub(super) fn cable(model: &mut Model, command: Command) -> Option<Effect> {
    match (command, &model.cable.state) {
        (Command::Rest, CableState::Watching { .. }) => Some(Effect::Work(Job::Rest)),
        (Command::Wait, CableState::Resting) => {
            model.cable.trouble = None;
            Some(Effect::Work(Job::Watch { fresh: false }))
        }
        (Command::NextPhone, CableState::Connected(_)) => {
            let left = work(model, Job::Leave);
            if left.is_some() {
                model.screen = Screen::Connect;
                model.scroll = 0;
            }
            left
        }
        (Command::NextPhone, CableState::Resting) if !model.busy() => {
            model.screen = Screen::Connect;
            model.cable.trouble = None;
            Some(Effect::Work(Job::Watch { fresh: false }))
        }
        (Command::NextPhone, _) => {
            model.screen = Screen::Connect;
            None
        }
        _ => None,
    }
}

/// Phone or file, and reading again.
pub(super) fn source(model: &mut Model, command: Command) -> Option<Effect> {
    match command {
        Command::SwitchSource => {
            match (model.shows_file, model.phone.is_some(), model.file.is_some()) {
                (true, true, _) => show(model, false),
                (false, _, true) => show(model, true),
                _ => model.notify(
                    Tone::Plain,
                    "There is only this one source. An archive is opened on the Archive screen.",
                ),
            }
            None
        }
        _ if model.connected().is_none() => {
            model.notify(Tone::Bad, "No phone is connected.");
            None
        }
        _ => {
            let looked = work(model, Job::Look);
            if looked.is_some() {
                model.shows_file = false;
            }
            looked
        }
    }
}

/// Shows the phone or the file; places in the records start again.
pub(super) fn show(model: &mut Model, file: bool) {
    model.shows_file = file;
    model.records.cursor = 0;
    model.records.field = 0;
    model.records.pane = crate::tui::model::Pane::Files;
    model.scroll = 0;
}
