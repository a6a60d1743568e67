//! Claims about the narration: a line for each command, whatever the transfers look like, and nothing private in its text.

mod agent; // what is said once a Download Agent runs
mod hostile; // any bytes, any cut of transfers
mod secrets; // what never stands in a text
mod use_cases; // the narration of whole verbs

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::protocol::{
    ConnectOptions, DirectEngine, DirectOptions, Engine, Line, Narrator, Pace, ProtocolError, connect,
};
use nvkeep::simulator::{Area, Board, Flash};
use nvkeep::transport::{Fault, Faults, Link, LinkError, Plugged, PortKind, Trace, TraceEvent, Traced};

use crate::support::hex;
use crate::support::in_process::{OnBench, mt6572};

const LBA: u64 = 0x7C00;

/// A transfer that can be kept.
#[derive(Debug, Clone, PartialEq)]
enum Heard {
    Sent(Vec<u8>),
    Received(Vec<u8>),
    NotSent(Vec<u8>, LinkError),
    NotReceived(usize, LinkError),
}

type Story = Vec<(Duration, Heard)>;

impl Heard {
    fn of(what: &Traced<'_>) -> Self {
        match what {
            Traced::Sent(bytes) => Self::Sent(bytes.to_vec()),
            Traced::Received(bytes) => Self::Received(bytes.to_vec()),
            Traced::NotSent(bytes, error) => Self::NotSent(bytes.to_vec(), (*error).clone()),
            Traced::NotReceived(wanted, error) => Self::NotReceived(*wanted, (*error).clone()),
        }
    }

    fn traced(&self) -> Traced<'_> {
        match self {
            Self::Sent(bytes) => Traced::Sent(bytes),
            Self::Received(bytes) => Traced::Received(bytes),
            Self::NotSent(bytes, error) => Traced::NotSent(bytes, error),
            Self::NotReceived(wanted, error) => Traced::NotReceived(*wanted, error),
        }
    }
}

fn len(heard: &Heard) -> usize {
    match heard {
        Heard::Sent(bytes) | Heard::Received(bytes) => bytes.len(),
        _ => 0,
    }
}

/// Tells a story from its beginning to its end.
fn narrate(story: &[(Duration, Heard)]) -> Vec<Line> {
    let mut narrator = Narrator::new(vec![mt6572()]);
    let mut lines = Vec::new();
    for (at, heard) in story {
        lines.extend(narrator.hear(&TraceEvent { at: *at, what: heard.traced() }));
    }
    lines.extend(narrator.finish());
    lines
}

fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

/// A link whose transfers are kept, and the keeper.
fn overheard(link: Box<dyn Link>) -> (Box<dyn Link>, Arc<Mutex<Story>>) {
    let story: Arc<Mutex<Story>> = Arc::default();
    let kept = Arc::clone(&story);
    let sink = move |event: TraceEvent<'_>| kept.lock().unwrap().push((event.at, Heard::of(&event.what)));
    (Box::new(Trace::new(link, sink)), story)
}

fn open(link: Box<dyn Link>, pace: Pace) -> Result<DirectEngine, ProtocolError> {
    let session = connect(link, &[mt6572()], ConnectOptions::default(), Duration::from_secs(3))?;
    session.into_direct(DirectOptions { pace })
}

/// A phone whose block at [`LBA`] is filled with `content`.
fn bench(content: &[u8; 4]) -> OnBench {
    let board = Board::default();
    let mut flash = Flash::new(u64::from(board.card.sectors) * 512, 4 << 20, 512 << 10, 0);
    flash.write(Area::User, LBA * 512, &content.repeat(128)).unwrap();
    OnBench::new(board, flash)
}

/// What is said when a block is read, written, and the phone left.
fn session(content: &[u8; 4], pace: Pace) -> Story {
    let (link, story) = overheard(bench(content).link());
    let mut engine = open(link, pace).unwrap();
    let mut block = [0; 512];
    engine.read(LBA, &mut block).unwrap();
    assert_eq!(block[..4], *content);
    engine.write(LBA, &block).unwrap();
    engine.leave().unwrap();
    story.lock().unwrap().clone()
}

/// Makes a story of `> sent` and `< received` lines, and of receives of five bytes that `!` got too few.
fn scripted(text: &str) -> Story {
    let heard = |line: &str| match line.trim().split_once(' ')? {
        (">", bytes) => Some(Heard::Sent(hex(bytes))),
        ("<", bytes) => Some(Heard::Received(hex(bytes))),
        ("!", got) => {
            let (got, wanted) = (got.parse().unwrap(), 5);
            Some(Heard::NotReceived(wanted, LinkError::Timeout { wanted, got }))
        }
        _ => None,
    };
    text.lines().filter_map(heard).map(|heard| (Duration::ZERO, heard)).collect()
}

#[track_caller]
fn reads_as(script: &str, expected: &[&str]) {
    assert_eq!(texts(&narrate(&scripted(script))), expected);
}

const CONNECTING: [&str; 17] = [
    "handshake a0: no answer",
    "handshake a0 0a 50 05 -> 5f f5 af fa",
    "GET_HW_CODE -> 0x6572",
    "GET_BL_VER -> 0x01",
    "GET_HW_SW_VER -> 0x8a00 0xca01 0x0000",
    "GET_TARGET_CONFIG -> 0x00000000",
    "READ32 clock gate 0x10000024 -> 0x00000000",
    "READ32 pin modes 0x10005350 x2 -> 0x11110000",
    "READ32 pin modes 0x10005360 -> 0x01111111",
    "READ32 MSDC_CFG -> 0x00000199",
    "READ32 MSDC_INTEN -> 0x0001ff7b",
    "READ32 MSDC_PATCH_BIT0 -> 0x403c004f",
    "READ32 MSDC_PATCH_BIT1 -> 0xffff0009",
    "READ32 SDC_CFG -> 0x041a0002",
    "READ32 MSDC_PS -> 0x01ff0000",
    "READ32 SDC_STS -> 0x00000000",
    "READ32 MSDC_FIFOCS -> 0x00000000",
];

const STATUS: [&str; 5] = [
    "WRITE32 MSDC_INT = 0x0001ffff",
    "WRITE32 SDC_ARG = 0x00010000",
    "WRITE32 SDC_CMD = 0x0000008d (CMD13 SEND_STATUS, argument 0x00010000)",
    "READ32 MSDC_INT MSDC_INTEN MSDC_FIFOCS -> 0x00000100 0x0001ff7b 0x00000000 (CMDRDY)",
    "READ32 SDC_RESP0 -> 0x00000900 (tran)",
];

const BEGINNING: [&str; 7] = [
    "READ32 SDC_STS -> 0x00000000",
    "READ32 MSDC_PS -> 0x01ff0000",
    "WRITE32 MSDC_FIFOCS = 0x80000000",
    "READ32 MSDC_FIFOCS -> 0x00000000",
    "WRITE32 SDC_BLK_NUM = 0x00000001",
    "WRITE32 MSDC_INT = 0x0001ffff",
    "WRITE32 SDC_ARG = 0x00007c00",
];

fn is_in(lines: &[Line], expected: &[&str]) -> bool {
    texts(lines).windows(expected.len()).any(|window| window == expected)
}

#[test]
fn a_handshake_and_the_first_looks_are_a_line_each() {
    let lines = narrate(&session(&[1, 2, 3, 4], Pace::Strict));
    assert_eq!(texts(&lines)[..CONNECTING.len()], CONNECTING);
    assert!(lines.is_sorted_by_key(|line| line.at), "{lines:#?}");
}

#[test]
fn a_block_read_is_its_command_and_one_line_of_data() {
    let data = [
        "WRITE32 SDC_CMD = 0x02000891 (CMD17 READ_SINGLE, argument 0x00007c00)",
        "READ32 MSDC_INT MSDC_INTEN MSDC_FIFOCS x5 -> 0x00001100 0x0001ff7b 0x00000000 (CMDRDY XFER_COMPL)",
        "READ32 SDC_RESP0 -> 0x00000900 (tran)",
        "512 bytes from the data FIFO",
    ];
    let lines = narrate(&session(&[1, 2, 3, 4], Pace::Strict));
    assert!(is_in(&lines, &[&BEGINNING[..], &data].concat()), "{:#?}", texts(&lines));
    let block = lines.iter().rfind(|line| line.text == data[3]).unwrap();
    assert_eq!(block.private.clone().unwrap(), "01020304".repeat(16) + "…");
    // A block that is taken in one go needs fewer polls, and is one line too.
    let lines = narrate(&session(&[1, 2, 3, 4], Pace::Fast));
    let fast = data[1].replace("x5", "x2");
    assert!(is_in(&lines, &[&BEGINNING[..], &[data[0], &fast], &data[2..]].concat()), "{:#?}", texts(&lines));
}

#[test]
fn a_block_write_is_its_command_and_one_line_of_data() {
    let data = [
        "WRITE32 SDC_CMD = 0x02002898 (CMD24 WRITE_SINGLE, argument 0x00007c00)",
        "READ32 MSDC_INT MSDC_INTEN MSDC_FIFOCS x6 -> 0x00001100 0x0001ff7b 0x00000000 (CMDRDY XFER_COMPL)",
        "READ32 SDC_RESP0 -> 0x00000900 (tran)",
        "512 bytes into the data FIFO",
        "READ32 MSDC_PS -> 0x01ff0000",
    ];
    let lines = narrate(&session(&[1, 2, 3, 4], Pace::Strict));
    let expected = [&STATUS[..], &BEGINNING, &data, &STATUS].concat();
    assert!(is_in(&lines, &expected), "{:#?}", texts(&lines));
    let block = lines.iter().find(|line| line.text == data[3]).unwrap();
    assert_eq!(block.private.clone().unwrap(), "01020304".repeat(16) + "…");
}

#[test]
fn leaving_is_told_to_the_last_write() {
    let lines = narrate(&session(&[1, 2, 3, 4], Pace::Strict));
    let expected = [
        "WRITE32 USBDL_FLAG = 0x0000fffc",
        "WRITE32 USBDL_MAGIC = 0x00000000",
        "WRITE32 RGU_RESTART = 0x00001971",
        "READ32 RGU_MODE -> 0x00000051",
        "WRITE32 RGU_MODE = 0x22000055",
        "WRITE32 RGU_SWRST: the phone disconnected",
    ];
    assert!(texts(&lines).ends_with(&expected), "{:#?}", texts(&lines));
}

#[test]
fn a_cable_cut_anywhere_ends_in_one_line_that_says_so() {
    let transfers = session(&[1, 2, 3, 4], Pace::Strict).len() as u64;
    let whole = narrate(&session(&[1, 2, 3, 4], Pace::Strict));
    let mut endings = std::collections::BTreeSet::new();
    for at in (0..transfers - 1).step_by(7) {
        let faults = Faults::at(at, Fault::Cut);
        let plugged = Plugged { link: bench(&[1, 2, 3, 4]).link(), kind: PortKind::Unknown };
        let (link, story) = overheard(faults.wrap(plugged).link);
        let outcome = open(link, Pace::Strict).and_then(|mut engine| {
            let mut block = [0; 512];
            engine.read(LBA, &mut block)?;
            engine.write(LBA, &block)?;
            engine.leave()
        });
        assert!(faults.left().is_empty(), "{at}: never cut");
        let lines = narrate(&story.lock().unwrap());
        let ending = lines.last().unwrap().text.clone();
        assert!(ending.contains("the phone disconnected"), "{at}: {ending}, {outcome:?}");
        let cuts = lines.iter().filter(|line| line.text.contains("disconnected")).count();
        assert_eq!(cuts, 1, "{at}: {:#?}", texts(&lines));
        assert!(lines.len() <= whole.len(), "{at}");
        endings.insert(ending);
    }
    let batch = "READ32 MSDC_RXDATA: the phone disconnected; nor were ";
    assert!(endings.iter().any(|ending| ending.starts_with(batch)), "{endings:#?}");
}

#[test]
fn a_time_out_names_what_came_and_an_answer_after_it_counts() {
    let begun = "> fd\n! 4\n";
    reads_as(begun, &["GET_HW_CODE: time-out: 4 of 5 bytes"]);
    let late = format!("{begun}< fd65720000\n");
    reads_as(&late, &["GET_HW_CODE: time-out: 4 of 5 bytes", "GET_HW_CODE -> 0x6572"]);
    // A first query that a phone swallows, as some do.
    let again = "> fd\n! 0\n! 0\n> fd\n< fd65720000\n";
    reads_as(again, &["GET_HW_CODE: time-out: 0 of 5 bytes", "GET_HW_CODE -> 0x6572"]);
    // Nothing was asked, nothing came: not worth a line.
    reads_as("! 0\n! 0\n", &[]);
}

#[test]
fn a_listening_phone_and_a_patient_host_are_counted() {
    let listening = "< 52454144\n< 59524541\n> a0\n! 0\n< 4459\n> a0\n! 0\n< 5245414459\n> a0\n< 5f\n\
                     > 0a\n< f5\n> 50\n< af\n> 05\n< fa\n";
    reads_as(listening, &["READY x3", "handshake a0 x2: no answer", "handshake a0 0a 50 05 -> 5f f5 af fa"]);
    reads_as("> a0\n< a0\n", &["handshake a0 -> a0: came back, so the phone was in its command loop"]);
    reads_as("> a0\n< a1\n", &["handshake a0 -> a1: out of step"]);
}

#[test]
fn what_no_preloader_says_is_one_line() {
    reads_as("< 0102030405060708090a0b0c0d0e0f1011\n", &["received 17 bytes that belong to no command"]);
    reads_as("< 5245\n", &["received 2 bytes that belong to no command"]);
    reads_as(
        "> 7701\n< 7701\n> fd\n< fd65720000\n",
        &["sent 2 bytes that belong to no command: came back", "GET_HW_CODE -> 0x6572"],
    );
    reads_as("> 4d4554414d455441\n< 4154454d41544558\n", &["boot-mode token METAMETA -> ATEMATEX"]);
}

#[test]
fn refusals_and_answers_of_another_kind_are_named() {
    let read = "d11000000100000001";
    reads_as(
        &format!("> {read}\n< {read}ffff\n"),
        &["READ32 0x10000001: status 0xffff, the address is not aligned"],
    );
    reads_as(
        &format!("> {read}{read}\n< d1100000ff\n"),
        &[
            "READ32 0x10000001: not the answer to it; nor was 1 more answered",
            "received 1 byte that belongs to no command",
        ],
    );
    reads_as("> fe\n< fe\n", &["GET_BL_VER: came back"]);
    reads_as("> d8\n< d8000000050000\n", &["GET_TARGET_CONFIG -> 0x00000005 (SBC DAA)"]);
}
