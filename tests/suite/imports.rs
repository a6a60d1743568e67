//! Claims about other tools' backups: every form says what the phone says, is read in bounds or refused with its own
//! sentence, and becomes an archive that claims no more than its source proves.

mod archives; // what an import makes

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use nvkeep::app::archive::open_archive;
use nvkeep::app::intake::{self, unpack};
use nvkeep::app::source::inspect;
use nvkeep::app::{Exit, Failure, Report};
use nvkeep::identity::Found;
use nvkeep::simulator::{Area, Flash};
use nvkeep::storage::{ImageDisk, Shared, share};
use serde_json::Value;
use tar::{Builder, EntryType, Header};

use crate::gpt_phones::{self, place};
use crate::support::Random;
use crate::support::workbench::{Workbench, built};

const IDENTITY: [&str; 4] = ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S"];

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

fn bytes_of(flash: &Flash, name: &str) -> Vec<u8> {
    let (at, len) = place(name);
    let mut bytes = vec![0; len as usize];
    flash.read(Area::User, at, &mut bytes).unwrap();
    bytes
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Files = BTreeMap<String, Vec<u8>>;

/// The phone's live files and SIM-lock files, below the given folders.
fn files(scenario: &str, live: &str, protect: &str) -> Files {
    let bench = Workbench::with(scenario);
    bench.backup("a.nvk").unwrap();
    let open = open_archive(&bench.path("a.nvk")).unwrap();
    let mut files = Files::new();
    for (root, found) in [
        (live.to_owned(), &open.copies.live),
        (format!("{protect}protect_f"), &open.copies.protect_f),
        (format!("{protect}protect_s"), &open.copies.protect_s),
    ] {
        let Found::Present(tree) = found else { panic!("{root}: {found:?}") };
        files.extend(tree.iter().map(|(path, file)| (format!("{root}/{path}"), file.bytes.clone())));
    }
    files
}

fn tar_of(files: &Files) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o660);
        builder.append_data(&mut header, path, bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A tar of one entry with any path and kind.
fn odd_tar(path: &str, kind: EntryType, size: u64, bytes: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_cksum();
    let mut tar = header.as_bytes().to_vec();
    tar.extend(bytes);
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    tar
}

fn lay(root: &Path, files: &Files) {
    for (path, bytes) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn look(bench: &Workbench, name: &str) -> Result<Report, Failure> {
    inspect(&bench.context(), Some(&bench.path(name)))
}

fn layer(report: &Report, name: &str) -> Value {
    serde_json::to_value(report.survey.layer(name).unwrap()).unwrap()
}

/// The layers of `names` say the same in a source as on the phone.
fn says_as_the_phone(bench: &Workbench, phone: &Report, source: &str, names: &[&str]) {
    let read = look(bench, source).unwrap_or_else(|failure| panic!("{source}: {failure:?}"));
    for name in names {
        assert_eq!(layer(phone, name)["state"], "valid", "{name}");
        for field in ["state", "imei", "wifi_mac", "bt_mac", "barcode"] {
            assert_eq!(layer(&read, name)[field], layer(phone, name)[field], "{source}: {name} {field}");
        }
    }
}

#[test]
fn images_of_partitions_are_known_by_content_plain_packed_and_summed() {
    let bench = Workbench::with("mt6572");
    let phone = bench.inspect().unwrap();
    let flash = bench.flash();
    for (partition, name) in [("NVRAM", "binregion"), ("PRO_INFO", "pro_info")] {
        let image = bytes_of(&flash, partition);
        fs::write(bench.path("a.bin"), &image).unwrap();
        fs::write(bench.path("b.emmc.win"), gz(&image)).unwrap();
        let mut summed = image.clone();
        summed.push(image.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)));
        fs::write(bench.path("c.img"), &summed).unwrap();
        for source in ["a.bin", "b.emmc.win", "c.img"] {
            says_as_the_phone(&bench, &phone, source, &[name]);
        }
        assert_eq!(bench.warnings(), [""; 0]);
        *summed.last_mut().unwrap() ^= 1;
        fs::write(bench.path("c.img"), &summed).unwrap();
        says_as_the_phone(&bench, &phone, "c.img", &[name]);
        let told = std::mem::take(&mut *bench.events.lock().unwrap());
        assert!(format!("{told:?}").contains("not the sum"), "{told:?}");
    }
}

#[test]
fn a_folder_of_images_says_what_the_phone_says() {
    let bench = Workbench::with("mt6572");
    let phone = bench.inspect().unwrap();
    fs::create_dir(bench.path("readback")).unwrap();
    for (index, name) in IDENTITY.iter().enumerate() {
        fs::write(bench.path(&format!("readback/ROM_{index}")), bytes_of(&bench.flash(), name)).unwrap();
    }
    fs::write(bench.path("readback/history.ini"), "[History]\n").unwrap();
    fs::write(bench.path("readback/nvram.md5"), "0123").unwrap();
    says_as_the_phone(&bench, &phone, "readback", &["binregion", "pro_info", "simlock"]);
    // The same bytes twice are no contradiction; other bytes are.
    fs::write(bench.path("readback/copy"), bytes_of(&bench.flash(), "NVRAM")).unwrap();
    says_as_the_phone(&bench, &phone, "readback", &["binregion"]);
    let (_, other) = built("mt6572-other-phone", None);
    fs::write(bench.path("readback/other"), bytes_of(&other, "NVRAM")).unwrap();
    let failure = look(&bench, "readback").unwrap_err();
    assert_eq!((failure.exit, failure.code), (Exit::Usage, "ambiguous-source"));
    for named in ["ROM_0", "other", "NVRAM"] {
        assert!(failure.message.contains(named), "{failure}");
    }
}

#[test]
fn a_name_helps_where_content_says_nothing_and_only_in_a_folder() {
    let bench = Workbench::with("mt6572");
    fs::create_dir(bench.path("twrp")).unwrap();
    fs::write(bench.path("twrp/nvram.emmc.win"), vec![0; 0x50_0000]).unwrap();
    fs::write(bench.path("twrp/PRO_INFO.img"), bytes_of(&bench.flash(), "PRO_INFO")).unwrap();
    let read = look(&bench, "twrp").unwrap();
    assert_eq!(layer(&read, "binregion")["state"], "blank");
    assert_eq!(layer(&read, "pro_info")["state"], "valid");
    let failure = look(&bench, "twrp/nvram.emmc.win").unwrap_err();
    assert_eq!(failure.code, "unknown-source");
}

#[test]
fn trees_are_found_below_every_androids_folder_in_folder_tar_and_packed_tar() {
    let bench = Workbench::with("mt6572");
    let phone = bench.inspect().unwrap();
    for (index, (live, protect)) in [
        ("data/nvram", ""),
        ("nvdata", ""),
        ("vendor/nvdata", "vendor/"),
        ("mnt/vendor/nvdata", "mnt/vendor/"),
        ("./backup of a phone/data/nvram", "./backup of a phone/"),
        ("nvram", "deep/er/"),
    ]
    .into_iter()
    .enumerate()
    {
        let files = files("mt6572", live, protect);
        lay(&bench.path(&format!("folder{index}")), &files);
        fs::write(bench.path(&format!("tar{index}")), tar_of(&files)).unwrap();
        fs::write(bench.path(&format!("gz{index}")), gz(&tar_of(&files))).unwrap();
        for kind in ["folder", "tar", "gz"] {
            says_as_the_phone(&bench, &phone, &format!("{kind}{index}"), &["live", "simlock"]);
        }
    }
}

#[test]
fn a_tar_with_long_names_and_a_raw_partition_is_read() {
    let bench = Workbench::with("mt6572");
    let phone = bench.inspect().unwrap();
    let mut files = files("mt6572", &format!("{}/data/nvram", "x".repeat(120)), "");
    files.insert("dev/pro_info".into(), bytes_of(&bench.flash(), "PRO_INFO"));
    fs::write(bench.path("a.tar"), tar_of(&files)).unwrap();
    says_as_the_phone(&bench, &phone, "a.tar", &["live", "pro_info", "simlock"]);
}

#[test]
fn what_was_split_is_joined_and_a_missing_part_is_named() {
    let bench = Workbench::with("mt6572");
    let phone = bench.inspect().unwrap();
    // Cut anywhere: one packed tar in three pieces.
    let whole = gz(&tar_of(&files("mt6572", "data/nvram", "")));
    fs::create_dir(bench.path("cut")).unwrap();
    for (index, piece) in whole.chunks(whole.len() / 3 + 1).enumerate() {
        fs::write(bench.path(&format!("cut/data.ext4.win{index:03}")), piece).unwrap();
    }
    // Between files, two writers: four tars, each whole.
    let all = files("mt6572", "data/nvram", "");
    fs::create_dir(bench.path("twrp")).unwrap();
    for (part, number) in [0, 1, 100, 101].into_iter().enumerate() {
        let some = all.iter().enumerate().filter(|(index, _)| index % 4 == part);
        let some: Files = some.map(|(_, (path, bytes))| (path.clone(), bytes.clone())).collect();
        fs::write(bench.path(&format!("twrp/data.ext4.win{number:03}")), tar_of(&some)).unwrap();
    }
    let files = ["cut", "cut/data.ext4.win000", "cut/data.ext4.win002", "twrp", "twrp/data.ext4.win101"];
    for source in files {
        says_as_the_phone(&bench, &phone, source, &["live", "simlock"]);
    }
    for (gone, source) in
        [("cut/data.ext4.win001", "cut"), ("twrp/data.ext4.win100", "twrp/data.ext4.win000")]
    {
        fs::remove_file(bench.path(gone)).unwrap();
        let failure = look(&bench, source).unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Usage, "split-part-missing"), "{failure}");
        let name = gone.rsplit('/').next().unwrap();
        // Where a writer's first part is gone, the number that does not follow says so.
        assert!(failure.message.contains(&name[..name.len() - 3]), "{failure}");
    }
}

#[test]
fn whole_flashes_are_read_with_pmt_with_gpt_and_with_boot_records_alone() {
    let bench = Workbench::with("mt6572");
    let phone = bench.inspect().unwrap();
    let flash = bench.flash();
    let end = flash.len(Area::User);
    let mbr = place("MBR").0;
    // As Linux sees it: from the MBR on, the PMT gone with the end.
    dump(&flash, &bench.path("mmcblk0"), mbr, end - mbr - (16 << 20));
    let with_gpt = gpt_phones::phone(false).flash();
    dump(&with_gpt, &bench.path("gpt"), 0, end);
    // Boot areas in front, the end missing: NVRAM and PROTECT lie before it.
    let file = File::create(bench.path("gpt-cut")).unwrap();
    let mut front = vec![0; 64 << 20];
    with_gpt.read(Area::User, 0, &mut front).unwrap();
    file.write_all_at(&front, 0x88_0000).unwrap();
    for source in ["mmcblk0", "gpt", "gpt-cut"] {
        says_as_the_phone(&bench, &phone, source, &["binregion", "pro_info", "simlock"]);
    }
    says_as_the_phone(&bench, &phone, "mmcblk0", &["live"]);
    says_as_the_phone(&bench, &phone, "gpt", &["live"]);
}

#[test]
fn hostile_tars_are_refused_with_a_sentence_and_nothing_is_followed_or_written() {
    let bench = Workbench::with("mt6572");
    let refused = |bytes: Vec<u8>, code: &str| {
        fs::write(bench.path("a.tar"), bytes).unwrap();
        let failure = look(&bench, "a.tar").unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Usage, code), "{failure}");
        assert!(failure.message.contains("a.tar"), "{failure}");
    };
    for path in ["../nvram/md/x", "data/nvram/../../x", "data/nvram/md/.."] {
        refused(odd_tar(path, EntryType::Regular, 0, b""), "tar-path");
    }
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo] {
        refused(odd_tar("data/nvram/md/NVRAM/x", kind, 0, b""), "unknown-source");
    }
    refused(odd_tar("././@LongLink", EntryType::GNULongName, 1 << 40, b"x"), "tar-name");
    refused(odd_tar("PaxHeader", EntryType::XHeader, 1 << 40, b"x"), "tar-name");
    refused(odd_tar("data/nvram/md/x", EntryType::Regular, 1 << 19, b"short"), "tar-damaged");
    let mut wrong_sum = odd_tar("data/nvram/md/x", EntryType::Regular, 0, b"");
    wrong_sum[3] ^= 1;
    refused(wrong_sum, "tar-damaged");
    let files: Files = (0..9000).map(|index| (format!("nvram/md/{index}"), Vec::new())).collect();
    refused(tar_of(&files), "source-too-large");
    let twice =
        [tar_of(&[("nvram/md/x".into(), vec![1])].into()), tar_of(&[("nvram/md/x".into(), vec![2])].into())];
    refused([&twice[0][..1024], &twice[1]].concat(), "ambiguous-source");
    assert_eq!(bench.files(), ["a.tar"]);
}

#[test]
fn a_tar_without_end_is_given_up() {
    let bench = Workbench::with("mt6572");
    let mut header = Header::new_gnu();
    header.set_path("a").unwrap();
    header.set_size(0);
    header.set_cksum();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..500_001 {
        encoder.write_all(header.as_bytes()).unwrap();
    }
    fs::write(bench.path("a.tgz"), encoder.finish().unwrap()).unwrap();
    assert_eq!(look(&bench, "a.tgz").unwrap_err().code, "tar-too-many");
}

#[test]
fn gzip_is_unpacked_whole_and_in_bounds_or_not_at_all() {
    let bench = Workbench::with("mt6572");
    let bomb = gz(&vec![0; 32 << 20]);
    fs::write(bench.path("bomb"), &bomb).unwrap();
    let disk: Shared = share(ImageDisk::open(&bench.path("bomb")).unwrap());
    let failure = unpack::unpack(&bench.context(), "bomb", &disk, (32 << 20) - 1).unwrap_err();
    assert_eq!((failure.exit, failure.code), (Exit::Usage, "gzip-too-large"));
    let file = unpack::unpack(&bench.context(), "bomb", &disk, 32 << 20).unwrap();
    assert_eq!(file.metadata().unwrap().len(), 32 << 20);
    let packed = gz(&bytes_of(&bench.flash(), "NVRAM"));
    fs::write(bench.path("cut"), &packed[..packed.len() - 4]).unwrap();
    assert_eq!(look(&bench, "cut").unwrap_err().code, "gzip-damaged");
    let mut flipped = packed.clone();
    let at = packed.len() - 6;
    flipped[at] ^= 1;
    fs::write(bench.path("flipped"), flipped).unwrap();
    assert_eq!(look(&bench, "flipped").unwrap_err().code, "gzip-damaged", "the sum of the stream");
    fs::write(bench.path("twice"), gz(&packed)).unwrap();
    assert_eq!(look(&bench, "twice").unwrap_err().code, "unknown-source");
    assert_eq!(bench.files(), ["bomb", "cut", "flipped", "twice"]);
}

#[test]
fn sparse_images_and_monsters_are_told_at_once() {
    let bench = Workbench::with("mt6572");
    fs::write(bench.path("system.img"), [0x3A, 0xFF, 0x26, 0xED, 1, 0, 0, 0].repeat(200)).unwrap();
    let failure = look(&bench, "system.img").unwrap_err();
    assert!(failure.code == "unknown-source" && failure.message.contains("simg2img"), "{failure}");
    let monster = File::create(bench.path("monster")).unwrap();
    monster.set_len(1 << 43).unwrap();
    assert_eq!(look(&bench, "monster").unwrap_err().code, "unknown-source");
}

#[test]
fn links_in_a_folder_are_not_followed() {
    let bench = Workbench::with("mt6572");
    lay(&bench.path("outside"), &files("mt6572", "nvram", ""));
    fs::create_dir(bench.path("inside")).unwrap();
    symlink(bench.path("outside/nvram"), bench.path("inside/nvram")).unwrap();
    symlink("..", bench.path("inside/up")).unwrap();
    fs::write(bench.path("image"), bytes_of(&bench.flash(), "NVRAM")).unwrap();
    symlink(bench.path("image"), bench.path("inside/nvram.img")).unwrap();
    assert_eq!(look(&bench, "inside").unwrap_err().code, "unknown-source");
}

#[test]
fn damaged_tars_streams_and_folders_never_panic_or_hang() {
    let bench = Workbench::with("mt6572");
    let mut random = Random::new(0x1A2B);
    let some: Files = files("mt6572", "data/nvram", "").into_iter().step_by(24).collect();
    let tar = tar_of(&some);
    let packed = gz(&tar);
    let context = bench.context();
    fs::create_dir(bench.path("parts")).unwrap();
    let (mut taken, mut refused) = (0, 0);
    let mut count =
        |result: Result<intake::Haul, Failure>| match result.and_then(|haul| haul.copies().map(|_| ())) {
            Ok(()) => taken += 1,
            Err(failure) => {
                assert!(!failure.message.is_empty());
                refused += 1;
            }
        };
    for _ in 0..1500 {
        fs::write(bench.path("a"), random.damage(&tar)).unwrap();
        count(intake::take(&context, &bench.path("a")));
        fs::write(bench.path("a"), random.damage(&packed)).unwrap();
        count(intake::take(&context, &bench.path("a")));
        let cut = random.below(packed.len() as u64) as usize;
        fs::write(bench.path("parts/x.win000"), random.damage(&packed[..cut])).unwrap();
        fs::write(bench.path("parts/x.win001"), &packed[cut..]).unwrap();
        count(intake::take(&context, &bench.path("parts")));
    }
    assert!(taken > 50 && refused > 500, "{taken} taken, {refused} refused");
}

#[test]
fn what_was_exported_of_a_later_phone_comes_in_again() {
    for name in ["lr11", "lr12a"] {
        let bench = Workbench::with(name);
        let phone = bench.inspect().unwrap();
        bench.backup("own.nvk").unwrap();
        nvkeep::app::export::export(&bench.context(), &bench.path("own.nvk"), &bench.path("out")).unwrap();
        says_as_the_phone(&bench, &phone, "out", &["binregion", "live", "pro_info", "simlock"]);
        let image = |partition: &str| format!("out/{partition}.img");
        says_as_the_phone(&bench, &phone, &image("NVDATA"), &["live"]);
        for partition in ["PROTECT_F", "PROTECT_S"] {
            let locks = look(&bench, &image(partition)).unwrap();
            assert_eq!(layer(&locks, "simlock")["files"], 2, "{name} {partition}");
        }
    }
}
