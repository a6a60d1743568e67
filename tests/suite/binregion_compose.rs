//! Regions made of files: refused, or read back whole by our parser, and equal to what the simulator's own writer makes.

use std::fs;

use nvkeep::formats::ReadAt;
use nvkeep::formats::binregion::{
    self, AP_BACKED_UP, Area, BinRegion, Category, ComposeError, Composed, Content, ContentError, Entry,
    HeaderVariant, TailState, compose,
};
use nvkeep::simulator::build::binregion::BinRegion as Simulated;

use crate::support::{Random, real_data};

const MIB5: u64 = 0x50_0000;
/// The 2/2/1 layout of ap-nvram.md 1.6.
const AREA: Area = Area { partition_len: MIB5, block_size: 0x2_0000, nv: 35 };
const VARIANTS: [HeaderVariant; 7] = [
    HeaderVariant::H0,
    HeaderVariant::H1,
    HeaderVariant::H2,
    HeaderVariant::H3,
    HeaderVariant::H4,
    HeaderVariant::H5,
    HeaderVariant::H7,
];

fn entry(category: Category, file: &str, bytes: Vec<u8>) -> Entry {
    Entry { category, name: format!("/data/nvram/{}/{file}", category.folder()), bytes }
}

/// One to three files in every category of the header, in no order.
fn content(variant: HeaderVariant) -> Content {
    let mut random = Random::new(3);
    let mut files = Vec::new();
    for category in variant.categories().into_iter().rev().filter(|one| one.is_backed_up()) {
        for index in 0..=random.below(3) {
            let len = 1 + random.below(700) as usize;
            files.push(entry(category, &format!("F{index}_001"), random.bytes(len)));
        }
    }
    Content { variant, lid_counts: (26, 19), files }
}

fn on_partition(composed: &Composed, len: u64, filler: u8) -> Vec<u8> {
    let mut partition = vec![filler; len as usize];
    for (at, bytes) in &composed.pieces {
        assert!(at % 512 == 0 && bytes.len() % 512 == 0);
        partition[*at as usize..][..bytes.len()].copy_from_slice(bytes);
    }
    partition
}

fn parsed(composed: &Composed, len: u64, filler: u8) -> BinRegion {
    binregion::parse(&mut on_partition(composed, len, filler)).unwrap()
}

#[test]
fn every_header_reads_back_whole_on_any_filler() {
    for variant in VARIANTS {
        let content = content(variant);
        let composed = compose(&content, AREA).unwrap();
        assert_eq!(composed.pieces.last().unwrap().0, 0, "the header makes the rest believed");
        for filler in [0, 0xFF, 0x5A] {
            let region = parsed(&composed, MIB5, filler);
            assert!(region.checksum_valid());
            assert_eq!((region.variant.len(), region.nv, region.lid_counts), (variant.len(), 35, (26, 19)));
            let tail = region.tail.as_ref().unwrap();
            assert_eq!((tail.at, tail.state), (0x44_0000, TailState::Agrees));
            assert_eq!(region.clean_flag, None);
            assert_eq!((&region.map, &region.data), (&composed.map, &composed.data));
            assert_eq!(region.files.len(), content.files.len());
            for (category, found) in variant
                .categories()
                .into_iter()
                .map(|category| (category, region.files.iter().filter(move |file| file.category == category)))
            {
                let put: Vec<_> = content
                    .files
                    .iter()
                    .filter(|one| one.category == category)
                    .map(|one| (&one.name, &one.bytes))
                    .collect();
                assert_eq!(found.map(|one| (&one.name, &one.bytes)).collect::<Vec<_>>(), put);
            }
        }
    }
}

#[test]
fn the_words_stand_where_the_reference_says() {
    let content = Content {
        variant: HeaderVariant::H4,
        lid_counts: (26, 19),
        files: vec![
            entry(Category::ApBoot, "GPS", vec![1; 54]),
            entry(Category::MdBoot, "MP0B_001", (1..=10).collect()),
        ],
    };
    let composed = compose(&content, AREA).unwrap();
    let header = &composed.pieces.last().unwrap().1;
    let word = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().unwrap());
    assert_eq!((word(0), word(4), word(8)), (12 + 28 + 280, 64, 0xFFFF_FFFF));
    assert_eq!((word(0x10), word(0x14)), (26, 19));
    assert_eq!(header[0x18..0x2C], [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((word(0x2C), word(0x30)), (64, 0), "sum of the last sizes, and the flag that is never set");
    assert_eq!((word(0x34), word(0x38), word(0x3C)), (7, 0, 54), "first title at partition offset 0x34");
    assert_eq!((word(0x34 + 140), word(0x38 + 140), word(0x3C + 140)), (7, 54, 10));
    assert_eq!(&header[0x40..0x40 + 29], b"/data/nvram/APCFG/APRDEB/GPS\0");
}

#[test]
fn equals_the_simulators_own_writer_where_both_write() {
    let content = content(HeaderVariant::H4);
    let composed = compose(&content, AREA).unwrap();
    let order = HeaderVariant::H4.categories();
    let mut files: Vec<_> = content
        .files
        .iter()
        .map(|one| {
            (order.iter().position(|c| *c == one.category).unwrap(), one.name.clone(), one.bytes.clone())
        })
        .collect();
    files.sort_by_key(|file| file.0);
    let image = Simulated::pack(&files, 10).image(MIB5 as usize);
    for (at, bytes) in &composed.pieces {
        assert!(image[*at as usize..][..bytes.len()] == *bytes, "piece at {at:#x}");
    }
}

#[test]
fn a_map_of_two_blocks_and_the_fullest_area_still_read_back() {
    let many = |count: usize, len: usize| Content {
        variant: HeaderVariant::H5,
        lid_counts: (1, 2),
        files: (0..count)
            .map(|at| entry(Category::MdClean, &format!("M{at}"), vec![at as u8; len]))
            .collect(),
    };
    let two = compose(&many(950, 10), AREA).unwrap();
    assert_eq!(two.pieces[0].0, 0x4_0000);
    let region = parsed(&two, MIB5, 0);
    assert_eq!((region.map_blocks, region.files.len(), region.tail.unwrap().at), (2, 950, 0x42_0000));
    // Data between 0x20000 and the tail at 0x440000.
    let room = 0x44_0000 - 0x2_0000;
    assert_eq!(parsed(&compose(&many(1, room), AREA).unwrap(), MIB5, 0).data.len(), room);
    assert_eq!(
        compose(&many(1, room + 1), AREA),
        Err(ComposeError::NoRoom { end: 0x44_0001, tail: 0x44_0000 })
    );
    assert!(matches!(compose(&many(1900, 1), AREA), Err(ComposeError::MapTooLong { .. })));
}

#[test]
fn refuses_what_the_daemon_would_not_write() {
    use Category::{ApBoot, Md5Boot, MdBoot, MdCore};
    let good = entry(ApBoot, "WIFI", vec![1; 514]);
    let with = |files: Vec<Entry>| {
        let content = Content { variant: HeaderVariant::H4, lid_counts: (26, 19), files };
        match compose(&content, AREA) {
            Err(ComposeError::Content(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(with(vec![]), ContentError::NoFiles);
    assert!(matches!(with(vec![entry(ApBoot, "GPS", vec![])]), ContentError::EmptyFile { .. }));
    assert!(matches!(with(vec![good.clone(), good.clone()]), ContentError::Twice { .. }));
    assert!(matches!(with(vec![Entry { category: MdBoot, ..good.clone() }]), ContentError::Folder { .. }));
    for category in [MdCore, Md5Boot] {
        let error = with(vec![entry(category, "X", vec![1])]);
        assert!(matches!(error, ContentError::Category { .. }), "{error}");
    }
    for name in
        ["data/nvram/APCFG/APRDEB/WIFI", "/data/nvram/APCFG/APRDEB/W\u{7}", &format!("/{}", "x".repeat(127))]
    {
        let error = with(vec![Entry { name: name.into(), ..good.clone() }]);
        assert!(matches!(error, ContentError::Name { .. }), "{error}");
    }
    let content = Content { variant: HeaderVariant::H4, lid_counts: (0, 0), files: vec![good] };
    for area in [
        Area { nv: 41, ..AREA },
        Area { nv: 2, ..AREA },
        Area { nv: u64::MAX / 2, partition_len: u64::MAX, ..AREA },
        Area { block_size: 0x1000, ..AREA },
        Area { block_size: 0, ..AREA },
    ] {
        assert!(matches!(compose(&content, area), Err(ComposeError::Area { .. })), "{area:?}");
    }
}

#[test]
fn files_are_sorted_by_their_folder_and_the_whitelist() {
    let h4 = HeaderVariant::H4;
    assert_eq!(h4.category_of("APCFG/APRDEB/WIFI"), Some(Category::ApBoot));
    assert_eq!(h4.category_of("APCFG/APRDCL/FILE_VER"), Some(Category::ApClean));
    assert_eq!(h4.category_of("md/NVRAM/CALIBRAT/MT1F_001"), Some(Category::MdClean));
    for not in [
        "APCFG/APRDCL/Audio_Sph_Med",
        "md/NVRAM/NVD_DATA/MT00A000",
        "md5/NVRAM/NVD_IMEI/X",
        "RestoreFlag",
        "md/NVRAM/CALIBRAT/sub/X",
    ] {
        assert_eq!(h4.category_of(not), None, "{not}");
    }
    assert!(AP_BACKED_UP.contains(&"BT_Addr"));
}

#[test]
fn a_live_tree_gives_what_the_daemon_would_back_up_in_the_order_of_the_last_backup() {
    let tree = [
        ("APCFG/APRDCL/FILE_VER", &[9u8; 30][..]),
        ("APCFG/APRDEB/BT_Addr", &[1; 66]),
        ("APCFG/APRDEB/GPS", &[]),
        ("APCFG/APRDEB/WIFI", &[2; 514]),
        ("APCFG/APRDEB/Audio_Eff", &[3; 10]),
        ("md/NVRAM/NVD_DATA/MT00A000", &[4; 10]),
        ("md/NVRAM/NVD_IMEI/MP0B_001", &[5; 120]),
        ("RestoreFlag", &[0x78, 0x56, 0x34, 0x12]),
    ];
    let live = Content::of_tree(HeaderVariant::H4, (26, 19), "/data/nvram/", tree);
    let names = |content: &Content| -> Vec<String> {
        let region = parsed(&compose(content, AREA).unwrap(), MIB5, 0);
        region.files.into_iter().map(|one| one.name.replace("/data/nvram/", "")).collect()
    };
    let (bt, wifi) = ("APCFG/APRDEB/BT_Addr", "APCFG/APRDEB/WIFI");
    let (version, imei) = ("APCFG/APRDCL/FILE_VER", "md/NVRAM/NVD_IMEI/MP0B_001");
    assert_eq!(names(&live), [bt, wifi, version, imei]);
    let pattern = Content { files: live.files.iter().rev().take(2).cloned().collect(), ..live.clone() };
    assert_eq!(names(&live.in_order_of(&pattern)), [wifi, bt, version, imei]);
}

#[test]
fn work_copies_that_do_not_agree_are_refused() {
    let composed = compose(&content(HeaderVariant::H4), AREA).unwrap();
    assert!(Content::from_work_copies(&composed.map, &composed.data).is_ok());
    let mut other = composed.data.clone();
    other[5] ^= 1;
    let refused = Content::from_work_copies(&composed.map, &other);
    assert!(matches!(refused, Err(ContentError::Checksum { .. })), "{refused:?}");
    let short = Content::from_work_copies(&composed.map, &composed.data[1..]);
    assert!(matches!(short, Err(ContentError::Map(_))));
    assert_eq!(Content::from_work_copies(&composed.map, &[]), Err(ContentError::NoFiles));
}

#[test]
fn damaged_work_copies_never_panic() {
    let mut random = Random::new(31);
    let composed = compose(&content(HeaderVariant::H5), AREA).unwrap();
    let mut refused = 0;
    for _ in 0..4000 {
        let (map, data) = (random.damage(&composed.map), random.damage(&composed.data));
        match Content::from_work_copies(&map, &composed.data) {
            Ok(content) => drop(compose(&content, AREA)),
            Err(_) => refused += 1,
        }
        refused += u32::from(Content::from_work_copies(&map, &data).is_err());
    }
    assert!(refused > 3000, "{refused}");
}

#[test]
fn the_real_work_copies_come_back_as_they_were_but_for_garbage_behind_names() {
    let Some(folder) = real_data("binregion_compose::the_real_work_copies_come_back_as_they_were") else {
        return;
    };
    let nvram = folder.join("mt6572-emmc-android44/data/nvram");
    let (map, data) = (fs::read(nvram.join("AllMap")).unwrap(), fs::read(nvram.join("AllFile")).unwrap());
    let content = Content::from_work_copies(&map, &data).unwrap();
    assert_eq!(
        (content.variant, content.lid_counts, content.files.len()),
        (HeaderVariant::H4, (26, 19), 115)
    );
    let composed = compose(&content, AREA).unwrap();
    assert!(composed.data == data);
    // The sample's sum after its identities were scrubbed; ap-nvram.md 1.4 gives the one before.
    assert_eq!(composed.map[..4], 0xD570_2BB7_u32.to_le_bytes());
    let mut expected = map.clone();
    for title in expected[0x28..].chunks_exact_mut(140) {
        let end = 12 + title[12..].iter().position(|byte| *byte == 0).unwrap();
        title[end..].fill(0);
    }
    assert!(expected != map, "the real names have garbage behind them");
    assert!(composed.map == expected);
    let header = &composed.pieces.last().unwrap().1;
    assert_eq!(
        header[..16],
        [0x0C, 0x3F, 0, 0, 0xB6, 0x8A, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xB7, 0x2B, 0x70, 0xD5]
    );
    let mut partition = on_partition(&composed, MIB5, 0);
    assert_eq!(partition.len(), 5 << 20);
    let mut first = [0; 4];
    partition.read_at(0x2_0000, &mut first).unwrap();
    assert_eq!(first[..], data[..4]);
    // Every file lies in the folder and on the whitelist that the reference gives for it.
    for file in &content.files {
        let below = file.name.strip_prefix("/data/nvram/").unwrap();
        assert_eq!(HeaderVariant::H4.category_of(below), Some(file.category), "{below}");
    }
}
