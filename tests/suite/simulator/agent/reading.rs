//! READ, SWITCH_PART, READ_PMT, VERIFY and the small commands.

use std::time::Duration;

use nvkeep::simulator::agent::{AgentFacts, Dialect, Policy};
use nvkeep::simulator::{CardFault, Departure, Presence, Scenario};

use super::*;
use crate::support::Random;

#[test]
fn golden_packets_of_a_read() {
    let content = Random::new(9).bytes(0x600);
    let mut phone = looped(board(), holding(0x40_0000, &content), Dialect::D19);
    assert_eq!(ask(&mut phone, &read_header(Dialect::D19, 0x0C, 0x40_0000, 0x600)), [0x5A]);
    phone.hear(&hex("00000400"));
    let [high, low] = sum16(&content[..0x400]);
    let first = vec![content[..512].to_vec(), content[512..1024].to_vec(), vec![], vec![high], vec![low]];
    assert_eq!(packets(&mut phone), first);
    phone.hear(&[0x5A]);
    let [high, low] = sum16(&content[0x400..]);
    assert_eq!(packets(&mut phone), [content[1024..].to_vec(), vec![high], vec![low]]);
    assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"), "back in the loop");
}

#[test]
fn windows_gets_a_block_whole() {
    let content = Random::new(9).bytes(0x1000);
    for (dialect, os) in [(Dialect::D19, 0x0B), (Dialect::D13, 0)] {
        let mut phone = looped(board(), holding(0, &content), dialect);
        ask(&mut phone, &read_header(dialect, os, 0, 0x1000));
        phone.hear(&hex("00000800"));
        let lens: Vec<usize> = packets(&mut phone).iter().map(Vec::len).collect();
        assert_eq!(lens, [512, 512, 512, 512, 0, 1, 1]);
    }
}

#[test]
fn a_slow_cable_has_packets_of_64_and_no_zero_lengths() {
    let content = Random::new(9).bytes(0x400);
    let mut phone = looped(Board { full_speed: true, ..board() }, holding(0, &content), Dialect::D19);
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 00"));
    ask(&mut phone, &read_header(Dialect::D19, 0x0C, 0, 0x400));
    phone.hear(&hex("00000400"));
    let lens: Vec<usize> = packets(&mut phone).iter().map(Vec::len).collect();
    assert_eq!(lens, [vec![64; 16], vec![1, 1]].concat());
}

#[test]
fn a_block_comes_again_until_it_is_acknowledged() {
    let content = Random::new(7).bytes(0x800);
    let block = |at: usize| [&content[at..at + 0x400], &sum16(&content[at..at + 0x400])].concat();
    for (dialect, again, ignored) in
        [(Dialect::D19, &[0xA5, 0x00, 0x69][..], &[][..]), (Dialect::D13, &[0xA5, 0xA5], &[0x00, 0x69])]
    {
        let mut phone = looped(board(), holding(0, &content), dialect);
        ask(&mut phone, &read_header(dialect, 0x0B, 0, 0x800));
        assert_eq!(ask(&mut phone, &hex("00000400")), block(0));
        for byte in again {
            assert_eq!(ask(&mut phone, &[*byte]), block(0));
        }
        for byte in ignored {
            assert_eq!(ask(&mut phone, &[*byte]), NOTHING);
        }
        assert_eq!(ask(&mut phone, &[0x5A]), block(0x400));
        assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
    }
}

#[test]
fn reads_are_refused_for_the_right_reason() {
    for (dialect, at, length, number) in [
        (Dialect::D19, 0, 0, "00000BE0"),
        (Dialect::D13, 0, 0, "00000BDC"),
        (Dialect::D19, 0xE6A0_0000, 0x200, "00000BE0"),
        (Dialect::D19, !0x1FF, 0x400, "00000BE0"),
        (Dialect::D19, 0x100, 0x200, "00000BDC"),
        (Dialect::D13, 0x100, 0x200, "00000BD8"),
    ] {
        let mut phone = looped(board(), blank(), dialect);
        let refused = [&[0xA5][..], &hex(number)].concat();
        assert_eq!(ask(&mut phone, &read_header(dialect, 0x0C, at, length)), refused);
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
    }
    let mut phone = looped(board(), blank(), Dialect::D19);
    for (storage, number) in [("01", "000003EB"), ("00", "000003EB"), ("03", "00000C4F")] {
        let header = hex(&format!("d6 0c {storage} 0000000000000000 0000000000000200"));
        assert_eq!(ask(&mut phone, &header), [&[0xA5][..], &hex(number)].concat());
    }
    let policy = Policy { no_read: true, ..Policy::default() };
    let mut phone = looped(with(AgentFacts { policy, ..AgentFacts::default() }), blank(), Dialect::D19);
    assert_eq!(ask(&mut phone, &read_header(Dialect::D19, 0x0C, 0, 0x200)), hex("a5 0000177B"));
}

#[test]
fn reads_the_part_that_was_chosen() {
    let mut flash = blank();
    flash.write(Area::Boot1, 0, b"the preloader").unwrap();
    flash.write(Area::Boot2, 0, b"nothing here!").unwrap();
    flash.write(Area::User, 0, b"the user area").unwrap();
    for dialect in BOTH {
        let mut phone = looped(board(), flash.clone(), dialect);
        let start = |phone: &mut Phone| {
            ask(phone, &read_header(dialect, 0x0B, 0, 0x200));
            let block = ask(phone, &hex("00000400"));
            assert_eq!(ask(phone, &[0x5A]), NOTHING);
            block[..13].to_vec()
        };
        assert_eq!(start(&mut phone), b"the user area");
        for (part, content) in [(1, b"the preloader"), (2, b"nothing here!"), (8, b"the user area")] {
            assert_eq!(ask(&mut phone, &[0x60, part]), [0x5A]);
            assert_eq!(start(&mut phone), content);
        }
        let refused = if dialect == Dialect::D19 { "a5 00000C50" } else { "a5 00000C4B" };
        for part in [0, 4, 7, 9, 0xFF] {
            assert_eq!(ask(&mut phone, &[0x60, part]), hex(refused));
        }
        assert_eq!(start(&mut phone), b"the user area", "a refused part changes nothing");
    }
}

#[test]
fn an_unreadable_block_is_met_with_silence() {
    let content = Random::new(7).bytes(0x1000);
    let faults = vec![CardFault::Unreadable { lba: 5 }];
    let mut phone = looped(Board { faults, ..board() }, holding(0, &content), Dialect::D19);
    ask(&mut phone, &read_header(Dialect::D19, 0x0B, 0, 0x1000));
    assert_eq!(ask(&mut phone, &hex("00000400")).len(), 0x402);
    assert_eq!(ask(&mut phone, &[0x5A]).len(), 0x402);
    assert_eq!(ask(&mut phone, &[0x5A]), NOTHING, "blocks 4 and 5");
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"), "back in the loop without a word");
}

#[test]
fn reads_that_differ_differ_here_too() {
    let content = Random::new(7).bytes(0x400);
    let faults = vec![CardFault::ReadsDiffer { lba: 1 }];
    let mut phone = looped(Board { faults, ..board() }, holding(0, &content), Dialect::D19);
    let mut once = || {
        ask(&mut phone, &read_header(Dialect::D19, 0x0B, 0, 0x400));
        let block = ask(&mut phone, &hex("00000400"));
        ask(&mut phone, &[0x5A]);
        block
    };
    assert_eq!(once()[..0x400], content);
    assert_ne!(once()[..0x400], content);
}

#[test]
fn the_table_is_told_in_the_dialects_stride() {
    let scenario = Scenario::named("mt6572").unwrap();
    let (board, flash) = scenario.build(None).unwrap();
    for (dialect, stride) in [(Dialect::D19, 0x60), (Dialect::D13, 0x58)] {
        let mut phone = looped(board.clone(), flash.clone(), dialect);
        let total = (scenario.layout.len() * stride) as u32;
        assert_eq!(ask(&mut phone, &[0xA5]), [&[0x5A][..], &total.to_be_bytes()].concat());
        let table = ask(&mut phone, &[0x5A]);
        assert_eq!(table.len(), total as usize);
        assert_eq!(ask(&mut phone, &[0x00]), NOTHING);
        assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
        for (entry, partition) in table.chunks(stride).zip(&scenario.layout) {
            assert!(entry.starts_with(partition.name.as_bytes()));
            assert_eq!(entry[0x40..0x48], partition.size.to_le_bytes());
            let offset = stride - 0x10;
            assert_eq!(entry[offset..offset + 8], partition.linear.to_le_bytes());
            if stride == 0x60 {
                assert_eq!(entry[0x48..0x50], 0xFF_u64.to_le_bytes());
            }
        }
    }
}

#[test]
fn the_table_comes_from_the_mirror_or_not_at_all() {
    let build = |name: &str| Scenario::named(name).unwrap().build(None).unwrap();
    let (board, mut flash) = build("mt6572");
    let end = flash.len(Area::User);
    flash.write(Area::User, end - (1 << 20), &[0; 4]).unwrap();
    let mut phone = looped(board, flash, Dialect::D19);
    assert_eq!(ask(&mut phone, &[0xA5])[0], 0x5A, "the mirror");
    assert_eq!(ask(&mut phone, &[0xA6]), NOTHING, "anything but 5A aborts");
    assert_eq!(ask(&mut phone, &hex("60 01")), [0x5A]);
    assert_eq!(ask(&mut phone, &[0xA5]), hex("a5 0000040D"), "another part has none");
    let (board, flash) = build("mt6572-no-pmt");
    for dialect in BOTH {
        let mut phone = looped(board.clone(), flash.clone(), dialect);
        assert_eq!(ask(&mut phone, &[0xA5]), hex("a5 0000040D"));
    }
}

#[test]
fn a_range_is_verified_by_its_sum() {
    let content = Random::new(3).bytes(0x600);
    let mut phone = looped(board(), holding(0x1000, &content), Dialect::D19);
    let header =
        |sum: [u8; 2]| [&hex("bd 02 08 0000000000001000 0000000000000600")[..], &sum, &hex("00 02")].concat();
    let sum = sum16(&content);
    assert_eq!(ask(&mut phone, &header(sum)), NOTHING);
    assert_eq!(ask(&mut phone, b"NVRAM\0\0\0\0\0\0\0\0\0\0\0"), [0x5A]);
    assert_eq!(ask(&mut phone, &header([0, 0])), NOTHING);
    assert_eq!(ask(&mut phone, &[0; 16]), [&[0xA5][..], &sum].concat());
    // It leaves a note, as the real one does (6.14).
    assert_eq!(content_at_dl_info(phone), b"DOWNLOAD INFORMATION!!");
}

fn content_at_dl_info(phone: Phone) -> Vec<u8> {
    content(phone, 0xE69F_F800, 22)
}

#[test]
fn registers_are_reached_and_holes_are_fatal() {
    for dialect in BOTH {
        let mut phone = looped(board(), blank(), dialect);
        assert_eq!(ask(&mut phone, &hex("7a 08000008")), hex("00006572 5a"));
        assert_eq!(ask(&mut phone, &hex("d8 08000008")), hex("6572 5a"));
        assert_eq!(ask(&mut phone, &hex("7b 10005350 12345678")), [0x5A]);
        assert_eq!(ask(&mut phone, &hex("7a 10005350")), hex("12345678 5a"));
        assert_eq!(ask(&mut phone, &hex("d7 10001430 4321")), [0x5A]);
        assert_eq!(ask(&mut phone, &hex("7a 80000000")), hex("00000000 5a"));
        for fatal in ["7a 40000000", "7b 40000000 00000000", "d7 40000000 0000", "d8 40000000"] {
            let mut phone = looped(board(), blank(), dialect);
            assert_eq!(ask(&mut phone, &hex(fatal)), NOTHING);
            assert_eq!(ask(&mut phone, &[0x72]), NOTHING, "dead");
            assert_eq!(phone.violations().len(), 1, "{fatal}");
        }
    }
}

#[test]
fn other_bytes_begin_nothing() {
    let mut phone = looped(board(), blank(), Dialect::D19);
    for byte in [0x52, 0x64, 0xD3] {
        assert_eq!(ask(&mut phone, &[byte]), [0xA5]);
    }
    for byte in [0x00, 0x5A, 0xA0, 0xC0, 0xD1, 0xFF] {
        assert_eq!(ask(&mut phone, &[byte]), NOTHING);
    }
    assert_eq!(ask(&mut phone, &[0x63]), hex("a5 00000C4F"));
    assert_eq!(ask(&mut phone, &hex("e0 00000000")), [0x5A]);
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
}

#[test]
fn a_restart_boots_and_a_finish_does_not() {
    for (flags, automatic) in [("00000000", true), ("00000001", false)] {
        let mut phone = looped(board(), blank(), Dialect::D19);
        phone.hear(&hex(&format!("db 0000 {flags}")));
        assert_eq!(packets(&mut phone), [[0x5A]]);
        let why = Departure::Reset { download_cancelled: true, automatic };
        assert_eq!(phone.presence(), Presence::Gone { why });
    }
    let mut phone = looped(board(), blank(), Dialect::D19);
    assert_eq!(ask(&mut phone, &[0xD9]), [0x5A]);
    assert_eq!(ask(&mut phone, &hex("00000000")), [0x5A]);
    assert_eq!(phone.presence(), Presence::Gone { why: Departure::Finished });
}

#[test]
fn an_armed_watchdog_fires_later() {
    let mut phone = looped(board(), blank(), Dialect::D19);
    assert_eq!(ask(&mut phone, &hex("db 0100 00000002")), [0x5A]);
    assert_eq!(ask(&mut phone, &[0x72]), hex("5a 01"));
    phone.pass(Duration::from_secs(3));
    let why = Departure::Reset { download_cancelled: true, automatic: true };
    assert_eq!(phone.presence(), Presence::Gone { why });
}
