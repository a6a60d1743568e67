//! What a phone is apart from its flash content: chip, fuses, firmware variant, card model, pace, faults. Plain values;
//! knows no behaviour.

use serde::Deserialize;

use super::agent::AgentFacts;
use super::faults::CardFault;
use super::flash::{Area, Flash, FlashError};
use super::nand::NandFacts;

/// What the firmware was compiled for (msdc-direct.md 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// An eMMC on MSDC0.
    Emmc,
    /// Raw NAND: MSDC0 is left at reset values with its clock stopped.
    Nand,
}

/// The eMMC card's own registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFacts {
    /// CID, most significant byte first.
    pub cid: [u8; 16],
    /// Offers double data rate (`EXT_CSD[196]` bits 2, 3), which the preloader then uses.
    pub ddr: bool,
    /// `EXT_CSD[192]`.
    pub revision: u8,
    /// Sectors of the user area.
    pub sectors: u32,
    /// Boot area size, units of 128 KiB.
    pub boot_mult: u8,
    /// RPMB size, units of 128 KiB.
    pub rpmb_mult: u8,
    /// First general-purpose partition, units of the card; any but 0 makes the layout unusable.
    pub gp1_mult: u8,
    /// `EXT_CSD[179]` as power-on leaves it, with the access bits of the last preloader access.
    pub partition_config: u8,
}

impl Default for CardFacts {
    fn default() -> Self {
        Self {
            cid: [
                0x15, 0x01, 0x00, 0x4E, 0x56, 0x4B, 0x34, 0x47, 0x42, 0x10, 0x4E, 0x56, 0x4B, 0x01, 0x7D,
                0x01,
            ],
            ddr: false,
            revision: 6,
            sectors: 0x74_FD00,
            boot_mult: 32,
            rpmb_mult: 4,
            gp1_mult: 0,
            partition_config: 0x48,
        }
    }
}

/// How long things take, counted in register reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pace {
    /// Reads until a command has its response.
    pub command: u32,
    /// Reads while the card is busy after a write, CMD6 or CMD12.
    pub busy: u32,
    /// Reads until the clock is stable after a change.
    pub clock: u32,
    /// Reads until a controller reset or a FIFO clear has finished.
    pub reset: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { command: 0, busy: 2, clock: 2, reset: 0 }
    }
}

/// What a cable costs, in simulated time (design.md 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkModel {
    /// Cost of one IN packet, microseconds.
    pub in_packet_us: u64,
    /// Cost of one OUT transfer, microseconds.
    pub out_transfer_us: u64,
    /// Cost of waiting once for the phone, microseconds.
    pub wait_us: u64,
}

impl Default for LinkModel {
    fn default() -> Self {
        Self { in_packet_us: 25, out_transfer_us: 125, wait_us: 250 }
    }
}

/// As what a phone appears on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BootsAs {
    /// As a preloader, 0e8d:2000.
    #[default]
    Preloader,
    /// As a boot ROM, 0e8d:0003: no valid preloader, or a strap on the board.
    Brom,
}

/// Everything about a phone that is not in its flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Answer of GET_HW_CODE.
    pub hw_code: u16,
    /// Answers of GET_HW_SW_VER: sub code, hardware version, software version.
    pub versions: [u16; 3],
    /// Answer of GET_BL_VER.
    pub bl_version: u8,
    /// As what it appears on the bus.
    pub boots_as: BootsAs,
    /// Answer of GET_VERSION in the boot ROM.
    pub brom_version: u8,
    /// Fuses as GET_TARGET_CONFIG shows them.
    pub target_config: u32,
    /// Compiled to verify every DA, whatever the fuses say (msdc-direct.md 5.6).
    pub always_verify_da: bool,
    /// Enters the boot ROM after an assert, instead of looping until the watchdog (section 3.13).
    pub emergency_download: bool,
    /// Both handshake windows are infinite (section 1.6).
    pub force_download: bool,
    /// WRITE32 does not echo its data (msdc-direct.md 4.2).
    pub silent_write32: bool,
    /// Bytes thrown in before a reply, every [`Board::noise_every`] fields.
    pub noise: Vec<u8>,
    /// Fields between two bursts of noise; 0 is never.
    pub noise_every: u32,
    /// Sits behind a full-speed hub: packets of 64 bytes.
    pub full_speed: bool,
    /// The data time-out keeps counting while the card clock is stopped (an open question: msdc-direct.md 2.1).
    pub timeout_counts_when_stopped: bool,
    /// What the firmware was compiled for.
    pub storage: Storage,
    /// The eMMC.
    pub card: CardFacts,
    /// How long things take.
    pub pace: Pace,
    /// What the card gets wrong.
    pub faults: Vec<CardFault>,
    /// The cable is pulled after this many IN packets.
    pub cut_after_in_packets: Option<u64>,
    /// What the cable costs.
    pub link: LinkModel,
    /// The NAND, on boards compiled for one.
    pub nand: NandFacts,
    /// The Download Agent, once one was uploaded.
    pub agent: AgentFacts,
}

impl Board {
    /// Returns whether it appears as a boot ROM.
    #[must_use]
    pub fn is_brom(&self) -> bool {
        self.boots_as == BootsAs::Brom
    }

    /// Checks that a flash can be this phone's: a snapshot may be of another one.
    ///
    /// # Errors
    /// [`FlashError::OtherPhone`].
    pub fn accepts(&self, flash: &Flash) -> Result<(), FlashError> {
        let spare = flash.len(Area::Spare);
        let of_this_chip = flash.len(Area::User) == self.nand.bytes() && spare == self.nand.spare_bytes();
        match self.storage {
            Storage::Emmc if spare > 0 => {
                Err(FlashError::OtherPhone { what: "it is of a NAND, and this phone has an eMMC" })
            }
            Storage::Nand if spare == 0 => {
                Err(FlashError::OtherPhone { what: "it has no spare bytes, and this phone has a NAND" })
            }
            Storage::Nand if !of_this_chip => {
                Err(FlashError::OtherPhone { what: "it is of a NAND of another size" })
            }
            _ => Ok(()),
        }
    }
}

impl Default for Board {
    fn default() -> Self {
        Self {
            hw_code: 0x6572,
            versions: [0x8A00, 0xCA01, 0x0000],
            bl_version: 1,
            boots_as: BootsAs::Preloader,
            brom_version: 5,
            target_config: 0,
            always_verify_da: false,
            emergency_download: true,
            force_download: false,
            silent_write32: false,
            noise: Vec::new(),
            noise_every: 0,
            full_speed: false,
            timeout_counts_when_stopped: false,
            storage: Storage::Emmc,
            card: CardFacts::default(),
            pace: Pace::default(),
            faults: Vec::new(),
            cut_after_in_packets: None,
            link: LinkModel::default(),
            nand: NandFacts::default(),
            agent: AgentFacts::default(),
        }
    }
}
