//! What every way to the flash promises: blocks of the user area in, blocks out, and who the card is.

use super::ProtocolError;

/// What an engine can do on this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Blocks may be written.
    pub write: bool,
    /// Bytes a second on a USB 2.0 cable, roughly; for time estimates before the first measurement.
    pub bytes_per_second: u32,
}

/// Who the eMMC card is and how large its areas are. Sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// CID register, most significant byte first (`c3||c2||c1||c0` of msdc-direct.md 3.3).
    pub cid: [u8; 16],
    /// The whole EXT_CSD.
    pub ext_csd: Box<[u8; 512]>,
    /// 512-byte sectors of the user area.
    pub sectors: u64,
    /// One boot area.
    pub boot_bytes: u64,
    /// RPMB area.
    pub rpmb_bytes: u64,
    /// EXT_CSD revision.
    pub revision: u8,
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
