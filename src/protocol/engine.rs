//! What every way to the flash promises: blocks of the user area in, blocks out, and who the card is. A raw NAND is all user
//! area: its blocks are the main bytes of its pages, by their address in the chip.

use super::ProtocolError;

/// What an engine can do on this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Blocks may be written.
    pub write: bool,
    /// Bytes a second on a USB 2.0 cable, roughly; for time estimates before the first measurement.
    pub bytes_per_second: u32,
    /// Blocks worth asking for at once: more wins nothing, fewer costs turns on the cable.
    pub run_blocks: u64,
}

/// A partition as an engine tells it: bytes of the linear address space, before which nothing was subtracted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRange {
    /// Name as it stands there.
    pub name: String,
    /// First byte, BOOT1 + BOOT2 + RPMB counted in.
    pub start: u64,
    /// Bytes.
    pub len: u64,
}

/// A raw NAND's shape, as the agent reports it (preloader-and-legacy-da.md 6.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NandChip {
    /// Main bytes of a page.
    pub page: u32,
    /// Spare bytes of a page.
    pub spare: u32,
    /// Pages of an erase block.
    pub pages_per_block: u32,
    /// Erase blocks.
    pub blocks: u32,
    /// Id bytes; they name the kind of chip, not this one.
    pub ids: Vec<u8>,
}

impl NandChip {
    /// Returns the main bytes of an erase block.
    #[must_use]
    pub fn erase_block(&self) -> u64 {
        u64::from(self.page) * u64::from(self.pages_per_block)
    }
}

/// Who the storage is and how large its areas are. Sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// CID register, most significant byte first (`c3||c2||c1||c0` of msdc-direct.md 3.3); a NAND has none.
    pub cid: Option<[u8; 16]>,
    /// Its shape, where it is a raw NAND.
    pub nand: Option<NandChip>,
    /// The whole EXT_CSD, where the engine can see it.
    pub ext_csd: Option<Box<[u8; 512]>>,
    /// 512-byte sectors of the user area.
    pub sectors: u64,
    /// One boot area.
    pub boot_bytes: u64,
    /// RPMB area.
    pub rpmb_bytes: u64,
    /// EXT_CSD revision, where the engine can see it.
    pub revision: Option<u8>,
    /// Whether the card has general-purpose partitions (then the linear address space is not trusted).
    pub general_purpose: bool,
}

impl Card {
    /// Returns the length of everything before the user area in the *linear* address space: BOOT1 + BOOT2 + RPMB
    /// (msdc-direct.md 10).
    #[must_use]
    pub fn prefix(&self) -> u64 {
        2 * self.boot_bytes + self.rpmb_bytes
    }
}

/// A way to the flash of one phone.
pub trait Engine: Send {
    /// Returns the engine's name: `direct`, `legacy`.
    fn name(&self) -> &'static str;

    /// Returns what it can do here.
    fn capabilities(&self) -> Capabilities;

    /// Returns the card.
    fn card(&self) -> &Card;

    /// Reads whole blocks of the user area from `lba` on; `into` is a multiple of 512 bytes.
    ///
    /// # Errors
    /// With the place (command, register, LBA) of what failed, after the recovery ladder was climbed.
    fn read(&mut self, lba: u64, into: &mut [u8]) -> Result<(), ProtocolError>;

    /// Writes one block of the user area and waits until the card has programmed it. Does not read it back.
    ///
    /// # Errors
    /// With the place; the block may hold old or new content.
    fn write(&mut self, lba: u64, block: &[u8; 512]) -> Result<(), ProtocolError>;

    /// Returns a number that the chip itself tells, where it tells one. Nobody has shown that no two phones share it, nor that
    /// it stays: it is kept, and binds nothing.
    fn random_id(&self) -> Option<[u8; 16]> {
        None
    }

    /// Reads the spare bytes of `count` whole pages of a NAND from its page `first` on; none where the engine cannot, or where
    /// the pages lie in a bad block.
    ///
    /// # Errors
    /// With the place.
    fn read_spare(&mut self, first: u64, count: u32) -> Result<Option<Vec<u8>>, ProtocolError> {
        let _ = (first, count);
        Ok(None)
    }

    /// Returns the erase blocks of a NAND that were asked for and are bad, ascending: their bytes read as erased, and hold
    /// nothing.
    fn bad_blocks(&self) -> Vec<u32> {
        Vec::new()
    }

    /// Returns the partition table as the engine's own other end tells it: a second witness beside what lies on the card.
    /// None where there is no such end, or it knows of no table.
    ///
    /// # Errors
    /// With the place.
    fn partitions(&mut self) -> Result<Option<Vec<NamedRange>>, ProtocolError> {
        Ok(None)
    }

    /// Returns how many blocks before this one a write of it may write too, with what they hold already.
    fn neighbours(&self, block: &[u8; 512]) -> u64 {
        let _ = block;
        0
    }

    /// Returns whether what runs on the phone stays there when the cable goes, and answers no new session: such a phone must
    /// lose its power before the next one.
    fn outlives_a_cable(&self) -> bool {
        false
    }

    /// Asks something cheap, to know whether the phone is still there. Touches neither card nor controller.
    ///
    /// # Errors
    /// When no right answer came.
    fn is_there(&mut self) -> Result<(), ProtocolError>;

    /// Leaves the phone so that it boots by itself.
    ///
    /// # Errors
    /// When the phone could not be told; it then needs a long press of its power key.
    fn leave(&mut self) -> Result<(), ProtocolError>;

    /// Returns the time on the cable since the session began, on the link's clock.
    fn elapsed(&self) -> std::time::Duration;
}
