//! How jobs end.

use nvkeep::tui::message::Job;
use nvkeep::tui::model::Tone;
use nvkeep::tui::model::bench::CableState;

use super::*;

#[test]
fn a_look_shows_the_phone_or_the_file() {
    let mut model = connected();
    assert!(model.phone.is_some() && model.file.is_none());
    assert!(model.tally.rows[0].came.is_some());
    model.open_trouble = Some(trouble_of(failure(Task::Open, "x")));
    tell(&mut model, file_looked());
    assert!(model.file.is_some() && model.open_trouble.is_none());
    assert!(!model.shows_file, "the phone is still what is looked at");
}

#[test]
fn a_look_at_one_source_moves_nobody_in_the_other() {
    let mut model = at(Screen::Records);
    write(&mut model, "jj");
    assert_eq!(model.records.cursor, 2);
    tell(&mut model, file_looked());
    assert_eq!(model.records.cursor, 2);
    tell(&mut model, phone_looked());
    assert_eq!(model.records.cursor, 0);
}

#[test]
fn an_archive_is_told_and_the_list_is_read_again() {
    let mut model = at(Screen::Backup);
    write(&mut model, "tmine");
    press(&mut model, ENTER);
    tell(&mut model, outcome(|one| matches!(one, Outcome::Saved(_))));
    assert!(matches!(model.backup.last, Some(Ok(_))));
    assert!(model.backup.note.is_empty() && model.archives.stale);
    assert!(model.tally.rows[0].saved.is_some());
    assert_eq!(model.notice.as_ref().unwrap().tone, Tone::Good);
    assert_eq!(write(&mut model, "7"), Some(Effect::Work(Job::List)));
}

#[test]
fn a_list_that_had_to_wait_is_read_at_the_end_of_the_job() {
    let mut model = at(Screen::Backup);
    press(&mut model, ENTER);
    tell(&mut model, News::Began(Task::Backup));
    write(&mut model, "5");
    let effect = tell(&mut model, outcome(|one| matches!(one, Outcome::Saved(_))));
    assert_eq!(effect, Some(Effect::Work(Job::List)));
    tell(&mut model, News::Began(Task::List));
    assert_eq!(tell(&mut model, failure(Task::List, "x")), None, "it is not tried without end");
}

#[test]
fn a_write_is_told_and_counted() {
    let mut model = busy(Task::Repair);
    tell(&mut model, outcome(|one| matches!(one, Outcome::Written(..))));
    assert!(matches!(model.restore.ended, Some(Ended::Written(..))));
    assert!(model.tally.rows[0].written);
    assert_eq!(model.tally.counts(), [1, 0, 1]);
}

#[test]
fn a_write_that_was_finished_is_told() {
    let mut model = busy(Task::Resume);
    tell(&mut model, outcome(|one| matches!(one, Outcome::Resumed(_))));
    assert!(matches!(model.restore.ended, Some(Ended::Resumed(_))) && !model.busy());
}

#[test]
fn a_comparison_is_shown() {
    let mut model = busy(Task::Compare);
    tell(&mut model, outcome(|one| matches!(one, Outcome::Compared(_))));
    assert!(matches!(model.compare.last, Some(Ok(_))));
}

#[test]
fn a_list_is_kept_and_its_numbers_are_learnt() {
    let mut model = fresh();
    model.archives.trouble = Some(trouble_of(failure(Task::List, "x")));
    tell(&mut model, listed());
    assert!(model.archives.trouble.is_none());
    let shelved = model.archives.shown()[0].clone();
    let learnt = model.identities();
    assert!(shelved.barcodes.iter().chain(&shelved.imeis).all(|value| learnt.contains(value)));
}

#[test]
fn a_check_is_shown_with_its_archive() {
    let mut model = busy(Task::Verify);
    tell(&mut model, outcome(|one| matches!(one, Outcome::Verified(..))));
    assert!(matches!(model.archives.checked, Some((_, Ok(_)))));
}

#[test]
fn a_file_that_was_written_is_named() {
    let mut model = busy(Task::Save);
    tell(&mut model, News::Ended(Outcome::Kept("/archives/a.raw".into())));
    assert!(model.notice.as_ref().unwrap().text.contains("/archives/a.raw"));
}

#[test]
fn what_has_nothing_to_tell_only_ends() {
    let mut model = busy(Task::Leave);
    assert_eq!(tell(&mut model, News::Ended(Outcome::Done(Task::Leave))), None);
    assert!(!model.busy() && model.notice.is_none());
}

#[test]
fn every_failure_is_told_where_it_belongs() {
    for task in [
        Task::Connect,
        Task::Look,
        Task::Open,
        Task::Backup,
        Task::Restore,
        Task::Repair,
        Task::Resume,
        Task::Undo,
        Task::Compare,
        Task::List,
        Task::Verify,
        Task::Save,
        Task::Leave,
    ] {
        let mut model = busy(task);
        model.archives.shelf = None;
        tell(&mut model, failure(task, "some-code"));
        let kept = match task {
            Task::Connect => {
                assert!(matches!(model.cable.state, CableState::Resting));
                model.cable.trouble.as_ref()
            }
            Task::Look => model.look_trouble.as_ref(),
            Task::Open => model.open_trouble.as_ref(),
            Task::Backup => model.backup.last.as_ref().and_then(|last| last.as_ref().err()),
            Task::Restore | Task::Repair | Task::Resume | Task::Undo => match &model.restore.ended {
                Some(Ended::Failed(failed, trouble)) if *failed == task => Some(trouble),
                _ => None,
            },
            Task::Compare => model.compare.last.as_ref().and_then(|last| last.as_ref().err()),
            Task::List => model.archives.trouble.as_ref(),
            Task::Verify => model.archives.checked.as_ref().and_then(|checked| checked.1.as_ref().err()),
            Task::Save | Task::Leave => {
                assert!(model.notice.as_ref().unwrap().text.contains("some-code"));
                continue;
            }
        };
        assert_eq!(kept.map(|trouble| trouble.code.as_str()), Some("some-code"), "{task:?}");
        let log: Vec<&str> = model.log.lines.iter().map(|line| line.text.as_str()).collect();
        assert!(log.iter().any(|line| line.contains("some-code")), "{task:?}");
        assert!(log.contains(&"because a cause"), "{task:?}");
        assert!(!model.busy());
    }
}

#[test]
fn a_phone_that_came_and_left_at_once_is_waited_for_again() {
    let watch = |effect| matches!(effect, Some(Effect::Work(Job::Watch { fresh: false })));
    let mut model = busy(Task::Connect);
    assert!(watch(tell(&mut model, failure(Task::Connect, "no-phone"))));
    assert_eq!(model.cable.trouble.as_ref().map(|trouble| trouble.code.as_str()), Some("no-phone"));
    let mut model = busy(Task::Connect);
    assert!(!watch(tell(&mut model, failure(Task::Connect, "not-a-preloader"))));
    let mut model = busy(Task::Backup);
    assert!(!watch(tell(&mut model, failure(Task::Backup, "no-phone"))));
}

fn trouble_of(news: News) -> nvkeep::tui::trouble::Trouble {
    match news {
        News::Ended(Outcome::Failed(_, trouble)) => trouble,
        _ => unreachable!(),
    }
}
