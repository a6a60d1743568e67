//! What differs from chip to chip, as plain values; filled from `formats/chips.toml` by a room above. Knows no chip.

/// A word that must hold a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordCheck {
    /// Address of the 32-bit word.
    pub address: u32,
    /// Bits that are compared.
    pub mask: u32,
    /// What they must be.
    pub expected: u32,
}

/// The bit that stops the storage controller's clock when it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockGate {
    /// Address of the gate word.
    pub address: u32,
    /// Bit number, 0 to 31.
    pub bit: u8,
}

/// The controller's words as an eMMC preloader leaves them (msdc-direct.md 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// MSDC_CFG with an 8-bit SDR high-speed card.
    pub cfg_sdr: u32,
    /// MSDC_CFG with an 8-bit DDR card.
    pub cfg_ddr: u32,
    /// MSDC_INTEN.
    pub inten: u32,
    /// SDC_CFG bits 23:0; the top byte differs between builds.
    pub sdc_cfg_low: u32,
    /// PATCH_BIT0.
    pub patch_bit0: u32,
    /// PATCH_BIT1.
    pub patch_bit1: u32,
}

/// Everything `direct` needs to know about a chip (msdc-direct.md 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipProfile {
    /// Name for people: `MT6572`.
    pub name: String,
    /// Answer of GET_HW_CODE.
    pub hw_code: u16,
    /// Base of the storage controller.
    pub msdc0: u32,
    /// Base of the watchdog and reset unit.
    pub rgu: u32,
    /// Address of the "enter download mode after reset" flag word; the magic word follows it.
    pub usbdl_flags: Option<u32>,
    /// The storage controller's clock gate, if known. Without it no chip may count as verified.
    pub clock_gate: Option<ClockGate>,
    /// Pin modes of an eMMC board.
    pub pinmux: Vec<WordCheck>,
    /// Pin modes that prove a NAND board; any one suffices.
    pub nand_pinmux: Vec<WordCheck>,
    /// The controller's words.
    pub fingerprint: Fingerprint,
    /// CKDIV for a card clock of 25 MHz in divider mode.
    pub ckdiv_25mhz: u8,
    /// CKDIV for a card clock of about 6 MHz in divider mode, the last resort against CRC errors.
    pub ckdiv_slow: u8,
    /// Somebody has proved this description on the real thing or on its real firmware.
    pub verified: bool,
}
