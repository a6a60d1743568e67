//! What is left of a finished write: its proof, chained, held against its journal.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nvkeep::app::archive::open_archive;
use nvkeep::app::journal::resume_at;
use nvkeep::app::proof::proofs;
use nvkeep::app::restore::{RestoreRequest, restore_at};
use nvkeep::app::{Context, Event, Selection};
use nvkeep::vault::{self, Proof, Said};

use crate::support::Random;
use crate::support::workbench::Workbench;

fn chain_of(bench: &Workbench) -> PathBuf {
    bench.context().choices.journals.join("proofs.jsonl")
}

/// Stops a restore after three blocks.
fn stop_while_writing(bench: &Workbench, name: &str) {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    let sink = move |event| {
        if let Event::Progress(progress) = event
            && progress.what == "writing"
            && progress.done >= 3 * 512
        {
            asked.store(true, Ordering::Relaxed);
        }
    };
    let context = Context { sink: Arc::new(sink), stop, ..bench.context() };
    let archive = open_archive(&bench.path(name)).unwrap();
    let request = RestoreRequest { archive: bench.path(name), dry_run: false, selection: Selection::All };
    let failure = restore_at(&context, bench.port().as_mut(), &archive, &request, &mut |_| true).unwrap_err();
    assert_eq!(failure.code, "interrupted");
}

/// A phone that was restored once.
fn restored() -> Workbench {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-format-all");
    bench.restore("a.nvk").unwrap();
    bench
}

#[test]
fn a_finished_write_says_what_was_written_and_that_it_was_read_back() {
    let bench = restored();
    let result = proofs(&bench.context(), None).unwrap();
    assert_eq!((result.count, result.proofs.len()), (1, 1));
    let proof = &result.proofs[0];
    assert_eq!(proof.journal, "agrees");
    let it = &proof.link.proof;
    assert!(it.title.starts_with("restore of "), "{}", it.title);
    let said = Said {
        place: "binregion".into(),
        what: "IMEI 1".into(),
        value: Some("490154203237518".into()),
        worth: "valid".into(),
    };
    assert!(it.says.contains(&said), "{:?}", it.says);
    assert!(it.read_back.ends_with("every one read back as written"));
    assert_ne!(it.before, it.after);
    let mut identities = result.identities();
    identities.sort();
    identities.dedup();
    let held = ["02:4e:56:4b:50:01", "02:4e:56:4b:50:02", "490154203237518", "NVKEEPSYNTHETIC1"];
    assert_eq!(identities, held, "what is to be masked is known by its place, not by its shape");
}

#[test]
fn nothing_is_proven_that_was_not_written() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    assert_eq!(proofs(&bench.context(), None).unwrap().count, 0);
    assert!(!chain_of(&bench).exists());
}

#[test]
fn every_write_follows_the_one_before() {
    let bench = restored();
    bench.flash_becomes("mt6572-format-all");
    bench.restore("a.nvk").unwrap();
    let result = proofs(&bench.context(), None).unwrap();
    let [first, second] = &result.proofs[..] else { panic!("{result:?}") };
    assert_eq!(second.link.previous, first.link.digest);
    let alone = proofs(&bench.context(), Some(2)).unwrap();
    assert_eq!((alone.count, alone.proofs[0].number), (2, 2));
    assert_eq!(proofs(&bench.context(), Some(3)).unwrap_err().code, "no-such-proof");
    assert_eq!(proofs(&bench.context(), Some(0)).unwrap_err().code, "no-such-proof");
}

#[test]
fn an_interrupted_write_is_proven_when_it_is_taken_back() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-format-all");
    let before = bench.flash();
    stop_while_writing(&bench, "a.nvk");
    assert_eq!(proofs(&bench.context(), None).unwrap().count, 0, "a write that did not finish has no proof");
    resume_at(&bench.context(), bench.port().as_mut(), true, &mut |_| true).unwrap();
    let result = proofs(&bench.context(), None).unwrap();
    assert!(result.proofs[0].link.proof.title.ends_with("taken back"), "{result:?}");
    assert_eq!(result.proofs[0].journal, "agrees");
    assert!(crate::support::workbench::same(&before, &bench.flash()));
}

#[test]
fn any_change_of_the_chain_is_seen() {
    let bench = restored();
    for _ in 0..2 {
        bench.flash_becomes("mt6572-format-all");
        bench.restore("a.nvk").unwrap();
    }
    let file = chain_of(&bench);
    let whole = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let broken = |text: String| {
        std::fs::write(&file, text).unwrap();
        let failure = proofs(&bench.context(), None).unwrap_err();
        assert_eq!((failure.code, failure.exit as u8), ("proofs-broken", 10));
        failure.message
    };
    assert!(broken(whole.replacen("490154203237518", "356938035643809", 1)).contains("line 1: its digest"));
    assert!(broken(format!("{}\n{}\n", lines[0], lines[2])).contains("line 2: it does not follow"));
    assert!(
        broken(format!("{}\n{}\n{}\n", lines[1], lines[0], lines[2])).contains("line 1: it does not follow")
    );
    assert!(broken(format!("hello\n{whole}")).contains("line 1: it is no record"));
    // A chain that does not hold is not added to, and the write it would have proven is done all the same.
    let kept = std::fs::read(&file).unwrap();
    bench.flash_becomes("mt6572-format-all");
    bench.restore("a.nvk").unwrap();
    assert!(bench.warnings().iter().any(|told| told.contains("the proof of this write could not be kept")));
    assert_eq!(std::fs::read(&file).unwrap(), kept);
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(proofs(&bench.context(), None).unwrap().count, 3);
}

#[test]
fn a_line_that_a_power_loss_cut_is_told_and_passed_over() {
    let bench = restored();
    let file = chain_of(&bench);
    let whole = std::fs::read_to_string(&file).unwrap();
    for cut in [1, 9, 10, 100, whole.len() - 2] {
        std::fs::write(&file, format!("{whole}{}", &whole[..cut])).unwrap();
        let result = proofs(&bench.context(), None).unwrap();
        assert_eq!((result.count, result.torn), (1, vec![2]), "cut at {cut}");
    }
    bench.flash_becomes("mt6572-format-all");
    bench.restore("a.nvk").unwrap();
    let result = proofs(&bench.context(), None).unwrap();
    assert_eq!((result.count, result.torn), (2, vec![2]));
}

#[test]
fn a_journal_that_was_changed_or_taken_away_is_told() {
    let bench = restored();
    let journal = PathBuf::from(&proofs(&bench.context(), None).unwrap().proofs[0].link.proof.journal);
    let bytes = std::fs::read(&journal).unwrap();
    std::fs::remove_file(&journal).unwrap();
    assert_eq!(proofs(&bench.context(), None).unwrap().proofs[0].journal, "gone");
    std::fs::write(&journal, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(proofs(&bench.context(), None).unwrap().proofs[0].journal, "gone", "a torn journal is none");
}

#[test]
fn damaged_chains_neither_panic_nor_pass() {
    let bench = restored();
    let file = chain_of(&bench);
    let whole = std::fs::read(&file).unwrap();
    let mut random = Random::new(0x9200F);
    for _ in 0..300 {
        let damaged = random.damage(&whole);
        std::fs::write(&file, &damaged).unwrap();
        let Ok(chain) = vault::chain(&file) else { continue };
        let is_whole = damaged.starts_with(&whole[..whole.len() - 1]);
        assert!(is_whole || chain.links.is_empty(), "a changed record was believed");
    }
}

#[test]
fn runs_that_finish_together_make_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proofs.jsonl");
    let proof = |number: usize| Proof {
        time: "2026-11-25T01:02:03Z".into(),
        tool: "nvkeep".into(),
        title: format!("write {number}"),
        chip: "MT6572".into(),
        cid: String::new(),
        binding: String::new(),
        changes: vec![],
        regions: vec![],
        before: String::new(),
        after: String::new(),
        evidence: vec![],
        says: vec![],
        read_back: String::new(),
        journal: String::new(),
    };
    std::thread::scope(|scope| {
        for run in 0..4 {
            let (file, proof) = (&file, &proof);
            scope.spawn(move || {
                (0..8).for_each(|write| drop(vault::keep(file, proof(run * 8 + write)).unwrap()))
            });
        }
    });
    let chain = vault::chain(&file).unwrap();
    assert_eq!((chain.links.len(), chain.broken, chain.torn), (32, None, vec![]));
}
