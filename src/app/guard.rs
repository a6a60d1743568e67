//! `guard`: a backup, then any flasher, then the phone again: what the flash did to its identity is found by meaning, and put
//! back from the archive just made. Which program the flasher is, and how it runs, is the face's business.

mod flasher;
mod harm;
mod result;
mod returning;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::flasher::{Ending, Flasher, FlasherReport};
pub use self::result::{GuardResult, Outcome};

use self::flasher::not_started;
use self::harm::is_harmed;
use self::returning::wait_for_return;
use super::archive::{OpenArchive, open_archive};
use super::backup::{BackupRequest, archive_with_returns};
use super::carry::{Confirm, close, refuse_unproven};
use super::diff::of;
use super::journal::refuse_open_journal;
use super::restore::{RestoreRequest, restore_on};
use super::session::{PhoneSession, connect_at, open_port};
use super::source::{Looked, look_on};
use super::{Context, Exit, Failure};
use crate::identity::Selection;
use crate::storage::shared::lock;
use crate::transport::Port;

/// What a guard is asked to do.
#[derive(Debug, Clone)]
pub struct GuardRequest {
    /// The archive to make first.
    pub backup: BackupRequest,
    /// How long the phone may take to come back to its preloader.
    pub return_within: Duration,
}

/// Guards the phone at the chosen port through a flash.
///
/// # Errors
/// Any. Once the archive exists, every failure names it.
pub fn guard(
    context: &Context<'_>,
    request: &GuardRequest,
    flasher: &mut dyn Flasher,
    confirm: Confirm<'_>,
) -> Result<GuardResult, Failure> {
    if let Some(path) = request.backup.output.as_deref().filter(|path| path.exists()) {
        return Err(crate::vault::VaultError::Exists { path: path.to_path_buf() }.into());
    }
    let mut port = open_port(context)?;
    guard_at(context, port.as_mut(), request, flasher, confirm)
}

/// Guards the phone at this port.
///
/// # Errors
/// As [`guard`].
pub fn guard_at(
    context: &Context<'_>,
    port: &mut dyn Port,
    request: &GuardRequest,
    flasher: &mut dyn Flasher,
    confirm: Confirm<'_>,
) -> Result<GuardResult, Failure> {
    let name = flasher.name();
    if let Some(why) = flasher.obstacle() {
        context.warn(format!("{name} cannot be started: {why}. The backup is made all the same."));
    }
    let kept = keep(context, port, &request.backup)?;
    context.go_on().map_err(|failure| kept.named(failure))?;
    context.note("The phone is the flasher's now: bring it into the mode that program wants.");
    context.step(format!("Running {name}"));
    let ending = flasher.run().map_err(|error| kept.named(not_started(&name, &error)))?;
    match ending.is_good() {
        true => context.note("The flasher ended with exit code 0."),
        false => context.warn(format!("the flasher failed ({ending}); the phone is checked all the same")),
    }
    let flasher = FlasherReport { program: name, ending };
    let back = come_back(context, port, request, &kept);
    let result = back.and_then(|session| {
        let result = settle(context, &session, &kept, flasher, confirm);
        close(context, &session, result)
    });
    result.map_err(|failure| kept.named(told_with(failure, ending)))
}

/// The archive that was made, and whose it is.
struct Kept {
    file: PathBuf,
    sha256: String,
    cid: String,
    random_id: Option<[u8; 16]>,
    whole: bool,
}

impl Kept {
    /// Adds to a failure where the archive is and how it is put back by hand.
    fn named(&self, failure: Failure) -> Failure {
        let file = self.file.display();
        let first = failure.advice.clone().map(|advice| format!("{advice} ")).unwrap_or_default();
        failure.advise(format!(
            "{first}The archive made before the flash is {file}: `nvkeep diff {file} phone` shows what the flash did, \
             `nvkeep restore {file}` puts the phone's own identity back."
        ))
    }
}

/// Backs the phone up and lets it go. A phone to which nothing could be written afterwards is told of before the flash.
fn keep(context: &Context<'_>, port: &mut dyn Port, request: &BackupRequest) -> Result<Kept, Failure> {
    let mut session = connect_at(context, port)?;
    let made = refuse_open_journal(context, &session.facts.cid).and_then(|()| {
        let made = archive_with_returns(context, port, &mut session, request)?;
        if let Err(why) = refuse_unproven(&session) {
            context.warn(format!("as the phone is now, nothing could be put back after the flash: {why}"));
        }
        Ok(made)
    });
    let (cid, random_id) = (session.facts.cid.clone(), lock(&session.disk).random_id());
    let made = close(context, &session, made)?;
    context.note(format!("Backup complete: {}", made.file.display()));
    Ok(Kept { file: made.file, sha256: made.sha256, cid, random_id, whole: made.report.is_healthy() })
}

/// Waits for the phone, and for no other one: a flash does not change a card.
fn come_back(
    context: &Context<'_>,
    port: &mut dyn Port,
    request: &GuardRequest,
    kept: &Kept,
) -> Result<PhoneSession, Failure> {
    let session = wait_for_return(context, port, request.return_within)?;
    if session.facts.cid == kept.cid && !kept.cid.is_empty() {
        return Ok(session);
    }
    if session.layout.nand && kept.cid.is_empty() {
        let told = lock(&session.disk).random_id();
        match (told, kept.random_id) {
            (Some(now), Some(then)) if now == then => return Ok(session),
            (Some(_), Some(_)) => {}
            _ => {
                context.warn(
                    "a raw NAND has no CID: nothing but the comparison shows whether this is the phone that was backed up",
                );
                return Ok(session);
            }
        }
    }
    let other = Failure::new(
        Exit::Forbidden,
        "other-phone",
        format!(
            "another phone came back: it has {}, the one that was backed up {}; nothing was written to it",
            named(&session.facts.cid),
            named(&kept.cid)
        ),
    )
    .advise("Plug in the phone that was backed up.");
    session.close(context, Err(other))
}

/// Returns how a phone is told from another; one without a CID by what its chip says.
fn named(cid: &str) -> String {
    if cid.is_empty() { "a raw NAND and a number of its own".into() } else { format!("the card {cid}") }
}

/// Compares the phone with its archive, and puts back what the flash took.
fn settle(
    context: &Context<'_>,
    session: &PhoneSession,
    kept: &Kept,
    flasher: FlasherReport,
    confirm: Confirm<'_>,
) -> Result<GuardResult, Failure> {
    let open = open_archive(&kept.file)?;
    let found = look_on(context, session)?;
    let comparison = of(context, &looked(&open, &kept.file), &found)?;
    let before = found.report(context)?;
    let harmed = is_harmed(&comparison.comparison);
    if harmed {
        context.step("The flash damaged the phone's identity");
        // What did not change is in the result; here stands what the plan that follows is for.
        let changed = comparison.comparison.summary.iter().filter(|said| !said.ends_with(" same"));
        changed.for_each(|said| context.note(format!("  {said}")));
    }
    let mut result = GuardResult {
        archive: kept.file.clone(),
        sha256: kept.sha256.clone(),
        whole_before: kept.whole,
        flasher,
        comparison,
        outcome: Outcome::Untouched,
        plan: None,
        journal: None,
        after: before,
    };
    if !harmed {
        return Ok(result);
    }
    result.outcome = Outcome::NotRestored;
    let request = RestoreRequest { archive: kept.file.clone(), dry_run: false, selection: Selection::All };
    let mut shown = None;
    let restored = restore_on(context, session, &open, &request, &mut |offer| {
        shown = Some(offer.plan.clone());
        confirm(offer)
    });
    match restored {
        Ok(restored) => {
            // A plan of no block: what differs lies where nothing is written.
            if restored.written {
                result.outcome = Outcome::Restored;
                result.after = restored.after;
            }
            (result.plan, result.journal) = (Some(restored.plan), restored.journal);
            Ok(result)
        }
        Err(failure) if failure.code == "not-confirmed" => Ok(GuardResult { plan: shown, ..result }),
        Err(failure) => Err(failure),
    }
}

fn looked(open: &OpenArchive, file: &Path) -> Looked {
    Looked {
        facts: open.facts.clone(),
        copies: open.copies.clone(),
        covers: open.covers,
        source: format!("archive {}", file.display()),
    }
}

/// A failure after a flash tells how the flasher ended: nothing else would, there is no result.
fn told_with(failure: Failure, ending: Ending) -> Failure {
    let message = format!("{} (the flasher: {ending})", failure.message);
    Failure { message, ..failure }
}
