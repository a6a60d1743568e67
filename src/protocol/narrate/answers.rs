//! Whether the card's response registers may hold its CID. They may until a short answer was seen to come in; and of a long
//! answer all words but the first stay for ever.

use crate::wire::emmc::op;
use crate::wire::msdc::{self, cmd, int};

/// Response type of a long answer, and of the two kinds that carry a status.
const LONG: u32 = 2;
const R1: u32 = 1;
const R1_BUSY: u32 = 7;

/// What is known of the response registers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answers {
    /// A short answer lies in the first word.
    short: bool,
    /// A command with a short answer runs, started when CMDRDY was clear.
    awaited: bool,
    /// CMDRDY was cleared and not seen since.
    cleared: bool,
    /// The answer carries a status.
    status: bool,
}

impl Answers {
    /// A controller word was written.
    pub fn written(&mut self, offset: u32, value: u32) {
        match offset {
            msdc::INT if value & int::CMDRDY != 0 => self.cleared = true,
            msdc::SDC_CMD => {
                let kind = (value & cmd::RSPTYP) >> cmd::RSPTYP_SHIFT;
                let opcode = u8::try_from(value & cmd::OPCODE).unwrap_or(u8::MAX);
                let identity = matches!(opcode, op::ALL_SEND_CID | op::SEND_CSD | op::SEND_CID);
                let long = kind == LONG || identity;
                self.short &= !long;
                self.awaited = !long && kind != 0 && self.cleared;
                self.status = matches!(kind, R1 | R1_BUSY);
            }
            _ => {}
        }
    }

    /// A controller word was read.
    pub fn read(&mut self, offset: u32, value: u32) {
        if offset == msdc::INT && value & int::CMDRDY != 0 {
            self.short |= std::mem::take(&mut self.awaited);
            self.cleared = false;
        }
    }

    /// Whether a controller word may be published.
    pub fn are_public_at(self, offset: u32) -> bool {
        match offset {
            msdc::RXDATA | msdc::TXDATA | msdc::SDC_RESP1 | msdc::SDC_RESP2 | msdc::SDC_RESP3 => false,
            msdc::SDC_RESP0 => self.short,
            _ => true,
        }
    }

    /// Whether the first word is a card status.
    pub fn are_status(self) -> bool {
        self.short && self.status
    }
}
