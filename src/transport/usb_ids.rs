//! What a USB device is, by its vendor and product numbers alone: the table of reference `preloader-and-legacy-da.md` 1.1.
//! It promises nothing about whether the device answers.

use std::fmt;

use super::link::PortKind;

/// MediaTek's vendor number.
pub const MEDIATEK: u16 = 0x0E8D;

/// What a device is, in the words a user is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The boot ROM's download mode.
    Brom,
    /// A preloader.
    Preloader,
    /// A Download Agent after it re-enumerated.
    Agent,
    /// A MediaTek device in none of the boot modes: Android, charging, META.
    Other,
}

impl Mode {
    /// Returns what a port reports for this mode.
    pub fn kind(self) -> PortKind {
        match self {
            Self::Brom => PortKind::Brom,
            Self::Preloader => PortKind::Preloader,
            Self::Agent => PortKind::Agent,
            Self::Other => PortKind::Unknown,
        }
    }

    /// Returns whether a phone in this mode can be talked to.
    pub fn is_boot(self) -> bool {
        self != Self::Other
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Brom => "boot ROM",
            Self::Preloader => "preloader",
            Self::Agent => "download agent",
            Self::Other => "not a boot mode (Android, charging or META)",
        })
    }
}

/// Every id known to speak the boot protocol.
const BOOT_DEVICES: &[(u16, u16, Mode)] = &[
    (MEDIATEK, 0x0003, Mode::Brom),
    (MEDIATEK, 0x2000, Mode::Preloader),
    (MEDIATEK, 0x2001, Mode::Agent),
    (MEDIATEK, 0x20FF, Mode::Preloader),
    (MEDIATEK, 0x3000, Mode::Preloader),
    (MEDIATEK, 0x6000, Mode::Preloader),
    (0x1004, 0x6000, Mode::Preloader), // LG, preloader and agent in one
    (0x22D9, 0x0006, Mode::Preloader), // OPPO
    (0x0FCE, 0xF200, Mode::Brom),      // Sony
    (0x0FCE, 0xD1E9, Mode::Brom),
    (0x0FCE, 0xD1E2, Mode::Brom),
    (0x0FCE, 0xD1EC, Mode::Brom),
    (0x0FCE, 0xD1DD, Mode::Brom),
    (0x0BB4, 0x0005, Mode::Preloader), // HTC, listed by SP Flash Tool
];

/// Returns what the device is, or nothing when it is no MediaTek device at all.
pub fn mode_of(vendor: u16, product: u16) -> Option<Mode> {
    let known = BOOT_DEVICES.iter().find(|(v, p, _)| (*v, *p) == (vendor, product));
    match known {
        Some((_, _, mode)) => Some(*mode),
        None if vendor == MEDIATEK => Some(Mode::Other),
        None => None,
    }
}
