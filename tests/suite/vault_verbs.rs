//! Claims about kept archives: the list finds what is asked for and leaves no bad one out; an export says what the
//! archive says, appears whole or not at all, and never leaves its folder.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::os::unix::fs::symlink;

use nvkeep::app::export::export;
use nvkeep::app::shelf::shelf;
use nvkeep::app::source::inspect;
use nvkeep::app::{Exit, Report};
use nvkeep::vault::{Archive, Draft, Existing, Manifest, PhoneIds, Range};
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::support::program::Home;
use crate::support::workbench::Workbench;

#[test]
fn the_list_finds_by_number_note_card_and_date_and_leaves_no_bad_one_out() {
    let bench = Workbench::with("mt6572");
    bench.backup("one.nvk").unwrap();
    bench.phone_becomes("mt6572-other-phone");
    bench.backup("two.nvk").unwrap();
    fs::write(bench.path("bad.nvk"), b"no archive").unwrap();
    let mut cut = fs::read(bench.path("one.nvk")).unwrap();
    cut.truncate(cut.len() / 2);
    fs::write(bench.path("cut.nvk"), cut).unwrap();
    fs::write(bench.path("other.txt"), b"not looked at").unwrap();
    let context = bench.context();
    let found = |search: Option<&str>| {
        let shelf = shelf(&context, bench.folder.path(), search).unwrap();
        assert_eq!(
            shelf.bad.iter().map(|bad| bad.code.as_str()).collect::<Vec<_>>(),
            ["not-an-archive", "archive-truncated"]
        );
        assert_eq!(shelf.archives.len() + shelf.passed_over, 2);
        let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
        shelf.archives.iter().map(|archive| name(&archive.file)).collect::<Vec<_>>()
    };
    assert_eq!(found(None), ["one.nvk", "two.nvk"]);
    assert_eq!(found(Some("490154203237518")), ["one.nvk"]);
    assert_eq!(found(Some("35693803")), ["two.nvk"]);
    assert_eq!(found(Some("nvkeepsynthetic2")), ["two.nvk"]);
    assert_eq!(found(Some("4B02A501")), ["two.nvk"], "the card's id, whatever its case");
    assert_eq!(found(Some("mt6572")), ["one.nvk", "two.nvk"]);
    assert_eq!(found(Some("2026-11-25")), ["one.nvk", "two.nvk"]);
    assert_eq!(found(Some("ONE.nvk")), ["one.nvk"]);
    assert_eq!(found(Some("no such phone")), [""; 0]);
}

#[test]
fn the_program_lists_in_text_and_json_and_masks_both() {
    let home = Home::new();
    home.run(&["--port", "sim:mt6572", "backup", "-o", "a.nvk", "--note", "Ticket 77", "-q"]).exits(0);
    home.file("b.nvk", "no archive");
    let text = home.run(&["vault", "list"]).exits(0).out;
    for wanted in ["490154203237518", "NVKEEPSYNTHETIC1", "Ticket 77", "BAD", "1 archive in ., 1 BAD"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let document = home.run(&["vault", "list", ".", "--search", "ticket", "--json"]).exits(0).json();
    assert_eq!(document["verb"], "vault list");
    let one = &document["result"]["archives"][0];
    assert_eq!(one["imeis"], serde_json::json!(["490154203237518"]));
    assert_eq!((&one["note"], &one["verdict"]), (&Value::from("Ticket 77"), &Value::from("healthy")));
    assert_eq!(document["result"]["bad"][0]["code"], "not-an-archive");
    for extra in [&["--mask"][..], &["--mask", "--json"]] {
        let masked = home.run(&[&["vault", "list"][..], extra].concat()).exits(0).out;
        assert!(!masked.contains("490154203237518") && masked.contains("49015420****518"), "{masked}");
        assert!(!masked.contains("NVKEEPSYNTHETIC1"), "{masked}");
    }
    home.run(&["vault", "list", "nowhere"]).exits(2);
}

/// One layer of a report, as JSON.
fn layer(report: &Report, name: &str) -> Value {
    serde_json::to_value(report.survey.layer(name).unwrap()).unwrap()
}

#[test]
fn exported_images_and_files_say_what_the_archive_says() {
    for scenario in ["mt6572", "mt6572-imei-null", "mt6572-dirty-journal"] {
        let bench = Workbench::with(scenario);
        bench.backup("a.nvk").unwrap();
        let context = bench.context();
        let result = export(&context, &bench.path("a.nvk"), &bench.path("out")).unwrap();
        assert!(result.files > 200, "{result:?}");
        let archived = inspect(&context, Some(&bench.path("a.nvk"))).unwrap();
        for (file, name) in
            [("NVRAM.img", "binregion"), ("PRO_INFO.img", "pro_info"), ("USRDATA.img", "live")]
        {
            let image = inspect(&context, Some(&bench.path("out").join(file))).unwrap();
            for field in ["state", "files", "imei", "wifi_mac", "bt_mac", "barcode"] {
                assert_eq!(
                    layer(&image, name)[field],
                    layer(&archived, name)[field],
                    "{scenario} {file} {field}"
                );
            }
        }
        let mut archive = Archive::open(&bench.path("a.nvk")).unwrap();
        for file in archive.manifest().clone().files {
            let path = bench.path("out/files").join(&file.layer).join(&file.path);
            assert_eq!(fs::read(&path).unwrap(), archive.file(&file.layer, &file.path).unwrap(), "{path:?}");
        }
        for region in archive.manifest().clone().regions {
            let image = bench.path("out").join(format!("{}.img", region.name));
            assert_eq!(fs::metadata(&image).unwrap().len(), region.len, "{image:?}");
            let page = fs::read(bench.path("out").join(format!("{}.ranges.json", region.name))).unwrap();
            let page: Value = serde_json::from_slice(&page).unwrap();
            assert_eq!(page["kept"], serde_json::to_value(&region.kept).unwrap());
        }
        assert_eq!(bench.files(), ["a.nvk", "out"]);
    }
}

/// An archive of a few bytes: a region with a hole, and one file.
fn small(bench: &Workbench) -> Vec<u8> {
    let mut draft = Draft::new(Manifest::new("0.1.0", "2026-01-02T03:04:05Z", "direct", PhoneIds::default()));
    let kept = vec![Range { at: 2, len: 2 }, Range { at: 6, len: 1 }];
    draft.add_region("NVRAM", (0, 8), kept, Vec::new(), vec![1, 2, 3]).unwrap();
    draft.add_file("live", "md/x", b"x".to_vec()).unwrap();
    draft.set_report("small\n");
    draft.save(&bench.path("small.nvk"), Existing::Refuse).unwrap();
    fs::read(bench.path("small.nvk")).unwrap()
}

#[test]
fn holes_are_zeros_and_named() {
    let bench = Workbench::with("mt6572");
    small(&bench);
    fs::create_dir(bench.path("out")).unwrap();
    let result = export(&bench.context(), &bench.path("small.nvk"), &bench.path("out")).unwrap();
    assert!(!result.images[0].whole);
    assert_eq!(fs::read(bench.path("out/NVRAM.img")).unwrap(), [0, 0, 1, 2, 0, 0, 3, 0]);
    assert_eq!(fs::read(bench.path("out/files/live/md/x")).unwrap(), b"x");
}

#[test]
fn a_folder_that_is_not_free_is_refused_and_left_alone() {
    let bench = Workbench::with("mt6572");
    small(&bench);
    let refused = |name: &str, code: &str, exit: Exit| {
        let before = bench.files();
        let failure = export(&bench.context(), &bench.path("small.nvk"), &bench.path(name)).unwrap_err();
        assert_eq!((failure.code, failure.exit), (code, exit), "{name}: {failure:?}");
        assert_eq!(bench.files(), before);
    };
    fs::create_dir(bench.path("full")).unwrap();
    fs::write(bench.path("full/mine"), b"mine").unwrap();
    refused("full", "target-exists", Exit::Usage);
    assert_eq!(fs::read(bench.path("full/mine")).unwrap(), b"mine");
    fs::write(bench.path("file"), b"mine").unwrap();
    refused("file", "target-exists", Exit::Usage);
    fs::create_dir(bench.path("elsewhere")).unwrap();
    symlink(bench.path("elsewhere"), bench.path("link")).unwrap();
    refused("link", "target-exists", Exit::Usage);
    assert_eq!(fs::read_dir(bench.path("elsewhere")).unwrap().count(), 0);
    symlink(bench.path("elsewhere"), bench.path("new.part")).unwrap();
    refused("new", "target-busy", Exit::Denied);
    assert_eq!(fs::read_dir(bench.path("elsewhere")).unwrap().count(), 0);
}

/// Zips the entries anew with the manifest's text changed and more entries added.
fn forged(good: &[u8], change: impl Fn(String) -> String, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut source = ZipArchive::new(Cursor::new(good)).unwrap();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..source.len() {
        let mut entry = source.by_index(index).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let name = entry.name().unwrap().into_owned();
        if name == "manifest.json" {
            content = change(String::from_utf8(content).unwrap()).into_bytes();
        }
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&content).unwrap();
    }
    for (name, content) in more {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_hostile_archive_writes_nothing_outside_and_leaves_nothing_behind() {
    let bench = Workbench::with("mt6572");
    let good = small(&bench);
    let region = |from: &'static str, to: &'static str| {
        move |text: String| {
            let value: Value = serde_json::from_str(&text).unwrap();
            let text = serde_json::to_string(&value).unwrap();
            let changed = text.replace(from, to);
            assert_ne!(text, changed, "{from}");
            changed
        }
    };
    let climbing = forged(
        &good,
        region("\"path\":\"md/x\"", "\"path\":\"../../../x\""),
        &[("files/live/../../../x", b"x")],
    );
    let absolute =
        forged(&good, region("\"path\":\"md/x\"", "\"path\":\"/tmp/x\""), &[("files/live//tmp/x", b"x")]);
    let image = forged(
        &good,
        region("regions/NVRAM.img", "regions/../../NVRAM.img"),
        &[("regions/../../NVRAM.img", b"x")],
    );
    let digest = forged(&good, region("\"len\":8", "\"len\":18446744073709551615"), &[]);
    for (what, bytes) in
        [("climbing", climbing), ("absolute", absolute), ("image", image), ("endless", digest)]
    {
        fs::write(bench.path("bad.nvk"), bytes).unwrap();
        let failure = export(&bench.context(), &bench.path("bad.nvk"), &bench.path("out")).unwrap_err();
        assert_eq!(failure.exit, Exit::BadArchive, "{what}: {failure:?}");
        assert_eq!(bench.files(), ["bad.nvk", "small.nvk"], "{what}");
    }
    // The region's name is free text; only the checked name of its entry becomes a path.
    fs::write(
        bench.path("bad.nvk"),
        forged(&good, region("\"name\":\"NVRAM\"", "\"name\":\"../../NVRAM\""), &[]),
    )
    .unwrap();
    export(&bench.context(), &bench.path("bad.nvk"), &bench.path("out")).unwrap();
    assert_eq!(bench.files(), ["bad.nvk", "out", "small.nvk"]);
    assert!(bench.path("out/NVRAM.img").is_file());
}

#[test]
fn the_program_exports_and_says_so() {
    let home = Home::new();
    home.run(&["--port", "sim:mt6572", "backup", "-o", "a.nvk", "-q"]).exits(0);
    let said = home.run(&["vault", "export", "a.nvk", "out"]).exits(0);
    assert!(said.out.starts_with("Exported to out: 8 images, 244 NV files.\n"), "{}", said.out);
    let document = home.run(&["vault", "export", "a.nvk", "out", "--json"]).exits(2).json();
    assert_eq!(document["error"]["code"], "target-exists");
    home.file("bad.nvk", "nothing");
    home.run(&["vault", "export", "bad.nvk", "out2"]).exits(10);
    assert!(!home.path("out2").exists());
}
