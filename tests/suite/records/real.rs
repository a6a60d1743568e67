//! The MT6572 sample, whole: every file named, every sum right, the calibration proven complete.

use std::fs;
use std::path::{Path, PathBuf};

use nvkeep::formats::ap_file;
use nvkeep::formats::catalog::Catalog;
use nvkeep::formats::key_probe::probe;
use nvkeep::formats::lid::LidName;
use nvkeep::formats::modem_file::{self, Records, SizeFrom};
use nvkeep::formats::records::{self, DecodedRecord, manifest};

use super::{family, in_bounds, row, shown};
use crate::support::real_data;

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_under(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn sample(claim: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let folder = real_data(claim)?.join("mt6572-emmc-android44");
    let files = ["data", "protect_f", "protect_s"].iter().flat_map(|part| files_under(&folder.join(part)));
    Some(files.map(|path| (path.to_str().unwrap().to_owned(), fs::read(path).unwrap())).collect())
}

/// Every modem file of the sample, opened and decoded.
fn modem_files(files: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>, Option<DecodedRecord>, SizeFrom)> {
    let found = probe(files.iter().map(|(path, bytes)| (path.as_str(), &bytes[..])));
    let family = family("wr8");
    let mut opened = Vec::new();
    for (path, bytes) in files {
        let name = path.rsplit('/').next().unwrap();
        if LidName::parse(name).is_none() {
            continue;
        }
        let file =
            modem_file::open(path, bytes, family, found.key()).unwrap_or_else(|error| panic!("{error}"));
        let plain = file.plain().unwrap_or_else(|| panic!("{name} stays closed"));
        let record = records::decode(path, &plain, family);
        opened.push((name.to_owned(), plain, record, file.size_from));
    }
    opened
}

#[test]
fn every_modem_file_is_named_and_whole() {
    let Some(files) = sample("records::every_modem_file_is_named_and_whole") else { return };
    let opened = modem_files(&files);
    // 109 below md/NVRAM, 3 in the protect partitions.
    assert_eq!(opened.len(), 112);
    for (name, plain, record, size_from) in &opened {
        let Some(record) = record else { panic!("{name} is not decoded") };
        assert!(in_bounds(record, plain), "{name}");
        assert!(!record.fields.is_empty() || plain.iter().all(|byte| *byte == 0), "{name}");
        assert_eq!(*size_from, SizeFrom::Table, "{name}");
    }
}

#[test]
fn every_ap_file_is_named_and_whole() {
    let Some(files) = sample("records::every_ap_file_is_named_and_whole") else { return };
    let mut seen = 0;
    for (path, bytes) in files.iter().filter(|(path, _)| path.contains("/APCFG/")) {
        let name = path.rsplit('/').next().unwrap();
        let plain = if ap_file::has_trailer(name) { ap_file::body(bytes).unwrap() } else { &bytes[..] };
        let record = records::decode(path, plain, family("wr8")).unwrap_or_else(|| panic!("{name}"));
        assert!(in_bounds(&record, plain), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 20);
}

#[test]
fn identities_are_the_sample_s() {
    let Some(files) = sample("records::identities_are_the_sample_s") else { return };
    let opened = modem_files(&files);
    let get = |name: &str| opened.iter().find(|file| file.0 == name).unwrap().2.as_ref().unwrap();
    assert_eq!(shown(get("MP0B_001"), "slot 1 IMEI"), "490154203237518");
    assert_eq!(shown(get("MP0B_001"), "slot 10 IMEI"), "354648020000251");
    assert_eq!(shown(get("MP09_001"), "text"), "NVKEEPSAMPLE0001");
    assert_eq!(shown(get("MP09_001"), "calibration"), "passed (10)");
    assert_eq!(shown(get("MP0D_000"), "changes"), "49");
    assert_eq!(shown(get("ST33A004"), "record 1 N state"), shown(get("ST33B004"), "record 1 N state"));
    assert_eq!(get("MT00A000"), get("MT00B000"));
    assert!(get("MT00A000").field("NVRAM lock").is_some());
    assert_eq!((row(get("MT1F_001"), "slope"), row(get("MT1F_001"), "offset")), (vec![1232], vec![28673]));
    assert!(row(get("UL10_000"), "ADC by temperature step").windows(2).all(|pair| pair[0] < pair[1]));
    let ap = |name: &str| {
        let (path, bytes) =
            files.iter().find(|(path, _)| path.ends_with(&format!("/APRDEB/{name}"))).unwrap();
        records::decode(path, ap_file::body(bytes).unwrap(), family("wr8")).unwrap()
    };
    assert_eq!(shown(&ap("WIFI"), "Wi-Fi address"), "02:4e:56:4b:50:01");
    assert_eq!(shown(&ap("BT_Addr"), "Bluetooth address"), "02:4e:56:4b:50:02");
    assert_eq!(shown(&ap("GPS"), "device"), "/dev/stpgps");
}

#[test]
fn the_manifest_proves_the_calibration_complete() {
    let Some(files) = sample("records::the_manifest_proves_the_calibration_complete") else { return };
    let catalog = Catalog::builtin().unwrap();
    let family = catalog.family_of("MT6572");
    let calibration: Vec<(&str, &[u8])> = files
        .iter()
        .filter(|(path, _)| path.contains("/CALIBRAT/"))
        .map(|(path, bytes)| (path.as_str(), &bytes[..]))
        .collect();
    let (_, bytes) = calibration.iter().find(|(path, _)| path.ends_with("MPA8_000")).unwrap();
    let file = modem_file::open("MPA8_000", bytes, family, None).unwrap();
    let Records::Plain(list) = &file.records else { panic!("kept") };
    let entries = manifest::parse(&list[0]).unwrap();
    assert!(entries.len() > 10);
    let proof = manifest::prove(&entries, &calibration, family);
    assert!(proof.is_complete(), "{:?}", proof.broken().collect::<Vec<_>>());
    // One calibration byte changed, its sum made right again: another calibration.
    let mut changed: Vec<(&str, Vec<u8>)> =
        calibration.iter().map(|(path, bytes)| (*path, bytes.to_vec())).collect();
    let afc = changed.iter_mut().find(|(path, _)| path.ends_with("MT0I_002")).unwrap();
    afc.1[0] = afc.1[0].wrapping_add(1);
    afc.1[8] = afc.1[8].wrapping_add(1);
    let changed: Vec<(&str, &[u8])> = changed.iter().map(|(path, bytes)| (*path, &bytes[..])).collect();
    assert_eq!(manifest::prove(&entries, &changed, family).broken().count(), 1);
}
