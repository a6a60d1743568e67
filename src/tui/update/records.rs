//! The records screen: folders, files, fields.

use crate::tui::keymap::Command;
use crate::tui::model::records::TreeRow;
use crate::tui::model::{Model, Pane};

/// Does what a command asks for on the records screen.
pub(super) fn take(model: &mut Model, command: Command) {
    if command == Command::Raw {
        model.records.raw = !model.records.raw;
        return;
    }
    let row =
        model.subject().and_then(|subject| model.records.rows(subject).into_iter().nth(model.records.cursor));
    match (command, row, model.records.pane) {
        (Command::Left, _, Pane::Fields) => model.records.pane = Pane::Files,
        (Command::Enter, _, Pane::Fields) => {}
        (Command::Left, Some(TreeRow::Folder { key, .. }), _) => close(model, &key, true),
        (Command::Right, Some(TreeRow::Folder { key, .. }), _) => close(model, &key, false),
        (Command::Enter, Some(TreeRow::Folder { key, open, .. }), _) => close(model, &key, open),
        // From a file, left leads to its folder.
        (Command::Left, Some(TreeRow::File { .. }), _) => {
            let Some(subject) = model.subject() else { return };
            let rows = model.records.rows(subject);
            let above = rows.get(..model.records.cursor).unwrap_or_default();
            if let Some(at) = above.iter().rposition(|row| matches!(row, TreeRow::Folder { .. })) {
                model.records.cursor = at;
            }
        }
        (Command::Enter | Command::Right, Some(TreeRow::File { index, .. }), Pane::Files) => {
            let fields = model
                .subject()
                .and_then(|subject| subject.files.get(index))
                .map_or(0, |file| file.fields.len());
            if fields > 0 {
                model.records.pane = Pane::Fields;
                model.records.field = 0;
            }
        }
        _ => {}
    }
}

fn close(model: &mut Model, key: &str, close: bool) {
    model.records.closed.retain(|closed| closed != key);
    if close {
        model.records.closed.push(key.to_owned());
    }
    super::moves::clamp(model);
}
