//! Lists, records, comparisons and the log: keys that move, choose and search.

use nvkeep::tui::key::Code;
use nvkeep::tui::message::{Job, Place};
use nvkeep::tui::model::{LogKind, Pane};

use super::*;

/// The archive of the list.
fn archive(model: &Model) -> std::path::PathBuf {
    model.archives.shown()[0].file.clone()
}

#[test]
fn moves_stay_inside_every_list() {
    for screen in Screen::ALL {
        let mut model = at(screen);
        for code in [Code::Up, Code::PageUp, Code::Home, Code::Down, Code::PageDown, Code::End] {
            for _ in 0..30 {
                press(&mut model, Key::plain(code));
                assert!(model.archives.cursor < 1 && model.restore.cursor <= 1 && model.compare.cursor <= 1);
            }
        }
        for letter in ["g", "k", "G", "j"] {
            write(&mut model, letter);
        }
        press(&mut model, Key::plain(Code::Home));
        assert_eq!((model.scroll, model.records.cursor), (0, 0), "{screen:?}");
    }
}

#[test]
fn folders_open_and_close_and_files_show_their_fields() {
    let mut model = at(Screen::Records);
    let rows = |model: &Model| model.records.rows(model.subject().unwrap()).len();
    let all = rows(&model);
    press(&mut model, ENTER);
    assert!(rows(&model) < all);
    press(&mut model, Key::plain(Code::Right));
    assert_eq!(rows(&model), all);
    press(&mut model, Key::plain(Code::Left));
    assert!(rows(&model) < all);
    press(&mut model, ENTER);
    write(&mut model, "/bt_addr");
    press(&mut model, ENTER);
    press(&mut model, Key::plain(Code::End));
    press(&mut model, Key::plain(Code::Right));
    assert_eq!(model.records.pane, Pane::Fields);
    press(&mut model, Key::plain(Code::End));
    let fields = model.records.file(model.subject().unwrap()).unwrap().fields.len();
    assert_eq!(model.records.field, fields - 1);
    press(&mut model, Key::plain(Code::Left));
    assert_eq!(model.records.pane, Pane::Files);
    press(&mut model, Key::plain(Code::Left));
    assert!(model.records.file(model.subject().unwrap()).is_none(), "from a file to its folder");
}

#[test]
fn a_search_that_changes_starts_at_the_top() {
    let mut model = at(Screen::Records);
    press(&mut model, Key::plain(Code::End));
    write(&mut model, "/w");
    assert_eq!(model.records.cursor, 0);
    press(&mut model, Key::plain(Code::Down));
    assert_eq!(model.records.cursor, 1, "arrows move while a search is typed");
    write(&mut model, "zzzz");
    assert_eq!(model.records.cursor, 0);
    assert!(model.records.rows(model.subject().unwrap()).is_empty());
    press(&mut model, ESC);
    assert!(model.records.filter.is_empty() && !model.records.filtering);
}

#[test]
fn a_file_is_written_beside_the_archives_as_it_is_shown() {
    let mut model = at(Screen::Records);
    assert_eq!(write(&mut model, "e"), None, "a folder is no file");
    write(&mut model, "/bt_addr");
    press(&mut model, ENTER);
    press(&mut model, Key::plain(Code::End));
    let file = model.records.file(model.subject().unwrap()).unwrap().clone();
    write(&mut model, "x");
    assert!(model.records.raw);
    let Some(Effect::Work(Job::Save { path, bytes })) = write(&mut model, "e") else { panic!() };
    assert_eq!((path.parent().unwrap(), &bytes), (std::path::Path::new("/archives"), &file.raw));
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.ends_with(".raw") && name.is_ascii() && !name.starts_with('.'), "{name}");
}

#[test]
fn archives_are_checked_opened_compared_and_put_back() {
    let mut model = at(Screen::Archive);
    let file = archive(&model);
    assert_eq!(press(&mut model, ENTER), Some(Effect::Work(Job::Verify(file.clone()))));
    let mut model = at(Screen::Archive);
    assert_eq!(write(&mut model, "o"), Some(Effect::Work(Job::Open(file.clone()))));
    assert_eq!((model.screen, model.shows_file), (Screen::Phone, true));
    let mut model = at(Screen::Archive);
    let wanted = Job::Compare(Place::File(file), Place::Phone);
    assert_eq!(write(&mut model, "c"), Some(Effect::Work(wanted)));
    assert_eq!(model.screen, Screen::Compare);
    let mut model = at(Screen::Archive);
    assert_eq!(write(&mut model, "p"), None);
    assert_eq!((model.screen, model.restore.cursor), (Screen::Restore, 1));
    let mut model = at(Screen::Archive);
    assert_eq!(write(&mut model, "r"), Some(Effect::Work(Job::List)));
    let mut model = at(Screen::Archive);
    write(&mut model, "/zzz");
    press(&mut model, ENTER);
    assert_eq!(write(&mut model, "o"), None);
    assert!(model.notice.is_some());
}

#[test]
fn a_path_is_opened_wherever_it_lies() {
    let mut model = at(Screen::Archive);
    tell(&mut model, file_looked());
    write(&mut model, "O");
    assert_eq!(press(&mut model, ENTER), None, "no path, no job");
    write(&mut model, "O/tmp/q.nvk");
    assert_eq!(model.screen, Screen::Archive, "letters of a path are no commands");
    assert_eq!(press(&mut model, ENTER), Some(Effect::Work(Job::Open("/tmp/q.nvk".into()))));
    assert_eq!((model.screen, model.shows_file), (Screen::Phone, true));
    assert!(model.file.is_none(), "what was open before is not shown under another name");
}

#[test]
fn two_sides_are_chosen_and_swapped() {
    let mut model = at(Screen::Compare);
    let file = Place::File(archive(&model));
    write(&mut model, "jagb");
    assert_eq!((model.compare.a.clone(), model.compare.b.clone()), (Some(file.clone()), Some(Place::Phone)));
    assert_eq!(write(&mut model, "x"), None, "nothing was compared yet");
    assert_eq!(model.compare.a, Some(Place::Phone));
    let wanted = Job::Compare(Place::Phone, file.clone());
    assert_eq!(press(&mut model, ENTER), Some(Effect::Work(wanted)));
    tell(&mut model, News::Began(Task::Compare));
    tell(&mut model, outcome(|one| matches!(one, Outcome::Compared(_))));
    write(&mut model, "o");
    assert!(model.compare.only_differences);
    assert_eq!(write(&mut model, "x"), Some(Effect::Work(Job::Compare(file, Place::Phone))));
}

#[test]
fn enter_takes_a_source_for_the_side_that_is_free() {
    let mut model = at(Screen::Compare);
    assert_eq!(press(&mut model, ENTER), None);
    assert_eq!(model.compare.a, Some(Place::Phone));
    assert_eq!(press(&mut model, ENTER), None, "not twice the same");
    assert_eq!(model.compare.b, None);
    write(&mut model, "j");
    assert!(matches!(press(&mut model, ENTER), Some(Effect::Work(Job::Compare(..)))));
}

#[test]
fn the_log_is_filtered_followed_and_saved() {
    use nvkeep::app::{Event, WireLine};
    let mut model = at(Screen::Log);
    for index in 0..100 {
        let wire = WireLine { at: model.now, text: format!("WIRE {index}"), private: Some("c0ffee".into()) };
        update(&mut model, Message::Event(Event::Note(format!("note {index}"))));
        update(&mut model, Message::Event(Event::Wire(wire)));
    }
    write(&mut model, "g");
    assert!(model.log.back > 0);
    write(&mut model, "f");
    assert_eq!(model.log.back, 0);
    write(&mut model, "w");
    assert!(model.log.shown().all(|line| line.kind != LogKind::Wire));
    write(&mut model, "w/WIRE 7");
    press(&mut model, ENTER);
    let Some(Effect::Work(Job::Save { bytes, .. })) = write(&mut model, "s") else { panic!() };
    let saved = String::from_utf8(bytes).unwrap();
    assert_eq!(saved.lines().count(), 11, "{saved}");
    assert!(!saved.contains("c0ffee"), "flash content stays on the screen");
}

#[test]
fn an_unfinished_write_is_finished_or_taken_back() {
    for (key, undo) in [("F", false), ("U", true)] {
        let mut model = at(Screen::Restore);
        assert_eq!(write(&mut model, key), None, "there is none");
        tell(&mut model, News::Unfinished(Some("repair".into())));
        assert_eq!(write(&mut model, key), Some(Effect::Work(Job::Resume { undo })));
    }
    let mut model = at(Screen::Restore);
    tell(&mut model, News::Unfinished(Some("repair".into())));
    assert_eq!(press(&mut model, ENTER), None, "nothing else is planned before that");
}

#[test]
fn one_thing_at_a_time() {
    let mut model = at(Screen::Backup);
    press(&mut model, ENTER);
    for (screen, key) in
        [(Screen::Phone, "r"), (Screen::Archive, "o"), (Screen::Archive, "c"), (Screen::Log, "s")]
    {
        model.screen = screen;
        assert_eq!(write(&mut model, key), None, "{screen:?} {key}");
        assert_eq!(model.screen, screen);
    }
}
