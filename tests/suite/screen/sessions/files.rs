//! What is written to this machine: archives found again, records taken out, the log without numbers.

use nvkeep::tui::message::Message;
use nvkeep::tui::model::{LogKind, Pane};
use nvkeep::tui::subject::Origin;

use super::*;

/// Two phones' archives, and the second phone connected.
fn two() -> Session {
    let mut session = Session::with("mt6572-other-phone");
    session.plug();
    session.write("4tfirst of two");
    session.press(ENTER);
    back_up(&mut session);
    session.pull();
    session.desk.phone_becomes("mt6572");
    session.plug();
    back_up(&mut session);
    session
}

#[test]
fn an_archive_is_found_by_its_number_its_barcode_and_its_note() {
    let mut session = two();
    session.write("7");
    session.until_idle();
    assert_eq!(session.model.archives.shown().len(), 2);
    for (search, found) in
        [("490154203237518", 1), ("synthetic2", 1), ("FIRST OF", 1), ("1501004e", 2), ("zzz", 0)]
    {
        session.write("/");
        session.write(search);
        assert_eq!(session.model.archives.shown().len(), found, "{search}");
        session.press(ESC);
        assert_eq!(session.model.archives.shown().len(), 2, "Esc forgets the search");
    }
    session.end();
}

#[test]
fn archives_are_checked_opened_and_compared() {
    let mut session = two();
    session.write("7");
    session.until_idle();
    session.press(ENTER);
    session.until_idle();
    let checked = session.model.archives.checked.as_ref().unwrap();
    assert!(checked.1.is_ok());
    assert_eq!(Some(&checked.0), session.model.archives.chosen().map(|one| &one.file));
    session.write("o");
    session.until_idle();
    assert_eq!(session.model.screen, Screen::Phone);
    let opened = session.model.subject().unwrap();
    assert!(matches!(&opened.origin, Origin::File(_)) && !opened.files.is_empty());
    session.write("7c");
    session.until("the comparison", |model| model.compare.last.is_some() && !model.busy());
    let contrast = session.model.compare.last.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(session.model.screen, Screen::Compare);
    assert!(contrast.a.phone.contains("MT6572") && contrast.b.phone.contains("MT6572"), "{contrast:?}");
    session.end();
}

#[test]
fn an_archive_that_fails_its_check_is_the_one_that_was_checked() {
    let mut session = two();
    let broken = session.files()[0].clone();
    session.write("7");
    session.until_idle();
    assert_eq!(session.model.archives.chosen().unwrap().file, broken);
    let mut bytes = std::fs::read(&broken).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    std::fs::write(&broken, bytes).unwrap();
    session.press(ENTER);
    session.write("j");
    session.until_idle();
    let (file, result) = session.model.archives.checked.as_ref().unwrap();
    assert!(result.is_err());
    assert_eq!(file, &broken, "the cursor moved on meanwhile");
    session.end();
}

#[test]
fn a_record_is_found_looked_at_and_written_beside_the_archives() {
    let mut session = Session::with("mt6572");
    session.plug();
    session.write("3/bt_addr");
    session.press(ENTER);
    session.write("G");
    let file = session.model.records.file(session.model.subject().unwrap()).expect("a file").clone();
    assert!(file.path.to_lowercase().contains("bt_addr"), "{}", file.path);
    session.press(ENTER);
    assert_eq!(session.model.records.pane, Pane::Fields);
    session.write("xe");
    session.until_idle();
    let files = session.files();
    assert_eq!(files.len(), 1, "{}", session.picture());
    assert_eq!(std::fs::read(&files[0]).unwrap(), file.raw, "raw as it was shown");
    session.write("xe");
    session.until_idle();
    assert_eq!(session.files().len(), 2);
    session.write("e");
    session.until_idle();
    assert_eq!(session.files().len(), 2, "no file is replaced");
    assert!(session.model.notice.as_ref().unwrap().text.contains("already"));
    session.end();
}

#[test]
fn the_log_is_saved_masked_and_as_it_is_filtered() {
    let mut session = Session::with("mt6572");
    session.plug();
    // Whatever names a number, a warning of a job as well.
    session.step(Message::Event(nvkeep::app::Event::Note("IMEI 490154203237518 is valid".into())));
    assert!(session.model.log.lines.iter().any(|line| line.text.contains("490154203237518")));
    session.write("8s");
    session.until_idle();
    let saved = std::fs::read_to_string(&session.files()[0]).unwrap();
    assert_eq!(saved.lines().count(), session.model.log.shown().count());
    assert!(saved.contains("49015420****518"));
    for identity in ["490154203237518", "02:4e:56:4b:50:01", "NVKEEPSYNTHETIC1"] {
        assert!(!saved.contains(identity), "{identity}");
    }
    session.step(Message::Tick(60_000));
    session.write("/is valid");
    session.press(ENTER);
    session.write("s");
    session.until_idle();
    let filtered = std::fs::read_to_string(&session.files()[1]).unwrap();
    assert_eq!(filtered.lines().count(), 1);
    assert!(session.model.log.lines.iter().all(|line| line.kind != LogKind::Failure));
    session.end();
}

#[test]
fn a_sealed_archive_is_told_and_not_offered() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let sealed = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/sealed/to-recipient.nvk.age");
    std::fs::copy(&sealed, folder.path().join("away.nvk.age")).unwrap();
    let begin = Begin { folder: Some(folder), ..Begin::default() };
    let mut session = Session::begin(crate::screen::desk::Desk::with("mt6572"), begin);
    session.write("7");
    session.until("the list", |model| model.archives.shelf.is_some());
    let picture = session.picture();
    assert!(picture.contains("0, 1 sealed"), "{picture}");
    assert!(picture.contains("away.nvk.age: sealed with age"), "{picture}");
    assert!(session.model.archives.shown().is_empty());
    session.end();
}
