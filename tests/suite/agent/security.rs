//! Phones that take no agent, or not this one (preloader-and-legacy-da.md 8.2), and agents that find what they cannot use.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::protocol::{AgentMode, LegacyOptions, ProtocolError, greet};

use super::script::{
    CONFIGURATION, Ledger, OPENING, REPORT, Step, TRAILER, finished, greeting, image, ladder, loading,
    mt6572, open, play, raw, starting, step,
};

fn refused(steps: Vec<Step>, given: bool) -> (ProtocolError, Arc<Mutex<Ledger>>) {
    let (link, ledger) = play(steps, usize::MAX, None);
    let options = LegacyOptions { given, ..LegacyOptions::default() };
    let error = open(link, options).map(|_| "an engine").unwrap_err();
    assert!(error.advice().len() > 30, "{error}");
    (error, ledger)
}

#[test]
fn fuses_that_forbid_an_agent_are_told_in_one_sentence_and_nothing_is_sent() {
    for (fuses, given, words) in [
        (0x02, true, "(SLA)"),
        (0x06, true, "(SLA)"),
        (0x04, false, "(DAA)"),
        (0x05, false, "(DAA)"),
        (0x10, true, "(CERT)"),
        (0x20, true, "READ-AUTH"),
        (0x40, true, "WRITE-AUTH"),
        (0xE7, true, "AUTH"),
    ] {
        let steps = greeting(fuses);
        let count = steps.len();
        let (error, ledger) = refused(steps, given);
        assert_eq!(error.code(), "da-security", "{fuses:02x}");
        assert!(error.to_string().contains(words), "{fuses:02x}: {error}");
        finished(&ledger, count);
    }
}

#[test]
fn secure_boot_alone_forbids_nothing_and_a_given_agent_may_try_its_signature() {
    for (fuses, given) in [(0x01, false), (0x05, true), (0x04, true)] {
        let (link, _) = play(ladder(fuses), usize::MAX, None);
        let options = LegacyOptions { given, ..LegacyOptions::default() };
        assert!(open(link, options).is_ok(), "{fuses:02x}");
    }
}

/// The steps up to the last piece of the first stage, whose answer is `answer`.
fn sent(answer: &[u8]) -> Vec<Step> {
    let mut steps = greeting(0);
    steps.extend(starting(&image(), OPENING));
    steps.truncate(steps.len() - 2);
    steps.last_mut().unwrap().phone = answer.to_vec();
    steps
}

#[test]
fn a_refused_signature_says_so_and_is_not_repeated() {
    let sum = super::script::checksum(&image().first.bytes).to_be_bytes();
    for (status, words) in
        [([0x20, 0x01], "not the maker's"), ([0x20, 0x06], "longer"), ([0x00, 0x01], "no meaning")]
    {
        let steps = sent(&[sum[0], sum[1], status[0], status[1]]);
        let count = steps.len();
        let (error, ledger) = refused(steps, false);
        assert_eq!(error.code(), "da-refused");
        assert!(error.to_string().contains(words), "{error}");
        finished(&ledger, count);
    }
}

#[test]
fn a_link_that_must_be_authorised_first_says_so() {
    let mut steps = greeting(0);
    steps.extend(starting(&image(), OPENING).into_iter().take(5));
    steps.last_mut().unwrap().phone = vec![0, 0, 1, 0, 0x1D, 0x0D];
    let (error, _) = refused(steps, false);
    assert_eq!(error.code(), "da-refused");
    assert!(error.to_string().contains("1d0d") && error.to_string().contains("(SLA)"), "{error}");
}

#[test]
fn an_upload_that_arrived_wrong_is_sent_again() {
    let mut steps = sent(&[0xBA, 0xD0, 0, 0]);
    // From SEND_DA on, once more, and this time right.
    steps.extend(ladder(0).into_iter().skip(9));
    let count = steps.len();
    let (link, ledger) = play(steps, usize::MAX, None);
    open(link, LegacyOptions::default()).unwrap();
    finished(&ledger, count);
}

#[test]
fn an_upload_that_arrives_wrong_every_time_is_given_up() {
    let mut steps = sent(&[0xBA, 0xD0, 0, 0]);
    let again = steps[9..].to_vec();
    steps.extend(again.clone());
    steps.extend(again);
    let count = steps.len();
    let (error, ledger) = refused(steps, false);
    assert_eq!(error.code(), "da-upload");
    assert!(error.to_string().contains("checksum bad0 instead of"), "{error}");
    finished(&ledger, count);
}

#[test]
fn a_refused_jump_says_so() {
    let mut steps = greeting(0);
    steps.extend(starting(&image(), ""));
    steps.last_mut().unwrap().phone = vec![0x02, 0x00, 0x70, 0x00, 0x20, 0x01];
    assert_eq!(refused(steps, false).0.code(), "da-refused");
}

/// Everything up to the first stage's opening, then `more`.
fn opened(opening: &str, more: Vec<Step>) -> Vec<Step> {
    greeting(0).into_iter().chain(starting(&image(), opening)).chain(more).collect()
}

#[test]
fn an_agent_for_another_chip_and_one_without_memory_are_told() {
    let cases = [
        (opened(OPENING, vec![step("5A", "04 02 FF")]), "da-other-chip"),
        (opened("C0 04 02 FF", vec![]), "da-other-chip"),
        (opened(OPENING, vec![step("5A", "04 02 88"), step(CONFIGURATION, "00000BC3")]), "dram-needed"),
        (
            opened("C0 04 02 88", vec![step("FF 01 08 08 00 7007FFFF 00000000 02 00", "00000BBF")]),
            "dram-needed",
        ),
        (opened(OPENING, vec![step("5A", "04 02 88"), step(CONFIGURATION, "00000C4D")]), "agent-no-storage"),
        (opened("00", vec![]), "agent-foreign"),
        (opened("C0 77", vec![]), "agent-foreign"),
        (opened("C0 00000BC4 FFFF", vec![]), "agent-foreign"),
    ];
    for (steps, code) in cases {
        let count = steps.len();
        let (error, ledger) = refused(steps, false);
        assert_eq!(error.code(), code, "{error}");
        finished(&ledger, count);
    }
}

fn reported(report: &str, trailer: &str, more: Vec<Step>) -> Vec<Step> {
    let mut steps = opened(OPENING, vec![step("5A", "04 02 88"), step(CONFIGURATION, "00000000")]);
    steps.extend(loading(&image(), &format!("{report} {trailer}")));
    steps.extend(more);
    steps
}

#[test]
fn storage_that_cannot_be_worked_with_leaves_the_phone_booting() {
    let good: String = REPORT.split_whitespace().collect();
    // Places in hexadecimal digits: NAND result at byte 28, eMMC at 64, its gp1 at 92, its user area at 124, its CID at 132.
    let with = |changes: &[(usize, &str)]| {
        let mut text = good.clone();
        for (byte, value) in changes {
            text.replace_range(byte * 2..byte * 2 + value.len(), value);
        }
        assert_ne!(text, good);
        text
    };
    let cases = [
        (with(&[(28, "00000000"), (64, "00000C4D")]), "refused-card", "NAND is said to have 0x0 bytes"),
        (with(&[(64, "00000C4D")]), "agent-no-storage", "eMMC not found; NAND error bc8: NAND not found"),
        (with(&[(92, "0000000000100000")]), "refused-card", "general-purpose"),
        (with(&[(76, "0000000000100000")]), "refused-card", "boot areas differ"),
        (with(&[(124, "0000000000000000")]), "refused-card", "user area has 0x0 bytes"),
        (with(&[(132, "00000000000000000000000000000000")]), "refused-card", "CID is empty"),
    ];
    for (report, code, words) in cases {
        let steps = reported(&report, TRAILER, vec![step("DB 0000 00000000", "5A")]);
        let count = steps.len();
        let (error, ledger) = refused(steps, false);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        finished(&ledger, count);
    }
}

#[test]
fn an_agent_that_fails_its_own_chip_check_is_told() {
    let steps = reported(REPORT, "5A 00000C0B 00000409 CF", vec![]);
    assert_eq!(refused(steps, false).0.code(), "da-other-chip");
}

#[test]
fn a_chip_whose_agents_speak_another_protocol_is_sent_nothing() {
    for (mode, words) in
        [(AgentMode::XFlash, "needs the xflash engine"), (AgentMode::Xml, "needs the xml engine")]
    {
        let steps = greeting(0);
        let count = steps.len();
        let (link, ledger) = play(steps, usize::MAX, None);
        let chip = nvkeep::protocol::AgentChip { mode, ..mt6572() };
        let error = greet(link, Duration::from_secs(5))
            .and_then(|greeted| greeted.into_legacy(chip, &image(), LegacyOptions::default()))
            .map(|_| "an engine")
            .unwrap_err();
        assert_eq!(error.code(), "engine-not-built");
        assert!(error.to_string().contains(words), "{error}");
        finished(&ledger, count);
    }
}

#[test]
fn a_chip_that_is_only_described_is_read_and_never_written() {
    use nvkeep::protocol::Engine;
    let chip = nvkeep::protocol::AgentChip { verified: false, ..mt6572() };
    let steps = ladder(0);
    let count = steps.len();
    let (link, ledger) = play(steps, usize::MAX, None);
    let greeted = greet(link, Duration::from_secs(5)).unwrap();
    let mut engine = greeted.into_legacy(chip, &image(), LegacyOptions::default()).unwrap();
    assert!(!engine.capabilities().write);
    assert_eq!(engine.write(5, &[1; 512]).unwrap_err().code(), "chip-not-verified");
    finished(&ledger, count);
}

#[test]
fn the_watchdog_is_stopped_in_the_chips_own_way() {
    use nvkeep::protocol::Watchdog;
    let mut chip = mt6572();
    chip.watchdogs = vec![
        Watchdog { address: 0x1000_7000, value: 0x2200_0064, narrow: false },
        Watchdog { address: 0x1000_0500, value: 0x2200, narrow: true },
    ];
    chip.configuration = vec![0, 0, 0, 1];
    chip.reset_bytes = 8;
    let mut steps = ladder(0);
    steps[8] = step("D4 10007000 00000001 22000064", "D4 10007000 00000001 0001 22000064 0001");
    steps.insert(9, step("D2 10000500 00000001 2200", "D2 10000500 00000001 0000 2200 0000"));
    let at = steps.iter().position(|step| step.host.starts_with(&[0xFF, 1, 8, 8])).unwrap();
    steps[at].host.extend([0, 0, 0, 1]);
    steps.push(raw(&[0xDB, 0, 0, 0, 0, 0, 0, 0, 0], &[0x5A]));
    let count = steps.len();
    let (link, ledger) = play(steps, usize::MAX, None);
    let greeted = greet(link, Duration::from_secs(5)).unwrap();
    let mut engine = greeted.into_legacy(chip, &image(), LegacyOptions::default()).unwrap();
    nvkeep::protocol::Engine::leave(&mut engine).unwrap();
    finished(&ledger, count);
}
