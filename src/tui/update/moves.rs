//! Moving through lists and pages. A place is never outside what there is.

use crate::tui::keymap::Command;
use crate::tui::layout;
use crate::tui::model::{Model, Pane, Screen};
use crate::tui::page;

/// Moves in whatever list or page the screen has; nothing for commands that are no moves.
pub(super) fn take(model: &mut Model, command: Command) -> bool {
    let step = super::page(model);
    let by = |at: usize, len: usize| -> usize {
        let last = len.saturating_sub(1);
        match command {
            Command::Up => at.saturating_sub(1),
            Command::Down => at.saturating_add(1).min(last),
            Command::PageUp => at.saturating_sub(step),
            Command::PageDown => at.saturating_add(step).min(last),
            Command::Top => 0,
            _ => last,
        }
    };
    let moves =
        [Command::Up, Command::Down, Command::PageUp, Command::PageDown, Command::Top, Command::Bottom];
    if !moves.contains(&command) {
        return false;
    }
    if model.help {
        model.scroll = by(model.scroll, page::help(model).len());
        clamp(model);
        return true;
    }
    let archives = model.archives.shown().len();
    match model.screen {
        Screen::Records => records(model, &by),
        Screen::Archive => {
            model.archives.cursor = by(model.archives.cursor, archives);
        }
        Screen::Restore if lists_sources(model) => {
            model.restore.cursor = by(model.restore.cursor, archives + 1);
        }
        Screen::Compare if model.compare.last.is_none() => {
            model.compare.cursor = by(model.compare.cursor, model.sources().len());
        }
        // Upwards is back in time, away from the bottom.
        Screen::Log => {
            let len = model.log.shown().count();
            let top = len.saturating_sub(model.log.back + 1);
            model.log.back = len.saturating_sub(by(top, len) + 1);
        }
        _ => {
            model.scroll = by(model.scroll, usize::MAX);
            clamp(model);
        }
    }
    true
}

fn records(model: &mut Model, by: &dyn Fn(usize, usize) -> usize) {
    let Some(subject) = model.subject() else { return };
    match model.records.pane {
        Pane::Files => {
            let len = model.records.rows(subject).len();
            model.records.cursor = by(model.records.cursor, len);
            model.records.field = 0;
        }
        Pane::Fields => {
            let len = model.records.file(subject).map_or(0, |file| file.fields.len());
            model.records.field = by(model.records.field, len);
        }
    }
}

/// Returns whether the restore screen shows its list.
pub(super) fn lists_sources(model: &Model) -> bool {
    model.restore.offer.is_none() && model.restore.ended.is_none()
}

/// Brings every place back inside what there is, after something became shorter or the screen another size.
pub(super) fn clamp(model: &mut Model) {
    let rows = if model.help { page::help(model).len() } else { page::page(model).len() };
    let height = usize::from(layout::page_height(model));
    model.scroll = model.scroll.min(rows.saturating_sub(height));
    let archives = model.archives.shown().len();
    model.archives.cursor = model.archives.cursor.min(archives.saturating_sub(1));
    model.restore.cursor = model.restore.cursor.min(archives);
    model.compare.cursor = model.compare.cursor.min(model.sources().len().saturating_sub(1));
    let lengths = model.subject().map(|subject| {
        let rows = model.records.rows(subject).len();
        (rows, model.records.file(subject).map_or(0, |file| file.fields.len()))
    });
    let (rows, fields) = lengths.unwrap_or((0, 0));
    model.records.cursor = model.records.cursor.min(rows.saturating_sub(1));
    model.records.field = model.records.field.min(fields.saturating_sub(1));
    let lines = model.log.shown().count();
    model.log.back = model.log.back.min(lines.saturating_sub(1));
}
