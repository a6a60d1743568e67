//! Recordings: what goes in comes out, and whatever a hostile one says ends in a failure that names its line.

use std::io::Cursor;

use nvkeep::app::Failure;
use nvkeep::tui::key::{Code, Key, Mouse};
use nvkeep::tui::message::{Message, Signal};
use nvkeep::tui::model::{Model, Setup};
use nvkeep::tui::tape::{Player, Recorder};
use nvkeep::tui::update::update;

use super::bench::{Begin, Paper, Session, picture};
use super::desk::Desk;
use crate::support::Random;

const HEAD: &str =
    r#"{"nvkeep-ui":1,"size":[80,24],"port":"usb","folder":"/archives","file":null,"masked":false}"#;

/// Plays text to its end, taking everything in and drawing at last.
fn play(text: &[u8]) -> Result<Model, Failure> {
    let (mut player, mut model) = Player::new(Cursor::new(text.to_vec()))?;
    while let Some(message) = player.next()? {
        let _ = update(&mut model, message);
    }
    for size in [(0, 0), (60, 16), (80, 24), (200, 60)] {
        let _ = update(&mut model, Message::Resize(size.0, size.1));
        let _ = picture(&model, size);
    }
    Ok(model)
}

/// The failure of a recording, which must name this line.
#[track_caller]
fn refused(text: &[u8], line: usize) {
    let failure = play(text).expect_err("it is refused");
    assert_eq!(failure.code, "bad-session");
    assert!(failure.message.contains(&format!("line {line} ")), "{}", failure.message);
}

/// A session that really was, without a phone's reading to keep it short.
fn recorded() -> Vec<u8> {
    let mut session = Session::begin(Desk::with("mt6572"), Begin { recorded: true, ..Begin::default() });
    session.plug();
    session.write("4tnote");
    session.end();
    std::mem::take(&mut session.paper.0.lock().unwrap())
}

#[test]
fn messages_come_back_as_they_went() {
    let setup = Setup { port: "usb:1-2".into(), folder: "/a".into(), file: Some("/b".into()), masked: true };
    let mut model = Model::new(setup, (99, 33));
    let paper = Paper::default();
    let mut recorder = Recorder::new(paper.clone(), &model).unwrap();
    let messages = [
        Message::Key(Key::ctrl('u')),
        Message::Key(Key::char('"')),
        Message::Key(Key::plain(Code::PageDown)),
        Message::Paste("zwölf \\ \u{1b}[31m \n".into()),
        Message::Mouse(Mouse::Click { x: 7, y: 0 }),
        Message::Mouse(Mouse::Wheel { down: -1 }),
        Message::Resize(12, 34),
        Message::Tick(u64::MAX),
        Message::Signal(Signal::Continue),
    ];
    for message in &messages {
        recorder.step(&mut model, message.clone()).1.unwrap();
    }
    let (mut player, again) = Player::new(Cursor::new(paper.0.lock().unwrap().clone())).unwrap();
    assert_eq!(again.setup, model.setup);
    assert_eq!(again.size, (99, 33));
    for message in &messages {
        assert_eq!(format!("{:?}", player.next().unwrap().unwrap()), format!("{message:?}"));
    }
    assert!(player.next().unwrap().is_none());
}

#[test]
fn a_real_session_comes_back() {
    let model = play(&recorded()).unwrap();
    assert!(model.connected().is_some() && model.phone.is_some());
    assert_eq!(model.backup.note.text(), "note");
}

#[test]
fn the_seed_of_the_fuzz_target_plays() {
    let model = play(include_bytes!("../../../fuzz/seeds/screen_session/words")).unwrap();
    assert!(model.restore.ended.is_some() && !model.cable.devices.is_empty());
}

#[test]
fn numbers_that_look_like_identities_stay_numbers() {
    let mut model = Model::new(Setup::default(), (80, 24));
    model.log.learn(&["12345678".into(), "progress".into(), "Progress".into(), "a\"b\\c\"defgh".into()]);
    let paper = Paper::default();
    let mut recorder = Recorder::new(paper.clone(), &model).unwrap();
    for event in [
        nvkeep::app::Event::Progress(nvkeep::app::Progress {
            what: "of 12345678".into(),
            done: 12_345_678,
            total: 12_345_678,
            elapsed: std::time::Duration::ZERO,
        }),
        nvkeep::app::Event::Note("barcode a\"b\\c\"defgh".into()),
    ] {
        recorder.step(&mut model, Message::Event(event)).1.unwrap();
    }
    let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("of 12345678") && text.contains("of 1234****"), "{text}");
    assert!(!text.contains("defgh"), "quotes hide nothing from the mask: {text}");
    assert!(play(text.as_bytes()).is_ok());
}

#[test]
fn what_is_no_session_is_refused_at_its_first_line() {
    refused(b"", 1);
    refused(b"\n", 1);
    refused(b"hello\n", 1);
    refused(b"{}\n", 1);
    refused(&[0xFF, 0xFE, 0x00], 1);
    refused(HEAD.replace(":1,", ":2,").as_bytes(), 1);
    refused(HEAD.replace(":1,", ":99999999999999999999,").as_bytes(), 1);
    refused(HEAD.replace("80", "65536").as_bytes(), 1);
    refused(HEAD.replace("80", "-1").as_bytes(), 1);
    refused(HEAD.replace("\"masked\"", "\"unknown\"").as_bytes(), 1);
}

#[test]
fn a_bad_line_is_named() {
    let bad = [
        "",
        "{",
        "null",
        "\"Nothing\"",
        r#"{"Tick":-1}"#,
        r#"{"Tick":18446744073709551616}"#,
        r#"{"Resize":[70000,1]}"#,
        r#"{"Key":{"code":"Nokey"}}"#,
        r#"{"Key":{"code":{"Char":"ab"}}}"#,
        r#"{"News":{"Began":"Erase"}}"#,
        r#"{"Event":{"Progress":{"what":"x","done":0,"total":0,"elapsed":{"secs":18446744073709551615,"nanos":4294967295}}}}"#,
        r#"{"Tick":1}{"Tick":2}"#,
    ];
    for line in bad {
        refused(format!("{HEAD}\n{{\"Tick\":1}}\n{line}\n{{\"Tick\":2}}\n").as_bytes(), 3);
    }
}

#[test]
fn deep_nesting_is_refused() {
    for open in ["[", r#"{"News":"#, r#"{"a":["#] {
        refused(format!("{HEAD}\n{}\n", open.repeat(200_000)).as_bytes(), 2);
    }
}

#[test]
fn the_largest_numbers_are_taken_in_and_drawn() {
    let most = u64::MAX;
    let lines = [
        format!(r#"{{"Tick":{most}}}"#),
        r#"{"News":{"Began":"Repair"}}"#.to_owned(),
        format!(
            r#"{{"Event":{{"Progress":{{"what":"x","done":{most},"total":{most},"elapsed":{{"secs":{most},"nanos":0}}}}}}}}"#
        ),
        format!(
            r#"{{"Event":{{"Progress":{{"what":"x","done":{most},"total":1,"elapsed":{{"secs":0,"nanos":1}}}}}}}}"#
        ),
        format!(r#"{{"Event":{{"Wire":{{"at":{{"secs":{most},"nanos":0}},"text":"x"}}}}}}"#),
        r#"{"Mouse":{"Click":{"x":65535,"y":65535}}}"#.to_owned(),
        r#"{"Mouse":{"Wheel":{"down":-128}}}"#.to_owned(),
        r#"{"Resize":[65535,65535]}"#.to_owned(),
        r#"{"Resize":[0,0]}"#.to_owned(),
    ];
    for screen in 1..=8 {
        let go = format!(r#"{{"Key":{{"code":{{"Char":"{screen}"}}}}}}"#);
        play(format!("{HEAD}\n{}\n{go}\n", lines.join("\n")).as_bytes()).unwrap();
    }
}

#[test]
fn a_line_cannot_ask_for_memory_without_bound() {
    let text = String::from_utf8(recorded()).unwrap();
    let line = text.lines().find(|line| line.contains("\"Looked\"")).expect("the phone was read");
    let at = line.find("\"raw\":").unwrap();
    let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
    let files = value.pointer_mut("/News/Ended/Looked/files").and_then(|files| files.as_array_mut()).unwrap();
    let mut file = files[0].clone();
    file["raw"] = serde_json::json!(u32::MAX);
    file["fields"] = serde_json::json!([]);
    *files = vec![file; 20_000];
    assert!(at > 0);
    refused(format!("{HEAD}\n{value}\n").as_bytes(), 2);
}

#[test]
fn a_line_without_an_end_is_refused() {
    /// A file of one endless line.
    struct Endless(u64);
    impl std::io::Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            into.fill(b' ');
            self.0 += into.len() as u64;
            assert!(self.0 < 128 << 20, "it stops reading");
            Ok(into.len())
        }
    }
    let Err(failure) = Player::new(std::io::BufReader::new(Endless(0))) else { panic!("it is refused") };
    assert!(failure.message.contains("line 1 "), "{}", failure.message);
}

#[test]
fn damaged_sessions_never_panic() {
    let whole = recorded();
    // The reading of the phone is two megabytes: damage goes where the rest is, and into a part of it.
    let short: Vec<u8> = whole
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.len() < 20_000)
        .flatten()
        .copied()
        .collect();
    let mut random = Random::new(72);
    let (mut good, mut bad) = (0, 0);
    for round in 0..400 {
        let text = match round % 4 {
            0 => random.damage(&short),
            // A line where another was, twice, or not at all: valid JSON in an order no worker tells.
            1 => {
                let mut lines: Vec<&[u8]> = short.split_inclusive(|byte| *byte == b'\n').collect();
                for _ in 0..20 {
                    let (a, b) = (
                        1 + random.below(lines.len() as u64 - 1) as usize,
                        1 + random.below(lines.len() as u64 - 1) as usize,
                    );
                    lines.swap(a, b);
                    if random.below(3) == 0 && lines.len() > 3 {
                        lines.remove(a.min(lines.len() - 1));
                    }
                }
                lines.concat()
            }
            2 => short[..random.below(short.len() as u64 + 1) as usize].to_vec(),
            _ => {
                let mut text = HEAD.as_bytes().to_vec();
                text.push(b'\n');
                let len = random.below(300) as usize;
                text.extend(random.bytes(len));
                text
            }
        };
        match play(&text) {
            Ok(_) => good += 1,
            Err(failure) => {
                assert!(
                    failure.code == "bad-session" && failure.message.contains("line "),
                    "{}",
                    failure.message
                );
                bad += 1;
            }
        }
    }
    assert!(good > 50 && bad > 50, "{good} good, {bad} bad");
}
