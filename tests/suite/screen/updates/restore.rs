//! The one place that says yes to a write.

use nvkeep::app::Part;
use nvkeep::app::Selection;
use nvkeep::tui::key::{Code, Mouse};
use nvkeep::tui::message::{Job, Offered, Signal};
use nvkeep::tui::model::{Leaving, Stage};

use super::*;

const YES: Option<Effect> = Some(Effect::Work(Job::Answer(true)));
const NO: Option<Effect> = Some(Effect::Work(Job::Answer(false)));

#[test]
fn only_the_very_word_is_a_yes() {
    for word in
        ["", "y", "yes", "Repair", "REPAIR", "repairs", "repai", "restore", "resume", "rep air", "ｒepair"]
    {
        let mut model = offered();
        write(&mut model, word);
        assert_eq!(press(&mut model, ENTER), None, "{word}");
        assert!(model.restore.offer.is_some() && !model.writing(), "{word}");
        assert!(model.restore.typed.is_empty(), "what was wrong is typed anew");
    }
    let mut model = offered();
    write(&mut model, "repair");
    assert!(!model.writing(), "not before Enter");
    assert_eq!(press(&mut model, ENTER), YES);
    assert!(model.restore.offer.is_none() && model.writing());
    assert_eq!(press(&mut model, ENTER), None, "one yes for one plan");
}

#[test]
fn every_task_has_its_own_word() {
    for (task, word) in
        [(Task::Restore, "restore"), (Task::Repair, "repair"), (Task::Resume, "resume"), (Task::Undo, "undo")]
    {
        for tried in ["restore", "repair", "resume", "undo"] {
            let mut model = at(Screen::Restore);
            tell(&mut model, News::Began(task));
            tell(&mut model, News::Offered(Box::new(Offered { title: "a plan".into(), proposal: None })));
            write(&mut model, tried);
            assert_eq!(press(&mut model, ENTER), if tried == word { YES } else { None }, "{task:?} {tried}");
        }
    }
}

#[test]
fn pasting_the_word_is_no_yes() {
    let mut model = offered();
    for pasted in ["repair", "repair\n", "repair\r\n"] {
        assert_eq!(update(&mut model, Message::Paste(pasted.into())), None);
        assert!(model.restore.typed.is_empty());
        assert!(model.notice.as_ref().unwrap().text.contains("typed"));
        assert_eq!(press(&mut model, ENTER), None);
    }
    write(&mut model, "rep");
    update(&mut model, Message::Paste("air".into()));
    assert_eq!(press(&mut model, ENTER), None, "nor a part of it");
    assert!(model.restore.offer.is_some());
}

#[test]
fn what_was_typed_before_the_plan_came_does_not_count() {
    let mut model = at(Screen::Restore);
    tell(&mut model, News::Began(Task::Repair));
    write(&mut model, "repair");
    tell(&mut model, told(|news| matches!(news, News::Offered(_))));
    assert_eq!(press(&mut model, ENTER), None);
    assert!(model.restore.offer.is_some());
}

#[test]
fn esc_declines() {
    let mut model = offered();
    write(&mut model, "repair");
    assert_eq!(press(&mut model, ESC), NO);
    assert!(model.restore.offer.is_none() && !model.writing());
    assert_eq!(model.work.as_ref().unwrap().stage, Stage::Reading);
}

#[test]
fn esc_declines_from_another_screen_too() {
    let mut model = offered();
    update(&mut model, Message::Mouse(Mouse::Click { x: 2, y: 0 }));
    assert_eq!(model.screen, Screen::Connect, "the mouse may look elsewhere");
    assert_eq!(press(&mut model, ESC), NO);
    assert!(model.restore.offer.is_none());
}

#[test]
fn keys_of_other_screens_are_letters_of_the_word() {
    let mut model = offered();
    for key in ["q", "n", "1", "8", "?", "F", "U"] {
        assert_eq!(write(&mut model, key), None, "{key}");
    }
    assert_eq!(model.screen, Screen::Restore);
    assert_eq!(model.restore.typed.text(), "qn18?FU");
    assert_eq!(press(&mut model, Key::plain(Code::Tab)), None);
    assert_eq!(model.screen, Screen::Restore);
    press(&mut model, Key::ctrl('u'));
    assert!(model.restore.typed.is_empty());
}

#[test]
fn whoever_stopped_before_the_plan_came_has_declined_it() {
    let mut model = at(Screen::Restore);
    tell(&mut model, News::Began(Task::Repair));
    assert_eq!(press(&mut model, ESC), Some(Effect::Stop));
    assert_eq!(tell(&mut model, told(|news| matches!(news, News::Offered(_)))), NO);
    assert!(model.restore.offer.is_none());
}

#[test]
fn whoever_leaves_has_declined_it() {
    let mut model = offered();
    write(&mut model, "repair");
    assert_eq!(update(&mut model, Message::Signal(Signal::Terminate)), NO);
    assert_eq!(press(&mut model, ENTER), None);
    let mut model = at(Screen::Restore);
    tell(&mut model, News::Began(Task::Repair));
    update(&mut model, Message::Signal(Signal::Terminate));
    assert_eq!(model.leaving, Leaving::Waiting);
    assert_eq!(tell(&mut model, told(|news| matches!(news, News::Offered(_)))), NO);
}

#[test]
fn no_plan_outlives_its_job() {
    for end in
        [News::Ended(Outcome::Done(Task::Repair)), failure(Task::Repair, "x"), failure(Task::Save, "x")]
    {
        let mut model = offered();
        write(&mut model, "repair");
        tell(&mut model, end);
        assert!(model.restore.offer.is_none());
        assert_ne!(press(&mut model, ENTER), YES);
    }
}

#[test]
fn declining_is_no_failure() {
    let mut model = offered();
    press(&mut model, ESC);
    tell(&mut model, failure(Task::Repair, "not-confirmed"));
    assert!(model.restore.ended.is_none() && !model.busy());
    assert_eq!(model.notice.as_ref().unwrap().text, "Nothing was written.");
}

#[test]
fn a_plan_is_asked_for_what_is_chosen() {
    let mut model = at(Screen::Restore);
    model.restore.cursor = 1;
    write(&mut model, "iw");
    let Some(Effect::Work(Job::Restore { archive, parts })) = press(&mut model, ENTER) else { panic!() };
    assert_eq!(Some(&archive), model.archives.shown().first().map(|one| &one.file));
    assert_eq!(parts, Selection::Only([Part::Bt, Part::Calibration, Part::Simlock].into_iter().collect()));
    let mut model = at(Screen::Restore);
    model.restore.cursor = 1;
    let archive = model.archives.shown().first().map(|one| one.file.clone());
    let wanted = Job::Repair { archive, label: None, new_mac: false, deep: false };
    assert_eq!(write(&mut model, "r"), Some(Effect::Work(wanted)));
    let mut model = at(Screen::Restore);
    write(&mut model, "mdl490154203237518");
    assert_eq!(press(&mut model, ENTER), None, "the end of the label");
    let wanted =
        Job::Repair { archive: None, label: Some("490154203237518".into()), new_mac: true, deep: true };
    assert_eq!(press(&mut model, ENTER), Some(Effect::Work(wanted)));
}

#[test]
fn a_label_that_is_none_is_told_at_once() {
    let mut model = at(Screen::Restore);
    write(&mut model, "l12");
    press(&mut model, ENTER);
    assert!(model.notice.as_ref().unwrap().text.contains("fifteen digits"));
}

#[test]
fn nothing_is_planned_without_a_phone() {
    let mut model = fresh();
    tell(&mut model, listed());
    model.screen = Screen::Restore;
    assert_eq!(press(&mut model, ENTER), None);
    assert!(!model.busy() && model.notice.is_some());
}

#[test]
fn leaving_everything_out_leaves_nothing_out() {
    let mut model = at(Screen::Restore);
    model.restore.cursor = 1;
    write(&mut model, "iwua");
    assert_eq!(model.restore.without, [true, true, true, true, false]);
    write(&mut model, "s");
    assert_eq!(model.restore.without, [false; 5]);
}
