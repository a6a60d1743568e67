//! The eMMC behind READ32 and WRITE32.

use std::time::Duration;

use nvkeep::protocol::{
    CardTrouble, ChipProfile, ConnectOptions, DirectEngine, DirectOptions, Engine, Pace, ProtocolError,
    connect,
};
use nvkeep::simulator::{
    Area, Board, CardFacts, CardFault, Departure, Flash, Leaves, Pace as CardPace, Presence, Scenario,
    Storage,
};

use nvkeep::transport::{Link, LinkError};

use crate::support::Random;
use crate::support::in_process::{OnBench, mt6572};

const WITHIN: Duration = Duration::from_secs(3);
const LBA: u64 = 0x7C00;

fn flash(card: &CardFacts) -> Flash {
    let mut flash = Flash::new(u64::from(card.sectors) * 512, 4 << 20, 512 << 10, 0);
    flash.write(Area::User, LBA * 512, &Random::new(7).bytes(16 * 512)).unwrap();
    flash
}

fn bench(board: Board) -> OnBench {
    let flash = flash(&board.card);
    OnBench::new(board, flash)
}

fn open_as(bench: &OnBench, chip: ChipProfile, pace: Pace) -> Result<DirectEngine, ProtocolError> {
    let session = connect(bench.link(), &[chip], ConnectOptions::default(), WITHIN)?;
    session.into_direct(DirectOptions { pace })
}

fn open(bench: &OnBench) -> Result<DirectEngine, ProtocolError> {
    open_as(bench, mt6572(), Pace::Strict)
}

fn refusal(outcome: Result<DirectEngine, ProtocolError>) -> ProtocolError {
    outcome.map(|_| "an engine").unwrap_err()
}

fn on_flash(bench: OnBench, lba: u64) -> Vec<u8> {
    let phone =
        std::sync::Arc::try_unwrap(bench.phone).map_err(|_| "still held").unwrap().into_inner().unwrap();
    let mut block = vec![0; 512];
    phone.unplug().1.read(Area::User, lba * 512, &mut block).unwrap();
    block
}

fn double_rate() -> Board {
    Board { card: CardFacts { ddr: true, ..CardFacts::default() }, ..Board::default() }
}

#[test]
fn reads_what_the_flash_holds_at_both_data_rates_and_paces() {
    for board in [Board::default(), double_rate()] {
        for pace in [Pace::Strict, Pace::Fast] {
            let bench = bench(board.clone());
            let mut engine = open_as(&bench, mt6572(), pace).unwrap();
            let mut read = vec![0; 16 * 512];
            engine.read(LBA, &mut read).unwrap();
            assert_eq!(read, Random::new(7).bytes(16 * 512));
            assert_eq!(bench.violations(), [""; 0]);
            assert!(bench.metered().largest_transfer <= 512);
        }
    }
}

#[test]
fn knows_the_card() {
    let bench = bench(double_rate());
    let engine = open(&bench).unwrap();
    let card = engine.card();
    let facts = CardFacts::default();
    assert_eq!(card.cid, Some(facts.cid));
    assert_eq!(card.sectors, u64::from(facts.sectors));
    assert_eq!(card.prefix(), 0x88_0000); // the worked example of msdc-direct.md 10
    assert_eq!((card.revision, card.general_purpose), (Some(6), false));
    assert!(engine.capabilities().write);
    assert_eq!(engine.name(), "direct");
}

#[test]
fn writes_one_block_and_no_other() {
    for board in [Board::default(), double_rate()] {
        let bench = bench(board);
        let mut engine = open(&bench).unwrap();
        let block: [u8; 512] = Random::new(8).bytes(512).try_into().unwrap();
        let mut before = [0; 3 * 512];
        engine.read(LBA, &mut before).unwrap();
        assert_ne!(before[512..1024], block);
        engine.write(LBA + 1, &block).unwrap();
        let mut after = [0; 3 * 512];
        engine.read(LBA, &mut after).unwrap();
        assert_eq!(after[..512], before[..512]);
        assert_eq!(after[512..1024], block);
        assert_eq!(after[1024..], before[1024..]);
        assert_eq!(bench.violations(), [""; 0]);
        drop(engine);
        assert_eq!(on_flash(bench, LBA + 1), block);
    }
}

#[test]
fn addresses_small_cards_by_byte() {
    let card = CardFacts { sectors: 0x0020_0000, ..CardFacts::default() };
    let bench = bench(Board { card, ..Board::default() });
    let mut engine = open(&bench).unwrap();
    let mut read = [0; 512];
    engine.read(LBA + 3, &mut read).unwrap();
    assert_eq!(read[..], Random::new(7).bytes(16 * 512)[3 * 512..4 * 512]);
    engine.write(LBA + 5, &[0x5A; 512]).unwrap();
    drop(engine);
    assert_eq!(on_flash(bench, LBA + 5), [0x5A; 512]);
}

#[test]
fn refuses_blocks_beyond_the_card_before_sending() {
    let bench = bench(Board::default());
    let mut engine = open(&bench).unwrap();
    let end = engine.card().sectors;
    let sent = bench.metered().out_transfers;
    for (lba, len) in [(end, 512), (end - 1, 1024), (u64::MAX, 512), (0, 100)] {
        let error = engine.read(lba, &mut vec![0; len]).unwrap_err();
        assert_eq!(error.code(), "out-of-range");
    }
    assert_eq!(engine.write(end, &[0; 512]).unwrap_err().code(), "out-of-range");
    assert_eq!(bench.metered().out_transfers, sent);
    let mut last = [1; 512];
    engine.read(end - 1, &mut last).unwrap();
    assert_eq!(last, [0; 512]);
}

#[test]
fn clears_access_bits_and_nothing_else_of_partition_config() {
    let card = CardFacts { partition_config: 0x49, ..CardFacts::default() };
    let bench = bench(Board { card, ..Board::default() });
    let mut engine = open(&bench).unwrap();
    assert_eq!(engine.card().ext_csd.as_ref().unwrap()[179], 0x48);
    let mut read = [0; 512];
    engine.read(LBA, &mut read).unwrap();
    assert_eq!(read[..], Random::new(7).bytes(512));
    drop(engine);
    let phone = std::sync::Arc::try_unwrap(bench.phone).map_err(|_| "held").unwrap().into_inner().unwrap();
    assert_eq!(phone.unplug().0.card.partition_config, 0x48);
}

#[test]
fn leaves_a_phone_that_boots_by_itself() {
    let bench = bench(double_rate());
    let mut engine = open(&bench).unwrap();
    engine.leave().unwrap();
    let why = Departure::Reset { download_cancelled: true, automatic: true };
    assert_eq!(bench.presence(), Presence::Gone { why });
    assert_eq!(bench.violations(), [""; 0]);
    assert_eq!(engine.read(0, &mut [0; 512]).unwrap_err().code(), "session-over");
    assert_eq!(engine.write(0, &[0; 512]).unwrap_err().code(), "session-over");
    assert_eq!(engine.leave().unwrap_err().code(), "session-over");
}

#[test]
fn refuses_a_nand_phone_without_touching_its_controller() {
    let bench = bench(Board { storage: Storage::Nand, ..Board::default() });
    let error = refusal(open(&bench));
    assert_eq!(error.code(), "nand-boot");
    assert!(error.to_string().contains("nothing has been written"), "{error}");
    // The gated controller would have hung the bus.
    assert_eq!(bench.presence(), Presence::Connected);
    assert_eq!(bench.violations(), [""; 0]);
    let mut blind = mt6572();
    blind.nand_pinmux.clear();
    assert_eq!(
        refusal(open_as(
            &self::bench(Board { storage: Storage::Nand, ..Board::default() }),
            blind,
            Pace::Strict
        ))
        .code(),
        "nand-boot"
    );
}

#[test]
fn names_every_register_that_differs_from_the_fingerprint() {
    let mut chip = mt6572();
    chip.fingerprint.patch_bit1 = 0x1234_5678;
    chip.fingerprint.sdc_cfg_low = 0x0012_0002;
    let error = refusal(open_as(&bench(Board::default()), chip, Pace::Strict));
    assert_eq!(error.code(), "fingerprint");
    let text = error.to_string();
    assert!(text.contains("PATCH_BIT1 is ffff0009, expected 12345678"), "{text}");
    assert!(text.contains("SDC_CFG[23:0] is 001a0002, expected 00120002"), "{text}");
    assert!(!text.contains("INTEN"), "{text}");
    let mut pins = mt6572();
    pins.pinmux[1].expected = 0x0222_2222;
    assert_eq!(refusal(open_as(&bench(Board::default()), pins, Pace::Strict)).code(), "fingerprint");
}

#[test]
fn refuses_a_description_that_would_assert_the_phone() {
    for wrong in [0x0112_0000, 0x1000_A000, 0x1FFF_FF00, 0x1112_0002] {
        let chip = ChipProfile { msdc0: wrong, ..mt6572() };
        let bench = bench(Board::default());
        assert_eq!(refusal(open_as(&bench, chip, Pace::Strict)).code(), "address-refused", "{wrong:08x}");
        assert_eq!(bench.presence(), Presence::Connected);
    }
    let gateless = ChipProfile { clock_gate: None, ..mt6572() };
    assert_eq!(refusal(open_as(&bench(Board::default()), gateless, Pace::Strict)).code(), "fingerprint");
    let mut popping = mt6572();
    popping.pinmux[0].address = popping.msdc0 + 0x1C;
    assert_eq!(refusal(open_as(&bench(Board::default()), popping, Pace::Strict)).code(), "address-refused");
}

#[test]
fn refuses_a_silent_write32_before_any_command() {
    let bench = bench(Board { silent_write32: true, ..Board::default() });
    assert_eq!(refusal(open(&bench)), ProtocolError::SilentWrite32 { got: 0 });
    assert_eq!(bench.violations(), [""; 0]);
}

#[test]
fn refuses_cards_whose_layout_nobody_can_compute() {
    for card in [
        CardFacts { revision: 2, ..CardFacts::default() },
        CardFacts { gp1_mult: 1, ..CardFacts::default() },
        CardFacts { sectors: 0, ..CardFacts::default() },
    ] {
        let flash = Flash::new(1 << 30, 4 << 20, 512 << 10, 0);
        let bench = OnBench::new(Board { card, ..Board::default() }, flash);
        assert_eq!(refusal(open(&bench)).code(), "refused-card");
    }
}

#[test]
fn refuses_chips_that_are_unknown_or_unverified() {
    let other = Board { hw_code: 0x6582, ..Board::default() };
    assert_eq!(refusal(open(&bench(other))), ProtocolError::UnknownChip { hw_code: 0x6582 });
    let chip = ChipProfile { verified: false, ..mt6572() };
    let refused = refusal(open_as(&bench(Board::default()), chip.clone(), Pace::Strict));
    assert_eq!(refused.code(), "chip-not-verified");
    let bench = bench(Board::default());
    let options = ConnectOptions { unverified: true };
    let session = connect(bench.link(), &[chip], options, WITHIN).unwrap();
    let mut engine = session.into_direct(DirectOptions::default()).unwrap();
    assert!(!engine.capabilities().write);
    engine.read(LBA, &mut [0; 512]).unwrap();
    let error = engine.write(LBA, &[0; 512]).unwrap_err();
    assert_eq!(error.code(), "chip-not-verified");
    assert!(error.to_string().contains("read-only"), "{error}");
}

#[test]
fn works_on_secured_and_slow_and_full_speed_phones() {
    for board in [
        Board { target_config: 0x7, ..Board::default() },
        Board { full_speed: true, ..Board::default() },
        Board { pace: CardPace { command: 3, busy: 40, clock: 9, reset: 5 }, ..double_rate() },
    ] {
        let bench = bench(board);
        let mut engine = open(&bench).unwrap();
        let mut read = [0; 1024];
        engine.read(LBA, &mut read).unwrap();
        assert_eq!(read[..], Random::new(7).bytes(1024));
        engine.write(LBA, &[0xA5; 512]).unwrap();
        engine.leave().unwrap();
        assert_eq!(bench.violations(), [""; 0]);
        drop(engine);
        assert_eq!(on_flash(bench, LBA), [0xA5; 512]);
    }
}

/// Faults counted from plug-in hit setup, reads and writes alike; each must be survived without a trace.
#[test]
fn survives_one_card_error_at_any_place() {
    let mut survived = 0;
    for nth in 1..40 {
        for fault in [
            CardFault::BadResponse { nth },
            CardFault::NoResponse { nth },
            CardFault::DataCrc { nth },
            CardFault::DataTimeout { nth },
        ] {
            for base in [Board::default(), double_rate()] {
                let bench = bench(Board { faults: vec![fault.clone()], ..base });
                let pace = if nth % 2 == 0 { Pace::Fast } else { Pace::Strict };
                let outcome = open_as(&bench, mt6572(), pace).and_then(|mut engine| {
                    let mut read = [0; 1024];
                    engine.read(LBA, &mut read)?;
                    assert_eq!(read[..], Random::new(7).bytes(1024));
                    engine.write(LBA, &[0x3C; 512])?;
                    engine.read(LBA, &mut read)?;
                    assert_eq!(read[..512], [0x3C; 512]);
                    engine.leave()
                });
                assert_eq!(bench.violations(), [""; 0], "{fault:?}");
                match outcome {
                    Ok(()) => survived += 1,
                    Err(error) => assert!(error.code().starts_with("card-"), "{fault:?}: {error}"),
                }
            }
        }
    }
    assert!(survived >= 310, "{survived} of 312");
}

/// EXT_CSD fails three times after the switch, so the board's single data rate is not to be trusted.
#[test]
fn goes_back_to_double_rate_when_single_rate_does_not_read() {
    let faults = (2..5).map(|nth| CardFault::DataCrc { nth }).collect();
    let bench = bench(Board { faults, ..double_rate() });
    let mut engine = open(&bench).unwrap();
    let mut read = [0; 512];
    engine.read(LBA, &mut read).unwrap();
    assert_eq!(read[..], Random::new(7).bytes(512));
    engine.leave().unwrap();
    assert_eq!(bench.violations(), [""; 0]);
}

#[test]
fn names_the_block_it_could_not_read() {
    let faults = vec![CardFault::Unreadable { lba: LBA + 1 }];
    let bench = bench(Board { faults, ..Board::default() });
    let mut engine = open(&bench).unwrap();
    let error = engine.read(LBA, &mut [0; 1024]).unwrap_err();
    assert!(error.to_string().contains(&format!("reading LBA {}", LBA + 1)), "{error}");
    assert!(error.to_string().contains("uncorrectable block"), "{error}");
    assert_eq!(error.code(), "card-status");
    // The rest of the card can still be saved.
    let mut read = [0; 512];
    engine.read(LBA + 2, &mut read).unwrap();
    assert_eq!(read[..], Random::new(7).bytes(16 * 512)[1024..1536]);
    assert_eq!(bench.violations(), [""; 0]);
}

#[test]
fn says_write_protected_and_does_not_insist() {
    let faults = vec![CardFault::WriteProtected { first: LBA, count: 1 }];
    let bench = bench(Board { faults, ..Board::default() });
    let mut engine = open(&bench).unwrap();
    let error = engine.write(LBA, &[1; 512]).unwrap_err();
    assert_eq!(error.code(), "write-protected");
    assert!(error.to_string().contains(&format!("writing LBA {LBA}")), "{error}");
    engine.write(LBA + 1, &[1; 512]).unwrap();
    engine.leave().unwrap();
    assert_eq!(bench.violations(), [""; 0]);
}

#[test]
fn gives_a_card_up_that_stays_busy_and_still_lets_the_phone_boot() {
    let bench = bench(Board { faults: vec![CardFault::BusyForEver { nth: 1 }], ..Board::default() });
    let mut engine = open(&bench).unwrap();
    let error = engine.write(LBA, &[1; 512]).unwrap_err();
    assert_eq!(error.code(), "card-timeout");
    assert!(bench.now() < Duration::from_secs(20), "{:?}", bench.now());
    engine.leave().unwrap();
    assert!(matches!(bench.presence(), Presence::Gone { why: Departure::Reset { .. } }));
}

#[test]
fn a_brown_out_in_a_write_names_the_block() {
    for leaves in [Leaves::Old, Leaves::New, Leaves::Garbage] {
        let faults = vec![CardFault::PowerLoss { nth: 1, leaves }];
        let bench = bench(Board { faults, ..Board::default() });
        let mut engine = open(&bench).unwrap();
        let error = engine.write(LBA, &[1; 512]).unwrap_err();
        assert_eq!(error.code(), "cable-gone");
        assert!(error.to_string().contains(&format!("writing LBA {LBA}")), "{error}");
    }
}

#[test]
fn reports_a_card_that_never_answers() {
    let faults = (1..2000).map(|nth| CardFault::NoResponse { nth }).collect();
    let error = refusal(open(&bench(Board { faults, ..Board::default() })));
    let is_silent = matches!(&error, ProtocolError::Card { trouble: CardTrouble::NoResponse, .. });
    assert!(is_silent, "{error}");
}

/// A session cut off anywhere, then a second one into the same phone: either it reads the truth or it refuses.
#[test]
fn ends_in_the_cables_error_wherever_the_cable_is_cut() {
    let whole = bench(Board::default());
    let mut engine = open(&whole).unwrap();
    engine.write(LBA, &[9; 512]).unwrap();
    let packets = whole.metered().in_packets;
    let mut cuts = 0;
    for cut in (1..packets).step_by(41) {
        let bench = bench(Board { cut_after_in_packets: Some(cut), ..Board::default() });
        let error = open(&bench).and_then(|mut engine| engine.write(LBA, &[9; 512])).unwrap_err();
        assert_eq!(error.code(), "cable-gone", "{cut}: {error}");
        assert_eq!(bench.violations(), [""; 0]);
        let block = on_flash(bench, LBA);
        assert!(block == [9; 512] || block == Random::new(7).bytes(512), "{cut}");
        cuts += 1;
    }
    assert!(cuts > 50);
}

/// The host died, the phone stayed: its command loop is entered again.
#[test]
fn takes_over_from_a_session_that_died_between_commands() {
    for board in [Board::default(), double_rate()] {
        let bench = bench(board);
        drop(open(&bench).unwrap());
        let mut engine = open(&bench).unwrap();
        let mut read = [0; 512];
        engine.read(LBA, &mut read).unwrap();
        assert_eq!(read[..], Random::new(7).bytes(512));
        assert_eq!(bench.violations(), [""; 0]);
    }
}

#[test]
fn noise_on_the_cable_ends_the_session_and_is_never_data() {
    for every in [3, 7, 50, 301, 1200, 2999] {
        let noisy = Board { noise: b"\x00".to_vec(), noise_every: every, ..Board::default() };
        let bench = bench(noisy);
        let outcome = open(&bench).and_then(|mut engine| {
            let mut read = vec![0; 16 * 512];
            engine.read(LBA, &mut read)?;
            assert_eq!(read, Random::new(7).bytes(16 * 512), "every {every}");
            engine.read(LBA, &mut read)
        });
        let error = outcome.unwrap_err();
        assert!(!error.code().starts_with("card-"), "every {every}: {error}");
    }
}

#[test]
fn costs_what_the_reference_allows() {
    println!(
        "{:<8} {:<6} {:>10} {:>9} {:>7} {:>7} {:>9}",
        "rate", "pace", "IN/block", "IN/4 B", "OUT", "waits", "ms/block"
    );
    for (rate, board) in [("single", Board::default()), ("double", double_rate())] {
        for pace in [Pace::Strict, Pace::Fast] {
            let bench = bench(board.clone());
            let mut engine = open_as(&bench, mt6572(), pace).unwrap();
            let (before, start) = (bench.metered(), engine.elapsed());
            engine.read(LBA, &mut [0; 16 * 512]).unwrap();
            let (after, ms) = (bench.metered(), (engine.elapsed() - start).as_secs_f64() * 1000.0 / 16.0);
            let packets = (after.in_packets - before.in_packets) as f64 / 16.0;
            let transfers = (after.out_transfers - before.out_transfers) as f64 / 16.0;
            let waits = (after.waits - before.waits) as f64 / 16.0;
            println!(
                "{rate:<8} {pace:<6?} {packets:>10.1} {:>9.2} {transfers:>7.1} {waits:>7.1} {ms:>9.2}",
                packets / 128.0
            );
            assert!(packets / 128.0 <= 7.3);
            assert!(ms <= 27.0);
            let start = engine.elapsed();
            engine.write(LBA, &[1; 512]).unwrap();
            let ms = (engine.elapsed() - start).as_secs_f64() * 1000.0;
            println!("{rate:<8} write {ms:.2} ms");
            assert!(ms <= 30.0);
        }
    }
}

/// A host that dies after some transfers: its last bytes went out, and nobody collects the answers.
struct Dying {
    cable: Box<dyn Link>,
    left: u32,
}

impl Link for Dying {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        self.left = self.left.checked_sub(1).ok_or(LinkError::Gone)?;
        self.cable.send(bytes, within)
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        if self.left == 0 { Err(LinkError::Gone) } else { self.cable.receive(into, within) }
    }
    fn elapsed(&self) -> Duration {
        self.cable.elapsed()
    }
    fn pause(&mut self, time: Duration) {
        self.cable.pause(time);
    }
    fn describe(&self) -> String {
        self.cable.describe()
    }
}

/// The block was open when the host died; the next session aborts it, and the card holds the old block or the new one.
#[test]
fn takes_over_wherever_the_host_died() {
    for board in [Board::default(), double_rate()] {
        let mut entered = 0;
        for transfers in 10..100 {
            let bench = bench(board.clone());
            let link = Box::new(Dying { cable: bench.link(), left: transfers });
            let died = connect(link, &[mt6572()], ConnectOptions::default(), WITHIN)
                .and_then(|session| session.into_direct(DirectOptions::default()))
                .and_then(|mut engine| {
                    engine.read(LBA, &mut [0; 512])?;
                    engine.write(LBA, &[0x77; 512])
                });
            let mut engine = match open(&bench) {
                Ok(engine) => engine,
                // Dead before it left its mark, in the middle of the examination of EXT_CSD: refused, never guessed.
                Err(error) => {
                    assert!(died.is_err());
                    assert_eq!(error.code(), "fingerprint", "{transfers}: {error}");
                    continue;
                }
            };
            entered += 1;
            let mut read = [0; 512];
            engine.read(LBA, &mut read).unwrap();
            let old = Random::new(7).bytes(512);
            assert!(read[..] == old || read == [0x77; 512], "{transfers}");
            engine.write(LBA, &[0x78; 512]).unwrap();
            engine.leave().unwrap();
            assert_eq!(bench.violations(), [""; 0], "{transfers}");
            drop(engine);
            assert_eq!(on_flash(bench, LBA), [0x78; 512]);
        }
        assert!(entered > 60, "{entered}");
    }
}

/// A phone whose replies are damaged at random: an error, never a panic, never a wrong block.
struct Damaging {
    cable: Box<dyn Link>,
    random: Random,
    one_in: u64,
}

impl Link for Damaging {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        self.cable.send(bytes, within)
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        self.cable.receive(into, within)?;
        if self.random.below(self.one_in) == 0 {
            let damaged = self.random.damage(into);
            for (byte, damaged) in into.iter_mut().zip(damaged) {
                *byte = damaged;
            }
        }
        Ok(())
    }
    fn elapsed(&self) -> Duration {
        self.cable.elapsed()
    }
    fn pause(&mut self, time: Duration) {
        self.cable.pause(time);
    }
    fn describe(&self) -> String {
        self.cable.describe()
    }
}

#[test]
fn hostile_replies_never_hang_it() {
    let mut failed = 0;
    for seed in 0..400 {
        let bench = bench(if seed % 2 == 0 { Board::default() } else { double_rate() });
        let one_in = [20, 200, 1000, 4000][(seed / 2 % 4) as usize];
        let link = Box::new(Damaging { cable: bench.link(), random: Random::new(seed), one_in });
        let outcome = connect(link, &[mt6572()], ConnectOptions::default(), WITHIN)
            .and_then(|session| session.into_direct(DirectOptions::default()))
            .and_then(|mut engine| {
                engine.read(LBA, &mut [0; 2048])?;
                engine.write(LBA, &[1; 512])?;
                engine.leave()
            });
        failed += u32::from(outcome.is_err());
        assert!(bench.now() < Duration::from_secs(120), "seed {seed}: {:?}", bench.now());
    }
    assert!(failed > 200, "{failed}");
}

#[test]
fn waits_are_bounded_on_a_cable_whose_clock_stands_still() {
    struct Frozen(Box<dyn Link>);
    impl Link for Frozen {
        fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
            self.0.send(bytes, within)
        }
        fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
            self.0.receive(into, within)
        }
        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
        fn pause(&mut self, _time: Duration) {}
        fn describe(&self) -> String {
            "frozen".to_owned()
        }
    }
    let bench = bench(Board { faults: vec![CardFault::BusyForEver { nth: 1 }], ..Board::default() });
    let link = Box::new(Frozen(bench.link()));
    let session = connect(link, &[mt6572()], ConnectOptions::default(), WITHIN).unwrap();
    let mut engine = session.into_direct(DirectOptions::default()).unwrap();
    assert_eq!(engine.write(LBA, &[1; 512]).unwrap_err().code(), "card-timeout");
}

/// Each simulated phone is read truly, or refused with the sentence its page is about.
#[test]
fn every_scenario_is_read_or_refused() {
    let mut read = 0;
    for name in Scenario::names() {
        let (board, flash) = Scenario::named(name).unwrap().build(None).unwrap();
        let sectors = u64::from(board.card.sectors);
        let mut expected = [0; 8 * 512];
        flash.read(Area::User, (sectors - 2048) * 512, &mut expected).unwrap();
        let bench = OnBench::new(board, flash);
        match (name, open(&bench)) {
            ("mt6572-nand", outcome) => assert_eq!(refusal(outcome).code(), "nand-boot"),
            ("mt6572-silent-write32", outcome) => assert_eq!(refusal(outcome).code(), "silent-write32"),
            (_, outcome) => {
                let mut engine = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
                let mut found = [1; 8 * 512];
                engine.read(sectors - 2048, &mut found).unwrap();
                assert_eq!(found, expected, "{name}");
                engine.leave().unwrap();
                read += 1;
            }
        }
        assert_eq!(bench.violations(), [""; 0], "{name}");
    }
    assert!(read >= 10);
}
