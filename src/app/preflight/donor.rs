//! Somebody's identity inside a package: images of NVRAM, PRO_INFO, the SIM-lock partitions, nvdata or user data, decoded by
//! the readers that every source goes through. A ROM made from one phone's readback makes twins of all others.

use super::effects::is_flashed;
use super::layout::{IDENTITY, canonical};
use super::package::{Item, Package};
use super::reason::{Findings, Severity, shown};
use super::target::{Target, valid_imeis};
use crate::app::gather::{Scope, gather};
use crate::app::intake::{self, image};
use crate::app::session::PhoneFacts;
use crate::app::source::unknown;
use crate::app::{Context, Failure, Report};
use crate::formats::scatter_any::ScatterLayout;

/// Files that nobody names as identity and that are looked into all the same.
const MAX_OTHERS: usize = 32;
/// A file larger than this is looked into only where its name speaks of identity.
const MAX_OTHER: u64 = 64 << 20;

/// A file that may hold identity.
struct Suspect {
    item: Item,
    hint: Option<&'static str>,
    /// The partition it would be written to.
    flashed: bool,
    /// Somebody says that it holds identity.
    named: bool,
}

/// Looks for identity in a package, and returns every value found, for masking.
///
/// # Errors
/// The wish to stop.
pub fn look(
    context: &Context<'_>,
    findings: &mut Findings,
    package: &mut Package,
    layout: &ScatterLayout,
    target: Option<&Target>,
) -> Result<Vec<String>, Failure> {
    let mut identities = Vec::new();
    for suspect in suspects(context, package, layout) {
        context.go_on()?;
        let name = shown(&suspect.item.name);
        let disk = match package.disk(context, &suspect.item)? {
            Ok(disk) => disk,
            Err(what) => {
                if suspect.named {
                    findings.add(
                        Severity::Caution,
                        "image-unreadable",
                        format!("{name} may hold an identity and cannot be looked into: {}.", shown(&what)),
                    );
                }
                continue;
            }
        };
        let report = image::recognise(context, &name, disk, suspect.hint).and_then(|piece| {
            let copies = gather(&piece.disk, &piece.layout, Scope::All)?;
            let chip = layout.platform.clone().unwrap_or_else(|| "unknown".into());
            Report::of(context, PhoneFacts { chip, ..unknown() }, &copies, name.clone())
        });
        match report {
            Ok(report) => {
                judge(findings, &name, &suspect, &report, target);
                identities.extend(report.identities());
            }
            Err(failure) if suspect.named => {
                findings.skip(format!("identity in {}", shown_long(&failure.message)))
            }
            Err(_) => {}
        }
    }
    Ok(identities)
}

fn shown_long(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).take(200).collect()
}

fn judge(findings: &mut Findings, name: &str, suspect: &Suspect, report: &Report, target: Option<&Target>) {
    let imeis = valid_imeis(report);
    if imeis.is_empty() {
        let values = report.survey.identities.iter().any(|identity| {
            identity.starts_with("wifi:") || identity.starts_with("bt:") || identity.starts_with("barcode:")
        });
        if values {
            let severity = if suspect.flashed { Severity::Danger } else { Severity::Caution };
            findings.add(
                severity,
                "carries-addresses",
                format!("{name} holds addresses or a serial number of some phone, though no valid IMEI."),
            );
        }
        return;
    }
    let shown = imeis.join(", ");
    let own = target.filter(|target| !target.imeis.is_empty());
    let is_own = own.is_some_and(|target| imeis.iter().all(|imei| target.imeis.contains(imei)));
    if is_own {
        findings.add(Severity::Note, "own-identity", format!("{name} holds IMEI {shown}: this phone's own."));
        return;
    }
    let whose = match own {
        Some(target) => format!("a donor's; this phone's is {}", target.imeis.join(", ")),
        None => "somebody's".into(),
    };
    let (severity, what) = if suspect.flashed {
        (Severity::Danger, "and would be written")
    } else {
        (Severity::Caution, "and is not written by this scatter file")
    };
    findings.add(severity, "carries-identity", format!("{name} holds IMEI {shown} ({whose}) {what}."));
}

/// Files that the scatter file or their name says to hold identity, then others of a size that could.
fn suspects(context: &Context<'_>, package: &Package, layout: &ScatterLayout) -> Vec<Suspect> {
    let mut found: Vec<Suspect> = Vec::new();
    let mut assigned = vec![package.scatter.clone()];
    for entry in &layout.entries {
        let Some(item) = entry.file_name.as_deref().and_then(|name| package.image(name)) else { continue };
        let name = canonical(context, &entry.name);
        let hint = IDENTITY.into_iter().find(|known| *known == name);
        if (hint.is_some() || name == "USRDATA") && !found.iter().any(|known| known.item.name == item.name) {
            found.push(Suspect { item: item.clone(), hint, flashed: is_flashed(layout, entry), named: true });
        }
        assigned.push(item.name.clone());
    }
    let mut others = Vec::new();
    for item in package.items.iter().filter(|item| !assigned.contains(&item.name)) {
        let hint = intake::partition_of(context, &item.name);
        let suspect = Suspect { item: item.clone(), hint, flashed: false, named: hint.is_some() };
        if hint.is_some() && found.len() < MAX_OTHERS {
            found.push(suspect);
        } else if item.len >= 1024
            && item.len <= MAX_OTHER
            && others.len() < MAX_OTHERS
            && !is_text(&item.name)
        {
            others.push(suspect);
        }
    }
    found.extend(others);
    found
}

fn is_text(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".txt", ".ini", ".xml", ".pdf", ".exe", ".dll", ".zip", ".prop"].iter().any(|end| name.ends_with(end))
}
