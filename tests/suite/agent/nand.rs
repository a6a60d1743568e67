//! A raw NAND through both dialects, byte for byte (preloader-and-legacy-da.md 6.3, 6.4, 6.8, 6.20): read, never written.

use nvkeep::protocol::{Engine, NandChip, ProtocolError};

use super::script::{Step, engine, finished, greeting, image, loading, open, play, raw, starting, step};

/// A chip of 4096 blocks of 64 pages of 2048 + 64 bytes, as both dialects report it when the eMMC is not found.
const OPENING: &str = "C0 00000000 0007 002C 00DC 0090 0095 0056 0000 0000 00000BC4 \
     00000000 00000000 00000000 00000000";
const REPORT: &str = "00000BC7 00 08 FFFF 00000000 0000 0000 0000 0000 00000000 00000000 \
     00000000 00 00DC 20000000 0007 002C 00DC 0090 0095 0056 0000 0000 0800 0040 0040 08 05 01 \
     00000C4D 0000000000000000 0000000000000000 0000000000000000 \
     0000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 \
     00000000 00000000 00000000 00000000 00 00 00 00 00 00 00 00 \
     00000C4F 0000000000000000 00000000 00000000 00000000 00000000 \
     00000000 00020000 00000000 02 00 0000000010000000 \
     A0A1A2A3A4A5A6A7A8A9AAABACADAEAF";
const OLD_REPORT: &str = "00000BC3 00 08 FFFF 00000000 0000 0000 0000 0000 00000000 00000000 \
     00000000 00 00DC 20000000 002C 00DC 0090 0095 0056 0800 0040 0040 08 05 01 \
     00000C48 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000000000000000 \
     00000000 00000000 00000000 00000000 00 00 00 00 00 00 00 00 \
     00000C4A 0000000000000000 00000000 00000000 00000000 00000000 \
     00000000 00020000 00000000 02 00 10000000 \
     00000000000000000000000000000000";
/// The pool of bad blocks is told where the opening has told of a NAND: 50 blocks (hex), as tools do (section 6.4).
const CONFIGURATION: &str = "FF 01 08 08 00 7007FFFF 01 00000050 02 01 02 00";
const OLD_CONFIGURATION: &str = "FF 01 08 08 00 7007FFFF 00000000 02 00";

fn ladder() -> Vec<Step> {
    let image = image();
    let mut steps = greeting(0);
    steps.extend(starting(&image, OPENING));
    steps.push(step("5A", "04 02 88"));
    steps.push(step(CONFIGURATION, "00000000"));
    steps.extend(loading(&image, &format!("{REPORT} 5A 00000C0B 0000040B C1")));
    steps
}

fn old_ladder() -> Vec<Step> {
    let image = image();
    let mut steps = greeting(0);
    steps.extend(starting(&image, "C0 04 02 88"));
    steps.push(step(OLD_CONFIGURATION, "00000000"));
    steps.extend(loading(&image, &format!("{OLD_REPORT} 5A 00000C06 0000040B C1")));
    steps
}

fn summed(bytes: &[u8], off_by: u16) -> Vec<u8> {
    let sum = bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>() as u16;
    [bytes, &sum.wrapping_add(off_by).to_be_bytes()].concat()
}

fn filled(seed: u8, len: usize) -> Vec<u8> {
    (0..len).map(|at| (at as u8).wrapping_mul(5).wrapping_add((at >> 8) as u8).wrapping_add(seed)).collect()
}

/// READPAGE of one run of pages inside a block, whole in one packet.
fn read_page(flag: &str, at: u64, len: u64, unit: &str, pages: u32, content: &[u8]) -> Vec<Step> {
    vec![
        step(
            &format!("DF {flag} 00 {at:016x} {len:016x} {len:08x}"),
            &format!("5A 00000800 00000040 {unit}"),
        ),
        raw(&pages.to_be_bytes(), &[&(content.len() as u64).to_be_bytes()[..], &summed(content, 0)].concat()),
        raw(&[0x5A], &[]),
    ]
}

fn code(error: &ProtocolError) -> (&'static str, String) {
    assert!(!error.advice().is_empty());
    (error.code(), error.to_string())
}

#[test]
fn its_shape_comes_from_the_report_of_either_dialect() {
    for (ladder, id) in [(ladder(), Some("A0")), (old_ladder(), None)] {
        let count = ladder.len();
        let (engine, ledger) = engine(ladder, Vec::new());
        let shape = NandChip {
            page: 2048,
            spare: 64,
            pages_per_block: 64,
            blocks: 4096,
            ids: vec![0x2C, 0xDC, 0x90, 0x95, 0x56],
        };
        let card = engine.card();
        // Two codes of the newer dialect's seven are zero.
        let told = card.nand.clone().map(|chip| NandChip { ids: chip.ids[..5].to_vec(), ..chip });
        assert_eq!((card.cid, told), (None, Some(shape)));
        assert_eq!((card.sectors, card.prefix()), (0x2000_0000 / 512, 0));
        assert!(!engine.capabilities().write);
        assert_eq!(engine.random_id().map(|id| format!("{:02X}", id[0])).as_deref(), id);
        // No part is chosen: a NAND has none.
        finished(&ledger, count);
    }
}

#[test]
fn pages_are_read_corrected_and_one_erase_block_at_a_time() {
    let (tail, head) = (filled(1, 4096), filled(2, 2048));
    // Two pages at the end of block 0, one at the start of block 1.
    let mut more = read_page("03", 0x1F000, 0x1000, "00000800", 2, &tail);
    more.extend(read_page("03", 0x20000, 0x800, "00000800", 1, &head));
    let count = ladder().len() + more.len();
    let (mut engine, ledger) = engine(ladder(), more);
    let mut into = vec![0; 4096 + 2048];
    engine.read(0x1F000 / 512, &mut into).unwrap();
    assert_eq!(into, [tail, head].concat());
    assert_eq!(engine.bad_blocks(), [0; 0]);
    finished(&ledger, count);
}

#[test]
fn a_block_of_512_bytes_is_cut_out_of_its_page() {
    let page = filled(3, 2048);
    let more = read_page("03", 0x800, 0x800, "00000800", 1, &page);
    let (mut engine, _) = engine(ladder(), more);
    let mut into = vec![0; 512];
    engine.read(6, &mut into).unwrap();
    assert_eq!(into, page[1024..1536]);
}

#[test]
fn spare_bytes_are_read_page_by_page_of_one_block() {
    let (first, second) = (filled(4, 64), filled(5, 128));
    let mut more = read_page("02", 0x1F800, 0x800, "00000040", 1, &first);
    more.extend(read_page("02", 0x20000, 0x1000, "00000040", 2, &second));
    let count = ladder().len() + more.len();
    let (mut engine, ledger) = engine(ladder(), more);
    assert_eq!(engine.read_spare(63, 3).unwrap().unwrap(), [first, second].concat());
    finished(&ledger, count);
}

#[test]
fn a_bad_block_reads_as_erased_whichever_way_it_is_told_and_is_asked_for_once() {
    let order = "DF 03 00 0000000000020000 0000000000000800 00000800";
    let left_out = vec![step(order, "5A 00000800 00000040 00000800"), raw(&[0, 0, 0, 1], &[0; 8])];
    let refused = ["BE5", "C2A", "C2B"].map(|number| vec![step(order, &format!("A5 00000{number}"))]);
    for told in refused.into_iter().chain([left_out]) {
        let more = told;
        let count = ladder().len() + more.len();
        let (mut engine, ledger) = engine(ladder(), more);
        let mut into = vec![0; 2048];
        engine.read(0x20000 / 512, &mut into).unwrap();
        assert!(into.iter().all(|byte| *byte == 0xFF));
        assert_eq!(engine.bad_blocks(), [1]);
        // Known from here on: neither its other pages nor its spare bytes are asked for.
        engine.read(0x20800 / 512, &mut into).unwrap();
        assert_eq!(engine.read_spare(64, 1).unwrap(), None);
        finished(&ledger, count);
    }
}

/// The unit of a container is in no reference: an agent that counts it otherwise must not give an archive of nothing.
#[test]
fn an_agent_that_calls_everything_bad_is_not_believed() {
    let order = |block: u64| format!("DF 03 00 {:016x} 0000000000000800 00000800", block * 0x20000);
    // One block in fifty of 4096, and those in the pool behind them, which stand in for bad ones.
    for (number, blocks) in [("BE5", 0..82), ("C2A", 0..82), ("C2B", 0x1000 - 0x50 - 82..0x1000)] {
        let told = blocks.clone().map(|block| step(&order(block), &format!("A5 00000{number}"))).collect();
        let (mut engine, _) = engine(ladder(), told);
        let outcomes: Vec<_> = blocks.map(|block| engine.read(block * 256, &mut [0; 2048])).collect();
        assert_eq!(outcomes.iter().position(Result::is_err), Some(81), "{number}");
        let (name, text) = code(outcomes[81].as_ref().unwrap_err());
        assert!(
            name == "nand-unreadable" && text.contains("calls 82 blocks of the NAND bad and gave only 0"),
            "{text}"
        );
    }
    // A pool that cannot be read at all is no reason to doubt the rest.
    let pool = 0x1000 - 0x50..0x1000u64;
    let told = pool.clone().map(|block| step(&order(block), "A5 00000C2B")).collect();
    let (mut engine, _) = engine(ladder(), told);
    pool.for_each(|block| engine.read(block * 256, &mut [0; 2048]).unwrap());
}

#[test]
fn a_packet_with_a_wrong_sum_is_asked_for_with_69_and_given_up_with_96() {
    let (bad, good) = (filled(6, 2048), filled(7, 2048));
    let header = step("DF 03 00 0000000000000000 0000000000000800 00000800", "5A 00000800 00000040 00000800");
    let first = raw(&[0, 0, 0, 1], &[&2048u64.to_be_bytes()[..], &summed(&bad, 1)].concat());
    let more = vec![header.clone(), first.clone(), raw(&[0x69], &summed(&good, 0)), raw(&[0x5A], &[])];
    let count = ladder().len() + more.len();
    let (mut reading, ledger) = engine(ladder(), more);
    let mut into = vec![0; 2048];
    reading.read(0, &mut into).unwrap();
    assert_eq!(into, good);
    finished(&ledger, count);

    let mut more = vec![header, first];
    more.extend((0..3).map(|_| raw(&[0x69], &summed(&bad, 1))));
    more.extend([raw(&[0x96], &[]), step("72", "5A 01")]);
    let count = ladder().len() + more.len();
    let (mut engine, ledger) = engine(ladder(), more);
    assert_eq!(code(&engine.read(0, &mut into).unwrap_err()).0, "agent-sum");
    // The agent was told to stop, and goes on.
    engine.is_there().unwrap();
    finished(&ledger, count);
}

#[test]
fn numbers_that_cannot_be_end_the_conversation() {
    let order = "DF 03 00 0000000000000000 0000000000000800 00000800";
    for (head, total) in [
        ("5A 00001000 00000040 00000800", None),
        ("5A 00000800 00000080 00000800", None),
        ("5A 00000800 00000040 00000840", None),
        ("5A 00000800 00000040 00000800", Some("0000000000001000")),
        ("5A 00000800 00000040 00000800", Some("FFFFFFFFFFFFFFFF")),
    ] {
        let mut more = vec![step(order, head)];
        more.extend(total.map(|total| step("00000001", total)));
        let (mut engine, _) = engine(ladder(), more);
        let error = engine.read(0, &mut [0; 2048]).unwrap_err();
        assert_eq!(code(&error).0, "agent-foreign", "{head} {total:?}: {error}");
        assert_eq!(code(&engine.leave().unwrap_err()).0, "desync");
    }
}

#[test]
fn the_older_dialect_reads_it_like_a_card_by_another_number() {
    let content = filled(8, 0x400);
    let more = vec![
        step("D6 01 0000000000180000 0000000000000400", "5A"),
        raw(&[0, 0, 4, 0], &summed(&content, 0)),
        raw(&[0x5A], &[]),
        // BE5 as this dialect counts it.
        step("D6 01 00000000001A0000 0000000000000200", "A5 00000BE1"),
    ];
    let count = old_ladder().len() + more.len();
    let (mut engine, ledger) = engine(old_ladder(), more);
    let mut into = vec![0; 0x400];
    engine.read(0x18_0000 / 512, &mut into).unwrap();
    assert_eq!(into, content);
    engine.read(0x1A_0000 / 512, &mut into[..512]).unwrap();
    assert!(into[..512].iter().all(|byte| *byte == 0xFF));
    assert_eq!(engine.bad_blocks(), [13]);
    assert_eq!(engine.read_spare(0, 1).unwrap(), None);
    finished(&ledger, count);
}

#[test]
fn nothing_is_ever_written_to_it() {
    for ladder in [ladder(), old_ladder()] {
        let count = ladder.len();
        let (mut engine, ledger) = engine(ladder, Vec::new());
        let error = engine.write(0, &[0; 512]).unwrap_err();
        assert_eq!(code(&error).0, "nand-read-only");
        finished(&ledger, count);
    }
}

#[test]
fn a_shape_that_cannot_be_is_refused_and_the_phone_left_booting() {
    let good: String = REPORT.split_whitespace().collect();
    // Its size is at byte 35 of the report, page, spare and pages a block from 55 on.
    for (byte, value) in [
        (35, "00000000"),
        (35, "20000001"),
        (55, "0801"),
        (57, "0000"),
        (57, "0900"),
        (59, "0000"),
        (59, "0041"),
    ] {
        let mut report = good.clone();
        report.replace_range(byte * 2..byte * 2 + value.len(), value);
        assert_ne!(report, good);
        let image = image();
        let mut steps = greeting(0);
        steps.extend(starting(&image, OPENING));
        steps.push(step("5A", "04 02 88"));
        steps.push(step(CONFIGURATION, "00000000"));
        steps.extend(loading(&image, &format!("{report} 5A 00000C0B 0000040B C1")));
        steps.push(step("DB 0000 00000000", "5A"));
        let count = steps.len();
        let (link, ledger) = play(steps, usize::MAX, None);
        let error = open(link, Default::default()).map(drop).unwrap_err();
        assert_eq!(code(&error).0, "refused-card", "{byte} {value}");
        assert!(error.to_string().contains("NAND is said to have"), "{error}");
        finished(&ledger, count);
    }
}
