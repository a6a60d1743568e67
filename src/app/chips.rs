//! Hands a chip's description over to the engine: same numbers, the engine's own words. Rooms below do not know each other.

use crate::formats::catalog::{AgentRow, Catalog, Chip, DaMode, WordCheck as Described};
use crate::protocol::{AgentChip, AgentMode, ChipProfile, ClockGate, Fingerprint, Watchdog, WordCheck};

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

/// Returns a chip as the legacy engine wants it.
#[must_use]
pub fn agent(row: &AgentRow) -> AgentChip {
    let watchdog = |write: &crate::formats::catalog::WatchdogWrite| Watchdog {
        address: write.address,
        value: write.value,
        narrow: write.bits == 16,
    };
    AgentChip {
        name: row.name.clone(),
        hw_code: row.hw_code,
        da_code: row.da_code(),
        mode: mode(row.da_mode),
        watchdogs: row.watchdogs.iter().map(watchdog).collect(),
        configuration: row.configuration(),
        reset_bytes: row.reset_bytes,
        nand_size_bytes: row.nand_size_bytes,
        verified: row.verified,
    }
}

/// Returns what a chip's agents speak.
#[must_use]
pub fn mode(mode: DaMode) -> AgentMode {
    match mode {
        DaMode::Legacy => AgentMode::Legacy,
        DaMode::XFlash => AgentMode::XFlash,
        DaMode::Xml => AgentMode::Xml,
    }
}

fn check(described: &Described) -> WordCheck {
    WordCheck { address: described.address, mask: described.mask, expected: described.expected }
}
