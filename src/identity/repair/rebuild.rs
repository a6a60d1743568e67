//! A blank NVRAM partition gets a BinRegion made from the live files the phone runs on, in the order and with the header of
//! the daemon's own last backup. Until then a factory reset would take the phone's identity.

use std::collections::BTreeMap;

use super::bench::{Bench, Mended};
use super::{Ground, NvramGround};
use crate::formats::binregion::{BLOCK_SIZE_EMMC, Content, compose, likely_areas};
use crate::identity::copies::{Copies, Found};
use crate::identity::files::below;
use crate::identity::plan::{Edit, Plan, believed};
use crate::identity::refusal::Refusal;

/// PRODUCT_INFO belongs into the region only where no partition holds it (ap-nvram.md 3.4).
const PRODUCT_INFO: &str = "APCFG/APRDEB/PRODUCT_INFO";

impl<'a> Bench<'a> {
    /// Composes the region where NVRAM is blank and the phone runs on live files. Returns the files it holds.
    ///
    /// # Errors
    /// [`Refusal::NoPattern`], [`Refusal::CannotCompose`].
    pub fn rebuild(
        &mut self,
        phone: &'a Copies,
        ground: &Ground,
        plan: &mut Plan,
    ) -> Result<Vec<Mended<'a>>, Refusal> {
        let (Found::Blank, Some(nvram), Ok((live, _))) = (&phone.binregion, &ground.nvram, believed(phone))
        else {
            return Ok(Vec::new());
        };
        let Some(pattern) = self.pattern.take() else { return Err(Refusal::NoPattern) };
        let mut files: BTreeMap<&'a str, Vec<u8>> = BTreeMap::new();
        let wanted = |path: &str| pattern.variant.category_of(path).is_some();
        for (path, file) in live.iter().filter(|(path, _)| wanted(path)) {
            let path = path.as_str();
            let good = self.is_good(path, &file.bytes, None);
            let better = if good { None } else { self.replacement(path, &file.bytes) };
            files.insert(path, better.map_or_else(|| file.bytes.clone(), |(bytes, _)| bytes));
        }
        let imei = self.scheme.imei();
        let lost: Vec<&'a str> = self
            .work
            .keys()
            .copied()
            .chain([imei])
            .filter(|path| wanted(path) && !files.contains_key(path))
            .collect();
        for path in lost {
            if let Some((bytes, _)) = self.lost(path) {
                files.insert(path, bytes);
            }
        }
        let keeps_product_info = pattern.files.iter().any(|file| file.name.ends_with(PRODUCT_INFO));
        if !keeps_product_info {
            files.remove(PRODUCT_INFO);
        }
        let root = pattern.files.iter().find_map(|file| {
            let path = below(&file.name)?;
            file.name.strip_suffix(path)
        });
        let Some(root) = root else { return Err(Refusal::NoPattern) };
        let tree = files.iter().map(|(path, bytes)| (*path, bytes.as_slice()));
        let content = Content::of_tree(pattern.variant, pattern.lid_counts, root, tree).in_order_of(&pattern);
        write(&content, *nvram, plan)?;
        let mended = files.into_iter().map(|(path, bytes)| {
            let good = self.is_good(path, &bytes, None);
            Mended { path, bytes, good }
        });
        Ok(mended.collect())
    }
}

/// Which platform's daemon will read the region is not known (ap-nvram.md 1.6, 7), and each looks for the second copy where
/// its own constants say: it is put into all of their places, which differ, and lie behind the data.
fn write(content: &Content, nvram: NvramGround, plan: &mut Plan) -> Result<(), Refusal> {
    let what = format!("BinRegion rebuilt from the live files ({} files)", content.files.len());
    let mut pieces: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    for area in likely_areas(nvram.len, BLOCK_SIZE_EMMC) {
        let composed =
            compose(content, area).map_err(|cause| Refusal::CannotCompose { why: cause.to_string() })?;
        pieces.extend(composed.pieces);
    }
    if pieces.is_empty() {
        return Err(Refusal::CannotCompose { why: "the partition is too small for any layout known".into() });
    }
    let edit = |(at, bytes)| Edit { at: nvram.at + at, bytes, layer: "binregion", what: what.clone() };
    // The header comes last: it is what makes the rest believed.
    plan.edits.extend(pieces.into_iter().rev().map(edit));
    Ok(())
}
