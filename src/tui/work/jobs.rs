//! The jobs themselves: each is a verb of `app` on the phone that is held, or on a file.

use std::io::Write;
use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;

use super::Worker;
use crate::app::archive::{open_with, verify};
use crate::app::backup::{BackupRequest, archive};
use crate::app::carry::{Offer, WriteResult};
use crate::app::journal::resume_on;
use crate::app::repair::{RepairRequest, repair_on};
use crate::app::restore::{RestoreRequest, restore_on};
use crate::app::session::PhoneSession;
use crate::app::shelf::shelf;
use crate::app::source::{Looked, look, look_on};
use crate::app::{Exit, Failure, Report, diff, random};
use crate::tui::message::{Job, News, Offered, Outcome, Place, Proposal, Task};
use crate::tui::subject::{Origin, Subject};

impl Worker<'_> {
    /// Does a job.
    pub(super) fn perform(&mut self, job: Job) -> Result<Outcome, Failure> {
        match job {
            Job::Leave => {
                self.station.leave(self.context);
                self.news(News::Left);
                Ok(Outcome::Done(Task::Leave))
            }
            Job::Look => self.look(),
            Job::Open(path) => {
                let report = look(self.context, Some(&path))?.report(self.context)?;
                Ok(Outcome::Looked(Box::new(Subject::of(Origin::File(path), report))))
            }
            Job::Backup { note, full } => self.backup(note, full),
            Job::Restore { archive, parts } => {
                let open = open_with(self.context, &archive)?;
                let title = format!("restore of {}", archive.display());
                let request = RestoreRequest { archive, dry_run: false, selection: parts };
                let session = self.session()?;
                let confirm = &mut |offer: Offer<'_>| self.ask(&title, Some(offer), session);
                let result = restore_on(self.context, session, &open, &request, confirm)?;
                written(Task::Restore, result)
            }
            Job::Repair { archive, label, new_mac, deep } => {
                let new_macs = new_mac.then(random::addresses).transpose()?;
                let open = archive.as_deref().map(|path| open_with(self.context, path)).transpose()?;
                let request = RepairRequest { archive, label, new_macs, deep, dry_run: false };
                let session = self.session()?;
                let confirm =
                    &mut |offer: Offer<'_>| self.ask("repair from surviving copies", Some(offer), session);
                let result = repair_on(self.context, session, open.as_ref(), &request, confirm)?;
                written(Task::Repair, result)
            }
            Job::Resume { undo } => {
                let session = self.session()?;
                let result =
                    resume_on(self.context, session, undo, &mut |title| self.ask(title, None, session))?;
                Ok(Outcome::Resumed(Box::new(result)))
            }
            Job::Compare(a, b) => {
                let (a, b) = (self.side(&a)?, self.side(&b)?);
                Ok(Outcome::Compared(Box::new(diff::of(self.context, &a, &b)?.into())))
            }
            Job::List => Ok(Outcome::Listed(Box::new(shelf(self.context, &self.folder, None)?))),
            Job::Verify(path) => {
                let mut result = verify(self.context, &path)?;
                forget_records(&mut result.report);
                Ok(Outcome::Verified(path, Box::new(result)))
            }
            Job::Save { path, bytes } => save(&path, &bytes).map(|()| Outcome::Kept(path)),
            Job::Watch { .. } | Job::Rest | Job::Answer(_) => Ok(Outcome::Done(Task::Look)),
        }
    }

    /// Reads and judges the connected phone.
    pub(super) fn look(&mut self) -> Result<Outcome, Failure> {
        let report = look_on(self.context, self.session()?)?.report(self.context)?;
        Ok(Outcome::Looked(Box::new(Subject::of(Origin::Phone, report))))
    }

    fn session(&self) -> Result<&PhoneSession, Failure> {
        self.station.session().ok_or_else(Self::nobody)
    }

    fn side(&self, place: &Place) -> Result<Looked, Failure> {
        match place {
            Place::Phone => look_on(self.context, self.session()?),
            Place::File(path) => look(self.context, Some(path)),
        }
    }

    fn backup(&self, note: String, full: bool) -> Result<Outcome, Failure> {
        let session = self.session()?;
        let request = BackupRequest { folder: self.folder.clone(), note, full, ..BackupRequest::default() };
        let mut result = archive(self.context, session, &request)?;
        forget_records(&mut result.report);
        Ok(Outcome::Saved(Box::new(result)))
    }

    /// Puts a plan before the user and waits for the answer. A phone that leaves meanwhile is a no, and so is a screen that
    /// is closed.
    fn ask(&self, title: &str, offer: Option<Offer<'_>>, session: &PhoneSession) -> bool {
        let judged = |report: &Report| {
            let mut report = report.clone();
            forget_records(&mut report);
            report
        };
        let proposal = offer.map(|offer| Proposal {
            plan: offer.plan.clone(),
            before: judged(offer.before),
            after: judged(offer.after),
        });
        self.news(News::Offered(Box::new(Offered { title: title.into(), proposal })));
        loop {
            match self.jobs.recv_timeout(self.pulse) {
                Ok(Job::Answer(yes)) => return yes,
                // Nothing else is taken while the question is open.
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if session.is_there().is_ok() => {}
                Err(_) => return false,
            }
        }
    }
}

/// Only what is looked at is shown file by file; elsewhere the judgement is enough, and no recording holds the files.
fn forget_records(report: &mut Report) {
    report.records = None;
}

fn written(task: Task, mut result: WriteResult) -> Result<Outcome, Failure> {
    forget_records(&mut result.before);
    forget_records(&mut result.after);
    Ok(Outcome::Written(task, Box::new(result)))
}

/// Writes a file that does not exist yet.
fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::new(
            Exit::Usage,
            "file-exists",
            format!("{} is there already; it is not replaced", path.display()),
        ),
        _ => Failure::file("writing", path, &error),
    };
    let mut file = std::fs::File::create_new(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| {
        // A part of it would pass for the whole.
        let _ = std::fs::remove_file(path);
        failed(error)
    })
}
