//! The way out: the phone must boot by itself, which unplugging does not make it do (msdc-direct.md 6.1).

use std::time::Duration;

use super::command::{Controller, word};
use super::registers::Registers;
use crate::protocol::ProtocolError;
use crate::transport::LinkError;
use crate::wire::soc::{rgu, usbdl};

/// Bits of MODE that survive; the rest is key, or cleared by the vendor's own reset.
const MODE_KEPT: u32 = 0x00FF_FF6F;
/// What the vendor's own reset sets: enable bit 2 and automatic restart, under the key.
const MODE_SET: u32 = rgu::MODE_KEY | rgu::AUTO_RESTART | 1 << 2;

impl Controller {
    /// Waits until the card has nothing left to do, as far as it answers.
    pub fn quieten(&mut self) -> Result<(), ProtocolError> {
        match self.settle().and_then(|()| self.ready(word::STATUS)) {
            Err(error) if error.trouble().is_some() => match self.abort() {
                // A card that is beyond help must not keep the phone in its preloader.
                Err(error) if error.trouble().is_some() => Ok(()),
                other => other.map(|_| ()),
            },
            other => other,
        }
    }
}

impl Registers {
    /// Cancels the download request and resets the phone.
    pub fn reboot(&mut self) -> Result<(), ProtocolError> {
        if let Some(flags) = self.chip.usbdl_flags {
            self.preloader.write32(flags, &[usbdl::CANCELLED])?;
            self.preloader.write32(flags + usbdl::MAGIC, &[0])?;
        }
        let base = self.chip.rgu;
        self.preloader.write32(base + rgu::RESTART, &[rgu::RESTART_KEY])?;
        let mut mode = [0];
        self.preloader.read32(base + rgu::MODE, &mut mode)?;
        self.preloader.write32(base + rgu::MODE, &[mode[0] & MODE_KEPT | MODE_SET])?;
        self.preloader.pause(Duration::from_millis(10));
        match self.preloader.write32(base + rgu::SWRST, &[rgu::SWRST_KEY]) {
            // The phone may be gone before its last reply is.
            Err(ProtocolError::Link { cause: LinkError::Gone | LinkError::Timeout { .. }, .. }) => Ok(()),
            other => other,
        }
    }
}
