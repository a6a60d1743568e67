//! The commands beside reading and writing (6.10, 6.16 to 6.18, 9.4): what each answers, and which bytes begin nothing.

use nvkeep::simulator::{ControlAnswer, Departure, Presence};

use super::*;

fn away(high_speed: bool) -> Presence {
    Presence::Gone { why: Departure::Enumerates { high_speed } }
}

/// Product id, and bytes of a bulk packet, as the descriptors tell them.
fn descriptors(phone: &mut Phone) -> (u16, u16) {
    let mut get = |kind: u8| match phone.control([0x80, 6, 0, kind, 0, 0, 255, 0], &[]) {
        ControlAnswer::Done(bytes) => bytes,
        ControlAnswer::Stall => panic!("no descriptor {kind}"),
    };
    let (device, all) = (get(1), get(2));
    let bulk = all.windows(4).position(|part| part == hex("07 05 01 02")).unwrap();
    let half = |bytes: &[u8], at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    (half(&device, 10), half(&all, bulk + 4))
}

fn slow() -> Board {
    Board { full_speed: true, ..board() }
}

#[test]
fn a_slow_phone_enumerates_anew_and_is_fast() {
    for dialect in BOTH {
        let mut phone = looped(slow(), holding(0, &[7; 0x400]), dialect);
        assert_eq!(descriptors(&mut phone), (0x2000, 64));
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 00"));
        assert_eq!(ask(&mut phone, &hex("7d 0123 abcd")), [0x5A]);
        phone.hear(&hex("70 01"));
        assert_eq!(phone.presence(), Presence::Connected, "the answer is collected first");
        assert_eq!(packets(&mut phone), [[0x5A]]);
        assert_eq!(phone.presence(), away(true));
        phone.hear(&[0x72]);
        assert_eq!(phone.next_packet(), None);
        phone.pass(Duration::from_millis(499));
        assert_eq!(phone.presence(), away(true));
        phone.pass(Duration::from_millis(1));
        assert_eq!(phone.presence(), Presence::Connected);
        assert_eq!(descriptors(&mut phone), (0x2001, 512));
        assert_eq!(said(&mut phone), NOTHING, "what was said to nobody is lost");
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
        assert_eq!(ask(&mut phone, &hex("7c 0123")), hex("abcd 5a"), "it is the same agent");
        ask(&mut phone, &read_header(dialect, 0x0B, 0, 0x400));
        phone.hear(&hex("00000400"));
        let lens: Vec<usize> = packets(&mut phone).iter().map(Vec::len).collect();
        assert_eq!(lens, [512, 512, 0, 1, 1]);
        let (board, _) = phone.unplug();
        assert!(board.full_speed, "without power it forgets its speed");
    }
}

#[test]
fn a_fast_phone_can_be_made_slow() {
    let mut phone = looped(board(), blank(), Dialect::D19);
    assert_eq!(ask(&mut phone, &hex("70 00")), [0x5A]);
    assert_eq!(phone.presence(), Presence::Connected, "half a second is over");
    assert_eq!(descriptors(&mut phone), (0x2001, 64));
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 00"));
    ask(&mut phone, &read_header(Dialect::D19, 0x0C, 0, 0x400));
    phone.hear(&hex("00000400"));
    assert_eq!(packets(&mut phone).iter().map(Vec::len).max(), Some(64));
}

#[test]
fn a_cable_that_is_pulled_meanwhile_stays_out() {
    let mut phone = looped(slow(), blank(), Dialect::D19);
    phone.hear(&hex("70 01"));
    phone.next_packet();
    assert_eq!(phone.presence(), away(true));
    phone.cut();
    phone.pass(Duration::from_secs(5));
    assert_eq!(phone.presence(), Presence::Gone { why: Departure::Cut });
}

#[test]
fn a_watchdog_that_was_armed_fires_meanwhile() {
    let mut phone = looped(slow(), blank(), Dialect::D19);
    // 16 units of 15.6 ms, and on in the loop.
    assert_eq!(phone.answer(&hex("db 0010 00000002")), [0x5A]);
    phone.hear(&hex("70 01"));
    phone.next_packet();
    assert_eq!(phone.presence(), away(true));
    phone.pass(Duration::from_secs(1));
    assert!(matches!(phone.presence(), Presence::Gone { why: Departure::Reset { .. } }));
}

#[test]
fn ids_and_the_serial_line_change_nothing() {
    for dialect in BOTH {
        let mut phone = looped(board(), blank(), dialect);
        assert_eq!(ask(&mut phone, &hex("73 01 0e8d")), NOTHING);
        assert_eq!(ask(&mut phone, &hex("2001")), [0x5A]);
        assert_eq!(ask(&mut phone, &hex("d2 01")), NOTHING);
        assert_eq!(ask(&mut phone, &[1]), [0x5A]);
        assert_eq!(descriptors(&mut phone), (0x2000, 512));
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
    }
}

#[test]
fn the_power_chip_keeps_what_is_written() {
    for dialect in BOTH {
        let mut phone = looped(board(), blank(), dialect);
        assert_eq!(ask(&mut phone, &hex("7c ffff")), hex("0000 5a"));
        assert_eq!(ask(&mut phone, &hex("7d ffff 1234")), [0x5A]);
        assert_eq!(ask(&mut phone, &hex("7d 0000 5678")), [0x5A]);
        assert_eq!(ask(&mut phone, &hex("7c ffff")), hex("1234 5a"));
        assert_eq!(ask(&mut phone, &hex("7c 0000")), hex("5678 5a"));
        assert_eq!(ask(&mut phone, &hex("7c 0001")), hex("0000 5a"));
    }
}

#[test]
fn security_data_of_any_length_is_taken() {
    for dialect in BOTH {
        let mut phone = looped(board(), blank(), dialect);
        assert_eq!(ask(&mut phone, &hex("e0 00000000")), [0x5A]);
        assert_eq!(ask(&mut phone, &hex("e0 00000003")), NOTHING);
        assert_eq!(ask(&mut phone, &hex("72 72 72")), [0x5A], "data, not commands");
        assert_eq!(ask(&mut phone, &hex("e0 00000200")), NOTHING);
        assert_eq!(ask(&mut phone, &[0x72; 0x200]), [0x5A]);
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
    }
}

#[test]
fn information_is_told_or_refused() {
    let millivolt = AgentFacts { battery_mv: 0x1234, ..AgentFacts::default() };
    for (dialect, refused) in
        [(Dialect::D19, ["00000C68", "00000C6A"]), (Dialect::D13, ["00000C58", "00000C5A"])]
    {
        let mut phone = looped(with(millivolt.clone()), blank(), dialect);
        // The preloader's argument block: IMEI, product, software.
        phone.hear(&[0xA6]);
        assert_eq!(packets(&mut phone), [vec![0x5A], vec![0; 16], vec![0; 64], vec![0; 128]]);
        for storage in [1, 2, 3, 0x77] {
            assert_eq!(ask(&mut phone, &[0xA7, storage]), hex(&format!("a5 {}", refused[1])));
        }
        assert_eq!(ask(&mut phone, &[0xD0]), hex("0000005a 00001234"));
        assert_eq!(ask(&mut phone, &[0xF0]), hex(refused[0]));
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
    }
}

#[test]
fn a_secured_phone_looks_at_its_security_again() {
    for (fuses, always, answer) in [(0, false, "00001799"), (1, false, "0000179A"), (0, true, "0000179A")] {
        // What is longer cannot be verified (3.7).
        let recipe = Recipe { signed: true, first_len: 0x4000, ..recipe(Dialect::D19) };
        let [first, second] = stages(&container(&recipe));
        let board = Board { target_config: fuses, always_verify_da: always, ..board() };
        let mut phone = jumped(board, blank(), &first);
        configured(&mut phone, Dialect::D19);
        assert_eq!(upload_second(&mut phone, &second), [0x5A]);
        ask(&mut phone, &[0x5A]);
        assert_eq!(ask(&mut phone, &[0xB4]), hex(answer), "{fuses:02x} {always}");
    }
}

#[test]
fn the_memory_dialogue_can_be_held_again() {
    for dialect in BOTH {
        let mut phone = looped(board(), blank(), dialect);
        assert_eq!(ask(&mut phone, &hex("e8 ffffffff")), [0x5A]);
        assert_eq!(ask(&mut phone, &hex("80000001")), hex("00000000 02 00 0000000020000000"));
        let answer = ask(&mut phone, &hex("e8 0000000b"));
        assert_eq!((answer[0], &answer[17..]), (0x5A, &hex("000000a8")[..]));
        let table: Vec<u8> = (0..0xA8).collect();
        assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
        assert_eq!(ask(&mut phone, &table), sum16(&table));
        assert_eq!(ask(&mut phone, &hex("5a 80000001"))[..4], [0; 4]);
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"), "back in the loop");
        ask(&mut phone, &hex("e8 0000000b a5"));
        assert_eq!(ask(&mut phone, &[0x72]), NOTHING, "abandoned, it hangs");
    }
}

#[test]
fn only_listed_bytes_begin_something() {
    let refused = [0x52, 0x64, 0xD3];
    // Those the reference describes; 99 to 9E, A1 to A3, B5, B6, B9 to BF and more are in the agent's list with nothing told.
    let described = [
        0x60, 0x61, 0x62, 0x63, 0x70, 0x72, 0x73, 0x7A, 0x7B, 0x7C, 0x7D, 0xA4, 0xA5, 0xA6, 0xA7, 0xB4, 0xBD,
        0xD0, 0xD2, 0xD4, 0xD6, 0xD7, 0xD8, 0xD9, 0xDB, 0xDF, 0xE0, 0xE8, 0xF0,
    ];
    for dialect in BOTH {
        let mut phone = looped(board(), blank(), dialect);
        for byte in (0..=0xFF).filter(|byte| !described.contains(byte)) {
            let nack = dialect == Dialect::D19 && refused.contains(&byte);
            assert_eq!(ask(&mut phone, &[byte]), [0xA5][..usize::from(nack)], "{byte:02x}");
        }
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"), "still in the loop");
    }
}
