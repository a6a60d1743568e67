//! Copies that are safe to publish: no form of an old value is left, sums are right, and no phone takes them.

use nvkeep::app::redact::{RedactResult, redact};
use nvkeep::app::repair::{RepairRequest, repair_at};
use nvkeep::app::{Exit, Failure};
use nvkeep::formats::lid::{DEFAULT_KEY, rc4_record};
use nvkeep::identity::LayerState;
use nvkeep::vault::Archive;

use crate::support::real_data;
use crate::support::workbench::Workbench;

/// What the simulated phone and the scrubbed sample are: textbook values, for which other textbook values must stand.
const IMEI: &str = "490154203237518";
const WIFI: [u8; 6] = [0x02, 0x4E, 0x56, 0x4B, 0x50, 0x01];
const BT: [u8; 6] = [0x02, 0x4E, 0x56, 0x4B, 0x50, 0x02];

fn redacted(bench: &Workbench, name: &str) -> Result<RedactResult, Failure> {
    redact(&bench.context(), &bench.path(name), &bench.path("published.nvk"), false)
}

/// Every entry of an archive, unpacked, by the zip's own words.
fn unpacked(bench: &Workbench, name: &str) -> Vec<(String, Vec<u8>)> {
    let mut archive = Archive::open(&bench.path(name)).unwrap();
    let manifest = archive.manifest().clone();
    let mut all = vec![
        ("manifest.json".to_owned(), serde_json::to_vec(&manifest).unwrap()),
        ("report.txt".to_owned(), archive.report().unwrap().into_bytes()),
    ];
    for region in &manifest.regions {
        all.push((region.name.clone(), archive.region(&region.name).unwrap()));
    }
    for file in &manifest.files {
        all.push((format!("{}/{}", file.layer, file.path), archive.file(&file.layer, &file.path).unwrap()));
    }
    all
}

/// The forms the issue names, written from the reference and apart from the code that removes them.
fn forms(imei: &str, macs: &[[u8; 6]], barcode: &str) -> Vec<(&'static str, Vec<u8>)> {
    let digits: Vec<u8> = imei.bytes().map(|digit| digit - b'0').collect();
    let pairs = |digits: &[u8]| digits.chunks_exact(2).map(|two| two[0] | two[1] << 4).collect::<Vec<u8>>();
    let bcd = pairs(&digits[..14]);
    let swapped: Vec<u8> = bcd.iter().map(|byte| byte.rotate_left(4)).collect();
    let mut all = vec![
        ("IMEI in ASCII", imei.as_bytes().to_vec()),
        ("IMEI in BCD", bcd.clone()),
        ("IMEI in BCD, nibbles swapped", swapped),
        ("IMEI in BCD, one digit on", pairs(&digits[1..])),
        ("IMEI under RC4", rc4_record(&bcd, DEFAULT_KEY)),
        ("barcode in ASCII", barcode.as_bytes().to_vec()),
        ("barcode under RC4", rc4_record(barcode.as_bytes(), DEFAULT_KEY)),
    ];
    for mac in macs {
        let text: Vec<String> = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        all.push(("address", mac.to_vec()));
        all.push(("address, turned", mac.iter().rev().copied().collect()));
        all.push(("address in ASCII", text.join(":").into_bytes()));
        all.push(("address in ASCII", text.concat().to_uppercase().into_bytes()));
    }
    all
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn leaves_no_trace(bench: &Workbench, barcode: &str) {
    bench.backup("own.nvk").unwrap();
    let result = redacted(bench, "own.nvk").unwrap();
    assert!(result.report.is_healthy(), "{:?}", result.report.survey.verdict);
    let (own, published) = (unpacked(bench, "own.nvk"), unpacked(bench, "published.nvk"));
    let forms = forms(IMEI, &[WIFI, BT], barcode);
    for (what, form) in &forms {
        for (name, bytes) in &published {
            assert!(!holds(bytes, form), "{what} in {name}");
        }
    }
    // The search means something only where it finds the old values in the archive they came from.
    for what in
        ["IMEI in ASCII", "IMEI in BCD", "IMEI under RC4", "barcode under RC4", "address", "address in ASCII"]
    {
        let mut wanted = forms.iter().filter(|(known, _)| *known == what);
        assert!(wanted.any(|(_, form)| own.iter().any(|(_, bytes)| holds(bytes, form))), "{what}");
    }
    let cid = bench.inspect().unwrap().phone.cid;
    assert!(!published.iter().any(|(_, bytes)| holds(bytes, cid.as_bytes())), "the card's serial number");
    let lens = |entries: &[(String, Vec<u8>)]| -> Vec<(String, usize)> {
        entries.iter().skip(2).map(|(name, bytes)| (name.clone(), bytes.len())).collect()
    };
    assert_eq!(lens(&own), lens(&published), "nothing but values changes");
}

#[test]
fn nothing_of_a_phone_is_left_in_any_form() {
    leaves_no_trace(&Workbench::with("mt6572"), "NVKEEPSYNTHETIC1");
}

#[test]
fn nothing_of_the_real_sample_is_left_in_any_form() {
    let Some(data) = real_data("redact leaves no trace of the real sample") else { return };
    let bench = Workbench::with_data("mt6572", Some(data.join("mt6572-emmc-android44")));
    let barcode = bench.inspect().unwrap().survey.layers[0].barcode.clone().unwrap().value.unwrap();
    leaves_no_trace(&bench, &barcode);
}

#[test]
fn damage_stays_what_it_was() {
    let bench = Workbench::with("mt6572-torn-binregion");
    bench.backup("own.nvk").unwrap();
    let result = redacted(&bench, "own.nvk").unwrap();
    assert_eq!(result.report.survey.layer("binregion").unwrap().state, LayerState::Corrupt);
    let bench = Workbench::with("mt6572-imei-null");
    bench.backup("own.nvk").unwrap();
    let result = redacted(&bench, "own.nvk").unwrap();
    assert_eq!(result.report.survey.layer("live").unwrap().imei[0].value.as_deref(), Some("354648020000251"));
}

#[test]
fn no_phone_takes_a_redacted_copy_not_even_one_with_textbook_values() {
    let bench = Workbench::with("mt6572");
    bench.backup("own.nvk").unwrap();
    redacted(&bench, "own.nvk").unwrap();
    let refused = |failure: Failure| {
        assert_eq!((failure.exit, failure.code), (Exit::Forbidden, "archive-redacted"), "{failure}");
    };
    let before = bench.flash();
    refused(bench.restore("published.nvk").unwrap_err());
    let archive = nvkeep::app::archive::open_archive(&bench.path("published.nvk")).unwrap();
    let (context, request) = (bench.context(), RepairRequest::default());
    refused(repair_at(&context, bench.port().as_mut(), Some(&archive), &request, &mut |_| true).unwrap_err());
    assert!(crate::support::workbench::same(&before, &bench.flash()));
}

#[test]
fn an_existing_file_is_not_replaced_unasked() {
    let bench = Workbench::with("mt6572");
    bench.backup("own.nvk").unwrap();
    redacted(&bench, "own.nvk").unwrap();
    assert_eq!(redacted(&bench, "own.nvk").unwrap_err().code, "target-exists");
    assert!(redact(&bench.context(), &bench.path("own.nvk"), &bench.path("published.nvk"), true).is_ok());
}
