//! What the phone's own software does when it starts: ap-nvram.md 2.2 and modem-nvram.md 4, told by what Android shows.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use nvkeep::simulator::android::{BootReport, BootSource, boot, factory_reset};
use nvkeep::simulator::{Flash, Scenario};

use crate::support::real_data;
use crate::support::workbench::{Workbench, built, same};

const IMEI: &str = "490154203237518";
/// What this modem puts into slots that nobody set.
const MODEM_DEFAULT: &str = "354648020000251";
const IMEI_FILE: &str = "md/NVRAM/NVD_IMEI/MP0B_001";

fn slot(report: &BootReport, number: usize) -> Option<&str> {
    report.imei.get(number - 1).and_then(Option::as_deref)
}

/// Scenario of a page laid over the healthy phone.
fn page(damage: &str) -> Scenario {
    Scenario::parse(&format!("base = \"mt6572\"\n{damage}")).unwrap()
}

fn started(scenario: &Scenario) -> (Flash, BootReport) {
    let mut flash = scenario.build(None).unwrap().1;
    let report = boot(&mut flash, scenario).unwrap();
    (flash, report)
}

fn spoilt(path: &str, how: &str) -> String {
    format!("[[damage]]\nkind = \"damage-file\"\nvolume = \"live\"\npath = \"{path}\"\nhow = \"{how}\"\n")
}

const NO_REGION: &str = "[[damage]]\nkind = \"torn-binregion\"\n";

#[test]
fn a_healthy_phone_starts_quietly_and_changes_nothing() {
    let bench = Workbench::with("mt6572");
    let before = bench.flash();
    let report = bench.reboot();
    assert!(report.is_quiet(), "{report:?}");
    assert_eq!(report.source, BootSource::Live);
    assert!(same(&bench.flash(), &before));
    assert_eq!((slot(&report, 1), slot(&report, 2)), (Some(IMEI), Some(MODEM_DEFAULT)));
    assert_eq!(report.imei.len(), 10);
    assert_eq!(report.wifi.as_deref(), Some("02:4e:56:4b:50:01"));
    assert_eq!(report.bluetooth.as_deref(), Some("02:4e:56:4b:50:02"));
    assert_eq!(report.barcode.as_deref(), Some("NVKEEPSYNTHETIC1"));
}

#[test]
fn a_real_phone_starts_quietly() {
    let Some(folder) = real_data("a_real_phone_starts_quietly") else { return };
    let folder: PathBuf = folder.join("mt6572-emmc-android44");
    let bench = Workbench::with_data("mt6572", Some(folder.clone()));
    let report = bench.reboot();
    assert!(report.is_quiet(), "{report:?}");
    assert_eq!((slot(&report, 1), slot(&report, 2)), (Some(IMEI), Some(MODEM_DEFAULT)));
    let report = bench.factory_reset();
    assert!(report.is_quiet() || report.source == BootSource::BinRegion, "{report:?}");
    assert_eq!(slot(&report, 1), Some(IMEI));
}

#[test]
fn wiped_user_data_come_back_from_the_region_once() {
    let bench = Workbench::with("mt6572-userdata-wiped");
    let report = bench.reboot();
    assert_eq!(report.source, BootSource::BinRegion);
    assert!(report.flag_written && report.asserts.is_empty(), "{report:?}");
    assert_eq!(slot(&report, 1), Some(IMEI));
    let again = bench.reboot();
    assert_eq!(again.source, BootSource::Live);
    assert!(again.is_quiet(), "{again:?}");
    assert_eq!(again.imei, report.imei);
}

#[test]
fn a_factory_reset_of_a_healthy_phone_keeps_its_identity() {
    let bench = Workbench::with("mt6572");
    let before = bench.reboot();
    let report = bench.factory_reset();
    assert_eq!(report.source, BootSource::BinRegion);
    assert_eq!(
        (&report.imei, &report.wifi, &report.bluetooth, &report.barcode),
        (&before.imei, &before.wifi, &before.bluetooth, &before.barcode)
    );
    // What is not in the region, the modem makes anew; nothing else.
    assert_eq!(report.defaulted, ["md/NVRAM/NVD_CORE/MT00A000", "md/NVRAM/NVD_CORE/MT00B000"]);
}

#[test]
fn a_torn_region_is_left_alone_and_no_flag_is_written() {
    let bench = Workbench::with("mt6572-torn-binregion");
    assert!(bench.reboot().is_quiet());
    for _ in 0..2 {
        // The same attempt repeats at every start, and fails.
        let report = bench.factory_reset();
        assert_eq!(report.source, BootSource::Nothing("the checksum is wrong".to_owned()));
        assert!(!report.flag_written && report.first_boot, "{report:?}");
        assert_eq!(slot(&report, 1), Some(MODEM_DEFAULT));
        assert_eq!((report.wifi.as_deref(), report.barcode.as_deref()), (None, None));
        assert_eq!(report.bluetooth.as_deref(), Some("00:00:46:65:72:01"));
    }
}

#[test]
fn damaged_live_files_come_back_one_by_one() {
    let bench = Workbench::with("mt6572-live-broken-flag-valid");
    let report = bench.reboot();
    assert_eq!(report.source, BootSource::Live);
    assert_eq!(
        report.restored,
        ["APCFG/APRDEB/BT_Addr", IMEI_FILE, "md/NVRAM/CALIBRAT/MT05_002"],
        "{report:?}"
    );
    assert!(report.defaulted.is_empty() && report.asserts.is_empty(), "{report:?}");
    assert_eq!(slot(&report, 1), Some(IMEI));
    assert_eq!(report.bluetooth.as_deref(), Some("02:4e:56:4b:50:02"));
    assert!(bench.reboot().is_quiet());
}

#[test]
fn a_damaged_file_without_a_region_becomes_the_default() {
    let bluetooth = "APCFG/APRDEB/BT_Addr";
    for how in ["flip-sum", "cut", "remove"] {
        let (_, report) = started(&page(&format!("{NO_REGION}{}", spoilt(bluetooth, how))));
        assert_eq!(report.defaulted, [bluetooth], "{how}");
        assert_eq!(report.bluetooth.as_deref(), Some("00:00:46:65:72:01"));
        let (_, report) = started(&page(&format!("{NO_REGION}{}", spoilt(IMEI_FILE, how))));
        assert_eq!(
            (&report.defaulted[..], &report.asserts[..]),
            (&[IMEI_FILE.into()][..], &[IMEI_FILE.into()][..])
        );
        assert_eq!(slot(&report, 1), Some(MODEM_DEFAULT), "{how}");
    }
}

#[test]
fn a_calibration_file_of_the_wrong_length_stops_the_modem() {
    let bench = Workbench::with("mt6572-calibration-short-file");
    for _ in 0..2 {
        let report = bench.reboot();
        // The scan of lengths comes before anything is asked back (modem-nvram.md 4.1 step 5).
        assert_eq!(report.asserts, ["md/NVRAM/CALIBRAT/MT0A_002"], "{report:?}");
    }
    let report = bench.factory_reset();
    assert!(report.asserts.is_empty(), "{report:?}");
}

#[test]
fn a_missing_calibration_file_is_asked_back() {
    let file = "md/NVRAM/CALIBRAT/UL11_000";
    let (_, report) = started(&page(&spoilt(file, "remove")));
    assert_eq!((&report.restored[..], report.asserts.len()), (&[file.to_owned()][..], 0), "{report:?}");
    let (_, report) = started(&page(&format!("{NO_REGION}{}", spoilt(file, "remove"))));
    assert_eq!(report.asserts, [file]);
}

#[test]
fn a_lost_lock_comes_back_from_its_twin() {
    let bench = Workbench::with("mt6572-simlock-half-lost");
    assert_eq!(bench.reboot().restored, ["protect 2/md/ST33B004"]);
    assert!(bench.reboot().is_quiet());
    let both = "[[damage]]\nkind = \"fresh\"\npartition = \"PROTECT_F\"\n[[damage]]\nkind = \"fresh\"\npartition = \"PROTECT_S\"\n";
    let (_, report) = started(&page(both));
    assert_eq!(report.defaulted, ["protect 1/md/ST33A004", "protect 2/md/ST33B004"]);
    let (_, report) = started(&page("[[damage]]\nkind = \"erase\"\npartition = \"PROTECT_S\"\n"));
    assert_eq!(report.unmounted, ["PROTECT_S"]);
}

#[test]
fn a_first_boot_marker_wipes_the_modem_and_is_gone() {
    let marker = "[[damage]]\nkind = \"add-file\"\nvolume = \"live\"\npath = \"md/FAT3149C88D.log\"\n";
    let scenario = page(marker);
    let (mut flash, report) = started(&scenario);
    assert!(report.first_boot, "{report:?}");
    assert_eq!((slot(&report, 1), report.barcode.as_deref()), (Some(MODEM_DEFAULT), None));
    // The application processor's files are not the modem's to wipe.
    assert_eq!(report.wifi.as_deref(), Some("02:4e:56:4b:50:01"));
    let again = boot(&mut flash, &scenario).unwrap();
    assert!(!again.first_boot && again.is_quiet(), "{again:?}");
}

#[test]
fn a_dirty_journal_is_replayed_first() {
    let bench = Workbench::with("mt6572-dirty-journal");
    let report = bench.reboot();
    assert!(report.is_quiet(), "{report:?}");
    assert_eq!(slot(&report, 1), Some(IMEI));
}

#[test]
fn phones_that_lost_everything_show_nothing_of_their_own() {
    for scenario in ["mt6572-format-all", "mt6572-format-all-pro-info-lost", "mt6572-remnants"] {
        let report = Workbench::with(scenario).reboot();
        assert_eq!(report.source, BootSource::Nothing("map or data have no size".to_owned()), "{scenario}");
        assert_eq!(slot(&report, 1), Some(MODEM_DEFAULT), "{scenario}");
        assert!(report.first_boot && report.barcode.is_none(), "{scenario}");
    }
}

#[test]
fn starting_is_quick() {
    let scenario = Scenario::named("mt6572-userdata-wiped").unwrap();
    let mut flash = built("mt6572-userdata-wiped", None).1;
    let least = (0..3)
        .map(|_| {
            let begun = Instant::now();
            factory_reset(&mut flash, &scenario).unwrap();
            begun.elapsed()
        })
        .min()
        .unwrap();
    eprintln!("a factory reset with everything restored: {least:?}");
    assert!(least < Duration::from_millis(1500), "{least:?}");
}
