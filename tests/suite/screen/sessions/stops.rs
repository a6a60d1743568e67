//! Jobs that are stopped, cables that are pulled, writes that are finished or taken back.

use nvkeep::app::{Event, VerdictCode};
use nvkeep::tui::key::Key;
use nvkeep::tui::message::{Message, Signal};

use crate::screen::desk::Desk;
use crate::support::workbench::same;

use super::*;

/// A session whose cable was pulled in the middle of a repair.
fn torn() -> Session {
    let mut session = Session::with("mt6572-imei-null");
    session.plug();
    session.write("5g");
    session.until_idle();
    plan(&mut session);
    session.desk.pull_when(|event| match event {
        Event::Progress(progress) => progress.what == "writing" && progress.done >= 512,
        _ => false,
    });
    session.word("repair");
    session.until("the cut", |model| model.connected().is_none() && !model.busy());
    session
}

#[test]
fn a_write_that_was_cut_is_finished_after_its_word() {
    let mut session = torn();
    assert_eq!(refusal(&session).code, "write-incomplete");
    session.plug();
    assert!(session.model.connected().unwrap().open_journal.is_some());
    assert_ne!(session.model.phone.as_ref().unwrap().report.survey.verdict.code, VerdictCode::Healthy);
    session.write("5F");
    session.until("the question", |model| model.restore.offer.is_some());
    confirm(&mut session, "resume");
    assert!(matches!(session.model.restore.ended, Some(Ended::Resumed(_))));
    assert!(session.model.connected().unwrap().open_journal.is_none());
    assert!(session.model.phone.as_ref().unwrap().report.is_healthy());
    session.end();
}

#[test]
fn a_write_that_was_cut_is_taken_back_after_its_word() {
    let before = Desk::with("mt6572-imei-null").phone().1;
    let mut session = torn();
    session.plug();
    session.write("5U");
    session.until("the question", |model| model.restore.offer.is_some());
    session.word("resume");
    assert!(session.model.restore.offer.is_some(), "finishing is another word");
    confirm(&mut session, "undo");
    assert!(matches!(&session.model.restore.ended, Some(Ended::Resumed(result)) if result.undone));
    session.pull();
    assert!(same(&session.desk.phone().1, &before), "byte for byte");
    session.end();
}

#[test]
fn nothing_else_is_planned_while_a_write_is_unfinished() {
    let mut session = torn();
    session.plug();
    session.write("5g");
    session.until_idle();
    session.press(ENTER);
    assert!(!session.model.busy());
    assert!(session.model.notice.as_ref().unwrap().text.contains('F'));
    session.end();
}

#[test]
fn esc_stops_what_only_reads_and_the_phone_stays() {
    let mut session = Session::with("mt6572");
    session.plug();
    session.write("4");
    session.press(ENTER);
    session.until("the backup to begin", |model| {
        model.work.as_ref().is_some_and(|work| !work.transfers.is_empty())
    });
    session.press(ESC);
    session.until_idle();
    assert!(matches!(&session.model.backup.last, Some(Err(trouble)) if trouble.code == "interrupted"));
    assert_eq!(session.files(), Vec::<std::path::PathBuf>::new(), "no part of an archive stays");
    assert!(session.model.connected().is_some());
    back_up(&mut session);
    session.end();
}

#[test]
fn a_job_that_was_stopped_does_not_stop_the_next_phone() {
    let mut session = Session::with("mt6572");
    session.plug();
    back_up(&mut session);
    session.pull();
    // The wish to stop comes at the very end of the job, and nobody takes it back.
    session.write("7");
    session.until_idle();
    session.press(ENTER);
    session.press(ESC);
    session.until("the check", |model| !model.busy());
    session.until("the bus", |model| {
        matches!(model.cable.state, nvkeep::tui::model::bench::CableState::Watching { .. })
    });
    session.press(ESC);
    session.plug();
    assert!(session.model.cable.trouble.is_none());
    session.end();
}

#[test]
fn whoever_quits_while_something_is_written_leaves_a_journal() {
    let mut session = Session::with("mt6572-imei-null");
    session.plug();
    session.write("5g");
    session.until_idle();
    plan(&mut session);
    session.word("repair");
    session.until("the write", |model| {
        model.work.as_ref().is_some_and(|work| work.transfers.iter().any(|one| one.what == "writing"))
    });
    session.write("q");
    assert!(!session.ended);
    session.write("y");
    session.until("the end", |model| !model.busy());
    assert!(session.ended);
    session.end();
    // A write that was quicker than the answer has a proof beside its journal.
    let files = std::fs::read_dir(session.path("journals")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let journals: Vec<_> =
        names.filter(|name| name.ends_with(".journal") || name.ends_with(".done")).collect();
    assert_eq!(journals.len(), 1, "open or done: {journals:?}");
}

#[test]
fn a_signal_declines_what_waits_and_ends() {
    let mut session = Session::with("mt6572-imei-null");
    let before = session.desk.phone().1;
    session.plug();
    session.write("5g");
    session.until_idle();
    plan(&mut session);
    session.write("repai");
    session.step(Message::Signal(Signal::Terminate));
    session.press(Key::char('r'));
    session.press(ENTER);
    session.until_idle();
    assert!(session.ended);
    session.end();
    assert!(same(&session.desk.phone().1, &before));
}

#[test]
fn archives_are_listed_though_the_phone_was_being_read_when_somebody_looked() {
    let mut session = Session::with("mt6572");
    session.plug();
    back_up(&mut session);
    session.pull();
    session.write("1");
    session.desk.plug();
    session.until("the look", |model| {
        model.work.as_ref().is_some_and(|work| work.task == nvkeep::tui::message::Task::Look)
    });
    session.write("p");
    session.until("the list", |model| model.archives.shelf.is_some());
    session.until_idle();
    assert_eq!(session.model.archives.shown().len(), 1);
    session.end();
}
