//! Volumes made by mke2fs, read by us, by ext4-view, and judged by e2fsck. Skips visibly where e2fsprogs are missing.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use nvkeep::formats::ext4::{Ext4Error, FileKind, JournalState, TreeLimits, UsedRanges, Volume, used_ranges};
use nvkeep::formats::{ReadAt, ReadError};

use crate::support::Random;

const LIMITS: TreeLimits = TreeLimits { depth: 16, entries: 4096, bytes: 1 << 24 };
const IMEI: &str = "nvram/md/NVRAM/NVD_IMEI/MP0B_001";

/// Name, mke2fs arguments, size in KiB.
const KINDS: [(&str, &[&str], u32); 6] = [
    ("android44_4k", &["-t", "ext4", "-b", "4096", "-O", "has_journal,extent,^metadata_csum,^64bit"], 10240),
    ("android44_1k", &["-t", "ext4", "-b", "1024", "-O", "has_journal,extent,^metadata_csum,^64bit"], 10240),
    (
        "uninit_bg",
        &["-t", "ext4", "-b", "1024", "-O", "uninit_bg,^metadata_csum,^64bit,^flex_bg", "-g", "2048"],
        20480,
    ),
    ("indirect", &["-t", "ext3", "-b", "1024"], 10240),
    ("ext2", &["-t", "ext2", "-b", "1024"], 10240),
    ("modern", &["-t", "ext4", "-b", "4096", "-O", "metadata_csum,64bit"], 20480),
];

fn tool(name: &str) -> Option<PathBuf> {
    ["/usr/sbin", "/sbin", "/usr/bin", "/usr/local/sbin", "/opt/homebrew/opt/e2fsprogs/sbin"]
        .into_iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file())
}

/// Says on stderr that `claim` is skipped when a tool is missing.
fn have_tools(claim: &str) -> bool {
    let missing = ["mke2fs", "e2fsck", "debugfs"].into_iter().find(|name| tool(name).is_none());
    if let Some(name) = missing {
        eprintln!("SKIPPED ext4::{claim}: no {name}");
    }
    missing.is_none()
}

fn run(name: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(tool(name).unwrap()).args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// The files of a small phone, by path.
fn content() -> BTreeMap<String, Vec<u8>> {
    let mut random = Random::new(4);
    let mut files = BTreeMap::from([
        (IMEI.to_owned(), random.bytes(224)),
        ("nvram/md/NVRAM/NVD_IMEI/FILELIST".to_owned(), random.bytes(100)),
        ("nvram/APCFG/APRDEB/WIFI".to_owned(), random.bytes(514)),
        ("nvram/empty".to_owned(), Vec::new()),
        ("nvram/block".to_owned(), random.bytes(4096)),
        ("large".to_owned(), random.bytes(700_001)),
    ]);
    for index in 0..150 {
        files.insert(
            format!("nvram/md/NVRAM/CALIBRAT/MP{index:02X}_a_name_long_enough_for_many_blocks"),
            random.bytes(60),
        );
    }
    files
}

struct Made {
    folder: tempfile::TempDir,
    path: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
}

impl Made {
    fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }
    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }
    fn debugfs(&self, commands: &str) -> String {
        let script = self.folder.path().join("commands");
        fs::write(&script, commands).unwrap();
        run("debugfs", &["-w", "-f", script.to_str().unwrap(), self.path()]).1
    }
}

fn make(arguments: &[&str], kib: u32) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let (tree, path) = (folder.path().join("tree"), folder.path().join("image"));
    let files = content();
    for (name, bytes) in &files {
        let place = tree.join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    }
    let size = kib.to_string() + "k";
    let all =
        [&["-q", "-F", "-d", tree.to_str().unwrap()], arguments, &[path.to_str().unwrap(), &size]].concat();
    let (good, said) = run("mke2fs", &all);
    assert!(good, "{said}");
    Made { folder, path, files }
}

fn fsck(path: &Path, how: &str) -> (bool, String) {
    run("e2fsck", &[how, path.to_str().unwrap()])
}

fn assert_same_files(volume: &mut Volume, files: &BTreeMap<String, Vec<u8>>) {
    let found: Vec<_> = volume.walk("/", LIMITS).unwrap();
    let names: HashSet<_> =
        found.iter().filter(|one| one.stat.kind == FileKind::Regular).map(|one| one.path.clone()).collect();
    assert_eq!(names, files.keys().cloned().collect());
    for (name, bytes) in files {
        assert!(volume.read_file(name, 1 << 20).unwrap() == *bytes, "{name}");
    }
}

/// Puts the kept ranges on zeros; checks that the answer covers the volume without overlap.
fn rebuild(image: &[u8], used: &UsedRanges) -> Vec<u8> {
    let mut all: Vec<_> =
        used.ranges.iter().copied().chain(used.not_read.iter().map(|r| (r.0, r.1))).collect();
    all.sort_unstable();
    let mut next = 0;
    for (at, len) in all {
        assert_eq!(at, next);
        assert!(len > 0);
        next = at + len;
    }
    assert_eq!(next, image.len() as u64);
    let mut rebuilt = vec![0; image.len()];
    for (at, len) in &used.ranges {
        let range = *at as usize..(at + len) as usize;
        rebuilt[range.clone()].copy_from_slice(&image[range]);
    }
    rebuilt
}

#[test]
fn every_kind_of_volume_reads_as_it_was_written() {
    if !have_tools("every_kind_of_volume_reads_as_it_was_written") {
        return;
    }
    for (kind, arguments, kib) in KINDS {
        eprintln!("{kind}");
        let made = make(arguments, kib);
        let image = made.bytes();
        let mut volume = Volume::open(image.clone()).unwrap();
        let expected = if kind == "ext2" { JournalState::Absent } else { JournalState::Clean };
        assert_eq!(volume.journal_state(), expected);
        assert_same_files(&mut volume, &made.files);
        let other = ext4_view::Ext4::load(Box::new(image.clone())).ok();
        for (name, bytes) in &made.files {
            let places = volume.file_extents(name).unwrap();
            let read: Vec<u8> = places
                .iter()
                .flat_map(|(at, len)| image[*at as usize..(at + len) as usize].to_vec())
                .collect();
            assert!(read == *bytes, "{kind} {name}");
            let path = format!("/{name}");
            let stat = volume.stat(name).unwrap();
            assert_eq!(stat.size, bytes.len() as u64);
            if let Some(other) = &other {
                let metadata = other.metadata(path.as_str()).unwrap();
                assert_eq!(
                    (stat.uid, stat.gid, stat.mode),
                    (metadata.uid(), metadata.gid(), metadata.mode() & 0xFFF)
                );
                assert!(other.read(path.as_str()).unwrap() == *bytes);
            }
        }
        assert!(other.is_some() || kind == "ext2", "{kind} was not read by ext4-view");
    }
}

#[test]
fn used_ranges_make_the_same_clean_volume() {
    if !have_tools("used_ranges_make_the_same_clean_volume") {
        return;
    }
    for (kind, arguments, kib) in KINDS {
        let made = make(arguments, kib);
        let image = made.bytes();
        let used = used_ranges(&mut Volume::open(image.clone()).unwrap()).unwrap();
        let kept: u64 = used.ranges.iter().map(|range| range.1).sum();
        eprintln!("{kind}: {kept} of {} bytes kept", image.len());
        assert!(kept < image.len() as u64 * 6 / 10, "{kind}: {kept} bytes kept");
        let rebuilt = rebuild(&image, &used);
        let path = made.folder.path().join("rebuilt");
        fs::write(&path, &rebuilt).unwrap();
        let (clean, said) = fsck(&path, "-fn");
        assert!(clean, "{kind}: {said}");
        assert_same_files(&mut Volume::open(rebuilt).unwrap(), &made.files);
    }
}

/// A volume whose journal holds a new content for `large`'s first block and for the IMEI file, the latter escaped.
fn dirty(arguments: &[&str], kib: u32) -> (Made, BTreeMap<String, Vec<u8>>, [u64; 2]) {
    let made = make(arguments, kib);
    let mut volume = Volume::open(made.bytes()).unwrap();
    let size = volume.block_size();
    let first = volume.file_extents("large").unwrap()[0].0;
    let imei = volume.file_extents(IMEI).unwrap()[0].0;
    let write = |name: &str, bytes: &[u8]| {
        let path = made.folder.path().join(name);
        let mut block = bytes.to_vec();
        block.resize(size as usize, 0);
        fs::write(&path, block).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut random = Random::new(9);
    let (early, late) = (random.bytes(size as usize), random.bytes(size as usize));
    let mut escaped = vec![0xC0, 0x3B, 0x39, 0x98];
    escaped.extend(random.bytes(220));
    let (first_block, imei_block) = (first / size, imei / size);
    let said = made.debugfs(&format!(
        "jo\njw -b {first_block} {}\njw -b {imei_block} {}\njw -b {first_block} {}\njc\n",
        write("early", &early),
        write("escaped", &escaped),
        write("late", &late)
    ));
    let mut files = made.files.clone();
    files.get_mut("large").unwrap()[..size as usize].copy_from_slice(&late);
    files.insert(IMEI.to_owned(), escaped);
    assert!(!said.contains("rror"), "{said}");
    (made, files, [first, imei])
}

#[test]
fn a_dirty_journal_is_replayed_in_memory_only() {
    if !have_tools("a_dirty_journal_is_replayed_in_memory_only") {
        return;
    }
    for (kind, arguments, kib) in KINDS.into_iter().filter(|kind| kind.0 != "ext2") {
        let (made, files, [first, imei]) = dirty(arguments, kib);
        let image = made.bytes();
        let mut volume = Volume::open(image.clone()).unwrap();
        assert_eq!(volume.journal_state(), JournalState::Dirty { transactions: 3 }, "{kind}");
        assert_same_files(&mut volume, &files);
        let size = volume.block_size();
        assert!(volume.journalled(first..first + 1) && volume.journalled(imei + 5..imei + 9));
        assert!(volume.journalled(first - 1..first + 1) && !volume.journalled(first..first));
        assert!(!volume.journalled(first + size..first + 2 * size) || first + size == imei);
        // Nothing was written, and e2fsck, replaying for real, gets the same files.
        assert!(made.bytes() == image);
        let used = used_ranges(&mut volume).unwrap();
        let rebuilt = made.folder.path().join("rebuilt");
        fs::write(&rebuilt, rebuild(&image, &used)).unwrap();
        for path in [&made.path, &rebuilt] {
            let (_, said) = fsck(path, "-fy");
            assert!(said.contains("recovering journal"), "{kind}: {said}");
            assert!(fsck(path, "-fn").0, "{kind}: {said}");
            let mut replayed = Volume::open(fs::read(path).unwrap()).unwrap();
            assert_eq!(replayed.journal_state(), JournalState::Clean);
            assert_same_files(&mut replayed, &files);
        }
    }
}

#[test]
fn a_revoked_block_is_not_replayed() {
    if !have_tools("a_revoked_block_is_not_replayed") {
        return;
    }
    let (made, files, [first, _]) = dirty(KINDS[0].1, KINDS[0].2);
    let said = made.debugfs(&format!("jo\njw -r {}\njc\n", first / 4096));
    let mut volume = Volume::open(made.bytes()).unwrap();
    assert_eq!(volume.journal_state(), JournalState::Dirty { transactions: 4 }, "{said}");
    assert!(!volume.journalled(first..first + 4096));
    assert!(volume.read_file("large", 1 << 20).unwrap() == made.files["large"]);
    assert!(volume.read_file(IMEI, 1 << 20).unwrap() == files[IMEI]);
}

/// Counts distinct sectors, and fails on demand.
struct Counted {
    file: fs::File,
    len: u64,
    sectors: Arc<Mutex<HashSet<u64>>>,
}

impl ReadAt for Counted {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        use std::io::{Read, Seek, SeekFrom};
        let mut sectors = self.sectors.lock().unwrap();
        for sector in at / 512..(at + into.len() as u64).div_ceil(512) {
            assert!(sectors.insert(sector), "sector {sector} asked for twice");
        }
        self.file.seek(SeekFrom::Start(at)).unwrap();
        self.file.read_exact(into).unwrap();
        Ok(())
    }
    fn len(&self) -> u64 {
        self.len
    }
}

#[test]
fn a_file_in_a_large_volume_costs_few_sectors() {
    if !have_tools("a_file_in_a_large_volume_costs_few_sectors") {
        return;
    }
    let made = make(KINDS[0].1, 2_500 * 1024);
    let sectors = Arc::new(Mutex::new(HashSet::new()));
    let file = fs::File::open(&made.path).unwrap();
    let len = file.metadata().unwrap().len();
    let mut volume = Volume::open(Counted { file, len, sectors: Arc::clone(&sectors) }).unwrap();
    let count = || sectors.lock().unwrap().len();
    let mounted = count();
    assert_eq!(volume.read_file(IMEI, 4096).unwrap(), made.files[IMEI]);
    let first = count();
    volume.read_file("nvram/md/NVRAM/NVD_IMEI/FILELIST", 4096).unwrap();
    let second = count() - first;
    eprintln!("open {mounted}, first file {}, next file {second} sectors", first - mounted);
    assert!(first < 30, "{first} sectors for the first file");
    assert!(second <= 3, "{second} sectors for the next file");
}

#[test]
fn the_devices_own_failure_comes_through() {
    struct Broken(Vec<u8>, u64);
    impl ReadAt for Broken {
        fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
            if at + into.len() as u64 > self.1 {
                return Err(ReadError::Device { code: "cable-gone", what: format!("cable gone at {at:#x}") });
            }
            self.0.read_at(at, into)
        }
        fn len(&self) -> u64 {
            self.0.len() as u64
        }
    }
    if !have_tools("the_devices_own_failure_comes_through") {
        return;
    }
    let image = make(KINDS[0].1, KINDS[0].2).bytes();
    let mut failed = 0;
    for alive in (0..image.len() as u64).step_by(64 * 1024) {
        let read = Volume::open(Broken(image.clone(), alive))
            .and_then(|mut volume| volume.read_file("large", 1 << 20));
        match read {
            Ok(_) => {}
            Err(Ext4Error::Read(ReadError::Device { code: "cable-gone", .. })) => failed += 1,
            Err(other) => panic!("a dead cable became: {other}"),
        }
    }
    assert!(failed > 5);
}

#[test]
fn what_is_not_ext4_is_told_apart() {
    assert!(matches!(Volume::open(vec![0u8; 65536]).err(), Some(Ext4Error::Blank { byte: 0 })));
    assert!(matches!(Volume::open(vec![0xFFu8; 65536]).err(), Some(Ext4Error::Blank { byte: 0xFF })));
    let random = Random::new(1).bytes(65536);
    assert!(matches!(Volume::open(random).err(), Some(Ext4Error::NotExt4 { .. })));
    assert!(matches!(Volume::open(vec![0u8; 100]).err(), Some(Ext4Error::Damaged { .. })));
    if !have_tools("what_is_not_ext4_is_told_apart") {
        return;
    }
    let mut image = make(KINDS[0].1, KINDS[0].2).bytes();
    assert!(matches!(
        Volume::open(image[..1 << 20].to_vec()).err(),
        Some(Ext4Error::Damaged { at: 0x404, .. })
    ));
    image[0x462] |= 0x80;
    assert!(matches!(Volume::open(image).err(), Some(Ext4Error::Unsupported { .. })));
}

#[test]
fn paths_and_limits_are_answered_in_kind() {
    if !have_tools("paths_and_limits_are_answered_in_kind") {
        return;
    }
    let made = make(KINDS[0].1, KINDS[0].2);
    made.debugfs("symlink nvram/link ../large\nwrite /dev/null nvram/sparse\nsif nvram/sparse size 5000\n");
    let mut volume = Volume::open(made.bytes()).unwrap();
    assert!(matches!(volume.stat("nvram/nothing"), Err(Ext4Error::NotFound { .. })));
    assert!(matches!(volume.stat("large/x"), Err(Ext4Error::NotADirectory { .. })));
    assert!(matches!(volume.stat("nvram/link/x"), Err(Ext4Error::NotADirectory { .. })));
    assert!(matches!(volume.read_file("nvram", 9), Err(Ext4Error::NotAFile { .. })));
    assert!(matches!(volume.read_file("nvram/link", 9), Err(Ext4Error::NotAFile { .. })));
    assert!(matches!(volume.read_file("large", 700_000), Err(Ext4Error::TooMuch { .. })));
    assert_eq!(volume.read_file("nvram/sparse", 5000).unwrap(), vec![0; 5000]);
    assert!(matches!(volume.file_extents("nvram/sparse"), Err(Ext4Error::NoPlace { reason: "holes", .. })));
    let names: Vec<_> = volume.read_dir("nvram/").unwrap().into_iter().map(|one| one.0).collect();
    assert!(names.contains(&"md".to_owned()) && !names.contains(&"..".to_owned()));
    for limits in [
        TreeLimits { depth: 2, ..LIMITS },
        TreeLimits { entries: 20, ..LIMITS },
        TreeLimits { bytes: 9, ..LIMITS },
    ] {
        assert!(matches!(volume.walk("nvram", limits), Err(Ext4Error::TooMuch { .. })), "{limits:?}");
    }
}

#[test]
fn damaged_volumes_never_panic_or_loop() {
    if !have_tools("damaged_volumes_never_panic_or_loop") {
        return;
    }
    let mut random = Random::new(53);
    let clean = make(&["-t", "ext4", "-b", "1024", "-I", "128", "-O", "^metadata_csum,^64bit"], 2048);
    let (journal, ..) = dirty(&["-t", "ext3", "-b", "1024", "-O", "^resize_inode"], 4096);
    let mut refused = 0;
    for made in [clean, journal] {
        let image = made.bytes();
        // Where the structures are: everything that is not zero and not file content.
        let hot: Vec<u64> =
            image.iter().enumerate().filter(|(_, byte)| **byte != 0).map(|(at, _)| at as u64).collect();
        let hot: Vec<u64> = hot.into_iter().filter(|at| *at < 0x8_0000).collect();
        for _ in 0..1500 {
            let mut damaged = image.clone();
            for _ in 0..=random.below(6) {
                let at = hot[random.below(hot.len() as u64) as usize];
                let value = [0, 0xFF, 0x7F, 0x80, random.next() as u8][random.below(5) as usize];
                damaged[at as usize] = value;
            }
            let Ok(mut volume) = Volume::open(damaged) else {
                refused += 1;
                continue;
            };
            let walked = volume.walk("", LIMITS);
            refused += u32::from(walked.is_err());
            for name in [IMEI, "large"] {
                let _ = volume.read_file(name, 1 << 20);
                let _ = volume.file_extents(name);
            }
            let _ = used_ranges(&mut volume);
        }
    }
    assert!(refused > 20, "the damage was seen only {refused} times");
}
