//! The conversation with a Download Agent: a line for each of its parts, in both dialects, on eMMC and NAND.

use std::sync::Arc;
use std::time::Duration;

use nvkeep::protocol::{Engine, LegacyOptions, Line};

use super::{Heard, Story, len, narrate, overheard, reads_as, scripted, texts};
use crate::agent::script::{self, Step, ladder, old_ladder, raw, step};
use crate::support::Random;

/// Hides in no address, length or error number; its bytes give a sum that is shown nowhere.
const SECRET: [u8; 4] = [0x5E, 0xC4, 0xE7, 0x99];
/// A preloader lets an agent run.
const JUMP: &str = "> d502007000\n< d5020070000000\n";
/// A D13 agent says everything up to its command loop; the second stage has 5 bytes.
const OLD_START: &str = "< c0040288\n> ff0108080070\n> 07ffff000000000200\n< 00000000\n\
    > 800000000000000500000004\n< 5a\n> 01020304\n< 5a\n> 05\n< 5a\n< 5a\n> 5a\n";

fn sum(bytes: &[u8]) -> [u8; 2] {
    bytes.iter().fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte))).to_be_bytes()
}

fn secret(length: usize) -> Vec<u8> {
    SECRET.iter().copied().cycle().take(length).collect()
}

/// A block with its sum behind it.
fn summed(length: usize) -> Vec<u8> {
    let block = secret(length);
    [&block[..], &sum(&block)].concat()
}

/// What is said when two and a half blocks are read, the second of them twice, and one is written, at the second try.
fn commands(reads: &str) -> Vec<Step> {
    let mut broken = summed(0x400);
    broken[7] ^= 0x10;
    let block = secret(0x200);
    vec![
        step(&format!("{reads} 00000000 00F80000 00000000 00000A00"), "5A"),
        raw(&[0, 0, 4, 0], &summed(0x400)),
        raw(&[0x5A], &broken),
        raw(&[0xA5], &summed(0x400)),
        raw(&[0x5A], &summed(0x200)),
        raw(&[0x5A], &[]),
        step("62 01 08 00000000 00F80000 00000000 00000200 00000200", "5A"),
        raw(&[0x5A], &[]),
        raw(&block, &[]),
        raw(&sum(&block), &[]),
    ]
}

/// Plays an agent's ladder and these commands through the engine; returns what was overheard.
fn session(mut steps: Vec<Step>, reads: &str, wrong_sum: &str) -> Story {
    let ladder = steps.len();
    steps.extend(commands(reads));
    let block = secret(0x200);
    steps.last_mut().unwrap().phone = [&[0xA5][..], &crate::support::hex(wrong_sum)].concat();
    steps.extend([raw(&[0x5A], &[]), raw(&block, &[]), raw(&sum(&block), &[0x69])]);
    steps.extend([step("72", "5A 01"), step("DB 0000 00000000", "5A")]);
    assert!(steps.len() > ladder);
    let (link, story) = overheard(script::play(steps, usize::MAX, None).0);
    let options = LegacyOptions { packet: 0x400, ..LegacyOptions::default() };
    let mut engine = script::open(link, options).map_err(|error| error.to_string()).unwrap();
    let mut into = vec![0; 0xA00];
    engine.read(0x7C00, &mut into).unwrap();
    assert!(into.starts_with(&SECRET));
    engine.write(0x7C00, &block.try_into().unwrap()).unwrap();
    engine.is_there().unwrap();
    engine.leave().unwrap();
    drop(engine);
    Arc::try_unwrap(story).unwrap().into_inner().unwrap()
}

fn new() -> Story {
    session(ladder(0), "D6 0B 02", "00000BF9")
}

fn old() -> Story {
    session(old_ladder(), "D6 02", "00000BF5")
}

const AFTER_THE_JUMP: [&str; 9] = [
    "the agent's opening -> dialect D19, chip 0x88",
    "configuration 18 bytes -> memory is set up",
    "second stage to 0x80000000, 162240 bytes in packets of 4096 -> 40 packets, it runs",
    "the agent's report -> eMMC of 3690 MiB, no NAND, memory of 512 MiB",
    "SWITCH_PART user -> OK",
    "READ eMMC 0xf80000, 2560 bytes in packets of 1024 -> 3 packets, 1 with a wrong sum, 1 repeated",
    "WRITE_DATA user 0xf80000, 512 bytes in packets of 512 -> 1 packet, sums right, 1 repeated \
     (the agent answered error bf9: checksum of the data wrong (dialect D19))",
    "USB_STATUS -> high speed",
    "WATCHDOG 0x0000 0x00000000 -> OK",
];

#[test]
fn every_part_of_a_conversation_is_one_line() {
    let lines = narrate(&new());
    let texts = texts(&lines);
    let jump = texts.iter().position(|text| *text == "JUMP_DA 0x02007000 -> OK").unwrap();
    assert_eq!(texts[jump + 1..], AFTER_THE_JUMP);
    // The first stage is one line too, and the watchdog's register has its name.
    assert_eq!(
        texts[jump - 2..jump],
        [
            "WRITE32 RGU_MODE = 0x22000000",
            "SEND_DA 0x02007000 0x0000ea6c 0x00000100, 60012 bytes sent, 2 bytes received",
        ]
    );
    assert!(lines.is_sorted_by_key(|line| line.at));
}

#[test]
fn the_older_dialect_is_told_alike() {
    let lines = narrate(&old());
    let expected: Vec<String> = AFTER_THE_JUMP
        .iter()
        .map(|text| {
            text.replace("D19", "D13").replace("18 bytes", "15 bytes").replace("error bf9", "error bf5")
        })
        .collect();
    assert_eq!(texts(&lines)[lines.len() - 9..], expected);
}

#[test]
fn pages_of_a_nand_are_told_with_their_size() {
    let packet = |length| summed(length).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let nand = format!(
        "{JUMP}{}> df03000000000000100000000000000000180000010000\n< 5a\n< 000008000000004000000800\n> 00000002\n\
         < 0000000000001800\n< {}\n> 69\n< {}\n> 5a\n< {}\n> 5a\n> df0000000000000010000000000000000018000000ffff\n\
         < a500000be1\n> 7210\n",
        start(),
        packet(0x1000),
        packet(0x1000),
        packet(0x800),
    );
    let lines = narrate(&scripted(&nand));
    let texts = texts(&lines);
    assert_eq!(
        texts[5..],
        [
            "READPAGE pages corrected 0x100000, 6144 bytes, a page is 2048 + 64, 2 a packet -> 2 packets, sums right, \
             1 repeated",
            "READPAGE pages and spare bytes 0x100000, 6144 bytes: the agent answered error be1: bad block (dialect D13)",
            "USB_STATUS: not the answer to it",
            "1 byte to the agent",
        ]
    );
    assert!(!lines.iter().any(leaks));
}

/// A D13 agent's start with its report: no eMMC, a NAND of 512 MiB.
fn start() -> String {
    let report = script::OLD_REPORT
        .replacen("00000BC4 00 FFFF 00000000", "00000000 00 FFFF 20000000", 1)
        .replacen("00000000 00200000 00200000", "00000C48 00000000 00000000", 1);
    let report: String = format!("{report} {}", script::OLD_TRAILER).split_whitespace().collect();
    format!("{OLD_START}< {report}\n")
}

#[test]
fn a_nand_is_told_from_an_emmc() {
    let lines = narrate(&scripted(&format!("{JUMP}{}", start())));
    let report = "the agent's report -> no eMMC, NAND of 512 MiB, memory of 512 MiB";
    assert_eq!(texts(&lines).last(), Some(&report));
}

#[test]
fn refusals_and_commands_without_a_course_are_named() {
    let begun = format!("{JUMP}{}", start());
    let before = texts(&narrate(&scripted(&begun))).len();
    for (said, expected) in [
        (
            "> 6009\n< a500000c4b\n> 7a10007000\n< 22000000\n< 5a\n> 7a00100000\n< 5ec4e7995a\n",
            vec![
                "SWITCH_PART part 9: the agent answered error c4b: part of the eMMC could not be selected (dialect D13)",
                "READ32 0x10007000 -> 4 bytes",
                "READ32 0x00100000 -> 4 bytes",
            ],
        ),
        (
            "> a5\n< a55ec4e799\n> d9\n< 5a\n> 00000000\n< 5a\n",
            vec!["READ_PMT: the agent answered an error that is not known (dialect D13)", "FINISH -> OK"],
        ),
        (
            "> a5\n< 5a00000004\n> 5a\n< 5ec4e799\n> 5a\n> d4\n> 02\n",
            vec!["READ_PMT -> 4 bytes", "FORMAT: what follows is not told", "1 byte to the agent"],
        ),
        ("> 9900\n< 5ec4e799\n", vec!["2 bytes to the agent", "4 bytes from the agent"]),
        (
            "> d602\n> 0000000000f800000000000000040000\n! 0\n! 0\n< 5a\n> 00000000\n",
            vec!["READ eMMC 0xf80000, 262144 bytes: time-out: 0 of 5 bytes"],
        ),
        (
            "> 620108\n> 00000000000f8000000000000000020000000200\n< 5a\n> 96\n> 72\n< 5a00\n",
            vec![
                "WRITE_DATA user 0xf8000, 512 bytes in packets of 512 -> 0 packets, stopped by the host",
                "USB_STATUS -> full speed",
            ],
        ),
    ] {
        let lines = narrate(&scripted(&format!("{begun}{said}")));
        assert_eq!(texts(&lines)[before..], expected, "{said}");
        assert!(!lines.iter().any(leaks), "{said}");
    }
}

#[test]
fn asking_again_and_again_whether_it_is_there_is_counted() {
    let asked = "> 72\n< 5a01\n";
    let lines = narrate(&scripted(&format!("{JUMP}{}{}> 6008\n< 5a\n{asked}", start(), asked.repeat(3))));
    let expected = ["USB_STATUS x3 -> high speed", "SWITCH_PART user -> OK", "USB_STATUS -> high speed"];
    assert_eq!(texts(&lines)[5..], expected);
}

#[test]
fn an_agent_that_never_speaks_or_is_not_known_is_told_once() {
    reads_as(
        &format!("{JUMP}! 0\n! 0\n< c0\n! 0\n! 0\n"),
        &[
            "JUMP_DA 0x02007000 -> OK",
            "the agent's opening: time-out: 0 of 5 bytes",
            "the agent's opening: time-out: 0 of 5 bytes",
        ],
    );
    for (opening, why) in [
        ("55", "it does not begin as agents do"),
        ("c055", "it speaks no dialect that is known"),
        ("c00402ff", "this chip is not in its table"),
        ("c000000bc4ffff", "more NAND ids than there can be"),
    ] {
        reads_as(
            &format!("{JUMP}< {opening}\n> 5a\n"),
            &["JUMP_DA 0x02007000 -> OK", &format!("the agent's opening: {why}"), "1 byte to the agent"],
        );
    }
    reads_as(
        &format!("{JUMP}< c0040288\n> ff01\n< 00000bbf\n"),
        &[
            "JUMP_DA 0x02007000 -> OK",
            "the agent's opening -> dialect D13, chip 0x88",
            "configuration 2 bytes: memory parameters are wanted",
        ],
    );
}

/// Three bytes of the secret in a row, in either order of bytes, are a leak.
fn leaks(line: &Line) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    (0..4).any(|at| {
        let mut piece: Vec<u8> = SECRET.iter().cycle().skip(at).take(3).copied().collect();
        let number = piece.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        let forward = digits(&piece);
        piece.reverse();
        [forward, digits(&piece), number.to_string()].iter().any(|text| line.text.contains(text))
    })
}

#[test]
fn blocks_are_private_in_both_directions() {
    for story in [new(), old()] {
        let lines = narrate(&story);
        assert!(!lines.iter().any(leaks), "{:#?}", texts(&lines));
        let kept = |line: &&Line| line.private.as_ref().is_some_and(|hex| hex.contains("5ec4e7995ec4e799"));
        let told: Vec<&str> =
            lines.iter().filter(kept).map(|line| line.text.split(' ').next().unwrap()).collect();
        assert_eq!(told, ["READ", "WRITE_DATA"]);
        // The card's id, too, is with what is not published.
        let cid = |line: &&Line| line.private.as_ref().is_some_and(|hex| hex.contains("90014a48"));
        assert!(lines.iter().filter(cid).count() >= 1);
        assert!(!lines.iter().any(|line| line.text.contains("90014a48")));
    }
}

/// Cuts and joins transfers of one direction in any way.
fn recut(random: &mut Random, story: &Story) -> Story {
    let mut again: Story = Vec::new();
    for (at, heard) in story {
        let (Heard::Sent(bytes) | Heard::Received(bytes)) = heard else {
            again.push((*at, heard.clone()));
            continue;
        };
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(1 + random.below(rest.len() as u64) as usize);
            rest = more;
            match (again.last_mut(), heard) {
                (Some((_, Heard::Sent(all))), Heard::Sent(_))
                | (Some((_, Heard::Received(all))), Heard::Received(_))
                    if random.below(2) == 0 =>
                {
                    all.extend(piece);
                }
                (_, Heard::Sent(_)) => again.push((*at, Heard::Sent(piece.to_vec()))),
                _ => again.push((*at, Heard::Received(piece.to_vec()))),
            }
        }
    }
    again
}

#[test]
fn the_same_bytes_cut_and_joined_in_any_way_are_the_same_lines() {
    let mut random = Random::new(3);
    for story in [new(), old(), scripted(&format!("{JUMP}{}", start()))] {
        let whole = narrate(&story);
        let mut changed = 0;
        for round in 0..100 {
            let again = recut(&mut random, &story);
            changed += usize::from(again != story);
            assert_eq!(narrate(&again), whole, "round {round}");
        }
        assert!(changed > 90, "{changed}");
    }
}

#[test]
fn broken_and_cut_off_conversations_leak_nothing_and_end() {
    let mut random = Random::new(17);
    let (mut lost, mut ended) = (0, 0);
    for story in [new(), old()] {
        let jump = story.len() - 40;
        for round in 0..400 {
            let mut broken = story.clone();
            for _ in 0..=random.below(3) {
                let at = jump + random.below((broken.len() - jump) as u64) as usize;
                match random.below(5) {
                    0 => drop(broken.remove(at)),
                    1 => broken.insert(at, broken[at].clone()),
                    2 => broken.truncate(at.max(jump + 1)),
                    _ => {
                        if let Heard::Sent(bytes) | Heard::Received(bytes) = &mut broken[at].1 {
                            let cut = random.below(bytes.len() as u64 + 1) as usize;
                            match random.below(3) {
                                0 => bytes.truncate(cut),
                                1 => drop(bytes.drain(..cut)),
                                _ => bytes.insert(cut, random.next() as u8),
                            }
                        }
                    }
                }
            }
            let lines = narrate(&broken);
            assert!(!lines.iter().any(leaks), "{round}: {:#?}", texts(&lines));
            lost += usize::from(lines.iter().any(|line| line.text.ends_with("the agent")));
            ended += usize::from(lines.last().unwrap().text.ends_with("no whole answer"));
            let bytes: usize = broken.iter().map(|(_, heard)| 1 + len(heard)).sum();
            assert!(lines.len() <= bytes);
            assert_eq!(narrate(&recut(&mut random, &broken)), lines, "{round}");
        }
    }
    assert!(lost > 100 && ended > 20, "{lost} {ended}");
}

#[test]
fn anything_after_a_jump_is_told_in_bounded_lines() {
    let mut random = Random::new(23);
    for round in 0..1500 {
        let mut story = scripted(&match round % 3 {
            0 => JUMP.to_owned(),
            1 => format!("{JUMP}< c0040288\n> ff01\n< 00000000\n"),
            _ => format!("{JUMP}{}", start()),
        });
        for _ in 0..random.below(30) {
            let amount = random.below(40) as usize;
            let mut bytes = random.bytes(amount);
            for byte in &mut bytes {
                if random.below(2) == 0 {
                    let pick =
                        [0x5A, 0xA5, 0, 0, 0, 1, 0x69, 0x96, 0xD6, 0x62, 0x60, 0xDF, 0xDB, 0xC0, 0x04, 0x72];
                    *byte = pick[random.below(pick.len() as u64) as usize];
                }
            }
            let heard = match random.below(2) {
                0 => Heard::Sent(bytes),
                _ => Heard::Received(bytes),
            };
            story.push((Duration::from_millis(random.below(5)), heard));
        }
        let lines = narrate(&story);
        let bytes: usize = story.iter().map(|(_, heard)| 1 + len(heard)).sum();
        assert!(lines.len() <= bytes, "{round}");
        for line in &lines {
            assert!(line.text.len() < 300, "{round}: {line:?}");
            assert!(line.private.as_ref().is_none_or(|hex| hex.chars().count() <= 129), "{round}: {line:?}");
        }
    }
}
