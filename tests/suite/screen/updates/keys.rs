//! Commands that mean the same everywhere, the cable, the phone, the backup.

use std::time::Duration;

use nvkeep::tui::key::{Code, Mouse};
use nvkeep::tui::message::{Job, Signal};
use nvkeep::tui::model::bench::CableState;

use super::*;

#[test]
fn esc_never_quits() {
    for screen in Screen::ALL {
        let mut model = at(screen);
        for _ in 0..20 {
            assert_ne!(press(&mut model, ESC), Some(Effect::Quit), "{screen:?}");
        }
        assert_eq!(model.screen, Screen::Phone, "but leads to the first screen");
        let mut model = fresh();
        model.screen = screen;
        press(&mut model, ESC);
        assert_eq!(model.screen, Screen::Connect);
    }
}

#[test]
fn esc_stops_what_reads_and_nothing_that_writes() {
    assert_eq!(press(&mut busy(Task::Backup), ESC), Some(Effect::Stop));
    let mut model = offered();
    write(&mut model, "repair");
    press(&mut model, ENTER);
    for screen in Screen::ALL {
        model.screen = screen;
        assert_eq!(press(&mut model, ESC), None, "{screen:?}");
        assert!(!model.work.as_ref().unwrap().stopping);
    }
    assert!(model.notice.is_some());
}

#[test]
fn esc_takes_one_step_back() {
    let mut model = at(Screen::Restore);
    tell(&mut model, failure(Task::Repair, "x"));
    press(&mut model, ESC);
    assert!(model.restore.ended.is_none());
    assert_eq!(model.screen, Screen::Restore);
    model.screen = Screen::Compare;
    tell(&mut model, outcome(|one| matches!(one, Outcome::Compared(_))));
    press(&mut model, ESC);
    assert!(model.compare.last.is_none());
    for (screen, search) in [(Screen::Records, "/x"), (Screen::Log, "/x"), (Screen::Archive, "/x")] {
        model.screen = screen;
        write(&mut model, search);
        press(&mut model, ENTER);
        press(&mut model, ESC);
        assert_eq!(model.screen, screen, "first the search goes");
        assert!(
            model.records.filter.is_empty()
                && model.log.filter.is_empty()
                && model.archives.filter.is_empty()
        );
    }
}

#[test]
fn help_lies_over_every_screen_and_goes() {
    for screen in Screen::ALL {
        for close in [Key::char('?'), ESC, Key::char('q')] {
            let mut model = at(screen);
            write(&mut model, "?");
            assert!(model.help, "{screen:?}");
            assert_eq!(write(&mut model, "4"), None);
            assert_eq!(model.screen, screen, "keys mean nothing under it");
            assert_eq!(press(&mut model, close), None);
            assert!(!model.help);
        }
    }
}

#[test]
fn digits_and_tabs_lead_to_every_screen() {
    let mut model = at(Screen::Connect);
    for (index, screen) in Screen::ALL.into_iter().enumerate() {
        write(&mut model, &(index + 1).to_string());
        assert_eq!(model.screen, screen);
    }
    for screen in Screen::ALL {
        press(&mut model, Key::plain(Code::Tab));
        assert_eq!(model.screen, screen, "from the last to the first");
    }
    for screen in Screen::ALL.into_iter().rev().skip(1) {
        press(&mut model, Key::plain(Code::BackTab));
        assert_eq!(model.screen, screen);
    }
}

#[test]
fn screens_with_archives_want_them_listed_once() {
    for key in ["5", "6", "7"] {
        let mut model = connected();
        assert_eq!(write(&mut model, key), Some(Effect::Work(Job::List)), "{key}");
        assert_eq!(write(&mut model, "1"), None);
        assert_eq!(write(&mut model, key), None, "it is on its way");
    }
}

#[test]
fn clicks_choose_tabs_and_wheels_scroll() {
    let mut model = at(Screen::Archive);
    update(&mut model, Message::Mouse(Mouse::Click { x: 0, y: 0 }));
    assert_eq!(model.screen, Screen::Connect);
    update(&mut model, Message::Mouse(Mouse::Click { x: 0, y: 5 }));
    assert_eq!(model.screen, Screen::Connect);
    model.screen = Screen::Phone;
    model.size = (80, 16);
    update(&mut model, Message::Mouse(Mouse::Wheel { down: 1 }));
    assert_eq!(model.scroll, 3);
    update(&mut model, Message::Mouse(Mouse::Wheel { down: -1 }));
    assert_eq!(model.scroll, 0);
}

#[test]
fn time_goes_forward_and_takes_notices_along() {
    let mut model = fresh();
    update(&mut model, Message::Tick(1000));
    update(&mut model, Message::Tick(10));
    assert_eq!(model.now, Duration::from_secs(1));
    model.screen = Screen::Backup;
    press(&mut model, ENTER);
    assert!(model.notice.is_some(), "no phone to back up");
    update(&mut model, Message::Tick(8_999));
    assert!(model.notice.is_some());
    update(&mut model, Message::Tick(9_000));
    assert!(model.notice.is_none());
    update(&mut model, Message::Tick(u64::MAX));
    press(&mut model, ENTER);
}

#[test]
fn a_smaller_terminal_keeps_every_place_inside() {
    let mut model = at(Screen::Phone);
    model.size = (80, 16);
    press(&mut model, Key::plain(Code::End));
    assert!(model.scroll > 0);
    assert_eq!(update(&mut model, Message::Resize(200, 100)), None);
    assert_eq!((model.size, model.scroll), ((200, 100), 0));
    update(&mut model, Message::Resize(0, 0));
}

#[test]
fn waking_up_draws_anew() {
    assert_eq!(update(&mut fresh(), Message::Signal(Signal::Continue)), Some(Effect::Redraw));
    assert_eq!(press(&mut fresh(), Key::ctrl('l')), Some(Effect::Redraw));
}

#[test]
fn sleep_waits_while_the_phone_is_written_to() {
    assert_eq!(press(&mut connected(), Key::ctrl('z')), Some(Effect::Suspend));
    let mut model = offered();
    write(&mut model, "repair");
    press(&mut model, ENTER);
    assert_eq!(press(&mut model, Key::ctrl('z')), None);
    assert!(model.notice.is_some());
}

#[test]
fn pasted_text_is_no_command() {
    for screen in Screen::ALL {
        let mut model = at(screen);
        assert_eq!(update(&mut model, Message::Paste("q4\nn\r1".into())), None);
        assert_eq!(model.screen, screen);
        assert!(!model.busy());
    }
    let mut model = at(Screen::Backup);
    write(&mut model, "t");
    update(&mut model, Message::Paste("a\n\u{1b}b".repeat(500)));
    assert_eq!(model.backup.note.text(), "ab".repeat(100), "bounded, without control characters");
    let mut model = at(Screen::Backup);
    write(&mut model, "t?");
    model.help = true;
    update(&mut model, Message::Paste("unseen".into()));
    assert_eq!(model.backup.note.text(), "?", "nothing is typed where nobody sees it");
}

#[test]
fn the_next_phone_is_waited_for() {
    let mut model = connected();
    assert_eq!(write(&mut model, "n"), Some(Effect::Work(Job::Leave)));
    assert_eq!(model.screen, Screen::Connect);
    let mut model = fresh();
    assert_eq!(write(&mut model, "n"), Some(Effect::Work(Job::Watch { fresh: false })));
    tell(&mut model, News::Watching { fresh: false });
    assert_eq!(write(&mut model, "n"), None, "it is waited for already");
    let mut model = busy(Task::Repair);
    assert_eq!(write(&mut model, "n"), None);
    assert!(model.connected().is_some() && model.notice.is_some());
}

#[test]
fn waiting_is_stopped_and_begun() {
    let mut model = fresh();
    assert_eq!(press(&mut model, ENTER), Some(Effect::Work(Job::Watch { fresh: false })));
    tell(&mut model, News::Watching { fresh: false });
    assert_eq!(write(&mut model, "w"), Some(Effect::Work(Job::Rest)));
    tell(&mut model, News::Resting);
    assert!(matches!(model.cable.state, CableState::Resting));
    assert_eq!(write(&mut model, "w"), None);
}

#[test]
fn the_source_is_switched_where_there_are_two() {
    let mut model = at(Screen::Phone);
    write(&mut model, "s");
    assert!(!model.shows_file && model.notice.is_some());
    tell(&mut model, file_looked());
    write(&mut model, "s");
    assert!(model.shows_file);
    write(&mut model, "s");
    assert!(!model.shows_file);
}

#[test]
fn a_connected_phone_is_read_again() {
    let mut model = at(Screen::Phone);
    assert_eq!(write(&mut model, "r"), Some(Effect::Work(Job::Look)));
    assert_eq!(write(&mut model, "r"), None, "one thing at a time");
    let mut model = fresh();
    model.screen = Screen::Phone;
    assert_eq!(write(&mut model, "r"), None);
    assert!(model.notice.is_some());
}

#[test]
fn a_backup_is_wanted_as_it_was_set() {
    let mut model = at(Screen::Backup);
    write(&mut model, "ft my  note");
    press(&mut model, Key::plain(Code::Backspace));
    press(&mut model, ENTER);
    let wanted = Job::Backup { note: " my  not".into(), full: true };
    assert_eq!(press(&mut model, ENTER), Some(Effect::Work(wanted)));
    let mut model = fresh();
    model.screen = Screen::Backup;
    assert_eq!(press(&mut model, ENTER), None);
}

#[test]
fn the_rule_is_written_for_the_device_that_could_not_be_opened() {
    let mut model = fresh();
    assert_eq!(write(&mut model, "u"), None);
    let device = nvkeep::app::Device {
        port: "usb:1-2".into(),
        ids: "0e8d:2000".into(),
        mode: "preloader".into(),
        boot: true,
        obstacle: Some("permission".into()),
    };
    tell(&mut model, News::Bus(vec![device]));
    let Some(Effect::Work(Job::Save { path, bytes })) = write(&mut model, "u") else { panic!() };
    assert_eq!(path.file_name().unwrap(), "70-nvkeep.rules");
    assert!(String::from_utf8(bytes).unwrap().contains("ATTR{idVendor}==\"0e8d\""));
}
