//! The files of a package that may hold somebody's identity: by what the scatter file says, by their own names, by their size.

use super::effects::is_flashed;
use super::layout::{IDENTITY, canonical};
use super::package::{Item, Package};
use crate::app::Context;
use crate::app::intake::partition_of;
use crate::app::intake::tree::is_below_a_tree;
use crate::formats::scatter_any::ScatterLayout;

/// Files that nobody names as identity and that are looked into all the same.
const MAX_OTHERS: usize = 32;
/// A file larger than this is looked into only where its name speaks of identity.
const MAX_OTHER: u64 = 64 << 20;

/// A file that may hold identity.
pub struct Suspect {
    /// The file.
    pub item: Item,
    /// The identity partition it is said to be of.
    pub hint: Option<&'static str>,
    /// Whether it would be written.
    pub flashed: bool,
    /// Somebody says that it holds identity.
    pub named: bool,
}

/// Files that the scatter file or their name says to hold identity, then others of a size that could.
#[must_use]
pub fn suspects(context: &Context<'_>, package: &Package, layout: &ScatterLayout) -> Vec<Suspect> {
    let mut found: Vec<Suspect> = Vec::new();
    let mut assigned = vec![package.scatter.clone()];
    for entry in &layout.entries {
        let Some(item) = entry.file_name.as_deref().and_then(|name| package.image(name)) else { continue };
        let name = canonical(context, &entry.name);
        let by_entry = IDENTITY.into_iter().find(|known| *known == name);
        let hint = by_entry.or_else(|| partition_of(context, &item.name));
        let flashed = is_flashed(layout, entry);
        if let Some(known) = found.iter_mut().find(|known| known.item.name == item.name) {
            known.flashed |= flashed;
        } else if hint.is_some() || name == "USRDATA" {
            found.push(Suspect { item: item.clone(), hint, flashed, named: true });
        }
        assigned.push(item.name.clone());
    }
    let mut others = Vec::new();
    for item in
        package.items.iter().filter(|item| !assigned.contains(&item.name) && !is_below_a_tree(&item.name))
    {
        let hint = partition_of(context, &item.name);
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
