//! Every scenario builds, quickly, and shows what its page says.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use nvkeep::simulator::{Area, Board, Family, Flash, Scenario, Storage};

use crate::support::real_data;

/// Card byte of a linear address in the sample's layout.
fn card(linear: u64) -> u64 {
    linear - 0x88_0000
}

const PARTITIONS: [(&str, u64, u64); 3] = [
    ("PROTECT_F", 0x1D0_0000, 0xA0_0000),
    ("PROTECT_S", 0x270_0000, 0xA0_0000),
    ("USRDATA", 0x4E34_0000, 0x9AFE_0000),
];

fn build(name: &str, data: Option<&Path>) -> (Board, Flash) {
    Scenario::named(name).unwrap().build(data).unwrap()
}

fn bytes(flash: &Flash, linear: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    flash.read(Area::User, card(linear), &mut bytes).unwrap();
    bytes
}

/// Writes a partition as a sparse file.
fn save(flash: &Flash, linear: u64, len: u64, path: &Path) {
    use std::os::unix::fs::FileExt;
    let file = fs::File::create(path).unwrap();
    file.set_len(len).unwrap();
    let start = card(linear);
    let mut block = vec![0; 4096];
    for chunk in flash.written_chunks(Area::User).map(|chunk| chunk * 4096) {
        if chunk >= start && chunk < start + len {
            flash.read(Area::User, chunk, &mut block).unwrap();
            file.write_all_at(&block, chunk - start).unwrap();
        }
    }
}

fn have_e2fsck(claim: &str) -> bool {
    let found = Command::new("e2fsck").arg("-V").output().is_ok();
    if !found {
        eprintln!("SKIPPED {claim}: e2fsck is not installed");
    }
    found
}

#[test]
fn all_build_from_synthetic_data() {
    for name in Scenario::names() {
        let started = Instant::now();
        let (board, flash) = build(name, None);
        eprintln!("{name}: {:?}, {} KiB kept", started.elapsed(), flash.written(Area::User) >> 10);
        let sectors = if board.storage == Storage::Nand { 0x10_0000 } else { 0x74_FD00 };
        assert_eq!(flash.len(Area::User), sectors * 512);
        board.accepts(&flash).unwrap();
    }
}

#[test]
fn all_build_from_real_data() {
    let Some(folder) = real_data("all_build_from_real_data") else { return };
    let folder = folder.join("mt6572-emmc-android44");
    for name in Scenario::names() {
        let scenario = Scenario::named(name).unwrap();
        let built = scenario.build(Some(&folder));
        assert_eq!(built.is_ok(), scenario.modem.family == Family::Wr8, "{name}: data of another family");
    }
    let (_, flash) = build("mt6572", Some(&folder));
    assert_eq!(bytes(&flash, 0x180_0000, 16), hex("0c3f0000b68a0000ffffffffb72b70d5"));
    assert_eq!(bytes(&flash, 0x182_0000, 35510), fs::read(folder.join("data/nvram/AllFile")).unwrap());
    // The tables written from the reference are those of the real phone; so is the lock file.
    let synthetic = build("mt6572", None).1;
    assert_eq!(bytes(&synthetic, 0x140_0000, 512), bytes(&flash, 0x140_0000, 512));
    assert_eq!(bytes(&synthetic, 0x148_0000, 512), bytes(&flash, 0x148_0000, 512));
    // Damage is done to real data too, and the checksum follows.
    let null = build("mt6572-imei-null", Some(&folder)).1;
    assert_eq!(bytes(&null, 0x182_0000 + 0x1036, 12), hex("f8c4eb0f1f1ec844558b1fc0"));
    let data = bytes(&null, 0x182_0000, 35510);
    assert_eq!(
        bytes(&null, 0x180_000C, 4),
        nvkeep::simulator::build::binregion::checksum(&data).to_le_bytes()
    );
    let other = build("mt6572-other-phone", Some(&folder)).1;
    assert_eq!(bytes(&other, 0x182_0000 + 0x1036, 12), hex("f836ec1f7a2a924c558b4556"));
    assert_eq!(bytes(&other, 0x150_0040, 8), hex("53968330653408f9"));
}

#[test]
fn synthetic_names_and_sizes_are_those_of_the_real_phone() {
    let Some(folder) = real_data("synthetic_names_and_sizes_are_those_of_the_real_phone") else { return };
    let real = fs::read(folder.join("mt6572-emmc-android44/data/nvram/AllMap")).unwrap();
    let synthetic = bytes(&build("mt6572", None).1, 0x180_000C, real.len());
    let titles = |map: &[u8]| {
        let titles = map[40..].chunks(140).map(|title| {
            let name: Vec<u8> = title[12..].iter().copied().take_while(|byte| *byte != 0).collect();
            (String::from_utf8(name).unwrap(), title[8..12].to_vec())
        });
        titles.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(titles(&synthetic), titles(&real));
    assert_eq!(synthetic[12..32], real[12..32]); // the counters
}

#[test]
fn file_systems_are_clean() {
    if !have_e2fsck("file_systems_are_clean") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let phones =
        ["mt6572", "mt6572-userdata-wiped", "mt6572-other-phone"].map(|name| (name, build(name, None).1));
    // Starting writes too: files asked back one by one, a whole tree, a twin's folder.
    let started =
        ["mt6572-live-broken-flag-valid", "mt6572-userdata-wiped", "mt6572-simlock-half-lost"].map(|name| {
            let mut flash = build(name, None).1;
            nvkeep::simulator::android::boot(&mut flash, &Scenario::named(name).unwrap()).unwrap();
            (name, flash)
        });
    let spoilt = ["mt6572-calibration-short-file"].map(|name| (name, build(name, None).1));
    for (name, flash) in phones.into_iter().chain(started).chain(spoilt) {
        for (partition, linear, len) in PARTITIONS {
            let path = folder.path().join(partition);
            save(&flash, linear, len, &path);
            let run = Command::new("e2fsck").args(["-f", "-n"]).arg(&path).output().unwrap();
            let said = String::from_utf8_lossy(&run.stdout).into_owned();
            assert!(run.status.success(), "{name} {partition}: {said}");
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_dirty_journal_gives_the_imei_back_only_after_replay() {
    if !have_e2fsck("a_dirty_journal_gives_the_imei_back_only_after_replay") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("usrdata");
    let (_, flash) = build("mt6572-dirty-journal", None);
    save(&flash, 0x4E34_0000, 0x9AFE_0000, &path);
    let show = || {
        let run = Command::new("debugfs")
            .arg("-R")
            .arg("cat /nvram/md/NVRAM/NVD_IMEI/MP0B_001")
            .arg(&path)
            .output();
        run.unwrap().stdout
    };
    assert_eq!(show(), b"");
    let run = Command::new("e2fsck").args(["-f", "-y"]).arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.code().unwrap() <= 1, "{said}");
    let healthy = hex("3fb02a2d3c6d8f4d558b8922");
    assert_eq!(show()[..12], healthy[..]);
    assert_eq!(show().len(), 120);
    let run = Command::new("e2fsck").args(["-f", "-n"]).arg(&path).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
}

#[test]
fn the_tables_are_where_the_reference_computes_them() {
    let (_, flash) = build("mt6572", None);
    assert_eq!(bytes(&flash, 0x140_0000, 512)[510..], [0x55, 0xAA]);
    let mut sector = vec![0; 512];
    flash.read(Area::User, 0x5C00 * 512, &mut sector).unwrap();
    assert_eq!(sector[446..462], hex("00000000050000000004000 0ffffffff")[..]);
    let mut pmt = vec![0; 4096];
    flash.read(Area::User, (0x74_FD00 - 2048) * 512, &mut pmt).unwrap();
    assert_eq!(pmt[..8], *b"1vTP1.0\0");
    assert_eq!(pmt[4092..], *b"1vTP");
    assert_eq!(pmt[8 + 4 * 88..][..6], *b"NVRAM\0");
    assert_eq!(pmt[8 + 4 * 88 + 64..][..16], hex("00005000000000000000800100000000")[..]);
    flash.read(Area::User, (0x74_FD00 - 2040) * 512, &mut pmt).unwrap();
    assert_eq!(pmt[..4], *b"1TPM");
}

#[test]
fn damage_is_done_where_the_page_says() {
    let healthy = build("mt6572", None).1;
    let same = |flash: &Flash, linear, len| bytes(flash, linear, len) == bytes(&healthy, linear, len);
    let flash = build("mt6572-format-all", None).1;
    assert_eq!(bytes(&flash, 0x180_0000, 0x50_0000), vec![0; 0x50_0000]);
    assert!(same(&flash, 0x150_0000, 1024) && same(&flash, 0x140_0000, 512));
    let lost = build("mt6572-format-all-pro-info-lost", None).1;
    assert_eq!(bytes(&lost, 0x150_0000, 1024), vec![0; 1024]);
    let torn = build("mt6572-torn-binregion", None).1;
    assert!(same(&torn, 0x180_0000, 0x4000) && !same(&torn, 0x182_0000, 0x9000));
    assert_eq!(
        bytes(&build("mt6572-no-pmt", None).1, 0x74_FD00 * 512 - 0x10_0000 + 0x88_0000, 8192),
        vec![0; 8192]
    );
    let null = build("mt6572-imei-null", None).1;
    assert_eq!(bytes(&null, 0x182_0000 + 0x1036, 12), hex("f8c4eb0f1f1ec844558b1fc0"));
    assert!(same(&null, 0x150_0000, 1024));
}

#[test]
fn a_table_may_say_that_the_mbr_lies_at_zero() {
    let page = include_str!("../../../samples/phones/mt6572-pmt-zero-mbr.toml");
    let (_, flash) = Scenario::parse(page).unwrap().build(None).unwrap();
    let (_, healthy) = build("mt6572", None);
    let copy = |flash: &Flash, sector: u64| {
        let mut pmt = vec![0; 4096];
        flash.read(Area::User, sector * 512, &mut pmt).unwrap();
        pmt
    };
    for sector in [0x74_FD00 - 2048, 0x74_FD00 - 2040] {
        let mut expected = copy(&healthy, sector);
        let linear = &mut expected[8 + 88 + 72..][..8];
        assert_eq!(linear, hex("0000400100000000"));
        linear.fill(0);
        assert_eq!(copy(&flash, sector), expected);
    }
    assert_eq!(bytes(&flash, 0x140_0000, 512), bytes(&healthy, 0x140_0000, 512), "the MBR is where it was");
    let nand = page.replace("base = \"mt6572\"", "base = \"mt6572-nand\"");
    assert!(Scenario::parse(&nand).unwrap().build(None).unwrap_err().to_string().contains("MBR"));
}

#[test]
fn only_the_other_phone_has_another_cid() {
    let cid = build("mt6572", None).0.card.cid;
    for name in Scenario::names() {
        assert_eq!(
            Scenario::named(name).unwrap().board.card.cid != cid,
            name == "mt6572-other-phone",
            "{name}"
        );
        assert_eq!(Scenario::named(name).unwrap().name, name);
    }
}

#[test]
fn a_page_with_an_unknown_key_is_refused() {
    let page = "base = \"mt6572\"\n[board]\nspeed = 3\n";
    let refused = Scenario::parse(page).unwrap_err().to_string();
    assert!(refused.contains("speed"), "{refused}");
    assert!(Scenario::parse("base = \"mt6572\"\n").is_ok());
    assert!(Scenario::parse("base = \"mt6572-ddr\"\n").is_err());
    assert!(Scenario::parse("base = \"mt6572\"\n[identity]\nimei = \"49015420323751\"\n").is_err());
    assert!(Scenario::parse("base = \"mt6572\"\n[card]\ncid = \"15\"\n").is_err());
    assert!(Scenario::named("mt9999").is_err());
}

/// Reads hexadecimal; blanks are allowed.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}
