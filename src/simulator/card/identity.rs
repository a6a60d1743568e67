//! The registers a card is known by: CID, CSD, EXT_CSD, made from its facts.

use crate::simulator::board::CardFacts;
use crate::wire::emmc::{BLOCK, bus_width, ext_csd as at};

/// Returns EXT_CSD as it is while the preloader listens (msdc-direct.md 3.2).
pub fn ext_csd(facts: &CardFacts) -> Box<[u8; BLOCK]> {
    let mut bytes = Box::new([0; BLOCK]);
    bytes[at::GP_SIZE_MULT] = facts.gp1_mult;
    bytes[at::RPMB_SIZE_MULT] = facts.rpmb_mult;
    bytes[at::PARTITION_CONFIG] = facts.partition_config;
    bytes[at::BUS_WIDTH] = if facts.ddr { bus_width::DDR8 } else { bus_width::SDR8 };
    bytes[at::HS_TIMING] = 1;
    bytes[at::REV] = facts.revision;
    bytes[194] = 2; // CSD_STRUCTURE: version 1.2
    bytes[at::CARD_TYPE] = if facts.ddr { 0x07 } else { 0x03 };
    bytes[at::SEC_COUNT..at::SEC_COUNT + 4].copy_from_slice(&facts.sectors.to_le_bytes());
    bytes[221] = 8; // HC_WP_GRP_SIZE
    bytes[224] = 1; // HC_ERASE_GRP_SIZE
    bytes[at::BOOT_SIZE_MULT] = facts.boot_mult;
    bytes[504] = 1; // S_CMD_SET
    bytes
}

/// Returns a CSD of a card above 2 GB that speaks version 4.
pub fn csd(facts: &CardFacts) -> [u8; 16] {
    let mut bytes =
        [0xD0, 0x27, 0x01, 0x32, 0x0F, 0x59, 0x03, 0xFF, 0xF6, 0xDB, 0xFF, 0xEF, 0x8E, 0x40, 0x40, 0x01];
    bytes[15] = facts.cid[15] ^ 0x5A | 1;
    bytes
}

/// Returns a 136-bit register as response words, the least significant first: RESP0 to RESP3.
pub fn words(register: &[u8; 16]) -> [u32; 4] {
    let word =
        |at: usize| u32::from_be_bytes([register[at], register[at + 1], register[at + 2], register[at + 3]]);
    [word(12), word(8), word(4), word(0)]
}
