//! Bytes of the legacy Download Agent's conversation (preloader-and-legacy-da.md 3.7, 5, 6). Numbers are big-endian on the wire;
//! the container and the tables inside it are little-endian. Says what the bytes are, not when they are sent.

/// Bytes that answer (section 6.1).
pub mod reply {
    /// Done, or go on.
    pub const ACK: u8 = 0x5A;
    /// Refused; an error number (u32) usually follows.
    pub const NACK: u8 = 0xA5;
    /// A packet was written.
    pub const CONT: u8 = 0x69;
    /// Leave a write between two packets.
    pub const STOP: u8 = 0x96;
    /// First byte of an agent that runs.
    pub const SYNC: u8 = 0xC0;
    /// The agent knows this chip.
    pub const SOC_OK: u8 = 0xC1;
    /// It does not.
    pub const SOC_FAIL: u8 = 0xCF;
    /// Third byte of the version where the chip is not in the agent's table.
    pub const CHIP_UNKNOWN: u8 = 0xFF;
}

/// Command bytes of the second stage (section 6.10).
pub mod command {
    /// Choose a part of the eMMC.
    pub const SWITCH_PART: u8 = 0x60;
    /// Write an image, with bookkeeping in DL_INFO.
    pub const WRITE_IMAGE: u8 = 0x61;
    /// Write bytes.
    pub const WRITE_DATA: u8 = 0x62;
    /// State of the SD card.
    pub const SD_STATUS: u8 = 0x63;
    /// Enumerate anew at another speed.
    pub const USB_SETUP: u8 = 0x70;
    /// Speed of the cable.
    pub const USB_STATUS: u8 = 0x72;
    /// Other ids on the bus (inferred).
    pub const USB_IDS: u8 = 0x73;
    /// Read a 32-bit register.
    pub const READ32: u8 = 0x7A;
    /// Write a 32-bit register.
    pub const WRITE32: u8 = 0x7B;
    /// Read a 16-bit register of the power chip.
    pub const PMIC_READ: u8 = 0x7C;
    /// Write a 16-bit register of the power chip.
    pub const PMIC_WRITE: u8 = 0x7D;
    /// Write the partition table.
    pub const WRITE_PMT: u8 = 0xA4;
    /// Read the partition table.
    pub const READ_PMT: u8 = 0xA5;
    /// What the preloader told of the device.
    pub const DEVICE_INFO: u8 = 0xA6;
    /// A storage's own information.
    pub const STORAGE_INFO: u8 = 0xA7;
    /// Write NAND.
    pub const NAND_WRITE: u8 = 0xB3;
    /// Whether the phone's security is looked at again.
    pub const SECURITY_CHECK: u8 = 0xB4;
    /// Compare a range's sum.
    pub const VERIFY: u8 = 0xBD;
    /// Voltage of the battery.
    pub const BATTERY: u8 = 0xD0;
    /// Another speed of the serial line.
    pub const UART_SPEED: u8 = 0xD2;
    /// Format a range.
    pub const FORMAT: u8 = 0xD4;
    /// Read a range.
    pub const READ: u8 = 0xD6;
    /// Write a 16-bit register.
    pub const WRITE16: u8 = 0xD7;
    /// Read a 16-bit register.
    pub const READ16: u8 = 0xD8;
    /// Stop; the phone stays dead until its key is held.
    pub const FINISH: u8 = 0xD9;
    /// Arm the watchdog: the phone restarts.
    pub const WATCHDOG: u8 = 0xDB;
    /// Read NAND pages.
    pub const NAND_READ_PAGE: u8 = 0xDF;
    /// Security information.
    pub const SECURITY_INFO: u8 = 0xE0;
    /// The dialogue about the memory again.
    pub const MEMORY_AGAIN: u8 = 0xE8;
    /// Areas of the flash, four words of unknown meaning.
    pub const AREAS: u8 = 0xF0;
}

/// Error numbers as D19 counts them (section 6.9); D13 counts lower.
pub mod error {
    /// Bad storage or argument.
    pub const BAD_ARGUMENT: u32 = 0x3EB;
    /// No valid partition table.
    pub const NO_TABLE: u32 = 0x40D;
    /// Not supported.
    pub const UNSUPPORTED: u32 = 0x410;
    /// DRAM parameters are wanted, or RAM failed.
    pub const DRAM_NEEDED: u32 = 0xBC3;
    /// Not found; also "not probed".
    pub const NOT_FOUND: u32 = 0xBC4;
    /// NOR was not found.
    pub const NO_NOR: u32 = 0xBC7;
    /// NAND was not found.
    pub const NO_NAND: u32 = 0xBC8;
    /// Time ran out.
    pub const TIMED_OUT: u32 = 0xBD0;
    /// Still at it.
    pub const IN_PROGRESS: u32 = 0xBD1;
    /// Address is not a multiple of 512, or beyond the device.
    pub const MISALIGNED: u32 = 0xBDC;
    /// Length is zero, or the range is outside.
    pub const OUT_OF_RANGE: u32 = 0xBE0;
    /// NAND could not be programmed or erased.
    pub const NAND_FAILED: u32 = 0xBE4;
    /// A bad block.
    pub const BAD_BLOCK: u32 = 0xBE5;
    /// A packet's sum is wrong.
    pub const WRONG_SUM: u32 = 0xBF9;
    /// "Blank flash": what the report always ends with.
    pub const BLANK_FLASH: u32 = 0xC0B;
    /// Beyond the container.
    pub const BEYOND_CONTAINER: u32 = 0xC2A;
    /// End of the flash.
    pub const END_OF_FLASH: u32 = 0xC2B;
    /// eMMC was not found.
    pub const NO_EMMC: u32 = 0xC4D;
    /// SD card was not found.
    pub const NO_SD: u32 = 0xC4F;
    /// A part of the eMMC could not be chosen.
    pub const NO_PART: u32 = 0xC50;
    /// Reading failed.
    pub const READ_FAILED: u32 = 0xC51;
    /// Writing failed.
    pub const WRITE_FAILED: u32 = 0xC52;
    /// Not on this part.
    pub const NOT_ON_PART: u32 = 0xC55;
    /// Information is not there.
    pub const NO_INFORMATION: u32 = 0xC68;
    /// This storage is not supported.
    pub const NO_SUCH_STORAGE: u32 = 0xC6A;
    /// The partition table could not be written.
    pub const TABLE_FAILED: u32 = 0x13CD;
    /// Security is not looked at again.
    pub const CHECK_OFF: u32 = 0x1799;
    /// Security is looked at again.
    pub const CHECK_ON: u32 = 0x179A;
    /// The phone's policy forbids writing.
    pub const WRITE_FORBIDDEN: u32 = 0x177A;
    /// The phone's policy forbids reading back.
    pub const READ_FORBIDDEN: u32 = 0x177B;
    /// The phone's policy forbids formatting.
    pub const FORMAT_FORBIDDEN: u32 = 0x177C;
}

/// Parts of an eMMC (section 6.11).
pub mod part {
    /// First boot area; the preloader lives there.
    pub const BOOT1: u8 = 1;
    /// Second boot area.
    pub const BOOT2: u8 = 2;
    /// Replay-protected block.
    pub const RPMB: u8 = 3;
    /// Everything else.
    pub const USER: u8 = 8;
}

/// Kinds of storage in commands (section 6.11).
pub mod storage {
    /// NAND; D13 only, for D6.
    pub const NAND: u8 = 1;
    /// eMMC.
    pub const EMMC: u8 = 2;
    /// SD card.
    pub const SD: u8 = 3;
}

/// What READPAGE sends of each page of a NAND (section 6.20).
pub mod pages {
    /// Page and spare bytes, as they lie.
    pub const WITH_SPARE: u8 = 0;
    /// Page bytes, as they lie.
    pub const RAW: u8 = 1;
    /// Spare bytes alone.
    pub const SPARE: u8 = 2;
    /// Page bytes, bit errors corrected.
    pub const CORRECTED: u8 = 3;
    /// Nothing: pages are only checked.
    pub const VERIFY: u8 = 4;
}

/// Blocks at a NAND's end that tools reserve for the bad-block table when they configure an agent (section 6.4).
pub const BAD_BLOCK_POOL: u32 = 0x50;

/// The host's system in READ; decides how blocks are cut into pieces (section 6.11).
pub mod host_os {
    /// macOS.
    pub const MACOS: u8 = 0x0A;
    /// Windows: a block in one piece.
    pub const WINDOWS: u8 = 0x0B;
    /// Linux: pieces of 1024 bytes, a zero-length packet behind each at high speed.
    pub const LINUX: u8 = 0x0C;
}

/// The container file (section 5).
pub mod container {
    /// First bytes.
    pub const NAME: &[u8; 18] = b"MTK_DOWNLOAD_AGENT";
    /// Magic word at 0x64.
    pub const MAGIC: u32 = 0x2266_8899;
    /// First half-word of an entry.
    pub const ENTRY_MAGIC: u16 = 0xDADA;
    /// Bytes of the header before the first entry.
    pub const HEADER_LEN: usize = 0x6C;
    /// Bytes of an entry.
    pub const ENTRY_LEN: usize = 0xDC;
    /// Bytes of an entry in very old files.
    pub const OLD_ENTRY_LEN: usize = 0xD8;
    /// Bytes of a region.
    pub const REGION_LEN: usize = 20;
    /// Regions an entry has room for.
    pub const REGIONS: usize = 10;
    /// Text in the description of files that speak XML.
    pub const XML_MARK: &[u8; 9] = b"MTK_DA_v6";
}

/// First word of an Android sparse image, as its bytes lie (section 6.12).
pub const SPARSE_MAGIC: [u8; 4] = [0x3A, 0xFF, 0x26, 0xED];
/// Where the first stage is linked (section 3.12).
pub const AGENT1_ADDRESS: u32 = 0x0200_7000;
/// Where the second stage is loaded (section 3.12).
pub const AGENT2_ADDRESS: u32 = 0x8000_0000;
/// Bytes of a packet of the second stage's upload (section 6.6).
pub const UPLOAD_PACKET: u32 = 0x1000;
/// Bytes of a packet of flash content, as hosts usually choose it (section 6.11).
pub const DATA_PACKET: u32 = 0x10_0000;
/// Bytes of a partition entry, D19 (section 6.15).
pub const TABLE_ENTRY_LEN: usize = 0x60;
/// Bytes of a partition entry, D13.
pub const OLD_TABLE_ENTRY_LEN: usize = 0x58;
/// Most partition entries.
pub const TABLE_ENTRIES: usize = 40;
