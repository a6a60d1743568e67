//! CMD6: changing a byte of EXT_CSD (msdc-direct.md 3.8).

use super::Card;
use crate::wire::emmc::ext_csd;

impl Card {
    /// Obeys a SWITCH argument; returns false where a card would set SWITCH_ERROR.
    pub(super) fn switch(&mut self, argument: u32) -> bool {
        let [mode, index, value, _] = argument.to_be_bytes();
        let at = usize::from(index);
        let old = self.ext_csd[at];
        let new = match mode & 3 {
            1 => old | value,
            2 => old & !value,
            3 => value,
            _ => return false, // command sets: this card has one
        };
        let allowed = match at {
            ext_csd::PARTITION_CONFIG => new & 7 <= 3,
            ext_csd::HS_TIMING => new <= 1,
            ext_csd::BUS_WIDTH => match new {
                0..=2 => true,
                5 | 6 => self.facts.ddr && self.ext_csd[ext_csd::HS_TIMING] == 1,
                _ => false,
            },
            ext_csd::BOOT_WP | 175 => true, // 175: ERASE_GROUP_DEF
            _ => false,
        };
        if allowed {
            self.ext_csd[at] = new;
        }
        allowed
    }
}
