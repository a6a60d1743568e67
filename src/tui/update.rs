//! What every message does to the state, and what is wanted done in answer. No terminal, no thread, no clock: the same
//! messages always give the same state.

mod archive;
mod backup;
mod compare;
mod keys;
mod log;
mod moves;
mod news;
mod phone;
mod records;
mod restore;
mod saving;

use std::time::Duration;

use super::layout;
use super::message::{Effect, Job, Message, Signal};
use super::model::{Leaving, LogKind, LogLine, Model, Screen, Tone};
use crate::app::{Event, WireLine};

/// Takes a message in.
pub fn update(model: &mut Model, message: Message) -> Option<Effect> {
    match message {
        Message::Key(key) => keys::key(model, key),
        Message::Paste(text) => keys::paste(model, &text),
        Message::Mouse(mouse) => keys::mouse(model, mouse),
        Message::Resize(width, height) => {
            model.size = (width, height);
            moves::clamp(model);
            None
        }
        Message::Tick(millis) => {
            tick(model, Duration::from_millis(millis));
            None
        }
        Message::Signal(Signal::Continue) => Some(Effect::Redraw),
        Message::Signal(Signal::Terminate) => leave_now(model),
        Message::Event(event) => {
            hear(model, event);
            None
        }
        Message::News(news) => news::take(model, *news),
    }
}

/// Time only goes forward, whatever a recording says.
fn tick(model: &mut Model, now: Duration) {
    model.now = model.now.max(now);
    if model.notice.as_ref().is_some_and(|notice| notice.until <= model.now) {
        model.notice = None;
    }
}

/// What the work tells goes to the job and to the log.
fn hear(model: &mut Model, event: Event) {
    if let Some(work) = &mut model.work {
        work.hear(&event);
    }
    let (kind, text) = match event {
        Event::Step(text) => (LogKind::Step, text),
        Event::Note(text) => (LogKind::Note, text),
        Event::Warning(text) => (LogKind::Warning, text),
        // The transfer itself is on the wire; the bar is drawn from the job.
        Event::Progress(_) => return,
        Event::Wire(line) => {
            let WireLine { at, text, private } = line;
            // Asking a phone that is held whether it is still there says nothing new, once a second.
            if model.connected().is_some() && text.starts_with("GET_HW_CODE") {
                return;
            }
            return model.log.add(LogLine { at, kind: LogKind::Wire, text, private });
        }
    };
    model.log.add(LogLine { at: model.now, kind, text, private: None });
}

/// Wants a job done, if nothing else is.
fn work(model: &mut Model, job: Job) -> Option<Effect> {
    if model.occupied() {
        model.notify(
            Tone::Bad,
            "One thing at a time: something is being done already (Esc stops what is only read).",
        );
        return None;
    }
    model.pending.extend(job.task());
    Some(Effect::Work(job))
}

/// Leaves the program: at once when nothing runs, after the block at hand when something does.
fn leave_now(model: &mut Model) -> Option<Effect> {
    if !model.busy() {
        return Some(Effect::Quit);
    }
    model.leaving = Leaving::Waiting;
    stop(model)
}

/// Stops the running job after the block at hand; one that waits for a word is told no.
fn stop(model: &mut Model) -> Option<Effect> {
    if model.restore.offer.is_some() {
        return restore::answer(model, false);
    }
    if let Some(work) = &mut model.work {
        work.stopping = true;
    }
    Some(Effect::Stop)
}

/// Shows another screen.
fn go(model: &mut Model, screen: Screen) -> Option<Effect> {
    if model.screen != screen {
        model.screen = screen;
        model.scroll = 0;
        // What could not be listed then is tried again now.
        model.archives.trouble = None;
    }
    list(model)
}

/// Wants the archives listed, where the screen shows them and they are not known: by the way, when nothing else runs.
fn list(model: &mut Model) -> Option<Effect> {
    let lists = matches!(model.screen, Screen::Restore | Screen::Compare | Screen::Archive);
    let known = (model.archives.shelf.is_some() && !model.archives.stale) || model.archives.trouble.is_some();
    if lists && !known && !model.busy() { work(model, Job::List) } else { None }
}

/// What a recording must know of the line that is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed<'a> {
    /// None is.
    Nothing,
    /// Somebody's number, which no recording keeps.
    Label,
    /// A word, a search or a note; so far.
    Line(&'a str),
}

/// Returns the line that is being typed just now.
#[must_use]
pub fn typed(model: &Model) -> Typed<'_> {
    keys::typing(model).map_or(Typed::Nothing, |typing| match typing {
        keys::Typing::Label => Typed::Label,
        keys::Typing::Confirmation => Typed::Line(model.restore.typed.text()),
        keys::Typing::Note => Typed::Line(model.backup.note.text()),
        keys::Typing::Records => Typed::Line(model.records.filter.text()),
        keys::Typing::Archives => Typed::Line(model.archives.filter.text()),
        keys::Typing::Path => Typed::Line(model.archives.path.text()),
        keys::Typing::Log => Typed::Line(model.log.filter.text()),
    })
}

/// Rows a page moves by.
fn page(model: &Model) -> usize {
    layout::body(model.size).1.max(2).saturating_sub(1).into()
}
