//! The copies of all pieces of a source as one set. Two that say the same are one; two that contradict each other are told
//! and refused, for nobody but the user knows which is the phone's.

use super::{Haul, Layer, refuse};
use crate::app::Failure;
use crate::app::gather::{Scope, gather, live_root};
use crate::identity::{BinRegionCopy, Copies, Covers, FileCopy, Found, Tree};
use crate::storage::Layout;

/// A finding, and the piece it came from.
struct Told<T> {
    found: Found<T>,
    by: String,
}

impl Haul {
    /// Gathers every copy, and what the source can speak of.
    ///
    /// # Errors
    /// `ambiguous-source`, with the names of both; the device's.
    pub fn copies(&self) -> Result<(Copies, Covers), Failure> {
        if let ([piece], []) = (self.pieces.as_slice(), self.branches.as_slice()) {
            return Ok((gather(&piece.disk, &piece.layout, Scope::All)?, covered(&piece.layout)));
        }
        let mut region = Told::nothing("NVRAM");
        let mut live = Told::nothing("live tree");
        let mut pro_info = Told::nothing("PRO_INFO");
        let mut protect_f = Told::nothing("PROTECT_F");
        let mut protect_s = Told::nothing("PROTECT_S");
        let mut covers = Covers::default();
        for piece in &self.pieces {
            let copies = gather(&piece.disk, &piece.layout, Scope::All)?;
            covers = both(covers, covered(&piece.layout));
            region.hear("NVRAM", copies.binregion, &piece.name, same_region)?;
            live.hear("the live tree", copies.live, &piece.name, same_tree)?;
            pro_info.hear("PRO_INFO", copies.pro_info, &piece.name, same_file)?;
            protect_f.hear("PROTECT_F", copies.protect_f, &piece.name, same_tree)?;
            protect_s.hear("PROTECT_S", copies.protect_s, &piece.name, same_tree)?;
        }
        for branch in &self.branches {
            let tree = Found::Present(branch.tree.clone());
            match branch.layer {
                Layer::Live => live.hear("the live tree", tree, &branch.name, same_tree)?,
                Layer::ProtectF => protect_f.hear("PROTECT_F", tree, &branch.name, same_tree)?,
                Layer::ProtectS => protect_s.hear("PROTECT_S", tree, &branch.name, same_tree)?,
            }
            match branch.layer {
                Layer::Live => covers.live = true,
                Layer::ProtectF => covers.protect_f = true,
                Layer::ProtectS => covers.protect_s = true,
            }
        }
        let copies = Copies {
            binregion: region.found,
            live: live.found,
            pro_info: pro_info.found,
            protect_f: protect_f.found,
            protect_s: protect_s.found,
            remnants: Vec::new(),
        };
        Ok((copies, covers))
    }
}

impl<T> Told<T> {
    fn nothing(what: &str) -> Self {
        Self { found: Found::Absent(format!("this source has no {what}")), by: String::new() }
    }

    fn hear(
        &mut self,
        what: &str,
        found: Found<T>,
        by: &str,
        same: impl Fn(&T, &T) -> bool,
    ) -> Result<(), Failure> {
        match (&self.found, &found) {
            (_, Found::Absent(_)) => return Ok(()),
            (Found::Absent(_), _) => {}
            (Found::Present(one), Found::Present(other)) if same(one, other) => return Ok(()),
            (Found::Blank, Found::Blank) => return Ok(()),
            _ => {
                return Err(refuse(
                    "ambiguous-source",
                    format!("{} and {by} both hold {what}, and they differ", self.by),
                )
                .advise(
                    "Only one can be the phone's. Give the right one by itself, or move the other away.",
                ));
            }
        }
        *self = Self { found, by: by.to_owned() };
        Ok(())
    }
}

fn same_region(one: &BinRegionCopy, other: &BinRegionCopy) -> bool {
    let files = |copy: &BinRegionCopy| -> Vec<(String, Vec<u8>)> {
        copy.region.files.iter().map(|file| (file.name.clone(), file.bytes.clone())).collect()
    };
    one.region.checksum_valid() == other.region.checksum_valid() && files(one) == files(other)
}

fn same_file(one: &FileCopy, other: &FileCopy) -> bool {
    one.bytes == other.bytes
}

/// The daemon's bookkeeping beside a tree is no part of it: an export or a tar may have left it behind.
fn same_tree(one: &Tree, other: &Tree) -> bool {
    let beside = |path: &String| ["AllMap", "AllFile", "RestoreFlag"].contains(&path.as_str());
    let within = |one: &Tree, other: &Tree| {
        one.iter().all(|(path, file)| match other.get(path) {
            Some(other) => other.bytes == file.bytes,
            None => beside(path),
        })
    };
    within(one, other) && within(other, one)
}

/// A partition that is there can be spoken of, even when nothing is in it.
pub fn covered(layout: &Layout) -> Covers {
    let has = |name: &str| layout.find(name).is_some();
    Covers {
        binregion: has("NVRAM"),
        live: live_root(layout).is_some(),
        pro_info: has("PRO_INFO"),
        protect_f: has("PROTECT_F"),
        protect_s: has("PROTECT_S"),
    }
}

fn both(one: Covers, other: Covers) -> Covers {
    Covers {
        binregion: one.binregion || other.binregion,
        live: one.live || other.live,
        pro_info: one.pro_info || other.pro_info,
        protect_f: one.protect_f || other.protect_f,
        protect_s: one.protect_s || other.protect_s,
    }
}
