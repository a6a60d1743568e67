//! Whole stories with the real worker and simulated phones.

mod defects; // a job that panics ends the job, not the session
mod files; // what is written to this machine: archives, records, the log
mod kept; // the day at the bench, recorded and played again
mod stops; // stopped, pulled, interrupted, finished
mod writes; // restore, repair, refusal

use super::bench::{Begin, ENTER, ESC, Session, text};

use nvkeep::tui::key::Key;
use nvkeep::tui::model::{Ended, Screen};

/// The failure the restore screen tells.
fn refusal(session: &Session) -> &nvkeep::tui::trouble::Trouble {
    match &session.model.restore.ended {
        Some(Ended::Failed(_, trouble)) => trouble,
        other => panic!("no failure but {other:?}"),
    }
}

/// Backs the phone up and waits for the archive.
fn back_up(session: &mut Session) {
    session.write("4");
    session.press(ENTER);
    session.until("the archive", |model| model.backup.last.is_some() && !model.busy());
    assert!(matches!(session.model.backup.last, Some(Ok(_))), "{:?}", session.model.backup.last);
}

/// Shows the restore screen with its list and chooses the first archive.
fn choose_first(session: &mut Session) {
    session.write("5");
    session.until("the list", |model| model.archives.shelf.is_some() && !model.busy());
    session.write("gj");
    assert_eq!(session.model.restore.cursor, 1, "{}", session.picture());
}

/// Asks for a plan and waits for it.
fn plan(session: &mut Session) {
    session.press(ENTER);
    session.until("a plan", |model| model.restore.offer.is_some() || model.restore.ended.is_some());
}

/// Types a word and waits for the end of the write, and for the look after it where it went well.
fn confirm(session: &mut Session, word: &str) {
    let looks = session.looks();
    session.word(word);
    session.until("the write's end", |model| model.restore.ended.is_some() && !model.busy());
    if !matches!(session.model.restore.ended, Some(Ended::Failed(..))) {
        session.until_looked(looks + 1);
    }
}
