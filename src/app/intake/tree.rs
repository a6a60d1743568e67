//! NV files from anywhere, sorted into the trees they belong to by their paths (ap-nvram.md 2.5). Keeps bytes in bounds;
//! opens nothing and follows nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Branch, Layer, refuse};
use crate::app::Failure;
use crate::identity::{FileCopy, Tree};

/// A larger file is no NV file and is passed over.
pub const MAX_FILE: u64 = 1 << 20;
/// A real tree has about 250 files.
const MAX_FILES: usize = 8192;
/// All NV files of a source together.
const MAX_BYTES: usize = 64 << 20;
/// Deeper than any tree of NV files, prefix included.
const MAX_DEPTH: usize = 24;
/// Folders of a tree's root that tell where the root is.
const MODEM: [&str; 6] = ["md", "md2", "md3", "md5", "md_via", "md_cmn"];

/// Where a path puts a file: the root it lies below, and whether the root's own name says what it is.
struct Place {
    /// Components of the root.
    depth: usize,
    layer: Option<Layer>,
}

/// Files on their way into trees.
#[derive(Default)]
pub struct Sorter {
    files: BTreeMap<String, Vec<u8>>,
    bytes: usize,
}

/// Returns whether a file of this path and size could belong to a tree, so that its bytes are wanted.
pub fn wants(path: &str, size: u64) -> bool {
    let parts = parts(path);
    size <= MAX_FILE
        && parts.len() <= MAX_DEPTH
        && (place(&parts).is_some() || parts.len() <= 2 && size <= 1 << 16)
}

/// Returns whether a path lies in a tree, whatever its size.
pub fn is_below_a_tree(path: &str) -> bool {
    place(&parts(path)).is_some()
}

/// Returns whether a path climbs out of where it is.
pub fn climbs(path: &str) -> bool {
    path.split(['/', '\\']).any(|part| part == "..")
}

impl Sorter {
    /// Takes a file that is wanted.
    ///
    /// # Errors
    /// `source-too-large` beyond the bounds; `ambiguous-source` where the same path comes twice with different bytes.
    pub fn add(&mut self, source: &str, path: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        let path = parts(path).join("/");
        self.bytes += bytes.len();
        if self.files.len() >= MAX_FILES || self.bytes > MAX_BYTES {
            return Err(refuse(
                "source-too-large",
                format!(
                    "{source}: more than {MAX_FILES} NV files, or more than {} MiB of them",
                    MAX_BYTES >> 20
                ),
            ));
        }
        match self.files.insert(path.clone(), bytes) {
            Some(before) if self.files.get(&path) != Some(&before) => Err(refuse(
                "ambiguous-source",
                format!("{source}: {path} is in it twice, with different content"),
            )),
            _ => Ok(()),
        }
    }

    /// Returns the files as they came, by path.
    pub fn into_files(self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.files.into_iter()
    }

    /// Returns the trees. `source` names them.
    pub fn finish(self, source: &str) -> Vec<Branch> {
        let mut roots: BTreeMap<String, (Option<Layer>, Tree)> = BTreeMap::new();
        let mut loose = Vec::new();
        for (path, bytes) in self.files {
            let parts = parts(&path);
            let Some(place) = place(&parts) else {
                loose.push((path, bytes));
                continue;
            };
            let (root, below) = (parts[..place.depth].join("/"), parts[place.depth..].join("/"));
            let (_, tree) = roots.entry(root).or_insert_with(|| (place.layer, Tree::new()));
            tree.insert(below, FileCopy { bytes, extents: Vec::new() });
        }
        for (path, bytes) in loose {
            let (root, name) = path.rsplit_once('/').unwrap_or(("", &path));
            if let Some((_, tree)) = roots.get_mut(root) {
                tree.insert(name.to_owned(), FileCopy { bytes, extents: Vec::new() });
            }
        }
        let branch = |(root, (layer, tree)): (String, (Option<Layer>, Tree))| {
            // What `vault export` wrote of a BinRegion is none of the phone's trees, whatever Android called their root.
            if root.split('/').any(|part| part == "binregion") {
                return None;
            }
            let layer = layer.unwrap_or_else(|| by_content(&tree));
            is_a_tree(layer, &tree).then(|| Branch {
                name: if root.is_empty() { source.to_owned() } else { format!("{source}/{root}") },
                layer,
                tree,
            })
        };
        roots.into_iter().filter_map(branch).collect()
    }
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").collect()
}

fn place(parts: &[&str]) -> Option<Place> {
    let folders = parts.get(..parts.len().checked_sub(1)?)?;
    folders.iter().enumerate().find_map(|(index, name)| {
        let named = |layer| Some(Place { depth: index + 1, layer: Some(layer) });
        match *name {
            "nvram" | "nvdata" => named(Layer::Live),
            "protect_f" | "protect1" => named(Layer::ProtectF),
            "protect_s" | "protect2" => named(Layer::ProtectS),
            "APCFG" => Some(Place { depth: index, layer: None }),
            name if MODEM.contains(&name) => Some(Place { depth: index, layer: None }),
            _ => None,
        }
    })
}

/// Tells a root without a telling name by its files.
fn by_content(tree: &Tree) -> Layer {
    let has = |start: &str| tree.keys().any(|path| path.starts_with(start));
    if has("APCFG/") || has("md/NVRAM/") {
        Layer::Live
    } else if has("md/ST33A") || has("md/ST33_") {
        Layer::ProtectF
    } else if has("md/ST33B") {
        Layer::ProtectS
    } else {
        Layer::Live
    }
}

/// A folder that is only called `nvram` is no tree.
fn is_a_tree(layer: Layer, tree: &Tree) -> bool {
    let folders: BTreeSet<&str> =
        tree.keys().filter_map(|path| path.split_once('/')).map(|(top, _)| top).collect();
    folders.iter().any(|top| MODEM.contains(top) || layer == Layer::Live && *top == "APCFG")
}
