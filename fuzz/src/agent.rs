//! A phone whose agent is sound, as its answers: the streams of preloader-and-legacy-da.md 9.7, of both dialects, with an eMMC
//! and with a NAND.

use std::sync::LazyLock;

use nvkeep::formats::da_container::{Chosen, DaContainer, Device};
use nvkeep::protocol::legacy::xor16;
use nvkeep::protocol::{AgentChip, AgentImage, AgentMode, Stage, Watchdog};
use nvkeep::simulator::agent::{Dialect, Recipe, container};
use nvkeep::simulator::{Board, Flash};

use crate::phone::built;

/// Simulated phones, first the one with an eMMC, then the one with a NAND.
pub static PHONES: LazyLock<[(Board, Flash); 2]> = LazyLock::new(|| [built("mt6572"), built("mt6572-nand")]);
/// Agents that the simulated phones play, D19 and D13.
pub static AGENTS: LazyLock<[AgentImage; 2]> = LazyLock::new(|| [Dialect::D19, Dialect::D13].map(played));

/// Which phone, and which dialect its agent speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// D13 instead of D19.
    pub old: bool,
    /// A NAND instead of an eMMC.
    pub nand: bool,
}

const OPENING: &str = "C0 00000BC4 0007 0000 0000 0000 0000 0000 0000 0000 00000000 \
     90014A48 38473165 05071234 5678AB00";
const REPORT: &str = "00000BC7 00 08 FFFF 00000000 0000 0000 0000 0000 00000000 00000000 \
     00000BC8 00 FFFF 00000000 0007 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 00 00 00 \
     00000000 0000000000200000 0000000000200000 0000000000200000 \
     0000000000000000 0000000000000000 0000000000000000 0000000000000000 00000000E6A00000 \
     90014A48 38473165 05071234 5678AB00 48 38 47 31 65 05 00 00 \
     00000C4F 0000000000000000 00000000 00000000 00000000 00000000 \
     00000000 00020000 00000000 02 00 0000000020000000 \
     00000000000000000000000000000000 5A 00000C0B 00000409 C1";
const OLD_OPENING: &str = "C0 04 02 88";
const OLD_REPORT: &str = "00000BC3 00 08 FFFF 00000000 0000 0000 0000 0000 00000000 00000000 \
     00000BC4 00 FFFF 00000000 0000 0000 0000 0000 0000 0000 0000 0000 00 00 00 \
     00000000 00200000 00200000 00200000 00000000 00000000 00000000 00000000 00000000E6A00000 \
     90014A48 38473165 05071234 5678AB00 48 38 47 31 65 05 00 00 \
     00000C4A 0000000000000000 00000000 00000000 00000000 00000000 \
     00000000 00020000 00000000 02 00 20000000 \
     00000000000000000000000000000000 5A 00000C06 00000409 C1";
const NAND_OPENING: &str = "C0 00000000 0007 002C 00DC 0090 0095 0056 0000 0000 00000BC4 \
     00000000 00000000 00000000 00000000";
const NAND_REPORT: &str = "00000BC7 00 08 FFFF 00000000 0000 0000 0000 0000 00000000 00000000 \
     00000000 00 00DC 20000000 0007 002C 00DC 0090 0095 0056 0000 0000 0800 0040 0040 08 05 01 \
     00000C4D 0000000000000000 0000000000000000 0000000000000000 \
     0000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 \
     00000000 00000000 00000000 00000000 00 00 00 00 00 00 00 00 \
     00000C4F 0000000000000000 00000000 00000000 00000000 00000000 \
     00000000 00020000 00000000 02 00 0000000010000000 \
     A0A1A2A3A4A5A6A7A8A9AAABACADAEAF 5A 00000C0B 0000040B C1";
const OLD_NAND_REPORT: &str = "00000BC3 00 08 FFFF 00000000 0000 0000 0000 0000 00000000 00000000 \
     00000000 00 00DC 20000000 002C 00DC 0090 0095 0056 0800 0040 0040 08 05 01 \
     00000C48 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000000000000000 \
     00000000 00000000 00000000 00000000 00 00 00 00 00 00 00 00 \
     00000C4A 0000000000000000 00000000 00000000 00000000 00000000 \
     00000000 00020000 00000000 02 00 10000000 \
     00000000000000000000000000000000 5A 00000C06 0000040B C1";

/// Handshake and the four queries.
pub fn greeting() -> Vec<Vec<u8>> {
    ["5F", "F5", "AF", "FA", "FD 6572 0000", "01", "FC 8A00 CA01 0001 0000", "D8 00000000 0000"]
        .map(hex)
        .to_vec()
}

/// Watchdog, both stages of [`image`], the report, and the part chosen where there is one to choose.
pub fn starting(kind: Kind) -> Vec<Vec<u8>> {
    let (opening, report) = match (kind.old, kind.nand) {
        (false, false) => (OPENING, REPORT),
        (true, false) => (OLD_OPENING, OLD_REPORT),
        (false, true) => (NAND_OPENING, NAND_REPORT),
        (true, true) => (OLD_OPENING, OLD_NAND_REPORT),
    };
    let [high, low] = xor16(&image().first.bytes).to_be_bytes();
    let mut answers =
        ["D4 10007000 00000001 0000 22000000 0000", "D7", "02007000", "00000028", "00000004 0000"]
            .map(hex)
            .to_vec();
    answers.extend([vec![high, low, 0, 0], hex("D5"), hex(&format!("02007000 0000 {opening}"))]);
    if !kind.old {
        answers.push(hex("04 02 88"));
    }
    // Memory; the header and both packets of the second stage; its first byte behind the last one's answer.
    answers.extend(["00000000", "5A", "5A", "5A 5A", report].map(hex));
    if !kind.nand {
        answers.push(hex("5A"));
    }
    answers
}

/// The agent that the answers of [`starting`] belong to.
pub fn image() -> AgentImage {
    let fill =
        |len: u8, seed: u8| (0..len).map(|at| at.wrapping_mul(7).wrapping_add(seed)).collect::<Vec<u8>>();
    let second = [vec![0x11; 0x1000], fill(16, 2)].concat();
    AgentImage {
        first: Stage { address: 0x0200_7000, bytes: fill(0x28, 1), signature_len: 4 },
        second: Stage { address: 0x8000_0000, bytes: second, signature_len: 4 },
    }
}

/// The chip, with as many bytes of its report's NAND size as are named, and believed in or not.
pub fn mt6572(nand_size_bytes: Option<u8>, verified: bool) -> AgentChip {
    AgentChip {
        name: "MT6572".into(),
        hw_code: 0x6572,
        da_code: 0x6572,
        mode: AgentMode::Legacy,
        watchdogs: vec![Watchdog { address: 0x1000_7000, value: 0x2200_0000, narrow: false }],
        configuration: Vec::new(),
        reset_bytes: 6,
        nand_size_bytes,
        verified,
    }
}

/// A short agent that the simulator plays.
fn played(dialect: Dialect) -> AgentImage {
    let recipe = Recipe { first_len: 0x400, second_len: 0x1200, ..Recipe::of(dialect) };
    let file = container(&recipe);
    let device = Device { da_code: 0x6572, hw_sub_code: 0, hw_version: 0xCA01, sw_version: 1 };
    let Chosen { first, second, .. } =
        DaContainer::parse(&file).expect("sound").choose(device, &file).expect("has the chip");
    let [first, second] = [first, second].map(|stage| Stage {
        address: stage.address,
        bytes: stage.of(&file).expect("whole").to_vec(),
        signature_len: stage.signature_len,
    });
    AgentImage { first, second }
}

/// Reads hexadecimal digits; blanks are for the reader.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}
