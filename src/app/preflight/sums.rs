//! The checksum files of a package against its images. A digest that differs is a damaged image; the 16-bit sums of
//! `Checksum.ini`, whose rule no reference gives, count only in a package where other images prove the rule.

use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::effects::is_flashed;
use super::names;
use super::package::{Item, Package};
use super::reason::{Findings, Severity, quoted, shown};
use crate::app::{Context, Failure};
use crate::formats::scatter_any::ScatterLayout;
use crate::formats::sum_list::{self, Listed, Of, Sum};

/// A list larger than this is none.
const MAX_LIST: u64 = 1 << 20;
/// Lists that are looked at.
const MAX_LISTS: usize = 64;

/// What came of one sum.
enum Outcome {
    Agrees,
    Differs,
    /// Not compared, and why.
    Skipped(String),
}

/// Compares every sum of the package that names one of its files.
///
/// # Errors
/// The wish to stop.
pub fn check(
    context: &Context<'_>,
    findings: &mut Findings,
    package: &mut Package,
    layout: &ScatterLayout,
) -> Result<(), Failure> {
    let lists: Vec<Item> =
        package.items.iter().filter(|item| is_list(&item.name)).take(MAX_LISTS).cloned().collect();
    for list in lists {
        let name = shown(&list.name);
        if list.len > MAX_LIST {
            findings.skip(format!("{name}: too long for a list of sums"));
            continue;
        }
        let text = match package.head(&list, MAX_LIST) {
            Ok(text) => text,
            Err(what) => {
                findings.skip(format!("{name}: it cannot be read: {}", quoted(&what)));
                continue;
            }
        };
        let sums = sum_list::parse(&String::from_utf8_lossy(&text));
        if sums.is_empty() {
            findings.skip(format!("{name}: there is no sum in it that nvkeep knows how to compare"));
            continue;
        }
        compare(context, findings, package, layout, &list, &sums)?;
    }
    Ok(())
}

fn compare(
    context: &Context<'_>,
    findings: &mut Findings,
    package: &mut Package,
    layout: &ScatterLayout,
    list: &Item,
    sums: &[Listed],
) -> Result<(), Failure> {
    let name = shown(&list.name);
    let (mut agree, mut rule_holds) = (0usize, false);
    let mut differ: Vec<(String, bool)> = Vec::new();
    let mut skipped: Vec<String> = Vec::new();
    for listed in sums {
        let Some(item) = target(package, layout, list, &listed.of) else { continue };
        let short = matches!(listed.sum, Sum::Bytes16(_));
        match outcome(context, package, &item, &listed.sum)? {
            Outcome::Agrees => {
                agree += 1;
                rule_holds |= short && item.len > 0;
            }
            Outcome::Differs => differ.push((shown(&item.name), short)),
            Outcome::Skipped(why) => skipped.push(format!("{} ({why})", shown(&item.name))),
        }
    }
    let unproven = differ.iter().filter(|(_, short)| *short && !rule_holds).count();
    differ.retain(|(_, short)| !short || rule_holds);
    if unproven > 0 {
        findings.skip(format!(
            "{name}: none of its {unproven} short sums is the sum of its image's bytes, so they follow a rule nvkeep does not know"
        ));
    }
    if !skipped.is_empty() {
        findings.skip(format!("{name}: not compared: {}", quoted(&skipped.join(", "))));
    }
    if !differ.is_empty() {
        let names: Vec<&str> = differ.iter().map(|(name, _)| name.as_str()).take(20).collect();
        findings.add(
            Severity::Danger,
            "sum-differs",
            format!("By {name} these files are damaged or were changed: {}.", names.join(", ")),
        );
    } else if agree > 0 {
        let what = if agree == 1 { "one file".into() } else { format!("{agree} files") };
        findings.add(Severity::Note, "sums-agree", format!("By {name} {what} came as made."));
    }
    Ok(())
}

/// The file a sum is of. Of files that the package does not have, and that nobody flashes, nothing is said.
fn target(package: &Package, layout: &ScatterLayout, list: &Item, of: &Of) -> Option<Item> {
    let beside = |name: &str| {
        let wanted = format!("{}{}", names::folder_of(&list.name), names::inside(name)?);
        let exact = package.items.iter().find(|item| item.name == wanted);
        exact.or_else(|| package.items.iter().find(|item| item.name.eq_ignore_ascii_case(&wanted)))
    };
    match of {
        Of::File(name) => beside(name),
        Of::Itself => beside(names::last(&list.name).rsplit_once('.')?.0),
        Of::Partition(name) => {
            let is_it = |entry: &&crate::formats::scatter::ScatterEntry| {
                entry.name.eq_ignore_ascii_case(name) && is_flashed(layout, entry)
            };
            package.image(layout.entries.iter().find(is_it)?.file_name.as_deref()?)
        }
    }
    .cloned()
}

fn outcome(context: &Context<'_>, package: &mut Package, item: &Item, sum: &Sum) -> Result<Outcome, Failure> {
    let (mut short, mut md5, mut sha256) = (0u16, Md5::new(), Sha256::new());
    let mut take = |bytes: &[u8]| match sum {
        Sum::Bytes16(_) => {
            short = bytes.iter().fold(short, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        }
        Sum::Md5(_) => md5.update(bytes),
        Sum::Sha256(_) => sha256.update(bytes),
        Sum::Sha1(_) => {}
    };
    if matches!(sum, Sum::Sha1(_)) {
        return Ok(Outcome::Skipped("SHA-1 sums are not computed".into()));
    }
    if let Err(what) = package.stream(context, item, &mut take)? {
        return Ok(Outcome::Skipped(what));
    }
    let agrees = match sum {
        Sum::Bytes16(wanted) => short == *wanted,
        Sum::Md5(wanted) => md5.finalize()[..] == wanted[..],
        Sum::Sha256(wanted) => sha256.finalize()[..] == wanted[..],
        Sum::Sha1(_) => false,
    };
    Ok(if agrees { Outcome::Agrees } else { Outcome::Differs })
}

fn is_list(name: &str) -> bool {
    let name = names::last(name).to_ascii_lowercase();
    let ending = [".md5", ".sha1", ".sha256", ".md5sum", ".sha256sum"].iter().any(|end| name.ends_with(end));
    let called = ["checksum.ini", "md5sum.txt", "md5sums", "md5sums.txt", "sha256sums", "sha256sums.txt"];
    ending || called.contains(&name.as_str())
}
