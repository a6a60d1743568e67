//! The way of every plan to the phone: confirm, prove the old blocks, journal, write, read back, judge. Whoever made the
//! plan says only how to judge what it leaves behind.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::journal::{done, journal_of, refuse_open_journal};
use super::proof::{Finished, keep};
use super::regions::content_agrees;
use super::session::PhoneSession;
use super::staging::PlanSummary;
use super::survey::Report;
use super::{Context, Event, Exit, Failure, Progress};
use crate::identity;
use crate::protocol::ProtocolError;
use crate::storage::{
    BLOCK, BlockChange, CommitError, Place, ProveError, Shared, commit, prove, shared::lock,
};
use crate::vault::{Journal, JournalHeader, Manifest};

/// More blocks than this are not written along with others: where so many begin like a sparse image, something else is wrong.
const MOST_NEIGHBOURS: usize = 256;

/// What a write did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WriteResult {
    /// The plan.
    pub plan: PlanSummary,
    /// Whether it was carried out.
    pub written: bool,
    /// The phone before.
    pub before: Report,
    /// The phone after, read back; the staged image for a dry run.
    pub after: Report,
    /// Where the old content of every written block is kept.
    pub journal: Option<PathBuf>,
    /// Seconds on the cable.
    pub cable_seconds: f64,
}

/// A plan as it is put before the user: what it does, and the phone before and after it.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// The plan.
    pub plan: &'a PlanSummary,
    /// The phone as it is.
    pub before: &'a Report,
    /// The phone as it will be: the staged image, judged.
    pub after: &'a Report,
}

/// Asks the user whether to carry a plan out.
pub type Confirm<'a> = &'a mut dyn FnMut(Offer<'_>) -> bool;

/// A plan that passed every check on the staged image, not yet carried out.
pub(super) struct Proposal {
    /// For the journal: `restore of a.nvk`.
    pub title: String,
    /// As it is shown.
    pub summary: PlanSummary,
    /// Blocks, in the order they are written.
    pub changes: Vec<BlockChange>,
    /// The phone before.
    pub before: Report,
    /// The staged image.
    pub staged: Report,
    /// Stop here.
    pub dry_run: bool,
}

/// Refuses to plan where a write could not be undone or would go to an unproven place.
///
/// # Errors
/// `journal-open`, `layout-unproven`.
pub(super) fn may_write(context: &Context<'_>, session: &PhoneSession, dry_run: bool) -> Result<(), Failure> {
    refuse_open_journal(context, &session.facts.cid)?;
    match refuse_unproven(session) {
        // What would be done may be shown of a phone that is only read.
        Err(why) if dry_run && session.layout.nand => {
            context.warn(format!("this stays a plan: {why}"));
            Ok(())
        }
        outcome => outcome,
    }
}

/// Ends the session: a phone with a half-finished write must not boot, and waits in its loop for `resume`.
///
/// # Errors
/// The result's own.
pub(super) fn close<T>(
    context: &Context<'_>,
    session: &PhoneSession,
    result: Result<T, Failure>,
) -> Result<T, Failure> {
    if result.is_err() && refuse_open_journal(context, &session.facts.cid).is_err() {
        return result.map_err(|failure| session.stays_behind(session.explain(failure)));
    }
    session.close(context, result)
}

/// A copy for publishing holds textbook values: it may be looked at, never written.
///
/// # Errors
/// `archive-redacted`.
pub(super) fn refuse_redacted(manifest: &Manifest) -> Result<(), Failure> {
    if !manifest.redacted {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Forbidden,
        "archive-redacted",
        "the archive is a redacted copy: its identities are textbook values and belong to no phone",
    )
    .advise("Use the archive it was made from."))
}

/// Carries a proposal out. `judge` looks at the phone after the write, and fails when what it sees may not be.
///
/// # Errors
/// Any; once the journal exists the failure names it.
pub(super) fn carry(
    context: &Context<'_>,
    session: &PhoneSession,
    proposal: Proposal,
    confirm: Confirm<'_>,
    judge: &dyn Fn() -> Result<Report, Failure>,
) -> Result<WriteResult, Failure> {
    let Proposal { title, summary, changes, before, staged, dry_run } = proposal;
    let result = |after, journal: Option<PathBuf>| WriteResult {
        plan: summary.clone(),
        written: journal.is_some(),
        before: before.clone(),
        after,
        journal,
        cable_seconds: lock(&session.disk).elapsed().as_secs_f64(),
    };
    if dry_run || changes.is_empty() {
        return Ok(result(staged, None));
    }
    context.step("The plan is ready");
    if !confirm(Offer { plan: &summary, before: &before, after: &staged }) {
        context.go_on()?;
        return Err(Failure::new(
            Exit::Forbidden,
            "not-confirmed",
            "the plan was not confirmed; nothing was written",
        ));
    }
    context.go_on()?;
    let neighbours = neighbours_of(session, &changes)?;
    prove_old(session, &changes)?;
    let header = JournalHeader {
        created: (context.now)(),
        chip: session.facts.chip.clone(),
        cid: session.facts.cid.clone(),
        title,
    };
    let journal = journal_of(context, &header, &[&changes[..], &neighbours[..]].concat())?;
    write(context, session, &changes, &journal)?;
    context.step("Reading back and judging");
    let after = judge()?;
    // The proof comes before the journal's end: a crash between the two leaves a journal that only needs closing.
    let finished = Finished {
        title: &journal.header().title.clone(),
        binding: &summary.binding,
        plan: Some(&summary),
        after: Some(&after),
        undone: false,
    };
    keep(context, session, &journal, &finished);
    let kept = done(journal)?;
    Ok(result(after, Some(kept)))
}

/// The layout must have passed every cross-check of msdc-direct.md 10 before anything is written by it.
pub(super) fn refuse_unproven(session: &PhoneSession) -> Result<(), Failure> {
    let unproven =
        |why: String, advice: &str| Failure::new(Exit::Forbidden, "layout-unproven", why).advise(advice);
    let layout = &session.layout;
    if session.layout.nand {
        let failure = Failure::from(ProtocolError::NandReadOnly);
        return Err(Failure { exit: Exit::Forbidden, ..failure });
    }
    if !lock(&session.disk).capabilities().write {
        let chip = &session.facts.chip;
        let why = format!(
            "{chip} is described but not verified for the {} engine: it is read-only",
            session.facts.engine
        );
        return Err(Failure::new(Exit::Forbidden, "chip-not-verified", why)
            .advise("Back it up and inspect it; nothing is ever written to a chip nobody has verified."));
    }
    if !layout.is_proven() {
        return Err(unproven(
            format!(
                "the partition layout is not proven, so nothing is written: {}",
                layout.doubts.join("; ")
            ),
            "Give the scatter file of this phone's firmware with --scatter FILE; if it is given already, it contradicts the phone, or cannot settle this.",
        ));
    }
    if layout.learned_from == "scatter" && !content_agrees(&(session.disk.clone() as Shared), layout)? {
        return Err(unproven(
            "nothing on the card confirms the scatter file: no BinRegion and no file system lies where it says".into(),
            "Let the phone boot once, so that Android makes its file systems, and try again.",
        ));
    }
    Ok(())
}

pub(super) fn refused(refusal: &identity::Refusal) -> Failure {
    Failure::new(Exit::Forbidden, refusal.code(), refusal.to_string()).advise(refusal.advice())
}

/// Returns the blocks that the engine may write along with these changes, with what they hold: power that is lost while the card
/// programs one of them may tear it, so they lie in the journal too, the same before and after.
///
/// An engine that must send a block behind its neighbours may do so only where they are of the same partition: nothing outside
/// the identity regions is written, not even with what it holds.
fn neighbours_of(session: &PhoneSession, changes: &[BlockChange]) -> Result<Vec<BlockChange>, Failure> {
    let mut disk = lock(&session.disk);
    let changed: BTreeSet<u64> = changes.iter().map(|change| change.lba).collect();
    let mut neighbours = BTreeMap::new();
    let mut open: Vec<BlockChange> = changes.to_vec();
    while let Some(BlockChange { lba, old, new }) = open.pop() {
        // An undo writes the old block.
        let before = disk.neighbours(&new).max(disk.neighbours(&old));
        let (at, span) = (lba.saturating_mul(BLOCK), before * BLOCK);
        let inside = |place: &Place| place.start + span <= at && at - place.start < place.len;
        if before == 0 {
            continue;
        }
        if neighbours.len() > MOST_NEIGHBOURS || !session.layout.places.iter().any(inside) {
            let why = format!(
                "block {lba:#x} begins like a sparse image, and the {} engine cannot write it without its neighbours, which may belong \
                 to another partition; nothing was written",
                session.facts.engine
            );
            return Err(Failure::new(Exit::Forbidden, "agent-sparse", why)
                .advise("Use --engine direct for this phone, or report this."));
        }
        for lba in (lba - before..lba).filter(|lba| !changed.contains(lba)) {
            if let Entry::Vacant(free) = neighbours.entry(lba) {
                let held = Box::new(disk.read_again(lba)?);
                let kept = BlockChange { lba, old: held.clone(), new: held };
                // To put it back if it is torn, it may need neighbours of its own.
                open.push(kept.clone());
                free.insert(kept);
            }
        }
    }
    Ok(neighbours.into_values().collect())
}

/// Reads every block that will change once more, before the journal is made: a journal must hold what is on the card, and
/// a plan made from a bit that came wrong must not be kept as the way forward.
fn prove_old(session: &PhoneSession, changes: &[BlockChange]) -> Result<(), Failure> {
    prove(&mut lock(&session.disk), changes).map_err(|error| match error {
        ProveError::Protocol(cause) => Failure::from(cause),
        ProveError::Moved { lba } => Failure::new(
            Exit::Forbidden,
            "phone-changed",
            format!("block {lba:#x} does not read the same twice; nothing was written"),
        )
        .advise("Restart the phone, try another cable, and start again; if it repeats, the eMMC is failing."),
    })
}

pub(super) fn stranger(stranger: identity::Stranger) -> Failure {
    Failure::new(Exit::Forbidden, "foreign-identity", format!("{stranger}"))
        .advise("nvkeep writes only what this phone or its archive already held. Nothing of this plan was written unless a journal is named.")
}

fn write(
    context: &Context<'_>,
    session: &PhoneSession,
    changes: &[BlockChange],
    journal: &Journal,
) -> Result<(), Failure> {
    context.step(format!("Writing {} blocks; do not unplug the phone", changes.len()));
    let mut disk = lock(&session.disk);
    disk.observe(None);
    let began = disk.elapsed();
    let total = changes.len() as u64 * 512;
    let result = commit(&mut disk, changes, |index, elapsed| {
        let elapsed = elapsed.saturating_sub(began);
        let done = index as u64 * 512;
        (context.sink)(Event::Progress(Progress { what: "writing".into(), done, total, elapsed }));
        context.go_on().is_ok()
    });
    result.map_err(|error| interrupted(error, journal))
}

/// A write that did not finish: says how far it came and where the way back is.
fn interrupted(error: CommitError, journal: &Journal) -> Failure {
    let exit = match &error {
        CommitError::Mismatch { .. } => Exit::Mismatch,
        CommitError::Interrupted { .. } => Exit::Interrupted,
        CommitError::Protocol { .. } => Exit::ReadIncomplete,
    };
    let code = match &error {
        CommitError::Mismatch { .. } => "read-back-differs",
        CommitError::Interrupted { .. } => "interrupted",
        CommitError::Protocol { .. } => "write-incomplete",
    };
    Failure::new(exit, code, format!("the write did not finish: {error}")).advise(format!(
        "Plug the phone in again and run `nvkeep resume`: it finishes the write, or takes it back with --undo. \
         Everything it needs is in {}.",
        journal.path().display()
    ))
}
