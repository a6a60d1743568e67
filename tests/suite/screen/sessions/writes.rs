//! Restores, repairs and refusals.

use nvkeep::app::VerdictCode;
use nvkeep::tui::message::Task;

use crate::screen::desk::Desk;
use crate::support::workbench::same;

use super::*;

#[test]
fn a_phone_without_its_imei_is_repaired_from_its_own_copies() {
    let mut session = Session::with("mt6572-imei-null");
    session.plug();
    assert_ne!(session.model.phone.as_ref().unwrap().report.survey.verdict.code, VerdictCode::Healthy);
    session.write("5g");
    session.until_idle();
    assert_eq!(session.model.restore.cursor, 0);
    plan(&mut session);
    let offer = session.model.restore.offer.as_ref().expect("a plan").proposal.as_ref().unwrap();
    assert!(offer.after.is_healthy() && !offer.before.is_healthy());
    confirm(&mut session, "repair");
    match &session.model.restore.ended {
        Some(Ended::Written(Task::Repair, result)) => assert!(result.written && result.after.is_healthy()),
        other => panic!("{other:?}"),
    }
    assert!(session.model.phone.as_ref().unwrap().report.is_healthy());
    session.end();
}

#[test]
fn an_archive_of_another_phone_is_refused_with_its_reason() {
    let mut session = Session::with("mt6572-other-phone");
    session.plug();
    back_up(&mut session);
    session.pull();
    session.desk.phone_becomes("mt6572");
    let before = session.desk.phone().1;
    session.plug();
    choose_first(&mut session);
    plan(&mut session);
    session.until_idle();
    let trouble = refusal(&session).clone();
    assert_eq!(trouble.exit, 8, "{trouble:?}");
    assert_eq!(session.model.screen, Screen::Restore);
    let picture = session.picture();
    let words = trouble.message.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
    assert!(picture.contains(&words), "{words} is not on\n{picture}");
    assert!(picture.contains(&trouble.code), "{picture}");
    assert!(same(&session.desk.phone().1, &before), "nothing was written");
    session.end();
}

#[test]
fn a_plan_that_is_declined_writes_nothing() {
    let mut session = Session::with("mt6572-imei-null");
    let before = session.desk.phone().1;
    session.plug();
    session.write("5g");
    session.until_idle();
    plan(&mut session);
    assert!(session.model.restore.offer.is_some());
    session.word("restore");
    assert!(session.model.restore.offer.is_some(), "another word is no answer");
    session.press(ESC);
    session.until_idle();
    assert!(session.model.restore.ended.is_none());
    assert!(same(&session.desk.phone().1, &before));
    assert!(!session.path("journals").exists(), "no journal is made of what was declined");
    session.end();
}

#[test]
fn a_phone_that_leaves_while_its_plan_waits_is_not_written_to() {
    let mut session = Session::with("mt6572-imei-null");
    session.plug();
    session.write("5g");
    session.until_idle();
    plan(&mut session);
    let before = session.desk.phone().1;
    session.write("repair");
    session.until("the phone to be missed", |model| model.connected().is_none() && !model.busy());
    assert!(session.model.restore.offer.is_none());
    session.press(ENTER);
    session.plug();
    assert!(session.model.restore.offer.is_none(), "the word that came too late answers nothing");
    assert!(same(&session.desk.phone().1, &before));
    session.end();
}

#[test]
fn the_next_phone_finds_nothing_of_the_last_one() {
    let mut session = Session::begin(Desk::with("mt6572"), Begin::default());
    session.plug();
    let first = session.model.connected().unwrap().info.phone.cid.clone();
    session.write("n");
    session.until("the phone to leave", |model| model.connected().is_none() && !model.busy());
    session.desk.phone_becomes("mt6572-other-phone");
    session.plug();
    assert_ne!(session.model.connected().unwrap().info.phone.cid, first);
    assert_ne!(session.model.phone.as_ref().unwrap().report.phone.cid, first);
    assert_eq!(session.model.tally.rows.len(), 2);
    session.end();
}
