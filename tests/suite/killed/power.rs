//! Power loss of the host at any step of keeping a journal and a proof: every folder that a crash can leave, made by hand, and
//! what the tool makes of it. A disk that says "synced" and forgets is told from one that is honest.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nvkeep::app::archive::open_archive;
use nvkeep::app::journal::{open_journal_of, resume_at};
use nvkeep::app::proof::proofs;
use nvkeep::app::restore::{RestoreRequest, restore_at};
use nvkeep::app::{Context, Event, Exit, Failure, Part, Selection};
use nvkeep::simulator::Flash;
use nvkeep::vault::{Archive, Journal};

use crate::support::Random;
use crate::support::workbench::{Workbench, same};

const SECTOR: usize = 512;

/// Name and bytes.
type File = (String, Vec<u8>);

/// A phone on the bench, and all that a write of it leaves.
struct Written {
    bench: Workbench,
    cid: String,
    /// The phone after 0, 1, 2 … blocks.
    phones: Vec<Flash>,
    /// The journal's name without its end.
    name: String,
    journal: Vec<u8>,
    proof: Vec<u8>,
}

impl Written {
    fn of_the_imei() -> Self {
        let bench = Workbench::with("mt6572");
        let cid = bench.backup("a.nvk").unwrap().report.phone.cid;
        bench.flash_becomes("mt6572-imei-null");
        let mut written = Self {
            bench,
            cid,
            phones: Vec::new(),
            name: String::new(),
            journal: Vec::new(),
            proof: Vec::new(),
        };
        written.phones.push(written.bench.flash());
        // Stopped after each block, until it is no longer stopped.
        for blocks in 1.. {
            written.lay(&[], 0);
            let result = written.restore_stopped_after(blocks);
            written.phones.push(written.bench.flash());
            if result.is_ok() {
                break;
            }
        }
        let done = fs::read_dir(written.folder()).unwrap().find_map(|entry| {
            let path = entry.unwrap().path();
            path.extension().is_some_and(|end| end == "done").then_some(path)
        });
        let done = done.unwrap();
        written.name = done.file_stem().unwrap().to_string_lossy().into_owned();
        written.journal = fs::read(&done).unwrap();
        written.proof = fs::read(written.folder().join("proofs.jsonl")).unwrap();
        assert!(written.phones.len() > 4 && !same(&written.phones[0], &written.bench.flash()));
        written
    }

    fn folder(&self) -> std::path::PathBuf {
        self.bench.context().choices.journals
    }

    fn restored(&self) -> &Flash {
        self.phones.last().unwrap()
    }

    /// Lays these files among the journals and the phone after so many blocks on the bench.
    fn lay(&self, files: &[File], blocks: usize) {
        let _ = fs::remove_dir_all(self.folder());
        fs::create_dir_all(self.folder()).unwrap();
        for (name, bytes) in files {
            fs::write(self.folder().join(name), bytes).unwrap();
        }
        let phone = self.phones[blocks].clone();
        self.bench.change(|flash| *flash = phone);
    }

    fn restore_in(&self, context: &Context<'_>) -> Result<bool, Failure> {
        let archive = open_archive(&self.bench.path("a.nvk")).unwrap();
        let request = RestoreRequest {
            archive: self.bench.path("a.nvk"),
            dry_run: false,
            selection: Selection::Only([Part::Imei].into()),
        };
        restore_at(context, self.bench.port().as_mut(), &archive, &request, &mut |_| true)
            .map(|result| result.written)
    }

    fn restore(&self) -> Result<bool, Failure> {
        self.restore_in(&self.bench.context())
    }

    fn restore_stopped_after(&self, blocks: u64) -> Result<bool, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        let sink = move |event| {
            if let Event::Progress(progress) = event
                && progress.what == "writing"
                && progress.done >= blocks * 512
            {
                asked.store(true, Ordering::Relaxed);
            }
        };
        self.restore_in(&Context { sink: Arc::new(sink), stop, ..self.bench.context() })
    }

    fn resume(&self, undo: bool) -> Result<usize, Failure> {
        resume_at(&self.bench.context(), self.bench.port().as_mut(), undo, &mut |_| true)
            .map(|result| result.written)
    }

    /// Returns a file of this name: `.journal`, `.done`, `.journal.part`.
    fn file(&self, end: &str, bytes: impl Into<Vec<u8>>) -> File {
        (format!("{}{end}", self.name), bytes.into())
    }

    fn ends(&self) -> BTreeMap<String, usize> {
        let mut ends = BTreeMap::new();
        for entry in fs::read_dir(self.folder()).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            let end = name.split_once('.').map_or(String::new(), |(_, end)| end.to_owned());
            *ends.entry(end).or_default() += 1;
        }
        ends
    }

    /// A part of the archive is refused where what is left is no whole layer; the whole archive never is.
    #[track_caller]
    fn mended_by_the_whole_archive(&self, place: &str) {
        if let Err(failure) = self.restore() {
            assert_eq!(failure.code, "binregion-not-valid", "{place}");
            assert!(failure.advice.is_some_and(|advice| advice.contains("whole archive")), "{place}");
            assert!(self.bench.restore("a.nvk").unwrap().written, "{place}");
        }
        assert!(self.bench.inspect().unwrap().is_healthy(), "{place}");
    }

    #[track_caller]
    fn is(&self, phone: &Flash, place: &str) {
        assert!(same(&self.bench.flash(), phone), "{place}: the phone holds something else");
    }
}

/// What a file may hold after a crash, and how it is called here, before its bytes were synced: cut anywhere, or with its length and holes of zeros.
fn torn(whole: &[u8], seed: u64) -> Vec<File> {
    let mut all = vec![("empty".to_owned(), Vec::new()), ("only zeros".to_owned(), vec![0; whole.len()])];
    let sectors = whole.len().div_ceil(SECTOR);
    for sector in 0..sectors {
        let (from, to) = (sector * SECTOR, whole.len().min((sector + 1) * SECTOR));
        all.push((format!("cut at sector {sector}"), whole[..from].to_vec()));
        let mut hole = whole.to_vec();
        hole[from..to].fill(0);
        all.push((format!("sector {sector} zero"), hole));
        let mut end = whole.to_vec();
        end[from..].fill(0);
        all.push((format!("zero from sector {sector}"), end));
    }
    let mut random = Random::new(seed);
    for _ in 0..20 {
        let (mut holes, kept) = (whole.to_vec(), random.next());
        for sector in 0..sectors {
            if kept >> (sector % 64) & 1 == 0 {
                holes[sector * SECTOR..whole.len().min((sector + 1) * SECTOR)].fill(0);
            }
        }
        all.push((format!("sectors {kept:x}"), holes));
        let len = random.below(whole.len() as u64) as usize;
        all.push((format!("cut at byte {len}"), whole[..len].to_vec()));
    }
    all.retain(|(_, bytes)| bytes != whole);
    all
}

#[test]
fn before_the_journal_has_its_name_nothing_is_believed_and_nothing_in_the_way() {
    let written = Written::of_the_imei();
    let mut states = torn(&written.journal, 1);
    states.push(("whole".into(), written.journal.clone()));
    let mut tried = 0;
    for (index, (what, bytes)) in states.into_iter().enumerate() {
        let place = format!(".part {what}");
        written.lay(&[written.file(".journal.part", bytes)], 0);
        assert_eq!(Journal::open_for(&written.folder(), &written.cid).unwrap(), [], "{place}");
        // Every state is looked at; the phone is asked for some, the whole one among them.
        if index % 8 != 0 && what != "whole" {
            continue;
        }
        tried += 1;
        let failure = written.resume(index % 2 == 0).unwrap_err();
        assert_eq!((failure.code, failure.exit), ("no-journal", Exit::Usage), "{place}");
        written.is(&written.phones[0], &place);
        // The same second again: the name is taken by what is left.
        assert!(written.restore().unwrap(), "{place}");
        written.is(written.restored(), &place);
        let ends: Vec<_> = written.ends().into_keys().collect();
        assert_eq!(ends, ["done", "journal.part", "jsonl"], "{place}");
    }
    assert!(tried > 5);
}

#[test]
fn once_the_journal_has_its_name_every_state_leads_to_old_and_to_new() {
    let written = Written::of_the_imei();
    let last = written.phones.len() - 1;
    let journal = || written.file(".journal", &written.journal[..]);
    let mut states: Vec<(String, Vec<File>, usize)> = Vec::new();
    for blocks in 0..=last {
        states.push((format!("{blocks} blocks written"), vec![journal()], blocks));
    }
    // Two names for one file, as file systems without a renaming that refuses make it.
    states.push((
        ".part and .journal".into(),
        vec![journal(), written.file(".journal.part", &written.journal[..])],
        0,
    ));
    // The proof is appended while the journal is open.
    let proofs = torn(&written.proof, 2);
    for (what, bytes) in proofs.into_iter().step_by(6).chain([("whole".into(), written.proof.clone())]) {
        states.push((format!("proof {what}"), vec![journal(), ("proofs.jsonl".into(), bytes)], last));
    }
    // The new name is there and the old one as well.
    let both = vec![journal(), written.file(".done", &written.journal[..])];
    states.push((".journal and .done".into(), both, last));
    let both = vec![journal(), written.file(".done", &written.journal[..700])];
    states.push((".journal and a torn .done".into(), both, last));
    println!("{} states, each finished and taken back", states.len());
    for (what, files, blocks) in &states {
        for undo in [false, true] {
            let place = format!("{what}, undo {undo}");
            written.lay(files, *blocks);
            let failure = written.restore().unwrap_err();
            assert_eq!((failure.code, failure.exit), ("journal-open", Exit::Forbidden), "{place}");
            written.is(&written.phones[*blocks], &place);
            let count = written.resume(undo).unwrap_or_else(|failure| panic!("{place}: {failure:?}"));
            let (wanted, rest) =
                if undo { (&written.phones[0], *blocks) } else { (written.restored(), last - blocks) };
            assert_eq!(count, rest, "{place}: blocks written");
            written.is(wanted, &place);
            let ends = written.ends();
            assert_eq!((ends.get("journal"), ends.get("done")), (None, Some(&1)), "{place}");
            assert!(ends.contains_key("jsonl"), "{place}: no proof was kept");
            assert_eq!(written.resume(undo).unwrap_err().code, "no-journal", "{place}");
        }
    }
}

#[test]
fn a_block_cut_in_its_programming_is_written_again() {
    let written = Written::of_the_imei();
    let journal = Journal::open(&{
        written.lay(&[written.file(".journal", &written.journal[..])], 0);
        written.folder().join(format!("{}.journal", written.name))
    })
    .unwrap();
    let at = journal.blocks().iter().map(|block| block.lba * 512).collect::<Vec<_>>();
    for (index, at) in at.iter().enumerate() {
        for undo in [false, true] {
            written.lay(&[written.file(".journal", &written.journal[..])], index);
            written.bench.change(|flash| {
                let half = [0xFF; 256];
                flash.write(nvkeep::simulator::Area::User, at + 256, &half).unwrap();
            });
            written.resume(undo).unwrap();
            written.is(if undo { &written.phones[0] } else { written.restored() }, &format!("block {index}"));
        }
    }
}

#[test]
fn after_the_journal_is_done_nothing_is_open() {
    let written = Written::of_the_imei();
    let last = written.phones.len() - 1;
    for (what, bytes) in torn(&written.proof, 3).into_iter().step_by(5) {
        written.lay(&[written.file(".done", &written.journal[..]), ("proofs.jsonl".into(), bytes)], last);
        assert_eq!(written.resume(true).unwrap_err().code, "no-journal", "{what}");
        written.is(written.restored(), &what);
    }
}

#[test]
fn a_proof_torn_at_any_byte_or_sector_is_told_and_the_next_one_is_kept() {
    let written = Written::of_the_imei();
    let cuts =
        (0..written.proof.len() - 1).map(|len| (format!("cut at {len}"), written.proof[..len].to_vec()));
    let states: Vec<_> = cuts.chain(torn(&written.proof, 4)).collect();
    let first = written.proof.clone();
    let last = written.phones.len() - 1;
    let file = written.folder().join("proofs.jsonl");
    let known = |text: &[u8]| {
        fs::write(&file, text).unwrap();
        let result = proofs(&written.bench.context(), None).unwrap();
        (result.count, result.torn.len())
    };
    written.lay(&[], last);
    for (what, torn) in &states {
        // Behind a whole record, and as the first one.
        let (count, lines) = known(&[&first[..], torn].concat());
        // Only the end of its line is missing: such a record is whole.
        let whole = torn.len() + 1 == first.len() && first.starts_with(torn);
        if torn.is_empty() {
            assert_eq!((count, lines), (1, 0), "{what}");
        } else if !whole {
            assert_eq!((count, lines), (1, 1), "{what}");
            assert_eq!(known(torn), (0, 1), "{what}, alone");
        }
    }
    // The next write's record follows the last whole one.
    for (what, torn) in states.iter().step_by(states.len() / 12) {
        written.lay(&[("proofs.jsonl".into(), [&first[..], torn].concat())], 0);
        assert!(written.restore().unwrap(), "{what}");
        assert_eq!(proofs(&written.bench.context(), None).unwrap().count, 2, "{what}");
    }
}

#[test]
fn a_torn_journal_under_its_final_name_is_refused_by_name_with_advice() {
    let written = Written::of_the_imei();
    let context = written.bench.context();
    let path = written.folder().join(format!("{}.journal", written.name));
    written.lay(&[], 0);
    let refused = |what: &str| {
        let failure = open_journal_of(&context, &written.cid).unwrap_err();
        assert_eq!((failure.code, failure.exit), ("journal-corrupt", Exit::Forbidden), "{what}");
        assert!(failure.message.contains(&path.display().to_string()), "{what}: {failure}");
        failure
    };
    // A short one is cut at every byte in `journal`.
    for len in (0..written.journal.len()).step_by(5) {
        fs::write(&path, &written.journal[..len]).unwrap();
        refused(&format!("cut at {len}"));
    }
    for (index, (what, bytes)) in torn(&written.journal, 5).into_iter().enumerate() {
        fs::write(&path, &bytes).unwrap();
        let advice = refused(&what).advice.unwrap();
        assert!(advice.contains("diagnose") && advice.contains("move the file"), "{advice}");
        if index % 16 != 0 {
            continue;
        }
        // Neither written nor resumed, but looked at and saved; and nothing about the file is changed.
        written.lay(&[written.file(".journal", &bytes[..])], 2);
        assert_eq!(written.restore().unwrap_err().code, "journal-corrupt", "{what}");
        assert_eq!(written.resume(index % 32 == 0).unwrap_err().code, "journal-corrupt", "{what}");
        written.is(&written.phones[2], &what);
        assert_eq!(fs::read(&path).unwrap(), bytes);
        written.bench.inspect().unwrap();
        written.bench.backup("now.nvk").unwrap();
        fs::remove_file(written.bench.path("now.nvk")).unwrap();
        // What the advice says leads out: the half that was written is told by its sums, and the whole archive mends it.
        fs::rename(&path, written.bench.path("kept-aside")).unwrap();
        written.mended_by_the_whole_archive(&what);
    }
}

#[test]
fn a_torn_journal_of_one_phone_does_not_keep_another_from_being_written() {
    let written = Written::of_the_imei();
    let bench = &written.bench;
    bench.phone_becomes("mt6572-other-phone");
    let other = bench.backup("b.nvk").unwrap().report.phone.cid;
    assert_ne!(other, written.cid);
    let folder = written.folder();
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let lie = |name: &str| fs::write(folder.join(name), &written.journal[..800]).unwrap();
    let open = |cid: &str| open_journal_of(&bench.context(), cid).map_err(|failure| failure.code);
    lie(&format!("{}.journal", written.name));
    assert_eq!((open(&written.cid), open(&other)), (Err("journal-corrupt"), Ok(None)));
    assert_eq!(open(&written.cid.to_uppercase()), Err("journal-corrupt"));
    // The other phone is written to, beside it.
    bench.restore("b.nvk").unwrap();
    assert!(folder.join(format!("{}.journal", written.name)).exists());
    // A name that was not given here says nothing: it may be any phone's.
    for name in ["x.journal", "dead-1.journal", "-1.journal", &format!("{}.journal", &written.name[1..])] {
        lie(name);
        assert_eq!(open(&other), Err("journal-corrupt"), "{name}");
        fs::remove_file(folder.join(name)).unwrap();
        assert_eq!(open(&other), Ok(None));
    }
}

#[test]
fn a_journal_that_was_lost_with_its_folder_is_not_missed_falsely() {
    // The disk said that the name was kept, and forgot it: blocks are written and nothing tells of them.
    let written = Written::of_the_imei();
    let last = written.phones.len() - 1;
    for blocks in 1..last {
        written.lay(&[], blocks);
        assert_eq!(written.resume(false).unwrap_err().code, "no-journal");
        written.is(&written.phones[blocks], "resume without a journal");
        written.mended_by_the_whole_archive(&format!("{blocks} blocks"));
    }
}

#[test]
fn a_backup_that_was_cut_is_no_archive_and_is_told_from_a_run_that_goes_on() {
    let bench = Workbench::with("mt6572-format-all");
    bench.backup("a.nvk").unwrap();
    let whole = fs::read(bench.path("a.nvk")).unwrap();
    for (what, bytes) in torn(&whole, 6).into_iter().step_by(7) {
        let part = bench.path("b.nvk.part");
        fs::write(&part, &bytes).unwrap();
        assert!(!Archive::open(&part).is_ok_and(|mut archive| archive.verify().is_whole()), "{what}");
        let failure = bench.backup("b.nvk").unwrap_err();
        assert_eq!(failure.code, "target-busy", "{what}");
        assert!(failure.message.contains("delete it if none runs"), "{failure}");
        assert!(!Path::new(&bench.path("b.nvk")).exists() && fs::read(&part).unwrap() == bytes, "{what}");
        fs::remove_file(&part).unwrap();
    }
    bench.backup("b.nvk").unwrap();
    assert_eq!(fs::read(bench.path("b.nvk")).unwrap(), whole);
}
