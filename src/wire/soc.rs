//! Registers of the chip around the storage controller that a session may touch (msdc-direct.md 3.0, 6.1, 7;
//! preloader-and-legacy-da.md 4.1). Offsets and keys; base addresses come from a chip description.

/// TOPRGU, the watchdog: offsets and keys.
pub mod rgu {
    /// Mode.
    pub const MODE: u32 = 0x00;
    /// Length.
    pub const LENGTH: u32 = 0x04;
    /// Restart, that is "kick".
    pub const RESTART: u32 = 0x08;
    /// Status.
    pub const STATUS: u32 = 0x0C;
    /// Software reset.
    pub const SWRST: u32 = 0x14;
    /// Key in the top byte of a MODE write.
    pub const MODE_KEY: u32 = 0x2200_0000;
    /// Value that kicks.
    pub const RESTART_KEY: u32 = 0x1971;
    /// Value that resets.
    pub const SWRST_KEY: u32 = 0x1209;
    /// MODE bit: reset counts as automatic restart, so that the phone boots without the power key.
    pub const AUTO_RESTART: u32 = 1 << 4;
}

/// The "enter download mode after reset" request: two words, enable/timeout and magic.
pub mod usbdl {
    /// Offset of the magic word from the flag word.
    pub const MAGIC: u32 = 4;
    /// The magic that arms the request.
    pub const MAGIC_VALUE: u32 = 0x5553_4244;
    /// Flag word that cancels the request.
    pub const CANCELLED: u32 = 0x0000_FFFC;
}

/// First address of the window READ32 and WRITE32 accept.
pub const WINDOW_START: u32 = 0x1000_0000;
/// First address behind the window.
pub const WINDOW_END: u32 = 0x2000_0000;
/// The crypto page inside the window that asserts the phone (msdc-direct.md 4.1).
pub const FORBIDDEN_PAGE: core::ops::Range<u32> = 0x1000_A000..0x1000_B000;
