//! The real MT6572: AllMap and AllFile wrapped as its partition would hold them (ap-nvram.md 1.2, 8/8/2 geometry).

use std::fs;

use nvkeep::formats::binregion;
use nvkeep::formats::catalog::Catalog;
use nvkeep::identity::{BinRegionCopy, BootsFrom, Copies, Found, LayerState, Status, VerdictCode, judge};

use crate::support::{Random, real_data};

fn partition() -> Option<Vec<u8>> {
    let folder = real_data("samples")?.join("mt6572-emmc-android44/data/nvram");
    let (map, data) = (fs::read(folder.join("AllMap")).unwrap(), fs::read(folder.join("AllFile")).unwrap());
    let mut image = vec![0xFF; 0x50_0000];
    let mut header =
        [(map.len() as u32).to_le_bytes(), (data.len() as u32).to_le_bytes(), [0xFF; 4]].concat();
    header.extend(&map);
    image[..header.len()].copy_from_slice(&header);
    image[0x2_0000..][..data.len()].copy_from_slice(&data);
    image[0x2A_0000..][..66].fill(0);
    image[0x2A_0000 + 66..][..4].copy_from_slice(&[0xDD, 0xCC, 0xBB, 0xAA]);
    image[0x2A_0000 + 70..][..header.len()].copy_from_slice(&header);
    Some(image)
}

#[test]
fn the_region_parses_and_its_identity_decodes() {
    let Some(mut image) = partition() else { return };
    let region = binregion::parse(&mut image).unwrap();
    assert_eq!(
        (region.files.len(), region.stored_checksum, region.computed_checksum),
        (115, 0xD570_2BB7, 0xD570_2BB7)
    );
    assert_eq!((region.nv, region.tail.as_ref().unwrap().at), (22, 0x2A_0000));
    let absent = || Found::Absent("not here".to_string());
    let copies = Copies {
        binregion: Found::Present(BinRegionCopy { region, partition_at: 0x40_0000 }),
        live: absent(),
        pro_info: Found::Absent("not here".to_string()),
        protect_f: absent(),
        protect_s: absent(),
        remnants: Vec::new(),
    };
    let survey = judge(&copies, Catalog::builtin().unwrap().family_of("MT6572"));
    let layer = survey.layer("binregion").unwrap();
    assert_eq!((layer.state, layer.reason.as_deref()), (LayerState::Valid, None));
    assert_eq!(layer.imei.len(), 1);
    assert_eq!(layer.imei[0].value.as_deref(), Some("490154203237518"));
    assert_eq!(layer.imei[0].status, Status::Valid);
    assert_eq!(layer.wifi_mac.as_ref().unwrap().value.as_deref(), Some("02:4e:56:4b:50:01"));
    assert_eq!(layer.bt_mac.as_ref().unwrap().value.as_deref(), Some("02:4e:56:4b:50:02"));
    assert_eq!(layer.barcode.as_ref().unwrap().value.as_deref(), Some("NVKEEPSAMPLE0001"));
    assert_eq!(layer.calibration.as_ref().unwrap().valid, 104);
    assert_eq!((survey.boots_from, survey.verdict.code), (BootsFrom::Binregion, VerdictCode::Healthy));
}

#[test]
fn a_damaged_region_never_panics() {
    let Some(image) = partition() else { return };
    let mut random = Random::new(11);
    for _ in 0..200 {
        let mut damaged = image.clone();
        let head = random.damage(&image[..0x4000]);
        let len = head.len().min(0x4000);
        damaged[..len].copy_from_slice(&head[..len]);
        let _ = binregion::parse(&mut damaged);
    }
}

#[test]
fn a_lost_address_comes_back_by_a_plan_that_keeps_both_checksums() {
    use nvkeep::identity::{Part, Selection, plan_restore};
    let Some(image) = partition() else { return };
    let absent = || Found::Absent("not here".to_string());
    let copies = |image: &Vec<u8>| Copies {
        binregion: Found::Present(BinRegionCopy {
            region: binregion::parse(&mut image.clone()).unwrap(),
            partition_at: 0,
        }),
        live: absent(),
        pro_info: Found::Absent("not here".to_string()),
        protect_f: absent(),
        protect_s: absent(),
        remnants: Vec::new(),
    };
    let archive = copies(&image);
    let mut lost = image.clone();
    let wifi = 0x2_0000 + 66;
    lost[wifi + 4..wifi + 10].fill(0);
    let data = binregion::data_checksum(&lost[0x2_0000..0x2_0000 + 35510]).to_le_bytes();
    lost[0x0C..0x10].copy_from_slice(&data);
    lost[0x2A_0000 + 70 + 12..][..4].copy_from_slice(&data);
    assert_ne!(lost, image);
    let plan = plan_restore(&copies(&lost), &archive, &Selection::Only([Part::Wifi].into())).unwrap();
    for edit in &plan.edits {
        let at = edit.at as usize;
        lost[at..at + edit.bytes.len()].copy_from_slice(&edit.bytes);
    }
    assert!(lost == image, "the region is what it was, checksums in header and second copy included");
}

/// Every file below a folder, names with forward slashes.
fn tree(root: &std::path::Path, below: &str, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap) {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            tree(&entry.path(), &format!("{name}/"), into);
        } else {
            into.push((name, fs::read(entry.path()).unwrap()));
        }
    }
}

#[test]
fn every_real_file_has_the_sum_its_format_promises() {
    use nvkeep::formats::lid::{self, LidName};
    use nvkeep::formats::{ap_file, binregion::data_checksum};
    let Some(folder) = real_data("samples").map(|folder| folder.join("mt6572-emmc-android44")) else {
        return;
    };
    let mut files = Vec::new();
    tree(&folder.join("data/nvram"), "", &mut files);
    tree(&folder.join("protect_f"), "protect_f/", &mut files);
    tree(&folder.join("protect_s"), "protect_s/", &mut files);
    let (mut with_trailer, mut lids) = (0, 0);
    let catalog = Catalog::builtin().unwrap();
    let family = catalog.family_of("MT6572");
    for (path, bytes) in &files {
        let name = path.rsplit('/').next().unwrap();
        if path.starts_with("APCFG/") && ap_file::has_trailer(name) {
            assert!(ap_file::body(bytes).is_some(), "{path}");
            with_trailer += 1;
        } else if let Some(parsed) = LidName::parse(name) {
            let lid = family.lid(&parsed.prefix).unwrap_or_else(|| panic!("{path} is not described"));
            let split = lid.sizes.iter().find(|size| size.file_len() == bytes.len());
            let split = split.unwrap_or_else(|| panic!("{path}: {} bytes are not described", bytes.len()));
            assert_eq!(lid::records(bytes, split.record).unwrap().len(), split.count, "{path}");
            lids += 1;
        }
    }
    // 19 and 109 in the reference; the sample here was taken without NVD_DATA.
    assert!(with_trailer >= 19 && lids >= 109, "{with_trailer} {lids}");
    let named = |name: &str| &files.iter().find(|(path, _)| path == name).unwrap().1;
    assert_eq!(data_checksum(named("AllFile")), 0xD570_2BB7);
    let system = named("md/NVRAM/NVD_CORE/MT00A000");
    assert!(lid::key_is_proven(Some(system), None, lid::DEFAULT_KEY));
    assert!(!lid::key_is_proven(Some(system), None, [0x12, 0xAB, 0xCD, 0xEE]));
    assert!(lid::simlock_holds(named("protect_f/md/ST33A004"), lid::DEFAULT_KEY));
    let versions = ap_file::file_versions(named("APCFG/APRDCL/FILE_VER")).unwrap();
    assert_eq!((versions.len(), versions[2].0.as_str(), versions[2].1.as_str()), (46, "BT_Addr", "001"));
}

#[test]
fn the_real_phone_has_the_verdict_of_each_loss() {
    use crate::identity::phones::{copies_with, survey, told};
    use VerdictCode::{Healthy, Lost, NeedsArchive, Repairable};
    let Some(folder) = real_data("samples").map(|folder| folder.join("mt6572-emmc-android44")) else {
        return;
    };
    for (scenario, code, boots) in [
        ("mt6572", Healthy, BootsFrom::Live),
        ("mt6572-userdata-wiped", Healthy, BootsFrom::Binregion),
        ("mt6572-torn-binregion", Repairable, BootsFrom::Live),
        ("mt6572-imei-null", Repairable, BootsFrom::Live),
        ("mt6572-default-mac", NeedsArchive, BootsFrom::Live),
        ("mt6572-format-all", NeedsArchive, BootsFrom::None),
        ("mt6572-format-all-pro-info-lost", Lost, BootsFrom::None),
    ] {
        let survey = survey(&copies_with(scenario, Some(&folder)));
        assert_eq!((survey.verdict.code, survey.boots_from), (code, boots), "{scenario}: {}", told(&survey));
    }
}
