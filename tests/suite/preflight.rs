//! Claims about ROM packages before they are flashed: the right verdict with its reason for each way a package can kill a
//! phone or its identity, and no harm from a package that means harm.

mod hostile; // packages that mean harm
mod maker; // packages made by the test
mod real; // the two real scatter files
mod sums; // the checksum files of a package

use std::collections::BTreeMap;
use std::fs;

use nvkeep::app::preflight::{PreflightRequest, PreflightResult, Severity, Verdict, preflight, preflight_at};
use nvkeep::app::{Exit, Failure};
use nvkeep::simulator::Area;

use self::maker::{Part, Rom};
use crate::support::e2fsprogs;
use crate::support::program::Home;
use crate::support::workbench::{Workbench, built};

/// Bytes before the user area of the simulated card: two boot areas of 4 MiB, RPMB of 512 KiB.
const PREFIX: u64 = 0x88_0000;

/// Judges the package `rom` in the bench's folder against the bench's phone.
fn judge(bench: &Workbench) -> PreflightResult {
    let request = PreflightRequest { package: bench.path("rom"), phone: true, archive: None };
    preflight_at(&bench.context(), bench.port().as_mut(), &request).unwrap()
}

fn alone(bench: &Workbench, name: &str) -> Result<PreflightResult, Failure> {
    let request = PreflightRequest { package: bench.path(name), ..PreflightRequest::default() };
    preflight(&bench.context(), &request)
}

fn codes(result: &PreflightResult, severity: Severity) -> Vec<&'static str> {
    let mut codes: Vec<_> = result
        .reasons
        .iter()
        .filter(|reason| reason.severity == severity)
        .map(|reason| reason.code)
        .collect();
    codes.dedup();
    codes
}

fn sentence(result: &PreflightResult, code: &str) -> String {
    result
        .reasons
        .iter()
        .find(|reason| reason.code == code)
        .map(|reason| reason.sentence.clone())
        .unwrap_or_default()
}

/// Lays a package on a bench with a healthy phone, and judges it.
fn against_the_phone(rom: &Rom) -> PreflightResult {
    let bench = Workbench::with("mt6572");
    rom.lay(&bench.path("rom"));
    judge(&bench)
}

#[track_caller]
fn is_deadly(rom: &Rom, code: &str) -> PreflightResult {
    let result = against_the_phone(rom);
    assert_eq!((result.verdict, result.exit()), (Verdict::DoNotFlash, Exit::Forbidden));
    assert_eq!(codes(&result, Severity::Danger), [code], "{:#?}", result.reasons);
    result
}

#[track_caller]
fn is_risky(rom: &Rom, code: &str) -> PreflightResult {
    let result = against_the_phone(rom);
    assert_eq!((result.verdict, result.exit()), (Verdict::Risky, Exit::Damaged));
    assert_eq!(codes(&result, Severity::Caution), [code], "{:#?}", result.reasons);
    result
}

#[test]
fn a_package_made_for_the_phone_is_safe_by_phone_and_by_archive() {
    let bench = Workbench::with("mt6572");
    let rom = Rom::matching();
    rom.lay(&bench.path("rom"));
    let by_phone = judge(&bench);
    assert_eq!((by_phone.verdict, by_phone.exit()), (Verdict::Safe, Exit::Done), "{:#?}", by_phone.reasons);
    assert_eq!(by_phone.compared.as_ref().unwrap().partitions, 17);
    assert!(by_phone.identity.iter().all(|fate| format!("{:?}", fate.effect) == "Kept"));
    assert!(by_phone.advice[0].contains("nvkeep backup"), "{:?}", by_phone.advice);
    bench.backup("a.nvk").unwrap();
    let request =
        PreflightRequest { package: bench.path("rom"), phone: false, archive: Some(bench.path("a.nvk")) };
    let by_archive = preflight(&bench.context(), &request).unwrap();
    assert_eq!(by_archive.verdict, Verdict::Safe, "{:#?}", by_archive.reasons);
    assert_eq!(by_archive.reasons, by_phone.reasons);
}

#[test]
fn nothing_is_called_safe_that_was_not_compared() {
    let bench = Workbench::with("mt6572");
    Rom::matching().lay(&bench.path("rom"));
    for name in ["rom", "rom/MT6572_Android_scatter.txt"] {
        let result = alone(&bench, name).unwrap();
        assert_eq!(result.verdict, Verdict::Risky);
        assert_eq!(codes(&result, Severity::Caution), ["not-compared"]);
    }
}

#[test]
fn the_phone_is_only_read() {
    let bench = Workbench::with("mt6572");
    Rom::matching().lay(&bench.path("rom"));
    let before = bench.flash();
    judge(&bench);
    assert!(crate::support::workbench::same(&before, &bench.flash()));
    assert_eq!(bench.files(), ["rom"]);
}

#[test]
fn a_shifted_map_is_deadly_with_both_numbers() {
    let mut rom = Rom::matching();
    for part in rom.parts.iter_mut().filter(|part| part.start >= 0x1D0_0000 && part.start < 0xFFFF_0000) {
        part.start += 0x10_0000;
    }
    let result = is_deadly(&rom, "map-start");
    let moved: Vec<_> = result.reasons.iter().filter(|reason| reason.code == "map-start").collect();
    assert_eq!(moved.len(), 13, "PROTECT_F and all behind it");
    let first = moved.iter().find(|reason| reason.partition.as_deref() == Some("PROTECT_F")).unwrap();
    assert_eq!((first.package, first.phone), (Some(0x1E0_0000), Some(0x1D0_0000)));
    assert!(
        first.sentence.contains("0x1e00000") && first.sentence.contains("0x1d00000"),
        "{}",
        first.sentence
    );
}

#[test]
fn an_identity_partition_of_another_size_or_none_is_deadly() {
    let mut rom = Rom::matching();
    rom.part("NVRAM").size = 0x30_0000;
    let result = is_deadly(&rom, "map-size");
    assert!(sentence(&result, "map-size").contains("0x300000 bytes in the package, 0x500000 on the phone"));
    let mut rom = Rom::matching();
    rom.parts.retain(|part| part.name != "PROTECT_S");
    assert!(sentence(&is_deadly(&rom, "map-only-on-phone"), "map-only-on-phone").starts_with("PROTECT_S"));
    let mut rom = Rom::matching();
    rom.parts.insert(5, Part::of("NVDATA", 0xF000_0000, 0x10_0000, "PROTECTED"));
    is_deadly(&rom, "map-only-in-package");
}

#[test]
fn a_map_that_is_not_certain_is_never_safe() {
    let bench = Workbench::with("mt6572-pmt-disagree");
    Rom::matching().lay(&bench.path("rom"));
    let result = judge(&bench);
    assert_ne!(result.verdict, Verdict::Safe);
    assert!(sentence(&result, "map-doubtful").contains("PMT"), "{:#?}", result.reasons);
    // Without a table the map is what a file says, and a file agrees with itself.
    let bench = Workbench::with("mt6572-no-pmt");
    Rom::matching().lay(&bench.path("rom"));
    let mut context = bench.context();
    context.choices.scatter = Some(bench.path("rom/MT6572_Android_scatter.txt"));
    let request = PreflightRequest { package: bench.path("rom"), phone: true, archive: None };
    let result = preflight_at(&context, bench.port().as_mut(), &request).unwrap();
    assert_eq!(codes(&result, Severity::Caution), ["map-from-scatter"], "{:#?}", result.reasons);
}

#[test]
fn user_data_of_another_size_is_risky() {
    let mut rom = Rom::matching();
    rom.part("USRDATA").size -= 0x10_0000;
    is_risky(&rom, "map-size");
}

#[test]
fn a_map_that_contradicts_itself_is_deadly() {
    let mut rom = Rom::matching();
    rom.parts.insert(5, Part::of("NVRAM", 0xF000_0000, 0x10_0000, "BINREGION"));
    is_deadly(&rom, "map-impossible");
    let mut rom = Rom::matching();
    rom.parts.push(Part::of("EXTRA", u64::MAX - 5, 100, "INVISIBLE"));
    let result = against_the_phone(&rom);
    assert!(codes(&result, Severity::Danger).contains(&"map-impossible"));
}

#[test]
fn another_chip_and_another_storage_are_deadly() {
    let mut rom = Rom::matching();
    rom.platform = "MT6582".into();
    let result = is_deadly(&rom, "other-chip");
    assert!(sentence(&result, "other-chip").contains("MT6582, this phone is MT6572"));
    let mut rom = Rom::matching();
    rom.storage = "NAND".into();
    is_deadly(&rom, "other-storage");
}

#[test]
fn a_preloader_is_risky_and_one_of_another_chip_deadly() {
    let mut rom = Rom::matching();
    rom.flash("PRELOADER", "preloader.bin", b"..mt6572..MT6323..".to_vec());
    is_risky(&rom, "flashes-preloader");
    rom.files.insert("preloader.bin".into(), b"..MT6323..platform/mt6582/..".to_vec());
    let result = is_deadly(&rom, "preloader-of-another-chip");
    assert!(sentence(&result, "preloader-of-another-chip").contains("MT6582"));
}

#[test]
fn a_package_that_empties_or_overwrites_identity_is_told_by_its_operations() {
    for (name, operation) in [("NVRAM", "INVISIBLE"), ("PROTECT_F", "UPDATE"), ("PRO_INFO", "INVISIBLE")] {
        let mut rom = Rom::matching();
        rom.part(name).operation = operation.into();
        let result = is_deadly(&rom, "formats-identity");
        assert!(sentence(&result, "formats-identity").starts_with(name));
    }
    let mut rom = Rom::matching();
    rom.part("NVRAM").operation = "RESERVED".into();
    is_risky(&rom, "operation-unknown");
    let mut rom = Rom::matching();
    rom.flash("PROTECT_F", "protect_f.img", vec![0; 4096]);
    is_deadly(&rom, "overwrites-identity");
}

#[test]
fn packages_of_the_gpt_age_are_compared_area_by_area_and_storage_by_storage() {
    let bench = Workbench::with("lr12a");
    for version in ["V1.1.2", "V2.1.0"] {
        let mut rom = Rom::matching_gpt(version);
        rom.lay(&bench.path("rom"));
        let result = judge(&bench);
        assert_eq!(result.verdict, Verdict::Safe, "{version}: {:#?}", result.reasons);
        assert_eq!((result.package.form.as_str(), result.package.storage), (version, Some("emmc")));
        // nvdata can be made anew from NVRAM: emptying it costs something, and is no end.
        rom.part("nvdata").operation = "INVISIBLE".into();
        rom.lay(&bench.path("rom"));
        let result = judge(&bench);
        assert_eq!(result.verdict, Verdict::Risky);
        assert_eq!(codes(&result, Severity::Caution), ["formats-identity"], "{version}");
        assert!(sentence(&result, "formats-identity").starts_with("NVDATA is marked INVISIBLE"));
        rom.part("nvram").start += 0x1000;
        rom.lay(&bench.path("rom"));
        assert!(codes(&judge(&bench), Severity::Danger).contains(&"map-start"), "{version}");
    }
}

#[test]
fn replacing_user_data_is_deadly_where_nvram_cannot_bring_the_live_files_back() {
    let mut rom = Rom::matching();
    rom.flash("USRDATA", "userdata.img", vec![0; 4096]);
    let result = against_the_phone(&rom);
    assert_eq!(result.verdict, Verdict::Safe, "{:#?}", result.reasons);
    assert_eq!(codes(&result, Severity::Note), ["replaces-live-files"]);
    let bench = Workbench::with("mt6572-nvram-blank");
    rom.lay(&bench.path("rom"));
    assert_eq!(codes(&judge(&bench), Severity::Danger), ["replaces-live-files"]);
}

#[test]
fn images_that_are_missing_empty_or_too_large_are_told() {
    let mut rom = Rom::matching();
    rom.files.remove("lk.bin");
    let result = is_risky(&rom, "image-missing");
    assert!(sentence(&result, "image-missing").contains("lk.bin"));
    let mut rom = Rom::matching();
    rom.files.insert("lk.bin".into(), Vec::new());
    is_risky(&rom, "image-empty");
    let mut rom = Rom::matching();
    rom.files.insert("lk.bin".into(), vec![1; 0x6_0001]);
    let result = is_deadly(&rom, "image-too-large");
    assert_eq!(sentence(&result, "image-too-large"), "lk.bin has 393217 bytes, UBOOT has room for 393216.");
    // Android's sparse form is small as a file and says how much it fills.
    let mut sparse = vec![0x3A, 0xFF, 0x26, 0xED, 1, 0, 0, 0, 28, 0, 12, 0, 0, 16, 0, 0, 0x61, 0, 0, 0];
    sparse.resize(64, 0);
    rom.files.insert("lk.bin".into(), sparse.clone());
    let result = is_deadly(&rom, "image-too-large");
    assert!(sentence(&result, "image-too-large").contains(&(0x61 * 4096).to_string()));
    sparse[16] = 0x60;
    rom.files.insert("lk.bin".into(), sparse);
    assert_eq!(against_the_phone(&rom).verdict, Verdict::Safe);
}

/// NVRAM and PRO_INFO of a scenario, as images.
fn donor(scenario: &str, name: &str) -> Vec<u8> {
    let (at, len) = match name {
        "NVRAM" => (0x180_0000, 0x50_0000),
        _ => (0x150_0000, 0x30_0000),
    };
    let (_, flash) = built(scenario, None);
    let mut bytes = vec![0; len];
    flash.read(Area::User, at - PREFIX, &mut bytes).unwrap();
    bytes
}

#[test]
fn a_donors_identity_is_named_with_both_numbers_and_its_owner_is_not_a_donor() {
    for (partition, file) in [("NVRAM", "nvram.bin"), ("PRO_INFO", "pro_info.img")] {
        let mut rom = Rom::matching();
        rom.flash(partition, file, donor("mt6572-other-phone", partition));
        let result = against_the_phone(&rom);
        assert_eq!(codes(&result, Severity::Danger), ["overwrites-identity", "carries-identity"]);
        let told = sentence(&result, "carries-identity");
        assert!(told.contains("356938035643809") && told.contains("490154203237518"), "{told}");
        assert!(result.identities.contains(&"356938035643809".to_owned()), "known to --mask");
        let mut rom = Rom::matching();
        rom.flash(partition, file, donor("mt6572", partition));
        let result = against_the_phone(&rom);
        assert_eq!(codes(&result, Severity::Danger), ["overwrites-identity"]);
        assert!(sentence(&result, "own-identity").contains("this phone's own"));
    }
}

#[test]
fn a_donors_image_that_only_lies_beside_is_risky_whatever_it_is_called() {
    for name in ["nvram.bin", "backup/old.img"] {
        let mut rom = Rom::matching();
        rom.files.insert(name.into(), donor("mt6572-other-phone", "NVRAM"));
        let result = is_risky(&rom, "carries-identity");
        assert!(sentence(&result, "carries-identity").contains("not written by this scatter file"));
    }
}

#[test]
fn the_board_is_compared_where_both_tell_it() {
    if !e2fsprogs::have_tools("preflight::the_board_is_compared_where_both_tell_it") {
        return;
    }
    let properties =
        |product: &str| format!("# build\nro.build.product={product}\nro.mediatek.platform=MT6572\n");
    let files = BTreeMap::from([("build.prop".to_owned(), properties("demo72").into_bytes())]);
    let system = e2fsprogs::make(&["-t", "ext4"], 2048, &files, "");
    let bench = Workbench::with("mt6572");
    bench.change(|flash| flash.write(Area::User, 0x4B4_0000 - PREFIX, &system).unwrap());
    let mut rom = Rom::matching();
    rom.flash("PRELOADER", "preloader.bin", b"mt6572".to_vec());
    rom.project = "DEMO72".into();
    rom.lay(&bench.path("rom"));
    let result = judge(&bench);
    assert_eq!(result.verdict, Verdict::Safe, "{:#?}", result.reasons);
    assert_eq!(codes(&result, Severity::Note), ["flashes-preloader"]);
    // Another project with a system image of its own is another board, and its preloader is deadly.
    rom.project = "other72".into();
    let files = BTreeMap::from([("build.prop".to_owned(), properties("other72").into_bytes())]);
    rom.flash("ANDROID", "system.img", e2fsprogs::make(&["-t", "ext4"], 2048, &files, ""));
    rom.lay(&bench.path("rom"));
    let result = judge(&bench);
    assert_eq!(codes(&result, Severity::Danger), ["flashes-preloader"]);
    assert!(sentence(&result, "other-board").contains("other72, the phone calls itself demo72"));
    // Without properties of its own nothing is guessed from the project's name.
    rom.flash("ANDROID", "system.img", vec![0; 4096]);
    rom.lay(&bench.path("rom"));
    let result = judge(&bench);
    assert_eq!(codes(&result, Severity::Caution), ["flashes-preloader"]);
    assert!(result.not_checked.iter().any(|what| what.contains("other72") && what.contains("demo72")));
}

#[test]
fn a_system_of_another_chip_is_risky() {
    let mut rom = Rom::matching();
    rom.files.insert("build.prop".into(), b"ro.board.platform=mt6582\n".to_vec());
    is_risky(&rom, "system-of-another-chip");
}

#[test]
fn the_plain_form_is_compared_and_never_safe() {
    let bench = Workbench::with("mt6572");
    let mut rom = Rom::matching();
    rom.plain = true;
    rom.lay(&bench.path("rom"));
    let result = judge(&bench);
    assert_eq!(codes(&result, Severity::Danger), [""; 0], "{:#?}", result.reasons);
    assert_eq!(result.verdict, Verdict::Risky);
    for code in ["chip-unknown", "storage-unknown", "operation-unknown"] {
        assert!(codes(&result, Severity::Caution).contains(&code), "{code}");
    }
    rom.parts
        .iter_mut()
        .filter(|part| part.start > 0x180_0000 && part.start < 0xFFFF_0000)
        .for_each(|part| part.start += 0x2_0000);
    rom.lay(&bench.path("rom"));
    assert!(codes(&judge(&bench), Severity::Danger).contains(&"map-start"));
}

#[test]
fn the_program_answers_with_one_document_text_and_the_verdicts_exit_code() {
    let home = Home::new();
    let mut rom = Rom::matching();
    rom.lay(&home.path("safe"));
    rom.flash("NVRAM", "nvram.bin", donor("mt6572-other-phone", "NVRAM"));
    rom.lay(&home.path("donor"));
    let said = home.run(&["preflight", "safe", "--phone", "--port", "sim:mt6572", "--json"]).exits(0).json();
    assert_eq!((&said["verb"], &said["ok"]), (&"preflight".into(), &true.into()));
    assert_eq!(said["result"]["verdict"], "safe");
    assert_eq!(said["result"]["package"]["platform"], "MT6572");
    home.run(&["preflight", "safe"]).exits(9);
    let said = home.run(&["preflight", "donor", "--phone", "--port", "sim:mt6572", "--mask"]).exits(8);
    assert!(said.out.contains("DO NOT FLASH") && said.out.contains("35693803****809"), "{}", said.out);
    assert!(!said.out.contains("356938035643809") && !said.err.contains("356938035643809"));
    let said = home.run(&["preflight", "donor", "--json"]).exits(8).json();
    assert_eq!(said["result"]["verdict"], "do_not_flash");
    home.run(&["preflight", "donor", "--phone", "--archive", "a.nvk"]).exits(2);
    fs::create_dir(home.path("empty")).unwrap();
    assert_eq!(home.run(&["preflight", "empty", "--json"]).exits(2).json()["error"]["code"], "no-scatter");
}
