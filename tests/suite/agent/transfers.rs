//! What goes wrong between two blocks: sums, repeats, error numbers of either dialect, and the block that looks sparse.

use nvkeep::protocol::{Engine, ProtocolError};

use super::script::{Step, engine, finished, ladder, old_ladder, raw, step};

const HEADER: &str = "D6 0B 02 0000000000000000 0000000000000200";
const WRITE: &str = "62 01 08 0000000000000200 0000000000000200 00000200";

fn summed(bytes: &[u8], off_by: u16) -> Vec<u8> {
    let sum = bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>() as u16;
    [bytes, &sum.wrapping_add(off_by).to_be_bytes()].concat()
}

fn code(outcome: Result<(), ProtocolError>) -> (&'static str, String) {
    let error = outcome.unwrap_err();
    assert!(!error.advice().is_empty());
    (error.code(), error.to_string())
}

#[test]
fn a_block_with_a_wrong_sum_is_not_acknowledged_and_comes_again() {
    let (bad, good) = ([9; 512], [7; 512]);
    let more = vec![
        step(HEADER, "5A"),
        raw(&[0, 0, 4, 0], &summed(&bad, 1)),
        raw(&[0xA5], &summed(&bad, 0xFFFF)),
        raw(&[0xA5], &summed(&good, 0)),
        raw(&[0x5A], &[]),
    ];
    let count = ladder(0).len() + 5;
    let (mut engine, ledger) = engine(ladder(0), more);
    let mut into = [0; 512];
    engine.read(0, &mut into).unwrap();
    assert_eq!(into, good);
    finished(&ledger, count);
}

#[test]
fn a_sum_that_stays_wrong_ends_the_read_and_the_conversation() {
    let wrong = summed(&[9; 512], 1);
    let mut more = vec![step(HEADER, "5A"), raw(&[0, 0, 4, 0], &wrong)];
    more.extend((0..3).map(|_| raw(&[0xA5], &wrong)));
    let count = ladder(0).len() + more.len();
    let (mut engine, ledger) = engine(ladder(0), more);
    let (code_of, text) = code(engine.read(0, &mut [0; 512]));
    assert_eq!(code_of, "agent-sum");
    assert!(text.starts_with("reading LBA 0, block 0: a block arrived damaged every time"), "{text}");
    // No byte ends a read, so nothing more is said, not even a farewell.
    assert_eq!(code(engine.leave()).0, "desync");
    assert_eq!(code(engine.is_there()).0, "desync");
    finished(&ledger, count);
}

#[test]
fn a_refused_read_says_why_in_its_dialect_and_the_agent_goes_on() {
    let (mut d19, _) = engine(ladder(0), vec![step(HEADER, "A5 00000BE0"), step("72", "5A 01")]);
    let (name, text) = code(d19.read(0, &mut [0; 512]));
    assert_eq!(name, "agent-range");
    assert_eq!(
        text,
        "reading LBA 0: the agent answered error be0: length zero, or range outside the card (dialect D19)"
    );
    d19.is_there().unwrap();
    // The same number means something else five years earlier, and the same meaning has another number.
    for (number, words) in [("00000BE0", "NAND program or erase failed"), ("00000BDC", "length zero")] {
        let more = vec![step("D6 02 0000000000000000 0000000000000200", &format!("A5 {number}"))];
        let (mut d13, _) = engine(old_ladder(), more);
        let text = code(d13.read(0, &mut [0; 512])).1;
        assert!(text.contains(words) && text.ends_with("(dialect D13)"), "{text}");
    }
}

fn packet(content: &[u8; 512], answer: &str) -> Vec<Step> {
    let sum = &summed(content, 0)[512..];
    let mut last = step("", answer);
    last.host = sum.to_vec();
    vec![step("5A", ""), raw(content, &[]), last]
}

#[test]
fn a_packet_that_was_summed_otherwise_is_sent_again_three_times() {
    // D13 counts BF9 as BF5 (section 9.5).
    for (ladder, number) in [(ladder(0), "BF9"), (old_ladder(), "BF5")] {
        let content = [3; 512];
        let wrong = format!("A5 00000{number}");
        let mut more = vec![step(WRITE, "5A")];
        (0..3).for_each(|_| more.extend(packet(&content, &wrong)));
        more.extend(packet(&content, "69"));
        let count = ladder.len() + more.len();
        let (mut engine, ledger) = engine(ladder, more);
        engine.write(1, &content).unwrap();
        finished(&ledger, count);
    }
    let content = [3; 512];
    let mut more = vec![step(WRITE, "5A")];
    (0..4).for_each(|_| more.extend(packet(&content, "A5 00000BF9")));
    more.extend([step("96", ""), step("72", "5A 01")]);
    let count = ladder(0).len() + more.len();
    let (mut engine, ledger) = engine(ladder(0), more);
    assert_eq!(code(engine.write(1, &content)).0, "agent-sum");
    engine.is_there().unwrap();
    finished(&ledger, count);
}

#[test]
fn a_packet_that_could_not_be_written_is_sent_once_more_and_then_left() {
    for (ladder, number) in [(ladder(0), "C52"), (old_ladder(), "C4D")] {
        let content = [3; 512];
        let failed = format!("A5 00000{number}");
        let mut more = vec![step(WRITE, "5A")];
        (0..2).for_each(|_| more.extend(packet(&content, &failed)));
        more.extend([step("96", ""), step("DB 0000 00000000", "5A")]);
        let count = ladder.len() + more.len();
        let (mut engine, ledger) = engine(ladder, more);
        let (name, text) = code(engine.write(1, &content));
        assert!(name == "agent-storage" && text.contains("write failed"), "{text}");
        engine.leave().unwrap();
        finished(&ledger, count);
    }
}

#[test]
fn a_write_that_policy_forbids_says_so() {
    let (mut engine, _) = engine(ladder(0), vec![step(WRITE, "A5 0000177A"), step("72", "5A 01")]);
    let (name, text) = code(engine.write(1, &[3; 512]));
    assert!(name == "agent-forbidden" && text.contains("forbidden by the phone's security"), "{text}");
    engine.is_there().unwrap();
}

#[test]
fn an_answer_no_agent_gives_ends_the_conversation() {
    let (mut engine, ledger) = engine(ladder(0), vec![step(WRITE, "42")]);
    let (name, text) = code(engine.write(1, &[3; 512]));
    assert_eq!(
        (name, text.as_str()),
        ("agent-foreign", "writing LBA 1: the agent said 42 where 5a or a5 must come")
    );
    assert_eq!(code(engine.leave()).0, "desync");
    assert_eq!(ledger.lock().unwrap().beyond, Vec::<Vec<u8>>::new());
}

const SPARSE: [u8; 4] = [0x3A, 0xFF, 0x26, 0xED];

fn sparse() -> [u8; 512] {
    let mut block = [5; 512];
    block[..4].copy_from_slice(&SPARSE);
    block
}

fn read_of(lba: u64, content: &[u8]) -> Vec<Step> {
    let mut header = vec![0xD6, 0x0B, 0x02];
    header.extend((lba * 512).to_be_bytes());
    header.extend((content.len() as u64).to_be_bytes());
    let mut steps = vec![raw(&header, &[0x5A])];
    let mut blocks = content.chunks(0x400);
    steps.push(raw(&[0, 0, 4, 0], &summed(blocks.next().unwrap(), 0)));
    steps.extend(blocks.map(|block| raw(&[0x5A], &summed(block, 0))));
    steps.push(raw(&[0x5A], &[]));
    steps
}

fn run_of(lba: u64, content: &[u8]) -> Vec<Step> {
    let mut header = vec![0x62, 1, 8];
    header.extend((lba * 512).to_be_bytes());
    header.extend((content.len() as u64).to_be_bytes());
    header.extend((content.len() as u32).to_be_bytes());
    vec![
        raw(&header, &[0x5A]),
        step("5A", ""),
        raw(content, &[]),
        raw(&summed(content, 0)[content.len()..], &[0x69]),
    ]
}

/// Were the block sent alone, the agent would unpack it as a sparse image (section 6.12).
#[test]
fn a_block_that_looks_sparse_goes_behind_its_unchanged_neighbour() {
    let neighbour = [8; 512];
    let run = [neighbour, sparse()].concat();
    let more = [read_of(0x1FFF, &neighbour), run_of(0x1FFF, &run), read_of(0x1FFF, &neighbour)].concat();
    let count = ladder(0).len() + more.len();
    let (mut engine, ledger) = engine(ladder(0), more);
    engine.write(0x2000, &sparse()).unwrap();
    finished(&ledger, count);
}

#[test]
fn a_neighbour_that_looks_sparse_too_goes_behind_another() {
    let neighbour = [8; 512];
    let run = [neighbour, sparse(), sparse()].concat();
    let back = [neighbour, sparse()].concat();
    let more = [read_of(4, &sparse()), read_of(3, &neighbour), run_of(3, &run), read_of(3, &back)].concat();
    let count = ladder(0).len() + more.len();
    let (mut engine, ledger) = engine(ladder(0), more);
    engine.write(5, &sparse()).unwrap();
    finished(&ledger, count);
}

#[test]
fn a_block_that_looks_sparse_and_has_no_neighbour_is_refused_unsent() {
    let count = ladder(0).len();
    let (mut first, ledger) = engine(ladder(0), Vec::new());
    assert_eq!(code(first.write(0, &sparse())).0, "agent-sparse");
    finished(&ledger, count);
    let more: Vec<Step> = (0..8).flat_map(|back| read_of(99 - back, &sparse())).collect();
    let (mut deep, ledger) = engine(ladder(0), more.clone());
    assert_eq!(code(deep.write(100, &sparse())).0, "agent-sparse");
    finished(&ledger, count + more.len());
}

#[test]
fn a_neighbour_that_came_back_changed_is_written_again_and_then_told() {
    let (neighbour, changed) = ([8; 512], [0; 512]);
    let run = [neighbour, sparse()].concat();
    let again = [run_of(6, &run), read_of(6, &changed)].concat();
    let more = [read_of(6, &neighbour), again.clone(), again].concat();
    let count = ladder(0).len() + more.len();
    let (mut engine, ledger) = engine(ladder(0), more);
    let (name, text) = code(engine.write(7, &sparse()));
    assert!(name == "agent-storage" && text.contains("from LBA 6 on"), "{text}");
    finished(&ledger, count);
}

#[test]
fn nothing_outside_the_card_is_asked_for() {
    let count = ladder(0).len();
    let (mut engine, ledger) = engine(ladder(0), Vec::new());
    let sectors = engine.card().sectors;
    for lba in [sectors, sectors - 1, u64::MAX] {
        assert_eq!(code(engine.read(lba, &mut [0; 1024])).0, "out-of-range");
    }
    assert_eq!(code(engine.read(0, &mut [0; 100])).0, "out-of-range");
    assert_eq!(code(engine.write(sectors, &[1; 512])).0, "out-of-range");
    engine.read(0, &mut []).unwrap();
    finished(&ledger, count);
}
