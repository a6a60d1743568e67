//! Every parser of NVRAM, damaged by seed: it never panics, never loops, and what it still accepts stays inside its
//! bounds. Samples come from the simulator's flash. (File systems and tables have their own in `ext4` and `partitions`.)

use std::sync::Arc;

use nvkeep::formats::catalog::Catalog;
use nvkeep::formats::lid::{self, DEFAULT_KEY};
use nvkeep::formats::{ReadAt, ReadError, ap_file, binregion, imei::Imei, mac::MacAddress, product_info};
use nvkeep::identity::{
    BinRegionCopy, Copies, FileCopy, Found, Part, Selection, Tree, closed_world, plan_restore,
};

use crate::identity::phones;
use crate::support::Random;

/// A partition with other bytes laid over it, so that five megabytes are not copied for five changed bytes.
struct Patched {
    under: Arc<Vec<u8>>,
    over: Vec<(usize, Vec<u8>)>,
    reads: usize,
}

impl ReadAt for Patched {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        self.reads += 1;
        assert!(self.reads < 10_000, "it reads for ever");
        let (len, source_len) = (into.len() as u64, self.len());
        let out = ReadError::OutOfRange { at, len, source_len };
        into.copy_from_slice(self.under.get(at as usize..at as usize + into.len()).ok_or(out)?);
        for (place, bytes) in &self.over {
            for (index, byte) in bytes.iter().enumerate() {
                let target = (place + index).checked_sub(at as usize);
                if let Some(slot) = target.and_then(|target| into.get_mut(target)) {
                    *slot = *byte;
                }
            }
        }
        Ok(())
    }

    fn len(&self) -> u64 {
        self.under.len() as u64
    }
}

fn check_bounds(region: &binregion::BinRegion, source: &mut dyn ReadAt) {
    let end = source.len();
    let journal = binregion::journal_ranges(source, region).unwrap();
    let files = region.files.iter().flat_map(|file| file.extents.clone());
    for (at, len) in region.used_ranges().into_iter().chain(journal).chain(files) {
        assert!(at.checked_add(len).is_some_and(|stop| stop <= end), "{at:#x}+{len:#x}");
    }
    for file in &region.files {
        assert_eq!(file.bytes.len(), file.size);
    }
    let sizes: usize = region.files.iter().map(|file| file.size).sum();
    assert_eq!(sizes, region.data.len());
}

#[test]
fn a_damaged_region_never_leaves_its_partition() {
    let image = Arc::new(phones::partition("mt6572", "NVRAM"));
    let mut source = Patched { under: image.clone(), over: Vec::new(), reads: 0 };
    let whole = binregion::parse(&mut source).unwrap();
    let tail = whole.tail.as_ref().unwrap().at as usize;
    let last = image.len() - 0x2_0000;
    // Words and counters, first titles, data, bitmap with the second copy, journal and its super page.
    let places =
        [(0, 64), (0x34, 600), (0x2_0000, 4096), (tail, 3 * 40 + 600), (last - 0x2_0000, 600), (last, 64)];
    let mut random = Random::new(2026);
    let mut accepted = 0;
    for round in 0..6000 {
        let mut over = Vec::new();
        for (at, len) in places {
            if random.below(3) == 0 {
                let mut piece = random.damage(&image[at..at + len]);
                piece.truncate(len);
                over.push((at, piece));
            }
        }
        // Sizes that are nearly right get deeper than noise does.
        if round % 4 == 0 {
            let words: [u32; 2] = [16140, 35510]
                .map(|word: u32| word.wrapping_add(random.below(9) as u32 * 140).wrapping_sub(280));
            over.push((0, words.map(u32::to_le_bytes).concat()));
        }
        let mut source = Patched { under: image.clone(), over, reads: 0 };
        if let Ok(region) = binregion::parse(&mut source) {
            accepted += 1;
            check_bounds(&region, &mut source);
        }
    }
    assert!(
        (100..6000).contains(&accepted),
        "{accepted} of 6000 were accepted: the damage is too mild or too wild"
    );
}

#[test]
fn a_region_of_noise_or_of_any_length_is_refused() {
    let mut random = Random::new(5);
    for len in [0, 1, 511, 512, 0x2_0000, 0x4_0000, 0x4_0001, 0x28_0000] {
        for _ in 0..3 {
            assert!(binregion::parse(&mut random.bytes(len)).is_err());
        }
    }
    let image = phones::partition("mt6572", "NVRAM");
    for len in (0..image.len()).step_by(0x1_1111) {
        let mut cut = image[..len].to_vec();
        if let Ok(region) = binregion::parse(&mut cut) {
            check_bounds(&region, &mut cut);
        }
    }
}

fn files() -> Vec<(String, Vec<u8>)> {
    let phone = phones::copies("mt6572");
    let trees = [&phone.live, &phone.protect_f, &phone.protect_s];
    trees
        .into_iter()
        .flat_map(|tree| tree.present().unwrap().clone())
        .map(|(path, file)| (path, file.bytes))
        .collect()
}

#[test]
fn every_decoder_survives_every_damaged_file() {
    let mut random = Random::new(33);
    let files = files();
    assert!(files.len() > 120);
    for (_, sample) in &files {
        for _ in 0..80 {
            let file = random.damage(sample);
            let key = [random.next() as u8, 0xAB, 0xCD, random.next() as u8];
            for key in [DEFAULT_KEY, key] {
                let _ =
                    (lid::imei_slots(&file, key), lid::barcode(&file, key), lid::system_record(&file, key));
                let _ = (lid::simlock_holds(&file, key), lid::key_is_proven(Some(&file), Some(&file), key));
            }
            for (count, size) in lid::guess_records(&file) {
                assert_eq!((size + 2) * count, file.len());
                assert_eq!(lid::records(&file, size).unwrap().len(), count);
            }
            for size in [0, 1, 2, 10, usize::MAX - 1, usize::MAX] {
                let _ = lid::records(&file, size);
            }
            assert!(ap_file::body(&file).is_none_or(|body| body.len() + 2 == file.len()));
            let _ = (ap_file::file_versions(&file), ap_file::backup_counter(&file), ap_file::text(&file));
            assert_eq!(product_info::decode(&file).is_some(), file.len() >= product_info::LEN);
            let _ = (MacAddress::at(&file, 4), MacAddress::at(&file, usize::MAX));
        }
    }
}

#[test]
fn numbers_of_noise_are_digits_or_nothing() {
    let mut random = Random::new(15);
    for _ in 0..20_000 {
        let field: [u8; 8] = random.bytes(8).try_into().unwrap();
        if let nvkeep::formats::imei::ImeiField::Digits(imei) = Imei::from_bcd(&field) {
            assert_eq!(Imei::parse(&imei.to_string()), Some(imei));
        }
    }
}

#[test]
fn a_damaged_record_of_names_keeps_its_rows() {
    let (_, sample) = files().into_iter().find(|(path, _)| path.ends_with("FILE_VER")).unwrap();
    let rows = ap_file::file_versions(&sample).unwrap();
    assert_eq!((rows.len(), &rows[2]), (46, &("BT_Addr".to_owned(), "001".to_owned())));
    let mut random = Random::new(46);
    for _ in 0..3000 {
        let file = random.damage(&sample);
        if let Some(rows) = ap_file::file_versions(&file) {
            assert_eq!(rows.len() * 74, file.len());
        }
    }
}

fn damage_tree(random: &mut Random, found: &mut Found<Tree>) {
    let Found::Present(tree) = found else { return };
    for file in tree.values_mut() {
        if random.below(12) == 0 {
            file.bytes = random.damage(&file.bytes);
        }
        if random.below(40) == 0 {
            file.extents.clear();
        }
    }
    if random.below(4) == 0 {
        let name = tree.keys().nth(random.below(tree.len() as u64) as usize).cloned();
        name.and_then(|name| tree.remove(&name));
    }
    if random.below(8) == 0 {
        let noise = FileCopy { bytes: random.bytes(40), extents: Vec::new() };
        tree.insert("md/NVRAM/CALIBRAT/ZZ99_000".into(), noise);
    }
}

fn damaged(random: &mut Random, phone: &Copies, image: &Arc<Vec<u8>>) -> Copies {
    let mut phone = phone.clone();
    for found in [&mut phone.live, &mut phone.protect_f, &mut phone.protect_s] {
        match random.below(10) {
            0 => *found = Found::Blank,
            1 => *found = Found::Corrupt("damaged".into()),
            _ => damage_tree(random, found),
        }
    }
    if let Found::Present(record) = &mut phone.pro_info {
        record.bytes = random.damage(&record.bytes);
    }
    let at = [0x34, 0x2_0000][random.below(2) as usize];
    let mut piece = random.damage(&image[at..at + 512]);
    piece.truncate(512);
    let mut source = Patched { under: image.clone(), over: vec![(at, piece)], reads: 0 };
    phone.binregion = match binregion::parse(&mut source) {
        Ok(region) => Found::Present(BinRegionCopy { region, partition_at: 0x40_0000 }),
        Err(error) => Found::Corrupt(error.to_string()),
    };
    phone
}

#[test]
fn judging_and_planning_survive_any_phone() {
    let (whole, image) = (phones::copies("mt6572"), Arc::new(phones::partition("mt6572", "NVRAM")));
    let known = phones::survey(&whole);
    let mut random = Random::new(77);
    let mut planned = 0;
    for _ in 0..400 {
        let phone = damaged(&mut random, &whole, &image);
        let survey = phones::survey(&phone);
        assert_eq!(survey.layers.len(), 4);
        assert!(!survey.verdict.summary.is_empty() && !survey.verdict.steps.is_empty());
        let _ = closed_world(&survey, &[&known]);
        let parts = [Part::Imei, Part::Wifi, Part::Bt, Part::Calibration, Part::Simlock];
        let part = Selection::Only([parts[random.below(5) as usize]].into());
        for selection in [&Selection::All, &part] {
            for (to, from) in [(&phone, &whole), (&whole, &phone)] {
                let Ok(plan) = plan_restore(to, from, selection) else { continue };
                planned += 1;
                for edit in plan.edits {
                    assert!(!edit.bytes.is_empty() && edit.at.checked_add(edit.bytes.len() as u64).is_some());
                }
            }
        }
    }
    assert!(planned > 100, "{planned}");
}

#[test]
fn a_damaged_description_is_refused_or_sane() {
    let catalog = Catalog::builtin().unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("formats");
    let mut random = Random::new(9);
    let mut accepted = 0;
    for (name, file) in
        [("chips", "chips.toml"), ("partitions", "partitions.toml"), ("nvram/wr8", "nvram/wr8.toml")]
    {
        let text = std::fs::read(root.join(file)).unwrap();
        assert!(catalog.clone().with_overlay(name, std::str::from_utf8(&text).unwrap()).is_ok());
        // A piece is enough of a long description, and damage hits it more often.
        let text = &text[..text.len().min(3000)];
        for _ in 0..700 {
            let damaged = String::from_utf8_lossy(&random.damage(text)).into_owned();
            if let Ok(catalog) = catalog.clone().with_overlay(name, &damaged) {
                accepted += 1;
                for lid in &catalog.family_of("MT6572").lids {
                    assert!(lid.sizes.iter().all(|size| size.file_len() > size.record));
                }
                assert!(catalog.is_overlaid(name));
            }
        }
    }
    assert!(accepted > 0);
    for (record, count) in [(0, 1), (1, 0), (usize::MAX, 2), (9000, 1), (1, 5000)] {
        let text = String::from_utf8(std::fs::read(root.join("nvram/wr8.toml")).unwrap()).unwrap();
        let lie = text.replacen("record = 34, count = 3", &format!("record = {record}, count = {count}"), 1);
        assert_ne!(lie, text);
        assert!(catalog.clone().with_overlay("nvram/wr8", &lie).is_err(), "{record} x {count}");
    }
}
