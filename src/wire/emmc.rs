//! Words an eMMC card understands and answers (msdc-direct.md 2.2, 3; JEDEC names). One block is 512 bytes.

/// Bytes in one block.
pub const BLOCK: usize = 512;
/// The relative card address the preloader gives, in the argument's upper half (msdc-direct.md 1.2).
pub const RCA_1: u32 = 0x0001_0000;

/// Opcodes.
pub mod op {
    /// Reset.
    pub const GO_IDLE: u8 = 0;
    /// Ask for operating conditions.
    pub const SEND_OP_COND: u8 = 1;
    /// Every card sends its CID.
    pub const ALL_SEND_CID: u8 = 2;
    /// Give the card an address.
    pub const SET_RELATIVE_ADDR: u8 = 3;
    /// Change a byte of EXT_CSD.
    pub const SWITCH: u8 = 6;
    /// Select or deselect.
    pub const SELECT: u8 = 7;
    /// Send EXT_CSD, 512 bytes of data.
    pub const SEND_EXT_CSD: u8 = 8;
    /// Send CSD.
    pub const SEND_CSD: u8 = 9;
    /// Send CID.
    pub const SEND_CID: u8 = 10;
    /// Stop a transfer.
    pub const STOP_TRANSMISSION: u8 = 12;
    /// Send status.
    pub const SEND_STATUS: u8 = 13;
    /// Set block length.
    pub const SET_BLOCKLEN: u8 = 16;
    /// Read one block.
    pub const READ_SINGLE: u8 = 17;
    /// Read blocks until stopped.
    pub const READ_MULTIPLE: u8 = 18;
    /// Announce a block count.
    pub const SET_BLOCK_COUNT: u8 = 23;
    /// Write one block.
    pub const WRITE_SINGLE: u8 = 24;
    /// Write blocks until stopped.
    pub const WRITE_MULTIPLE: u8 = 25;
}

/// Card states, bits 12:9 of a status.
pub mod state {
    /// Idle.
    pub const IDLE: u32 = 0;
    /// Ready.
    pub const READY: u32 = 1;
    /// Identification.
    pub const IDENT: u32 = 2;
    /// Standby.
    pub const STBY: u32 = 3;
    /// Transfer: selected and waiting for commands.
    pub const TRAN: u32 = 4;
    /// Sending data.
    pub const DATA: u32 = 5;
    /// Receiving data.
    pub const RCV: u32 = 6;
    /// Programming.
    pub const PRG: u32 = 7;
    /// Disconnected.
    pub const DIS: u32 = 8;
}

/// Bits of an R1 status.
pub mod status {
    /// Address out of range.
    pub const OUT_OF_RANGE: u32 = 1 << 31;
    /// Address misaligned.
    pub const ADDRESS_ERROR: u32 = 1 << 30;
    /// Block length wrong.
    pub const BLOCK_LEN_ERROR: u32 = 1 << 29;
    /// Write-protect violation.
    pub const WP_VIOLATION: u32 = 1 << 26;
    /// CRC of the previous command failed.
    pub const COM_CRC_ERROR: u32 = 1 << 23;
    /// Command illegal in this state.
    pub const ILLEGAL_COMMAND: u32 = 1 << 22;
    /// Internal ECC failed.
    pub const ECC_FAILED: u32 = 1 << 21;
    /// Controller error.
    pub const CC_ERROR: u32 = 1 << 20;
    /// General error.
    pub const ERROR: u32 = 1 << 19;
    /// State field.
    pub const STATE: u32 = 0xF << 9;
    /// Position of the state field.
    pub const STATE_SHIFT: u32 = 9;
    /// Ready for data.
    pub const READY_FOR_DATA: u32 = 1 << 8;
    /// A SWITCH failed.
    pub const SWITCH_ERROR: u32 = 1 << 7;
    /// Healthy and idle: state tran, ready for data.
    pub const IDLE_IN_TRAN: u32 = 0x0000_0900;
}

/// Byte positions in EXT_CSD.
pub mod ext_csd {
    /// General-purpose partition sizes, 4 x 3 bytes.
    pub const GP_SIZE_MULT: usize = 143;
    /// Hardware reset function.
    pub const RST_N_FUNCTION: usize = 162;
    /// RPMB size in units of 128 KiB.
    pub const RPMB_SIZE_MULT: usize = 168;
    /// Boot write protection.
    pub const BOOT_WP: usize = 173;
    /// Partition configuration: access bits 2:0, boot enable 5:3, boot ack 6.
    pub const PARTITION_CONFIG: usize = 179;
    /// Bus width: write-only on real cards.
    pub const BUS_WIDTH: usize = 183;
    /// High-speed timing.
    pub const HS_TIMING: usize = 185;
    /// Revision.
    pub const REV: usize = 192;
    /// Card type: bits 2 and 3 offer DDR.
    pub const CARD_TYPE: usize = 196;
    /// Sector count, u32 little-endian.
    pub const SEC_COUNT: usize = 212;
    /// Boot partition size in units of 128 KiB.
    pub const BOOT_SIZE_MULT: usize = 226;
    /// The unit of the size multipliers, bytes.
    pub const MULT_UNIT: u64 = 128 * 1024;
}

/// Values of [`ext_csd::BUS_WIDTH`].
pub mod bus_width {
    /// Eight bits, single data rate.
    pub const SDR8: u8 = 2;
    /// Eight bits, double data rate.
    pub const DDR8: u8 = 6;
}
