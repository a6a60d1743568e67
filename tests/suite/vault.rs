//! Archives are whole or absent, and hostile ones are refused by name.

use std::fs::{self, File};
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

use nvkeep::vault::{
    Archive, Draft, Existing, Gap, Manifest, Partition, PhoneIds, Range, SCHEMA, VaultError, limits, list,
    sha256_hex,
};
use tempfile::tempdir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::support::Random;

/// The archive that `samples/archives/schema-1.nvk` froze. Changing this does not change the sample: it must stay readable.
fn draft() -> Draft {
    let phone = PhoneIds {
        chip: "MT6572".into(),
        hw_code: "0x6572".into(),
        storage: "emmc".into(),
        cid: "00112233445566778899aabbccddeeff".into(),
        soc_id: None,
        random_id: None,
        linear_prefix: 0x140_0000,
        layout: vec![Partition { name: "nvram".into(), start: 0x38_0000, len: 4096 }],
    };
    let mut manifest = Manifest::new("0.1.0", "2026-01-02T03:04:05Z", "direct", phone);
    manifest.note = "synthetic bytes".into();
    manifest.full = true;
    let mut draft = Draft::new(manifest);
    let mut blob: Vec<u8> = (0..1024_u32).map(|n| (n * 7) as u8).collect();
    blob.extend([0xFF; 512]);
    let kept = vec![Range { at: 0, len: 1024 }, Range { at: 2048, len: 512 }];
    let gaps = vec![Gap { at: 1024, len: 1024, reason: "unused blocks".into() }];
    draft.add_region("nvram", (0x38_0000, 4096), kept, gaps, blob).unwrap();
    draft.add_file("live", "md/NVRAM/NVD_IMEI/MP0B_001", b"not an identity".to_vec()).unwrap();
    draft.set_report("nothing is wrong\n");
    draft
}

fn bytes() -> Vec<u8> {
    draft().compose().unwrap()
}

fn open(bytes: &[u8]) -> Result<Archive<Cursor<&[u8]>>, VaultError> {
    Archive::from_reader(Cursor::new(bytes))
}

/// The code of whatever goes wrong first in opening or verifying; `None` where nothing does.
fn code(bytes: &[u8]) -> Option<&'static str> {
    match open(bytes) {
        Err(error) => Some(error.code()),
        Ok(mut archive) => archive.verify().failures.first().map(|failure| failure.error.code()),
    }
}

fn json() -> serde_json::Value {
    serde_json::to_value(draft().manifest()).unwrap()
}

/// A zip of the good entries, with the manifest and the list changed by the caller.
fn forged(manifest: &serde_json::Value, change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> Vec<u8> {
    let source = bytes();
    let mut good = open(&source).unwrap();
    let mut entries = vec![
        ("manifest.json".to_owned(), serde_json::to_vec(manifest).unwrap()),
        ("report.txt".to_owned(), b"nothing is wrong\n".to_vec()),
        ("regions/nvram.img".to_owned(), good.region("nvram").unwrap()),
        (
            "files/live/md/NVRAM/NVD_IMEI/MP0B_001".to_owned(),
            good.file("live", "md/NVRAM/NVD_IMEI/MP0B_001").unwrap(),
        ),
    ];
    change(&mut entries);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in entries {
        zip.start_file(name, options).unwrap();
        zip.write_all(&content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) -> usize {
    let places: Vec<usize> =
        (0..=bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    for at in &places {
        bytes[*at..*at + to.len()].copy_from_slice(to);
    }
    places.len()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn sha256_is_the_standards() {
    // FIPS 180-2, appendix B.1.
    assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn comes_back_as_it_was_saved() {
    let dir = tempdir().unwrap();
    let target = dir.path().join("a.nvk");
    let saved = draft().save(&target, Existing::Refuse).unwrap();
    assert_eq!(names(dir.path()), ["a.nvk"]);
    let on_disk = fs::read(&target).unwrap();
    assert_eq!((saved.len, saved.sha256), (on_disk.len() as u64, sha256_hex(&on_disk)));
    let mut archive = Archive::open(&target).unwrap();
    assert_eq!(archive.manifest(), draft().manifest());
    assert_eq!(archive.region("nvram").unwrap()[1024..], [0xFF; 512]);
    assert_eq!(archive.file("live", "md/NVRAM/NVD_IMEI/MP0B_001").unwrap(), b"not an identity");
    assert_eq!(archive.report().unwrap(), "nothing is wrong\n");
    assert_eq!(archive.region("absent").unwrap_err().code(), "archive-missing");
    let report = archive.verify();
    assert!(report.is_whole());
    assert_eq!(report.checked, 4);
}

#[test]
fn the_same_draft_gives_the_same_bytes() {
    assert_eq!(bytes(), bytes());
}

#[test]
fn every_published_archive_still_opens() {
    // If this fails, do not change the sample.
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples/archives");
    let listed = list(&folder).unwrap();
    assert!(listed.iter().any(|l| l.path.ends_with("schema-1.nvk")));
    for item in listed {
        let mut archive = Archive::open(&item.path).unwrap();
        assert!(archive.verify().is_whole(), "{:?}", item.path);
        assert_eq!(archive.manifest().phone.cid, "00112233445566778899aabbccddeeff");
        assert_eq!(archive.manifest().regions[0].kept[1], Range { at: 2048, len: 512 });
        assert_eq!(archive.file("live", "md/NVRAM/NVD_IMEI/MP0B_001").unwrap(), b"not an identity");
    }
}

/// Makes the sample, once per schema: `cargo test --test suite -- --ignored vault::makes_the_published_sample`.
#[test]
#[ignore = "writes samples/archives/schema-1.nvk, and only where there is none"]
fn makes_the_published_sample() {
    let target = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples/archives/schema-1.nvk");
    draft().save(&target, Existing::Refuse).unwrap();
}

#[test]
fn an_existing_file_is_replaced_only_when_told() {
    let dir = tempdir().unwrap();
    let target = dir.path().join("a.nvk");
    fs::write(&target, b"mine").unwrap();
    assert_eq!(draft().save(&target, Existing::Refuse).unwrap_err().code(), "target-exists");
    assert_eq!(fs::read(&target).unwrap(), b"mine");
    draft().save(&target, Existing::Replace).unwrap();
    assert_eq!(fs::read(&target).unwrap(), bytes());
    assert_eq!(names(dir.path()), ["a.nvk"]);
}

#[test]
fn a_part_of_another_run_is_left_alone() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.nvk.part"), b"theirs").unwrap();
    let error = draft().save(&dir.path().join("a.nvk"), Existing::Replace).unwrap_err();
    assert_eq!(error.code(), "target-busy");
    assert_eq!(fs::read(dir.path().join("a.nvk.part")).unwrap(), b"theirs");
}

/// A disk that takes `room` bytes, then fails, or lies.
struct Disk {
    file: File,
    room: usize,
    lies: bool,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = bytes.len().min(self.room);
        if fits == 0 && !bytes.is_empty() {
            return if self.lies { Ok(bytes.len()) } else { Err(io::ErrorKind::StorageFull.into()) };
        }
        self.room -= fits;
        self.file.write(&bytes[..fits])
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[test]
fn a_disk_full_at_any_byte_leaves_nothing() {
    let dir = tempdir().unwrap();
    let target = dir.path().join("a.nvk");
    for room in (0..bytes().len()).step_by(3) {
        let saved = draft().save_through(&target, Existing::Refuse, |file| Disk { file, room, lies: false });
        assert_eq!(saved.unwrap_err().code(), "disk-full", "{room}");
        assert!(names(dir.path()).is_empty(), "{room}");
    }
}

#[test]
fn a_disk_that_swallows_bytes_is_caught_by_reading_back() {
    let dir = tempdir().unwrap();
    let target = dir.path().join("a.nvk");
    fs::write(&target, b"mine").unwrap();
    for room in (0..bytes().len()).step_by(41) {
        let saved = draft().save_through(&target, Existing::Replace, |file| Disk { file, room, lies: true });
        assert_eq!(saved.unwrap_err().code(), "archive-read-back", "{room}");
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        assert_eq!(names(dir.path()), ["a.nvk"]);
    }
}

#[test]
fn a_draft_takes_no_ranges_that_do_not_add_up() {
    let range = |at, len| Range { at, len };
    let mut draft = draft();
    let before = draft.manifest().clone();
    for (kept, blob) in [
        (vec![range(0, 8)], 7),
        (vec![range(0, 8), range(4, 8)], 16),
        (vec![range(8, 8), range(0, 8)], 16),
        (vec![range(90, 11)], 11),
        (vec![range(u64::MAX, 2)], 2),
        (vec![range(5, 0)], 0),
    ] {
        let added = draft.add_region("x", (0, 100), kept, vec![], vec![0; blob]);
        assert_eq!(added.unwrap_err().code(), "archive-manifest");
    }
    let gap = vec![Gap { at: 4, len: 1, reason: "why".into() }];
    assert!(draft.add_region("x", (0, 100), vec![range(0, 8)], gap, vec![0; 8]).is_err());
    assert!(draft.add_region("nvram", (0, 8), vec![range(0, 8)], vec![], vec![0; 8]).is_err());
    assert!(draft.add_file("live", "../x", vec![]).is_err());
    assert_eq!(draft.manifest(), &before);
}

#[test]
fn cut_at_any_byte_it_is_refused() {
    let whole = bytes();
    assert_eq!(code(&whole), None);
    for len in 0..whole.len() {
        let expected = if len < 4 { "not-an-archive" } else { "archive-truncated" };
        assert_eq!(code(&whole[..len]), Some(expected), "{len}");
    }
}

/// Tells whether whatever opens and verifies holds exactly what was archived.
fn is_refused_or_unchanged(bytes: &[u8]) -> bool {
    let Ok(mut archive) = open(bytes) else { return true };
    if !archive.verify().is_whole() {
        return true;
    }
    archive.manifest() == draft().manifest() && archive.report().unwrap() == "nothing is wrong\n"
}

#[test]
fn changed_in_any_byte_it_is_refused_or_says_the_same() {
    let whole = bytes();
    let mut refused = 0;
    for at in 0..whole.len() {
        for flip in [0x01, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            assert!(is_refused_or_unchanged(&bytes), "byte {at} ^ {flip:#x}");
            refused += usize::from(code(&bytes).is_some());
        }
    }
    assert!(refused > whole.len(), "{refused} of {} flips were noticed", 2 * whole.len());
}

#[test]
fn damaged_by_seed_it_is_refused_or_says_the_same() {
    let whole = bytes();
    let mut random = Random::new(42);
    for round in 0..4000 {
        let bytes = random.damage(&whole);
        assert!(is_refused_or_unchanged(&bytes), "round {round}");
    }
}

#[test]
fn something_else_is_not_an_archive() {
    assert_eq!(code(b""), Some("not-an-archive"));
    assert_eq!(code(&[0; 100]), Some("not-an-archive"));
    assert_eq!(code(&forged(&json(), |entries| drop(entries.remove(0)))), Some("not-an-archive"));
    let mut manifest = json();
    manifest["schema"] = "something/1".into();
    assert_eq!(code(&forged(&manifest, |_| ())), Some("not-an-archive"));
}

#[test]
fn a_newer_schema_has_its_own_sentence_and_added_fields_do_not_matter() {
    let newer = serde_json::json!({ "schema": "nvkeep-archive/2", "all": "else differs" });
    let error = open(&forged(&newer, |_| ())).unwrap_err();
    assert_eq!(error.code(), "archive-newer");
    assert!(error.to_string().contains("nvkeep-archive/2"));
    let mut added = json();
    added["later"] = 1.into();
    assert_eq!(added["schema"], SCHEMA);
    assert_eq!(code(&forged(&added, |_| ())), None);
}

#[test]
fn other_bytes_under_a_good_checksum_are_named_by_digest() {
    let bytes = forged(&json(), |entries| entries[2].1[5] ^= 1);
    let report = open(&bytes).unwrap().verify();
    assert_eq!(report.failures.len(), 1);
    assert_eq!(report.failures[0].entry, "regions/nvram.img");
    assert_eq!(report.failures[0].error.code(), "archive-digest");
}

#[test]
fn names_that_climb_out_are_refused_by_name() {
    for name in [
        "/etc/passwd",
        "files/../../x",
        "regions/a\\b",
        "files/a\0b",
        "files//x",
        "C:x",
        "odd.txt",
        "files/./x",
    ] {
        let bytes = forged(&json(), |entries| entries.push((name.into(), vec![1])));
        match open(&bytes) {
            Err(VaultError::Name { entry, .. }) => assert_eq!(entry, name),
            other => panic!("{name:?}: {other:?}"),
        }
    }
}

#[test]
fn links_and_folders_are_refused() {
    for folder in [true, false] {
        let mut zip = ZipWriter::new_append(Cursor::new(bytes())).unwrap();
        let options = SimpleFileOptions::default();
        if folder {
            zip.add_directory("files/x", options).unwrap();
        } else {
            zip.add_symlink("files/x", "/etc/passwd", options).unwrap();
        }
        assert_eq!(code(&zip.finish().unwrap().into_inner()), Some("archive-name"));
    }
}

#[test]
fn entries_twice_missing_or_unlisted_are_refused() {
    let mut twice = forged(&json(), |entries| entries.push(("report.txX".into(), vec![1])));
    assert_eq!(replace(&mut twice, b"report.txX", b"report.txt"), 2);
    assert_eq!(code(&twice), Some("archive-duplicate"));
    assert_eq!(code(&forged(&json(), |entries| drop(entries.pop()))), Some("archive-missing"));
    let extra = forged(&json(), |entries| entries.push(("files/live/x".into(), vec![1])));
    assert_eq!(code(&extra), Some("archive-unlisted"));
}

#[test]
fn a_manifest_that_does_not_add_up_is_refused() {
    for (pointer, value) in [
        ("/regions/0/kept/1/at", 1000_u64),
        ("/regions/0/kept/1/at", u64::MAX),
        ("/regions/0/kept/1/len", 1 << 40),
        ("/regions/0/not_kept/0/at", 1000),
        ("/regions/0/start", u64::MAX),
        ("/regions/0/len", 2000),
    ] {
        let mut manifest = json();
        *manifest.pointer_mut(pointer).unwrap() = value.into();
        assert_eq!(code(&forged(&manifest, |_| ())), Some("archive-manifest"), "{pointer}");
    }
    let mut manifest = json();
    manifest["regions"][0]["kept"][1]["len"] = 500.into();
    assert_eq!(code(&forged(&manifest, |_| ())), Some("archive-damaged"));
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let big = vec![b' '; limits::MAX_MANIFEST as usize + 1];
    assert_eq!(code(&forged(&json(), |entries| entries[0].1 = big)), Some("archive-too-large"));
    let mut manifest = json();
    let huge = limits::MAX_REGIONS + 1;
    manifest["regions"][0]["len"] = huge.into();
    manifest["regions"][0]["not_kept"] = serde_json::json!([]);
    manifest["regions"][0]["kept"] = serde_json::json!([{ "at": 0, "len": huge }]);
    assert_eq!(code(&forged(&manifest, |_| ())), Some("archive-too-large"));
    // An entry whose headers claim 400 MiB is refused on the claim.
    let mut bytes = forged(&json(), |entries| entries[2].1 = vec![0; 7777]);
    assert_eq!(replace(&mut bytes, &7777_u32.to_le_bytes(), &(400_u32 << 20).to_le_bytes()), 2);
    assert_eq!(code(&bytes), Some("archive-too-large"));
    // Too many entries, claimed or there: the end record is judged before the directory is read.
    let many = limits::MAX_ENTRIES + 1;
    let bytes =
        forged(&json(), |entries| entries.extend((4..many).map(|n| (format!("files/live/{n}"), vec![]))));
    assert_eq!(code(&bytes), Some("archive-too-large"));
    // A header that lies: the entry declares 1536 bytes, as the manifest does, and unpacks to 8 MiB.
    let mut bytes = forged(&json(), |entries| entries[2].1 = vec![0; 8 << 20]);
    assert_eq!(replace(&mut bytes, &(8_u32 << 20).to_le_bytes(), &1536_u32.to_le_bytes()), 2);
    assert_eq!(code(&bytes), Some("archive-damaged"));
}

#[test]
fn a_folder_lists_the_good_and_the_bad() {
    let dir = tempdir().unwrap();
    draft().save(&dir.path().join("a.nvk"), Existing::Refuse).unwrap();
    fs::write(dir.path().join("b.nvk"), b"junk").unwrap();
    fs::write(dir.path().join("c.txt"), b"else").unwrap();
    let listed = list(dir.path()).unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].manifest.as_ref().unwrap(), draft().manifest());
    assert_eq!(listed[1].manifest.as_ref().unwrap_err().code(), "not-an-archive");
}

#[test]
fn a_manifest_damaged_by_seed_is_refused_or_adds_up() {
    let good = serde_json::to_vec(&json()).unwrap();
    let mut random = Random::new(3);
    let (mut refused, mut opened) = (0, 0);
    for round in 0..1500 {
        let bytes = forged(&json(), |entries| entries[0].1 = random.damage(&good));
        let Ok(archive) = open(&bytes) else {
            refused += 1;
            continue;
        };
        opened += 1;
        for region in &archive.manifest().regions {
            let mut free = 0;
            for range in &region.kept {
                assert!(range.at >= free && range.len <= region.len - range.at, "round {round}: {region:?}");
                free = range.at + range.len;
            }
        }
    }
    assert!(refused > 0 && opened > 0, "{refused} refused, {opened} opened: the seed proves nothing");
}
