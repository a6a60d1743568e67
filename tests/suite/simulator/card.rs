//! The controller and the card: msdc-direct.md 3 and 8.

use std::time::Duration;

use nvkeep::simulator::{
    Area, Board, CardFacts, CardFault, Departure, Flash, Leaves, Phone, Presence, Storage,
};

use super::host::*;
use crate::support::Random;

#[test]
fn cmd13_costs_42_in_packets() {
    let mut phone = warm(Board::default());
    let before = phone.counters();
    assert_eq!(status(&mut phone), 0x900);
    let after = phone.counters();
    assert_eq!(after.in_packets - before.in_packets, 42);
    assert_eq!(after.out_bytes - before.out_bytes, 79);
}

#[test]
fn a_block_written_reads_back_and_survives_unplugging() {
    let mut phone = warm(Board::default());
    let block: Vec<u8> = (0..512_u32).map(|at| ((at * 7) >> 3) as u8).collect();
    assert_eq!(read_block(&mut phone, 0x0200_0891, 0x7C00).unwrap(), vec![0; 512]);
    write_block(&mut phone, 0x7C00, &block).unwrap();
    wait(&mut phone);
    assert_eq!(status(&mut phone), 0x900);
    assert_eq!(read_block(&mut phone, 0x0200_0891, 0x7C00).unwrap(), block);
    assert_eq!(phone.violations(), [""; 0]);
    assert_eq!(phone.presence(), Presence::Connected);
    let (_, flash) = phone.unplug();
    let mut kept = vec![0; 512];
    flash.read(Area::User, 0x7C00 * 512, &mut kept).unwrap();
    assert_eq!(kept, block);
}

fn phone_with(fault: CardFault) -> Phone {
    warm(Board { faults: vec![fault], ..Board::default() })
}

fn abort(phone: &mut Phone) {
    let word = get(phone, 0x00);
    set(phone, 0x00, word | 4);
    while get(phone, 0x00) & 4 != 0 {}
    set(phone, 0x14, 0x8000_0000);
    while get(phone, 0x14) != 0 {}
    set(phone, 0x0C, 0x0001_FFFF);
    for _ in 0..10 {
        match status(phone) >> 9 & 0xF {
            4 => return,
            5 | 6 => drop(command(phone, 0x438C, 0)),
            _ => {}
        }
    }
    panic!("not back in tran");
}

#[test]
fn the_fingerprint_is_as_the_preloader_leaves_it() {
    for (ddr, cfg, dtoc) in [(false, 0x199, 0x04), (true, 0x2_0099, 0x09)] {
        let card = CardFacts { ddr, ..CardFacts::default() };
        let mut phone = warm(Board { card, ..Board::default() });
        assert_eq!(get(&mut phone, 0x00), cfg);
        assert_eq!(read(&mut phone, MSDC + 0x0C, 3), [0, 0x0001_FF7B, 0]);
        assert_eq!(get(&mut phone, 0x30), dtoc << 24 | 0x1A_0002);
        assert_eq!(read(&mut phone, MSDC + 0x34, 4), [0x408C, 0, 0, 0xB00]);
        assert_eq!(get(&mut phone, 0x50), 0x20);
        assert_eq!(read(&mut phone, MSDC + 0xB0, 2), [0x403C_004F, 0xFFFF_0009]);
        assert_eq!(get(&mut phone, 0x100), 0x2012_0704);
        assert_eq!(get(&mut phone, 0x08) & 0x01FF_0000, 0x01FF_0000);
        assert_eq!(read(&mut phone, 0x1000_0024, 1)[0] & 1 << 17, 0);
        assert_eq!(read(&mut phone, 0x1000_5350, 1)[0] >> 16, 0x1111);
        assert_eq!(read(&mut phone, 0x1000_5360, 1), [0x0111_1111]);
        assert_eq!(status(&mut phone), 0x900);
    }
}

#[test]
fn a_nand_phone_has_no_card_and_a_stopped_clock() {
    let mut phone = warm(Board { storage: Storage::Nand, ..Board::default() });
    assert_eq!(read(&mut phone, 0x1000_0024, 1)[0] & 1 << 17, 1 << 17);
    write(&mut phone, 0x1000_0084, 1 << 17);
    assert_eq!([get(&mut phone, 0x00), get(&mut phone, 0x10), get(&mut phone, 0x30)], [0x99, 0, 0x10_0000]);
    assert_eq!(command(&mut phone, 0x8D, 0x0001_0000), Err(0x200));
    write(&mut phone, 0x1000_0054, 1 << 17);
    let mut sent = vec![0xD1];
    sent.extend((MSDC + 0x10).to_be_bytes());
    sent.extend([0, 0, 0, 1]);
    assert_eq!(phone.answer(&sent).len(), 11); // up to the first status: then the bus hangs
    phone.pass(Duration::from_secs(17));
    assert_eq!(phone.presence(), Presence::Gone { why: Departure::Watchdog });
}

#[test]
fn ext_csd_and_cid_say_which_card_it_is() {
    let mut phone = warm(Board::default());
    let ext_csd = read_block(&mut phone, 0x0200_0888, 0).unwrap();
    assert_eq!(ext_csd[212..216], 0x74_FD00_u32.to_le_bytes());
    assert_eq!((ext_csd[226], ext_csd[168], ext_csd[179], ext_csd[183], ext_csd[185]), (32, 4, 0x48, 0, 1));
    assert_eq!(command(&mut phone, 0x10A, 0x0001_0000), Err(0x200)); // not legal in tran
    assert_eq!(status(&mut phone), 0x0040_0900);
    assert_eq!(status(&mut phone), 0x900); // shown once
    command(&mut phone, 0x007, 0).unwrap();
    assert_eq!(status(&mut phone), 0x700);
    command(&mut phone, 0x10A, 0x0001_0000).unwrap();
    let words = read(&mut phone, MSDC + 0x40, 4);
    let cid: Vec<u8> = words.iter().rev().flat_map(|word| word.to_be_bytes()).collect();
    assert_eq!(cid, phone.board().card.cid);
    command(&mut phone, 0x387, 0x0001_0000).unwrap();
    assert_eq!(status(&mut phone), 0x900);
    assert_eq!(phone.violations(), [""; 0]);
}

#[test]
fn ddr_must_be_left_on_both_sides() {
    let mut phone = warm(Board { card: CardFacts { ddr: true, ..CardFacts::default() }, ..Board::default() });
    assert_eq!(read_block(&mut phone, 0x0200_0888, 0).unwrap()[196], 7);
    assert_eq!(command(&mut phone, 0x90, 512), Err(0x200)); // CMD16 is illegal in DDR
    command(&mut phone, 0x386, 0x03B7_0201).unwrap();
    wait(&mut phone);
    assert_eq!(status(&mut phone) & 0x80, 0x00);
    assert_eq!(read_block(&mut phone, 0x0200_0888, 0).unwrap_err() & 0x8000, 0x8000);
    abort(&mut phone);
    set(&mut phone, 0x00, 0x0000_0299);
    assert_eq!(get(&mut phone, 0x00) & 0x80, 0);
    while get(&mut phone, 0x00) & 0x80 == 0 {}
    assert_eq!(read_block(&mut phone, 0x0200_0888, 0).unwrap()[212..216], 0x74_FD00_u32.to_le_bytes());
}

#[test]
fn a_switch_changes_only_what_it_may() {
    let mut phone = warm(Board::default());
    command(&mut phone, 0x386, 0x01B3_0101).unwrap();
    wait(&mut phone);
    assert_eq!(status(&mut phone), 0x900);
    assert_eq!(read_block(&mut phone, 0x0200_0888, 0).unwrap()[179], 0x49);
    assert_eq!(read_block(&mut phone, 0x0200_0891, 0x2000).unwrap_err() & 1 << 31, 1 << 31); // behind boot1
    abort(&mut phone);
    command(&mut phone, 0x386, 0x02B3_0701).unwrap();
    wait(&mut phone);
    assert_eq!(read_block(&mut phone, 0x0200_0888, 0).unwrap()[179], 0x48);
    command(&mut phone, 0x386, 0x03D4_0001).unwrap(); // sector count: read-only
    wait(&mut phone);
    assert_eq!(status(&mut phone), 0x980);
}

#[test]
fn multi_block_transfers_stop_as_the_driver_stops_them() {
    let mut phone = warm(Board::default());
    set(&mut phone, 0x50, 2);
    command(&mut phone, 0x0200_1092, 0x100).unwrap();
    for _ in 0..256 {
        assert_eq!(get(&mut phone, 0x1C), 0);
    }
    assert_eq!(get(&mut phone, 0x0C) & 0xD000, 0x1000);
    assert_eq!(status(&mut phone), 0xB00);
    assert_eq!(command(&mut phone, 0x408C, 0), Ok(0xB00));
    assert_eq!(status(&mut phone), 0x900);
    set(&mut phone, 0x50, 1);
    command(&mut phone, 0x1200_1092, 0x100).unwrap();
    for _ in 0..128 {
        get(&mut phone, 0x1C);
    }
    assert_eq!(get(&mut phone, 0x0C) & 0x1008, 0x1008);
    assert_eq!(status(&mut phone), 0x900);
    assert_eq!(phone.violations(), [""; 0]);
}

#[test]
fn misuse_is_noticed() {
    let mut phone = warm(Board::default());
    assert_eq!(get(&mut phone, 0x1C), 0xDEAD_F1F0);
    for _ in 0..33 {
        set(&mut phone, 0x18, 0);
    }
    assert_eq!(phone.violations().len(), 2, "{:?}", phone.violations());
}

#[test]
fn a_write_abandoned_before_its_data_leaves_the_block_alone() {
    let mut phone = warm(Board::default());
    set(&mut phone, 0x50, 1);
    command(&mut phone, 0x0200_2898, 7).unwrap();
    assert_eq!(status(&mut phone), 0xD00);
    abort(&mut phone);
    assert_eq!(read_block(&mut phone, 0x0200_0891, 7).unwrap(), vec![0; 512]);
}

#[test]
fn a_card_lives_through_the_boot_of_both_builds() {
    let mut phone = warm(Board::default());
    set(&mut phone, 0x30, 0x031A_0002 & !0x0003_0000);
    command(&mut phone, 0x000, 0).unwrap();
    assert_eq!(command(&mut phone, 0x088, 0x1AA), Err(0x200));
    for _ in 0..36 {
        assert_eq!(command(&mut phone, 0x0B7, 0), Err(0x200));
    }
    assert_eq!(command(&mut phone, 0x181, 0), Ok(0xC0FF_8080));
    command(&mut phone, 0x000, 0).unwrap();
    command(&mut phone, 0x181, 0x4030_0000).unwrap();
    command(&mut phone, 0x102, 0).unwrap();
    command(&mut phone, 0x083, 0x0001_0000).unwrap();
    command(&mut phone, 0x109, 0x0001_0000).unwrap();
    assert_eq!(get(&mut phone, 0x4C) >> 24, 0xD0); // CSD version 1.2
    command(&mut phone, 0x387, 0x0001_0000).unwrap();
    assert_eq!(read_block(&mut phone, 0x0200_0888, 0).unwrap()[185], 0);
    for (switch, width) in [(0x03B9_0101, 0x031A_0002), (0x03B7_0201, 0x031A_0002)] {
        command(&mut phone, 0x386, switch).unwrap();
        wait(&mut phone);
        assert_eq!(status(&mut phone), 0x900);
        set(&mut phone, 0x30, width);
    }
    command(&mut phone, 0x90, 512).unwrap();
    read_block(&mut phone, 0x0200_0891, 0x74_F500).unwrap();
    assert_eq!(phone.violations(), [""; 0]);
}

#[test]
fn faults_happen_where_they_are_told_to() {
    let read17 = 0x0200_0891;
    let mut phone = phone_with(CardFault::DataCrc { nth: 2 });
    read_block(&mut phone, read17, 0).unwrap();
    assert_eq!(read_block(&mut phone, read17, 0).unwrap_err() & 0x8000, 0x8000);
    abort(&mut phone);
    read_block(&mut phone, read17, 0).unwrap();

    let mut phone = phone_with(CardFault::DataTimeout { nth: 1 });
    assert_eq!(read_block(&mut phone, read17, 0).unwrap_err() & 0xD000, 0);
    phone.pass(Duration::from_secs(1));
    assert_eq!(get(&mut phone, 0x0C) & 0xD000, 0x4000);

    let mut phone = phone_with(CardFault::BadResponse { nth: 1 });
    assert_eq!(command(&mut phone, 0x8D, 0x0001_0000), Err(0x400));
    let mut phone = phone_with(CardFault::NoResponse { nth: 2 });
    assert_eq!(status(&mut phone), 0x900);
    assert_eq!(command(&mut phone, 0x8D, 0x0001_0000), Err(0x200));

    let mut phone = phone_with(CardFault::WriteProtected { first: 8, count: 1 });
    assert_eq!(write_block(&mut phone, 8, &[1; 512]).unwrap_err() & 1 << 26, 1 << 26);
    abort(&mut phone);
    write_block(&mut phone, 9, &[1; 512]).unwrap();

    let mut phone = phone_with(CardFault::WriteDropped { lba: 8 });
    write_block(&mut phone, 8, &[1; 512]).unwrap();
    wait(&mut phone);
    assert_eq!(read_block(&mut phone, read17, 8).unwrap(), vec![0; 512]);

    let mut phone = phone_with(CardFault::ReadsDiffer { lba: 8 });
    let once = read_block(&mut phone, read17, 8).unwrap();
    assert_ne!(read_block(&mut phone, read17, 8).unwrap(), once);

    let mut phone = phone_with(CardFault::BusyForEver { nth: 1 });
    assert_eq!(write_block(&mut phone, 8, &[1; 512]), Err(0));
    assert_eq!(status(&mut phone), 0xE00);
    assert_eq!(get(&mut phone, 0x08) & 1 << 16, 0);
}

#[test]
fn power_lost_in_a_write_leaves_old_new_or_garbage() {
    for leaves in [Leaves::Old, Leaves::New, Leaves::Garbage] {
        let mut phone = phone_with(CardFault::PowerLoss { nth: 1, leaves });
        set(&mut phone, 0x50, 1);
        command(&mut phone, 0x0200_2898, 8).unwrap();
        for word in 0..128 {
            if word % 32 == 0 {
                get(&mut phone, 0x14);
            }
            set(&mut phone, 0x18, 0x0101_0101);
        }
        let mut sent = vec![0xD1];
        sent.extend((MSDC + 0x14).to_be_bytes());
        sent.extend([0, 0, 0, 1]);
        phone.answer(&sent);
        assert_eq!(phone.presence(), Presence::Gone { why: Departure::PowerLost });
        let (_, flash) = phone.unplug();
        let mut block = vec![0; 512];
        flash.read(Area::User, 8 * 512, &mut block).unwrap();
        match leaves {
            Leaves::Old => assert_eq!(block, vec![0; 512]),
            Leaves::New => assert_eq!(block, vec![1; 512]),
            Leaves::Garbage => assert!(block != vec![0; 512] && block != vec![1; 512]),
        }
    }
}

#[test]
fn the_time_out_counts_card_clocks_only_where_the_board_says_so() {
    for (counts, expected) in [(false, 0), (true, 0x4000)] {
        let mut phone = warm(Board { timeout_counts_when_stopped: counts, ..Board::default() });
        command(&mut phone, 0x0200_0891, 0).unwrap();
        phone.pass(Duration::from_millis(1500)); // DTOC 4 at 50 MHz is 105 ms
        assert_eq!(get(&mut phone, 0x0C) & 0x4000, expected);
    }
}

#[test]
fn small_cards_are_addressed_by_byte() {
    let card = CardFacts { sectors: 0x0040_0000, ..CardFacts::default() };
    let mut phone = shake(Phone::plug_in(
        Board { card, ..Board::default() },
        Flash::new(0x0040_0000 * 512, 4 << 20, 512 << 10, 0),
    ));
    write_block(&mut phone, 8 * 512, &[5; 512]).unwrap();
    wait(&mut phone);
    assert_eq!(read_block(&mut phone, 0x0200_0891, 8 * 512).unwrap(), vec![5; 512]);
    assert_eq!(read_block(&mut phone, 0x0200_0891, 8).unwrap_err() & 1 << 30, 1 << 30);
}

#[test]
fn a_snapshot_gives_the_same_flash_back_and_refuses_damage() {
    let mut flash = blank();
    flash.write(Area::User, 0x7C00 * 512 - 3, b"seven!!").unwrap();
    flash.write(Area::Boot1, 0, b"boot").unwrap();
    flash.fill(Area::User, 1 << 20, 3 << 20, 0).unwrap();
    let mut saved = Vec::new();
    flash.save(&mut saved).unwrap();
    assert_eq!(Flash::load(&mut saved.as_slice()).unwrap(), flash);
    assert!(flash.write(Area::Boot1, (4 << 20) - 1, b"xx").is_err());
    assert!(flash.read(Area::User, u64::MAX, &mut [0; 2]).is_err());
    let mut random = Random::new(1);
    for _ in 0..2000 {
        let _ = Flash::load(&mut random.damage(&saved).as_slice());
    }
}

#[test]
fn hostile_hosts_neither_panic_nor_hang_it() {
    let mut random = Random::new(6572);
    let commands = [0xD1, 0xD4, 0xD0, 0xD2, 0xD7, 0xD5, 0xA2, 0xB2, 0xC7];
    for _ in 0..300 {
        let mut phone = warm(Board { emergency_download: false, ..Board::default() });
        for _ in 0..60 {
            let mut sent = vec![commands[random.below(9) as usize]];
            sent.extend((MSDC + random.below(66) as u32 * 4).to_be_bytes());
            sent.extend([0, 0, 0, 1 + random.below(4) as u8]);
            sent.extend(random.bytes(16));
            let sent = if random.below(8) == 0 { random.damage(&sent) } else { sent };
            phone.hear(&sent);
            for _ in 0..200 {
                if phone.next_packet().is_none() {
                    break;
                }
            }
            phone.pass(Duration::from_millis(random.below(400)));
        }
    }
}
