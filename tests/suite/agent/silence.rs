//! An agent that stops answering, or a phone that leaves, at every step of every conversation: one clear error each, and after
//! a silence not one byte more.

use std::collections::BTreeMap;

use nvkeep::protocol::{Engine, LegacyOptions, ProtocolError};

use super::script::{Step, ladder, old_ladder, open, play, raw, step};

/// A ladder, one read, one write, the table, the farewell.
fn whole(ladder: Vec<Step>, old: bool) -> Vec<Step> {
    let content = [1u8; 512];
    let sum = 512u16.to_be_bytes();
    let answer = [&content[..], &sum].concat();
    let header = if old { "D6 02" } else { "D6 0B 02" };
    let mut steps = ladder;
    steps.extend([
        step("72", "5A 01"),
        step(&format!("{header} 0000000000000200 0000000000000200"), "5A"),
        step("00100000", ""),
        raw(&[0x5A], &[]),
        step("62 01 08 0000000000000200 0000000000000200 00000200", "5A"),
        step("5A", ""),
        raw(&content, &[]),
        raw(&sum, &[0x69]),
        step("A5", "A5 0000040D"),
        step("DB 0000 00000000", "5A"),
    ]);
    let block = steps.iter().position(|step| step.host == [0, 0x10, 0, 0]).unwrap();
    steps[block].phone = answer;
    steps
}

fn use_it(link: Box<dyn nvkeep::transport::Link>) -> Result<(), ProtocolError> {
    let mut engine = open(link, LegacyOptions::default())?;
    engine.is_there()?;
    engine.read(1, &mut [0; 512])?;
    engine.write(1, &[1; 512])?;
    assert_eq!(engine.partitions()?, None);
    engine.leave()
}

#[test]
fn an_agent_that_falls_silent_at_any_step_ends_in_a_clear_error_and_is_told_nothing_more() {
    for (name, steps) in [("D19", whole(ladder(0), false)), ("D13", whole(old_ladder(), true))] {
        let (link, _) = play(steps.clone(), usize::MAX, None);
        use_it(link).unwrap();
        let answered =
            |at: usize| steps[at..].iter().position(|step| !step.phone.is_empty()).map(|more| at + more);
        let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
        // From the second query on: the first one may be repeated, for some phones swallow it.
        for mute in 5..steps.len() {
            let Some(awaited) = answered(mute) else { continue };
            let (link, ledger) = play(steps.clone(), mute, None);
            let error = use_it(link).unwrap_err();
            let ledger = ledger.lock().unwrap();
            let played = ledger.played;
            assert!(played == awaited + 1, "{name} {mute}: {played} steps played, {error}");
            assert!(ledger.beyond.is_empty(), "{name} {mute}: {:02x?}", ledger.beyond);
            assert!(error.to_string().len() > 10 && error.advice().len() > 20);
            *codes.entry(error.code()).or_default() += 1;
        }
        assert!(codes["cable-timeout"] > 100, "{name}: {codes:?}");
        codes.remove("cable-timeout");
        assert!(codes.is_empty() || codes.keys().all(|code| *code == "da2-rejected"), "{name}: {codes:?}");
    }
}

#[test]
fn a_second_stage_that_never_speaks_is_called_rejected() {
    let mut steps = ladder(0);
    let at = steps.iter().rposition(|step| step.phone == [0x5A, 0x5A]).unwrap();
    steps[at].phone.pop();
    steps.truncate(at + 1);
    let (link, ledger) = play(steps, usize::MAX, None);
    let error = open(link, LegacyOptions::default()).map(|_| "an engine").unwrap_err();
    assert_eq!(error.code(), "da2-rejected");
    assert!(error.to_string().contains("does not belong to the first"), "{error}");
    assert_eq!(ledger.lock().unwrap().beyond, Vec::<Vec<u8>>::new());
}

#[test]
fn a_phone_that_leaves_at_any_step_is_told_as_gone() {
    for steps in [whole(ladder(0), false), whole(old_ladder(), true)] {
        for gone in 4..steps.len() - 1 {
            let (link, _) = play(steps.clone(), usize::MAX, Some(gone));
            let error = use_it(link).unwrap_err();
            assert_eq!(error.code(), "cable-gone", "{gone}: {error}");
        }
        // Only the last answer may be lost with the phone.
        let mut steps = steps;
        let count = steps.len();
        steps[count - 1].phone.clear();
        let (link, _) = play(steps, usize::MAX, Some(count));
        use_it(link).unwrap();
    }
}
