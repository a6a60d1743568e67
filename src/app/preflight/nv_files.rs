//! NV files that lie in a package as files: a `data/nvram` or `nvdata` tree that somebody put beside the images.

use super::package::{Item, Package};
use super::reason::{Findings, quoted, shown};
use crate::app::intake::tree::{self, Sorter};
use crate::app::intake::{Branch, Haul};
use crate::app::session::PhoneFacts;
use crate::app::source::unknown;
use crate::app::{Context, Failure, Report};

/// More files than any tree of NV files has.
const MAX_FILES: usize = 2048;

/// Returns what each tree in the package says.
///
/// # Errors
/// The wish to stop.
pub fn reports(
    context: &Context<'_>,
    findings: &mut Findings,
    package: &mut Package,
    facts: &PhoneFacts,
) -> Result<Vec<Report>, Failure> {
    let is_nv = |item: &&Item| item.len <= tree::MAX_FILE && tree::is_below_a_tree(&item.name);
    let items: Vec<Item> = package.items.iter().filter(is_nv).take(MAX_FILES).cloned().collect();
    let mut sorter = Sorter::default();
    for item in items {
        context.go_on()?;
        let added = match package.head(&item, tree::MAX_FILE) {
            Ok(bytes) => sorter.add("the package", &item.name, bytes).map_err(|failure| failure.message),
            Err(what) => Err(what),
        };
        if let Err(what) = added {
            findings.skip(format!("NV files: {}: {}", shown(&item.name), quoted(&what)));
            break;
        }
    }
    let mut reports = Vec::new();
    for branch in sorter.finish("NV files") {
        let name = shown(&branch.name);
        match report(context, facts, branch, name.clone()) {
            Ok(report) => reports.push(report),
            Err(failure) => findings.skip(format!("{name}: {}", quoted(&failure.message))),
        }
    }
    Ok(reports)
}

fn report(
    context: &Context<'_>,
    facts: &PhoneFacts,
    branch: Branch,
    name: String,
) -> Result<Report, Failure> {
    let haul = Haul { branches: vec![branch], ..Haul::default() };
    Report::of(context, facts.clone(), &haul.copies()?.0, name)
}

/// Facts of which only the chip is known.
#[must_use]
pub fn facts(platform: Option<&str>) -> PhoneFacts {
    PhoneFacts { chip: platform.unwrap_or("unknown").to_owned(), ..unknown() }
}
