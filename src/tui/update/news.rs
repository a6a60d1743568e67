//! What the worker tells: where the phone is, what a job came to.

use super::{hear, moves, phone, restore};
use crate::app::{Event, Report, Status};
use crate::tui::message::{Effect, Job, News, Outcome, Task};
use crate::tui::model::bench::CableState;
use crate::tui::model::{
    Connected, Ended, Leaving, LogKind, LogLine, Model, Pane, Screen, Stage, Tone, Work,
};
use crate::tui::subject::{Origin, Subject};
use crate::tui::trouble::Trouble;

/// Takes news in.
pub(super) fn take(model: &mut Model, news: News) -> Option<Effect> {
    match news {
        News::Watching { fresh } => {
            model.cable.state = CableState::Watching { since: model.now, fresh };
            None
        }
        News::Resting => {
            model.cable.state = CableState::Resting;
            None
        }
        News::Bus(devices) => {
            bus(model, devices);
            None
        }
        News::Began(task) => {
            began(model, task);
            None
        }
        News::Connected(info, open_journal) => {
            connected(model, *info, open_journal);
            None
        }
        News::Offered(offered) => {
            if let Some(proposal) = &offered.proposal {
                learn(model, &proposal.before);
                learn(model, &proposal.after);
                let evidence = proposal.plan.evidence.iter();
                let values: Vec<String> = evidence.map(|line| line.value.clone()).collect();
                model.log.learn(&values);
            }
            model.restore.offer = Some(offered);
            model.restore.typed.clear();
            model.help = false;
            model.screen = Screen::Restore;
            model.scroll = 0;
            if let Some(work) = &mut model.work {
                work.stage = Stage::Asking;
            }
            // Whoever is leaving confirms nothing, and neither does who stopped it before the plan came.
            let stopping = model.work.as_ref().is_some_and(|work| work.stopping);
            let declined = stopping || model.leaving == Leaving::Waiting;
            declined.then(|| restore::answer(model, false)).flatten()
        }
        News::Unfinished(open) => {
            if let Some(phone) = model.cable.connected_mut() {
                phone.open_journal = open;
            }
            None
        }
        News::Left => {
            // A phone with a half-finished write is left waiting, and must not be taken for one that boots.
            model.cable.left = model.connected().is_some_and(|phone| phone.open_journal.is_none());
            model.cable.trouble = None;
            departed(model);
            None
        }
        News::Gone(trouble) => {
            fail(model, "The phone left", &trouble);
            model.cable.trouble = Some(trouble);
            departed(model);
            None
        }
        News::Ended(outcome) => ended(model, outcome),
    }
}

fn bus(model: &mut Model, devices: Vec<crate::app::Device>) {
    let boots = devices.iter().any(|device| device.boot);
    model.cable.boot_since = match (boots, model.cable.boot_since) {
        (true, None) => Some(model.now),
        (true, since) => since,
        (false, _) => None,
    };
    model.cable.devices = devices;
}

fn began(model: &mut Model, task: Task) {
    // A connection begins by itself, and so does a look after it; a job that was sent meanwhile still waits.
    if let Some(sent) = model.pending.iter().position(|sent| *sent == task) {
        model.pending.remove(sent);
    }
    if task == Task::Look {
        model.look_trouble = None;
    }
    if task == Task::Connect {
        model.cable.state = CableState::Connecting { since: model.now };
        model.cable.trouble = None;
        model.cable.left = false;
    }
    model.work = Some(Work::new(task, model.now));
    // Archives are listed by the way: whoever reads something goes on reading.
    if task != Task::List {
        model.notice = None;
        model.scroll = 0;
    }
}

fn connected(model: &mut Model, info: crate::app::info::InfoResult, open_journal: Option<String>) {
    model.tally.arrive(&info.phone.cid, &info.phone.chip);
    if open_journal.is_some() {
        model.notify(
            Tone::Bad,
            "A write to this phone did not finish. The Restore screen finishes it or takes it back.",
        );
    }
    let since = model.now;
    model.cable.state = CableState::Connected(Box::new(Connected { info, open_journal, since }));
    model.phone = None;
    model.backup.last = None;
    model.restore.ended = None;
    // Nobody is torn from a file he looks at.
    if !model.shows_file || matches!(model.screen, Screen::Connect | Screen::Phone) {
        phone::show(model, false);
    }
    // Plugging in moves on by itself, but nobody is torn from what he reads elsewhere.
    if model.screen == Screen::Connect {
        model.screen = Screen::Phone;
    }
}

/// The phone is not there any more. What was read of it stays to be looked at.
fn departed(model: &mut Model) {
    model.cable.state = CableState::Resting;
    model.cable.boot_since = None;
    model.restore.offer = None;
    model.restore.typed.clear();
    if model.screen == Screen::Phone && !model.shows_file {
        model.screen = Screen::Connect;
        model.scroll = 0;
    }
}

fn learn(model: &mut Model, report: &Report) {
    let values = report.identities();
    model.log.learn(&values);
    // A recording has no list of identities: the layers' values do as well.
    let layers = report.survey.layers.iter();
    let shown: Vec<String> = layers
        .flat_map(|layer| {
            let values = [&layer.wifi_mac, &layer.bt_mac, &layer.barcode].into_iter().flatten();
            let imeis = layer.imei.iter().filter_map(|slot| slot.value.clone());
            values.filter_map(|value| value.value.clone()).chain(imeis).collect::<Vec<_>>()
        })
        .collect();
    model.log.learn(&shown);
}

fn ended(model: &mut Model, outcome: Outcome) -> Option<Effect> {
    model.work = None;
    let mut again = false;
    // No plan outlives its job.
    model.restore.offer = None;
    match outcome {
        Outcome::Looked(subject) => looked(model, *subject),
        Outcome::Saved(result) => {
            learn(model, &result.report);
            note_tally(model, &result.report, |row| {
                row.saved = result.file.file_name().map(|name| name.to_string_lossy().into_owned());
            });
            model.notify(Tone::Good, format!("Archived: {}", result.file.display()));
            model.backup.last = Some(Ok(result));
            model.backup.note.clear();
            // The list is read again when somebody looks at it.
            model.archives.stale = true;
        }
        Outcome::Written(task, result) => {
            learn(model, &result.after);
            let after = result.after.clone();
            let written = result.written;
            note_tally(model, &after, |row| row.written |= written);
            model.restore.ended = Some(Ended::Written(task, result));
        }
        Outcome::Resumed(result) => {
            model.restore.ended = Some(Ended::Resumed(result));
        }
        Outcome::Compared(contrast) => {
            model.log.learn(&contrast.identities);
            model.compare.last = Some(Ok(contrast));
        }
        Outcome::Listed(shelf) => {
            for shelved in &shelf.archives {
                model.log.learn(&shelved.imeis);
                model.log.learn(&shelved.barcodes);
            }
            model.archives.shelf = Some(*shelf);
            model.archives.trouble = None;
            model.archives.stale = false;
        }
        Outcome::Verified(path, result) => {
            learn(model, &result.report);
            model.archives.checked = Some((path, Ok(result)));
        }
        Outcome::Kept(path) => model.notify(Tone::Good, format!("Written: {}", path.display())),
        Outcome::Done(_) => {}
        Outcome::Failed(task, trouble) => {
            // It came, and left before it answered: a bench goes on waiting for the next one.
            again = task == Task::Connect && trouble.code == "no-phone";
            failed(model, task, trouble);
        }
    }
    moves::clamp(model);
    if model.leaving == Leaving::Waiting && model.pending.is_empty() {
        return Some(Effect::Quit);
    }
    if model.leaving == Leaving::Asked && model.pending.is_empty() {
        model.leaving = Leaving::No;
    }
    super::list(model).or_else(|| again.then_some(Effect::Work(Job::Watch { fresh: false })))
}

fn looked(model: &mut Model, subject: Subject) {
    learn(model, &subject.report);
    model.log.learn(&subject.identities);
    let shown = model.shows_file == matches!(subject.origin, Origin::File(_));
    match subject.origin {
        Origin::Phone => {
            note_tally(model, &subject.report, |_| {});
            model.phone = Some(subject);
        }
        Origin::File(_) => {
            model.open_trouble = None;
            model.file = Some(subject);
        }
    }
    if shown {
        (model.records.cursor, model.records.field) = (0, 0);
        model.records.pane = Pane::Files;
    }
}

/// Keeps how a phone of this session stands.
fn note_tally(model: &mut Model, report: &Report, change: impl FnOnce(&mut crate::tui::model::TallyRow)) {
    let Some(row) = model.tally.row(&report.phone.cid, &report.phone.chip) else { return };
    let verdict = report.survey.verdict.code;
    row.came.get_or_insert(verdict);
    row.now = Some(verdict);
    let valid = report.survey.layers.iter().flat_map(|layer| &layer.imei);
    let first = valid.filter(|slot| slot.status == Status::Valid).find_map(|slot| slot.value.clone());
    row.imei = first.or(row.imei.take());
    change(row);
}

fn failed(model: &mut Model, task: Task, trouble: Trouble) {
    fail(model, task.title(), &trouble);
    match task {
        Task::Connect => {
            model.cable.trouble = Some(trouble);
            model.cable.state = CableState::Resting;
        }
        Task::Look => model.look_trouble = Some(trouble),
        Task::Open => model.open_trouble = Some(trouble),
        Task::Backup => model.backup.last = Some(Err(trouble)),
        Task::Restore | Task::Repair | Task::Resume | Task::Undo if restore::is_own(task) => {
            // A plan that was turned down by the user is no failure to be read.
            if trouble.code == "not-confirmed" {
                model.notify(Tone::Plain, "Nothing was written.");
            } else {
                model.restore.ended = Some(Ended::Failed(task, trouble));
            }
        }
        Task::Compare => model.compare.last = Some(Err(trouble)),
        Task::List => model.archives.trouble = Some(trouble),
        Task::Verify => {
            let file = model.archives.checking.take().unwrap_or_default();
            model.archives.checked = Some((file, Err(trouble)));
        }
        _ => model.notify(Tone::Bad, trouble.message),
    }
}

/// Puts a failure into the log, with its causes.
fn fail(model: &mut Model, doing: &str, trouble: &Trouble) {
    let text = format!("{doing}: {} ({})", trouble.message, trouble.code);
    model.log.add(LogLine { at: model.now, kind: LogKind::Failure, text, private: None });
    for cause in &trouble.causes {
        hear(model, Event::Note(format!("because {cause}")));
    }
}
