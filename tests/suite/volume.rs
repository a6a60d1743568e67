//! Files made in ext4 volumes: judged by e2fsck, read back by our reader and by ext4-view. Skips visibly where e2fsprogs
//! are missing.

mod cuts; // the cable cut at every block of a commit
mod refusals; // what is refused, each with its sentence

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use ext4_view::Ext4;
use nvkeep::formats::ext4::{FileKind, JournalState, TreeLimits, Volume};
use nvkeep::formats::{ReadAt, ReadError};
use nvkeep::storage::volume::{Created, Existing, Like, NewFile, VolumeError, create};
use nvkeep::storage::{BlockChange, Guard, Place, Staged, share, shared::lock};

use crate::support::Random;
use crate::support::e2fsprogs::{debugfs, e2fsck, have_tools, make, template};

const LIMITS: TreeLimits = TreeLimits { depth: 16, entries: 4096, bytes: 1 << 24 };
const NOW: u32 = 1_700_000_000;
/// Bytes before the volume on the pretend disk.
const BEFORE: usize = 3 * 512;
const LABEL: &str = "u:object_r:nvdata_file:s0";

/// Name, mke2fs arguments, size in KiB.
const KINDS: [(&str, &[&str], u32); 12] = [
    (
        "android44_4k",
        &[
            "-t",
            "ext4",
            "-b",
            "4096",
            "-I",
            "256",
            "-m",
            "0",
            "-J",
            "size=4",
            "-O",
            "none,has_journal,ext_attr,resize_inode,filetype,extent,sparse_super,large_file,uninit_bg",
        ],
        10240,
    ),
    (
        "android44_1k",
        &["-t", "ext4", "-b", "1024", "-O", "has_journal,extent,^metadata_csum,^64bit,uninit_bg"],
        10240,
    ),
    (
        "groups_1k",
        &["-t", "ext4", "-b", "1024", "-O", "uninit_bg,^metadata_csum,^64bit,^flex_bg", "-g", "2048"],
        20480,
    ),
    (
        "plain_4k",
        &["-t", "ext4", "-b", "4096", "-O", "^has_journal,^metadata_csum,^64bit,^flex_bg,^uninit_bg"],
        10240,
    ),
    ("flex_4k", &["-t", "ext4", "-b", "4096", "-O", "^metadata_csum,^64bit,flex_bg"], 32768),
    ("wide_1k", &["-t", "ext4", "-b", "1024", "-O", "metadata_csum,64bit,flex_bg", "-g", "4096"], 20480),
    ("wide_4k", &["-t", "ext4", "-b", "4096", "-O", "metadata_csum,64bit"], 65536),
    ("checksums_narrow", &["-t", "ext4", "-b", "4096", "-O", "metadata_csum,^64bit"], 20480),
    ("small_inodes", &["-t", "ext4", "-b", "1024", "-I", "128", "-O", "^metadata_csum,^64bit"], 10240),
    (
        "recent",
        &[
            "-t",
            "ext4",
            "-b",
            "4096",
            "-O",
            "metadata_csum,64bit,metadata_csum_seed,orphan_file,sparse_super2",
        ],
        20480,
    ),
    ("large_inodes", &["-t", "ext4", "-b", "4096", "-I", "512", "-O", "metadata_csum,64bit"], 20480),
    ("no_journal", &["-t", "ext4", "-b", "1024", "-O", "^has_journal,metadata_csum"], 10240),
];

/// The files of a small phone, by path.
fn content() -> BTreeMap<String, Vec<u8>> {
    let mut random = Random::new(4);
    let mut files = BTreeMap::from([
        ("md/NVRAM/NVD_IMEI/MP0B_001".to_owned(), random.bytes(224)),
        ("APCFG/APRDEB/WIFI".to_owned(), random.bytes(514)),
        ("large".to_owned(), random.bytes(70_001)),
    ]);
    for index in 0..60 {
        files.insert(format!("md/NVRAM/CALIBRAT/MT{index:02X}_001"), random.bytes(60 + index));
    }
    files
}

/// Gives one file and its folder the looks of a real phone.
const LOOKS: &str = "sif md/NVRAM/NVD_IMEI/MP0B_001 uid 9997\nsif md/NVRAM/NVD_IMEI/MP0B_001 gid 9997\n\
    sif md/NVRAM/NVD_IMEI/MP0B_001 mode 0100660\n\
    ea_set md/NVRAM/NVD_IMEI/MP0B_001 security.selinux u:object_r:nvdata_file:s0\\000\n\
    ea_set md security.selinux u:object_r:nvdata_file:s0\\000\n\
    ea_set md/NVRAM security.selinux u:object_r:nvdata_file:s0\\000\n";

fn file(path: &str, bytes: Vec<u8>, existing: Existing) -> NewFile {
    NewFile { path: path.into(), bytes, like: Like::android4(Some(LABEL)), existing }
}

/// What a repair may want at once: beside others, in new folders, long, and with another length.
fn wanted() -> Vec<NewFile> {
    let mut random = Random::new(9);
    vec![
        file("md/NVRAM/NVD_IMEI/FILELIST", random.bytes(100), Existing::Refuse),
        file("md/NVRAM/IMPORTNT/ST33A004", random.bytes(824), Existing::Refuse),
        file("/md2/NVRAM/NVD_IMEI/MP0B_001", random.bytes(120), Existing::Refuse),
        file("RestoreFlag", vec![0x78, 0x56, 0x34, 0x12], Existing::Refuse),
        file("AllFile", random.bytes(35_510), Existing::Refuse),
        file("md/NVRAM/CALIBRAT/MT05_001", random.bytes(5_000), Existing::Replace),
        file("large", random.bytes(10), Existing::Replace),
        file("empty", Vec::new(), Existing::Replace),
    ]
}

/// A disk that counts the distinct sectors that it gives.
struct Counted {
    bytes: Vec<u8>,
    sectors: Arc<Mutex<HashSet<u64>>>,
}

impl ReadAt for Counted {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let end = (at + into.len() as u64).div_ceil(512);
        self.sectors.lock().unwrap().extend(at / 512..end);
        self.bytes.read_at(at, into)
    }
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }
}

struct Done {
    result: Result<Created, VolumeError>,
    changes: Vec<BlockChange>,
    read: usize,
}

/// Puts the volume on a disk, makes the files, and returns what came of it.
fn run_on(image: &[u8], files: &[NewFile]) -> Done {
    let sectors = Arc::new(Mutex::new(HashSet::new()));
    let bytes = [&[0xA5; BEFORE], image, &[0x5A; 512]].concat();
    let place = Place { name: "NVDATA".into(), start: BEFORE as u64, len: image.len() as u64 };
    let mut guard = Guard::closed();
    guard.open(place.start, place.len);
    let staged = share(Staged::new(share(Counted { bytes, sectors: sectors.clone() }), guard));
    let result = create(&staged, &place, files, NOW);
    let read = sectors.lock().unwrap().len();
    Done { result, changes: lock(&staged).changes(), read }
}

/// Carries the first `count` changes to a copy of the image.
fn carried(image: &[u8], changes: &[BlockChange], count: usize) -> Vec<u8> {
    let mut image = image.to_vec();
    for change in &changes[..count] {
        let at = change.lba as usize * 512 - BEFORE;
        assert!(image[at..at + 512] == *change.old.as_slice());
        image[at..at + 512].copy_from_slice(change.new.as_slice());
    }
    image
}

fn read_all(image: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut volume = Volume::open(image.to_vec()).unwrap();
    let found = volume.walk("/", LIMITS).unwrap();
    let files = found.into_iter().filter(|one| one.stat.kind == FileKind::Regular);
    files.map(|one| (one.path.clone(), volume.read_file(&one.path, 1 << 20).unwrap())).collect()
}

/// The files there should be afterwards.
fn expected(mut files: BTreeMap<String, Vec<u8>>, wanted: &[NewFile]) -> BTreeMap<String, Vec<u8>> {
    files.extend(wanted.iter().map(|one| (one.path.trim_start_matches('/').to_owned(), one.bytes.clone())));
    files
}

fn assert_sound(name: &str, image: &[u8]) {
    let (code, said, _) = e2fsck(image, "-fn");
    assert_eq!(code, 0, "{name}: {said}");
}

#[test]
fn every_kind_of_volume_is_clean_and_whole_afterwards() {
    if !have_tools("volume::every_kind_of_volume_is_clean_and_whole_afterwards") {
        return;
    }
    for (name, arguments, kib) in KINDS {
        let image = make(arguments, kib, &content(), LOOKS);
        let wanted = wanted();
        let done = run_on(&image, &wanted);
        let created = done.result.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!created.replayed);
        assert_eq!((created.files.len(), created.replaced.len()), (6, 2), "{name}");
        assert_eq!(created.folders, ["/md/NVRAM/IMPORTNT", "/md2", "/md2/NVRAM", "/md2/NVRAM/NVD_IMEI"]);
        let order: Vec<u64> = done.changes.iter().map(|change| change.lba).collect();
        assert_eq!(created.order, order, "{name}");
        eprintln!("{name}: {} of {} sectors read, {} changed", done.read, image.len() / 512, order.len());
        assert!(done.read < 900, "{name}: {} sectors read", done.read);
        let after = carried(&image, &done.changes, done.changes.len());
        assert_sound(name, &after);
        let expected = expected(content(), &wanted);
        assert!(read_all(&after) == expected, "{name}");
        let second = Ext4::load(Box::new(after.clone())).unwrap();
        for (path, bytes) in &expected {
            assert!(second.read(format!("/{path}").as_str()).unwrap() == *bytes, "{name}: {path}");
        }
        let mut volume = Volume::open(after.clone()).unwrap();
        for (path, mode) in [("md/NVRAM/NVD_IMEI/FILELIST", 0o660), ("md2/NVRAM/NVD_IMEI/MP0B_001", 0o660)] {
            let stat = volume.stat(path).unwrap();
            assert_eq!((stat.uid, stat.gid, stat.mode), (9997, 9997, mode), "{name}: {path}");
            let meta = second.metadata(format!("/{path}").as_str()).unwrap();
            assert_eq!((meta.uid(), meta.gid(), meta.mode()), (9997, 9997, mode), "{name}: {path}");
            let (_, said) = debugfs(&after, &format!("ea_get {path} security.selinux\n"));
            assert!(said.contains(LABEL), "{name}: {path}: {said}");
        }
        let folder = volume.stat("md2/NVRAM").unwrap();
        let around = volume.stat("md").unwrap();
        assert_eq!((folder.uid, folder.gid, folder.mode), (around.uid, around.gid, around.mode), "{name}");
    }
}

/// Two small files, one in a new folder: what one repair makes.
fn few() -> Vec<NewFile> {
    wanted().into_iter().filter(|one| one.bytes.len() < 6_000 && one.path != "large").collect()
}

#[test]
fn one_small_file_costs_few_blocks_of_the_phone() {
    if !have_tools("volume::one_small_file_costs_few_blocks_of_the_phone") {
        return;
    }
    for (name, arguments, kib) in KINDS.iter().filter(|kind| kind.0.starts_with("android44")) {
        let image = make(arguments, *kib, &content(), LOOKS);
        for (what, files) in [("beside others", &wanted()[..1]), ("in a new folder", &wanted()[1..2])] {
            let done = run_on(&image, files);
            done.result.unwrap();
            let (read, changed) = (done.read, done.changes.len());
            let seconds = (read + 3 * changed) as f64 * 512.0 / 21_000.0;
            eprintln!("{name}, {what}: {read} blocks read, {changed} changed, {seconds:.1} s at 21 KB/s");
            assert!(read < 200 && changed < 60, "{name}: {read} read, {changed} changed");
        }
    }
}

/// Gives a volume a journal with two transactions that replace content of `large` and of the IMEI file.
fn dirty(arguments: &[&str], kib: u32) -> (Vec<u8>, BTreeMap<String, Vec<u8>>) {
    let image = make(arguments, kib, &content(), "");
    let mut volume = Volume::open(image.clone()).unwrap();
    let size = volume.block_size();
    let imei = "md/NVRAM/NVD_IMEI/MP0B_001";
    let places = ["large", imei].map(|path| volume.file_extents(path).unwrap()[0].0 / size);
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(12);
    let blocks = [random.bytes(size as usize), [random.bytes(224), vec![0; size as usize - 224]].concat()];
    let mut commands = String::from("jo\n");
    for (at, (place, block)) in places.iter().zip(&blocks).enumerate() {
        let path = folder.path().join(at.to_string());
        std::fs::write(&path, block).unwrap();
        commands += &format!("jw -b {place} {}\n", path.to_str().unwrap());
    }
    let (image, said) = debugfs(&image, &(commands + "jc\n"));
    assert!(!said.contains("rror"), "{said}");
    let mut files = content();
    files.get_mut("large").unwrap()[..size as usize].copy_from_slice(&blocks[0]);
    files.insert(imei.to_owned(), blocks[1][..224].to_vec());
    (image, files)
}

#[test]
fn a_dirty_journal_is_replayed_first() {
    if !have_tools("volume::a_dirty_journal_is_replayed_first") {
        return;
    }
    for (name, arguments, kib) in
        KINDS.into_iter().filter(|kind| kind.0 != "no_journal" && kind.0 != "plain_4k")
    {
        let (image, files) = dirty(arguments, kib);
        let before = Volume::open(image.clone()).unwrap().journal_state();
        assert_eq!(before, JournalState::Dirty { transactions: 2 }, "{name}");
        let wanted = few();
        let done = run_on(&image, &wanted);
        assert!(done.result.unwrap_or_else(|error| panic!("{name}: {error}")).replayed);
        let after = carried(&image, &done.changes, done.changes.len());
        assert_sound(name, &after);
        assert_eq!(Volume::open(after.clone()).unwrap().journal_state(), JournalState::Clean);
        assert!(read_all(&after) == expected(files, &wanted), "{name}");
    }
}

#[test]
fn an_empty_volume_of_a_phone_takes_the_sim_lock_back() {
    if !have_tools("volume::an_empty_volume_of_a_phone_takes_the_sim_lock_back") {
        return;
    }
    let image = template("protect.ext4.deflate");
    let like = Like::android4(None);
    let file = NewFile {
        path: "md/ST33A004".into(),
        bytes: Random::new(5).bytes(824),
        like: like.clone(),
        existing: Existing::Refuse,
    };
    let done = run_on(&image, std::slice::from_ref(&file));
    done.result.unwrap();
    eprintln!("{} blocks read, {} changed", done.read, done.changes.len());
    let after = carried(&image, &done.changes, done.changes.len());
    assert_sound("protect", &after);
    let mut volume = Volume::open(after).unwrap();
    assert_eq!(volume.read_file("md/ST33A004", 824).unwrap(), file.bytes);
    let (folder, made) = (volume.stat("md").unwrap(), volume.stat("md/ST33A004").unwrap());
    assert_eq!((folder.uid, folder.gid, folder.mode), (9997, 9997, 0o2770));
    assert_eq!((made.uid, made.gid, made.mode), (9997, 9997, 0o660));
}

#[test]
fn looks_are_those_of_neighbours_or_of_the_caller() {
    if !have_tools("volume::looks_are_those_of_neighbours_or_of_the_caller") {
        return;
    }
    let image = make(KINDS[0].1, KINDS[0].2, &content(), LOOKS);
    let exactly = Like { neighbours: false, ..Like::android9(Some("u:object_r:other_file:s0")) };
    let new = |path: &str, like: Like| NewFile {
        path: path.into(),
        bytes: vec![1; 9],
        like,
        existing: Existing::Refuse,
    };
    let files = [
        new("md/NVRAM/NVD_IMEI/as_beside", exactly.clone()),
        new("md/NVRAM/NVD_IMEI/like_it", Like::android9(Some("u:object_r:other_file:s0"))),
        new("md3/NVRAM/first", exactly),
        new("bare/first", Like { neighbours: false, ..Like::android4(None) }),
    ];
    let done = run_on(&image, &files);
    done.result.unwrap();
    let after = carried(&image, &done.changes, done.changes.len());
    assert_sound("looks", &after);
    let mut volume = Volume::open(after.clone()).unwrap();
    for (path, owner, group, mode, label) in [
        // The label of the folder is asked first: this one has none, so the caller's stands.
        ("md/NVRAM/NVD_IMEI/as_beside", 0, 1000, 0o660, Some("other_file")),
        ("md/NVRAM/NVD_IMEI/like_it", 9997, 9997, 0o660, Some("nvdata_file")),
        ("md3", 0, 1000, 0o771, Some("other_file")),
        ("md3/NVRAM", 0, 1000, 0o771, Some("other_file")),
        ("md3/NVRAM/first", 0, 1000, 0o660, Some("other_file")),
        ("bare", 9997, 9997, 0o2770, None),
        ("bare/first", 9997, 9997, 0o660, None),
    ] {
        let stat = volume.stat(path).unwrap();
        assert_eq!((stat.uid, stat.gid, stat.mode), (owner, group, mode), "{path}");
        let (_, said) = debugfs(&after, &format!("ea_get {path} security.selinux\n"));
        match label {
            Some(label) => assert!(said.contains(&format!("u:object_r:{label}:s0\\000")), "{path}: {said}"),
            None => assert!(!said.contains("object_r"), "{path}: {said}"),
        }
    }
}

#[test]
fn long_folders_grow_hashed_or_not() {
    if !have_tools("volume::long_folders_grow_hashed_or_not") {
        return;
    }
    let mut old = content();
    for index in 0..400 {
        old.insert(format!("md/NVRAM/CALIBRAT/a_rather_long_name_{index:04}"), vec![7; 20]);
    }
    let new: Vec<NewFile> = (0..150)
        .map(|at| {
            file(
                &format!("md/NVRAM/CALIBRAT/another_long_name_{at:04}"),
                vec![at as u8; 30],
                Existing::Refuse,
            )
        })
        .collect();
    for (name, arguments, kib) in [KINDS[0], KINDS[1], KINDS[5], KINDS[7]] {
        let plain = make(arguments, kib, &old, "");
        let (_, _, hashed) = e2fsck(&plain, "-fyD");
        for image in [plain, hashed] {
            let done = run_on(&image, &new);
            done.result.unwrap_or_else(|error| panic!("{name}: {error}"));
            let after = carried(&image, &done.changes, done.changes.len());
            assert_sound(name, &after);
            assert!(read_all(&after) == expected(old.clone(), &new), "{name}");
        }
    }
}

#[test]
fn files_are_made_in_pieces_where_no_run_is_free() {
    if !have_tools("volume::files_are_made_in_pieces_where_no_run_is_free") {
        return;
    }
    let mut old: BTreeMap<String, Vec<u8>> =
        (0..1300).map(|at| (format!("fill/f{at:04}"), vec![at as u8; 900])).collect();
    let mut commands = String::new();
    let arguments: &[&str] =
        &["-t", "ext4", "-b", "1024", "-N", "2048", "-O", "^has_journal,^metadata_csum,^64bit,^resize_inode"];
    let full = make(arguments, 2048, &old, "");
    // What is left behind the files is filled too, so that only single blocks are free.
    let free = u32::from_le_bytes(full[1024 + 12..1024 + 16].try_into().unwrap()) as usize;
    let rest = vec![1; (free - 2) * 1024];
    let left = run_on(&full, &[file("rest", rest.clone(), Existing::Refuse)]);
    left.result.unwrap();
    let full = carried(&full, &left.changes, left.changes.len());
    old.insert("rest".into(), rest);
    for at in (0..1300).step_by(2) {
        let name = format!("fill/f{at:04}");
        old.remove(&name);
        commands += &format!("rm {name}\n");
    }
    let image = debugfs(&full, &commands).0;
    let random = Random::new(6).bytes(400_000);
    let new = [
        file("pieces", random[..30_000].to_vec(), Existing::Refuse),
        file("fill/f0001", random[..40_000].to_vec(), Existing::Replace),
        file("rest", random[..300_000].to_vec(), Existing::Replace),
    ];
    let done = run_on(&image, &new);
    done.result.unwrap();
    let after = carried(&image, &done.changes, done.changes.len());
    assert_sound("pieces", &after);
    // As many blocks are free as the content takes, but none for the tree that finds them.
    let free = u32::from_le_bytes(after[1024 + 12..1024 + 16].try_into().unwrap()) as usize;
    let too_long = [file("more", vec![3; free * 1024], Existing::Refuse)];
    assert!(matches!(refusal(&after, &too_long), VolumeError::NoRoom { .. }));
    let too_long = [file("fill/f0003", random.repeat(2), Existing::Replace)];
    assert!(matches!(refusal(&after, &too_long), VolumeError::NoRoom { .. }));
    assert!(read_all(&after) == expected(old, &new));
}

#[test]
fn a_second_call_sees_what_the_first_made() {
    if !have_tools("volume::a_second_call_sees_what_the_first_made") {
        return;
    }
    let image = make(KINDS[0].1, KINDS[0].2, &content(), "");
    let place = Place { name: "NVDATA".into(), start: 0, len: image.len() as u64 };
    let mut guard = Guard::closed();
    guard.open(0, place.len);
    let staged = share(Staged::new(share(image.clone()), guard));
    let wanted = wanted();
    for part in wanted.chunks(4) {
        create(&staged, &place, part, NOW).unwrap();
    }
    assert!(matches!(create(&staged, &place, &wanted[..1], NOW), Err(VolumeError::Exists { .. })));
    let mut after = image.clone();
    for change in lock(&staged).changes() {
        after[change.lba as usize * 512..][..512].copy_from_slice(change.new.as_slice());
    }
    assert_sound("twice", &after);
    assert!(read_all(&after) == expected(content(), &wanted));
}

fn refusal(image: &[u8], files: &[NewFile]) -> VolumeError {
    let done = run_on(image, files);
    assert!(done.changes.is_empty(), "a refusal leaves the staged disk as it was");
    match done.result {
        Err(error) => {
            eprintln!("{error}");
            error
        }
        Ok(created) => panic!("not refused: {created:?}"),
    }
}
