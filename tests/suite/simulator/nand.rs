//! What a NAND phone's flash holds: read with the product's own decoders, which the builder shares nothing with.

use std::collections::BTreeMap;

use nvkeep::formats::binregion::{self, TailState};
use nvkeep::formats::pmt::PmtKind;
use nvkeep::formats::pmt_nand::{NandPmt, SpareView};
use nvkeep::simulator::{Area, Board, Flash, Scenario, android};

use super::scenarios::hex;
use crate::support::{Random, real_data};

const FOUR_K: &str = include_str!("../../../samples/phones/mt6572-nand-4k.toml");
const IMEI_NULL: &str = include_str!("../../../samples/phones/mt6572-nand-imei-null.toml");
const TORN: &str = include_str!("../../../samples/phones/mt6572-nand-torn.toml");
const NEW_BAD_BLOCK: &str = include_str!("../../../samples/phones/mt6572-nand-new-bad-block.toml");

/// Both page kinds.
fn both() -> [Scenario; 2] {
    [Scenario::named("mt6572-nand").unwrap(), Scenario::parse(FOUR_K).unwrap()]
}

fn page(text: &str) -> (Board, Flash) {
    Scenario::parse(text).unwrap().build(None).unwrap()
}

/// A page laid over the healthy NAND phone's.
fn over(more: &str) -> Scenario {
    Scenario::parse(&format!("base = \"mt6572-nand\"\n{more}")).unwrap()
}

fn main(flash: &Flash, at: u64, len: u64) -> Vec<u8> {
    let mut bytes = vec![0; len as usize];
    flash.read(Area::User, at, &mut bytes).unwrap();
    bytes
}

fn spare(board: &Board, flash: &Flash, page: u64) -> Vec<u8> {
    let mut bytes = vec![0; board.nand.spare.into()];
    flash.read(Area::Spare, page * u64::from(board.nand.spare), &mut bytes).unwrap();
    bytes
}

/// The backup region, from the whole partition as it lies, bad blocks and all.
fn region(scenario: &Scenario, flash: &Flash) -> binregion::BinRegion {
    let (at, len) = scenario.place("NVRAM").unwrap();
    binregion::parse(&mut main(flash, at, len)).unwrap()
}

/// The same of the eMMC phone of the same identity.
fn region_of_the_other(name: &str) -> binregion::BinRegion {
    let scenario = Scenario::named(name).unwrap();
    let (_, flash) = scenario.build(None).unwrap();
    region(&scenario, &flash)
}

#[test]
fn the_region_goes_around_its_bad_block_and_says_so() {
    let healthy = region_of_the_other("mt6572");
    for scenario in both() {
        let (board, flash) = scenario.build(None).unwrap();
        let found = region(&scenario, &flash);
        let block = board.nand.block_bytes();
        assert_eq!((found.block_size, found.nv, &found.bad_blocks[..]), (block, 7, &[1][..]));
        assert!(found.checksum_valid());
        assert_eq!(found.data_extents, [(2 * block, found.data.len() as u64)]);
        let tail = found.tail.as_ref().unwrap();
        assert_eq!((tail.at, tail.state), (6 * block, TailState::Agrees));
        assert!(found.files.len() == 115 && found.map == healthy.map && found.data == healthy.data);
        let (at, _) = scenario.place("NVRAM").unwrap();
        assert_eq!(main(&flash, at + block, block), vec![0xFF; block as usize], "the bad block");
        assert_eq!(main(&flash, at + 10 * block, 4), hex("7b7b5a5a"), "the journal");
        assert_eq!(main(&flash, at + 11 * block, 8), hex("7b7b5a5a 00000000"), "its super page");
        // A record in each write unit.
        let unit = u64::from(board.nand.page);
        assert_eq!(main(&flash, at + 10 * block + unit, 4), hex("7b7b5a5a"));
        assert_eq!(main(&flash, at + 10 * block + 512, 4), hex("ffffffff"));
    }
}

#[test]
fn a_block_that_became_bad_later_is_marked_but_not_in_the_bitmap() {
    let scenario = Scenario::parse(NEW_BAD_BLOCK).unwrap();
    let (board, flash) = scenario.build(None).unwrap();
    let first = |block: u64| block * u64::from(board.nand.pages_per_block);
    for (block, mark) in [(12, 0xFF), (13, 0x00), (14, 0x00), (15, 0xFF), (24, 0x00), (25, 0xFF)] {
        assert_eq!(spare(&board, &flash, first(block))[0], mark, "block {block}");
    }
    let found = region(&scenario, &flash);
    assert_eq!(found.bad_blocks, [1], "the bitmap is as old as the data");
    assert_eq!(found.data_extents[0].0, 2 * 0x2_0000, "the data are in the block that is bad now");
    let (board, flash) = page("base = \"mt6572-nand\"\nname = \"x\"\n");
    assert_eq!(spare(&board, &flash, first(14))[0], 0xFF);
}

#[test]
fn damage_to_the_content_is_what_it_is_on_an_emmc() {
    let null = Scenario::parse(IMEI_NULL).unwrap();
    let of = |region: &binregion::BinRegion, name| region.file(name).unwrap().bytes.clone();
    let found = region(&null, &null.build(None).unwrap().1);
    assert!(found.checksum_valid());
    let (lost, whole) = (region_of_the_other("mt6572-imei-null"), region_of_the_other("mt6572"));
    assert_eq!(of(&found, "md/NVRAM/NVD_IMEI/MP0B_001"), of(&lost, "md/NVRAM/NVD_IMEI/MP0B_001"));
    assert_ne!(of(&found, "md/NVRAM/NVD_IMEI/MP0B_001"), of(&whole, "md/NVRAM/NVD_IMEI/MP0B_001"));
    let torn = Scenario::parse(TORN).unwrap();
    let found = region(&torn, &torn.build(None).unwrap().1);
    assert!(!found.checksum_valid() && found.map == whole.map);
    let macs = over("[[damage]]\nkind = \"default-macs\"\n");
    let found = region(&macs, &macs.build(None).unwrap().1);
    let lost = region_of_the_other("mt6572-default-mac");
    assert_eq!(of(&found, "APCFG/APRDEB/WIFI"), of(&lost, "APCFG/APRDEB/WIFI"));
    let other = over(
        "replace_identity = true\n[identity]\nimei = \"356938035643809\"\nbarcode = \"NVKEEPSYNTHETIC2\"\n\
         wifi_mac = \"02:4e:56:4b:60:01\"\nbt_mac = \"02:4e:56:4b:60:02\"\nseed = 6573\n",
    );
    let (_, flash) = other.build(None).unwrap();
    assert!(region(&other, &flash).data == region_of_the_other("mt6572-other-phone").data);
    assert_eq!(main(&flash, 0x8_0040, 8), hex("53968330653408f9"));
}

#[test]
fn the_record_of_the_label_is_that_of_the_emmc_phone() {
    let emmc = Scenario::named("mt6572").unwrap();
    let (at, _) = emmc.place("PRO_INFO").unwrap();
    let expected = main(&emmc.build(None).unwrap().1, at, 1024);
    for scenario in both() {
        let (at, _) = scenario.place("PRO_INFO").unwrap();
        assert_eq!(main(&scenario.build(None).unwrap().1, at, 1024), expected);
    }
}

/// One copy of the table, as a page and its spare bytes.
fn table(board: &Board, flash: &Flash, page: u64) -> Option<NandPmt> {
    let len = u64::from(board.nand.page);
    NandPmt::parse(&main(flash, page * len, len), &spare(board, flash, page), SpareView::Raw).ok()
}

#[test]
fn both_copies_of_the_table_are_in_the_pool_and_hold_the_layout() {
    for scenario in both() {
        let (board, flash) = scenario.build(None).unwrap();
        let first = u64::from(board.nand.blocks - 0x50) * 64;
        let pages = [(first, PmtKind::Main), (first + 127, PmtKind::Mirror)];
        for (page, kind) in pages {
            let found = table(&board, &flash, page).unwrap();
            assert_eq!((found.kind, found.sequence), (kind, 1));
            let told = found.table.entries.iter().map(|entry| (&entry.name[..], entry.start, entry.size));
            let (tail, layout) = scenario.layout.split_last().unwrap();
            assert!(told.eq(layout.iter().map(|entry| (&entry.name[..], entry.linear, entry.size))));
            assert_eq!(
                (&found.table.tail[0].name, found.table.tail[0].blocks_before_end),
                (&tail.name, 0x50)
            );
            let last = layout.last().unwrap();
            assert_eq!(
                last.linear + last.size,
                u64::from(board.nand.blocks - 0x50) * board.nand.block_bytes()
            );
        }
        let copies = (0..64 * 0x50).filter(|page| table(&board, &flash, first + page).is_some());
        assert_eq!(copies.count(), 2);
    }
    let (board, flash) = over("[[damage]]\nkind = \"no-pmt\"\n").build(None).unwrap();
    assert!((0..128).all(|page| table(&board, &flash, 4016 * 64 + page).is_none()));
    let (board, flash) = over("[[damage]]\nkind = \"pmt-disagree\"\n").build(None).unwrap();
    let [one, other] = [4016 * 64, 4016 * 64 + 127].map(|page| table(&board, &flash, page).unwrap().table);
    assert_eq!([one, other].map(|table| table.entries[2].start), [0x18_0000, 0x20_0000]);
}

/// The files of a volume, by what the tags and the headers say.
fn files(scenario: &Scenario, board: &Board, flash: &Flash, name: &str) -> BTreeMap<String, Vec<u8>> {
    let (at, len) = scenario.place(name).unwrap();
    let size = u64::from(board.nand.page);
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut named, mut chunks) = (BTreeMap::new(), BTreeMap::<u32, Vec<u8>>::new());
    let mut last = 0;
    for page in at / size..(at + len) / size {
        let tags = spare(board, flash, page);
        let content = main(flash, page * size, size);
        if tags.iter().all(|byte| *byte == 0xFF) || tags[0] != 0xFF {
            assert!(content.iter().all(|byte| *byte == 0xFF), "page {page:#x} was never written");
            continue;
        }
        assert_eq!(tags[..2], [0xFF; 2]);
        let [sequence, object, chunk, count] = [2, 6, 10, 14].map(|at| word(&tags, at));
        assert!(sequence >= last, "blocks are written one after the other");
        last = sequence;
        if chunk > 0 {
            let whole = chunks.entry(object).or_default();
            assert_eq!(whole.len() as u64, u64::from(chunk - 1) * size);
            whole.extend(&content[..count as usize]);
            continue;
        }
        let text: Vec<u8> = content[10..].iter().copied().take_while(|byte| *byte != 0).collect();
        let entry =
            (word(&content, 4), String::from_utf8(text).unwrap(), word(&content, 0), word(&content, 292));
        named.insert(object, entry);
    }
    let path = |mut object: u32| {
        let mut path = String::new();
        while let Some((parent, name, ..)) = named.get(&object) {
            path.insert_str(0, &format!("/{name}"));
            object = *parent;
        }
        assert_eq!(object, 1, "everything hangs on the root");
        path
    };
    let of_files = named.iter().filter(|(_, (_, _, kind, _))| *kind == 1);
    of_files
        .map(|(object, (.., size))| {
            let bytes = chunks.remove(object).unwrap_or_default();
            assert_eq!(bytes.len(), *size as usize);
            (path(*object), bytes)
        })
        .collect()
}

#[test]
fn volumes_hold_the_files_of_the_emmc_phone_around_their_bad_blocks() {
    for scenario in both() {
        let (board, flash) = scenario.build(None).unwrap();
        let found = region(&scenario, &flash);
        let live = files(&scenario, &board, &flash, "USRDATA");
        assert_eq!(live["/nvram/RestoreFlag"], hex("78563412"));
        assert!(live["/nvram/AllFile"] == found.data && live["/nvram/AllMap"] == found.map);
        for file in &found.files {
            let below = file.name.strip_prefix("/data").unwrap();
            assert_eq!(live[below], file.bytes, "{below}");
        }
        let first = files(&scenario, &board, &flash, "PROTECT_F");
        assert_eq!(first.keys().collect::<Vec<_>>(), ["/md/MP0D_000", "/md/ST33A004"]);
        assert_eq!(first["/md/MP0D_000"], hex("31003100"));
        assert_eq!(files(&scenario, &board, &flash, "PROTECT_S").len(), 1);
        // The first block of PROTECT_F is bad; so is the third of USRDATA, in the midst of what is written.
        let size = board.nand.block_bytes();
        let is_blank = |name: &str, block: u64| {
            main(&flash, scenario.place(name).unwrap().0 + block * size, size)
                .iter()
                .all(|byte| *byte == 0xFF)
        };
        assert!(is_blank("PROTECT_F", 0) && !is_blank("PROTECT_F", 1));
        assert!(!is_blank("USRDATA", 0) && !is_blank("USRDATA", 1) && is_blank("USRDATA", 2));
        assert!(!is_blank("USRDATA", 3) || size > 0x2_0000);
    }
    let fresh = over("[[damage]]\nkind = \"fresh\"\npartition = \"USRDATA\"\n");
    let (board, flash) = fresh.build(None).unwrap();
    assert!(files(&fresh, &board, &flash, "USRDATA").is_empty());
    assert_eq!(files(&fresh, &board, &flash, "PROTECT_F").len(), 2);
}

#[test]
fn erasing_goes_by_blocks_and_leaves_the_marks() {
    let erased = over("[[damage]]\nkind = \"erase\"\npartition = \"NVRAM\"\n");
    let (board, flash) = erased.build(None).unwrap();
    assert_eq!(main(&flash, 0x18_0000, 0x18_0000), vec![0xFF; 0x18_0000]);
    assert_eq!(spare(&board, &flash, 13 * 64)[0], 0x00, "the bad block's mark");
    let volume = over("[[damage]]\nkind = \"erase\"\npartition = \"USRDATA\"\nat = 0\nlen = 0x20000\n");
    let (board, flash) = volume.build(None).unwrap();
    assert_eq!(spare(&board, &flash, 0x152C_0000 / 2048), [0xFF; 64]);
    assert_ne!(spare(&board, &flash, 0x152E_0000 / 2048), [0xFF; 64]);
}

#[test]
fn what_is_not_played_is_refused_with_a_sentence() {
    let refused = |more: &str| over(more).build(None).unwrap_err().to_string();
    for (damage, words) in [
        ("kind = \"dirty-journal\"", "no journal"),
        (
            "kind = \"damage-file\"\nvolume = \"live\"\npath = \"x\"\nhow = \"cut\"",
            "cannot be damaged one by one",
        ),
        ("kind = \"add-file\"\nvolume = \"live\"\npath = \"x\"", "cannot be added"),
        ("kind = \"erase\"\npartition = \"NVRAM\"\nlen = 0x800", "in whole blocks"),
        ("kind = \"erase\"\npartition = \"NVRAM\"\nlen = 0x200000", "ends before"),
    ] {
        let said = refused(&format!("[[damage]]\n{damage}\n"));
        assert!(said.contains(words), "{said}");
    }
    assert!(refused("[nand]\nblocks = 2048\npool = 1\nbad_blocks = []\n").contains("beyond the flash"));
    assert!(refused("[nand]\npool = 0x100\n").contains("pool"));
    assert!(refused("[nand]\nbad_blocks = [12, 13, 14, 15, 16]\n").contains("too small"));
    assert!(refused("[nand]\nspare = 16\n").contains("too short"));
    let mut flash = over("").build(None).unwrap().1;
    let before = flash.clone();
    for start in [android::boot, android::factory_reset] {
        let said = start(&mut flash, &over("")).unwrap_err().to_string();
        assert!(said.contains("YAFFS2"), "{said}");
    }
    assert!(flash == before);
}

#[test]
fn a_chip_that_cannot_be_is_refused_before_it_is_built() {
    for (line, words) in [
        ("page = 3000", "512, 1024"),
        ("page = 256", "512, 1024"),
        ("page = 32768", "512, 1024"),
        ("spare = 0", "spare"),
        ("spare = 4096", "spare"),
        ("pages_per_block = 0", "pages in a block"),
        ("pages_per_block = 2000", "pages in a block"),
        ("blocks = 0", "no blocks"),
        ("blocks = 100000", "more than a chip"),
        ("pool = 4096", "pool"),
        ("bad_blocks = [4096]", "behind its last one"),
        ("new_bad_blocks = [4096]", "behind its last one"),
        ("bit_errors = [[0, 0, 8]]", "outside its pages"),
        ("bit_errors = [[0, 2112, 0]]", "outside its pages"),
        ("bit_errors = [[262144, 0, 0]]", "outside its pages"),
        ("bad_block_answer = \"silent\"", "bad_block_answer"),
        ("speed = 1", "speed"),
    ] {
        let said =
            Scenario::parse(&format!("base = \"mt6572-nand\"\n[nand]\n{line}\n")).unwrap_err().to_string();
        assert!(said.contains(words), "{line}: {said}");
    }
    let many = vec!["3"; 4097].join(",");
    assert!(Scenario::parse(&format!("base = \"mt6572-nand\"\n[nand]\nbad_blocks = [{many}]\n")).is_err());
    for text in
        ["base = \"mt6572\"\n[board]\nstorage = \"nand\"\n", "base = \"mt6572\"\n[modem]\ntable = \"nand\"\n"]
    {
        let said = Scenario::parse(text).unwrap_err().to_string();
        assert!(said.contains("modem.table"), "{said}");
    }
    assert!(Scenario::parse("base = \"mt6572-nand\"\n[modem]\nfamily = \"lr11\"\n").is_err());
}

#[test]
fn pages_damaged_by_chance_are_refused_or_built() {
    let text = include_str!("../../../samples/phones/mt6572-nand.toml");
    let mut random = Random::new(1800);
    let mut built = 0;
    for _ in 0..400 {
        let damaged = String::from_utf8_lossy(&random.damage(text.as_bytes())).into_owned();
        if let Ok(scenario) = Scenario::parse(&damaged) {
            built += u32::from(scenario.build(None).is_ok());
        }
    }
    assert!(built > 10, "{built}");
}

#[test]
fn spare_bytes_live_in_snapshots_and_a_snapshot_of_another_phone_is_refused() {
    let (board, flash) = over("").build(None).unwrap();
    let mut saved = Vec::new();
    flash.save(&mut saved).unwrap();
    let loaded = Flash::load(&mut saved.as_slice()).unwrap();
    assert!(loaded == flash);
    assert_eq!(spare(&board, &loaded, 4016 * 64)[..6], *b"\xFF1vTP\x01");
    board.accepts(&loaded).unwrap();
    let (emmc, old) = Scenario::named("mt6572").unwrap().build(None).unwrap();
    let mut saved_old = Vec::new();
    old.save(&mut saved_old).unwrap();
    assert_eq!(saved_old[..8], *b"NVKFLSH1", "old snapshots are still what is written for an eMMC");
    let old = Flash::load(&mut saved_old.as_slice()).unwrap();
    emmc.accepts(&old).unwrap();
    let (four_k, _) = page(FOUR_K);
    for (board, flash, words) in [
        (&board, &old, "no spare bytes"),
        (&emmc, &loaded, "has an eMMC"),
        (&four_k, &Flash::nand(1 << 20, 1 << 15), "another size"),
    ] {
        let said = board.accepts(flash).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
    let mut random = Random::new(5);
    let mut small = Flash::nand(1 << 16, 1 << 11);
    small.write(Area::Spare, 64, &[0]).unwrap();
    let mut saved = Vec::new();
    small.save(&mut saved).unwrap();
    for _ in 0..2000 {
        let _ = Flash::load(&mut random.damage(&saved).as_slice());
    }
}

#[test]
fn a_real_phones_files_fit_on_a_nand_too() {
    let Some(folder) = real_data("a_real_phones_files_fit_on_a_nand_too") else { return };
    let folder = folder.join("mt6572-emmc-android44");
    for scenario in both() {
        let (board, flash) = scenario.build(Some(&folder)).unwrap();
        let found = region(&scenario, &flash);
        assert!(found.checksum_valid());
        assert_eq!(found.data, std::fs::read(folder.join("data/nvram/AllFile")).unwrap());
        let live = files(&scenario, &board, &flash, "USRDATA");
        assert_eq!(live["/nvram/AllFile"], found.data);
        assert!(live.len() > 100);
    }
}
