//! The log screen.

use super::saving;
use crate::tui::keymap::Command;
use crate::tui::message::Effect;
use crate::tui::model::Model;

/// Does what a command asks for on the log screen.
pub(super) fn take(model: &mut Model, command: Command) -> Option<Effect> {
    match command {
        Command::Wire => {
            model.log.wire = !model.log.wire;
            super::moves::clamp(model);
            None
        }
        Command::Follow => {
            model.log.back = 0;
            None
        }
        _ => saving::log(model),
    }
}
