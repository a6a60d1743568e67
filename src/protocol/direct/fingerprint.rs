//! Is this an eMMC phone, left as its preloader leaves it? Gate and pins before any look at the controller, because an
//! unclocked block may hang the bus (msdc-direct.md 1.3, 3.0, 7, 11). Reads only.

use super::registers::Registers;
use crate::protocol::chip::WordCheck;
use crate::protocol::{ProtocolError, TargetConfig};
use crate::wire::msdc::{self as reg, cfg, ps, sdc_cfg, sts};

/// MSDC_CFG at reset: what a NAND preloader leaves (section 7).
const CFG_AT_RESET: u32 = 0x0000_0099;

/// What the controller was like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// CFG.
    pub cfg: u32,
    /// SDC_CFG.
    pub sdc_cfg: u32,
    /// An earlier session of this program was here and may have left a transfer open.
    pub resumed: bool,
}

/// Stages 0 and 1 of section 11.
pub(super) fn examine(registers: &mut Registers, config: TargetConfig) -> Result<Found, ProtocolError> {
    pins_and_gate(registers).and_then(|()| controller(registers)).map_err(|error| secured(error, config))
}

fn pins_and_gate(registers: &mut Registers) -> Result<(), ProtocolError> {
    let mut deltas = Vec::new();
    let mut stopped = None;
    if let Some(gate) = registers.chip.clock_gate {
        let word = registers.read_side(gate.address)?;
        if word.checked_shr(u32::from(gate.bit)).unwrap_or(1) & 1 != 0 {
            stopped = Some(format!("clock gate {:08x} = {word:08x}: bit {} is set", gate.address, gate.bit));
        }
    }
    for pins in registers.chip.nand_pinmux.clone() {
        let word = registers.read_side(pins.address)?;
        if word & pins.mask == pins.expected {
            return Err(ProtocolError::NandBoot { evidence: differing("pins", &pins, word) });
        }
    }
    for pins in registers.chip.pinmux.clone() {
        let word = registers.read_side(pins.address)?;
        if word & pins.mask != pins.expected {
            deltas.push(differing("pins", &pins, word));
        }
    }
    match stopped {
        // Without clock and without eMMC pins nothing is left that speaks for an eMMC.
        Some(gate) if !deltas.is_empty() => {
            Err(ProtocolError::NandBoot { evidence: format!("{gate}; {}", deltas.join("; ")) })
        }
        Some(gate) => Err(ProtocolError::Fingerprint { deltas: vec![gate] }),
        None if !deltas.is_empty() => Err(ProtocolError::Fingerprint { deltas }),
        None => Ok(()),
    }
}

fn controller(registers: &mut Registers) -> Result<Found, ProtocolError> {
    let plan = registers
        .plan()
        .read(reg::CFG)
        .read(reg::INTEN)
        .read(reg::PATCH_BIT0)
        .read(reg::PATCH_BIT1)
        .read(reg::SDC_CFG)
        .read(reg::PS)
        .read(reg::SDC_STS)
        .read(reg::FIFOCS);
    let words = registers.run(plan)?;
    let &[config, inten, patch0, patch1, sdc, pins, busy, fifo] = words.as_slice() else {
        return Err(ProtocolError::Fingerprint { deltas: vec!["registers could not be read".to_owned()] });
    };
    let print = registers.chip.fingerprint;
    if config == CFG_AT_RESET && inten == 0 {
        let evidence = format!("MSDC_CFG {config:08x} and MSDC_INTEN 0 are reset values");
        return Err(ProtocolError::NandBoot { evidence });
    }
    // Only this program sets the data time-out to its longest, so it tells a session that was cut off.
    let resumed = sdc & sdc_cfg::DTOC == sdc_cfg::DTOC;
    let mut deltas = Vec::new();
    let mut differ = |name: &str, found: u32, expected: u32| {
        if found != expected {
            deltas.push(format!("{name} is {found:08x}, expected {expected:08x}"));
        }
    };
    let ours = resumed && own_clock(registers, config);
    if config != print.cfg_ddr && !ours {
        differ("MSDC_CFG", config, print.cfg_sdr);
    }
    differ("MSDC_INTEN", inten, print.inten);
    differ("PATCH_BIT0", patch0, print.patch_bit0);
    differ("PATCH_BIT1", patch1, print.patch_bit1);
    differ("SDC_CFG[23:0]", sdc & !sdc_cfg::DTOC, print.sdc_cfg_low);
    if !resumed {
        differ("DAT0 in MSDC_PS", pins & ps::DAT0, ps::DAT0);
        differ("SDCBUSY in SDC_STS", busy & sts::SDCBUSY, 0);
        differ("MSDC_FIFOCS", fifo, 0);
    }
    match deltas.is_empty() {
        true => Ok(Found { cfg: config, sdc_cfg: sdc, resumed }),
        false => Err(ProtocolError::Fingerprint { deltas }),
    }
}

/// Whether CFG differs from the fingerprint only by a clock this program sets.
fn own_clock(registers: &Registers, found: u32) -> bool {
    let chip = &registers.chip;
    let clock = cfg::CKDIV | cfg::CKMOD;
    let divider = (found & cfg::CKDIV) >> cfg::CKDIV_SHIFT;
    let divided = divider == u32::from(chip.ckdiv_25mhz) || divider == u32::from(chip.ckdiv_slow);
    (found ^ chip.fingerprint.cfg_sdr) & !clock == 0 && divided
}

/// A status where a first READ32 or WRITE32 must succeed means that the phone does not allow it.
pub(super) fn secured(error: ProtocolError, config: TargetConfig) -> ProtocolError {
    match error {
        ProtocolError::Status { doing, status } => {
            ProtocolError::Security { doing, status, config: config.0 }
        }
        other => other,
    }
}

fn differing(what: &str, check: &WordCheck, found: u32) -> String {
    format!(
        "{what} {:08x} = {found:08x} (masked {:08x}, eMMC or NAND value {:08x})",
        check.address,
        found & check.mask,
        check.expected
    )
}
