//! Promise 4: before the first byte is written, old and new content of every block that will change are on disk. `resume`
//! finishes or undoes from any point, and is safe to interrupt and to repeat.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::intake::image::ANDROID_SPARSE;
use super::proof::{Finished, keep};
use super::session::{PhoneSession, connect_at, open_port};
use super::{Context, Event, Exit, Failure, Progress};
use crate::storage::{BlockChange, PhoneDisk, shared::lock};
use crate::transport::Port;
use crate::vault::{Block, Journal, JournalHeader, make_folder};

/// Puts the journal of these changes on disk.
///
/// # Errors
/// When it cannot be kept; then nothing may be written.
pub fn journal_of(
    context: &Context<'_>,
    header: &JournalHeader,
    changes: &[BlockChange],
) -> Result<Journal, Failure> {
    let folder = &context.choices.journals;
    let mut blocks: Vec<Block> =
        changes.iter().map(|change| Block { lba: change.lba, old: *change.old, new: *change.new }).collect();
    blocks.sort_by_key(|block| block.lba);
    let journal = make_folder(folder)
        .and_then(|()| Journal::create(folder, header, &blocks))
        .map_err(|error| not_kept(error.into(), folder))?;
    context.note(format!("The old content of every block is kept in {}", journal.path().display()));
    Ok(journal)
}

/// No journal, no write: says so, and where room is needed.
fn not_kept(failure: Failure, folder: &Path) -> Failure {
    let advice = format!(
        "Nothing was written to the phone, for no journal could be kept in {}. Make room there or make it writable, or name \
         another folder with NVKEEP_HOME.",
        folder.display()
    );
    failure.while_doing("keeping the journal").advise(advice)
}

/// The unfinished writes of this phone, by name. Where it cannot be known whether there is one, nothing is written.
fn open_for(context: &Context<'_>, cid: &str) -> Result<Vec<Journal>, Failure> {
    let folder = &context.choices.journals;
    Journal::open_for(folder, cid).map_err(|error| {
        let failure = Failure::from(error);
        match failure.advice {
            Some(_) => failure,
            None => failure.while_doing("looking for unfinished writes").advise(format!(
                "Make {} a folder that you may read and write, or name another one with NVKEEP_HOME.",
                folder.display()
            )),
        }
    })
}

/// Fails when an earlier write to this phone did not finish.
///
/// # Errors
/// A refusal that names the journal.
pub fn refuse_open_journal(context: &Context<'_>, cid: &str) -> Result<(), Failure> {
    let Some(open) = open_for(context, cid)?.into_iter().next() else {
        return Ok(());
    };
    Err(Failure::new(
        Exit::Forbidden,
        "journal-open",
        format!("an earlier write to this phone did not finish: {}", open.path().display()),
    )
    .advise("Run `nvkeep resume` (or `nvkeep resume --undo`) first."))
}

/// Returns the title of the write to this phone that did not finish, if there is one.
///
/// # Errors
/// When the journals cannot be read.
pub fn open_journal_of(context: &Context<'_>, cid: &str) -> Result<Option<String>, Failure> {
    let open = open_for(context, cid)?.into_iter().next_back();
    Ok(open.map(|journal| journal.header().title.clone()))
}

/// Ends the journal of a write that was read back.
///
/// # Errors
/// When the disk does not keep that; the phone is as it should be all the same.
pub(super) fn done(journal: Journal) -> Result<PathBuf, Failure> {
    journal.mark_done().map_err(|error| {
        Failure::from(error)
            .while_doing("every block is written and read back, but its journal could not be closed")
            .advise("Make the folder of the journals writable, and run `nvkeep resume`: it finds nothing left to write and closes it.")
    })
}

/// What a resume did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResumeResult {
    /// Which write it was.
    pub title: String,
    /// Whether the old content was put back instead of the new.
    pub undone: bool,
    /// Blocks that the write changes.
    pub blocks: usize,
    /// Blocks that had to be written.
    pub written: usize,
    /// Where the journal is now.
    pub journal: PathBuf,
}

/// Finishes or undoes the interrupted write of the phone at the chosen port.
///
/// # Errors
/// When there is none, when a block holds neither old nor new content, or when the cable fails again; the journal stays.
pub fn resume(
    context: &Context<'_>,
    undo: bool,
    confirm: &mut dyn FnMut(&str) -> bool,
) -> Result<ResumeResult, Failure> {
    let mut port = open_port(context)?;
    resume_at(context, port.as_mut(), undo, confirm)
}

/// As [`resume`], at this port.
///
/// # Errors
/// As [`resume`].
pub fn resume_at(
    context: &Context<'_>,
    port: &mut dyn Port,
    undo: bool,
    confirm: &mut dyn FnMut(&str) -> bool,
) -> Result<ResumeResult, Failure> {
    let session = connect_at(context, port)?;
    let result = resume_on(context, &session, undo, confirm);
    super::carry::close(context, &session, result)
}

/// Finishes or undoes the interrupted write of a connected phone, which stays connected.
///
/// # Errors
/// As [`resume`].
pub fn resume_on(
    context: &Context<'_>,
    session: &PhoneSession,
    undo: bool,
    confirm: &mut dyn FnMut(&str) -> bool,
) -> Result<ResumeResult, Failure> {
    let journals = open_for(context, &session.facts.cid)?;
    // The youngest write comes last by name; undoing goes backwards, finishing too: only one can be open at a time.
    let Some(journal) = journals.into_iter().next_back() else {
        return Err(Failure::new(Exit::Usage, "no-journal", "no write to this phone is unfinished"));
    };
    let title = journal.header().title.clone();
    let blocks = journal.changes();
    let what = if undo { "put back the old content" } else { "finish the write" };
    if !confirm(&format!("{title}: {what} of {blocks} blocks")) {
        return Err(Failure::new(Exit::Forbidden, "not-confirmed", "not confirmed; nothing was written"));
    }
    context.step(format!("{title}: {what}"));
    let written = write(context, session, &journal, undo)?;
    let told = format!("{title}: {}", if undo { "taken back" } else { "finished after an interruption" });
    let finished = Finished {
        title: &told,
        binding: "the journal names this card",
        plan: None,
        after: None,
        undone: undo,
    };
    keep(context, session, &journal, &finished);
    let journal = done(journal)?;
    Ok(ResumeResult { title, undone: undo, blocks, written, journal })
}

/// Looks at every block before it writes the first: a block that holds neither content belongs to somebody else.
fn write(
    context: &Context<'_>,
    session: &PhoneSession,
    journal: &Journal,
    undo: bool,
) -> Result<usize, Failure> {
    let mut disk = lock(&session.disk);
    let mut pending = Vec::new();
    for block in journal.blocks() {
        context.go_on()?;
        let now = disk.read_again(block.lba).map_err(Failure::from)?;
        let (wanted, other) = if undo { (&block.old, &block.new) } else { (&block.new, &block.old) };
        if now == *wanted {
            continue;
        }
        if now != *other {
            // A block whose programming was cut may hold anything; it is ours because the journal names it, but only one
            // block at a time can be torn.
            pending.push((block.lba, *wanted, true));
            continue;
        }
        pending.push((block.lba, *wanted, false));
    }
    let torn: Vec<u64> = pending.iter().filter(|(_, _, torn)| *torn).map(|(lba, ..)| *lba).collect();
    if !is_one_loss(journal, &torn) {
        let torn = torn.len();
        return Err(Failure::new(
            Exit::Forbidden,
            "phone-changed",
            format!("{torn} blocks hold neither the old nor the new content: the phone was changed since"),
        )
        .advise(format!(
            "Back the phone up as it is now; then move {} to another folder, and restore from an archive.",
            journal.path().display()
        )));
    }
    refuse_unkept_neighbours(&disk, journal, &pending, undo)?;
    // The torn one first: power that is lost again would else leave a second one, and two are not believed to be ours.
    // Behind it the order of every write: a BinRegion's header last, so that half of one is never believed.
    let header = session.layout.find("NVRAM").map(|place| place.start / 512);
    pending.sort_by_key(|(lba, _, torn)| (!*torn, Some(*lba) == header));
    for (index, (lba, wanted, _)) in pending.iter().enumerate() {
        context.go_on()?;
        let same = disk.write_and_read_back(*lba, wanted).map_err(Failure::from)?;
        if !same {
            return Err(Failure::new(
                Exit::Mismatch,
                "read-back-differs",
                format!("block {lba:#x} does not read back as written"),
            )
            .advise(format!(
                "Run `nvkeep resume` once more, with another cable and a full battery; the journal stays open: {}. A card that \
                 keeps forgetting this block is worn out.",
                journal.path().display()
            )));
        }
        (context.sink)(Event::Progress(Progress {
            what: "writing".into(),
            done: (index as u64 + 1) * 512,
            total: pending.len() as u64 * 512,
            elapsed: disk.elapsed(),
        }));
    }
    // Those that were written along hold what they held, and are not counted on the other side either.
    let changed = |lba: u64| journal.blocks().iter().any(|block| block.lba == lba && !block.is_kept());
    Ok(pending.iter().filter(|(lba, ..)| changed(*lba)).count())
}

/// Returns whether one loss of power can have torn these blocks: a single one, or a block with those right before it that an
/// engine writes in the same packet, because it begins like a sparse image.
fn is_one_loss(journal: &Journal, torn: &[u64]) -> bool {
    let block = |lba: u64| journal.blocks().iter().find(|block| block.lba == lba);
    let brings = |lba: u64| {
        let sparse = |bytes: &[u8; 512]| bytes.starts_with(&ANDROID_SPARSE);
        block(lba).is_some_and(|block| sparse(&block.old) || sparse(&block.new))
    };
    let is_kept = |lba: u64| block(lba).is_some_and(|block| block.is_kept());
    torn.windows(2).all(|pair| pair[0] + 1 == pair[1] && (is_kept(pair[0]) || brings(pair[1])))
}

/// An engine that writes a block along with its neighbours may do so only where those can be put back: a journal that another
/// engine made does not hold them.
fn refuse_unkept_neighbours(
    disk: &PhoneDisk,
    journal: &Journal,
    pending: &[(u64, [u8; 512], bool)],
    undo: bool,
) -> Result<(), Failure> {
    let holds = |lba: u64| journal.blocks().binary_search_by_key(&lba, |block| block.lba).is_ok();
    for (lba, wanted, _) in pending {
        let before = disk.neighbours(wanted);
        if lba.checked_sub(before).is_some_and(|first| (first..*lba).all(holds)) {
            continue;
        }
        let why = format!(
            "block {lba:#x} begins like a sparse image, and the {} engine would write it along with neighbours that its journal does \
             not hold; nothing was written",
            disk.engine_name()
        );
        let undo = if undo { " --undo" } else { "" };
        return Err(Failure::new(Exit::Forbidden, "agent-sparse", why)
            .advise(format!("Run `nvkeep resume{undo} --engine direct`: that one writes single blocks.")));
    }
    Ok(())
}
