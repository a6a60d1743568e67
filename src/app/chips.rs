//! Hands a chip's description over to the engine: same numbers, the engine's own words. Rooms below do not know each other.

use crate::formats::catalog::{Catalog, Chip, WordCheck as Described};
use crate::protocol::{ChipProfile, ClockGate, Fingerprint, WordCheck};

/// Returns every chip of the catalog as the engine wants it.
#[must_use]
pub fn profiles(catalog: &Catalog) -> Vec<ChipProfile> {
    catalog.chips().iter().map(profile).collect()
}

fn profile(chip: &Chip) -> ChipProfile {
    let fingerprint = &chip.fingerprint;
    ChipProfile {
        name: chip.name.clone(),
        hw_code: chip.hw_code,
        msdc0: chip.msdc0,
        rgu: chip.rgu,
        usbdl_flags: chip.usbdl_flags,
        clock_gate: chip.clock_gate.as_ref().map(|gate| ClockGate { address: gate.address, bit: gate.bit }),
        pinmux: chip.pinmux.iter().map(check).collect(),
        nand_pinmux: chip.nand_pinmux.iter().map(check).collect(),
        fingerprint: Fingerprint {
            cfg_sdr: fingerprint.cfg_sdr,
            cfg_ddr: fingerprint.cfg_ddr,
            inten: fingerprint.inten,
            sdc_cfg_low: fingerprint.sdc_cfg_low,
            patch_bit0: fingerprint.patch_bit0,
            patch_bit1: fingerprint.patch_bit1,
        },
        ckdiv_25mhz: chip.ckdiv_25mhz,
        ckdiv_slow: chip.ckdiv_slow,
        verified: chip.verified,
    }
}

fn check(described: &Described) -> WordCheck {
    WordCheck { address: described.address, mask: described.mask, expected: described.expected }
}
