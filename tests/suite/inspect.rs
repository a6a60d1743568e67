//! Claims about inspecting: the phone, its archive, its whole-flash image, images of single partitions and a folder of its
//! files say the same; what is none of these is refused with a sentence.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use nvkeep::app::source::inspect;
use nvkeep::app::{Exit, Report};
use nvkeep::simulator::{Area, Flash, Scenario};
use serde_json::Value;

use crate::support::workbench::{Workbench, built};

/// Cuts bytes of the user area into a sparse file.
fn dump(flash: &Flash, path: &Path, start: u64, len: u64) {
    let file = File::create(path).unwrap();
    file.set_len(len).unwrap();
    let mut piece = vec![0; 4096];
    for chunk in flash.written_chunks(Area::User) {
        let at = chunk * 4096;
        if at >= start && at + 4096 <= start + len {
            flash.read(Area::User, at, &mut piece).unwrap();
            file.write_all_at(&piece, at - start).unwrap();
        }
    }
}

fn report(bench: &Workbench, path: &Path) -> Report {
    inspect(&bench.context(), Some(path)).unwrap_or_else(|failure| panic!("{}: {failure:?}", path.display()))
}

/// What a report says of the copies, whatever it was read from.
fn said(report: &Report) -> Value {
    let mut value = serde_json::to_value(report).unwrap();
    let all = value.as_object_mut().unwrap();
    all.remove("phone");
    all.remove("source");
    value
}

/// Returns one layer of a report.
fn layer(report: &Report, name: &str) -> Value {
    let value = serde_json::to_value(report).unwrap();
    value["layers"].as_array().unwrap().iter().find(|layer| layer["name"] == name).unwrap().clone()
}

#[test]
fn phone_archive_and_whole_flash_say_the_same_for_every_scenario() {
    let mut compared = 0;
    for scenario in Scenario::names() {
        let bench = Workbench::with(scenario);
        let on_phone = match bench.inspect() {
            Ok(report) => report,
            Err(failure) => {
                // Phones that must not be touched, and the one without a table.
                let expected = ["mt6572-nand", "mt6572-secured", "mt6572-silent-write32", "mt6572-no-pmt"];
                assert!(expected.contains(&scenario), "{scenario}: {failure:?}");
                continue;
            }
        };
        bench.backup("a.nvk").unwrap();
        let archived = report(&bench, &bench.path("a.nvk"));
        assert_eq!(said(&archived), said(&on_phone), "{scenario}: the archive");
        dump(&bench.flash(), &bench.path("flash.img"), 0, bench.flash().len(Area::User));
        let dumped = report(&bench, &bench.path("flash.img"));
        assert_eq!(said(&dumped), said(&on_phone), "{scenario}: the whole flash");
        compared += 1;
    }
    assert!(compared >= 10, "{compared} scenarios compared");
}

#[test]
fn images_of_single_partitions_say_of_their_layer_what_the_phone_says() {
    let bench = Workbench::with("mt6572");
    let on_phone = bench.inspect().unwrap();
    for (name, layer_name) in [("NVRAM", "binregion"), ("PRO_INFO", "pro_info"), ("USRDATA", "live")] {
        let (start, len) = place(name);
        let path = bench.path(&format!("{name}.img"));
        dump(&bench.flash(), &path, start, len);
        let read = report(&bench, &path);
        let (one, other) = (layer(&read, layer_name), layer(&on_phone, layer_name));
        for field in ["state", "files", "imei", "wifi_mac", "bt_mac", "barcode", "calibration"] {
            assert_eq!(one[field], other[field], "{name}: {field}");
        }
        // The other layers say that they are not there.
        for name in ["binregion", "live", "pro_info"].into_iter().filter(|name| *name != layer_name) {
            assert_eq!(layer(&read, name)["state"], "absent");
            assert!(layer(&read, name)["reason"].is_string());
        }
    }
    let (start, len) = place("PROTECT_F");
    dump(&bench.flash(), &bench.path("p.img"), start, len);
    let files = layer(&report(&bench, &bench.path("p.img")), "simlock")["files"].as_u64();
    assert!(files > Some(0), "{files:?}");
}

/// Returns where a partition begins in the user area, and its bytes: linear addresses count from the preloader's
/// (msdc-direct.md 10; this card's prefix is 0x880000).
fn place(name: &str) -> (u64, u64) {
    let scenario = Scenario::named("mt6572").unwrap();
    let partition = scenario.layout.iter().find(|partition| partition.name == name).unwrap();
    (partition.linear - 0x88_0000, partition.size)
}

#[test]
fn a_folder_of_real_files_says_what_the_phone_says() {
    let Some(folder) = crate::support::real_data("inspect::a_folder_of_real_files") else { return };
    let data = folder.join("mt6572-emmc-android44");
    let bench = Workbench::with_data("mt6572", Some(data.clone()));
    let on_phone = bench.inspect().unwrap();
    let read = report(&bench, &data);
    for field in ["state", "imei", "wifi_mac", "bt_mac"] {
        assert_eq!(layer(&read, "live")[field], layer(&on_phone, "live")[field], "{field}");
    }
}

#[test]
fn a_folder_made_from_an_archive_says_what_the_archive_says() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    let mut archive = zip::ZipArchive::new(File::open(bench.path("a.nvk")).unwrap()).unwrap();
    archive.extract(bench.path("out")).unwrap();
    let archived = report(&bench, &bench.path("a.nvk"));
    let read = report(&bench, &bench.path("out/files/live"));
    for field in ["state", "files", "imei", "wifi_mac", "bt_mac", "barcode", "calibration"] {
        assert_eq!(layer(&read, "live")[field], layer(&archived, "live")[field], "{field}");
    }
    assert_eq!(layer(&read, "binregion")["state"], "absent");
}

#[test]
fn what_is_no_source_is_refused_with_a_sentence() {
    let bench = Workbench::with("mt6572");
    let refused = |name: &str, content: &[u8]| {
        let path = bench.path(name);
        std::fs::write(&path, content).unwrap();
        let failure = inspect(&bench.context(), Some(&path)).unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Usage, "unknown-source"), "{name}: {failure:?}");
        assert!(failure.message.contains(name) && failure.advice.is_some(), "{failure:?}");
        failure.message
    };
    let mut sentences = vec![
        refused("empty", b""),
        refused("zero", &[0; 1 << 20]),
        refused("ff", &[0xFF; 1 << 20]),
        refused("text", "all work and no play ".repeat(1000).as_bytes()),
        refused("random", &crate::support::Random::new(77).bytes(1 << 20)),
    ];
    std::fs::create_dir(bench.path("folder")).unwrap();
    let failure = inspect(&bench.context(), Some(&bench.path("folder"))).unwrap_err();
    assert_eq!((failure.exit, failure.code), (Exit::Usage, "unknown-source"));
    sentences.push(failure.message);
    sentences.dedup();
    assert!(sentences.len() >= 5, "{sentences:#?}");
}

#[test]
fn damaged_images_are_read_or_refused_and_never_more() {
    let bench = Workbench::with("mt6572");
    let (_, flash) = built("mt6572", None);
    let mut random = crate::support::Random::new(20);
    let (start, _) = place("NVRAM");
    let mut sound = vec![0; 0x8_0000];
    flash.read(Area::User, start, &mut sound).unwrap();
    for _ in 0..60 {
        std::fs::write(bench.path("nvram.img"), random.damage(&sound)).unwrap();
        let _ = inspect(&bench.context(), Some(&bench.path("nvram.img")));
    }
}

/// Takes every file of a phone apart.
fn taken_apart(bench: &Workbench) -> nvkeep::app::records::RecordSheet {
    let mut context = bench.context();
    context.choices.records = true;
    let report = nvkeep::app::source::inspect_at(&context, bench.port().as_mut()).unwrap();
    report.records.unwrap()
}

#[test]
fn records_name_every_field_with_its_place_and_unit() {
    let sheet = taken_apart(&Workbench::with("mt6572"));
    assert!(sheet.key.starts_with("MediaTek default"), "{}", sheet.key);
    let file =
        |path: &str| sheet.files.iter().find(|file| file.layer == "live" && file.path == path).unwrap();
    let wifi = file("APCFG/APRDEB/WIFI");
    let field = |name: &str| wifi.fields.iter().find(|field| field.name == name).unwrap();
    assert_eq!((field("Wi-Fi address").offset, field("Wi-Fi address").len), (4, 6));
    assert_eq!(field("Wi-Fi address").value, "02:4e:56:4b:50:01");
    assert_eq!(field("TX power OFDM").unit, Some("1/2 dBm"));
    assert!(file("md/NVRAM/NVD_IMEI/MP0B_001").fields.iter().any(|field| field.value == "490154203237518"));
    assert!(sheet.files.iter().all(|file| file.sums != "damaged"), "nothing of a healthy phone is damaged");
}

#[test]
fn records_say_which_file_is_damaged() {
    let sheet = taken_apart(&Workbench::with("mt6572-torn-binregion"));
    let damaged: Vec<&str> =
        sheet.files.iter().filter(|file| file.sums == "damaged").map(|file| file.layer).collect();
    assert!(!damaged.is_empty());
    assert!(damaged.iter().all(|layer| *layer == "binregion"), "{damaged:?}");
}

#[test]
fn records_of_the_real_phone_are_complete() {
    let Some(folder) = crate::support::real_data("inspect::records_of_the_real_phone_are_complete") else {
        return;
    };
    let sheet = taken_apart(&Workbench::with_data("mt6572", Some(folder.join("mt6572-emmc-android44"))));
    let proof = sheet.manifest.as_ref().unwrap();
    assert!(proof.complete && proof.broken.is_empty(), "{proof:?}");
    for file in &sheet.files {
        assert_ne!(file.sums, "damaged", "{} {}", file.layer, file.path);
        let modem = file.path.starts_with("md/NVRAM/");
        assert!(!modem || file.title.is_some(), "{} {} is not described", file.layer, file.path);
        // A band the phone was never calibrated for has a table without entries, and says so.
        let says = !file.fields.is_empty() || !file.notes.is_empty();
        assert!(!modem || says, "{} {} says nothing", file.layer, file.path);
    }
}
