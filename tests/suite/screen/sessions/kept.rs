//! A day at the bench: connect, back up, wipe, diagnose, restore, proof; recorded, and played again to the same picture.

use std::io::Cursor;

use nvkeep::app::VerdictCode;
use nvkeep::tui::model::Model;
use nvkeep::tui::tape::Player;
use nvkeep::tui::update::update;

use crate::screen::bench::picture;
use crate::screen::desk::Desk;

use super::*;

/// The identities of the simulated phone, as `samples/phones/mt6572.toml` makes them.
const IDENTITIES: [&str; 4] =
    ["490154203237518", "02:4e:56:4b:50:01", "02:4e:56:4b:50:02", "NVKEEPSYNTHETIC1"];

/// The day, with the places at which somebody looked at the screen: messages so far, and the letters.
fn day() -> (Session, Vec<(usize, String)>) {
    let begin = Begin { recorded: true, masked: true, ..Begin::default() };
    let mut session = Session::begin(Desk::with("mt6572"), begin);
    let mut looks = Vec::new();
    let mut look = |session: &Session| {
        let lines = session.paper.0.lock().unwrap().iter().filter(|byte| **byte == b'\n').count();
        looks.push((lines - 1, session.picture()));
    };
    session.plug();
    look(&session);
    back_up(&mut session);
    look(&session);
    session.pull();
    look(&session);
    session.desk.flash_becomes("mt6572-format-all");
    session.plug();
    let verdict = session.model.phone.as_ref().unwrap().report.survey.verdict.code;
    assert_ne!(verdict, VerdictCode::Healthy, "the wiped phone is told from a good one");
    session.write("2");
    look(&session);
    choose_first(&mut session);
    look(&session);
    plan(&mut session);
    look(&session);
    confirm(&mut session, "restore");
    look(&session);
    session.write("2");
    look(&session);
    (session, looks)
}

#[test]
fn the_day_ends_with_a_phone_that_is_good_again() {
    let (mut session, _) = day();
    match &session.model.restore.ended {
        Some(Ended::Written(_, result)) => assert!(result.written && result.after.is_healthy()),
        other => panic!("{other:?}"),
    }
    assert!(session.model.phone.as_ref().unwrap().report.is_healthy(), "the phone was read anew");
    assert_eq!(session.model.tally.rows.len(), 1, "one card, one phone");
    let row = &session.model.tally.rows[0];
    assert!(row.written && row.saved.is_some());
    assert_eq!(row.now, Some(VerdictCode::Healthy));
    session.end();
}

#[test]
fn its_recording_plays_to_the_same_pictures() {
    let (mut session, looks) = day();
    session.end();
    let paper = session.paper.0.lock().unwrap().clone();
    let (mut player, mut model) = Player::new(Cursor::new(paper)).unwrap();
    let mut played = 0;
    for (at, seen) in looks {
        while played < at {
            let message = player.next().unwrap().expect("the recording holds every message");
            let _ = update(&mut model, message);
            played += 1;
        }
        let again = text(&picture(&model, model.size));
        let differ = again.lines().zip(seen.lines()).find(|(again, seen)| again != seen);
        assert_eq!(differ, None, "after {at} messages");
    }
    assert!(player.next().unwrap().is_none());
    assert_eq!(picture(&model, model.size), picture(&session.model, session.model.size), "colours too");
}

#[test]
fn its_recording_holds_no_identity_in_any_form() {
    let (mut session, _) = day();
    session.end();
    let paper = String::from_utf8(session.paper.0.lock().unwrap().clone()).unwrap();
    assert!(paper.contains("49015420****518"), "what is looked for would be there");
    assert_holds_none(&paper, &session.model);
    assert!(paper.len() < 12 << 20, "a day at the bench is no archive of it: {} bytes", paper.len());
}

/// Looks for every identity as it is written, without its signs, backwards by nibbles and as numbers of a row.
pub fn assert_holds_none(paper: &str, _model: &Model) {
    let low = paper.to_lowercase();
    for identity in IDENTITIES {
        for form in forms(identity) {
            let at = low.find(&form).map(|at| &low[at.saturating_sub(200)..(at + 400).min(low.len())]);
            assert_eq!(at, None, "{identity} is in the recording as {form}");
        }
    }
}

fn forms(identity: &str) -> Vec<String> {
    let bare: String = identity.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let mut forms = vec![identity.to_lowercase(), bare.clone()];
    let bytes: Vec<u8> = match identity.contains(':') {
        true => crate::support::hex(&bare),
        // Two digits a byte, the lower nibble first, as modems keep numbers.
        false if bare.bytes().all(|byte| byte.is_ascii_digit()) => {
            let digits: Vec<u8> = bare.bytes().map(|byte| byte - b'0').collect();
            digits.chunks_exact(2).map(|pair| pair[0] | pair[1] << 4).collect()
        }
        false => identity.bytes().collect(),
    };
    for join in ["", " ", ":", "-", ","] {
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        forms.push(hex.join(join));
        let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
        if !join.is_empty() {
            forms.push(numbers.join(join));
        }
    }
    forms
}

#[test]
fn what_is_typed_is_kept_without_numbers_too() {
    let begin = Begin { recorded: true, masked: true, ..Begin::default() };
    let mut session = Session::begin(Desk::with("mt6572"), begin);
    session.plug();
    back_up(&mut session);
    // A search, a note and a label, each with a number in it, typed and pasted.
    session.write("7/490154203237518");
    session.press(ESC);
    session.write("4tmine is 490154203237518");
    session.press(ENTER);
    session.write("5g");
    session.write("l490154203237518");
    session.press(ENTER);
    session.write("3/490154203237518");
    session.press(ESC);
    session.write("/");
    session.step(nvkeep::tui::message::Message::Paste("490154203237518".into()));
    session.until_idle();
    session.end();
    let paper = String::from_utf8(session.paper.0.lock().unwrap().clone()).unwrap();
    assert_holds_none(&paper, &session.model);
    // What single keys spell out.
    let mut spelt = String::new();
    for line in paper.lines().skip(1) {
        if let Ok(nvkeep::tui::message::Message::Key(Key { code: nvkeep::tui::key::Code::Char(c), .. })) =
            serde_json::from_str(line)
        {
            spelt.push(c);
        }
    }
    assert!(spelt.contains("mine is"), "keys are kept: {spelt}");
    assert!(!spelt.contains("490154203237518"), "{spelt}");
}
