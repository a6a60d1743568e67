//! What came out of the flash or may name the phone stands in `private`, and nowhere else.

use nvkeep::protocol::{Line, Pace};
use nvkeep::transport::LinkError;

use super::{Heard, Story, len, narrate, scripted, session, texts};
use crate::support::Random;

/// Hides in no address, status or register value.
const SECRET: [u8; 4] = [0x5E, 0xC4, 0xE7, 0x99];

/// Three bytes of the secret in a row, in either order of bytes, are a leak.
fn leaks(line: &Line) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    (0..4).any(|at| {
        let mut piece: Vec<u8> = SECRET.iter().cycle().skip(at).take(3).copied().collect();
        let forward = digits(&piece);
        piece.reverse();
        line.text.contains(&forward) || line.text.contains(&digits(&piece))
    })
}

#[test]
fn the_data_fifo_is_private() {
    for pace in [Pace::Strict, Pace::Fast] {
        let lines = narrate(&session(&SECRET, pace));
        assert!(!lines.iter().any(leaks));
        let told =
            lines.iter().filter(|line| line.private.as_ref().is_some_and(|hex| hex.contains("5ec4e799")));
        assert_eq!(told.count(), 2, "read and written once");
        assert!(lines.iter().filter_map(|line| line.private.as_ref()).all(|hex| hex.chars().count() <= 129));
    }
}

#[test]
fn broken_stories_leak_no_more_than_whole_ones() {
    let whole = session(&SECRET, Pace::Strict);
    let mut random = Random::new(11);
    let mut failures = 0;
    for _ in 0..300 {
        let lines = narrate(&broken(&mut random, &whole));
        failures += usize::from(lines.iter().any(|line| line.text.contains("not the answer")));
        for line in &lines {
            assert!(!leaks(line), "{line:?}");
        }
    }
    assert!(failures > 100, "the damage is never noticed: {failures}");
}

/// Drops, doubles, shortens, stretches and fails transfers, and changes bytes.
fn broken(random: &mut Random, whole: &Story) -> Story {
    let mut story = whole.clone();
    for _ in 0..=random.below(4) {
        let at = random.below(story.len() as u64) as usize;
        let time = story[at].0;
        match random.below(6) {
            0 => drop(story.remove(at)),
            1 => story.insert(at, story[at].clone()),
            2 => {
                let other = random.below(story.len() as u64) as usize;
                // Two answers of one form in each other's place would be a phone that lies, not a story that broke.
                if len(&story[at].1) != len(&story[other].1) {
                    story.swap(at, other);
                }
            }
            3 => {
                let error = LinkError::Timeout { wanted: 9, got: random.below(9) as usize };
                story.insert(at, (time, Heard::NotReceived(9, error)));
            }
            _ => {
                if let Heard::Sent(bytes) | Heard::Received(bytes) = &mut story[at].1 {
                    let cut = random.below(bytes.len() as u64 + 1) as usize;
                    match random.below(4) {
                        0 => bytes.truncate(cut),
                        1 => drop(bytes.drain(..cut)),
                        2 => bytes.insert(cut, random.next() as u8),
                        _ if cut < bytes.len() => bytes[cut] ^= 1 << random.below(8),
                        _ => {}
                    }
                }
            }
        }
    }
    story
}

#[test]
fn the_card_s_id_is_private_even_when_the_next_command_fails() {
    let word = |op: &str, offset: &str| format!("{op}111200{offset}00000001");
    let write = |offset: &str, value: &str| {
        let head = word("d4", offset);
        format!("> {head}{value}\n< {head}0000{value}0000\n")
    };
    let read = |offset: &str, value: &str| {
        let head = word("d1", offset);
        format!("> {head}\n< {head}0000{value}0000\n")
    };
    let known = "> fd\n< fd65720000\n".to_owned();
    let run = |raw: &str, events: &str| write("0c", "0001ffff") + &write("34", raw) + &read("0c", events);
    let resp0 = read("40", "5ec4e799");
    let (send_cid, status) = ("0000010a", "0000008d");
    let claims = [
        (known.clone() + &resp0, true, "nothing is known of the card"),
        (known.clone() + &run(send_cid, "00000100") + &resp0, true, "CMD10"),
        (
            known.clone() + &run(send_cid, "00000100") + &run(status, "00000200") + &resp0,
            true,
            "CMD13 failed",
        ),
        (known.clone() + &run(status, "00000100") + &read("44", "5ec4e799"), true, "a second word"),
        (known + &run(send_cid, "00000100") + &run(status, "00000100") + &resp0, false, "CMD13's own answer"),
        (run(status, "00000100") + &resp0, true, "no chip was recognised"),
    ];
    for (script, secret, why) in claims {
        let lines = narrate(&scripted(&script));
        assert_eq!(!lines.iter().any(leaks), secret, "{why}: {:#?}", texts(&lines));
        assert_eq!(lines.last().unwrap().private.is_some(), secret, "{why}");
    }
}

#[test]
fn data_that_come_after_their_command_was_given_up_are_no_command() {
    let given_up = "> fd\n< fd65720000\n> d41112001800000001\n! 0\n";
    for (data, name) in
        [("d55ec4e799", "JUMP_DA -> OK"), ("d85ec4e799", "GET_TARGET_CONFIG, 4 bytes received")]
    {
        let sent = if name.starts_with("GET") { "d8" } else { data };
        let script = format!("{given_up}> {sent}\n< {data}0000\n");
        let lines = narrate(&scripted(&script));
        let expected = ["GET_HW_CODE -> 0x6572", "WRITE32 MSDC_TXDATA: time-out: 0 of 5 bytes", name];
        assert_eq!(texts(&lines), expected);
        // The same bytes in the place of a command are one.
        let script = format!("> {sent}\n< {data}0000\n");
        assert!(narrate(&scripted(&script)).iter().any(leaks), "{name} shows nothing even where it may");
        // A new handshake begins a new conversation.
        let script =
            format!("{given_up}> a0\n< 5f\n> 0a\n< f5\n> 50\n< af\n> 05\n< fa\n> {sent}\n< {data}0000\n");
        assert!(narrate(&scripted(&script)).iter().any(leaks), "{name} stays hidden for ever");
    }
}

#[test]
fn what_is_said_to_an_agent_is_private() {
    let script = "> d581e00000\n< d581e000000000\n> 5ec4e799\n< 5ec4e7995ec4e799\n";
    let lines = narrate(&scripted(script));
    assert_eq!(texts(&lines), ["JUMP_DA 0x81e00000 -> OK", "4 bytes to the agent", "8 bytes from the agent"]);
    assert_eq!(lines[2].private.as_deref(), Some("5ec4e7995ec4e799"));
}

#[test]
fn ids_of_the_chip_and_words_without_a_name_are_private() {
    let script = "> e7\n< e7000000045ec4e7990000\n> e1\n< e1\n> fd\n< fd65720000\n\
                  > d11000000800000001\n< d110000008000000010000\n< 5ec4e7990000\n";
    let lines = narrate(&scripted(script));
    assert_eq!(
        texts(&lines),
        [
            "GET_SOC_ID, 4 bytes received",
            "GET_ME_ID -> OK",
            "GET_HW_CODE -> 0x6572",
            "READ32 0x10000008 -> 4 bytes",
        ]
    );
    assert_eq!(lines[0].private.as_deref(), Some("5ec4e799"));
    assert_eq!(lines[3].private.as_deref(), Some("5ec4e799"));
}

#[test]
fn a_replay_s_complaint_does_not_quote_the_recording() {
    let what = "sent 5ec4e799, recorded 99e7c45e".to_owned();
    let story = [(std::time::Duration::ZERO, Heard::NotSent(SECRET.to_vec(), LinkError::Replay { what }))];
    let lines = narrate(&story);
    assert_eq!(texts(&lines), ["sending 4 bytes: replay: this is not what was recorded"]);
    assert!(!lines.iter().any(leaks));
}
