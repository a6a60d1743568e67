//! Other chips, and DA files as a reader finds them.

use nvkeep::simulator::agent::{Dialect, Flaw, Recipe, container};
use nvkeep::simulator::{Departure, Presence, Scenario};

use super::*;

/// Pages that are not built in, for nothing reads these phones without an agent.
const PAGES: [&str; 3] = [
    include_str!("../../../../samples/phones/mt6572-brom.toml"),
    include_str!("../../../../samples/phones/mt6580-agent.toml"),
    include_str!("../../../../samples/phones/mt6582-agent.toml"),
];

#[test]
fn pages_that_need_an_agent_are_read() {
    let boards = PAGES.map(|page| Scenario::parse(page).unwrap().board);
    assert_eq!(boards.clone().map(|board| board.hw_code), [0x6572, 0x6580, 0x6582]);
    assert_eq!(boards.map(|board| board.is_brom()), [true, false, false]);
}

#[test]
fn other_chips_want_more_configuration() {
    for (code, more) in [(0x6580, 24), (0x6582, 4), (0x6592, 4), (0x6572, 0)] {
        let file = container(&Recipe { chips: vec![[code, 0, 0, 0]], ..recipe(Dialect::D19) });
        let [first, _] = stages(&file);
        let mut phone = jumped(Board { hw_code: code, ..board() }, blank(), &first);
        said(&mut phone);
        assert_eq!(ask(&mut phone, &[0x5A]), hex("04 02 88"));
        let mut configuration = hex(CONFIGURATION);
        for _ in 0..more {
            assert_eq!(ask(&mut phone, &configuration), NOTHING);
            configuration = vec![0];
        }
        assert_eq!(ask(&mut phone, &configuration), hex("00000000"));
    }
}

#[test]
fn an_mt6580_restarts_on_other_arguments() {
    let scenario = Scenario::parse(PAGES[1]).unwrap();
    let file = container(&Recipe { chips: vec![[0x6580, 0, 0, 0]], ..recipe(Dialect::D19) });
    let [first, second] = stages(&file);
    let mut phone = jumped(scenario.board, blank(), &first);
    said(&mut phone);
    ask(&mut phone, &[0x5A]);
    assert_eq!(ask(&mut phone, &[hex(CONFIGURATION), vec![0; 24]].concat()), hex("00000000"));
    upload_second(&mut phone, &second);
    assert_eq!(ask(&mut phone, &[0x5A]).last(), Some(&0xC1));
    assert_eq!(ask(&mut phone, &hex("db 00000000 00")), NOTHING);
    assert_eq!(ask(&mut phone, &hex("01 00 00")), [0x5A]);
    let why = Departure::Reset { download_cancelled: true, automatic: true };
    assert_eq!(phone.presence(), Presence::Gone { why });
}

#[test]
fn a_container_has_the_shape_of_a_real_one() {
    let file = container(&Recipe::of(Dialect::D19));
    assert!(file.starts_with(b"MTK_DOWNLOAD_AGENT\0"));
    assert_eq!(file[0x60..0x6C], hex("04000000 99886622 06000000"));
    let entry = &file[0x6C + 0xDC..0x6C + 2 * 0xDC];
    assert_eq!(entry[..0x14], hex("dada 7265 0000 00ca 0000 0000 0010 0000 0000 0300"));
    let word = |at: usize| u32::from_le_bytes(entry[at..at + 4].try_into().unwrap());
    assert_eq!([word(0x2C), word(0x30), word(0x34), word(0x38)], [0xEA6C, 0x0200_7000, 0xE96C, 0x100]);
    assert_eq!([word(0x40), word(0x44), word(0x48), word(0x4C)], [0x279C0, 0x8000_0000, 0x278C0, 0x100]);
    assert!(file.len() > word(0x3C) as usize + 0x279C0);
    assert_eq!(container(&Recipe::of(Dialect::D19)), file, "the same every time");
}

#[test]
fn a_container_can_be_wrong_in_every_way() {
    let whole = container(&recipe(Dialect::D19));
    let wrong = |flaw| container(&Recipe { flaws: vec![flaw], ..recipe(Dialect::D19) });
    assert_eq!(wrong(Flaw::ForeignMagic)[0x64..0x68], hex("88336655"));
    assert_eq!(wrong(Flaw::XmlMark)[0x20..0x29], *b"MTK_DA_v6");
    assert_eq!(wrong(Flaw::LaterDescription)[0x2F..0x33], *b"_v5.");
    assert_eq!(wrong(Flaw::TooManyEntries)[0x68..0x6C], 1001_u32.to_le_bytes());
    assert_eq!(wrong(Flaw::OneRegion)[0x6C + 0x12], 1);
    assert!(wrong(Flaw::Cut).len() < whole.len() - 0x10000);
    let long = wrong(Flaw::LongSignature);
    let at = 0x6C + 0x14 + 20;
    assert!(long[at + 16..at + 20] > long[at + 4..at + 8]);
    assert_eq!(stages(&wrong(Flaw::ForeignSecondStage))[1], stages(&whole)[1]);
    // The old stride shows itself where a second entry begins.
    let two =
        Recipe { chips: vec![[0x6572, 0, 0, 0]; 2], flaws: vec![Flaw::OldStride], ..recipe(Dialect::D13) };
    assert_eq!(container(&two)[0x6C + 0xD8..0x6C + 0xDA], hex("dada"));
}
