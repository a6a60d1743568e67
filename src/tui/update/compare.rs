//! The compare screen: two sources, side by side.

use super::keys::on_screen;
use crate::tui::keymap::Command;
use crate::tui::message::{Effect, Job, Place};
use crate::tui::model::{Model, Screen, Tone};

/// Does what a command asks for on the compare screen.
pub(super) fn take(model: &mut Model, command: Command) -> Option<Effect> {
    match command {
        Command::OnlyDifferences => {
            model.compare.only_differences = !model.compare.only_differences;
            super::moves::clamp(model);
            None
        }
        Command::Swap => {
            let (a, b) = (model.compare.a.take(), model.compare.b.take());
            (model.compare.a, model.compare.b) = (b, a);
            if model.compare.last.is_some() { run(model) } else { None }
        }
        Command::SideA => {
            model.compare.a = chosen(model);
            None
        }
        Command::SideB => {
            model.compare.b = chosen(model);
            None
        }
        _ => {
            if model.compare.a.is_none() {
                model.compare.a = chosen(model);
                return None;
            }
            if model.compare.b.is_none() {
                model.compare.b = chosen(model).filter(|place| Some(place) != model.compare.a.as_ref());
                model.compare.b.as_ref()?;
            }
            run(model)
        }
    }
}

/// Returns the source at the cursor.
fn chosen(model: &Model) -> Option<Place> {
    model.sources().into_iter().nth(model.compare.cursor)
}

/// Compares what is chosen.
pub(super) fn run(model: &mut Model) -> Option<Effect> {
    let (Some(a), Some(b)) = (model.compare.a.clone(), model.compare.b.clone()) else {
        model.notify(Tone::Plain, "Choose both sides: a takes a source as A, b as B.");
        return None;
    };
    if [&a, &b].contains(&&Place::Phone) && model.connected().is_none() {
        model.notify(Tone::Bad, "No phone is connected: it cannot be compared.");
        return None;
    }
    let begun = on_screen(model, Screen::Compare, Job::Compare(a, b));
    if begun.is_some() {
        model.compare.last = None;
    }
    begun
}
