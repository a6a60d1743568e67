//! Claims about phones with a GPT: both copies prove the layout, the table is kept and never written, nvdata is put back
//! whole.

use nvkeep::app::Exit;
use nvkeep::app::gather::{Scope, gather};
use nvkeep::app::session::connect_at;
use nvkeep::app::staging::guard_for;
use nvkeep::identity::Found;
use nvkeep::simulator::{Area, Flash, Scenario};
use nvkeep::storage::Shared;
use nvkeep::vault::Archive;

use crate::gpt::Disk;
use crate::support::e2fsprogs;
use crate::support::workbench::{Workbench, built};

const NAMES: [(&str, &str); 9] = [
    ("PRO_INFO", "proinfo"),
    ("NVRAM", "nvram"),
    ("PROTECT_F", "protect1"),
    ("PROTECT_S", "protect2"),
    ("SECCFG", "seccfg"),
    ("UBOOT", "lk"),
    ("BOOTIMG", "boot"),
    ("CACHE", "cache"),
    ("USRDATA", "userdata"),
];

/// First byte in the user area and length of a partition of the MT6572 scenario.
pub fn place(name: &str) -> (u64, u64) {
    let scenario = Scenario::named("mt6572").unwrap();
    let partition = scenario.layout.iter().find(|partition| partition.name == name).unwrap();
    (partition.linear - 0x88_0000, partition.size)
}

fn table(flash: &Flash, nvdata: bool) -> Disk {
    let partitions = NAMES.map(|(old, new)| {
        let (start, len) = place(old);
        let new = if nvdata && new == "cache" { "nvdata" } else { new };
        (new, start / 512, (start + len) / 512 - 1)
    });
    Disk { sector: 512, sectors: (flash.len(Area::User) / 512) as usize, partitions: partitions.into() }
}

/// The healthy MT6572, its PMT and boot records replaced by a GPT; its live files in userdata, or in an nvdata of their own.
pub fn phone(nvdata: bool) -> Workbench {
    let (board, mut flash) = built("mt6572", None);
    let len = flash.len(Area::User);
    flash.fill(Area::User, len - 0x10_0000, 0x2000, 0).unwrap();
    let mbr = place("MBR");
    flash.fill(Area::User, mbr.0, 2 * mbr.1, 0).unwrap();
    for (at, bytes) in table(&flash, nvdata).pieces() {
        flash.write(Area::User, at, &bytes).unwrap();
    }
    if nvdata {
        let bench = Workbench::holding(board.clone(), flash.clone(), None);
        let files = live_files(&bench);
        let image = e2fsprogs::make(&[], 16 << 10, &files, "");
        let (at, len) = place("CACHE");
        flash.fill(Area::User, at, len, 0).unwrap();
        flash.write(Area::User, at, &image).unwrap();
    }
    Workbench::holding(board, flash, None)
}

/// The live files of a phone whose table calls them USRDATA's: read as if there were no nvdata.
fn live_files(bench: &Workbench) -> std::collections::BTreeMap<String, Vec<u8>> {
    let session = connect_at(&bench.context(), bench.port().as_mut()).unwrap();
    let mut layout = session.layout.clone();
    layout.places.retain(|place| place.name != "NVDATA");
    let copies = gather(&(session.disk.clone() as Shared), &layout, Scope::All).unwrap();
    let Found::Present(tree) = copies.live else { panic!("{:?}", copies.live) };
    tree.into_iter().map(|(path, file)| (path, file.bytes)).collect()
}

#[test]
fn two_whole_copies_prove_the_layout_and_name_the_partitions_canonically() {
    let bench = phone(false);
    assert!(bench.inspect().unwrap().is_healthy());
    let session = connect_at(&bench.context(), bench.port().as_mut()).unwrap();
    assert_eq!((session.layout.learned_from.as_str(), session.layout.is_proven()), ("GPT", true));
    for name in ["PRO_INFO", "NVRAM", "PROTECT_F", "PROTECT_S", "USRDATA"] {
        let found = session.layout.find(name).unwrap();
        assert_eq!((found.start, found.len), place(name), "{name}");
    }
}

#[test]
fn the_table_is_archived_and_a_lost_identity_is_put_back() {
    let bench = phone(false);
    bench.backup("a.nvk").unwrap();
    let mut archive = Archive::open(&bench.path("a.nvk")).unwrap();
    assert_eq!(archive.region("PGPT").unwrap()[512..520], *b"EFI PART");
    let backup = archive.region("SGPT").unwrap();
    assert_eq!(backup[backup.len() - 512..][..8], *b"EFI PART");
    assert!(archive.manifest().regions.iter().all(|region| region.name != "PMT"));
    let before = bench.flash();
    for name in ["NVRAM", "PRO_INFO", "PROTECT_F"] {
        let (at, len) = place(name);
        bench.change(|flash| flash.fill(Area::User, at, len, 0).unwrap());
    }
    assert!(!bench.inspect().unwrap().is_healthy());
    assert!(bench.restore("a.nvk").unwrap().after.is_healthy());
    for (at, len) in [(0, 0x4400), (before.len(Area::User) - 0x4200, 0x4200)] {
        let mut was = vec![0; len];
        before.read(Area::User, at, &mut was).unwrap();
        assert_eq!(bench.read(at, len), was, "the table at {at:#x}");
    }
}

#[test]
fn nvdata_is_put_back_as_the_volume_it_was() {
    if !e2fsprogs::have_tools("gpt_phones::nvdata_is_put_back_as_the_volume_it_was") {
        return;
    }
    let bench = phone(true);
    let files = live_tree(&bench);
    assert!(files.len() > 100, "{}", files.len());
    bench.backup("a.nvk").unwrap();
    // Another volume altogether: no file lies where it lay, and one is missing.
    let mut fewer: std::collections::BTreeMap<_, _> = files.clone();
    fewer.remove("APCFG/APRDEB/WIFI");
    let other = e2fsprogs::make(&["-I", "128"], 16 << 10, &fewer, "");
    let (at, _) = place("CACHE");
    bench.change(|flash| flash.write(Area::User, at, &other).unwrap());
    assert_ne!(live_tree(&bench), files);
    assert!(bench.restore("a.nvk").unwrap().after.is_healthy());
    assert_eq!(live_tree(&bench), files);
    let (code, said, _) = e2fsprogs::e2fsck(&bench.read(at, 16 << 20), "-fn");
    assert_eq!(code, 0, "{said}");
}

fn live_tree(bench: &Workbench) -> std::collections::BTreeMap<String, Vec<u8>> {
    let session = connect_at(&bench.context(), bench.port().as_mut()).unwrap();
    let copies = gather(&(session.disk.clone() as Shared), &session.layout, Scope::All).unwrap();
    let Found::Present(tree) = copies.live else { panic!("{:?}", copies.live) };
    tree.into_iter().map(|(path, file)| (path, file.bytes)).collect()
}

#[test]
fn only_identity_partitions_are_open() {
    if !e2fsprogs::have_tools("gpt_phones::only_identity_partitions_are_open") {
        return;
    }
    let bench = phone(true);
    let end = bench.flash().len(Area::User);
    let session = connect_at(&bench.context(), bench.port().as_mut()).unwrap();
    let copies = gather(&(session.disk.clone() as Shared), &session.layout, Scope::All).unwrap();
    let guard = guard_for(&session, &copies);
    let open = |at: u64| guard.check(at, 512).is_ok();
    for name in ["PRO_INFO", "NVRAM", "PROTECT_F", "PROTECT_S", "CACHE"] {
        let (at, len) = place(name);
        assert!(open(at) && open(at + len - 512), "{name}");
    }
    for name in ["SECCFG", "UBOOT", "BOOTIMG", "USRDATA"] {
        let (at, len) = place(name);
        assert!(!open(at) && !open(at + len - 512), "{name}");
    }
    assert!([0, 512, 1024, end - 512, end - 0x4200].into_iter().all(|at| !open(at)), "the table itself");
}

#[test]
fn a_damaged_copy_is_a_doubt_and_nothing_is_written_by_it() {
    let end = phone(false).flash().len(Area::User);
    for (at, says) in [(512 + 40, "primary copy"), (end - 512 + 40, "backup copy"), (1024, "primary copy")] {
        let bench = phone(false);
        bench.backup("a.nvk").unwrap();
        let old = bench.read(at, 1)[0];
        bench.change(|flash| flash.write(Area::User, at, &[old ^ 0xFF]).unwrap());
        let failure = bench.restore("a.nvk").unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Forbidden, "layout-unproven"), "{at:#x}");
        assert!(bench.warnings().iter().any(|warning| warning.contains(says)), "{:?}", bench.warnings());
        assert!(bench.inspect().unwrap().is_healthy(), "it is still read");
    }
}

#[test]
fn a_pmt_beside_a_gpt_is_told_and_doubted() {
    for (protective, believed) in [(true, "believes the GPT"), (false, "believes the PMT")] {
        let bench = Workbench::with("mt6572");
        let flash = bench.flash();
        for (at, bytes) in table(&flash, false).pieces() {
            // The backup copy lies behind the PMT and its mirror.
            if protective || at > 0 {
                bench.change(|flash| flash.write(Area::User, at, &bytes).unwrap());
            }
        }
        let session = connect_at(&bench.context(), bench.port().as_mut()).unwrap();
        assert!(!session.layout.is_proven());
        let told = session.layout.doubts.iter().any(|doubt| doubt.contains(believed));
        assert!(told, "{believed}: {:?}", session.layout.doubts);
    }
}
