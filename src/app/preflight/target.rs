//! What a package is compared with: the phone at the port, or an archive of it. Reads its layout and its identity; on a
//! phone also what its system says of its board.

use std::path::Path;

use super::board::{self, Board};
use crate::app::archive::open_with;
use crate::app::gather::{Scope, gather};
use crate::app::session::{PhoneFacts, PhoneSession, connect_at};
use crate::app::{Context, Failure, LayerState, Report, Status};
use crate::formats::ReadError;
use crate::formats::ext4::{Ext4Error, Volume};
use crate::storage::{Place, Shared, Window, shared::lock};
use crate::transport::Port;

/// What is known of the phone.
pub struct Target {
    /// `phone`, `archive a.nvk`.
    pub source: String,
    /// Who it is.
    pub facts: PhoneFacts,
    /// Its partitions; empty where nobody knows.
    pub places: Vec<Place>,
    /// Who said so.
    pub layout_from: String,
    /// What is out of order about them.
    pub doubts: Vec<String>,
    /// Bytes between linear addresses and those of the user area, where they are known.
    pub prefix: Option<u64>,
    /// Valid IMEIs.
    pub imeis: Vec<String>,
    /// Whether its NVRAM could rebuild lost live files.
    pub nvram_whole: bool,
    /// What its system says of its board.
    pub board: Option<Board>,
    /// Identities, for masking.
    pub identities: Vec<String>,
}

/// Reads the phone at this port, and lets it go.
///
/// # Errors
/// As of every verb that reads the phone.
pub fn phone(context: &Context<'_>, port: &mut dyn Port) -> Result<Target, Failure> {
    let session = connect_at(context, port)?;
    let read = on_phone(context, &session);
    session.close(context, read)
}

fn on_phone(context: &Context<'_>, session: &PhoneSession) -> Result<Target, Failure> {
    context.step("Reading what the phone has");
    let disk: Shared = session.disk.clone();
    let copies = gather(&disk, &session.layout, Scope::Identity)?;
    let report = Report::of(context, session.facts.clone(), &copies, "phone".into())?;
    let prefix = lock(&session.disk).card().prefix();
    let board = system_board(&disk, &session.layout.places)?;
    Ok(Target {
        places: session.layout.places.clone(),
        layout_from: session.layout.learned_from.clone(),
        doubts: session.layout.doubts.clone(),
        prefix: Some(prefix),
        board,
        ..known(report)
    })
}

/// Reads an archive.
///
/// # Errors
/// Exit code 10 for damage.
pub fn archive(context: &Context<'_>, path: &Path) -> Result<Target, Failure> {
    let open = open_with(context, path)?;
    let source = format!("archive {}", path.display());
    let report = Report::of(context, open.facts, &open.copies, source)?;
    let phone = &open.manifest.phone;
    let place = |partition: &crate::vault::Partition| Place {
        name: partition.name.clone(),
        start: partition.start,
        len: partition.len,
    };
    Ok(Target {
        places: phone.layout.iter().map(place).collect(),
        layout_from: "archive".into(),
        prefix: (phone.linear_prefix > 0).then_some(phone.linear_prefix),
        ..known(report)
    })
}

/// What a report tells of a target.
fn known(report: Report) -> Target {
    let whole = report.survey.layer("binregion").is_some_and(|layer| layer.state == LayerState::Valid);
    Target {
        imeis: valid_imeis(&report),
        nvram_whole: whole,
        identities: report.identities(),
        source: report.source,
        facts: report.phone,
        places: Vec::new(),
        layout_from: String::new(),
        doubts: Vec::new(),
        prefix: None,
        board: None,
    }
}

/// Returns the valid IMEIs of a report, each once.
#[must_use]
pub fn valid_imeis(report: &Report) -> Vec<String> {
    let slots = report.survey.layers.iter().flat_map(|layer| &layer.imei);
    let mut imeis: Vec<String> =
        slots.filter(|slot| slot.status == Status::Valid).filter_map(|slot| slot.value.clone()).collect();
    imeis.sort();
    imeis.dedup();
    imeis
}

/// Reads the phone's build properties, where its system is one that can be read.
fn system_board(disk: &Shared, places: &[Place]) -> Result<Option<Board>, Failure> {
    let is_system = |place: &&Place| board::is_system(&place.name);
    let Some(place) = places.iter().find(is_system) else { return Ok(None) };
    match board::in_system(Volume::open(Window::new(disk.clone(), place.start, place.len))) {
        Err(Ext4Error::Read(error @ ReadError::Device { .. })) => Err(error.into()),
        other => Ok(other.ok()),
    }
}
