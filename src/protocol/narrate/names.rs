//! Addresses and values in words: registers of the chip that was recognised, bits, commands to the card. What has no name here
//! may be anything, so its content is not for publication.

use super::vocabulary::FUSES;
use crate::protocol::ChipProfile;
use crate::wire::emmc::{self, op};
use crate::wire::msdc::{self, cmd, int};
use crate::wire::soc::{rgu, usbdl};

/// The storage controller's words, the data FIFO aside.
const CONTROLLER: [(u32, &str); 29] = [
    (msdc::INT, "MSDC_INT"),
    (msdc::INTEN, "MSDC_INTEN"),
    (msdc::FIFOCS, "MSDC_FIFOCS"),
    (msdc::PS, "MSDC_PS"),
    (msdc::CFG, "MSDC_CFG"),
    (msdc::IOCON, "MSDC_IOCON"),
    (msdc::SDC_CFG, "SDC_CFG"),
    (msdc::SDC_CMD, "SDC_CMD"),
    (msdc::SDC_ARG, "SDC_ARG"),
    (msdc::SDC_STS, "SDC_STS"),
    (msdc::SDC_RESP0, "SDC_RESP0"),
    (msdc::SDC_RESP1, "SDC_RESP1"),
    (msdc::SDC_RESP2, "SDC_RESP2"),
    (msdc::SDC_RESP3, "SDC_RESP3"),
    (msdc::SDC_BLK_NUM, "SDC_BLK_NUM"),
    (msdc::SDC_CSTS, "SDC_CSTS"),
    (msdc::SDC_CSTS_EN, "SDC_CSTS_EN"),
    (msdc::SDC_DCRC_STS, "SDC_DCRC_STS"),
    (msdc::SDC_ACMD_RESP, "SDC_ACMD_RESP"),
    (msdc::DMA_SA, "MSDC_DMA_SA"),
    (msdc::DMA_CA, "MSDC_DMA_CA"),
    (msdc::DMA_CTRL, "MSDC_DMA_CTRL"),
    (msdc::DMA_CFG, "MSDC_DMA_CFG"),
    (msdc::DMA_LEN, "MSDC_DMA_LEN"),
    (msdc::PATCH_BIT0, "MSDC_PATCH_BIT0"),
    (msdc::PATCH_BIT1, "MSDC_PATCH_BIT1"),
    (msdc::PAD_TUNE, "MSDC_PAD_TUNE"),
    (msdc::VERSION, "MSDC_VERSION"),
    (msdc::RXDATA, "MSDC_RXDATA"),
];

const WATCHDOG: [(u32, &str); 5] = [
    (rgu::MODE, "RGU_MODE"),
    (rgu::LENGTH, "RGU_LENGTH"),
    (rgu::RESTART, "RGU_RESTART"),
    (rgu::STATUS, "RGU_STATUS"),
    (rgu::SWRST, "RGU_SWRST"),
];

const EVENTS: [(u32, &str); 14] = [
    (int::MMCIRQ, "MMCIRQ"),
    (int::CDSC, "CDSC"),
    (int::ACMDRDY, "ACMDRDY"),
    (int::ACMDTMO, "ACMDTMO"),
    (int::ACMDCRCERR, "ACMDCRCERR"),
    (int::CMDRDY, "CMDRDY"),
    (int::CMDTMO, "CMDTMO"),
    (int::RSPCRCERR, "RSPCRCERR"),
    (int::CSTA, "CSTA"),
    (int::XFER_COMPL, "XFER_COMPL"),
    (int::DXFER_DONE, "DXFER_DONE"),
    (int::DATTMO, "DATTMO"),
    (int::DATCRCERR, "DATCRCERR"),
    (1 << 2, "reserved"),
];

const CARD: [(u8, &str); 17] = [
    (op::READ_SINGLE, "READ_SINGLE"),
    (op::SEND_STATUS, "SEND_STATUS"),
    (op::WRITE_SINGLE, "WRITE_SINGLE"),
    (op::GO_IDLE, "GO_IDLE"),
    (op::SEND_OP_COND, "SEND_OP_COND"),
    (op::ALL_SEND_CID, "ALL_SEND_CID"),
    (op::SET_RELATIVE_ADDR, "SET_RELATIVE_ADDR"),
    (op::SWITCH, "SWITCH"),
    (op::SELECT, "SELECT"),
    (op::SEND_EXT_CSD, "SEND_EXT_CSD"),
    (op::SEND_CSD, "SEND_CSD"),
    (op::SEND_CID, "SEND_CID"),
    (op::STOP_TRANSMISSION, "STOP_TRANSMISSION"),
    (op::SET_BLOCKLEN, "SET_BLOCKLEN"),
    (op::READ_MULTIPLE, "READ_MULTIPLE"),
    (op::SET_BLOCK_COUNT, "SET_BLOCK_COUNT"),
    (op::WRITE_MULTIPLE, "WRITE_MULTIPLE"),
];

const STATES: [&str; 9] = ["idle", "ready", "ident", "stby", "tran", "data", "rcv", "prg", "dis"];

/// The chips that may be met, and the one that was.
#[derive(Debug)]
pub(super) struct Names {
    chips: Vec<ChipProfile>,
    met: Option<usize>,
}

impl Names {
    /// Knows these chips, has met none.
    pub fn new(chips: Vec<ChipProfile>) -> Self {
        Self { chips, met: None }
    }

    /// A phone said its hardware code.
    pub fn meet(&mut self, hw_code: u16) {
        self.met = self.chips.iter().position(|chip| chip.hw_code == hw_code);
    }

    fn chip(&self) -> Option<&ChipProfile> {
        self.chips.get(self.met?)
    }

    /// Returns the place of a word in the storage controller.
    pub fn in_controller(&self, address: u32) -> Option<u32> {
        let offset = address.checked_sub(self.chip()?.msdc0)?;
        (offset < msdc::END).then_some(offset)
    }

    /// Returns the name of a 32-bit word; one with a space names a kind of word.
    pub fn word(&self, address: u32) -> Option<&'static str> {
        if let Some(offset) = self.in_controller(address) {
            return match offset {
                msdc::TXDATA => Some("MSDC_TXDATA"),
                _ => named(&CONTROLLER, offset),
            };
        }
        let chip = self.chip()?;
        let is_pins = chip.pinmux.iter().chain(&chip.nand_pinmux).any(|pins| pins.address == address);
        let flags = chip.usbdl_flags;
        match address {
            _ if chip.clock_gate.is_some_and(|gate| gate.address == address) => Some("clock gate"),
            _ if is_pins => Some("pin modes"),
            _ if flags == Some(address) => Some("USBDL_FLAG"),
            _ if flags.and_then(|flags| flags.checked_add(usbdl::MAGIC)) == Some(address) => {
                Some("USBDL_MAGIC")
            }
            _ => named(&WATCHDOG, address.checked_sub(chip.rgu)?),
        }
    }
}

fn named<K: Copy + PartialEq>(table: &[(K, &'static str)], key: K) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == key).map(|(_, name)| *name)
}

/// Returns the names of the bits that are set.
fn bits(table: &[(u32, &'static str)], word: u32) -> Option<String> {
    let set: Vec<&str> = table.iter().filter(|(bit, _)| word & bit != 0).map(|(_, name)| *name).collect();
    (!set.is_empty()).then(|| set.join(" "))
}

/// Returns the events of an INT word; a word that clears everything needs none.
pub(super) fn events(word: u32) -> Option<String> {
    if word & int::ALL == int::ALL { None } else { bits(&EVENTS, word) }
}

/// Returns the fuses of a GET_TARGET_CONFIG answer.
pub(super) fn fuses(word: u32) -> Option<String> {
    bits(&FUSES, word)
}

/// Returns the command in an SDC_CMD word.
pub(super) fn card_command(raw: u32) -> String {
    let opcode = raw & cmd::OPCODE;
    match u8::try_from(opcode).ok().and_then(|opcode| named(&CARD, opcode)) {
        Some(name) => format!("CMD{opcode} {name}"),
        None => format!("CMD{opcode}"),
    }
}

/// Returns the state in an R1 response.
pub(super) fn card_state(response: u32) -> Option<&'static str> {
    let state = (response & emmc::status::STATE) >> emmc::status::STATE_SHIFT;
    usize::try_from(state).ok().and_then(|state| STATES.get(state)).copied()
}
