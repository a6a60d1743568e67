//! The restore screen: choosing, confirming, finishing what was interrupted. The one place that says yes to a write.

use super::keys::on_screen;
use crate::tui::keymap::Command;
use crate::tui::message::{Effect, Job, Task};
use crate::tui::model::restore::word_for;
use crate::tui::model::{Model, Screen, Stage, Tone};

/// Does what a command asks for on the restore screen.
pub(super) fn take(model: &mut Model, command: Command) -> Option<Effect> {
    match command {
        Command::Part(part) => {
            if let Some(without) = model.restore.without.get_mut(part) {
                *without = !*without;
            }
            if model.restore.without == [true; 5] {
                model.restore.without = [false; 5];
                model.notify(Tone::Plain, "Nothing would be left to put back: everything is chosen again.");
            }
            None
        }
        Command::NewMac => {
            model.restore.new_mac = !model.restore.new_mac;
            None
        }
        Command::Deep => {
            model.restore.deep = !model.restore.deep;
            None
        }
        Command::EditLabel => {
            model.restore.editing_label = true;
            None
        }
        _ if model.connected().is_none() => {
            model.notify(Tone::Bad, "No phone is connected: there is nothing to write to.");
            None
        }
        Command::Finish | Command::Undo => {
            let unfinished = model.connected().is_some_and(|phone| phone.open_journal.is_some());
            if !unfinished {
                return None;
            }
            begin(model, Job::Resume { undo: command == Command::Undo })
        }
        _ => plan(model, command),
    }
}

/// Asks for a plan. What is written is decided later, by the word that is typed.
fn plan(model: &mut Model, command: Command) -> Option<Effect> {
    if model.connected().is_some_and(|phone| phone.open_journal.is_some()) {
        model.notify(
            Tone::Bad,
            "An earlier write to this phone did not finish: F finishes it, U takes it back.",
        );
        return None;
    }
    let row = model.restore.cursor.checked_sub(1);
    let archive = row.and_then(|row| model.archives.shown().get(row).map(|shelved| shelved.file.clone()));
    if row.is_some() && archive.is_none() {
        model.notify(Tone::Plain, "There is no archive here.");
        return None;
    }
    if archive.is_none() || command == Command::RepairWith {
        let label = model.restore.label.text().trim().to_owned();
        let job = Job::Repair {
            archive,
            label: (!label.is_empty()).then_some(label),
            new_mac: model.restore.new_mac,
            deep: model.restore.deep,
        };
        return begin(model, job);
    }
    let archive = archive?;
    let parts = model.restore.selection();
    begin(model, Job::Restore { archive, parts })
}

fn begin(model: &mut Model, job: Job) -> Option<Effect> {
    let begun = on_screen(model, Screen::Restore, job);
    if begun.is_some() {
        model.restore.ended = None;
        model.restore.typed.clear();
    }
    begun
}

/// Enter after the word: only the very word is a yes.
pub(super) fn confirm(model: &mut Model) -> Option<Effect> {
    let Some(task) = model.work.as_ref().map(|work| work.task) else { return answer(model, false) };
    let word = word_for(task);
    if model.restore.typed.text().trim() == word {
        return answer(model, true);
    }
    model.restore.typed.clear();
    model.notify(Tone::Bad, format!("Type {word} and Enter to write, Esc to write nothing."));
    None
}

/// Answers the plan that waits.
pub(super) fn answer(model: &mut Model, yes: bool) -> Option<Effect> {
    model.restore.offer = None;
    model.restore.typed.clear();
    model.scroll = 0;
    if let Some(work) = &mut model.work {
        // Undoing and finishing are told by progress alone; all others still prove the old blocks first, which is as good
        // as writing: from here on, stopping is asked for.
        work.stage = if yes { Stage::Writing } else { Stage::Reading };
    }
    Some(Effect::Work(Job::Answer(yes)))
}

/// Says at once what is wrong with a label, before the phone is asked.
pub(super) fn check_label(model: &mut Model) -> Option<Effect> {
    let label = model.restore.label.text().trim();
    let fifteen_digits = label.len() == 15 && label.bytes().all(|byte| byte.is_ascii_digit());
    if !label.is_empty() && !fifteen_digits {
        model.notify(
            Tone::Bad,
            "A label's IMEI has fifteen digits. It is only compared with what the phone holds.",
        );
    }
    None
}

/// Returns whether the task is one whose plan this screen shows.
pub(super) fn is_own(task: Task) -> bool {
    task.writes()
}
