//! Pages and, in the older dialect, ranges: bad blocks, bit errors, wrong sums, time.

use nvkeep::simulator::{BadBlockAnswer, Departure, Presence};

use super::*;

#[test]
fn pages_are_read_without_those_of_bad_blocks() {
    let content = Random::new(40).bytes(3 * 0x2_0000);
    let mut phone = looped(small(), small_flash(&content), Dialect::D19);
    // From the last page of block 0 to the first of block 2; block 1 is bad.
    let header = hex("df 00 00 000000000001F800 0000000000021000 00000000");
    assert_eq!(ask(&mut phone, &header), hex("5a 00000800 00000040 00000840"));
    let first = [&content[0x1_F800..0x2_0000], &[0xFF; 64]].concat();
    let second = [&content[0x4_0000..0x4_0800], &[0xFF; 64]].concat();
    let framed = |page: &[u8]| [page, &sum16(page)].concat();
    let total = 0x1080_u64.to_be_bytes();
    assert_eq!(ask(&mut phone, &hex("00000001")), [&total[..], &framed(&first)].concat());
    assert_eq!(ask(&mut phone, &[0x69]), framed(&first), "69 is \"again\" here");
    assert_eq!(ask(&mut phone, &[0x5A]), framed(&second));
    assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
    for (flag, unit) in [(1, "00000800"), (2, "00000040"), (3, "00000800")] {
        assert_eq!(ask(&mut phone, &pages(flag, 0, 0x800, 0))[9..], hex(unit));
        ask(&mut phone, &hex("00000001"));
        assert_eq!(ask(&mut phone, &[0x96]), NOTHING);
    }
    for (header, code) in [
        (pages(0, 0x20_0000, 0x800, 0), "00000BE0"),
        (pages(0, 0, 0, 0), "00000BE0"),
        (pages(0, 0x400, 0x800, 0), "00000BDC"),
        (pages(5, 0, 0x800, 0), "000003EB"),
    ] {
        assert_eq!(ask(&mut phone, &header), hex(&format!("a5 {code}")));
    }
}

#[test]
fn a_bad_block_alone_is_nothing_or_is_refused() {
    let content = Random::new(43).bytes(3 * 0x2_0000);
    let mut phone = looped(small(), small_flash(&content), Dialect::D19);
    assert_eq!(read(&mut phone, &pages(3, 0x2_0000, 0x2_0000, 0), 16), (0, Vec::new()));
    assert_eq!(read(&mut phone, &pages(3, 0x2_1000, 0x800, 0), 16), (0, Vec::new()));
    let (total, bytes) = read(&mut phone, &pages(3, 0, 0x6_0000, 0), 16);
    assert_eq!(total, 0x4_0000);
    assert!(bytes == [&content[..0x2_0000], &content[0x4_0000..]].concat());
    let mut board = small();
    board.nand.bad_block_answer = BadBlockAnswer::Refused;
    let mut phone = looped(board, small_flash(&content), Dialect::D19);
    assert_eq!(ask(&mut phone, &pages(3, 0x2_0000, 0x2_0000, 0)), hex("a5 00000BE5"));
    assert_eq!(ask(&mut phone, &pages(3, 0x3_F800, 0x1000, 0)), hex("a5 00000BE5"));
    let (total, _) = read(&mut phone, &pages(3, 0, 0x6_0000, 0), 16);
    assert_eq!(total, 0x4_0000, "one that does not begin there is left out");
}

#[test]
fn a_mark_on_the_flash_is_enough() {
    let mut flash = small_flash(&[7; 0x800]);
    flash.write(Area::Spare, 3 * 64 * 64, &[0]).unwrap();
    let mut phone = looped(small(), flash, Dialect::D19);
    assert_eq!(read(&mut phone, &pages(3, 3 * 0x2_0000, 0x2_0000, 0), 64), (0, Vec::new()));
    assert_eq!(read(&mut phone, &pages(3, 4 * 0x2_0000, 0x2_0000, 0), 64).0, 0x2_0000);
}

#[test]
fn the_container_bounds_what_is_walked_over() {
    let mut phone = looped(small(), small_flash(&[7; 0x800]), Dialect::D19);
    assert_eq!(ask(&mut phone, &pages(3, 0, 0x4_0000, 0x2_0000)), hex("a5 00000C2A"));
    assert_eq!(read(&mut phone, &pages(3, 0, 0x4_0000, 0x4_0000), 64).0, 0x2_0000, "bad blocks count");
}

#[test]
fn a_read_may_go_on_behind_a_bad_block() {
    let content = Random::new(46).bytes(3 * 0x2_0000);
    let mut board = small();
    board.nand.bad_block_answer = BadBlockAnswer::Passed;
    board.nand.bad_blocks.push(15);
    let mut phone = looped(board, small_flash(&content), Dialect::D19);
    let third = &content[0x4_0000..0x6_0000];
    assert!(
        read(&mut phone, &pages(3, 0x2_0000, 0x2_0000, 0), 64).1 == third,
        "of the bad block the next one"
    );
    assert!(read(&mut phone, &pages(3, 0x2_0000, 0x2_0000, 0x4_0000), 64).1 == third);
    let (total, bytes) = read(&mut phone, &pages(3, 0x1_F800, 0x1000, 0x2_1000), 64);
    assert!(total == 0x1000 && bytes == [&content[0x1_F800..0x2_0000], &third[..0x800]].concat());
    for container in [0x2_0000, 0x3_F800] {
        assert_eq!(ask(&mut phone, &pages(3, 0x2_0000, 0x2_0000, container)), hex("a5 00000C2A"));
    }
    assert_eq!(ask(&mut phone, &pages(3, 0x1C_0000, 0x2_0800, 0)), hex("a5 00000C2B"));
}

#[test]
fn pages_of_four_kib_are_read_as_they_are() {
    let (board, flash) = Scenario::parse(FOUR_K).unwrap().build(None).unwrap();
    let mut phone = looped(board, flash, Dialect::D19);
    let (total, page) = read(&mut phone, &pages(0, (2048 - 0x50) * 0x4_0000, 0x1000, 0x1000), 1);
    assert_eq!((total, &page[..4], &page[0x1000..0x1006]), (0x1080, &b"1vTP"[..], &b"\xFF1vTP\x01"[..]));
    let (total, region) = read(&mut phone, &pages(3, 0x20_0000, 0x30_0000, 0), 64);
    assert_eq!((total, &region[..4]), (11 * 0x4_0000, &hex("0c3f0000")[..]));
}

#[test]
fn nothing_comes_of_pages_that_are_only_checked() {
    let mut phone = looped(small(), small_flash(&[7; 0x800]), Dialect::D19);
    assert_eq!(read(&mut phone, &pages(4, 0, 0x2_0000, 0), 64), (0, Vec::new()));
}

/// The bytes of page 5 with each of these bits inverted.
fn flipped(page: &[u8], bits: &[(usize, u8)]) -> Vec<u8> {
    let mut page = page.to_vec();
    for (byte, bit) in bits {
        page[*byte] ^= 1 << bit;
    }
    page
}

#[test]
fn bit_errors_are_corrected_up_to_four_in_512_bytes() {
    let content = Random::new(44).bytes(0x4000);
    let page = &content[5 * 0x800..6 * 0x800];
    let few = [(0, 0), (511, 7), (100, 3), (200, 4)];
    let many = [(1024, 1), (1025, 1), (1026, 1), (1027, 1), (1535, 1)];
    let mut board = small();
    let error = |(byte, bit): &(usize, u8)| [5, *byte as u32, u32::from(*bit)];
    board.nand.bit_errors = few.iter().chain(&many).map(error).collect();
    board.nand.bit_errors.push([5, 2048 + 20, 2]);
    let mut phone = looped(board.clone(), small_flash(&content), Dialect::D19);
    let raw = flipped(page, &[&few[..], &many].concat());
    assert_eq!(read(&mut phone, &pages(1, 5 * 0x800, 0x800, 0), 1).1, raw);
    assert_eq!(read(&mut phone, &pages(3, 5 * 0x800, 0x800, 0), 1).1, flipped(page, &many));
    let spare = flipped(&[0xFF; 64], &[(20, 2)]);
    assert_eq!(read(&mut phone, &pages(0, 5 * 0x800, 0x800, 0), 1).1, [&raw[..], &spare].concat());
    assert_eq!(read(&mut phone, &pages(2, 5 * 0x800, 0x800, 0), 1).1, spare);
    let (_, other) = read(&mut phone, &pages(1, 6 * 0x800, 0x800, 0), 1);
    assert_eq!(other, content[6 * 0x800..7 * 0x800], "other pages are sound");
    // The older dialect's READ is corrected too; that it starts within a page does not matter.
    let mut phone = looped(board, small_flash(&content), Dialect::D13);
    assert_eq!(ask(&mut phone, &hex("d6 01 0000000000002a00 0000000000000800")), [0x5A]);
    let wanted = [&flipped(page, &many)[0x200..], &content[0x3000..0x3200]].concat();
    assert_eq!(ask(&mut phone, &hex("00000800")), [&wanted[..], &sum16(&wanted)].concat());
}

#[test]
fn spare_bytes_are_those_of_the_flash() {
    let mut phone = built("", Dialect::D19);
    let (_, spare) = read(&mut phone, &pages(2, 4016 * 0x2_0000, 0x1000, 0), 2);
    assert_eq!(spare, [&b"\xFF1vTP\x01"[..], &[0xFF; 58 + 64]].concat());
    // The first page of USRDATA: the folder "nvram", object 257, below the root.
    let (_, both) = read(&mut phone, &pages(0, 0x152C_0000, 0x800, 0), 1);
    assert_eq!(both[..16], hex("03000000 01000000 ffff 6e767261 6d00"));
    assert_eq!(both[0x800..0x812], hex("ffff 00100000 01010000 00000000 00000000"));
    // NVRAM without its bad block: header, data and the rest.
    let (total, region) = read(&mut phone, &pages(3, 0x18_0000, 0x18_0000, 0), 64);
    assert_eq!(total, 11 * 0x2_0000);
    let [map, data] = [0, 4].map(|at| u32::from_le_bytes(region[at..at + 4].try_into().unwrap()));
    assert_eq!((map, region[0x2_0000 + data as usize]), (16140, 0xFF));
    assert!(region[0x2_0000..0x2_0000 + 66].iter().any(|byte| *byte != 0xFF));
    let mut phone = built("[nand]\nnew_bad_blocks = [14]\n", Dialect::D19);
    let (total, _) = read(&mut phone, &pages(3, 0x18_0000, 0x18_0000, 0), 64);
    assert_eq!(total, 10 * 0x2_0000, "what became bad later is left out as well");
}

#[test]
fn a_packet_may_have_a_wrong_sum_and_is_repeated_right() {
    let content = Random::new(45).bytes(0x2000);
    let facts = AgentFacts { wrong_sum: Some(2), ..AgentFacts::default() };
    let mut phone = looped(Board { agent: facts, ..small() }, small_flash(&content), Dialect::D19);
    ask(&mut phone, &pages(1, 0, 0x2000, 0));
    assert_eq!(
        ask(&mut phone, &hex("00000002"))[8..],
        [&content[..0x1000], &sum16(&content[..0x1000])].concat()
    );
    let right = sum16(&content[0x1000..]);
    let wrong = (u16::from_be_bytes(right) + 1).to_be_bytes();
    assert_eq!(ask(&mut phone, &[0x5A]), [&content[0x1000..], &wrong].concat());
    assert_eq!(ask(&mut phone, &[0x69]), [&content[0x1000..], &right].concat());
    assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
}

#[test]
fn it_can_fall_silent_or_lose_its_cable_within_a_packet() {
    let [first, _] = stages(&container(&recipe(Dialect::D19)));
    let packets_of = |phone: &Phone| phone.counters().in_packets;
    let before = packets_of(&jumped(small(), small_flash(&[]), &first));
    let fields = packets_of(&looped(small(), small_flash(&[]), Dialect::D19)) - before;
    for (more, first, second) in
        [(0, 0, 0), (2, 5, 0), (4, 13, 0), (5, 13, 4), (6, 13, 8), (7, 13, 8 + 0x800)]
    {
        let agent = AgentFacts { silent_after: Some(fields + more), ..AgentFacts::default() };
        let mut phone = looped(Board { agent, ..small() }, small_flash(&[]), Dialect::D19);
        assert_eq!(ask(&mut phone, &pages(1, 0, 0x800, 0)).len(), first);
        assert_eq!(ask(&mut phone, &hex("00000001")).len(), second, "after {more} fields");
        assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
        assert_eq!(phone.presence(), Presence::Connected);
    }
    // Both directions count: arguments, answer, count, total, and half of the packet.
    let mut phone = looped(small(), small_flash(&[]), Dialect::D19);
    let sent = phone.counters().out_bytes + phone.counters().in_bytes;
    let jump = jumped(small(), small_flash(&[]), &first).counters();
    let so_far = sent - jump.out_bytes - jump.in_bytes;
    ask(&mut phone, &pages(1, 0, 0x800, 0));
    let agent =
        AgentFacts { cut_after_bytes: Some(so_far + 23 + 13 + 4 + 8 + 0x400), ..AgentFacts::default() };
    let mut phone = looped(Board { agent, ..small() }, small_flash(&[]), Dialect::D19);
    ask(&mut phone, &pages(1, 0, 0x800, 0));
    assert_eq!(ask(&mut phone, &hex("00000001")).len(), 8 + 0x400);
    assert_eq!(phone.presence(), Presence::Gone { why: Departure::Cut });
}

#[test]
fn reading_pages_takes_its_time() {
    let agent = AgentFacts { read_us_per_kib: 1000, ..AgentFacts::default() };
    let mut phone = looped(Board { agent, ..small() }, small_flash(&[]), Dialect::D19);
    ask(&mut phone, &pages(1, 0, 0x2000, 0));
    phone.hear(&hex("00000002"));
    let total = packets(&mut phone).concat();
    assert_eq!(total, 0x2000_u64.to_be_bytes());
    phone.pass(Duration::from_micros(3999));
    assert_eq!(packets(&mut phone).len(), 0);
    phone.pass(Duration::from_micros(1));
    assert_eq!(packets(&mut phone).concat().len(), 0x1000 + 2);
}

#[test]
fn the_older_dialect_reads_nand_as_a_storage() {
    let content = Random::new(41).bytes(3 * 0x2_0000);
    let mut phone = looped(small(), small_flash(&content), Dialect::D13);
    assert_eq!(ask(&mut phone, &hex("d6 01 0000000000000000 0000000000000800")), [0x5A]);
    let page = &content[..0x800];
    assert_eq!(ask(&mut phone, &hex("00000800")), [page, &sum16(page)].concat());
    assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
    assert_eq!(ask(&mut phone, &hex("d6 02 0000000000000000 0000000000000800")), hex("a5 00000C48"));
    for (at, length) in [("20000", "800"), ("1f800", "1000"), ("3fe00", "200")] {
        let header = hex(&format!("d6 01 {at:0>16} {length:0>16}"));
        assert_eq!(ask(&mut phone, &header), hex("a5 00000BE1"), "a bad block, as this dialect counts");
    }
    assert_eq!(ask(&mut phone, &hex("d6 01 0000000000200000 0000000000000800")), hex("a5 00000BDC"));
    assert_eq!(ask(&mut phone, &hex("d6 01 0000000000000000 ffffffffffffffff")), hex("a5 00000BDC"));
    assert_eq!(ask(&mut phone, &[0xDF]), NOTHING, "it has no pages");
}

#[test]
fn hostile_hosts_find_nothing_to_break() {
    let mut random = Random::new(1799);
    for round in 0..60 {
        let mut phone = looped(small(), small_flash(&[7; 0x900]), BOTH[round % 2]);
        for _ in 0..40 {
            let len = random.below(60) as usize;
            let mut bytes = random.bytes(len);
            if let (Some(first), true) = (bytes.first_mut(), random.below(2) == 0) {
                *first = [0xDF, 0xD6, 0xA5, 0xB3, 0xD4, 0x60][random.below(6) as usize];
            }
            if random.below(4) == 0 {
                let (at, length) = (random.below(0x22_0000) & !0x7FF, random.below(0x4_0000));
                bytes = pages(random.below(6) as u8, at, length, random.below(0x8_0000) as u32);
            }
            phone.hear(&bytes);
            phone.pass(Duration::from_millis(random.below(50)));
            for _ in 0..50 {
                if phone.next_packet().is_none() {
                    break;
                }
            }
        }
    }
}
