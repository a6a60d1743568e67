//! A ROM package before it is flashed: compared with the phone or an archive of it, or judged alone. Reads, writes nothing,
//! unpacks nothing; "safe" is said only of what was compared.

mod advice;
mod board;
mod donor;
mod effects;
mod fit;
mod images;
mod layout;
mod names;
mod nv_files;
mod package;
mod pieces;
mod reason;
mod sums;
mod suspects;
mod target;
mod zipped;

use std::path::PathBuf;

use serde::Serialize;

use self::effects::Fate;
use self::images::Image;
use self::package::Package;
use self::reason::{Findings, shown};
use self::target::Target;
use super::session::{PhoneFacts, open_port};
use super::{Context, Exit, Failure};
use crate::formats::scatter_any::{ScatterForm, ScatterLayout};
use crate::transport::Port;

pub use self::effects::{Effect, Fate as PartitionFate};
pub use self::reason::{Reason, Severity, Verdict};

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct PreflightRequest {
    /// Folder, scatter file or zip.
    pub package: PathBuf,
    /// Compare with the phone at the port.
    pub phone: bool,
    /// Compare with this archive of the phone.
    pub archive: Option<PathBuf>,
}

/// The package, as its scatter file says.
#[derive(Debug, Clone, Serialize)]
pub struct PackageFacts {
    /// What was given.
    pub source: String,
    /// `folder`, `zip`.
    pub kind: &'static str,
    /// The scatter file in it.
    pub scatter: String,
    /// `plain`, `V1.1.1`, …
    pub form: String,
    /// The chip.
    pub platform: Option<String>,
    /// Whose build it is.
    pub project: Option<String>,
    /// `emmc`, `nand`, `ufs`, `sdmmc`.
    pub storage: Option<&'static str>,
    /// Partitions it lists.
    pub partitions: usize,
}

/// What it was compared with.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// `phone`, `archive a.nvk`.
    pub source: String,
    /// Who the phone is.
    pub phone: PhoneFacts,
    /// Who told its partitions.
    pub layout_from: String,
    /// Its partitions.
    pub partitions: usize,
    /// Whether the maps could be compared.
    pub layout_compared: bool,
}

/// What `preflight` answers.
#[derive(Debug, Clone, Serialize)]
pub struct PreflightResult {
    /// What to do with it.
    pub verdict: Verdict,
    /// The package.
    pub package: PackageFacts,
    /// What it was compared with; nothing when it was judged alone.
    pub compared: Option<Compared>,
    /// Why, the gravest first.
    pub reasons: Vec<Reason>,
    /// What happens to the partitions that keep identity.
    pub identity: Vec<Fate>,
    /// What would be written.
    pub images: Vec<Image>,
    /// What could not be looked at.
    pub not_checked: Vec<String>,
    /// What to do.
    pub advice: Vec<String>,
    /// Identities in it, for masking.
    #[serde(skip)]
    pub identities: Vec<String>,
}

impl PreflightResult {
    /// Returns the exit code of the verdict.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.verdict {
            Verdict::Safe => Exit::Done,
            Verdict::Risky => Exit::Damaged,
            Verdict::DoNotFlash => Exit::Forbidden,
        }
    }
}

/// Judges a package; the phone is the one at the chosen port.
///
/// # Errors
/// A package that cannot be read; what reading phone or archive gives.
pub fn preflight(context: &Context<'_>, request: &PreflightRequest) -> Result<PreflightResult, Failure> {
    // A package that cannot be read is told before anybody waits for a phone.
    let package = package::open(context, &request.package)?;
    let target = match &request.archive {
        Some(archive) => Some(target::archive(context, archive)?),
        None if request.phone => Some(target::phone(context, open_port(context)?.as_mut())?),
        None => None,
    };
    judge(context, request, package, target)
}

/// Judges a package against the phone at this port.
///
/// # Errors
/// As [`preflight`].
pub fn preflight_at(
    context: &Context<'_>,
    port: &mut dyn Port,
    request: &PreflightRequest,
) -> Result<PreflightResult, Failure> {
    let package = package::open(context, &request.package)?;
    let target = target::phone(context, port)?;
    judge(context, request, package, Some(target))
}

fn judge(
    context: &Context<'_>,
    request: &PreflightRequest,
    mut package: Package,
    target: Option<Target>,
) -> Result<PreflightResult, Failure> {
    context.step("Looking into the package");
    let layout = fit::layout_for(&package.layouts, target.as_ref())
        .cloned()
        .ok_or_else(|| Failure::new(Exit::Usage, "no-scatter", "the scatter file has no layout"))?;
    let mut findings = Findings::default();
    refuse_tricks(&mut findings, &package);
    layout::check(context, &mut findings, &layout);
    let mut layout_compared = false;
    match &target {
        Some(target) => {
            fit::chip_and_storage(&mut findings, &layout, target);
            layout_compared = layout::compare(context, &mut findings, &layout, target);
        }
        None => findings.add(
            Severity::Caution,
            "not-compared",
            "It was compared with no phone, so nothing is said of chip, storage and partition map.",
        ),
    }
    let board = board::in_package(context, &mut package, &layout)?;
    let same = fit::board(&mut findings, &layout, board.as_ref(), target.as_ref());
    let identity = effects::identity(context, &mut findings, &layout, target.as_ref());
    effects::preloader(context, &mut findings, &layout, same);
    let images = images::check(&mut findings, &mut package, &layout);
    images::preloader(&mut findings, &mut package, &layout);
    let mut identities = donor::look(context, &mut findings, &mut package, &layout, target.as_ref())?;
    // Last: reading whole images may use up what may be unpacked of a zip, and somebody's identity in it matters more.
    sums::check(context, &mut findings, &mut package, &layout)?;
    identities.extend(target.iter().flat_map(|target| target.identities.clone()));
    findings.reasons.sort_by_key(|reason| std::cmp::Reverse(reason.severity));
    let advice = advice::of(&findings, request);
    Ok(PreflightResult {
        verdict: findings.verdict(),
        package: facts(request, &package, &layout),
        compared: target.map(|target| Compared {
            source: target.source,
            phone: target.facts,
            layout_from: target.layout_from,
            partitions: target.places.len(),
            layout_compared,
        }),
        reasons: findings.reasons,
        identity,
        images,
        not_checked: findings.not_checked,
        advice,
        identities,
    })
}

/// Names that leave the folder, and links.
fn refuse_tricks(findings: &mut Findings, package: &Package) {
    for name in package.refused.iter().take(8) {
        let sentence = format!(
            "The zip has an entry called {}, which could land outside the folder it is unpacked into.",
            shown(name)
        );
        findings.add(Severity::Danger, "name-leaves-package", sentence);
    }
    if !package.links.is_empty() {
        let names: Vec<String> = package.links.iter().take(8).map(|name| shown(name)).collect();
        findings.skip(format!("links are not followed: {}", names.join(", ")));
    }
}

fn facts(request: &PreflightRequest, package: &Package, layout: &ScatterLayout) -> PackageFacts {
    let plain = if layout.form == ScatterForm::Plain { "plain" } else { "" };
    PackageFacts {
        source: request.package.display().to_string(),
        kind: if package.is_zip() { "zip" } else { "folder" },
        scatter: shown(&package.scatter),
        form: layout.config_version.clone().unwrap_or_else(|| plain.into()),
        platform: layout.platform.as_deref().map(shown),
        project: layout.project.as_deref().map(shown),
        storage: layout.storage.map(fit::word),
        partitions: layout.entries.len(),
    }
}
