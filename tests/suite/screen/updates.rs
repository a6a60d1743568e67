//! What every message does to the model, and what is wanted in answer. No worker: its words are taken from one real session.

mod covered; // every variant has its test
mod keys; // every command of the keymap
mod lists; // lists, records, log: keys that move and choose
mod news; // what the worker reaches
mod outcomes; // how jobs end
mod quit; // leaving
mod restore; // the one place that says yes

use std::sync::LazyLock;

use nvkeep::tui::key::Key;
use nvkeep::tui::message::{Effect, Message, News, Outcome, Task};
use nvkeep::tui::model::{Ended, Model, Screen, Setup};
use nvkeep::tui::update::update;

use super::bench::{ENTER, ESC, Session};

/// What the worker told in a session that reaches every kind of outcome.
static TOLD: LazyLock<Vec<Message>> = LazyLock::new(|| {
    let mut session = Session::with("mt6572-imei-null");
    session.plug();
    session.write("4");
    session.press(ENTER);
    session.until("the archive", |model| model.backup.last.is_some() && !model.busy());
    session.write("7");
    session.until("the list", |model| model.archives.shelf.is_some() && !model.busy());
    session.press(ENTER);
    session.until("the check", |model| model.archives.checked.is_some() && !model.busy());
    session.write("c");
    session.until("the comparison", |model| model.compare.last.is_some() && !model.busy());
    session.write("7o");
    session.until("the file", |model| model.file.is_some() && !model.busy());
    session.write("3e");
    session.until_idle();
    session.write("5g");
    session.press(ENTER);
    session.until("the plan", |model| model.restore.offer.is_some());
    session.desk.pull_when(|event| match event {
        nvkeep::app::Event::Progress(progress) => progress.what == "writing" && progress.done > 0,
        _ => false,
    });
    session.word("repair");
    session.until("the cut", |model| model.connected().is_none() && !model.busy());
    session.plug();
    session.write("5F");
    session.until("the question", |model| model.restore.offer.is_some());
    session.word("resume");
    session.until("the end", |model| matches!(model.restore.ended, Some(Ended::Resumed(_))));
    session.pull();
    session.desk.flash_becomes("mt6572-imei-null");
    session.plug();
    session.write("5");
    session.press(ESC);
    session.write("5g");
    session.press(ENTER);
    session.until("the plan", |model| model.restore.offer.is_some());
    session.word("repair");
    session.until("the end", |model| matches!(model.restore.ended, Some(Ended::Written(..))));
    session.end();
    session.told
});

/// Returns the first news of a kind that was told.
fn told(kind: impl Fn(&News) -> bool) -> News {
    let news = |message: &Message| match message {
        Message::News(news) if kind(news) => Some((**news).clone()),
        _ => None,
    };
    TOLD.iter().find_map(news).expect("the session told it")
}

fn outcome(kind: impl Fn(&Outcome) -> bool) -> News {
    told(|news| matches!(news, News::Ended(outcome) if kind(outcome)))
}

/// A failure of a task.
fn failure(task: Task, code: &str) -> News {
    let trouble = nvkeep::tui::trouble::Trouble {
        code: code.into(),
        message: format!("it failed with {code}"),
        advice: None,
        exit: 1,
        causes: vec!["a cause".into()],
    };
    News::Ended(Outcome::Failed(task, trouble))
}

fn fresh() -> Model {
    let setup = Setup { port: "sim:desk".into(), folder: "/archives".into(), file: None, masked: false };
    Model::new(setup, (120, 40))
}

/// A phone is connected and read.
fn connected() -> Model {
    let mut model = fresh();
    tell(&mut model, told(|news| matches!(news, News::Connected(..))));
    tell(&mut model, phone_looked());
    model
}

fn phone_looked() -> News {
    use nvkeep::tui::subject::Origin;
    outcome(|one| matches!(one, Outcome::Looked(subject) if subject.origin == Origin::Phone))
}

fn file_looked() -> News {
    use nvkeep::tui::subject::Origin;
    outcome(|one| matches!(one, Outcome::Looked(subject) if subject.origin != Origin::Phone))
}

fn listed() -> News {
    outcome(|one| matches!(one, Outcome::Listed(_)))
}

/// A connected phone, the archives listed, and a screen.
fn at(screen: Screen) -> Model {
    let mut model = connected();
    tell(&mut model, listed());
    model.screen = screen;
    model
}

/// The plan of a repair waits for its word.
fn offered() -> Model {
    let mut model = at(Screen::Restore);
    tell(&mut model, News::Began(Task::Repair));
    tell(&mut model, told(|news| matches!(news, News::Offered(_))));
    assert!(model.restore.offer.is_some());
    model
}

/// A job runs.
fn busy(task: Task) -> Model {
    let mut model = connected();
    tell(&mut model, News::Began(task));
    model
}

fn tell(model: &mut Model, news: News) -> Option<Effect> {
    update(model, Message::News(Box::new(news)))
}

fn press(model: &mut Model, key: Key) -> Option<Effect> {
    update(model, Message::Key(key))
}

/// Types text, and returns what the last key wanted.
fn write(model: &mut Model, text: &str) -> Option<Effect> {
    text.chars().map(|c| press(model, Key::char(c))).last().flatten()
}
