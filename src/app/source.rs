//! SOURCE: an archive, an image of a partition or a whole flash, or a folder of NV files. Recognised by content, never by
//! name.

use std::io::Read;
use std::path::Path;

use super::archive::open_with;
use super::gather::{Scope, gather};
use super::intake::{self, merge::covered};
use super::remnants::{Depth, search_if_lost};
use super::session::{PhoneFacts, PhoneSession, connect_at, open_port};
use super::survey::Report;
use super::{Context, Failure};
use crate::identity::{Copies, Covers};
use crate::storage::{Shared, share};
use crate::vault::sealed::is_sealed;

/// What a source holds.
pub struct Looked {
    /// Who the phone is, as far as the source tells.
    pub facts: PhoneFacts,
    /// Every copy in it.
    pub copies: Copies,
    /// The places it can speak of.
    pub covers: Covers,
    /// Where the copies come from, in words.
    pub source: String,
}

impl Looked {
    /// Judges what was found.
    ///
    /// # Errors
    /// As [`Report::of`].
    pub fn report(&self, context: &Context<'_>) -> Result<Report, Failure> {
        Report::of(context, self.facts.clone(), &self.copies, self.source.clone())
    }
}

/// Inspects a source; the phone when there is none.
///
/// # Errors
/// Any that reading gives; a source that holds nothing recognisable says so.
pub fn inspect(context: &Context<'_>, source: Option<&Path>) -> Result<Report, Failure> {
    look(context, source)?.report(context)
}

/// Looks at a source; at the phone when there is none.
///
/// # Errors
/// As [`inspect`].
pub fn look(context: &Context<'_>, source: Option<&Path>) -> Result<Looked, Failure> {
    let Some(path) = source else {
        let mut port = open_port(context)?;
        return look_at(context, port.as_mut());
    };
    let metadata = std::fs::metadata(path).map_err(|error| Failure::file("opening", path, &error))?;
    if metadata.is_file() && (is_zip(path)? || is_sealed(path)?) {
        let mut open = open_with(context, path)?;
        let kind = if open.manifest.imported.is_some() { "imported archive, no CID," } else { "archive" };
        let source = format!("{kind} {}", path.display());
        let disk: Shared = share(open.disk);
        search_if_lost(context, &open.facts.chip, &mut open.copies, (&disk, &open.layout), Depth::Blocks)?;
        return Ok(Looked { facts: open.facts, copies: open.copies, covers: open.covers, source });
    }
    let haul = intake::take(context, path)?;
    for why in &haul.passed_over {
        context.note(why.clone());
    }
    let (mut copies, covers) = haul.copies()?;
    for piece in &haul.pieces {
        search_if_lost(context, "unknown", &mut copies, (&piece.disk, &piece.layout), Depth::Blocks)?;
    }
    let kind = match (metadata.is_dir(), haul.pieces.is_empty()) {
        (true, _) => "folder",
        (false, true) => "tar",
        (false, false) => "image",
    };
    let facts = PhoneFacts { chip: haul.platform.unwrap_or_else(|| "unknown".into()), ..unknown() };
    Ok(Looked { facts, copies, covers, source: format!("{kind} {}", path.display()) })
}

/// Inspects the phone at this port.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_at(context: &Context<'_>, port: &mut dyn crate::transport::Port) -> Result<Report, Failure> {
    look_at(context, port)?.report(context)
}

/// Looks at the phone at this port.
///
/// # Errors
/// As [`inspect`].
pub fn look_at(context: &Context<'_>, port: &mut dyn crate::transport::Port) -> Result<Looked, Failure> {
    let session = connect_at(context, port)?;
    let looked = look_on(context, &session);
    session.close(context, looked)
}

/// Looks at a connected phone, which stays connected.
///
/// # Errors
/// What reading gives.
pub fn look_on(context: &Context<'_>, session: &PhoneSession) -> Result<Looked, Failure> {
    context.step("Reading the identity set");
    let disk: Shared = session.disk.clone();
    let mut copies = gather(&disk, &session.layout, Scope::All)?;
    search_if_lost(context, &session.facts.chip, &mut copies, (&disk, &session.layout), Depth::Journal)?;
    let (facts, covers) = (session.facts.clone(), covered(&session.layout));
    Ok(Looked { facts, copies, covers, source: "phone".into() })
}

/// Facts of a source that does not say whose it is.
pub(super) fn unknown() -> PhoneFacts {
    PhoneFacts {
        chip: "unknown".into(),
        hw_code: "unknown".into(),
        storage: "unknown".into(),
        cid: "unknown".into(),
        engine: "none".into(),
    }
}

/// Returns whether a file begins as archives do.
///
/// # Errors
/// The system's.
pub(super) fn is_zip(path: &Path) -> Result<bool, Failure> {
    let failed = |error: std::io::Error| Failure::file("reading", path, &error);
    let mut start = [0u8; 4];
    let mut file = std::fs::File::open(path).map_err(failed)?;
    match file.read_exact(&mut start) {
        Ok(()) => Ok(start == *b"PK\x03\x04"),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(failed(error)),
    }
}
