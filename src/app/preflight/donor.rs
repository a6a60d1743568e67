//! Somebody's identity inside a package: images of NVRAM, PRO_INFO, the SIM-lock partitions, nvdata or user data, and NV files,
//! decoded by the readers that every source goes through. A ROM made from one phone's readback makes twins of all others.

use super::nv_files;
use super::package::Package;
use super::reason::{Findings, Severity, quoted, shown};
use super::suspects::suspects;
use super::target::{Target, valid_imeis};
use crate::app::gather::{Scope, gather};
use crate::app::intake::image;
use crate::app::{Context, Failure, Report, Status, Value};
use crate::formats::scatter_any::ScatterLayout;

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
    let facts = nv_files::facts(layout.platform.as_deref());
    for report in nv_files::reports(context, findings, package, &facts)? {
        judge(findings, false, &report, target);
        identities.extend(report.identities());
    }
    for suspect in suspects(context, package, layout) {
        context.go_on()?;
        let name = shown(&suspect.item.name);
        let disk = match package.disk(context, &suspect.item)? {
            Ok(disk) => disk,
            Err(what) if suspect.hint.is_some() => {
                let what =
                    format!("{name} may hold an identity and cannot be looked into: {}.", quoted(&what));
                findings.add(Severity::Caution, "image-unreadable", what);
                continue;
            }
            Err(what) if suspect.named => {
                findings.skip(format!("identity in {name}: {}", quoted(&what)));
                continue;
            }
            Err(_) => continue,
        };
        let report = image::recognise(context, &name, disk, suspect.hint).and_then(|piece| {
            let copies = gather(&piece.disk, &piece.layout, Scope::All)?;
            Report::of(context, facts.clone(), &copies, name)
        });
        match report {
            Ok(report) => {
                judge(findings, suspect.flashed, &report, target);
                identities.extend(report.identities());
            }
            Err(failure) if suspect.named => findings.skip(format!("identity: {}", quoted(&failure.message))),
            Err(_) => {}
        }
    }
    Ok(identities)
}

fn judge(findings: &mut Findings, flashed: bool, report: &Report, target: Option<&Target>) {
    let (name, imeis) = (&report.source, valid_imeis(report));
    let weight = if flashed { Severity::Danger } else { Severity::Caution };
    if imeis.is_empty() {
        if holds_addresses(report) {
            let what =
                format!("{name} holds addresses or a serial number of some phone, though no valid IMEI.");
            findings.add(weight, "carries-addresses", what);
        }
        return;
    }
    let numbers = imeis.join(", ");
    let own = target.filter(|target| !target.imeis.is_empty());
    if own.is_some_and(|target| imeis.iter().all(|imei| target.imeis.contains(imei))) {
        findings.add(
            Severity::Note,
            "own-identity",
            format!("{name} holds IMEI {numbers}: this phone's own."),
        );
        return;
    }
    let whose = match own {
        Some(target) => format!("a donor's; this phone's is {}", target.imeis.join(", ")),
        None => "somebody's".into(),
    };
    let what = if flashed { "and would be written" } else { "and is not written by this scatter file" };
    findings.add(weight, "carries-identity", format!("{name} holds IMEI {numbers} ({whose}) {what}."));
}

fn holds_addresses(report: &Report) -> bool {
    let whole = |value: &Option<Value>| value.as_ref().is_some_and(|value| value.status == Status::Valid);
    let layers = &report.survey.layers;
    layers.iter().any(|layer| whole(&layer.wifi_mac) || whole(&layer.bt_mac) || whole(&layer.barcode))
}
