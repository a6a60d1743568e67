//! Claims about comparing: what differs is named with its side, what does not is called the same, what only one of the
//! two can speak of is left out by name, and swapping the two swaps nothing but the sides.

use std::path::{Path, PathBuf};
use std::time::Instant;

use nvkeep::app::diff::{DiffResult, SamePhone, diff, of};
use nvkeep::app::source::look_at;
use nvkeep::app::{Change, Exit, Side, Way};
use nvkeep::simulator::{Area, Scenario};
use serde_json::Value;

use crate::support::program::Home;
use crate::support::workbench::Workbench;

/// Backs up the phones of these scenarios and compares them, first with second.
fn compared(a: &str, b: &str) -> DiffResult {
    let bench = Workbench::with(a);
    bench.backup("a.nvk").unwrap();
    bench.phone_becomes(b);
    bench.backup("b.nvk").unwrap();
    diff(&bench.context(), &bench.path("a.nvk"), &bench.path("b.nvk")).unwrap()
}

fn way(result: &DiffResult, layer: &str, part: &str) -> Way {
    let found = result.comparison.parts.iter().find(|pair| pair.layer == layer && pair.part == part);
    found.unwrap_or_else(|| panic!("{layer} {part}: {:#?}", result.comparison.parts)).way
}

fn in_b(change: Change) -> Way {
    Way { change, worse_in: Some(Side::B) }
}

fn says(result: &DiffResult, sentence: &str) {
    let summary = &result.comparison.summary;
    assert!(summary.iter().any(|said| said == sentence), "{sentence:?} is not in {summary:#?}");
}

#[test]
fn an_archive_is_the_same_as_itself_for_every_scenario() {
    let mut tried = 0;
    for scenario in Scenario::names() {
        let bench = Workbench::with(scenario);
        if bench.backup("a.nvk").is_err() {
            continue;
        }
        let result = diff(&bench.context(), &bench.path("a.nvk"), &bench.path("a.nvk")).unwrap();
        assert!(result.comparison.same && !result.comparison.damaged_in_b, "{scenario}: {result:#?}");
        assert_eq!(result.phone, SamePhone::Same, "{scenario}");
        tried += 1;
    }
    assert!(tried >= 10, "{tried}");
}

#[test]
fn a_default_imei_is_named_with_its_layers_and_its_side() {
    let result = compared("mt6572", "mt6572-imei-null");
    assert_eq!(way(&result, "binregion", "imei"), in_b(Change::Default));
    assert_eq!(way(&result, "live", "imei"), in_b(Change::Default));
    assert_eq!(way(&result, "pro_info", "imei"), Way::SAME);
    says(&result, "IMEI slot 1: same (pro_info), default in B (binregion, live)");
    says(&result, "Wi-Fi address same");
    assert!(result.comparison.damaged_in_b && !result.comparison.same);
}

#[test]
fn default_addresses_are_told_and_the_imei_stays_the_same() {
    let result = compared("mt6572", "mt6572-default-mac");
    assert_eq!(way(&result, "live", "bt"), in_b(Change::Default));
    assert_eq!(way(&result, "live", "wifi").worse_in, Some(Side::B));
    says(&result, "IMEI slot 1 same");
    assert!(result.comparison.damaged_in_b);
}

#[test]
fn a_full_format_loses_calibration_and_simlock_by_name() {
    let result = compared("mt6572", "mt6572-format-all");
    says(&result, "Wi-Fi address: lost in B");
    says(&result, "SIM lock: lost in B");
    says(&result, "layer live: lost in B");
    let lost = result.comparison.files.iter().filter(|file| file.role == "calibration");
    let names: Vec<_> = lost.filter(|file| file.layer == "live").map(|file| &file.path).collect();
    // 104 files of CALIBRAT, of which MP09_001 is the barcode (modem-nvram.md 3).
    assert_eq!(names.len(), 103);
    says(&result, "103 calibration files lost in B (binregion, live)");
    assert!(result.comparison.damaged_in_b);
}

#[test]
fn another_phone_is_changed_and_not_damaged() {
    let result = compared("mt6572", "mt6572-other-phone");
    assert_eq!(result.phone, SamePhone::Other);
    assert_eq!(way(&result, "live", "imei"), Way { change: Change::Changed, worse_in: None });
    says(&result, "IMEI slot 1: changed");
    assert!(!result.comparison.same && !result.comparison.damaged_in_b);
}

#[test]
fn a_wiped_live_tree_is_lost_but_a_phone_that_rebuilds_it_is_not_damaged() {
    let result = compared("mt6572", "mt6572-userdata-wiped");
    assert_eq!(way(&result, "live", "imei"), in_b(Change::Lost));
    assert_eq!(way(&result, "binregion", "imei"), Way::SAME);
    assert!(!result.comparison.same && !result.comparison.damaged_in_b, "{result:#?}");
}

#[test]
fn swapping_the_two_swaps_nothing_but_the_sides() {
    let scenarios = [
        "mt6572",
        "mt6572-imei-null",
        "mt6572-default-mac",
        "mt6572-format-all",
        "mt6572-other-phone",
        "mt6572-torn-binregion",
    ];
    let bench = Workbench::with("mt6572");
    let archives: Vec<PathBuf> = scenarios
        .iter()
        .map(|scenario| {
            bench.phone_becomes(scenario);
            bench.backup(&format!("{scenario}.nvk")).unwrap();
            bench.path(&format!("{scenario}.nvk"))
        })
        .collect();
    let turned = |way: Way| Way {
        worse_in: way.worse_in.map(|side| if side == Side::A { Side::B } else { Side::A }),
        ..way
    };
    for (index, a) in archives.iter().enumerate() {
        for b in &archives[index + 1..] {
            let there = diff(&bench.context(), a, b).unwrap().comparison;
            let back = diff(&bench.context(), b, a).unwrap().comparison;
            assert_eq!(there.same, back.same);
            assert!(!there.same, "{} {}", a.display(), b.display());
            let files: Vec<_> =
                there.files.iter().map(|f| (f.layer, &f.path, turned(f.way), f.b_bytes)).collect();
            let mirrored: Vec<_> = back.files.iter().map(|f| (f.layer, &f.path, f.way, f.a_bytes)).collect();
            assert_eq!(files, mirrored);
            let parts: Vec<_> =
                there.parts.iter().map(|p| (p.layer, p.part, p.slot, turned(p.way), &p.b)).collect();
            let mirrored: Vec<_> =
                back.parts.iter().map(|p| (p.layer, p.part, p.slot, p.way, &p.a)).collect();
            assert_eq!(parts, mirrored);
            let layers: Vec<_> = there.layers.iter().map(|l| (l.name, turned(l.way), l.b)).collect();
            let mirrored: Vec<_> = back.layers.iter().map(|l| (l.name, l.way, l.a)).collect();
            assert_eq!(layers, mirrored);
        }
    }
}

#[test]
fn phone_and_archive_of_it_are_the_same_until_the_phone_changes() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    let context = bench.context();
    let archive = nvkeep::app::source::look(&context, Some(&bench.path("a.nvk"))).unwrap();
    let phone = look_at(&context, bench.port().as_mut()).unwrap();
    assert!(of(&context, &archive, &phone).unwrap().comparison.same);
    bench.flash_becomes("mt6572-torn-binregion");
    let phone = look_at(&context, bench.port().as_mut()).unwrap();
    let result = of(&context, &archive, &phone).unwrap();
    says(&result, "layer binregion: damaged in B");
    assert!(result.comparison.damaged_in_b);
}

#[test]
fn a_folder_is_compared_by_what_it_has_and_the_rest_is_left_out_by_name() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    let context = bench.context();
    nvkeep::app::export::export(&context, &bench.path("a.nvk"), &bench.path("out")).unwrap();
    let live = bench.path("out/files/live");
    let same = diff(&context, &bench.path("a.nvk"), &live).unwrap();
    assert!(same.comparison.same, "{same:#?}");
    assert_eq!(same.comparison.not_compared, ["binregion", "pro_info", "protect_f", "protect_s"]);
    assert_eq!(same.phone, SamePhone::Unknown);
    std::fs::remove_file(live.join("md/NVRAM/CALIBRAT/UL18_000")).unwrap();
    let wifi = live.join("APCFG/APRDEB/WIFI");
    let mut bytes = std::fs::read(&wifi).unwrap();
    *bytes.last_mut().unwrap() ^= 0xFF;
    std::fs::write(&wifi, bytes).unwrap();
    let less = diff(&context, &bench.path("a.nvk"), &live).unwrap();
    says(&less, "1 calibration file lost in B (live)");
    says(&less, "Wi-Fi address: damaged in B");
    assert!(!less.comparison.same && less.comparison.damaged_in_b);
}

#[test]
fn what_has_nothing_in_common_is_an_error_and_not_the_same() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    let context = bench.context();
    nvkeep::app::export::export(&context, &bench.path("a.nvk"), &bench.path("out")).unwrap();
    let failure = diff(&context, &bench.path("out/PRO_INFO.img"), &bench.path("out/NVRAM.img")).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("nothing-in-common", Exit::Usage));
    let failure = diff(&context, Path::new("phone"), Path::new("phone")).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("same-source", Exit::Usage));
}

#[test]
fn the_program_tells_it_in_text_and_json_and_masks_both() {
    let home = Home::new();
    home.run(&["--port", "sim:mt6572", "backup", "-o", "a.nvk", "-q"]).exits(0);
    let same = home.run(&["diff", "a.nvk", "phone", "--port", "sim:mt6572"]).exits(0);
    assert!(same.out.contains("IMEI slot 1 same\n") && same.out.contains("SAME:"), "{}", same.out);
    let arguments = ["diff", "a.nvk", "phone", "--port", "sim:mt6572-imei-null"];
    let told = home.run(&arguments).exits(9);
    assert!(told.out.contains("490154203237518") && told.out.contains("damaged in B"), "{}", told.out);
    let document = home.run(&[&arguments[..], &["--json"]].concat()).exits(9).json();
    assert_eq!((&document["verb"], &document["ok"]), (&Value::from("diff"), &Value::from(true)));
    let result = &document["result"];
    assert_eq!(result["same"], false);
    assert_eq!(result["damaged_in_b"], true);
    assert_eq!(result["a"]["source"], "archive a.nvk");
    let imei = result["parts"].as_array().unwrap().iter().find(|part| part["layer"] == "live").unwrap();
    assert_eq!((&imei["change"], &imei["worse_in"]), (&Value::from("default"), &Value::from("b")));
    assert_eq!(imei["a"]["value"], "490154203237518");
    for extra in [&["--mask"][..], &["--mask", "--json"]] {
        let masked = home.run(&[&arguments[..], extra].concat()).exits(9).out;
        assert!(!masked.contains("490154203237518") && masked.contains("49015420****518"), "{masked}");
    }
    home.run(&["diff", "a.nvk", "missing.nvk"]).exits(2);
}

#[test]
fn hostile_files_never_panic_in_a_comparison() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    let context = bench.context();
    let whole = nvkeep::app::source::look(&context, Some(&bench.path("a.nvk"))).unwrap();
    let mut random = crate::support::Random::new(31);
    let mut differing = 0;
    for _ in 0..200 {
        let mut damaged = nvkeep::app::source::Looked {
            facts: whole.facts.clone(),
            copies: whole.copies.clone(),
            covers: whole.covers,
            source: "damaged".into(),
        };
        let nvkeep::identity::Found::Present(tree) = &mut damaged.copies.live else { panic!("no live tree") };
        let at = random.below(tree.len() as u64) as usize;
        let file = tree.values_mut().nth(at).unwrap();
        let bytes = random.damage(&file.bytes);
        let changed = bytes != file.bytes;
        file.bytes = bytes;
        let result = of(&context, &whole, &damaged).unwrap();
        assert_eq!(result.comparison.same, !changed, "{:#?}", result.comparison);
        differing += usize::from(changed);
    }
    assert!(differing > 100, "{differing}");
}

#[test]
fn two_archives_are_compared_quickly() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-format-all");
    bench.backup("b.nvk").unwrap();
    assert!(bench.flash().len(Area::User) > 0);
    let start = Instant::now();
    diff(&bench.context(), &bench.path("a.nvk"), &bench.path("b.nvk")).unwrap();
    println!("diff of two archives: {:.1?} (this build; 100 ms in release is the goal)", start.elapsed());
}
