//! WRITE_DATA, WRITE_IMAGE and FORMAT.

use nvkeep::simulator::agent::{AgentFacts, Dialect, Policy};
use nvkeep::simulator::{CardFault, Departure, Leaves, Presence};

use super::*;
use crate::support::Random;

/// One packet with its go-ahead and its sum, each a transfer of its own.
fn packet(phone: &mut Phone, bytes: &[u8]) -> Vec<u8> {
    assert_eq!(ask(phone, &[0x5A]), NOTHING);
    assert_eq!(ask(phone, bytes), NOTHING);
    ask(phone, &sum16(bytes))
}

#[test]
fn writes_packet_by_packet() {
    let new = Random::new(21).bytes(0x1000 + 700);
    for dialect in BOTH {
        let mut phone = looped(board(), holding(0x8000, &[0xEE; 0x2000]), dialect);
        assert_eq!(ask(&mut phone, &write_header(0x8000, new.len() as u64, 0x800)), [0x5A]);
        for piece in new.chunks(0x800) {
            assert_eq!(packet(&mut phone, piece), [0x69]);
        }
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"), "nothing follows the last packet");
        assert!(phone.violations().is_empty());
        let kept = content(phone, 0x8000, 0x2000);
        assert_eq!(kept[..new.len()], new);
        assert!(kept[new.len()..].iter().all(|byte| *byte == 0xEE), "the tail of the last block stays");
    }
}

#[test]
fn a_wrong_sum_writes_nothing_and_asks_again() {
    let new = Random::new(22).bytes(0x400);
    for (dialect, refused) in [(Dialect::D19, "a5 00000BF9"), (Dialect::D13, "a5 00000BF5")] {
        let mut phone = looped(board(), blank(), dialect);
        ask(&mut phone, &write_header(0, 0x400, 0x400));
        for _ in 0..5 {
            ask(&mut phone, &[0x5A]);
            ask(&mut phone, &new);
            assert_eq!(ask(&mut phone, &hex("ffff")), hex(refused));
        }
        assert_eq!(packet(&mut phone, &new), [0x69]);
        assert_eq!(content(phone, 0, 0x400), new);
    }
}

#[test]
fn an_unchecked_write_takes_any_sum() {
    let new = Random::new(22).bytes(0x400);
    let mut phone = looped(board(), blank(), Dialect::D19);
    let mut header = write_header(0, 0x400, 0x400);
    header[1] = 0;
    ask(&mut phone, &header);
    ask(&mut phone, &[0x5A]);
    ask(&mut phone, &new);
    assert_eq!(ask(&mut phone, &hex("ffff")), [0x69]);
    assert_eq!(content(phone, 0, 0x400), new);
}

#[test]
fn a_write_can_be_left_between_packets_only() {
    let new = Random::new(23).bytes(0x800);
    let mut phone = looped(board(), blank(), Dialect::D19);
    ask(&mut phone, &write_header(0, 0x800, 0x400));
    assert_eq!(packet(&mut phone, &new[..0x400]), [0x69]);
    assert_eq!(ask(&mut phone, &[0x96]), NOTHING);
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
    ask(&mut phone, &write_header(0, 0x800, 0x400));
    assert_eq!(ask(&mut phone, &[0xA5]), NOTHING);
    assert_eq!(ask(&mut phone, &[0x5A]), NOTHING, "hangs for ever");
    assert_eq!(ask(&mut phone, &[0x72]), NOTHING);
    assert_eq!(content(phone, 0, 0x800), [&new[..0x400], &[0; 0x400]].concat(), "a partial write");
}

#[test]
fn a_cut_cable_leaves_whole_packets() {
    let new = Random::new(24).bytes(0x800);
    let mut phone = looped(board(), blank(), Dialect::D19);
    ask(&mut phone, &write_header(0, 0x800, 0x400));
    assert_eq!(packet(&mut phone, &new[..0x400]), [0x69]);
    ask(&mut phone, &[0x5A]);
    ask(&mut phone, &new[0x400..0x600]);
    phone.cut();
    assert_eq!(content(phone, 0, 0x800), [&new[..0x400], &[0; 0x400]].concat());
}

#[test]
fn writes_are_refused_for_the_right_reason() {
    for (dialect, header, number) in [
        (Dialect::D19, write_header(0x100, 0x200, 0x400), "00000BDC"),
        (Dialect::D19, write_header(0xE6A0_0000, 0x200, 0x400), "00000BDC"),
        (Dialect::D19, write_header(0, 0, 0x400), "00000BE0"),
        (Dialect::D19, write_header(0xE69F_FE00, 0x201, 0x400), "00000BE0"),
        (Dialect::D13, write_header(0x100, 0x200, 0x400), "00000BD8"),
    ] {
        let mut phone = looped(board(), blank(), dialect);
        assert_eq!(ask(&mut phone, &header), [&[0xA5][..], &hex(number)].concat());
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
    }
    let mut phone = looped(board(), blank(), Dialect::D19);
    for (part, number) in [(3, "00000C55"), (5, "00000C50")] {
        let mut header = write_header(0, 0x200, 0x400);
        header[2] = part;
        assert_eq!(ask(&mut phone, &header), [&[0xA5][..], &hex(number)].concat());
    }
    let policy = Policy { no_write: true, no_format: true, ..Policy::default() };
    let mut phone = looped(with(AgentFacts { policy, ..AgentFacts::default() }), blank(), Dialect::D19);
    assert_eq!(ask(&mut phone, &write_header(0, 0x200, 0x400)), hex("a5 0000177A"));
    let format = hex("d4 02 00 00 00 0000000000000000 0000000000000200");
    assert_eq!(ask(&mut phone, &format), hex("a5 0000177C"));
}

#[test]
fn what_begins_like_a_sparse_image_is_not_written_raw() {
    let mut trap = Random::new(25).bytes(0x400);
    trap[..4].copy_from_slice(&hex("3aff26ed"));
    let mut phone = looped(board(), holding(0, &[0xEE; 0x400]), Dialect::D19);
    ask(&mut phone, &write_header(0, 0x400, 0x400));
    assert_eq!(packet(&mut phone, &trap), [0x69]);
    assert!(phone.violations().iter().any(|what| what.contains("sparse")));
    assert_eq!(content(phone, 0, 0x400), [0; 0x400], "erased");
    // Where it begins a later packet it is data like any other.
    let mut phone = looped(board(), blank(), Dialect::D19);
    ask(&mut phone, &write_header(0, 0x800, 0x400));
    assert_eq!(packet(&mut phone, &[1; 0x400]), [0x69]);
    assert_eq!(packet(&mut phone, &trap), [0x69]);
    assert_eq!(content(phone, 0x400, 0x400), trap);
}

#[test]
fn what_the_card_gets_wrong_is_wrong_here() {
    let new = Random::new(26).bytes(0x800);
    let on = |faults: Vec<CardFault>| {
        let mut phone = looped(Board { faults, ..board() }, holding(0, &[0xEE; 0x800]), Dialect::D19);
        ask(&mut phone, &write_header(0, 0x800, 0x800));
        let answer = packet(&mut phone, &new);
        (answer, phone)
    };
    let (answer, mut phone) = on(vec![CardFault::WriteProtected { first: 2, count: 1 }]);
    assert_eq!(answer, hex("a5 00000C52"));
    assert_eq!(packet(&mut phone, &new), hex("a5 00000C52"), "it waits for the packet again");
    assert_eq!(ask(&mut phone, &[0x96]), NOTHING);
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
    assert_eq!(content(phone, 0, 0x800), [&new[..0x400], &[0xEE; 0x400]].concat());
    let (answer, phone) = on(vec![CardFault::WriteDropped { lba: 1 }]);
    assert_eq!(answer, [0x69]);
    assert_eq!(content(phone, 0, 0x800), [&new[..0x200], &[0xEE; 0x200], &new[0x400..]].concat());
    let (answer, phone) = on(vec![CardFault::PowerLoss { nth: 3, leaves: Leaves::Old }]);
    assert_eq!(answer, NOTHING);
    assert_eq!(phone.presence(), Presence::Gone { why: Departure::PowerLost });
    assert_eq!(content(phone, 0, 0x800), [&new[..0x400], &[0xEE; 0x400]].concat());
    let (answer, _) = on(vec![CardFault::BusyForEver { nth: 2 }]);
    assert_eq!(answer, hex("a5 00000C52"));
}

#[test]
fn an_image_is_summed_twice_and_noted() {
    let new = Random::new(27).bytes(0x300);
    let header = hex("61 02 08 0000000000000400 0000000000000300 00 03");
    for (total, answer) in [(sum16(&new), vec![0x5A]), ([0, 1], [&[0xA5][..], &sum16(&new)].concat())] {
        let mut phone = looped(board(), blank(), Dialect::D19);
        assert_eq!(ask(&mut phone, &header), hex("00100000 5a"));
        assert_eq!(packet(&mut phone, &new), [0x69]);
        assert_eq!(ask(&mut phone, &total), answer);
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
        let (_, flash) = phone.unplug();
        let mut bytes = [0; 22];
        flash.read(Area::User, 0xE69F_F800, &mut bytes).unwrap();
        assert_eq!(&bytes, b"DOWNLOAD INFORMATION!!");
    }
}

#[test]
fn a_format_is_one_shot() {
    for (dialect, progress) in [(Dialect::D19, "00000BD1 00"), (Dialect::D13, "00000BCD 00")] {
        let mut phone = looped(board(), holding(0, &[0xEE; 0x2000]), dialect);
        let header = hex("d4 02 00 00 00 0000000000000200 0000000000001000");
        assert_eq!(ask(&mut phone, &header), [&hex("5a 5a")[..], &hex(progress)].concat());
        assert_eq!(ask(&mut phone, &[0x5A]), hex("00000000 64"));
        assert_eq!(ask(&mut phone, &[0x5A]), hex("5a 5a"));
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
        let kept = content(phone, 0, 0x2000);
        assert_eq!(kept, [vec![0xEE; 0x200], vec![0; 0x1000], vec![0xEE; 0xE00]].concat());
    }
    let mut phone = looped(board(), blank(), Dialect::D19);
    assert_eq!(ask(&mut phone, &hex("d4 02 00 00 00 0000000000000100 0000000000001000")), hex("a5 00000BDC"));
    let beyond = hex("d4 02 00 00 00 00000000E69FFE00 0000000000001000");
    assert_eq!(ask(&mut phone, &beyond), hex("5a a5 00000BE0"));
}

#[test]
fn a_format_may_be_told_piece_by_piece() {
    let pieces = |faults| {
        let agent = AgentFacts { format_in_pieces: true, ..AgentFacts::default() };
        let mut phone = looped(Board { faults, ..with(agent) }, holding(0, &[0xEE; 0x3_0000]), Dialect::D19);
        let header = hex("d4 02 00 00 00 0000000000000200 0000000000020000");
        assert_eq!(ask(&mut phone, &header), hex("5a 5a 00000BD1 00"));
        phone
    };
    let mut phone = pieces(vec![]);
    assert_eq!(ask(&mut phone, &[0x5A]), hex("00000BD1 32"));
    assert_eq!(ask(&mut phone, &[0x5A]), hex("00000000 64"));
    assert_eq!(ask(&mut phone, &[0x5A]), hex("5a 5a"));
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
    let (_, flash) = phone.unplug();
    let mut bytes = vec![0; 0x3_0000];
    flash.read(Area::User, 0, &mut bytes).unwrap();
    assert_eq!(bytes, [vec![0xEE; 0x200], vec![0xFF; 0x2_0000], vec![0xEE; 0xFE00]].concat());
    flash.read(Area::User, 0xE69F_F800, &mut bytes[..22]).unwrap();
    assert_eq!(&bytes[..22], b"DOWNLOAD INFORMATION!!", "every change leaves a note");
    let mut phone = pieces(vec![CardFault::WriteProtected { first: 0x90, count: 1 }]);
    assert_eq!(ask(&mut phone, &[0x5A]), hex("00000BD1 32"));
    assert_eq!(ask(&mut phone, &[0x5A]), hex("00000C52 0000000000010200 96 5a"));
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
    let mut phone = pieces(vec![CardFault::PowerLoss { nth: 1, leaves: Leaves::Old }]);
    assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
    assert_eq!(phone.presence(), Presence::Gone { why: Departure::PowerLost });
}

/// An entry as a host tells it.
fn entry(dialect: Dialect, name: &str, size: u64, offset: u64) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(64, 0);
    bytes.extend(size.to_le_bytes());
    if dialect == Dialect::D19 {
        bytes.extend(0xFF_u64.to_le_bytes());
    }
    bytes.extend([offset.to_le_bytes(), 7_u64.to_le_bytes()].concat());
    bytes
}

/// Sends a table of two, up to the flag.
fn tell_table(phone: &mut Phone, dialect: Dialect, update: u32) -> (Vec<u8>, Vec<u8>) {
    assert_eq!(ask(phone, &[0xA4]), [0x5A]);
    assert_eq!(ask(phone, &hex("00000002")), [0x5A]);
    let entries = [entry(dialect, "MBR", 0x8_0000, 0x60_0000), entry(dialect, "USRDATA", 0, 0x68_0000)];
    for entry in &entries {
        assert_eq!(ask(phone, entry), [0x69]);
    }
    (entries.concat(), ask(phone, &update.to_be_bytes()))
}

#[test]
fn a_table_that_is_written_is_told_again_and_lies_in_both_copies() {
    for dialect in BOTH {
        let mut phone = looped(board(), blank(), dialect);
        let (told, answer) = tell_table(&mut phone, dialect, 1);
        assert_eq!(answer, hex("5a 5a"));
        assert_eq!(ask(&mut phone, &[0xA5])[0], 0x5A);
        assert_eq!(ask(&mut phone, &[0x5A]), told);
        ask(&mut phone, &[0x5A]);
        let (_, flash) = phone.unplug();
        for (at, signature) in [(0xE690_0000, b"1vTP"), (0xE690_1000, b"1TPM")] {
            let mut copy = vec![0; 4096];
            flash.read(Area::User, at, &mut copy).unwrap();
            assert!(copy.starts_with(signature) && copy.ends_with(signature));
            let (first, second) = (
                entry(Dialect::D13, "MBR", 0x8_0000, 0x60_0000),
                entry(Dialect::D13, "USRDATA", 0, 0x68_0000),
            );
            assert_eq!(copy[8..8 + 0xB0], [first, second].concat());
            assert_eq!(copy[0xFF8..0xFFC], [1, 0, 0, 0], "the sequence number");
        }
    }
}

#[test]
fn a_table_may_be_told_in_vain() {
    let mut phone = looped(board(), blank(), Dialect::D19);
    assert_eq!(tell_table(&mut phone, Dialect::D19, 0).1, hex("5a 5a"));
    assert_eq!(ask(&mut phone, &[0xA5]), hex("a5 0000040D"));
    let faults = vec![CardFault::WriteProtected { first: 0xE690_0000 / 512, count: 1 }];
    let mut phone = looped(Board { faults, ..board() }, blank(), Dialect::D19);
    assert_eq!(tell_table(&mut phone, Dialect::D19, 1).1, hex("5a a5 000013CD"));
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
    assert_eq!(ask(&mut phone, &[0xA4]), [0x5A]);
    assert_eq!(ask(&mut phone, &hex("00000029")), NOTHING, "41 entries hang it");
    assert_eq!(ask(&mut phone, &[0x72]), NOTHING);
}

#[test]
fn a_packet_length_outside_the_agents_buffer_hangs() {
    for packet in [0, 0x10_0001, u32::MAX] {
        let mut phone = looped(board(), blank(), Dialect::D19);
        assert_eq!(ask(&mut phone, &write_header(0, 0x400, packet)), NOTHING);
        assert_eq!(ask(&mut phone, &[0x72]), NOTHING);
        let mut phone = looped(board(), blank(), Dialect::D19);
        ask(&mut phone, &read_header(Dialect::D19, 0x0C, 0, 0x400));
        assert_eq!(ask(&mut phone, &packet.to_be_bytes()), NOTHING);
        assert_eq!(phone.violations().len(), 1);
    }
}
