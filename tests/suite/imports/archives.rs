//! Claims about what an import makes: an archive that says what it is missing, binds only by a surviving copy, and restores
//! only where its places are known.

use std::fs;

use nvkeep::app::Exit;
use nvkeep::app::Failure;
use nvkeep::app::archive::{open_archive, verify};
use nvkeep::app::import::{ImportRequest, ImportResult, import};
use nvkeep::app::repair::{RepairRequest, repair_at};
use nvkeep::app::shelf::shelf;
use nvkeep::simulator::Area;
use nvkeep::vault::Archive;

use super::{IDENTITY, bytes_of, dump, files, lay, layer, look, says_as_the_phone, tar_of};
use crate::gpt_phones::{self, place};
use crate::support::program::Home;
use crate::support::workbench::Workbench;

fn brings_in(
    bench: &Workbench,
    source: &str,
    output: &str,
    chip: Option<&str>,
) -> Result<ImportResult, Failure> {
    let request = ImportRequest {
        source: bench.path(source),
        output: Some(bench.path(output)),
        chip: chip.map(str::to_owned),
        note: "Ticket 78".into(),
    };
    import(&bench.context(), &request)
}

fn repairs(bench: &Workbench, name: &str) -> Result<bool, Failure> {
    let archive = open_archive(&bench.path(name)).unwrap();
    let request = RepairRequest { archive: Some(bench.path(name)), ..RepairRequest::default() };
    repair_at(&bench.context(), bench.port().as_mut(), Some(&archive), &request, &mut |_| true)
        .map(|result| result.after.is_healthy())
}

#[test]
fn an_import_says_what_it_is_and_what_is_missing() {
    let bench = Workbench::with("mt6572");
    let phone = bench.inspect().unwrap();
    lay(&bench.path("backup"), &files("mt6572", "data/nvram", ""));
    fs::write(bench.path("backup/nvram.img"), bytes_of(&bench.flash(), "NVRAM")).unwrap();
    let result = brings_in(&bench, "backup", "a.nvk", Some("mt6572")).unwrap();
    assert_eq!(result.imported.missing, ["the card's CID", "the places of the partitions", "PRO_INFO"]);
    assert!(result.imported.sources.contains(&"nvram.img".to_owned()), "{:?}", result.imported);
    let manifest = Archive::open(&bench.path("a.nvk")).unwrap().manifest().clone();
    assert_eq!(manifest.imported.as_ref(), Some(&result.imported));
    assert_eq!((manifest.phone.cid.as_str(), manifest.phone.chip.as_str()), ("", "MT6572"));
    assert!(manifest.phone.layout.is_empty() && manifest.note == "Ticket 78" && !manifest.full);
    let checked = verify(&bench.context(), &bench.path("a.nvk")).unwrap();
    assert_eq!(checked.imported, Some(result.imported));
    says_as_the_phone(&bench, &phone, "a.nvk", &["binregion", "live", "simlock"]);
    assert!(look(&bench, "a.nvk").unwrap().source.contains("imported archive, no CID"));
    let shelf = shelf(&bench.context(), bench.folder.path(), Some("ticket 78")).unwrap();
    assert!(shelf.archives[0].imported && shelf.bad.is_empty());
    let again = brings_in(&bench, "backup", "a.nvk", None).unwrap_err();
    assert_eq!(again.code, "target-exists");
    let archive = brings_in(&bench, "a.nvk", "b.nvk", None).unwrap_err();
    assert_eq!(archive.code, "not-foreign");
    let odd = brings_in(&bench, "backup", "c.nvk", Some("MT9999")).unwrap_err();
    assert_eq!((odd.exit, odd.code), (Exit::Usage, "unknown-chip"));
    assert_eq!(bench.files(), ["a.nvk", "backup"]);
}

#[test]
fn a_scatter_file_in_the_folder_tells_the_chip() {
    let bench = Workbench::with("mt6572");
    fs::create_dir(bench.path("readback")).unwrap();
    fs::write(bench.path("readback/nvram"), bytes_of(&bench.flash(), "NVRAM")).unwrap();
    let scatter = "- general: MTK_PLATFORM_CFG\n  info:\n    - config_version: V1.1.1\n      platform: MT6572\n      project: x\n      storage: EMMC\n      boot_channel: MSDC_0\n      block_size: 0x20000\n- partition_index: SYS0\n  partition_name: PRELOADER\n  file_name: preloader.bin\n  is_download: true\n  type: SV5_BL_BIN\n  linear_start_addr: 0x0\n  physical_start_addr: 0x0\n  partition_size: 0x1400000\n  region: EMMC_BOOT_1\n  storage: HW_STORAGE_EMMC\n  boundary_check: true\n  is_reserved: false\n  operation_type: BOOTLOADERS\n  reserve: 0x00\n";
    fs::write(bench.path("readback/MT6572_Android_scatter.txt"), scatter).unwrap();
    let result = brings_in(&bench, "readback", "a.nvk", None).unwrap();
    assert_eq!(result.report.phone.chip, "MT6572");
    let failure = brings_in(&bench, "readback", "b.nvk", Some("MT6582")).unwrap_err();
    assert_eq!((failure.exit, failure.code), (Exit::Usage, "chip-differs"));
}

#[test]
fn files_alone_serve_a_repair_where_a_copy_on_the_phone_agrees() {
    let bench = Workbench::with("mt6572-default-mac");
    fs::write(bench.path("data.tar"), tar_of(&files("mt6572", "data/nvram", ""))).unwrap();
    brings_in(&bench, "data.tar", "a.nvk", Some("MT6572")).unwrap();
    assert!(Archive::open(&bench.path("a.nvk")).unwrap().manifest().regions.is_empty());
    assert!(!bench.inspect().unwrap().is_healthy());
    assert!(repairs(&bench, "a.nvk").unwrap());
    assert!(bench.inspect().unwrap().is_healthy());
}

#[test]
fn weak_binding_refuses_other_phones_unknown_chips_and_phones_without_a_copy() {
    let refused = |bench: &Workbench, name: &str, says: &str| {
        let before = bench.flash();
        let failure = repairs(bench, name).unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Forbidden, "other-phone"), "{failure}");
        assert!(failure.message.contains("no CID") && failure.message.contains(says), "{failure}");
        assert!(crate::support::workbench::same(&before, &bench.flash()));
    };
    let bench = Workbench::with("mt6572-default-mac");
    fs::write(bench.path("own.tar"), tar_of(&files("mt6572", "data/nvram", ""))).unwrap();
    fs::write(bench.path("other.tar"), tar_of(&files("mt6572-other-phone", "data/nvram", ""))).unwrap();
    brings_in(&bench, "own.tar", "no-chip.nvk", None).unwrap();
    refused(&bench, "no-chip.nvk", "--chip");
    brings_in(&bench, "other.tar", "other.nvk", Some("MT6572")).unwrap();
    refused(&bench, "other.nvk", "contradicts");
    brings_in(&bench, "own.tar", "own.nvk", Some("MT6572")).unwrap();
    bench.flash_becomes("mt6572-format-all-pro-info-lost");
    refused(&bench, "own.nvk", "agrees with it");
}

#[test]
fn a_restore_wants_the_places_known_and_equal() {
    let bench = gpt_phones::phone(false);
    let flash = bench.flash();
    fs::create_dir(bench.path("images")).unwrap();
    for name in IDENTITY {
        fs::write(bench.path(&format!("images/{name}.img")), bytes_of(&flash, name)).unwrap();
    }
    dump(&flash, &bench.path("flash.bin"), 0, flash.len(Area::User));
    brings_in(&bench, "images", "images.nvk", Some("MT6572")).unwrap();
    let whole = brings_in(&bench, "flash.bin", "flash.nvk", Some("MT6572")).unwrap();
    assert!(!whole.imported.missing.contains(&"the places of the partitions".to_owned()));
    let (at, len) = place("NVRAM");
    bench.change(|flash| flash.fill(Area::User, at, len, 0).unwrap());
    let lost = bench.flash();
    let failure = bench.restore("images.nvk").unwrap_err();
    assert_eq!((failure.exit, failure.code), (Exit::Forbidden, "other-phone"));
    assert!(failure.message.contains("where its partitions lie"), "{failure}");
    assert!(crate::support::workbench::same(&lost, &bench.flash()));
    let result = bench.restore("flash.nvk").unwrap();
    assert!(result.after.is_healthy());
    assert!(result.plan.binding.contains("imported"), "{}", result.plan.binding);
    // The same phone with its partitions elsewhere is not written to.
    let moved = Workbench::with("mt6572");
    fs::copy(bench.path("flash.nvk"), moved.path("flash.nvk")).unwrap();
    assert!(moved.restore("flash.nvk").is_ok(), "this one has them at the same places");
}

#[test]
fn an_archive_that_claims_a_card_beside_its_import_is_not_believed() {
    let bench = Workbench::with("mt6572");
    fs::write(bench.path("own.tar"), tar_of(&files("mt6572", "data/nvram", ""))).unwrap();
    brings_in(&bench, "own.tar", "a.nvk", Some("MT6572")).unwrap();
    let mut archive = Archive::open(&bench.path("a.nvk")).unwrap();
    let mut manifest = archive.manifest().clone();
    manifest.phone.cid = "1501004e564b344742104e564b017d01".into();
    let mut draft = nvkeep::vault::Draft::new(manifest.clone());
    for file in &manifest.files {
        draft.add_file(&file.layer, &file.path, archive.file(&file.layer, &file.path).unwrap()).unwrap();
    }
    draft.save(&bench.path("b.nvk"), nvkeep::vault::Existing::Refuse).unwrap();
    let open = open_archive(&bench.path("b.nvk")).unwrap();
    assert_eq!((open.ids.cid.as_str(), open.facts.cid.as_str()), ("", "unknown"));
}

#[test]
fn the_program_imports_in_text_and_json() {
    let home = Home::new();
    home.file("own.tar", tar_of(&files("mt6572", "mnt/vendor/nvdata", "mnt/vendor/")));
    let text = home.run(&["vault", "import", "own.tar", "--chip", "MT6572", "-o", "a.nvk"]).exits(0).out;
    for wanted in ["Imported: a.nvk", "missing", "the card's CID", "own.tar", "490154203237518"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let document = home.run(&["vault", "import", "own.tar", "--json", "--mask"]).exits(0).json();
    assert_eq!(document["verb"], "vault import");
    let file = document["result"]["file"].as_str().unwrap();
    assert!(file.starts_with("nvkeep-imported-unknown-") && home.path(file).is_file(), "{file}");
    assert!(!document.to_string().contains("490154203237518"));
    assert!(home.run(&["vault", "list"]).exits(0).out.contains("imported, no CID"));
    assert!(home.run(&["verify", "a.nvk"]).exits(0).out.contains("imported, no CID"));
    home.run(&["diff", "a.nvk", "own.tar"]).exits(0);
    home.run(&["vault", "import", "nowhere"]).exits(2);
}

#[test]
fn the_real_folder_of_the_phone_is_imported_whole() {
    let Some(folder) = crate::support::real_data("imports::the_real_folder") else { return };
    let bench = Workbench::with("mt6572");
    let request = ImportRequest {
        source: folder.join("mt6572-emmc-android44"),
        output: Some(bench.path("a.nvk")),
        ..ImportRequest::default()
    };
    let result = import(&bench.context(), &request).unwrap();
    assert_eq!(result.report.phone.chip, "MT6572", "the scatter file tells");
    for name in ["live", "pro_info", "simlock"] {
        assert_eq!(layer(&result.report, name)["state"], "valid", "{name}");
    }
    verify(&bench.context(), &bench.path("a.nvk")).unwrap();
}
