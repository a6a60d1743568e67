//! Faults and builds a scenario can ask for (9.6), and hostile hosts.

use std::time::Duration;

use nvkeep::simulator::agent::{AgentFacts, Dialect, container};
use nvkeep::simulator::{Departure, Presence, Scenario};

use super::*;
use crate::support::Random;

#[test]
fn a_scenario_names_them() {
    let page = "base = \"mt6572\"\nname = \"x\"\nabout = \"x\"\n[agent]\ndialect = \"d13\"\nnand_ids = 4\nwrong_sum = 2\nnoise_every = 7\n\
                policy = { no_write = true }\n[nand]\npage = 4096\nbad_blocks = [3]\n";
    let board = Scenario::parse(page).unwrap().board;
    assert_eq!(board.agent.dialect, Dialect::D13);
    assert_eq!((board.agent.nand_ids, board.agent.wrong_sum), (4, Some(2)));
    assert_eq!((board.agent.noise.as_slice(), board.agent.noise_every), (&b"READY"[..], 7));
    assert!(board.agent.policy.no_write && !board.agent.policy.no_read);
    assert_eq!((board.nand.page, board.nand.bad_blocks), (4096, vec![3]));
    assert!(Scenario::parse(&page.replace("wrong_sum", "wrong_summ")).is_err());
    let noise = |len: usize| page.replace("noise_every", &format!("noise = {:?}\nnoise_every", vec![1; len]));
    assert_eq!(Scenario::parse(&noise(512)).unwrap().board.agent.noise, [1; 512]);
    assert!(Scenario::parse(&noise(513)).is_err());
}

#[test]
fn the_other_dialect_can_be_played() {
    let [first, _] = stages(&container(&recipe(Dialect::D19)));
    let mut phone = jumped(with(AgentFacts { swap_dialect: true, ..AgentFacts::default() }), blank(), &first);
    assert_eq!(said(&mut phone), hex("c0 04 02 88"));
}

#[test]
fn a_build_between_the_dialects_has_four_ids() {
    let [first, second] = stages(&container(&recipe(Dialect::D19)));
    let mut phone = jumped(with(AgentFacts { nand_ids: 4, ..AgentFacts::default() }), blank(), &first);
    assert_eq!(said(&mut phone)[..7], hex("c0 00000BC4 0004"));
    ask(&mut phone, &[0x5A]);
    ask(&mut phone, &hex(CONFIGURATION));
    upload_second(&mut phone, &second);
    assert_eq!(ask(&mut phone, &[0x5A]).len(), 232 - 6);
}

#[test]
fn packets_may_have_one_byte_each_or_a_zero_length_behind_them() {
    let facts = AgentFacts { one_byte_packets: true, ..AgentFacts::default() };
    let mut phone = looped(with(facts), holding(0, &[7; 0x400]), Dialect::D19);
    ask(&mut phone, &read_header(Dialect::D19, 0x0C, 0, 0x400));
    phone.hear(&hex("00000400"));
    assert_eq!(packets(&mut phone).iter().map(Vec::len).collect::<Vec<_>>(), [1; 0x402]);
    let facts = AgentFacts { zlp_after_fields: true, ..AgentFacts::default() };
    let mut phone = looped(with(facts), blank(), Dialect::D19);
    phone.hear(&[0x72]);
    assert_eq!(packets(&mut phone), [vec![0x5A], vec![], vec![1], vec![]]);
}

#[test]
fn replies_may_come_late() {
    let mut phone =
        looped(with(AgentFacts { reply_delay_ms: 40, ..AgentFacts::default() }), blank(), Dialect::D19);
    phone.hear(&[0x72]);
    phone.pass(Duration::from_millis(39));
    assert_eq!(phone.next_packet(), None);
    phone.pass(Duration::from_millis(1));
    assert_eq!(packets(&mut phone), [[0x5A], [1]]);
}

#[test]
fn noise_comes_in_packets_of_its_own_before_every_nth_field() {
    let facts = AgentFacts { noise_every: 3, ..AgentFacts::default() };
    let [first, _] = stages(&container(&recipe(Dialect::D19)));
    // The first byte, and the rest once the storage is probed.
    let opening = |phone: &mut Phone| {
        let mut said = packets(phone);
        phone.pass(Duration::from_millis(100));
        said.extend(packets(phone));
        said
    };
    let said = opening(&mut jumped(with(facts), blank(), &first));
    let noisy: Vec<usize> = (0..said.len()).filter(|at| said[*at] == b"READY").collect();
    assert_eq!(noisy, [2, 6, 10, 14, 18]);
    let fields: Vec<Vec<u8>> = said.into_iter().filter(|packet| packet != b"READY").collect();
    assert_eq!(fields, opening(&mut jumped(board(), blank(), &first)), "nothing else is different");
    let [first, _] = stages(&container(&recipe(Dialect::D13)));
    let facts = AgentFacts { noise: vec![9; 3], noise_every: 4, ..AgentFacts::default() };
    let mut phone = jumped(with(facts), blank(), &first);
    assert_eq!(packets(&mut phone), [vec![0xC0], vec![4], vec![2], vec![9; 3], vec![0x88]]);
}

#[test]
fn an_acknowledgement_may_come_twice_or_not_at_all() {
    let [first, _] = stages(&container(&recipe(Dialect::D19)));
    let facts = AgentFacts { duplicate_ack: Some(1), ..AgentFacts::default() };
    let mut phone = jumped(with(facts), blank(), &first);
    configured(&mut phone, Dialect::D19);
    assert_eq!(ask(&mut phone, &hex("80000000 000279C0 00001000")), [0x5A; 2]);
    let mut phone =
        looped(with(AgentFacts { drop_last_ack: true, ..AgentFacts::default() }), blank(), Dialect::D19);
    assert_eq!(ask(&mut phone, &hex("db 0000 00000000")), NOTHING);
    assert!(matches!(phone.presence(), Presence::Gone { why: Departure::Reset { .. } }));
}

#[test]
fn the_sum_of_one_block_may_be_wrong() {
    let facts = AgentFacts { wrong_sum: Some(2), ..AgentFacts::default() };
    let mut phone = looped(with(facts), holding(0, &[1; 0x800]), Dialect::D19);
    ask(&mut phone, &read_header(Dialect::D19, 0x0B, 0, 0x800));
    assert_eq!(ask(&mut phone, &hex("00000400"))[0x400..], hex("0400"));
    assert_eq!(ask(&mut phone, &[0x5A])[0x400..], hex("0401"));
    assert_eq!(ask(&mut phone, &[0xA5])[0x400..], hex("0400"), "the repetition is right");
}

#[test]
fn it_falls_silent_after_as_many_fields_as_asked() {
    let [first, _] = stages(&container(&recipe(Dialect::D19)));
    for after in 0..15 {
        let facts = AgentFacts { silent_after: Some(after), ..AgentFacts::default() };
        let mut phone = jumped(with(facts), blank(), &first);
        let lens: Vec<usize> = std::iter::from_fn(|| {
            phone.pass(Duration::from_secs(1));
            phone.next_packet()
        })
        .map(|packet| packet.len())
        .collect();
        assert_eq!(lens, [1, 4, 2, 2, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4][..after as usize]);
        assert_eq!(ask(&mut phone, &[0x5A]), NOTHING);
        assert_eq!(phone.presence(), Presence::Connected);
    }
}

#[test]
fn the_cable_is_pulled_at_a_byte() {
    let [first, _] = stages(&container(&recipe(Dialect::D19)));
    let cut = |after| AgentFacts { cut_after_bytes: Some(after), ..AgentFacts::default() };
    let mut phone = jumped(with(cut(7)), blank(), &first);
    assert_eq!(said(&mut phone), hex("c0 00000BC4 0007"));
    assert_eq!(phone.presence(), Presence::Gone { why: Departure::Cut });
    let mut phone = jumped(with(cut(41 + 1 + 3 + 4)), blank(), &first);
    said(&mut phone);
    assert_eq!(ask(&mut phone, &[0x5A]), hex("04 02 88"));
    assert_eq!(ask(&mut phone, &hex(CONFIGURATION)), NOTHING);
    assert_eq!(phone.presence(), Presence::Gone { why: Departure::Cut });
}

#[test]
fn an_emmc_may_be_missing() {
    let [first, second] = stages(&container(&recipe(Dialect::D19)));
    let facts = AgentFacts { emmc_missing: true, ..AgentFacts::default() };
    let mut phone = jumped(with(facts), blank(), &first);
    let opening = said(&mut phone);
    assert_eq!(opening[21..25], hex("00000BC4"));
    assert_eq!(opening[25..], [0; 16]);
    ask(&mut phone, &[0x5A]);
    ask(&mut phone, &hex(CONFIGURATION));
    upload_second(&mut phone, &second);
    let report = ask(&mut phone, &[0x5A]);
    assert_eq!(report[64..68], hex("00000C4D"));
    assert_eq!(report[68..156], [0; 88]);
    assert_eq!(report[222..], hex("5a 00000C0B 00000BFF c1"));
    assert_eq!(ask(&mut phone, &hex("60 08")), hex("a5 00000C50"));
    assert_eq!(ask(&mut phone, &[0xA5]), hex("a5 0000040D"));
    assert_eq!(ask(&mut phone, &read_header(Dialect::D19, 0x0C, 0, 0x200)), hex("a5 00000C4D"));
    let [first, second] = stages(&container(&recipe(Dialect::D13)));
    let facts = AgentFacts { emmc_missing: true, ..AgentFacts::default() };
    let mut phone = jumped(with(facts), blank(), &first);
    assert_eq!(said(&mut phone), hex("c0 04 02 88"));
    ask(&mut phone, &hex(OLD_CONFIGURATION));
    upload_second(&mut phone, &second);
    let report = ask(&mut phone, &[0x5A]);
    assert_eq!(report[58..62], hex("00000C48"));
    assert_eq!(report[62..122], [0; 60]);
    assert_eq!(report[184..], hex("5a 00000C06 00000BFA c1"));
    assert_eq!(ask(&mut phone, &hex("60 08")), hex("a5 00000C4B"));
    assert_eq!(ask(&mut phone, &[0xA5]), hex("a5 0000040D"));
    assert_eq!(ask(&mut phone, &read_header(Dialect::D13, 0x0C, 0, 0x200)), hex("a5 00000C48"));
}

#[test]
fn a_nand_phone_reports_its_nand_only() {
    let (board, flash) = Scenario::named("mt6572-nand").unwrap().build(None).unwrap();
    let [first, second] = stages(&container(&recipe(Dialect::D19)));
    let mut phone = jumped(board, flash, &first);
    let opening = said(&mut phone);
    assert_eq!(opening[1..7], hex("00000000 0007"));
    assert_eq!(opening[21..25], hex("00000BC4"));
    ask(&mut phone, &[0x5A]);
    ask(&mut phone, &hex(CONFIGURATION));
    upload_second(&mut phone, &second);
    let report = ask(&mut phone, &[0x5A]);
    assert_eq!(report[28..32], hex("00000000"), "NAND is found");
    assert_eq!(report[35..39], hex("20000000"), "512 MiB");
    assert_eq!(report[64..68], hex("00000C4D"));
    assert_eq!(report[222..], hex("5a 00000C0B 0000040B c1"));
}

#[test]
fn a_transfer_without_bytes_is_nothing() {
    let mut phone = looped(board(), blank(), Dialect::D19);
    phone.hear(&[]);
    assert_eq!(ask(&mut phone, &write_header(0, 0x400, 0x400)), [0x5A]);
    for transfer in [&[][..], &[0x5A], &[], &[7; 0x200], &[], &[7; 0x200], &[]] {
        assert_eq!(ask(&mut phone, transfer), NOTHING);
    }
    assert_eq!(ask(&mut phone, &sum16(&[7; 0x400])), [0x69]);
    assert!(phone.violations().is_empty());
    assert_eq!(content(phone, 0, 0x400), [7; 0x400]);
}

#[test]
fn hostile_hosts_find_nothing_to_break() {
    let mut random = Random::new(2026);
    for round in 0..300 {
        let dialect = BOTH[round % 2];
        let mut phone = if round % 3 == 0 {
            let [first, _] = stages(&container(&recipe(dialect)));
            jumped(board(), blank(), &first)
        } else {
            looped(board(), blank(), dialect)
        };
        let commands = [
            0x60, 0x61, 0x62, 0x63, 0x70, 0x72, 0x73, 0x7A, 0x7B, 0x7C, 0x7D, 0xA4, 0xA5, 0xA6, 0xA7, 0xB4,
            0xBD, 0xD0, 0xD2, 0xD4, 0xD6, 0xD7, 0xD8, 0xE0, 0xE8, 0xF0,
        ];
        for _ in 0..40 {
            let len = random.below(700) as usize;
            let mut bytes = random.bytes(len);
            if let (Some(first), true) = (bytes.first_mut(), random.below(2) == 0) {
                *first = commands[random.below(commands.len() as u64) as usize];
            }
            phone.hear(&bytes);
            phone.pass(Duration::from_millis(random.below(50)));
            for _ in 0..50 {
                if phone.next_packet().is_none() {
                    break;
                }
            }
            assert!(phone.unheard() <= 4 << 20);
        }
    }
}
