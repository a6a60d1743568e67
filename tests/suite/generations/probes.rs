//! What the files of a phone say about its key: modem-nvram.md 2.1, 2.8; and files of any generation opened.

use nvkeep::formats::catalog::Catalog;
use nvkeep::formats::key_probe::{self, Finding, Generation, ModemKey, known_keys, probe};
use nvkeep::formats::ldi::{self, ChipCipher, InfoFile, Kept, file_list};
use nvkeep::formats::lid::{self, checksum2};
use nvkeep::formats::lid_g2;
use nvkeep::formats::modem_file::{self, ModemFileError, Records, SizeFrom};
use nvkeep::formats::records;

use super::{
    I1_ZERO, I2_ZERO, NV01_HEADER, NV01_ON, complement, encipher, hex, imei_file, info_file, key, ldi_file,
    self_test_file, shown, system_file,
};
use crate::support::{Random, real_data};

#[test]
fn finds_the_key_by_the_lock_pattern() {
    for (lock, generation, name) in [
        ("8bff21794d5fd7ea0ac58733", Generation::G1, "MediaTek default"),
        ("f4ee397d5e53c5ea0cce9b33", Generation::G1, "MediaTek default"),
        ("36baba87ba2b0faf2b37473f", Generation::G2, "MediaTek default"),
        ("49aba283a9271daf2d3c5b3f", Generation::G2, "MediaTek default"),
        ("a5fafabfe6ac58ee004e237c", Generation::G2, "mtk v2"),
        ("daebe2bbf5a04aee06453f7c", Generation::G2, "mtk v2"),
        ("07b3272fe6c6b78405247da4", Generation::G2, "Samsung"),
        ("78a23f2bf5caa584032f61a4", Generation::G2, "Samsung"),
    ] {
        let file = system_file(lock);
        let Finding::Proven { key, evidence, .. } = probe([("NVD_CORE/MT00A000", &file[..])]) else {
            panic!("{lock} proves nothing")
        };
        assert_eq!((key.key.generation(), key.name), (generation, name));
        assert_eq!((evidence[0].file.as_str(), evidence[0].what), ("MT00A000", "lock pattern"));
    }
}

#[test]
fn finds_the_key_by_an_unset_slot() {
    for (slot, generation) in
        [("545f90d0e0e1654aaa74d3ce", Generation::G1), ("e91a0b2e1795bd0f8b865372", Generation::G2)]
    {
        let file = hex(&slot.repeat(10));
        assert_eq!(probe([("MP0B_001", &file[..])]).key().map(ModemKey::generation), Some(generation));
    }
    let file = imei_file(I1_ZERO, I2_ZERO);
    let found = probe([("LD0B_001", &file[..])]);
    assert_eq!(found.key().and_then(ModemKey::aes), Some(&key(0).aes_key()));
}

#[test]
fn tells_a_chip_cipher_by_the_self_test() {
    let aes = key(2).aes_key();
    let second = encipher(&complement(), &aes);
    let open = self_test_file(&complement(), &second);
    let Finding::Proven { key: found, chip, .. } = probe([("NV0S_000", &open[..])]) else { panic!() };
    assert_eq!((found.name, chip), ("Samsung", Some(ChipCipher::Absent)));
    let bound = self_test_file(&[0x5A; 32], &second);
    let Finding::Proven { chip, .. } = probe([("NV0S_000", &bound[..])]) else { panic!() };
    assert_eq!(chip, Some(ChipCipher::Present));
    let foreign = self_test_file(&[0x5A; 32], &encipher(&complement(), &[9; 16]));
    let found = probe([("NV0S_000", &foreign[..])]);
    assert_eq!(found, Finding::UnknownKey { ldi: true, chip: Some(ChipCipher::Present) });
}

#[test]
fn says_unknown_key_rather_than_guess() {
    let strange = system_file("000102030405060708090a0b");
    assert_eq!(probe([("MT00A000", &strange[..])]), Finding::UnknownKey { ldi: false, chip: None });
    let file = imei_file(I1_ZERO, I2_ZERO);
    let other: Vec<u8> = [&file[..64], &[0x33; 320][..]].concat();
    assert_eq!(probe([("LD0B_001", &other[..])]), Finding::UnknownKey { ldi: true, chip: None });
    assert_eq!(probe([("MT05_002", &[1, 2, 3][..])]), Finding::Nothing);
}

#[test]
fn reports_files_of_two_phones() {
    let (ours, foreign) =
        (system_file("8bff21794d5fd7ea0ac58733"), hex(&"e91a0b2e1795bd0f8b865372".repeat(10)));
    let Finding::Contradiction { keys } = probe([("MT00A000", &ours[..]), ("MP0B_001", &foreign[..])]) else {
        panic!("two keys were taken for one")
    };
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().all(|(_, evidence)| evidence.len() == 1));
}

#[test]
fn proves_the_real_phone_of_the_first_generation() {
    let Some(folder) = real_data("generations::proves_the_real_phone_of_the_first_generation") else {
        return;
    };
    let base = folder.join("mt6572-emmc-android44");
    let mut files = Vec::new();
    for path in [
        "data/nvram/md/NVRAM/NVD_CORE/MT00A000",
        "data/nvram/md/NVRAM/NVD_CORE/MT00B000",
        "data/nvram/md/NVRAM/NVD_IMEI/MP0B_001",
        "data/nvram/md/NVRAM/NVD_IMEI/ST6TA001",
        "protect_f/md/ST33A004",
    ] {
        files.push((path, std::fs::read(base.join(path)).unwrap()));
    }
    let found = probe(files.iter().map(|(path, bytes)| (*path, &bytes[..])));
    let Finding::Proven { key, evidence, chip } = found else { panic!("{found:?}") };
    assert_eq!((key.key.generation(), evidence.len(), chip), (Generation::G1, 5, None));
}

#[test]
fn a_headerless_file_names_its_trouble() {
    let catalog = Catalog::builtin().unwrap();
    let family = catalog.family_of("MT6572");
    let open = |name: &str, file: &[u8]| modem_file::open(name, file, family, None);
    assert!(matches!(open("nonsense", &[1]), Err(ModemFileError::Name { .. })));
    assert!(matches!(open("MT05_002", &[]), Err(ModemFileError::Empty { .. })));
    assert!(matches!(open("MT05_002", &[1, 2, 3, 4]), Err(ModemFileError::Sums { .. })));
    let unset = hex(&"545f90d0e0e1654aaa74d3ce".repeat(10));
    assert_eq!(open("MP0B_001", &unset).unwrap().records, Records::Kept(Kept::UnknownKey));
    // An item that no table knows: the sums alone give its size.
    let unknown = [&[1u8, 2, 3][..], &checksum2(&[1, 2, 3])].concat();
    let opened = open("ZZZZ_000", &unknown).unwrap();
    assert_eq!(opened.size_from, SizeFrom::Sums { others: false });
    assert_eq!(opened.plain(), Some(vec![1, 2, 3]));
}

#[test]
fn a_file_with_a_header_is_opened_by_the_same_door() {
    let catalog = Catalog::builtin().unwrap();
    let family = catalog.family("lr12a").unwrap();
    let file = imei_file(I1_ZERO, I2_ZERO);
    let found = probe([("LD0B_001", &file[..])]);
    let opened = modem_file::open("NVD_IMEI/LD0B_001", &file, family, found.key()).unwrap();
    assert_eq!((opened.generation, opened.size_from), (Some(Generation::G3), SizeFrom::Header));
    let record = records::decode("NVD_IMEI/LD0B_001", &opened.plain().unwrap(), family).unwrap();
    assert_eq!(record.field("slot 2 IMEI").unwrap().value.to_string(), "356938035643809");
    // A key of another generation opens nothing, and damage is told with its place.
    let foreign = ModemKey::Rc4(lid::DEFAULT_KEY);
    let kept = modem_file::open("LD0B_001", &file, family, Some(&foreign)).unwrap();
    assert_eq!((kept.plain(), kept.records), (None, Records::Kept(Kept::UnknownKey)));
    let error = modem_file::open("LD0B_001", &file[..100], family, found.key()).unwrap_err();
    assert!(error.to_string().starts_with("LD0B_001: LDI: 36 bytes"), "{error}");
}

#[test]
fn an_item_whose_sections_fit_a_chip_cipher_is_kept() {
    let catalog = Catalog::builtin().unwrap();
    let family = catalog.family_of("MT6572");
    let mut random = Random::new(3);
    let opened = modem_file::open("ST33A004", &random.bytes(10 * 208), family, None).unwrap();
    assert_eq!(opened.records, Records::Kept(Kept::ChipBound));
    // Items that no chip cipher covers are simply damaged.
    assert!(modem_file::open("MP0B_001", &random.bytes(160), family, None).is_err());
}

#[test]
fn survives_damage() {
    let mut random = Random::new(31);
    let samples = [
        imei_file(I1_ZERO, I2_ZERO),
        ldi_file(NV01_HEADER, &[NV01_ON]),
        self_test_file(&complement(), &complement()),
        info_file(&[0xEF10]),
        system_file("8bff21794d5fd7ea0ac58733"),
    ];
    let catalog = Catalog::builtin().unwrap();
    let family = catalog.family_of("MT6572");
    let keys = known_keys();
    let aes = key(0).aes_key();
    for round in 0..3000 {
        let file = random.damage(&samples[round % samples.len()]);
        let _ = (ldi::open(&file, Some(&aes)), ldi::self_test(&file, &aes), ldi::lock_state(&file, &aes));
        let _ = (InfoFile::parse(&file), file_list(&file), key_probe::is_ldi(&file));
        for name in ["MT00A000", "MP0B_001", "NV0S_000", "ST33A004"] {
            let _ = modem_file::open(name, &file, family, Some(&keys[round % keys.len()].key));
        }
        if round % 10 == 0 {
            let _ = probe([("MT00A000", &file[..]), ("NV0S_000", &file[..]), ("MP0B_001", &file[..])]);
        }
    }
}

#[test]
fn finds_the_key_by_the_barcode() {
    // Never written: the key stream itself (modem-nvram.md 2.8).
    for (seed, sum) in [(None, "320a"), (Some(0), "d643")] {
        let stream = match seed {
            None => lid::rc4_record(&[0; 64], lid::DEFAULT_KEY),
            Some(seed) => lid_g2::apply(&[0; 64], &key(seed)),
        };
        assert_eq!(shown(&checksum2(&stream)), sum);
        let file = [stream, hex(sum)].concat();
        let wanted = if seed.is_none() { Generation::G1 } else { Generation::G2 };
        assert_eq!(probe([("MP09_001", &file[..])]).key().map(ModemKey::generation), Some(wanted));
    }
    let written = hex(
        "42a0a785d85b70c3404c3e571d97f8f7414bba7b9116e912418862a340d0992712a3e2a63ac03bdb2bd9ad427da63b2b96c157d403e27860c473754049132fa4c795",
    );
    assert_eq!(probe([("MP09_001", &written[..])]).key().map(ModemKey::generation), Some(Generation::G2));
}
