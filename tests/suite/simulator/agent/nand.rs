//! NAND: what the agent says of it, its table, its pages, and what it does not do with it.

mod reading;

use nvkeep::simulator::{NandFacts, Scenario, Storage};

use super::*;
use crate::support::Random;

const FOUR_K: &str = include_str!("../../../../samples/phones/mt6572-nand-4k.toml");

/// A small chip whose second block is bad, on the phone of section 9.7.
fn small() -> Board {
    let facts = NandFacts { blocks: 16, pool: 4, bad_blocks: vec![1], ..NandFacts::default() };
    Board { storage: Storage::Nand, nand: facts, ..board() }
}

/// A flash for it with content at its start.
fn small_flash(content: &[u8]) -> Flash {
    let mut flash = Flash::nand(16 * 0x2_0000, 16 * 64 * 64);
    flash.write(Area::User, 0, content).unwrap();
    flash
}

/// A built phone in the second stage's loop.
fn built(more: &str, dialect: Dialect) -> Phone {
    let scenario = Scenario::parse(&format!("base = \"mt6572-nand\"\n{more}")).unwrap();
    let (board, flash) = scenario.build(None).unwrap();
    looped(board, flash, dialect)
}

/// READPAGE's arguments.
fn pages(flag: u8, at: u64, length: u64, container: u32) -> Vec<u8> {
    [&[0xDF, flag, 0][..], &at.to_be_bytes(), &length.to_be_bytes(), &container.to_be_bytes()].concat()
}

/// Says which pages, and how many in a packet; gives the total and everything behind it, packet after packet.
fn read(phone: &mut Phone, header: &[u8], count: u32) -> (u64, Vec<u8>) {
    let shape = ask(phone, header);
    assert_eq!((shape.len(), shape[0]), (13, 0x5A), "{shape:02x?}");
    let unit = u32::from_be_bytes(shape[9..].try_into().unwrap()) as usize;
    let mut said = ask(phone, &count.to_be_bytes());
    let rest = said.split_off(8);
    let total = u64::from_be_bytes(said.try_into().unwrap());
    let (mut bytes, mut packet) = (Vec::new(), rest);
    while !packet.is_empty() {
        let sum = packet.split_off(packet.len() - 2);
        assert_eq!(sum, sum16(&packet));
        assert!(packet.len() <= unit * count as usize);
        bytes.extend(packet);
        packet = ask(phone, &[0x5A]);
    }
    assert_eq!(bytes.len() as u64, total);
    assert_eq!(ask(phone, &[0x72]), hex("5a 01"), "it is back in its loop");
    (total, bytes)
}

#[test]
fn the_opening_and_the_report_tell_the_chip() {
    let pages = [
        (Scenario::named("mt6572-nand").unwrap(), "0095", "0800 0040"),
        (Scenario::parse(FOUR_K).unwrap(), "00a6", "1000 0080"),
    ];
    for (scenario, code, shape) in pages {
        let (board, flash) = scenario.build(None).unwrap();
        let [first, second] = stages(&container(&recipe(Dialect::D19)));
        let mut phone = jumped(board.clone(), flash.clone(), &first);
        let codes = format!("002c 00dc 0090 {code} 0056");
        let none = "00".repeat(16);
        let opening = format!("c0 00000000 0007 {codes} 0000 0000 00000BC4 {none}");
        assert_eq!(said(&mut phone), hex(&opening));
        ask(&mut phone, &[0x5A]);
        ask(&mut phone, &hex(CONFIGURATION));
        upload_second(&mut phone, &second);
        let report = ask(&mut phone, &[0x5A]);
        let nand = format!("00000000 00 00dc 20000000 0007 {codes} 0000 0000 {shape} 0040 08 05 01");
        assert_eq!(report[28..64], hex(&nand));
        assert_eq!(report[64..156], [&hex("00000C4D")[..], &[0; 88]].concat());
        assert_eq!(report[222..], hex("5a 00000C0B 0000040B c1"));

        let [first, second] = stages(&container(&recipe(Dialect::D13)));
        let mut phone = jumped(board, flash, &first);
        configured(&mut phone, Dialect::D13);
        upload_second(&mut phone, &second);
        let report = ask(&mut phone, &[0x5A]);
        let nand = format!("00000000 00 00dc 20000000 {codes} {shape} 0040 08 05 01");
        assert_eq!(report[28..58], hex(&nand));
        assert_eq!(report[58..122], [&hex("00000C48")[..], &[0; 60]].concat());
        assert_eq!(report[184..], hex("5a 00000C06 0000040B c1"));
    }
}

/// The table as the agent tells it.
fn told(phone: &mut Phone) -> Vec<u8> {
    let header = ask(phone, &[0xA5]);
    assert_eq!((header.len(), header[0]), (5, 0x5A), "{header:02x?}");
    let table = ask(phone, &[0x5A]);
    assert_eq!(table.len() as u32, u32::from_be_bytes(header[1..].try_into().unwrap()));
    assert_eq!(ask(phone, &[0x5A]), NOTHING);
    table
}

#[test]
fn the_table_is_the_one_in_the_pool() {
    let layout = Scenario::named("mt6572-nand").unwrap().layout;
    for dialect in BOTH {
        let table = told(&mut built("", dialect));
        let (stride, offset) = if dialect == Dialect::D19 { (0x60, 0x50) } else { (0x58, 0x48) };
        assert_eq!(table.len(), layout.len() * stride);
        for (entry, partition) in table.chunks(stride).zip(&layout) {
            let number = |at: usize| u64::from_le_bytes(entry[at..at + 8].try_into().unwrap());
            assert!(entry.starts_with(format!("{}\0", partition.name).as_bytes()));
            assert_eq!((number(0x40), number(offset)), (partition.size, partition.linear));
            assert_eq!(number(offset + 8), 0);
        }
        let mut phone = built("[[damage]]\nkind = \"no-pmt\"\n", dialect);
        assert_eq!(ask(&mut phone, &[0xA5]), hex("a5 0000040D"));
    }
}

#[test]
fn the_agent_may_look_where_the_host_says_that_the_pool_is() {
    for (dialect, with_pool) in [
        (Dialect::D19, "FF 01 08 08 00  7007FFFF  01  00000050  02 01 02 00"),
        (Dialect::D13, "FF 01 08 08 00  7007FFFF  00000050  02 00"),
    ] {
        let without = if dialect == Dialect::D19 { CONFIGURATION } else { OLD_CONFIGURATION };
        for (from_host, configuration, finds) in
            [(false, without, true), (true, with_pool, true), (true, without, false)]
        {
            let (mut board, flash) = Scenario::named("mt6572-nand").unwrap().build(None).unwrap();
            board.nand.pool_from_host = from_host;
            let [first, second] = stages(&container(&recipe(dialect)));
            let mut phone = jumped(board, flash, &first);
            said(&mut phone);
            if dialect == Dialect::D19 {
                ask(&mut phone, &[0x5A]);
            }
            assert_eq!(ask(&mut phone, &hex(configuration)), hex("00000000"));
            upload_second(&mut phone, &second);
            ask(&mut phone, &[0x5A]);
            let answer = ask(&mut phone, &[0xA5]);
            assert_eq!(answer[0], if finds { 0x5A } else { 0xA5 }, "{dialect:?} {configuration}");
        }
    }
}

#[test]
fn a_lost_main_copy_leaves_the_mirror() {
    // The third entry is NVRAM's.
    let nvram = |table: &[u8]| table[2 * 0x60 + 0x50..][..4].to_vec();
    let disagree = "[[damage]]\nkind = \"pmt-disagree\"\n";
    assert_eq!(nvram(&told(&mut built(disagree, Dialect::D19))), hex("00001800"));
    let scenario = Scenario::parse(&format!("base = \"mt6572-nand\"\n{disagree}")).unwrap();
    let (board, flash) = scenario.build(None).unwrap();
    let page = 4016 * 64;
    for (area, at) in [(Area::User, page * 2048), (Area::Spare, page * 64 + 1)] {
        let mut flash = flash.clone();
        flash.write(area, at, &[0]).unwrap();
        assert_eq!(
            nvram(&told(&mut looped(board.clone(), flash, Dialect::D19))),
            hex("00002000"),
            "{area:?}"
        );
    }
}

#[test]
fn parts_writing_and_formatting_are_refused_and_remembered() {
    for dialect in BOTH {
        let mut phone = built("", dialect);
        let number = |code: u32| [&[0xA5][..], &dialect.number(code).to_be_bytes()].concat();
        assert_eq!(ask(&mut phone, &hex("60 08")), number(0xC50));
        assert_eq!(ask(&mut phone, &[0xA4]), number(0x410));
        assert_eq!(ask(&mut phone, &hex("7a 08000008")), hex("00006572 5a"));
        assert!(phone.violations().is_empty());
        let (_, before) = built("", dialect).unplug();
        assert_eq!(ask(&mut phone, &[0xB3]), number(0x410));
        assert_eq!(phone.violations().len(), 1);
        let format = hex("d4 01 00 00 00 0000000000180000 0000000000020000");
        assert_eq!(ask(&mut phone, &format), number(0x410));
        assert_eq!(phone.violations().len(), 2);
        assert_eq!(ask(&mut phone, &write_header(0x18_0000, 0x800, 0x800)), number(0xC4F));
        assert!(
            phone.violations().len() == 3 && phone.violations().iter().all(|said| said.contains("on a NAND"))
        );
        assert_eq!(ask(&mut phone, &hex("db 0000 00000000")), [0x5A]);
        assert!(phone.unplug().1 == before);
    }
}
