//! `restore`: binding, plan, closed world; then the common way of every plan to the phone, which is `carry`.

use std::path::PathBuf;

use super::archive::{OpenArchive, ids_for_binding, open_with};
use super::carry::{
    Confirm, Proposal, WriteResult, carry, close, may_write, refuse_redacted, refused, stranger,
};
use super::gather::{Scope, gather};
use super::session::{PhoneSession, connect_at, open_port};
use super::staging::{PlanSummary, guard_for, in_safe_order, replaces_live_volume, stage_regions, summarise};
use super::survey::Report;
use super::{Context, Failure};
use crate::formats::WriteAt;
use crate::identity::{self, Copies, Selection, closed_world};
use crate::storage::{BlockChange, Shared, Staged, share, shared::lock};
use crate::transport::Port;

/// What a restore did.
pub type RestoreResult = WriteResult;

/// What a restore is asked to do.
#[derive(Debug, Clone)]
pub struct RestoreRequest {
    /// The archive.
    pub archive: PathBuf,
    /// Stop after the plan.
    pub dry_run: bool,
    /// What to put back.
    pub selection: Selection,
}

/// Puts an archive back to the phone at the chosen port.
///
/// # Errors
/// Any; before the journal exists nothing was written, and after it the failure names the journal.
pub fn restore(
    context: &Context<'_>,
    request: &RestoreRequest,
    confirm: Confirm<'_>,
) -> Result<RestoreResult, Failure> {
    let archive = open_with(context, &request.archive)?;
    let mut port = open_port(context)?;
    restore_at(context, port.as_mut(), &archive, request, confirm)
}

/// Puts an open archive back to the phone at this port.
///
/// # Errors
/// As [`restore`].
pub fn restore_at(
    context: &Context<'_>,
    port: &mut dyn Port,
    archive: &OpenArchive,
    request: &RestoreRequest,
    confirm: Confirm<'_>,
) -> Result<RestoreResult, Failure> {
    let session = connect_at(context, port)?;
    let result = restore_on(context, &session, archive, request, confirm);
    close(context, &session, result)
}

/// What both ends hold before anything is planned.
struct Ground<'a> {
    context: &'a Context<'a>,
    session: &'a PhoneSession,
    archive: &'a OpenArchive,
    request: &'a RestoreRequest,
    phone: Copies,
    before: Report,
    archived: Report,
    binding: String,
}

/// A plan that passed every check, not yet carried out.
struct Checked {
    plan: identity::Plan,
    summary: PlanSummary,
    changes: Vec<BlockChange>,
    staged: Report,
}

/// Puts an open archive back to a connected phone, which stays connected.
///
/// # Errors
/// As [`restore`].
pub fn restore_on(
    context: &Context<'_>,
    session: &PhoneSession,
    archive: &OpenArchive,
    request: &RestoreRequest,
    confirm: Confirm<'_>,
) -> Result<RestoreResult, Failure> {
    may_write(context, session, request.dry_run)?;
    refuse_redacted(&archive.manifest)?;
    let ground = look(context, session, archive, request)?;
    let checked = plan(&ground)?;
    let proposal = Proposal {
        title: format!("restore of {}", request.archive.display()),
        summary: checked.summary,
        changes: checked.changes,
        before: ground.before.clone(),
        staged: checked.staged,
        dry_run: request.dry_run,
    };
    carry(context, session, proposal, confirm, &|| {
        let after = ground.judge_phone(&(session.disk.clone() as Shared), "phone")?;
        closed_world(&after.survey, &[&ground.before.survey, &ground.archived.survey]).map_err(stranger)?;
        identity::check_outcome(&checked.plan, &after.survey).map_err(|refusal| refused(&refusal))?;
        Ok(after)
    })
}

/// Reads what the phone holds now, and decides whether the archive may be written to it (promise 3).
fn look<'a>(
    context: &'a Context<'a>,
    session: &'a PhoneSession,
    archive: &'a OpenArchive,
    request: &'a RestoreRequest,
) -> Result<Ground<'a>, Failure> {
    context.step("Reading what the phone holds now");
    let disk: Shared = session.disk.clone();
    let live = request.selection.live_files();
    let phone = gather(&disk, &session.layout, scope(request, live.as_deref()))?;
    let parts = &request.selection;
    let before = Report::of_parts(context, session.facts.clone(), &phone, "phone".into(), parts)?;
    let archived = Report::of(context, archive.facts.clone(), &archive.copies, "archive".into())?;
    identity::places_are_known(&archive.ids).map_err(|refusal| refused(&refusal))?;
    let binding =
        identity::bind(&ids_for_binding(&session.ids()), &archive.ids, &before.survey, &archived.survey)
            .map_err(|refusal| refused(&refusal))?
            .to_string();
    Ok(Ground { context, session, archive, request, phone, before, archived, binding })
}

/// Stages the plan and judges the staged image: no identity may be in it that was not there before (promise 2).
fn plan(ground: &Ground<'_>) -> Result<Checked, Failure> {
    let Ground { context, session, archive, request, phone, .. } = ground;
    context.step("Planning");
    let mut plan = identity::plan_restore(phone, &archive.copies, &request.selection)
        .map_err(|refusal| refused(&refusal))?;
    if request.selection.is_all() && replaces_live_volume(archive, session) {
        plan.edits.clear();
        plan.live = identity::LiveOutcome::Rewritten;
    }
    let staged = share(Staged::new(session.disk.clone(), guard_for(session, phone)));
    if request.selection.is_all() {
        stage_regions(context, archive, session, &staged)?;
    }
    for edit in &plan.edits {
        lock(&staged).write_at(edit.at, &edit.bytes)?;
    }
    let report = ground.judge_phone(&(staged.clone() as Shared), "plan")?;
    closed_world(&report.survey, &[&ground.before.survey, &ground.archived.survey]).map_err(stranger)?;
    identity::check_outcome(&plan, &report.survey).map_err(|refusal| refused(&refusal))?;
    let changes = in_safe_order(session, lock(&staged).changes());
    let summary = summarise(session, &ground.binding, &plan, &changes);
    Ok(Checked { plan, summary, changes, staged: report })
}

impl Ground<'_> {
    /// Judges the phone, as it is or as it would be, with the same eyes as before.
    fn judge_phone(&self, disk: &Shared, source: &str) -> Result<Report, Failure> {
        let live = self.request.selection.live_files();
        let copies = gather(disk, &self.session.layout, scope(self.request, live.as_deref()))?;
        let parts = &self.request.selection;
        Report::of_parts(self.context, self.session.facts.clone(), &copies, source.into(), parts)
    }
}

fn scope<'a>(request: &RestoreRequest, live: Option<&'a [&'a str]>) -> Scope<'a> {
    live.map_or(Scope::All, |live| Scope::Only { live, protect: request.selection.touches_simlock() })
}
