//! Leaving the program.

use nvkeep::tui::message::{Job, Signal};
use nvkeep::tui::model::Leaving;

use super::*;

#[test]
fn at_once_when_nothing_runs() {
    for key in [Key::char('q'), Key::ctrl('c')] {
        assert_eq!(press(&mut fresh(), key), Some(Effect::Quit));
        assert_eq!(press(&mut connected(), key), Some(Effect::Quit));
    }
    assert_eq!(update(&mut connected(), Message::Signal(Signal::Terminate)), Some(Effect::Quit));
}

#[test]
fn asks_while_something_runs() {
    for task in [Task::Connect, Task::Look, Task::Backup, Task::Repair, Task::List, Task::Save] {
        let mut model = busy(task);
        assert_eq!(write(&mut model, "q"), None, "{task:?}");
        assert_eq!(model.leaving, Leaving::Asked);
        assert_eq!(write(&mut model, "n"), None);
        assert_eq!(model.leaving, Leaving::No);
    }
}

#[test]
fn asks_while_a_job_is_on_its_way() {
    let mut model = connected();
    model.screen = Screen::Backup;
    assert!(matches!(press(&mut model, ENTER), Some(Effect::Work(Job::Backup { .. }))));
    assert_eq!(write(&mut model, "q"), None);
    assert_eq!(model.leaving, Leaving::Asked);
}

#[test]
fn only_y_is_a_yes_to_the_question() {
    for key in [ENTER, Key::char(' '), Key::char('q'), Key::char('1'), Key::char('r')] {
        let mut model = busy(Task::Backup);
        write(&mut model, "q");
        assert_eq!(press(&mut model, key), None, "{key:?}");
        assert_eq!(model.leaving, Leaving::Asked);
    }
    for key in [Key::char('y'), Key::char('Y'), Key::ctrl('c')] {
        let mut model = busy(Task::Backup);
        write(&mut model, "q");
        assert_eq!(press(&mut model, key), Some(Effect::Stop), "{key:?}");
        assert_eq!(model.leaving, Leaving::Waiting);
        assert!(model.work.as_ref().unwrap().stopping);
    }
}

#[test]
fn waits_for_the_end_of_the_block_at_hand() {
    let mut model = busy(Task::Backup);
    write(&mut model, "qy");
    for key in ["q", "1", "b", "n"] {
        assert_ne!(write(&mut model, key), Some(Effect::Quit), "{key}");
    }
    assert_eq!(tell(&mut model, failure(Task::Backup, "interrupted")), Some(Effect::Quit));
}

#[test]
fn waits_for_a_job_that_was_sent_already() {
    let mut model = connected();
    model.screen = Screen::Backup;
    press(&mut model, ENTER);
    tell(&mut model, News::Began(Task::Look));
    update(&mut model, Message::Signal(Signal::Terminate));
    assert_eq!(tell(&mut model, phone_looked()), None, "the backup is still to come");
    tell(&mut model, News::Began(Task::Backup));
    assert_eq!(tell(&mut model, failure(Task::Backup, "interrupted")), Some(Effect::Quit));
}

#[test]
fn the_question_goes_with_what_it_was_about() {
    let mut model = busy(Task::Look);
    write(&mut model, "q");
    assert_eq!(tell(&mut model, phone_looked()), None);
    assert_eq!(model.leaving, Leaving::No);
}

#[test]
fn nothing_is_pasted_clicked_or_turned_under_the_question() {
    let mut model = busy(Task::Backup);
    model.screen = Screen::Backup;
    model.backup.editing = true;
    press(&mut model, Key::ctrl('c'));
    assert_eq!(model.leaving, Leaving::Asked);
    update(&mut model, Message::Paste("y".into()));
    update(&mut model, Message::Mouse(nvkeep::tui::key::Mouse::Click { x: 1, y: 0 }));
    assert_eq!((model.leaving, model.screen), (Leaving::Asked, Screen::Backup));
    assert!(model.backup.note.is_empty());
}
