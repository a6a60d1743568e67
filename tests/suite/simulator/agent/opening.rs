//! The first stage, and the second up to its loop.

use std::time::Duration;

use nvkeep::simulator::agent::{AgentFacts, Dialect, Flaw, Recipe, container};
use nvkeep::simulator::{Departure, Phone, Presence, Return};

use super::*;
use crate::support::Random;

#[test]
fn golden_stream_of_d19() {
    let [first, second] = stages(&container(&recipe(Dialect::D19)));
    assert_eq!([first.len(), second.len()], [0xEA6C, 0x279C0]);
    let mut phone = jumped(board(), blank(), &first);
    assert_eq!(packets(&mut phone), [[0xC0]]);
    let opening =
        "00000BC4  0007  0000 0000 0000 0000 0000 0000 0000  00000000  90014A48 38473165 05071234 5678AB00";
    assert_eq!(said(&mut phone), hex(opening));
    assert_eq!(ask(&mut phone, &[0x5A]), hex("04 02 88"));
    assert_eq!(ask(&mut phone, &hex(CONFIGURATION)), hex("00000000"));
    assert_eq!(ask(&mut phone, &hex("80000000 000279C0 00001000")), [0x5A]);
    for packet in second[..0x27000].chunks(0x1000) {
        phone.hear(packet);
        assert_eq!(packets(&mut phone), [[0x5A]]);
    }
    phone.hear(&second[0x27000..]);
    assert_eq!(packets(&mut phone), [[0x5A], [0x5A]]);
    phone.hear(&[0x5A]);
    phone.pass(Duration::from_secs(5));
    let report = hex(concat!(
        "00000BC7 00 08 FFFF 00000000 0000 0000 0000 0000 00000000 00000000",
        "00000BC8 00 FFFF 00000000 0007 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 00 00 00",
        "00000000",
        "0000000000200000 0000000000200000 0000000000200000",
        "0000000000000000 0000000000000000 0000000000000000 0000000000000000",
        "00000000E6A00000",
        "90014A48 38473165 05071234 5678AB00  48 38 47 31 65 05 00 00",
        "00000C4F 0000000000000000 00000000 00000000 00000000 00000000",
        "00000000 00020000  00000000 02 00 0000000020000000",
        "00000000000000000000000000000000",
        "5A 00000C0B 00000409 C1"
    ));
    assert_eq!(report.len(), 222 + 10);
    assert_eq!(said(&mut phone), report);
    assert!(phone.violations().is_empty(), "{:?}", phone.violations());
}

#[test]
fn golden_stream_of_d13() {
    let [first, second] = stages(&container(&recipe(Dialect::D13)));
    assert_eq!([first.len(), second.len()], [0xA174, 0x237D0]);
    let mut phone = jumped(board(), blank(), &first);
    assert_eq!(packets(&mut phone), [[0xC0], [0x04], [0x02], [0x88]]);
    assert_eq!(ask(&mut phone, &hex(OLD_CONFIGURATION)), hex("00000000"));
    assert_eq!(upload_second(&mut phone, &second), [0x5A]);
    let report = hex(concat!(
        "00000BC3 00 08 FFFF 00000000 0000 0000 0000 0000 00000000 00000000",
        "00000BC4 00 FFFF 00000000 0000 0000 0000 0000 0000 0000 0000 0000 00 00 00",
        "00000000",
        "00200000 00200000 00200000 00000000 00000000 00000000 00000000",
        "00000000E6A00000",
        "90014A48 38473165 05071234 5678AB00  48 38 47 31 65 05 00 00",
        "00000C4A 0000000000000000 00000000 00000000 00000000 00000000",
        "00000000 00020000  00000000 02 00 20000000",
        "00000000000000000000000000000000",
        "5A 00000C06 00000409 C1"
    ));
    assert_eq!(report.len(), 184 + 10);
    assert_eq!(ask(&mut phone, &[0x5A]), report);
}

#[test]
fn every_field_is_a_packet_of_its_own() {
    let [first, _] = stages(&container(&recipe(Dialect::D19)));
    let mut phone = jumped(board(), blank(), &first);
    phone.pass(Duration::from_secs(1));
    let lens: Vec<usize> = std::iter::from_fn(|| {
        phone.pass(Duration::from_secs(1));
        phone.next_packet()
    })
    .map(|packet| packet.len())
    .collect();
    assert_eq!(lens, [1, 4, 2, 2, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4]);
}

#[test]
fn probing_takes_its_time() {
    let [first, _] = stages(&container(&recipe(Dialect::D19)));
    let mut phone = jumped(with(AgentFacts { probe_ms: 900, ..AgentFacts::default() }), blank(), &first);
    assert_eq!(phone.next_packet().unwrap(), [0xC0]);
    phone.pass(Duration::from_millis(899));
    assert_eq!(phone.next_packet(), None);
    phone.pass(Duration::from_millis(1));
    assert_eq!(phone.next_packet().unwrap(), hex("00000BC4"));
}

#[test]
fn scalars_may_share_packets_or_be_split() {
    let [first, _] = stages(&container(&recipe(Dialect::D19)));
    for pieces in [1, 5, 31] {
        let mut phone = jumped(board(), blank(), &first);
        said(&mut phone);
        let bytes = [&[0x5A][..], &hex(CONFIGURATION), &hex("80000000 00001234 00001000")].concat();
        let answer: Vec<u8> = bytes.chunks(pieces).flat_map(|piece| ask(&mut phone, piece)).collect();
        assert_eq!(answer, hex("04 02 88 00000000 5A"));
        phone.hear(&[]);
        assert!(phone.violations().is_empty());
    }
}

#[test]
fn a_whole_multiple_of_the_packet_still_gets_one_more_acknowledgement() {
    for dialect in BOTH {
        let even = Recipe { second_len: 0x3000, ..recipe(dialect) };
        let [first, second] = stages(&container(&even));
        let mut phone = jumped(board(), blank(), &first);
        configured(&mut phone, dialect);
        assert_eq!(ask(&mut phone, &hex("80000000 00003000 00001000")), [0x5A]);
        for packet in second.chunks(0x1000).take(2) {
            assert_eq!(ask(&mut phone, packet), [0x5A]);
        }
        // The third packet's, the one for the empty remainder, and "ready".
        assert_eq!(ask(&mut phone, &second[0x2000..]), [0x5A; 3]);
    }
}

#[test]
fn a_foreign_second_stage_is_met_with_silence_in_d19_alone() {
    for dialect in BOTH {
        let mixed = Recipe { flaws: vec![Flaw::ForeignSecondStage], ..recipe(dialect) };
        let [first, second] = stages(&container(&mixed));
        let mut phone = jumped(board(), blank(), &first);
        configured(&mut phone, dialect);
        let after = upload_second(&mut phone, &second);
        match dialect {
            Dialect::D19 => {
                assert_eq!(after, NOTHING);
                assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
                phone.pass(Duration::from_secs(3600));
                assert_eq!(phone.presence(), Presence::Connected);
            }
            Dialect::D13 => assert_eq!(after, [0x5A]),
        }
    }
}

#[test]
fn a_changed_byte_of_the_second_stage_silences_d19() {
    let [first, mut second] = stages(&container(&recipe(Dialect::D19)));
    let mut signed_part = second.clone();
    *signed_part.last_mut().unwrap() ^= 1;
    let mut phone = jumped(board(), blank(), &first);
    configured(&mut phone, Dialect::D19);
    assert_eq!(upload_second(&mut phone, &signed_part), [0x5A], "the digest leaves the signature out");
    second[0x100] ^= 1;
    let mut phone = jumped(board(), blank(), &first);
    configured(&mut phone, Dialect::D19);
    assert_eq!(upload_second(&mut phone, &second), NOTHING);
}

#[test]
fn an_upload_that_came_damaged_never_speaks() {
    let [mut first, _] = stages(&container(&recipe(Dialect::D19)));
    first[0x2000] ^= 0x40;
    // The phone does not know: its checksum differs from the file's, and its status is good (9.5).
    let mut phone = jumped(board(), blank(), &first);
    assert_eq!(said(&mut phone), NOTHING);
}

#[test]
fn another_chips_agent_says_so_and_stops() {
    let [first, _] = stages(&container(&Recipe { chips: vec![[0x6582, 0, 0, 0]], ..recipe(Dialect::D19) }));
    let mut phone = jumped(board(), blank(), &first);
    said(&mut phone);
    assert_eq!(ask(&mut phone, &[0x5A]), hex("04 02 FF"));
    assert_eq!(ask(&mut phone, &hex("00000000")), [0x5A]);
    assert_eq!(ask(&mut phone, &hex(CONFIGURATION)), NOTHING);
}

#[test]
fn the_agent_may_refuse_the_chip_after_its_report() {
    let [first, second] = stages(&container(&recipe(Dialect::D19)));
    let mut phone = jumped(with(AgentFacts { soc_fails: true, ..AgentFacts::default() }), blank(), &first);
    configured(&mut phone, Dialect::D19);
    upload_second(&mut phone, &second);
    assert_eq!(ask(&mut phone, &[0x5A]).last(), Some(&0xCF));
    assert_eq!(ask(&mut phone, &hex("00000000")), [0x5A]);
    assert_eq!(ask(&mut phone, &[0x72]), NOTHING);
}

#[test]
fn a_block_glued_to_a_scalar_is_lost() {
    let [first, second] = stages(&container(&recipe(Dialect::D19)));
    let mut phone = jumped(board(), blank(), &first);
    configured(&mut phone, Dialect::D19);
    let glued = [&hex("80000000 000279C0 00001000")[..], &second[..0x1000]].concat();
    assert_eq!(ask(&mut phone, &glued), [0x5A]);
    assert!(phone.violations().iter().any(|what| what.contains("glued")), "{:?}", phone.violations());
    // The first 500 bytes went with the scalars: it still waits for as many.
    assert_eq!(ask(&mut phone, &second[0x1000..0x1000 + 400]), NOTHING);
    assert_eq!(ask(&mut phone, &second[0x1000 + 400..0x1000 + 500]), [0x5A]);
}

#[test]
fn a_packet_over_the_end_of_a_block_hangs() {
    let [first, second] = stages(&container(&recipe(Dialect::D19)));
    let mut phone = jumped(board(), blank(), &first);
    configured(&mut phone, Dialect::D19);
    assert_eq!(ask(&mut phone, &hex("80000000 00000210 00001000")), [0x5A]);
    assert_eq!(ask(&mut phone, &second[..0x211]), NOTHING);
    assert_eq!(ask(&mut phone, &second[..0x210]), NOTHING);
    assert_eq!(phone.violations().len(), 1);
}

#[test]
fn a_stream_without_packets_is_forgiven() {
    let [first, second] = stages(&container(&recipe(Dialect::D13)));
    let mut phone = jumped(board(), blank(), &first);
    configured(&mut phone, Dialect::D13);
    drop(phone);
    let mut phone = shake(Phone::plug_in(board(), blank()));
    phone.hears_a_stream();
    write(&mut phone, 0x1000_7000, 0x2200_0000);
    upload_first(&mut phone, &first);
    phone.answer(&hex("d5"));
    assert_eq!(phone.answer(&hex("81e00000")), hex("81e00000 0000 c0 04 02 88"));
    let all = [&hex(OLD_CONFIGURATION)[..], &hex("80000000 000237D0 00001000"), &second, &[0x5A]].concat();
    for piece in all.chunks(509) {
        phone.hear(piece);
        packets(&mut phone);
    }
    assert_eq!(said(&mut phone).len(), 194);
    assert!(phone.violations().is_empty());
}

#[test]
fn somebody_elses_agent_is_played_as_the_board_says() {
    let foreign = Random::new(5).bytes(0x2000);
    let mut phone = jumped(board(), blank(), &foreign);
    assert_eq!(said(&mut phone).len(), 41);
    let facts = AgentFacts { dialect: Dialect::D13, ..AgentFacts::default() };
    let mut phone = jumped(with(facts), blank(), &foreign);
    assert_eq!(said(&mut phone), hex("c0 04 02 88"));
}

#[test]
fn the_watchdog_left_on_resets_sixteen_seconds_after_the_jump() {
    let [first, _] = stages(&container(&recipe(Dialect::D19)));
    let mut phone = shake(Phone::plug_in(board(), blank()));
    upload_first(&mut phone, &first);
    phone.answer(&hex("d5"));
    phone.answer(&hex("02007000"));
    assert_eq!(ask(&mut phone, &[]).len(), 40);
    phone.pass(Duration::from_millis(14_900));
    assert_eq!(phone.presence(), Presence::Connected);
    phone.pass(Duration::from_millis(200));
    assert_eq!(phone.presence(), Presence::Gone { why: Departure::Watchdog });
}

#[test]
fn a_secured_phone_takes_its_makers_agent_only() {
    let secured = || Board { target_config: 5, ..board() };
    for (signed, length, status) in [(false, 0x1000, 0x2001), (false, 0xEA6C, 0x2006), (true, 0x1000, 0)] {
        let file = container(&Recipe { signed, first_len: length, ..recipe(Dialect::D13) });
        let [first, _] = stages(&file);
        let mut phone = shake(Phone::plug_in(secured(), blank()));
        phone.hear(&hex("d7 02007000"));
        phone.hear(&(first.len() as u32).to_be_bytes());
        phone.answer(&hex("00000100"));
        let answer = phone.answer(&first);
        assert_eq!(answer[2..], u16::to_be_bytes(status));
        let refused = Presence::Gone { why: Departure::Asserted(Return::Brom) };
        assert_eq!(phone.presence() == refused, status != 0);
    }
}

#[test]
fn an_absurd_length_is_taken_without_keeping_it() {
    let mut phone = shake(Phone::plug_in(board(), blank()));
    phone.answer(&hex("d7 00000000 ffffffff 00000000"));
    for _ in 0..24 {
        phone.answer(&[0x11; 1 << 17]);
    }
    assert_eq!(phone.presence(), Presence::Connected);
    assert_eq!(phone.unheard(), 0);
}

#[test]
fn the_same_bytes_give_the_same_phone() {
    let play = || {
        let mut phone = looped(board(), holding(0x400, &Random::new(1).bytes(4096)), Dialect::D19);
        let said = ask(&mut phone, &read_header(Dialect::D19, 0x0C, 0x400, 0x1000));
        (said, ask(&mut phone, &hex("00000400")), phone.now(), phone.counters())
    };
    assert_eq!(play(), play());
}
