//! A phone in its boot ROM (9.2), and the agent's dialogue about its memory (6.5).

use nvkeep::simulator::agent::{Dialect, Recipe, container};
use nvkeep::simulator::{BootsAs, ControlAnswer, Departure, Phone, Presence};

use super::*;

fn brom() -> Board {
    Board { boots_as: BootsAs::Brom, ..board() }
}

/// A boot ROM needs no primer.
fn awake(board: Board) -> Phone {
    let mut phone = Phone::plug_in(board, blank());
    for (sent, answer) in [(0xA0, 0x5F), (0x0A, 0xF5), (0x50, 0xAF), (0x05, 0xFA)] {
        assert_eq!(phone.answer(&[sent]), [answer]);
    }
    phone
}

/// The phone after its first stage's configuration.
fn wants_memory(dialect: Dialect) -> (Phone, Vec<u8>) {
    let [first, _] = stages(&container(&recipe(dialect)));
    let mut phone = awake(brom());
    write(&mut phone, 0x1000_7000, 0x2200_0000);
    upload_first(&mut phone, &first);
    assert_eq!(phone.answer(&hex("d5 02007000"))[..7], hex("d5 02007000 0000"));
    said(&mut phone);
    let configuration = match dialect {
        Dialect::D19 => {
            assert_eq!(ask(&mut phone, &[0x5A]), hex("04 02 88"));
            CONFIGURATION
        }
        Dialect::D13 => OLD_CONFIGURATION,
    };
    let answer = ask(&mut phone, &hex(configuration));
    (phone, answer)
}

#[test]
fn says_that_it_is_one() {
    let mut phone = awake(brom());
    assert_eq!(phone.answer(&[0xFE]), [0xFE]);
    assert_eq!(phone.answer(&[0xFF]), [0x05]);
    assert_eq!(phone.answer(&[0xFD]), hex("fd 6572 0000"));
    assert_eq!(phone.answer(&[0xE1])[..5], hex("e1 00000010"));
    assert_eq!(phone.answer(&[0xE7]).len(), 1 + 4 + 32 + 2);
    let ControlAnswer::Done(device) = phone.control([0x80, 6, 0, 1, 0, 0, 18, 0], &[]) else { panic!() };
    assert_eq!(device[8..12], hex("8d0e 0300"));
}

#[test]
fn goes_on_when_nobody_speaks() {
    let mut phone = Phone::plug_in(brom(), blank());
    phone.pass(Duration::from_secs(29));
    assert_eq!(phone.presence(), Presence::Connected);
    phone.pass(Duration::from_secs(2));
    assert_eq!(phone.presence(), Presence::Gone { why: Departure::Booted });
}

#[test]
fn refuses_with_a_status_and_stays() {
    for (fuses, sent, answer) in [
        (0x02, "d7 02007000 00001000 00000100", "1d0d"),
        (0x04, "d7 02007000 00001000 00000000", "1d15"),
        (0x00, "d7 02007000 00000000 00000000", "1d13"),
        (0x00, "d7 02007000 00000010 00000100", "1d14"),
        (0x00, "d5 02007000", "1d16"),
        (0x20, "d1 10007000 00000001", "1d02"),
        (0x40, "d4 10007000 00000001", "1d02"),
    ] {
        let mut phone = awake(Board { target_config: fuses, ..brom() });
        assert_eq!(phone.answer(&hex(sent)), [hex(sent), hex(answer)].concat());
        assert_eq!(phone.answer(&[0xFD]), hex("fd 6572 0000"), "still there");
    }
    let mut phone = awake(brom());
    assert_eq!(phone.answer(&hex("d1 08000008 00000001")).len(), 9 + 2 + 4 + 2, "any address");
}

#[test]
fn honours_the_address_and_the_makers_signature() {
    let [first, _] = stages(&container(&recipe(Dialect::D13)));
    let mut phone = awake(brom());
    upload_first(&mut phone, &first);
    assert_eq!(phone.answer(&hex("d5 81e00000")), hex("d5 81e00000 1d0f"));
    assert_eq!(phone.answer(&hex("d5 02007000")), hex("d5 02007000 0000 c0 04 02 88"));
    for (signed, status) in [(false, "7015"), (true, "0000")] {
        let [first, _] = stages(&container(&Recipe { signed, ..recipe(Dialect::D19) }));
        let mut phone = awake(Board { target_config: 4, ..brom() });
        phone.answer(&hex("d7 02007000"));
        phone.answer(&(first.len() as u32).to_be_bytes());
        phone.answer(&hex("00000100"));
        assert_eq!(phone.answer(&first)[2..], hex(status));
        assert_eq!(phone.presence(), Presence::Connected);
    }
}

#[test]
fn the_agent_asks_for_memory_parameters() {
    for dialect in BOTH {
        let (mut phone, asked) = wants_memory(dialect);
        let expected = match dialect {
            Dialect::D19 => concat!(
                "00000BC3 00000000 90014A48 38473165 05071234 5678AB00 00000BC4 0007",
                "0000 0000 0000 0000 0000 0000 0000"
            ),
            Dialect::D13 => concat!(
                "00000BBF 00000000 90014A48 38473165 05071234 5678AB00 00000BC0",
                "0000 0000 0000 0000 0000"
            ),
        };
        assert_eq!(asked, hex(expected));
        let answer = ask(&mut phone, &hex("e8 0000000b"));
        assert_eq!((answer[0], answer.len()), (0x5A, 21));
        assert_eq!(answer[17..], hex("000000a8"));
        let table: Vec<u8> = (0..0xA8).collect();
        assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
        assert_eq!(ask(&mut phone, &table), sum16(&table));
        assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
        assert_eq!(ask(&mut phone, &hex("80000001")), hex("00000000 02 00 0000000020000000"));
        assert_eq!(ask(&mut phone, &hex("80000000 00001000 00001000")), [0x5A]);
    }
}

#[test]
fn built_in_parameters_need_no_table() {
    let (mut phone, _) = wants_memory(Dialect::D19);
    assert_eq!(ask(&mut phone, &hex("e8 ffffffff")), [0x5A]);
    assert_eq!(ask(&mut phone, &hex("80000001"))[..4], hex("00000000"));
}

#[test]
fn a_boot_rom_gives_no_information_on_to_the_agent() {
    let (mut phone, _) = wants_memory(Dialect::D19);
    ask(&mut phone, &hex("e8 ffffffff"));
    ask(&mut phone, &hex("80000001"));
    let [_, second] = stages(&container(&recipe(Dialect::D19)));
    assert_eq!(upload_second(&mut phone, &second), [0x5A]);
    ask(&mut phone, &[0x5A]);
    assert_eq!(ask(&mut phone, &[0xA6]), hex("a5 00000C68"));
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
}

#[test]
fn wrong_parameters_leave_it_dead() {
    let (mut phone, _) = wants_memory(Dialect::D19);
    assert_eq!(
        ask(&mut phone, &hex("e8 0000000a"))[17..],
        hex("00000000"),
        "of another version it takes nothing"
    );
    let (mut phone, _) = wants_memory(Dialect::D19);
    ask(&mut phone, &hex("e8 0000000b 5a"));
    ask(&mut phone, &[0; 0xA8]);
    assert_eq!(ask(&mut phone, &hex("5a 80000001")), hex("00000BC3"));
    assert_eq!(ask(&mut phone, &hex("80000000 00001000 00001000")), NOTHING);
}
