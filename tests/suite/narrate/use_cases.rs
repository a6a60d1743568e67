//! The narration of whole verbs: what a face gets when it asks for it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nvkeep::app::backup::{BackupRequest, backup};
use nvkeep::app::{Choices, Context, Event, WireLine};
use nvkeep::simulator::Scenario;
use nvkeep::simulator::agent::{Dialect, Recipe};
use nvkeep::wiring::Workshop;

use crate::support::workbench::Workbench;

/// Backs `sim:mt6572` up with these choices; returns what was told of the wire, and the time it took.
fn wire_of_a_backup(
    bench: &Workbench,
    name: &str,
    choose: impl FnOnce(&mut Choices),
) -> (Vec<WireLine>, Duration) {
    let told: Arc<Mutex<Vec<WireLine>>> = Arc::default();
    let sink = Arc::clone(&told);
    let mut context = Context {
        cables: &Workshop,
        sink: Arc::new(move |event| {
            if let Event::Wire(line) = event {
                sink.lock().unwrap().push(line);
            }
        }),
        stop: Arc::new(AtomicBool::new(false)),
        ..bench.context()
    };
    context.choices.port = "sim:mt6572".into();
    choose(&mut context.choices);
    let request = BackupRequest { output: Some(bench.path(name)), ..BackupRequest::default() };
    let began = Instant::now();
    backup(&context, &request).unwrap();
    let took = began.elapsed();
    let lines = std::mem::take(&mut *told.lock().unwrap());
    (lines, took)
}

/// Every way an identity of the simulated phone could be written, in lower case.
fn identities() -> Vec<String> {
    let scenario = Scenario::named("mt6572").unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let turned = |digits: &str| {
        let pairs = digits.as_bytes().chunks(2);
        pairs.flat_map(|pair| pair.iter().rev().map(|digit| char::from(*digit))).collect::<String>()
    };
    let mut found = Vec::new();
    for text in ["490154203237518", "NVKEEPSYNTHETIC1"] {
        found.extend([text.to_lowercase(), hex(text.as_bytes())]);
        // Words come with their bytes turned; any four characters of the middle are enough.
        let word: Vec<u8> = text.as_bytes()[4..8].iter().rev().copied().collect();
        found.push(hex(&word));
    }
    found.extend(["490154203237518".into(), turned("490154203237518"), turned("4901542032375180")]);
    for mac in ["024e564b5001", "024e564b5002"] {
        found.extend([
            mac.to_owned(),
            mac.as_bytes()
                .chunks(2)
                .map(|pair| String::from_utf8_lossy(pair).into_owned())
                .collect::<Vec<_>>()
                .join(":"),
        ]);
    }
    let cid = hex(&scenario.board.card.cid);
    found.extend((0..4).map(|word| cid[word * 8..word * 8 + 8].to_owned()));
    found.push(cid);
    found
}

#[test]
fn a_whole_backup_names_no_identity_and_costs_little() {
    let bench = Workbench::with("mt6572");
    let (nothing, plain) = wire_of_a_backup(&bench, "plain.nvk", |_| {});
    assert!(nothing.is_empty(), "nobody asked");
    let (lines, narrated) = wire_of_a_backup(&bench, "told.nvk", |choices| choices.wire = true);
    println!(
        "a backup of sim:mt6572: {} lines, {plain:.2?} without narration, {narrated:.2?} with",
        lines.len()
    );
    assert!(narrated < plain * 3 + Duration::from_secs(2), "{plain:?} became {narrated:?}");
    let identities = identities();
    for line in &lines {
        let text = line.text.to_lowercase();
        let leak = identities.iter().find(|identity| text.contains(identity.as_str()));
        assert!(leak.is_none(), "{leak:?} in {line:?}");
    }
    // They were on the wire, and the narration had them in hand.
    let cid = identities.iter().rev().nth(1).unwrap();
    assert!(
        lines.iter().any(|line| line.private.as_ref().is_some_and(|hex| hex.contains(cid.as_str()))),
        "{cid}"
    );
    let blocks = lines.iter().filter(|line| line.text == "512 bytes from the data FIFO").count();
    assert!(blocks > 500, "{blocks} blocks");
    assert!(!lines.iter().any(|line| line.text.contains("no command")), "something was not understood");
}

#[test]
fn a_backup_through_an_agent_names_no_identity_and_is_understood_whole() {
    let bench = Workbench::with("mt6572");
    for dialect in [Dialect::D19, Dialect::D13] {
        bench.by_agent(&Recipe::of(dialect));
        let (lines, _) = wire_of_a_backup(&bench, &format!("{dialect:?}.nvk"), |choices| choices.wire = true);
        println!("a backup of sim:mt6572 through an agent, {dialect:?}: {} lines", lines.len());
        let identities = identities();
        for line in &lines {
            let text = line.text.to_lowercase();
            let leak = identities.iter().find(|identity| text.contains(identity.as_str()));
            assert!(leak.is_none(), "{leak:?} in {line:?}");
            for unknown in ["no command", "the agent", "not the answer", "no whole answer"] {
                let report = text.starts_with("the agent's") && unknown == "the agent";
                assert!(report || !text.contains(unknown), "{line:?}");
            }
        }
        let cid = identities.iter().rev().nth(1).unwrap();
        let held = |line: &WireLine| line.private.as_ref().is_some_and(|hex| hex.contains(cid.as_str()));
        assert!(lines.iter().any(held), "{cid}");
        let reads = lines.iter().filter(|line| line.text.starts_with("READ eMMC ")).count();
        assert!(reads > 100, "{reads}");
        assert!(lines.iter().any(|line| line.text.starts_with("READ_PMT -> ")), "no table");
        assert_eq!(lines.last().unwrap().text, "WATCHDOG 0x0000 0x00000000 -> OK");
    }
}

#[test]
fn a_recording_is_narrated_as_the_phone_was() {
    let bench = Workbench::with("mt6572");
    let record = Some(bench.path("session.txt"));
    let (live, _) = wire_of_a_backup(&bench, "a.nvk", |choices| {
        choices.wire = true;
        choices.record.clone_from(&record);
    });
    let (again, _) = wire_of_a_backup(&bench, "b.nvk", |choices| {
        choices.wire = true;
        choices.replay = record;
    });
    let text = |lines: &[WireLine]| lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
    assert!(!live.is_empty());
    assert_eq!(text(&live), text(&again));
}

#[test]
fn what_is_private_is_not_serialised() {
    let line = WireLine {
        at: Duration::from_millis(5),
        text: "512 bytes from the data FIFO".into(),
        private: Some("5ec4e799".into()),
    };
    let written = serde_json::to_string(&line).unwrap();
    assert!(!written.contains("5ec4e799") && written.contains("512 bytes"), "{written}");
    let read: WireLine = serde_json::from_str(&written).unwrap();
    assert_eq!(read, WireLine { private: None, ..line });
}
