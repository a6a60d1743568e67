//! `demo`: the main job on the built-in simulated phone, for somebody who has no phone at hand: save, lose everything,
//! diagnose, put back, diagnose again.

use serde::Serialize;

use super::backup::{BackupRequest, BackupResult, backup_at};
use super::restore::{RestoreRequest, RestoreResult, restore_at};
use super::source::inspect_at;
use super::survey::Report;
use super::{Choices, Context, Exit, Failure};
use crate::app::archive::open_archive;
use crate::identity::Selection;

/// The phone of the demonstration.
const PHONE: &str = "mt6572";
/// What happens to it.
const LOSS: &str = "mt6572-format-all";

/// What the demonstration did.
#[derive(Debug, Clone, Serialize)]
pub struct DemoResult {
    /// The archive that was made (in a temporary folder, gone by now).
    pub backup: BackupResult,
    /// The phone after everything was lost.
    pub lost: Report,
    /// The restore.
    pub restore: RestoreResult,
    /// The phone in the end.
    pub end: Report,
}

/// Runs the demonstration.
///
/// # Errors
/// Any step's failure, and one of its own when the phone is not healthy in the end.
pub fn demo(context: &Context<'_>) -> Result<DemoResult, Failure> {
    let folder =
        tempfile::tempdir().map_err(|error| Failure::file("making", &std::env::temp_dir(), &error))?;
    let archive = folder.path().join("demo.nvk");
    let choices = Choices { journals: folder.path().join("journals"), ..context.choices.clone() };
    let context = &Context {
        choices,
        catalog: context.catalog.clone(),
        sink: context.sink.clone(),
        stop: context.stop.clone(),
        ..*context
    };
    let mut bench = context.cables.bench(PHONE, context.choices.data.as_deref())?;

    context.step("1. A phone is plugged in. Its whole identity is read and archived.");
    let request =
        BackupRequest { output: Some(archive.clone()), note: "demo".into(), ..BackupRequest::default() };
    let backup = backup_at(context, bench.port().as_mut(), &request)?;

    context.step("2. Somebody flashes it with \"Format All\".");
    bench.flash_becomes(LOSS)?;

    context.step("3. Diagnosis.");
    let lost = inspect_at(context, bench.port().as_mut())?;
    if lost.is_healthy() {
        return Err(Failure::new(Exit::Other, "demo", "the formatted phone was taken for a healthy one"));
    }
    context.note(format!("   {}", lost.survey.verdict.summary));

    context.step("4. Its own identity is put back from the archive, and every block is read back.");
    let open = open_archive(&archive)?;
    let request = RestoreRequest { archive, dry_run: false, selection: Selection::All };
    let restore = restore_at(context, bench.port().as_mut(), &open, &request, &mut |_| true)?;

    context.step("5. Diagnosis again.");
    let end = inspect_at(context, bench.port().as_mut())?;
    if !end.is_healthy() {
        return Err(Failure::new(
            Exit::Damaged,
            "demo",
            format!("the phone is not healthy in the end: {}", end.survey.verdict.summary),
        ));
    }
    Ok(DemoResult { backup, lost, restore, end })
}
