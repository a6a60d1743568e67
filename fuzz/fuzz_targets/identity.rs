//! Two simulated phones' BinRegions, each damaged in up to 64 places with its checksum put right: they are judged, and
//! parts of one are planned into the other. A plan that is not refused must give a sound region with the files asked for.
#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::binregion::{self, BinRegion};
use nvkeep::formats::catalog::Catalog;
use nvkeep::identity::{
    BinRegionCopy, Copies, Extent, FileCopy, Found, Part, Selection, Survey, Tree, judge, plan_restore,
};
use nvkeep_fuzz::phone::{NVRAM, OTHER_NVRAM};
use nvkeep_fuzz::source::Patched;

static BUILT_IN: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().expect("built in"));
/// Where the partition lies in the user area.
const AT: u64 = 0x100_0000;
const LIVE_AT: u64 = 0x4000_0000;

fuzz_target!(|bytes: &[u8]| {
    let [parts, live, half, bytes @ ..] = bytes else { return };
    let (ours, theirs) = bytes.split_at(usize::from(*half).min(bytes.len()));
    let (ours, theirs) = (NVRAM.patched(ours), OTHER_NVRAM.patched(theirs));
    let (Some((mut ours, phone)), Some((_, archive))) = (sound(ours), sound(theirs)) else { return };
    let phone = copies(phone, *live);
    let archive = copies(archive, *live >> 4);
    look(&phone);
    look(&archive);
    let all = [Part::Imei, Part::Wifi, Part::Bt, Part::Calibration];
    let wanted = all.into_iter().zip(0..).filter(|(_, bit)| parts >> bit & 1 == 1).map(|(part, _)| part);
    let selection = Selection::Only(wanted.collect());
    let Ok(plan) = plan_restore(&phone, &archive, &selection) else { return };
    for edit in plan.edits.iter().filter(|edit| edit.layer == "binregion") {
        ours.lay(edit.at - AT, &edit.bytes);
    }
    let staged = binregion::parse(&mut ours).expect("a plan leaves the region sound");
    assert!(staged.checksum_valid(), "a plan leaves the checksum right");
    let staged = copies(staged, 0);
    let known: BTreeSet<String> =
        [look(&phone), look(&archive)].into_iter().flat_map(|survey| survey.identities).collect();
    assert!(look(&staged).identities.is_subset(&known), "no identity comes from nowhere");
});

fn sound(mut source: Patched<'_>) -> Option<(Patched<'_>, BinRegion)> {
    let region = binregion::parse(&mut source).ok()?;
    let sum = region.computed_checksum.to_le_bytes();
    source.lay(region.checksum_at, &sum);
    if let Some(at) = region.tail_checksum_at() {
        source.lay(at, &sum);
    }
    let region = binregion::parse(&mut source).ok()?;
    region.checksum_valid().then_some((source, region))
}

/// Puts the region's own files beside it as a live tree, where `live` says so.
fn copies(region: BinRegion, live: u8) -> Copies {
    let mut tree = Tree::new();
    let mut at = LIVE_AT;
    for file in region.files.iter().filter(|_| live & 1 == 1) {
        let Some((_, path)) = file.name.split_once("/nvram/") else { continue };
        let len = file.size as u64;
        let extents = if live & 2 == 0 { vec![Extent { at, len }] } else { Vec::new() };
        tree.insert(path.to_owned(), FileCopy { bytes: file.bytes.clone(), extents });
        at += len;
    }
    Copies {
        binregion: Found::Present(BinRegionCopy { region, partition_at: AT }),
        live: if live & 1 == 1 { Found::Present(tree) } else { Found::Absent("not in this input".into()) },
        pro_info: Found::Blank,
        protect_f: Found::Absent("not in this input".into()),
        protect_s: Found::Absent("not in this input".into()),
        remnants: Vec::new(),
    }
}

fn look(copies: &Copies) -> Survey {
    let survey = judge(copies, BUILT_IN.family_of("MT6572"));
    assert_eq!(survey.layers.len(), 4);
    survey
}
