//! BinRegion: checksum vectors of ap-nvram.md 1.5, blank and foreign partitions.

use nvkeep::formats::binregion::{self, BinRegionError, data_checksum};

#[test]
fn checksums_are_those_of_the_reference() {
    let up_to = |end: u16| (1..=end).map(|byte| byte as u8).collect::<Vec<u8>>();
    let all: Vec<u8> = (0..=255).collect();
    for (data, sum) in [
        (vec![], 0),
        (vec![1], 0),
        (up_to(4), 0x0403_0205),
        (up_to(8), 0x0C0A_080E),
        (up_to(10), 0x0C0A_1205),
        (vec![0xFF; 8], 0xFFFF_FFF6),
        (vec![0; 512], 0x200),
        (all, 0x027B_C000),
    ] {
        assert_eq!(data_checksum(&data), sum, "{data:02x?}");
    }
}

#[test]
fn tells_blank_from_foreign() {
    for filler in [0, 0xFF] {
        let parsed = binregion::parse(&mut vec![filler; 0x50_0000]);
        assert!(matches!(parsed, Err(BinRegionError::Blank { filler: found }) if found == filler));
    }
    let parsed = binregion::parse(&mut vec![0x5A; 0x50_0000]);
    assert!(matches!(parsed, Err(BinRegionError::NotBinRegion { .. })));
}

/// Writes a region by ap-nvram.md 1.2 and 1.3, without the code under test except its checksum.
fn build(header: usize, counters: usize, files: usize, nv: usize, bad: &[usize], blocks: usize) -> Vec<u8> {
    const B: usize = 0x2_0000;
    let data: Vec<u8> = (0..files * 10).map(|byte| byte as u8).collect();
    let mut map = data_checksum(&data).to_le_bytes().to_vec();
    map.extend([0; 8]);
    let mut head = vec![0; header];
    assert!(counters * 2 + 8 <= header);
    head[..2].copy_from_slice(&(files as u16).to_le_bytes());
    map.extend(head);
    for index in 0..files {
        for word in [7u32, index as u32 * 10, 10] {
            map.extend(word.to_le_bytes());
        }
        let mut name = [0x5A; 128];
        let path = format!("/data/nvram/APCFG/APRDEB/F{index}\0");
        name[..path.len()].copy_from_slice(path.as_bytes());
        map.extend(name);
    }
    let mut image = [(map.len() as u32).to_le_bytes(), (data.len() as u32).to_le_bytes(), [0xFF; 4]].concat();
    image.extend(map);
    let good: Vec<usize> = (0..nv).filter(|block| !bad.contains(block)).collect();
    let mut out = vec![0xFF; blocks * B];
    for (piece, block) in image.chunks(B).zip(&good) {
        out[block * B..][..piece.len()].copy_from_slice(piece);
    }
    let first = image.len().next_multiple_of(512).div_ceil(B);
    for (piece, block) in data.chunks(B).zip(&good[first..]) {
        out[block * B..][..piece.len()].copy_from_slice(piece);
    }
    let bitmap: Vec<u8> = (0..nv).map(|block| u8::from(bad.contains(&block))).collect();
    let tail = [bitmap.repeat(3), vec![0xDD, 0xCC, 0xBB, 0xAA], image].concat();
    let at = good[good.len() - first] * B;
    let len = tail.len().min(B);
    out[at..at + len].copy_from_slice(&tail[..len]);
    out
}

#[test]
fn reads_every_header_with_bad_blocks_and_with_a_map_of_two_blocks() {
    for (header, counters) in [(12, 2), (24, 7), (28, 10), (32, 11), (36, 14), (40, 16)] {
        for (files, nv, bad) in
            [(3, 35, &[][..]), (3, 22, &[0, 1][..]), (950, 35, &[2][..]), (3, 30, &[29][..])]
        {
            let mut image = build(header, counters, files, nv, bad, 40);
            let region = binregion::parse(&mut image).unwrap();
            assert_eq!((region.variant.len(), region.files.len(), region.nv), (header, files, nv as u64));
            assert!(region.checksum_valid());
            assert_eq!(region.files[2].bytes, (20..30).collect::<Vec<u8>>());
            assert_eq!(region.bad_blocks.len(), bad.len());
        }
    }
}

#[test]
fn journal_ranges_are_the_super_page_and_the_slots_written() {
    let mut image = build(28, 10, 3, 35, &[], 40);
    let region = binregion::parse(&mut image).unwrap();
    assert_eq!(binregion::journal_ranges(&mut image, &region).unwrap(), []);
    let (log, last) = (0x4C_0000, 0x4E_0000);
    image[log..log + 8].copy_from_slice(&[0x7B, 0x7B, 0x5A, 0x5A, 1, 0, 0, 0]);
    image[last..last + 12].copy_from_slice(&[0x7B, 0x7B, 0x5A, 0x5A, 0, 0, 0, 0, 3, 0, 0, 0]);
    let ranges = binregion::journal_ranges(&mut image, &region).unwrap();
    assert_eq!(ranges, [(log as u64, 3 * 512), (last as u64, 512)]);
}

fn refused(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut image = build(28, 10, 3, 35, &[], 40);
    let whole = image.clone();
    change(&mut image);
    assert!(image != whole, "nothing was changed");
    binregion::parse(&mut image).unwrap_err().to_string()
}

fn put(image: &mut [u8], at: usize, word: u32) {
    image[at..at + 4].copy_from_slice(&word.to_le_bytes());
}

#[test]
fn refuses_a_map_that_does_not_add_up_and_says_where() {
    // First title at 0x34, each 140 bytes: start at +4, size at +8, name at +12 (1.3).
    let first = 0x34;
    for (place, word, says) in [
        (0, 39, "map size at 0x0 is 0x27"),
        (0, 0x4_0000, "map size at 0x0"),
        (0, 461, "fits no title header"),
        (4, 0, "data size at 0x4 is 0x0"),
        (4, 0xFFFF_FFFF, "data size at 0x4"),
        (4, 31, "file sizes at 0x18"),
        (0x18, 4, "counters at 0x18"),
        (first + 140 + 4, 11, "title 1 starts at 0xb instead of 0xa"),
        (first + 8, 0, "title 0 has 0x0 bytes"),
        (first + 2 * 140 + 8, 11, "title 2 has 0xb bytes"),
        (first + 12, u32::from_le_bytes(*b"data"), "title 0 has no absolute printable path"),
        (first + 16, 0x0101_0101, "title 0 has no absolute printable path"),
    ] {
        let message = refused(|image| put(image, place, word));
        assert!(message.contains(says), "{place:#x}: {message}");
    }
    let message = refused(|image| image[first + 12..first + 140].fill(b'/'));
    assert!(message.contains("no absolute printable path"), "a name without end: {message}");
}

#[test]
fn refuses_data_that_reach_the_second_copy() {
    let message = refused(|image| {
        // One file of 34 blocks: the data would need the tail block.
        put(image, 4, 34 * 0x2_0000);
        put(image, 0x34 + 2 * 140 + 8, 34 * 0x2_0000 - 20);
    });
    assert!(message.contains("data size") && message.contains("second copy"), "{message}");
}

#[test]
fn tells_how_the_second_copy_compares() {
    use nvkeep::formats::binregion::TailState;
    let whole = build(28, 10, 3, 35, &[], 40);
    let tail = 34 * 0x2_0000;
    let state = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut image = whole.clone();
        change(&mut image);
        let region = binregion::parse(&mut image).unwrap();
        (region.tail.as_ref().map(|tail| tail.state), region.tail_checksum_at())
    };
    let checksum_at = Some(tail as u64 + 3 * 35 + 4 + 12);
    assert_eq!(state(&|_| ()), (Some(TailState::Agrees), checksum_at));
    // The clean flag is set after a backup, in the first copy only.
    assert_eq!(state(&|image| put(image, 8, 0x1234_5678)), (Some(TailState::Agrees), checksum_at));
    let other = state(&|image| put(image, tail + 3 * 35 + 4 + 12, 7));
    assert_eq!(other, (Some(TailState::Differs { checksum: 7 }), checksum_at));
    assert_eq!(state(&|image| image[tail + 109..].fill(0xFF)), (Some(TailState::NoMap), None));
    assert_eq!(state(&|image| image[tail + 35] = 1), (None, None), "bitmaps that differ are none");
    assert_eq!(state(&|image| image[tail + 105] = 0), (None, None), "no mark, no bitmap");
}

#[test]
fn tells_a_wrong_checksum_from_a_broken_structure() {
    let mut image = build(28, 10, 3, 35, &[], 40);
    image[0x2_0005] ^= 0x80;
    let region = binregion::parse(&mut image).unwrap();
    assert!(!region.checksum_valid());
    assert_eq!((region.files.len(), region.files[0].bytes[5]), (3, 0x85));
    assert_eq!(region.clean_flag, None);
    assert_eq!(region.file("APCFG/APRDEB/F1").unwrap().start, 10);
    assert!(region.file("PRDEB/F1").is_none(), "a name ends at a slash");
}

#[test]
fn reads_the_header_with_thirteen_counters() {
    // 14 counters do not add up, 13 do: the last two bytes before the lengths are padding (1.3, H2).
    let mut image = build(36, 13, 3, 35, &[], 40);
    image[0x0C + 12 + 26] = 9;
    let region = binregion::parse(&mut image).unwrap();
    assert_eq!((region.variant, region.counters.len()), (binregion::HeaderVariant::H2, 13));
}
