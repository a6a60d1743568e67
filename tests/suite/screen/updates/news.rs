//! What the worker reaches.

use std::time::Duration;

use nvkeep::app::{Device, Event, Progress, WireLine};
use nvkeep::tui::model::LogKind;
use nvkeep::tui::model::bench::CableState;
use nvkeep::tui::trouble::Trouble;

use super::*;

fn gone() -> News {
    let News::Ended(Outcome::Failed(_, trouble)) = failure(Task::Connect, "cable-gone") else { panic!() };
    News::Gone(trouble)
}

#[test]
fn watching_and_resting_are_told() {
    let mut model = fresh();
    model.now = Duration::from_secs(3);
    assert_eq!(tell(&mut model, News::Watching { fresh: true }), None);
    match model.cable.state {
        CableState::Watching { since, fresh } => assert_eq!((since, fresh), (model.now, true)),
        ref other => panic!("{other:?}"),
    }
    assert_eq!(tell(&mut model, News::Resting), None);
    assert!(matches!(model.cable.state, CableState::Resting));
}

#[test]
fn a_device_in_a_boot_mode_has_its_time() {
    let device = |boot| Device {
        port: "usb:1-2".into(),
        ids: "0e8d:2000".into(),
        mode: "preloader".into(),
        boot,
        obstacle: None,
    };
    let mut model = fresh();
    model.now = Duration::from_secs(5);
    tell(&mut model, News::Bus(vec![device(false)]));
    assert_eq!((model.cable.devices.len(), model.cable.boot_since), (1, None));
    tell(&mut model, News::Bus(vec![device(true)]));
    model.now = Duration::from_secs(7);
    tell(&mut model, News::Bus(vec![device(true), device(false)]));
    assert_eq!(model.cable.boot_since, Some(Duration::from_secs(5)), "since it was seen first");
    tell(&mut model, News::Bus(Vec::new()));
    assert_eq!((model.cable.devices.len(), model.cable.boot_since), (0, None));
}

#[test]
fn a_job_begins_and_is_no_longer_on_its_way() {
    let mut model = connected();
    model.screen = Screen::Backup;
    press(&mut model, ENTER);
    assert_eq!(model.pending, [Task::Backup]);
    tell(&mut model, News::Began(Task::Look));
    assert_eq!(model.pending, [Task::Backup], "a look that begins by itself is not what was sent");
    tell(&mut model, News::Began(Task::Backup));
    assert!(model.pending.is_empty());
    assert_eq!(model.work.as_ref().unwrap().task, Task::Backup);
}

#[test]
fn a_connection_that_begins_forgets_the_last_trouble() {
    let mut model = connected();
    tell(&mut model, gone());
    assert!(model.cable.trouble.is_some());
    tell(&mut model, News::Began(Task::Connect));
    assert!(model.cable.trouble.is_none());
    assert!(matches!(model.cable.state, CableState::Connecting { .. }));
}

#[test]
fn a_phone_that_comes_is_shown_and_the_last_one_is_not() {
    let mut model = connected();
    model.restore.ended = Some(Ended::Failed(Task::Repair, trouble()));
    tell(&mut model, told(|news| matches!(news, News::Connected(..))));
    assert!(model.phone.is_none() && model.restore.ended.is_none());
    assert_eq!(model.tally.rows.len(), 1, "the same card is the same phone");
    let mut model = fresh();
    tell(&mut model, told(|news| matches!(news, News::Connected(..))));
    assert_eq!(model.screen, Screen::Phone, "plugging in moves on by itself");
    let mut model = fresh();
    model.screen = Screen::Log;
    tell(&mut model, told(|news| matches!(news, News::Connected(..))));
    assert_eq!(model.screen, Screen::Log, "nobody is torn from what he reads");
}

#[test]
fn an_unfinished_write_is_told_as_the_phone_comes() {
    let News::Connected(info, _) = told(|news| matches!(news, News::Connected(..))) else { panic!() };
    let mut model = fresh();
    tell(&mut model, News::Connected(info, Some("restore of a.nvk".into())));
    assert!(model.notice.as_ref().unwrap().text.contains("did not finish"));
    assert!(model.connected().unwrap().open_journal.is_some());
    tell(&mut model, News::Unfinished(None));
    assert!(model.connected().unwrap().open_journal.is_none());
    tell(&mut model, News::Unfinished(Some("repair".into())));
    assert!(model.connected().unwrap().open_journal.is_some());
}

#[test]
fn an_offer_comes_to_the_front() {
    let mut model = busy(Task::Repair);
    model.screen = Screen::Log;
    model.help = true;
    tell(&mut model, told(|news| matches!(news, News::Offered(_))));
    assert_eq!((model.screen, model.help), (Screen::Restore, false));
    assert!(model.restore.offer.is_some() && !model.identities().is_empty());
}

#[test]
fn a_phone_that_leaves_takes_its_plan_with_it() {
    for news in [gone(), News::Left] {
        let mut model = offered();
        write(&mut model, "repair");
        tell(&mut model, news);
        assert!(model.restore.offer.is_none() && model.restore.typed.is_empty());
        assert!(model.connected().is_none());
        assert!(model.phone.is_some(), "what was read stays to be looked at");
    }
}

#[test]
fn a_phone_that_was_let_go_is_no_trouble() {
    let mut model = connected();
    tell(&mut model, News::Left);
    assert!(model.cable.left && model.cable.trouble.is_none());
    assert_eq!(model.screen, Screen::Connect);
    let mut model = connected();
    tell(&mut model, gone());
    assert!(!model.cable.left && model.cable.trouble.is_some());
    assert!(model.log.lines.iter().any(|line| line.kind == LogKind::Failure));
}

#[test]
fn events_go_to_the_job_and_the_log() {
    let mut model = busy(Task::Backup);
    let before = model.log.lines.len();
    for event in [Event::Step("one".into()), Event::Note("two".into()), Event::Warning("three".into())] {
        assert_eq!(update(&mut model, Message::Event(event)), None);
    }
    let progress = Progress { what: "NVRAM".into(), done: 512, total: 1024, elapsed: Duration::ZERO };
    update(&mut model, Message::Event(Event::Progress(progress.clone())));
    update(&mut model, Message::Event(Event::Progress(Progress { done: 1024, ..progress })));
    let wire = WireLine { at: Duration::ZERO, text: "READ32".into(), private: Some("00".into()) };
    update(&mut model, Message::Event(Event::Wire(wire)));
    let work = model.work.as_ref().unwrap();
    assert_eq!(
        (work.steps.as_slice(), work.warnings.as_slice()),
        (&["one".to_owned()][..], &["three".to_owned()][..])
    );
    assert_eq!((work.transfers.len(), work.transfer().unwrap().done), (1, 1024));
    let kinds: Vec<LogKind> = model.log.lines.iter().skip(before).map(|line| line.kind).collect();
    assert_eq!(kinds, [LogKind::Step, LogKind::Note, LogKind::Warning, LogKind::Wire]);
}

#[test]
fn the_log_is_bounded_and_its_place_inside() {
    let mut model = fresh();
    model.screen = Screen::Log;
    let note = |text: &str| Message::Event(Event::Note(text.into()));
    for index in 0..5000 {
        update(&mut model, note(if index == 0 { "alpha" } else { "beta" }));
    }
    write(&mut model, "/alpha");
    press(&mut model, ENTER);
    assert_eq!(model.log.shown().count(), 1);
    press(&mut model, ESC);
    write(&mut model, "g");
    assert_eq!(model.log.back, 4999);
    for _ in 0..3000 {
        update(&mut model, note("alpha"));
        assert!(model.log.back < model.log.shown().count());
    }
    assert!(model.log.lines.len() <= 5000);
    assert_eq!(model.log.dropped, 3000);
}

fn trouble() -> Trouble {
    match failure(Task::Repair, "x") {
        News::Ended(Outcome::Failed(_, trouble)) => trouble,
        _ => unreachable!(),
    }
}
