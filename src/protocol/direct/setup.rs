//! From a fingerprint that fits to a card that is known: echo test, time-out, single data rate, EXT_CSD, CID
//! (msdc-direct.md 3.0 steps 5 to 9, 11 stages 2 and 3). Writes no block and no non-volatile byte.

use super::Pace;
use super::command::{Controller, word};
use super::fingerprint::{Found, secured};
use super::registers::Registers;
use crate::protocol::card_trouble::{CardTrouble, state_of};
use crate::protocol::{Card, ProtocolError, TargetConfig};
use crate::wire::emmc::{BLOCK, RCA_1, ext_csd, state};
use crate::wire::msdc::{self as reg, cfg, sdc_cfg};

/// A block larger than this many sectors is addressed by number, a smaller one by byte (section 2.2).
const BY_BYTE_UP_TO: u64 = 0x0040_0000;
/// Smallest EXT_CSD revision whose linear address space is known (section 10).
const FIRST_REVISION: u8 = 3;
/// Tries of a step that changes nothing.
const TRIES: u32 = 3;
/// CMD6 arguments, mode, index, value and command set in one word (sections 3.8, 3.9).
mod switch {
    /// Clear bits 2:0 of PARTITION_CONFIG: the user area.
    pub const USER_AREA: u32 = 0x02B3_0701;
    /// BUS_WIDTH = 2.
    pub const SDR8: u32 = 0x03B7_0201;
    /// BUS_WIDTH = 6.
    pub const DDR8: u32 = 0x03B7_0601;
}
/// Argument of CMD16.
const BLOCK_BYTES: u32 = 512;

impl Controller {
    /// Confirms WRITE32, sets the data time-out to its longest, and brings the card to `tran`.
    pub fn take_over(
        mut registers: Registers,
        found: Found,
        config: TargetConfig,
    ) -> Result<Self, ProtocolError> {
        let int = registers.chip.msdc0 + reg::INT;
        registers.preloader.confirm_echo(int, u32::MAX).map_err(|error| secured(error, config))?;
        let long = found.sdc_cfg | sdc_cfg::DTOC;
        let plan = registers.plan().write(reg::SDC_CFG, long);
        registers.run(plan)?;
        let mut controller = Self { registers, settled: false, cfg: found.cfg, sdc_cfg: long };
        if found.resumed {
            controller.abort()?;
        }
        controller.again("first look at the card", |controller| {
            // Error bits of whatever the preloader tried last are shown once, and are not ours.
            let first = controller.status()?;
            if state_of(first) != state::TRAN {
                return Err(ProtocolError::card("CMD13", CardTrouble::Status(first)));
            }
            controller.settle()
        })?;
        Ok(controller)
    }

    /// Leaves double data rate for 8-bit SDR at 25 MHz, reads EXT_CSD before and after, and selects the user area.
    pub fn identify(&mut self) -> Result<Card, ProtocolError> {
        let before = match self.ext_csd() {
            Ok(bytes) => Some(bytes),
            // A checksum at double rate is no verdict on the card: single rate may do.
            Err(error) if error.trouble().is_some() => None,
            Err(error) => return Err(error),
        };
        let bytes = if self.cfg & cfg::CKMOD == 2 << cfg::CKMOD_SHIFT {
            self.leave_double_rate()?
        } else {
            self.ext_csd()?
        };
        if let Some(before) = before
            && let Some(at) = (0..BLOCK).find(|at| !is_volatile(*at) && before[*at] != bytes[*at])
        {
            let why = format!("EXT_CSD[{at}] read {:02x}, then {:02x}", before[at], bytes[at]);
            return Err(ProtocolError::RefusedCard { why });
        }
        let bytes = self.select_user_area(bytes)?;
        let cid = self.cid()?;
        accept(cid, bytes)
    }

    /// Reads EXT_CSD, again after a failure.
    fn ext_csd(&mut self) -> Result<Box<[u8; BLOCK]>, ProtocolError> {
        let mut bytes = Box::new([0; BLOCK]);
        self.again("EXT_CSD", |controller| {
            controller.read_block(word::EXT_CSD, 0, Pace::Strict, &mut bytes)
        })?;
        Ok(bytes)
    }

    fn leave_double_rate(&mut self) -> Result<Box<[u8; BLOCK]>, ProtocolError> {
        let double = self.cfg;
        self.again("leaving double data rate", |controller| controller.switch(switch::SDR8))?;
        let divider = u32::from(self.registers.chip.ckdiv_25mhz) << cfg::CKDIV_SHIFT;
        self.set_clock(double & !(cfg::CKMOD | cfg::CKDIV) | divider)?;
        match self.ext_csd() {
            Err(error) if error.trouble().is_some() => {
                self.again("going back to double data rate", |controller| controller.switch(switch::DDR8))?;
                self.set_clock(double)?;
                self.ext_csd()
            }
            Err(error) => Err(error),
            Ok(bytes) => {
                // Explicit, though 512 is the default: illegal at double rate, so nobody has sent it yet.
                self.again("CMD16", |controller| {
                    controller.command(word::BLOCK_LENGTH, BLOCK_BYTES).map(|_| ())
                })?;
                Ok(bytes)
            }
        }
    }

    /// Clears the access bits of PARTITION_CONFIG with the operation that cannot touch its non-volatile bits
    /// (section 3.8).
    fn select_user_area(&mut self, bytes: Box<[u8; BLOCK]>) -> Result<Box<[u8; BLOCK]>, ProtocolError> {
        const ACCESS: u8 = 7;
        let old = bytes[ext_csd::PARTITION_CONFIG];
        if old & ACCESS == 0 {
            return Ok(bytes);
        }
        self.again("selecting the user area", |controller| controller.switch(switch::USER_AREA))?;
        let bytes = self.ext_csd()?;
        let new = bytes[ext_csd::PARTITION_CONFIG];
        if new != old & !ACCESS {
            let why = format!(
                "PARTITION_CONFIG went from {old:02x} to {new:02x} when its access bits were cleared"
            );
            return Err(ProtocolError::RefusedCard { why });
        }
        Ok(bytes)
    }

    /// Reads the CID: deselect, CMD10, select (section 3.3).
    fn cid(&mut self) -> Result<[u8; 16], ProtocolError> {
        let mut cid = [0; 16];
        self.again("CID", |controller| {
            match controller.command(word::DESELECT, 0) {
                // No answer is expected; which event the controller raises is not known on every chip.
                Err(error) if error.trouble() != Some(&CardTrouble::NoResponse) => return Err(error),
                _ => {}
            }
            let found = controller.status()?;
            if state_of(found) != state::STBY {
                return Err(ProtocolError::card("CMD7", CardTrouble::Status(found)));
            }
            controller.command(word::CID, RCA_1)?;
            let plan = controller.plan().read_words(reg::SDC_RESP0, 4);
            let words = controller.run(plan)?;
            for (bytes, word) in cid.chunks_exact_mut(4).zip(words.iter().rev()) {
                bytes.copy_from_slice(&word.to_be_bytes());
            }
            controller.command(word::SELECT, RCA_1)?;
            controller.ready(word::SELECT)?;
            controller.settle()
        })?;
        Ok(cid)
    }

    /// Runs a step that changes nothing, again after a card failure, with the ladder of section 3.7 in between.
    pub fn again<T>(
        &mut self,
        place: &str,
        mut step: impl FnMut(&mut Self) -> Result<T, ProtocolError>,
    ) -> Result<T, ProtocolError> {
        let mut crc_before = false;
        let mut tries = 1;
        loop {
            let error = match step(self) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let Some(trouble) = error.trouble().copied() else {
                return Err(error.within(place));
            };
            let shown = self.abort().map_err(|error| error.within(place))?;
            if tries == TRIES || !trouble.may_pass() {
                return Err(more_precise(error, shown).within(place));
            }
            let crc = matches!(trouble, CardTrouble::DataCrc { .. } | CardTrouble::ResponseCrc);
            if matches!(trouble, CardTrouble::DataCrc { .. }) || (crc && crc_before) {
                self.slow_down()?;
            }
            crc_before |= crc;
            tries += 1;
        }
    }
}

/// Prefers what the card said about a failure to what the controller noticed of it.
fn more_precise(error: ProtocolError, shown: u32) -> ProtocolError {
    match error {
        ProtocolError::Card { doing, trouble: CardTrouble::DataTimeout { .. } } if shown != 0 => {
            let trouble = CardTrouble::Status(shown | state::TRAN << crate::wire::emmc::status::STATE_SHIFT);
            ProtocolError::Card { doing, trouble }
        }
        other => other,
    }
}

/// Returns a block's CMD17 or CMD24 argument.
pub(super) fn address_of(lba: u64, sectors: u64) -> Option<u32> {
    let address = if sectors > BY_BYTE_UP_TO { lba } else { lba.checked_mul(BLOCK as u64)? };
    u32::try_from(address).ok()
}

/// Whether a byte of EXT_CSD may differ between two data rates or areas.
fn is_volatile(at: usize) -> bool {
    matches!(at, ext_csd::BUS_WIDTH | ext_csd::HS_TIMING | ext_csd::PARTITION_CONFIG)
}

fn accept(cid: [u8; 16], bytes: Box<[u8; BLOCK]>) -> Result<Card, ProtocolError> {
    let refuse = |why: String| Err(ProtocolError::RefusedCard { why });
    let revision = bytes[ext_csd::REV];
    if revision < FIRST_REVISION {
        return refuse(format!("EXT_CSD revision {revision} is older than {FIRST_REVISION}"));
    }
    let gp = ext_csd::GP_SIZE_MULT..ext_csd::GP_SIZE_MULT + 12;
    if bytes[gp].iter().any(|byte| *byte != 0) {
        return refuse(
            "it has general-purpose partitions, whose layout vendors compute differently".to_owned(),
        );
    }
    let sectors = bytes[ext_csd::SEC_COUNT..].first_chunk::<4>().map_or(0, |raw| u32::from_le_bytes(*raw));
    if sectors == 0 {
        return refuse("EXT_CSD says that it has no sectors".to_owned());
    }
    if cid.iter().all(|byte| *byte == 0) || cid.iter().all(|byte| *byte == 0xFF) {
        return refuse("its CID is empty".to_owned());
    }
    Ok(Card {
        cid: Some(cid),
        nand: None,
        sectors: u64::from(sectors),
        boot_bytes: u64::from(bytes[ext_csd::BOOT_SIZE_MULT]) * ext_csd::MULT_UNIT,
        rpmb_bytes: u64::from(bytes[ext_csd::RPMB_SIZE_MULT]) * ext_csd::MULT_UNIT,
        revision: Some(revision),
        general_purpose: false,
        ext_csd: Some(bytes),
    })
}
