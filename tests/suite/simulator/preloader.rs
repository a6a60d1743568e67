//! The firmware: every claim of preloader-and-legacy-da.md 9.1 and 9.5, and of msdc-direct.md 4 and 5.1.

use std::time::Duration;

use nvkeep::simulator::{Board, ControlAnswer, Departure, Phone, Presence, Return};

use super::host::*;
use super::scenarios::hex;

fn gone(why: Departure) -> Presence {
    Presence::Gone { why }
}

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// Everything the phone says, packet by packet.
fn packets(phone: &mut Phone) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| phone.next_packet()).collect()
}

#[test]
fn says_what_it_is() {
    let mut phone = warm(Board::default());
    assert_eq!(phone.answer(&[0xFD]), hex("fd 6572 0000"));
    assert_eq!(phone.answer(&[0xFC]), hex("fc 8a00 ca01 0000 0000"));
    assert_eq!(phone.answer(&[0xFE]), [0x01]);
    assert_eq!(phone.answer(&[0xD8]), hex("d8 00000000 0000"));
    let mut secured = warm(Board { target_config: 7, ..Board::default() });
    assert_eq!(secured.answer(&[0xD8]), hex("d8 00000007 0000"));
}

#[test]
fn every_field_is_a_packet_of_its_own() {
    let mut phone = warm(Board::default());
    phone.hear(&[0xFD]);
    assert_eq!(packets(&mut phone), [vec![0xFD], vec![0x65, 0x72], vec![0, 0]]);
    phone.hear(&[0xFC]);
    assert_eq!(packets(&mut phone).len(), 5);
    phone.hear(&[0xD8]);
    assert_eq!(packets(&mut phone).len(), 3);
    phone.hear(&hex("d1 10000024 00000002"));
    assert_eq!(packets(&mut phone).iter().map(Vec::len).collect::<Vec<_>>(), [1, 4, 4, 2, 4, 4, 2]);
}

#[test]
fn switches_the_watchdog_off_byte_for_byte() {
    let mut phone = warm(Board::default());
    for (sent, said) in
        [("d4", "d4"), ("10007000", "10007000"), ("00000001", "00000001 0000"), ("22000000", "22000000 0000")]
    {
        assert_eq!(phone.answer(&hex(sent)), hex(said));
    }
    assert_eq!(read(&mut phone, 0x1000_7000, 1), [0]);
}

#[test]
fn unknown_commands_are_echoed_and_nothing_else() {
    let mut phone = warm(Board::default());
    for byte in
        [0xFF, 0xE1, 0xE7, 0xD6, 0xDA, 0xD9, 0xA0, 0x0A, 0x50, 0x05, 0x70, 0x72, 0xC8, 0xE0, 0xFB, 0x00]
    {
        assert_eq!(phone.answer(&[byte]), [byte]);
    }
    assert_eq!(phone.answer(&[0xFD]), hex("fd 6572 0000"));
}

#[test]
fn argument_errors_are_one_status_word() {
    let mut phone = warm(Board::default());
    for (sent, status) in [
        ("d1 10000002 00000001", "ffff"),
        ("d1 10000002 00000000", "ffff"),
        ("d1 10000000 00000000", "fffe"),
        ("d1 10000000 40000000", "fffd"),
        ("d1 10000000 ffffffff", "fffd"),
        ("d4 10000001 00000001", "ffff"),
        ("d0 10000001 00000001", "ffff"),
        ("d0 10000000 80000000", "fffd"),
    ] {
        phone.hear(&hex(sent));
        let said = packets(&mut phone);
        assert_eq!(said.len(), 4, "{sent}");
        assert_eq!(said.concat(), [hex(sent), hex(status)].concat());
    }
    assert_eq!(phone.answer(&hex("a2 10000001 00000001")), hex("a2 10000001 00000001"));
    assert_eq!(phone.answer(&[0xFD]), hex("fd 6572 0000"));
}

#[test]
fn a_refused_address_asserts_without_a_status() {
    for sent in [
        "d1 08000008 00000001",
        "d1 80000000 00000001",
        "d1 1000a000 00000001",
        "d1 10009ffc 00000002",
        "d1 1ffffffc 00000001",
        "d1 10000000 04000000",
        "d1 10000000 3fffffff",
        "d1 10000000 55555556",
        "d1 10000000 7fffffff",
        "d4 00000000 00000001",
        "a2 08000008 00000001",
    ] {
        let mut phone = warm(Board::default());
        phone.hear(&hex(sent));
        assert_eq!(packets(&mut phone).concat(), hex(sent));
        assert_eq!(phone.presence(), gone(Departure::Asserted(Return::Brom)), "{sent}");
        assert!(phone.answer(&[0xFD]).is_empty());
    }
    let mut phone = warm(Board::default());
    for (address, count) in [(0x1FFF_FFF8, 1), (0x1000_9FFC, 1), (0x1000_B000, 1)] {
        read(&mut phone, address, count);
    }
}

#[test]
fn a_plain_build_loops_until_the_watchdog_after_an_assert() {
    let mut phone = warm(Board { emergency_download: false, ..Board::default() });
    phone.answer(&hex("d1 00000000 00000001"));
    phone.pass(ms(15_990));
    assert_eq!(phone.presence(), Presence::Connected);
    phone.pass(ms(20));
    assert_eq!(phone.presence(), gone(Departure::Asserted(Return::Preloader)));
}

#[test]
fn the_first_a0_and_all_that_came_with_it_is_swallowed() {
    let mut phone = cold(Board::default());
    phone.hear(&[0xA0, 0x0A, 0x50, 0x05]);
    phone.pass(ms(20));
    assert!(packets(&mut phone).concat().is_empty());
    assert_eq!(phone.answer(&[0xA0, 0x0A, 0x50, 0x05]), hex("5f f5 af fa"));
    assert_eq!(phone.answer(&[0xFD]), hex("fd 6572 0000"));
}

#[test]
fn the_listener_takes_at_most_eight_bytes_at_once() {
    let mut phone = cold(Board::default());
    phone.hear(&hex("a0a0a0a0a0a0a0a0 a00a5005"));
    phone.pass(ms(20));
    assert_eq!(packets(&mut phone).concat(), hex("5f f5 af fa"));
}

#[test]
fn a_wrong_start_byte_is_answered_plus_one_and_starts_over() {
    let mut phone = cold(Board::default());
    phone.hear(&[0xA0]);
    phone.pass(ms(20));
    assert_eq!(phone.answer(&[0xA0]), [0x5F]);
    assert_eq!(phone.answer(&[0xA0]), [0xA1]);
    assert_eq!(phone.answer(&[0x0A]), [0x0B]);
    assert_eq!(phone.answer(&[0xFF]), [0x00]);
    assert_eq!(phone.answer(&[0xA0, 0x0A, 0x50, 0x05]), hex("5f f5 af fa"));
}

#[test]
fn the_start_window_lasts_300_ms_and_then_listening_resumes() {
    let mut phone = cold(Board::default());
    phone.open_port();
    phone.hear(&[0xA0]);
    phone.pass(ms(20));
    assert_eq!(phone.answer(&[0xA0]), [0x5F]);
    phone.pass(ms(299));
    assert!(packets(&mut phone).concat().is_empty());
    phone.pass(ms(2));
    assert_eq!(packets(&mut phone).concat(), *b"READY");
    assert_eq!(phone.presence(), Presence::Connected);
    phone.pass(ms(2500)); // an unread READY holds the loop up to 300 ms
    assert_eq!(phone.presence(), gone(Departure::Booted));
}

#[test]
fn stops_listening_after_two_and_a_half_seconds() {
    let mut phone = cold(Board::default());
    phone.pass(ms(2490));
    assert_eq!(phone.presence(), Presence::Connected);
    phone.pass(ms(20));
    assert_eq!(phone.presence(), gone(Departure::Booted));
    let mut waiting = cold(Board { force_download: true, ..Board::default() });
    waiting.pass(Duration::from_secs(3600));
    waiting.pass(Duration::MAX);
    assert_eq!(waiting.presence(), Presence::Connected);
}

#[test]
fn ready_comes_every_20_ms_while_a_tool_is_present() {
    let mut phone = cold(Board::default());
    phone.pass(ms(100));
    assert!(packets(&mut phone).concat().is_empty());
    phone.control([0x21, 0x20, 0, 0, 1, 0, 0, 0], &[]);
    let mut heard = Vec::new();
    for _ in 0..10 {
        phone.pass(ms(20));
        heard.push(packets(&mut phone).concat());
    }
    assert_eq!(heard, vec![b"READY".to_vec(); 10]);
    let mut phone = shake(phone);
    phone.pass(ms(100));
    assert!(packets(&mut phone).concat().is_empty());
}

#[test]
fn a_stalled_host_finds_fields_coalesced_and_none_lost() {
    let mut phone = warm(Board::default());
    let one = hex("d1 10000000 00000001");
    phone.hear(&one.repeat(60));
    phone.pass(Duration::from_secs(5));
    let said = packets(&mut phone);
    assert!(said.iter().any(|packet| packet.len() > 4), "{said:02x?}");
    assert_eq!(said.concat(), [one, hex("0000 00001000 0000")].concat().repeat(60));
    assert_eq!(phone.violations(), [""; 0]);
}

#[test]
fn more_than_1024_outstanding_bytes_corrupt_the_ring() {
    let one = hex("d1 10000000 00000001");
    let expected = [one.clone(), hex("0000 00001000 0000")].concat();
    let mut phone = warm(Board::default());
    assert_eq!(phone.answer(&one.repeat(113)), expected.repeat(113));
    assert_eq!(phone.violations(), [""; 0]);
    assert_ne!(phone.answer(&one.repeat(114)), expected.repeat(114));
    assert!(phone.violations()[0].contains("receive ring"), "{:?}", phone.violations());
}

#[test]
fn split_and_coalesced_commands_are_the_same() {
    let sent = hex("fd d4 10007008 00000001 00001971 d1 10000024 00000001");
    let whole = warm(Board::default()).answer(&sent);
    let mut phone = warm(Board::default());
    let mut split = Vec::new();
    for byte in &sent {
        split.extend(phone.answer(&[*byte]));
        split.extend(phone.answer(&[]));
    }
    assert_eq!(split, whole);
}

#[test]
fn half_an_argument_waits_for_ever() {
    let mut phone = warm(Board::default());
    assert_eq!(phone.answer(&hex("d1 1000")), hex("d1"));
    phone.pass(Duration::from_secs(7200));
    assert_eq!(phone.presence(), Presence::Connected);
    assert_eq!(phone.answer(&hex("0024 00000001")), hex("10000024 00000001 0000 00000000 0000"));
}

#[test]
fn tokens_are_answered_and_end_the_session() {
    for (token, answer) in [
        (b"METAMETA", b"ATEMATEX".as_slice()),
        (b"FACTFACT", b"TCAFTCAF"),
        (b"FASTBOOT", b"TOOBTSAF"),
        (b"AT+NBOOT", b"AT+OK"),
        (b"AT+CGMI\r", b"AT+UNKONWN"),
    ] {
        let mut phone = cold(Board::default());
        phone.hear(&token[..3]);
        phone.pass(ms(40));
        phone.hear(&token[3..]);
        phone.pass(ms(20));
        assert_eq!(packets(&mut phone).concat(), answer);
        phone.pass(ms(1000));
        assert_eq!(phone.presence(), gone(Departure::Booted));
    }
    let mut secured = cold(Board { target_config: 1, ..Board::default() });
    secured.hear(b"METAMETA");
    secured.pass(ms(20));
    assert_eq!(packets(&mut secured).concat(), *b"METAFORB");
    let mut probed = cold(Board::default());
    probed.hear(b"AT\rAT\rAT\r");
    probed.pass(ms(40));
    assert_eq!(probed.presence(), gone(Departure::Booted));
}

#[test]
fn a_download_agent_is_summed_and_accepted_on_an_open_phone() {
    let mut phone = warm(Board::default());
    assert_eq!(
        phone.answer(&hex("d7 81e00000 00000004 00000000")),
        hex("d7 81e00000 00000004 00000000 0000")
    );
    assert_eq!(phone.answer(&hex("34127856")), hex("444c 0000"));
    assert_eq!(read(&mut phone, 0x1000_1430, 1), [4 << 10]);
    assert_eq!(phone.answer(&hex("d7 00000000 00000003 00000000 010203")).split_off(15), hex("0202 0000"));
    assert_eq!(phone.answer(&hex("d5 81e00000")), hex("d5 81e00000 0000"));
    phone.pass(ms(15_900));
    assert_eq!(phone.presence(), Presence::Connected);
    phone.pass(ms(200));
    assert_eq!(phone.presence(), gone(Departure::Watchdog));
}

#[test]
fn a_download_agent_is_refused_where_it_must_be_signed() {
    for board in
        [Board { target_config: 1, ..Board::default() }, Board { always_verify_da: true, ..Board::default() }]
    {
        let mut phone = warm(board.clone());
        let said = phone.answer(&hex("d7 81e00000 00000004 00000000 34127856"));
        assert_eq!(said[15..], hex("444c 2001")[..]);
        assert_eq!(phone.presence(), gone(Departure::Asserted(Return::Brom)));
        let mut phone = warm(board);
        phone.hear(&hex("d7 81e00000 00007531 00000000"));
        packets(&mut phone);
        let said = phone.answer(&[0; 0x7531]);
        assert_eq!(said, hex("0000 2006"));
    }
}

#[test]
fn an_upload_that_ends_early_waits_and_one_that_does_not_end_is_obeyed() {
    let mut phone = warm(Board::default());
    phone.answer(&hex("d7 81e00000 00000004 00000000"));
    assert_eq!(phone.answer(&hex("341278")), [0; 0]);
    phone.pass(Duration::from_secs(3600));
    assert_eq!(phone.presence(), Presence::Connected);
    assert_eq!(phone.answer(&hex("56 fd")), hex("444c 0000 fd 6572 0000"), "what is too much is a command");
    // Corrupted on its way: the phone sums what it has, and accepts it.
    phone.answer(&hex("d7 81e00000 00000004 00000000"));
    assert_eq!(phone.answer(&hex("34127857")), hex("454c 0000"));
}

#[test]
fn what_is_no_token_lets_it_boot() {
    let mut phone = cold(Board::default());
    phone.hear(b"garbage!");
    phone.pass(ms(1_000));
    assert_eq!(phone.presence(), gone(Departure::Booted));
}

#[test]
fn a_transfer_without_bytes_is_nothing() {
    let mut phone = warm(Board::default());
    assert_eq!(phone.answer(&[]), [0; 0]);
    assert_eq!(phone.answer(&hex("d1 1000")), hex("d1"));
    assert_eq!(phone.answer(&[]), [0; 0]);
    assert_eq!(phone.answer(&hex("0024 00000001")), hex("10000024 00000001 0000 00000000 0000"));
}

#[test]
fn a_jump_without_an_agent_is_refused() {
    let mut phone = warm(Board::default());
    assert_eq!(phone.answer(&hex("d5 81e00000")), hex("d5 81e00000 2001"));
    assert_eq!(phone.presence(), gone(Departure::Asserted(Return::Brom)));
}

#[test]
fn pmic_and_i2c_stubs_answer() {
    let mut phone = warm(Board::default());
    for (sent, said) in [
        ("b0", "b0 0000"),
        ("b1", "b1 0000"),
        ("c4 00000000 00000000", "c4 00000000 00000000 0000"),
        ("c5", "c5 0000"),
        ("c6 0102", "c6 0102 0000 0000 0000"),
        ("c7 0102 0304", "c7 0102 0304 0000 0000"),
        ("b2 00000010 00000020", "b2 00000010 00000020 1d1e"),
        ("b2 00000010 00000002 aabb", "b2 00000010 00000002 0000 0000"),
        ("b3 00000010 00000020", "b3 00000010 00000020 1d1f"),
        ("b3 00000010 00000002", "b3 00000010 00000002 0000 0000 00 00"),
        ("b4 00000009 00000064", "b4 00000009 00000064 1d20"),
        ("db", "db 0000"),
    ] {
        assert_eq!(phone.answer(&hex(sent)), hex(said), "{sent}");
    }
}

#[test]
fn sixteen_bit_access_follows_the_same_rules() {
    let mut phone = warm(Board::default());
    assert_eq!(phone.answer(&hex("d0 10000000 00000002")), hex("d0 10000000 00000002 0000 1000 0000 0000"));
    assert_eq!(phone.answer(&hex("a2 10000000 00000001")), hex("a2 10000000 00000001 1000"));
    assert_eq!(phone.answer(&hex("d2 1000a004 00000000")), hex("d2 1000a004 00000000 fffe"));
    assert_eq!(phone.answer(&hex("d2 10005350 00000001 1234")), hex("d2 10005350 00000001 0000 1234 0000"));
    assert_eq!(phone.answer(&hex("a1 10005350 00000001 1234")), hex("a1 10005350 00000001 0000 1234 0000"));
    assert_eq!(phone.answer(&hex("d3 10005350 00000001 1234")), hex("d3 10005350 00000001 0000 0000"));
}

#[test]
fn a_silent_build_does_not_echo_what_write32_writes() {
    let mut phone = warm(Board { silent_write32: true, ..Board::default() });
    assert_eq!(phone.answer(&hex("d4 1112000c 00000001 ffffffff")), hex("d4 1112000c 00000001 0000 0000"));
}

#[test]
fn a_reset_through_the_watchdog_remembers_its_flags() {
    let mut phone = warm(Board::default());
    assert_eq!(read(&mut phone, 0x1000_141C, 2), [0x15, 0x5553_4244]);
    write(&mut phone, 0x1000_141C, 0xFFFC);
    write(&mut phone, 0x1000_1420, 0);
    write(&mut phone, 0x1000_7008, 0x1971);
    let mode = read(&mut phone, 0x1000_7000, 1)[0];
    assert_eq!(mode, 0x51);
    write(&mut phone, 0x1000_7000, (mode & 0x00FF_FF6F) | 0x2200_0014);
    assert_eq!(read(&mut phone, 0x1000_7000, 1), [0x55]);
    write(&mut phone, 0x1000_7000, 0x0000_0000);
    assert_eq!(read(&mut phone, 0x1000_7000, 1), [0x55]); // without the key nothing happens
    write(&mut phone, 0x1000_7014, 0x1208);
    assert_eq!(phone.presence(), Presence::Connected);
    let said = phone.answer(&hex("d4 10007014 00000001 00001209"));
    assert_eq!(said, hex("d4 10007014 00000001 0000 00001209"));
    assert_eq!(phone.presence(), gone(Departure::Reset { download_cancelled: true, automatic: true }));
}

#[test]
fn descriptors_put_data_before_control() {
    let mut phone = Phone::attach(Board::default(), blank());
    let ControlAnswer::Done(device) = phone.control([0x80, 6, 0, 1, 0, 0, 18, 0], &[]) else { panic!() };
    assert_eq!(device, hex("12 01 0002 02 00 00 40 8d0e 0020 0001 01 02 00 01"));
    let ControlAnswer::Done(head) = phone.control([0x80, 6, 0, 2, 0, 0, 9, 0], &[]) else { panic!() };
    assert_eq!(head, hex("09 02 4300 02 01 03 c0 fa"));
    let ControlAnswer::Done(all) = phone.control([0x80, 6, 0, 2, 0, 0, 255, 0], &[]) else { panic!() };
    assert_eq!(all.len(), 67);
    let data = all.windows(9).position(|part| part[..2] == [9, 4] && part[5] == 0x0A).unwrap();
    assert_eq!(all[data + 9..data + 23], hex("07 05 01 02 0002 00  07 05 81 02 0002 00"));
    let ControlAnswer::Done(name) = phone.control([0x80, 6, 2, 3, 9, 4, 255, 0], &[]) else { panic!() };
    assert_eq!(name.len(), 2 + 2 * "MT65xx Preloader".len());
    assert_eq!(
        phone.control([0xA1, 0x21, 0, 0, 1, 0, 7, 0], &[]),
        ControlAnswer::Done(hex("00100e00000008"))
    );
}

#[test]
fn requests_the_firmware_lacks_are_stalled() {
    let mut phone = Phone::attach(Board::default(), blank());
    for setup in [
        [0x01, 11, 0, 0, 0, 0, 0, 0],   // SET_INTERFACE
        [0x02, 1, 0, 0, 0x81, 0, 0, 0], // CLEAR_FEATURE
        [0x00, 3, 1, 0, 0, 0, 0, 0],    // SET_FEATURE
        [0x00, 7, 0, 1, 0, 0, 0, 0],    // SET_DESCRIPTOR
        [0x21, 0x02, 0, 0, 1, 0, 0, 0], // another class request
    ] {
        assert_eq!(phone.control(setup, &[]), ControlAnswer::Stall, "{setup:?}");
    }
    assert_eq!(phone.control([0x40, 1, 0, 0, 0, 0, 0, 0], &[]), ControlAnswer::Done(vec![]));
    phone.pass(ms(7_990));
    assert_eq!(phone.presence(), Presence::Connected);
    assert_eq!(phone.control([0x00, 9, 1, 0, 0, 0, 0, 0], &[]), ControlAnswer::Done(vec![]));
    phone.pass(ms(2_000));
    assert_eq!(phone.presence(), Presence::Connected);
    let mut forgotten = Phone::attach(Board::default(), blank());
    forgotten.pass(ms(8_010));
    assert_eq!(forgotten.presence(), gone(Departure::Booted));
}

#[test]
fn a_full_speed_hub_gets_packets_of_64_bytes() {
    let mut phone = warm(Board { full_speed: true, ..Board::default() });
    phone.hear(&hex("d1 10000000 00000001").repeat(60));
    phone.pass(Duration::from_secs(8));
    assert_eq!(packets(&mut phone).iter().map(Vec::len).max(), Some(64));
}

#[test]
fn the_cable_can_be_cut_at_any_packet() {
    let mut phone = warm(Board { cut_after_in_packets: Some(6), ..Board::default() });
    assert_eq!(phone.answer(&[0xFD]), hex("fd 6572"));
    assert_eq!(phone.presence(), gone(Departure::Cut));
}

#[test]
fn noise_comes_before_fields() {
    let board = Board { noise: b"READY".to_vec(), noise_every: 6, ..Board::default() };
    let mut phone = warm(board);
    assert_eq!(phone.answer(&[0xFD]), [&[0xFD], b"READY".as_slice(), &hex("6572 0000")].concat());
}
