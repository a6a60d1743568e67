//! Phones of later modem families: read, saved, lost, put back, repaired, and started by their own software.

use std::collections::BTreeMap;

use nvkeep::app::gather::{Scope, gather};
use nvkeep::app::repair::{RepairRequest, RepairResult, repair_at};
use nvkeep::app::session::connect_at;
use nvkeep::app::{Exit, Failure};
use nvkeep::formats::catalog::Generation;
use nvkeep::identity::{BootsFrom, Copies, Found, Status, Tree, generation};
use nvkeep::simulator::Scenario;
use nvkeep::simulator::android::BootSource;
use nvkeep::storage::Shared;

use crate::support::e2fsprogs::{e2fsck, have_tools};
use crate::support::workbench::{Workbench, same};

const IMEI: &str = "490154203237518";

fn copies(bench: &Workbench) -> Copies {
    let (context, mut port) = (bench.context(), bench.port());
    let session = connect_at(&context, port.as_mut()).unwrap();
    let disk: Shared = session.disk.clone();
    gather(&disk, &session.layout, Scope::All).unwrap()
}

fn live(bench: &Workbench) -> BTreeMap<String, Vec<u8>> {
    let copies = copies(bench);
    copies.live.present().unwrap().iter().map(|(path, file)| (path.clone(), file.bytes.clone())).collect()
}

fn repair(bench: &Workbench, deep: bool) -> Result<RepairResult, Failure> {
    let request = RepairRequest { deep, ..RepairRequest::default() };
    repair_at(&bench.context(), bench.port().as_mut(), None, &request, &mut |_| true)
}

/// Started as written, and after "erase all data": everything comes up with the phone's own values.
fn outlives_android(bench: &Workbench) {
    for (when, shown) in [("reboot", bench.reboot()), ("factory reset", bench.factory_reset())] {
        assert!(shown.asserts.is_empty() && shown.defaulted.is_empty(), "{when}: {shown:?}");
        assert_eq!(shown.imei[0].as_deref(), Some(IMEI), "{when}");
        assert_eq!(shown.wifi.as_deref(), Some("02:4e:56:4b:50:01"), "{when}");
        assert_eq!(shown.bluetooth.as_deref(), Some("02:4e:56:4b:50:02"), "{when}");
        assert_eq!(shown.barcode.as_deref(), Some("NVKEEPSYNTHETIC1"), "{when}");
    }
    assert!(bench.inspect().unwrap().is_healthy(), "{:?}", bench.inspect().unwrap().survey.verdict);
}

#[test]
fn every_layer_of_a_healthy_phone_is_read_by_its_own_key() {
    for (name, wanted) in [("lr11", Generation::G2), ("lr12a", Generation::G3)] {
        let bench = Workbench::with(name);
        assert_eq!(generation(&copies(&bench)), Some(wanted), "{name}");
        let report = bench.inspect().unwrap();
        assert!(report.is_healthy(), "{name}: {:?}", report.survey.verdict);
        for layer in ["binregion", "live", "pro_info"] {
            let layer = report.survey.layer(layer).unwrap();
            let valid = |value: &Option<nvkeep::app::Value>, text: &str| {
                value.as_ref().is_some_and(|value| {
                    value.status == Status::Valid && value.value.as_deref() == Some(text)
                })
            };
            assert_eq!(layer.imei[0].value.as_deref(), Some(IMEI), "{name} {}", layer.name);
            assert!(valid(&layer.wifi_mac, "02:4e:56:4b:50:01"), "{name} {}", layer.name);
            assert!(valid(&layer.bt_mac, "02:4e:56:4b:50:02"), "{name} {}", layer.name);
            assert!(valid(&layer.barcode, "NVKEEPSYNTHETIC1"), "{name} {}", layer.name);
        }
        outlives_android(&bench);
    }
}

#[test]
fn a_phone_is_saved_lost_and_put_back() {
    for name in ["lr11", "lr12a"] {
        let bench = Workbench::with(name);
        let before = live(&bench);
        bench.backup("own.nvk").unwrap();
        let own = copies(&bench);
        let lost = Scenario::parse(&format!(
            "base = \"{name}\"\n[[damage]]\nkind = \"erase\"\npartition = \"nvram\"\n\
             [[damage]]\nkind = \"erase\"\npartition = \"proinfo\"\n\
             [[damage]]\nkind = \"erase\"\npartition = \"protect1\"\n\
             [[damage]]\nkind = \"fresh\"\npartition = \"protect2\"\n\
             [[damage]]\nkind = \"fresh\"\npartition = \"nvdata\"\n"
        ));
        let flash = lost.unwrap().build(None).unwrap().1;
        bench.change(|now| *now = flash);
        assert!(!bench.inspect().unwrap().is_healthy(), "{name}: no damage");
        let result = bench.restore("own.nvk").unwrap();
        assert!(result.written && result.after.is_healthy(), "{name}: {:?}", result.after.survey.verdict);
        assert_eq!(live(&bench), before, "{name}: nvdata is another");
        // Free blocks and the log of a clean journal are not kept: volumes are compared by their files.
        let (now, own) = (copies(&bench), own);
        let files = |tree: &Found<Tree>| -> BTreeMap<String, Vec<u8>> {
            tree.present().unwrap().iter().map(|(path, file)| (path.clone(), file.bytes.clone())).collect()
        };
        assert_eq!(files(&now.protect_f), files(&own.protect_f), "{name}");
        assert_eq!(files(&now.protect_s), files(&own.protect_s), "{name}");
        assert_eq!(now.pro_info, own.pro_info, "{name}");
        let data = |copies: &Copies| copies.binregion.present().unwrap().region.data.clone();
        assert_eq!(data(&now), data(&own), "{name}");
        outlives_android(&bench);
    }
}

#[test]
fn another_phones_archive_is_refused() {
    let bench = Workbench::with("lr12a");
    bench.backup("own.nvk").unwrap();
    let other = Scenario::parse(
        "base = \"lr12a\"\n[card]\ncid = \"1501004e564b344742104e564b999d01\"\n[identity]\nimei = \"356938035643809\"\nwifi_mac = \"02:4e:56:4b:60:01\"\nbt_mac = \"02:4e:56:4b:60:02\"\n",
    )
    .unwrap();
    *bench.slot.phone() = Some(other.build(None).unwrap());
    let before = bench.flash();
    let failure = bench.restore("own.nvk").unwrap_err();
    assert_eq!((failure.exit, failure.code), (Exit::Forbidden, "other-phone"), "{failure}");
    assert!(same(&before, &bench.flash()));
}

#[test]
fn an_unset_imei_comes_back_from_proinfo() {
    let bench = Workbench::with("lr12a-imei-null");
    let result = repair(&bench, false).unwrap();
    assert!(result.written && result.after.is_healthy());
    assert_eq!(result.plan.blocks, 4, "{:?}", result.plan.regions);
    outlives_android(&bench);
}

#[test]
fn default_addresses_come_back_from_proinfo() {
    let bench = Workbench::with("lr11-default-mac");
    let result = repair(&bench, false).unwrap();
    assert!(result.written && result.after.is_healthy());
    outlives_android(&bench);
}

#[test]
fn a_wiped_nvdata_needs_only_a_start() {
    let bench = Workbench::with("lr12a-nvdata-wiped");
    let report = bench.inspect().unwrap();
    assert!(report.is_healthy());
    assert_eq!(report.survey.boots_from, BootsFrom::Binregion);
    assert!(!repair(&bench, false).unwrap().written);
    assert_eq!(bench.reboot().source, BootSource::BinRegion);
    outlives_android(&bench);
}

#[test]
fn a_deleted_imei_file_comes_back_from_its_block() {
    let bench = Workbench::with("lr12a-deleted-imei");
    // The daemon's work copy holds the file too; without it only the deleted file's block is left, which is looked for on
    // demand.
    spoil_work_copy(&bench);
    let before = bench.flash();
    let failure = repair(&bench, false).unwrap_err();
    assert_eq!(failure.code, "not-enough-evidence", "{failure}");
    assert!(failure.advice.unwrap().contains("--deep"));
    assert!(same(&before, &bench.flash()));
    let result = repair(&bench, true).unwrap();
    assert!(result.written && result.after.is_healthy());
    let line = result.plan.evidence.iter().find(|line| line.what == "IMEI slot 1").unwrap();
    assert!(line.place.starts_with("a remnant: an unused block of nvdata"), "{line:?}");
    assert_eq!(bench.reboot().imei[0].as_deref(), Some(IMEI));
}

#[test]
fn a_deleted_imei_file_comes_back_from_the_daemons_work_copy() {
    let bench = Workbench::with("lr12a-deleted-imei");
    let verdict = bench.inspect().unwrap().survey.verdict;
    assert!(verdict.summary.contains("IMEI in the daemon's work copy"), "{}", verdict.summary);
    let result = repair(&bench, false).unwrap();
    assert!(result.written && result.after.is_healthy());
    let line = result.plan.evidence.iter().find(|line| line.what == "IMEI slot 1").unwrap();
    assert!(line.place.starts_with("the daemon's work copy"), "{line:?}");
    outlives_android(&bench);
}

/// Spoils the IMEI file inside AllFile, and leaves map and sum as they would be.
fn spoil_work_copy(bench: &Workbench) {
    let copies = copies(bench);
    let tree = copies.live.present().unwrap();
    let (data, map) = (&tree["AllFile"], &tree["AllMap"]);
    let at = data.bytes.windows(10).position(|bytes| bytes == b"LDI\0\x10\xef\x0a\0\x0a\0").unwrap();
    let mut spoilt = data.bytes.clone();
    spoilt[at + 64..at + 96].fill(0x11);
    let sum = nvkeep::simulator::build::binregion::checksum(&spoilt).to_le_bytes();
    bench.change(|flash| {
        let mut from = 0;
        for extent in &data.extents {
            let to = from + extent.len as usize;
            flash.write(nvkeep::simulator::Area::User, extent.at, &spoilt[from..to]).unwrap();
            from = to;
        }
        flash.write(nvkeep::simulator::Area::User, map.extents[0].at, &sum).unwrap();
    });
}

#[test]
fn a_missing_folder_of_nvdata_is_made_again_and_the_volume_is_clean() {
    let page = "base = \"lr12a\"\n".to_owned()
        + &["md/NVRAM/NVD_IMEI/LD0B_001", "md/NVRAM/NVD_IMEI/NV01_000", "md/NVRAM/CALIBRAT/LA05_002"]
            .map(|path| format!("[[damage]]\nkind = \"damage-file\"\nvolume = \"live\"\npath = \"{path}\"\nhow = \"remove\"\n"))
            .concat()
        + "[[damage]]\nkind = \"damage-file\"\nvolume = \"live\"\npath = \"md/NVRAM/CALIBRAT/UL11_001\"\nhow = \"cut\"\n";
    let scenario = Scenario::parse(&page).unwrap();
    let bench = Workbench::with("lr12a");
    let healthy = live(&bench);
    bench.change(|flash| *flash = scenario.build(None).unwrap().1);
    let result = repair(&bench, false).unwrap();
    assert!(result.written && result.after.is_healthy(), "{:?}", result.after.survey.verdict);
    let (mut now, mut before) = (live(&bench), healthy);
    // The modem's book is closed on purpose, so that it is made anew.
    for tree in [&mut now, &mut before] {
        tree.remove("md/NVRAM/INFO_FILE").unwrap();
    }
    assert_eq!(now, before);
    if have_tools("a repaired nvdata is clean") {
        let (at, len) = scenario.place("nvdata").unwrap();
        let mut image = vec![0; len as usize];
        bench.flash().read(nvkeep::simulator::Area::User, at, &mut image).unwrap();
        let (code, said, _) = e2fsck(&image, "-fn");
        assert_eq!(code, 0, "{said}");
    }
    outlives_android(&bench);
}

#[test]
fn an_imei_that_the_modems_book_does_not_list_is_null_until_the_book_is_made_anew() {
    let bench = Workbench::with("lr12a");
    let copies = copies(&bench);
    let book = &copies.live.present().unwrap()["md/NVRAM/INFO_FILE"];
    let mut spoilt = book.bytes.clone();
    // LID 0xEF10: byte 0x240 + (0xEF10 - 0xE000) / 8 of the bitmap at 0x18, bit 0 (modem-nvram.md 4.5).
    let at = 0x18 + 0x240 + (0xEF10 - 0xE000) / 8;
    assert_eq!(spoilt[at] & 1, 1, "it is listed");
    spoilt[at] &= !1;
    let digest = <md5::Md5 as md5::Digest>::digest(&spoilt[0x18..0x658]);
    spoilt[8..0x18].copy_from_slice(&digest);
    bench.change(|flash| {
        let place = book.extents[0].at;
        flash.write(nvkeep::simulator::Area::User, place, &spoilt).unwrap();
    });
    let report = bench.inspect().unwrap();
    assert!(!report.is_healthy());
    assert_eq!(report.survey.layer("live").unwrap().imei[0].status, Status::Null);
    let result = repair(&bench, false).unwrap();
    assert!(result.written && result.after.is_healthy(), "{:?}", result.after.survey.verdict);
    assert_eq!(result.plan.blocks, 1, "{:?}", result.plan.changes);
}
