//! The played Download Agent: every claim of preloader-and-legacy-da.md 9.3 to 9.5 and the golden streams of 9.7, asked with
//! bytes written by hand. If a stream here fails, do not change the test.

mod brom;
mod commands;
mod elsewhere;
mod knobs;
mod ladder;
mod nand;
mod opening;
mod reading;
mod speed;
mod writing;

use std::time::Duration;

use nvkeep::simulator::agent::{AgentFacts, Dialect, Recipe, container};
use nvkeep::simulator::{Area, Board, CardFacts, Flash, Phone};

use super::host::{shake, write};
use super::scenarios::hex;

/// The phone of section 9.7: 4 GB eMMC with boot areas of 2 MiB, 512 MB RAM.
fn board() -> Board {
    Board {
        card: CardFacts {
            cid: hex("90014A48 38473165 05071234 5678AB00").try_into().unwrap(),
            sectors: 0x73_5000,
            boot_mult: 16,
            rpmb_mult: 16,
            ..CardFacts::default()
        },
        ..Board::default()
    }
}

fn with(agent: AgentFacts) -> Board {
    Board { agent, ..board() }
}

/// Flash of that phone, unwritten.
fn blank() -> Flash {
    Flash::new(0xE6A0_0000, 2 << 20, 2 << 20, 0)
}

fn recipe(dialect: Dialect) -> Recipe {
    Recipe { chips: vec![[0x6572, 0, 0xCA00, 0]], ..Recipe::of(dialect) }
}

/// Both stages, as the container's only entry says where they are.
fn stages(file: &[u8]) -> [Vec<u8>; 2] {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let region = |number: usize| {
        let at = 0x6C + 0x14 + 20 * number;
        file[word(at)..word(at) + word(at + 4)].to_vec()
    };
    [region(1), region(2)]
}

/// The checksum of SEND_DA.
fn xor16(bytes: &[u8]) -> [u8; 2] {
    let word = |pair: &[u8]| u16::from(pair[0]) | pair.get(1).map_or(0, |high| u16::from(*high) << 8);
    bytes.chunks(2).fold(0, |sum, pair| sum ^ word(pair)).to_be_bytes()
}

fn sum16(bytes: &[u8]) -> [u8; 2] {
    bytes.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte))).to_be_bytes()
}

/// A phone on whose preloader `first` was uploaded and started; the watchdog is off.
fn jumped(board: Board, flash: Flash, first: &[u8]) -> Phone {
    let mut phone = shake(Phone::plug_in(board, flash));
    write(&mut phone, 0x1000_7000, 0x2200_0000);
    upload_first(&mut phone, first);
    assert_eq!(phone.answer(&hex("d5"))[0], 0xD5);
    phone.hear(&hex("02007000"));
    assert_eq!(phone.next_packet().unwrap(), hex("02007000"));
    assert_eq!(phone.next_packet().unwrap(), hex("0000"));
    phone
}

/// SEND_DA.
fn upload_first(phone: &mut Phone, first: &[u8]) {
    let length = (first.len() as u32).to_be_bytes();
    assert_eq!(phone.answer(&hex("d7 02007000")), hex("d7 02007000"));
    assert_eq!(phone.answer(&length), length);
    assert_eq!(phone.answer(&hex("00000100")), hex("00000100 0000"));
    assert_eq!(phone.answer(first), [&xor16(first)[..], &[0, 0]].concat());
}

/// Everything the phone says within a second.
fn said(phone: &mut Phone) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..10 {
        phone.pass(Duration::from_millis(100));
        bytes.extend(std::iter::from_fn(|| phone.next_packet()).flatten());
    }
    bytes
}

/// Sends one transfer and gives what the phone says within a second.
fn ask(phone: &mut Phone, transfer: &[u8]) -> Vec<u8> {
    phone.hear(transfer);
    said(phone)
}

const CONFIGURATION: &str = "FF 01 08 08 00  7007FFFF  01  00000000  02 01 02 00";
const OLD_CONFIGURATION: &str = "FF 01 08 08 00  7007FFFF  00000000  02 00";

/// Goes on after the jump until the DRAM step is over.
fn configured(phone: &mut Phone, dialect: Dialect) {
    match dialect {
        Dialect::D19 => {
            assert_eq!(said(phone).len(), 41);
            assert_eq!(ask(phone, &[0x5A]), hex("04 02 88"));
            assert_eq!(ask(phone, &hex(CONFIGURATION)), hex("00000000"));
        }
        Dialect::D13 => {
            assert_eq!(said(phone), hex("c0 04 02 88"));
            assert_eq!(ask(phone, &hex(OLD_CONFIGURATION)), hex("00000000"));
        }
    }
}

/// Uploads the second stage; gives what follows the last packet's acknowledgement.
fn upload_second(phone: &mut Phone, second: &[u8]) -> Vec<u8> {
    let header = [&hex("80000000")[..], &(second.len() as u32).to_be_bytes(), &hex("00001000")].concat();
    assert_eq!(ask(phone, &header), [0x5A]);
    let mut whole = second.chunks_exact(0x1000);
    for packet in whole.by_ref() {
        assert_eq!(ask(phone, packet), [0x5A]);
    }
    let after = ask(phone, whole.remainder());
    assert_eq!(after[0], 0x5A);
    after[1..].to_vec()
}

/// A phone in the second stage's command loop.
fn looped(board: Board, flash: Flash, dialect: Dialect) -> Phone {
    let [first, second] = stages(&container(&recipe(dialect)));
    let mut phone = jumped(board, flash, &first);
    configured(&mut phone, dialect);
    assert_eq!(upload_second(&mut phone, &second), [0x5A]);
    let report = ask(&mut phone, &[0x5A]);
    assert_eq!(report.len(), if dialect == Dialect::D19 { 232 } else { 194 });
    assert_eq!(report.last(), Some(&0xC1));
    phone
}

/// The packets that wait now.
fn packets(phone: &mut Phone) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| phone.next_packet()).collect()
}

/// What the flash holds, once the phone is unplugged.
fn content(phone: Phone, at: u64, len: usize) -> Vec<u8> {
    let (_, flash) = phone.unplug();
    let mut bytes = vec![0; len];
    flash.read(Area::User, at, &mut bytes).unwrap();
    bytes
}

/// Arguments of READ for both dialects.
fn read_header(dialect: Dialect, os: u8, at: u64, length: u64) -> Vec<u8> {
    let mut bytes = vec![0xD6];
    if dialect == Dialect::D19 {
        bytes.push(os);
    }
    bytes.push(2);
    bytes.extend(at.to_be_bytes());
    bytes.extend(length.to_be_bytes());
    bytes
}

/// Arguments of WRITE_DATA to the user area.
fn write_header(at: u64, length: u64, packet: u32) -> Vec<u8> {
    [&hex("62 02 08")[..], &at.to_be_bytes(), &length.to_be_bytes(), &packet.to_be_bytes()].concat()
}

/// A flash with bytes at a place of the user area.
fn holding(at: u64, bytes: &[u8]) -> Flash {
    let mut flash = blank();
    flash.write(Area::User, at, bytes).unwrap();
    flash
}

const BOTH: [Dialect; 2] = [Dialect::D19, Dialect::D13];

/// Silence.
const NOTHING: [u8; 0] = [];
