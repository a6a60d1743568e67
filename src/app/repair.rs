//! `repair`: from evidence on the phone, and from its archive where one is given, to a healthy phone. The way to the phone
//! is `carry`, as for a restore; a plan that does not end healthy is refused before the first write.

use std::path::PathBuf;

use super::archive::{OpenArchive, ids_for_binding, open_with};
use super::carry::{
    Confirm, Proposal, WriteResult, carry, close, may_write, refuse_redacted, refused, stranger,
};
use super::gather::{Scope, gather};
use super::grown;
use super::remnants::{Depth, search, search_if_lost};
use super::session::{PhoneSession, connect_at, open_port};
use super::staging::{PlanSummary, guard_for, in_safe_order, summarise};
use super::survey::Report;
use super::{Context, Exit, Failure};
use crate::formats::WriteAt;
use crate::formats::imei::Imei;
use crate::identity::{self, Copies, Repair, Survey, Wishes, check_repair, closed_world};
use crate::storage::{Shared, Staged, share, shared::lock};
use crate::transport::Port;

/// What a repair did.
pub type RepairResult = WriteResult;

/// What a repair is asked to do.
#[derive(Debug, Clone, Default)]
pub struct RepairRequest {
    /// An archive of this phone, as more evidence.
    pub archive: Option<PathBuf>,
    /// The number on the label. It is compared with the evidence and goes nowhere else (promise 2).
    pub label: Option<String>,
    /// Random bytes for local Wi-Fi and Bluetooth addresses, where nothing of the old ones survives.
    pub new_macs: Option<[[u8; 6]; 2]>,
    /// Look for deleted files too, block by block; minutes on a phone.
    pub deep: bool,
    /// Stop after the plan.
    pub dry_run: bool,
}

/// Repairs the phone at the chosen port.
///
/// # Errors
/// Any; before the journal exists nothing was written, and after it the failure names the journal.
pub fn repair(
    context: &Context<'_>,
    request: &RepairRequest,
    confirm: Confirm<'_>,
) -> Result<RepairResult, Failure> {
    // What can fail without the phone fails before it is waited for.
    label_of(request)?;
    let archive = request.archive.as_deref().map(|path| open_with(context, path)).transpose()?;
    let mut port = open_port(context)?;
    repair_at(context, port.as_mut(), archive.as_ref(), request, confirm)
}

/// Repairs the phone at this port.
///
/// # Errors
/// As [`repair`].
pub fn repair_at(
    context: &Context<'_>,
    port: &mut dyn Port,
    archive: Option<&OpenArchive>,
    request: &RepairRequest,
    confirm: Confirm<'_>,
) -> Result<RepairResult, Failure> {
    label_of(request)?;
    let session = connect_at(context, port)?;
    let result = repair_on(context, &session, archive, request, confirm);
    close(context, &session, result)
}

/// Gathers what a judgement of identity needs. Where there is no BinRegion the daemon's work copies in the live tree are the
/// best witness of what it held.
fn look(session: &PhoneSession, disk: &Shared) -> Result<Copies, Failure> {
    let copies = gather(disk, &session.layout, Scope::Identity)?;
    match copies.binregion.present() {
        Some(_) => Ok(copies),
        None => gather(disk, &session.layout, Scope::All),
    }
}

fn label_of(request: &RepairRequest) -> Result<Option<Imei>, Failure> {
    let Some(text) = &request.label else { return Ok(None) };
    let imei = Imei::parse(text).filter(Imei::check_digit_holds);
    let wrong = || {
        Failure::new(Exit::Usage, "bad-label", "--label-imei takes fifteen digits with a right check digit")
    };
    imei.map(Some).ok_or_else(wrong)
}

/// Repairs a connected phone, which stays connected.
///
/// # Errors
/// As [`repair`].
pub fn repair_on(
    context: &Context<'_>,
    session: &PhoneSession,
    archive: Option<&OpenArchive>,
    request: &RepairRequest,
    confirm: Confirm<'_>,
) -> Result<RepairResult, Failure> {
    let wishes = &Wishes { label: label_of(request)?, new_macs: request.new_macs };
    may_write(context, session, request.dry_run)?;
    archive.map_or(Ok(()), |archive| refuse_redacted(&archive.manifest))?;
    context.step("Reading what the phone holds now");
    let disk: Shared = session.disk.clone();
    let report =
        |copies: &Copies, source: &str| Report::of(context, session.facts.clone(), copies, source.into());
    let mut phone = look(session, &disk)?;
    let place = (&disk, &session.layout);
    match request.deep {
        true => phone.remnants = search(context, &disk, &session.layout, Depth::Blocks)?,
        false => search_if_lost(context, &session.facts.chip, &mut phone, place, Depth::Journal)?,
    }
    let before = report(&phone, "phone")?;
    // Remnants lie where no plan writes: what was found once is there still.
    let again = |disk: &Shared, source: &str| {
        let mut copies = look(session, disk)?;
        copies.remnants.clone_from(&phone.remnants);
        report(&copies, source)
    };
    let mut allowed = before.survey.clone();
    let binding = match archive {
        None => "only its own copies are used, no archive".to_owned(),
        Some(archive) => bound(context, session, archive, &before.survey, &mut allowed)?,
    };
    context.step("Weighing the evidence");
    let evidence_of = archive.map(|archive| &archive.copies);
    let generation = identity::generation(&phone).or_else(|| identity::generation(evidence_of?));
    let family = context.catalog.family_for(&session.facts.chip, generation);
    let ground = grown::ground_of(&session.layout, &phone);
    let Repair { plan, newcomers, evidence } =
        identity::plan_repair(&phone, evidence_of, family, wishes, &ground)
            .map_err(|refusal| refused(&refusal))?;
    allowed.identities.extend(newcomers);
    let staged = share(Staged::new(session.disk.clone(), guard_for(session, &phone)));
    for edit in &plan.edits {
        lock(&staged).write_at(edit.at, &edit.bytes)?;
    }
    let order = grown::make(context, session, &staged, &plan.creations)?;
    let check = |report: Report| {
        closed_world(&report.survey, &[&allowed]).map_err(stranger)?;
        check_repair(&report.survey).map_err(|refusal| refused(&refusal))?;
        Ok(report)
    };
    let planned = check(again(&(staged.clone() as Shared), "plan")?)?;
    let mut changes = lock(&staged).changes();
    changes.sort_by_key(|change| order.iter().position(|lba| *lba == change.lba).map_or(0, |at| at + 1));
    let changes = in_safe_order(session, changes);
    let proposal = Proposal {
        title: "repair".into(),
        summary: PlanSummary { evidence, ..summarise(session, &binding, &plan, &changes) },
        changes,
        before,
        staged: planned,
        dry_run: request.dry_run,
    };
    carry(context, session, proposal, confirm, &|| check(again(&(session.disk.clone() as Shared), "phone")?))
}

/// Binds the archive to the phone (promise 3), and lets what it holds into the closed world.
fn bound(
    context: &Context<'_>,
    session: &PhoneSession,
    archive: &OpenArchive,
    phone: &Survey,
    allowed: &mut Survey,
) -> Result<String, Failure> {
    let archived = Report::of(context, archive.facts.clone(), &archive.copies, "archive".into())?;
    let reason = identity::bind(&ids_for_binding(&session.ids()), &archive.ids, phone, &archived.survey)
        .map_err(|refusal| refused(&refusal))?;
    allowed.identities.extend(archived.survey.identities);
    Ok(reason.to_string())
}
