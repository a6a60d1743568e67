//! Registers of the MSDC storage controller (msdc-direct.md 2). Offsets in bytes from the controller's base; bit masks
//! as 32-bit words. Which base a chip has is not this file's business.

/// Global configuration.
pub const CFG: u32 = 0x00;
/// Clock edges and access sizes.
pub const IOCON: u32 = 0x04;
/// Pin status: data and command levels.
pub const PS: u32 = 0x08;
/// Interrupts, write one to clear.
pub const INT: u32 = 0x0C;
/// Interrupt enable, same bits.
pub const INTEN: u32 = 0x10;
/// FIFO fill levels and clear.
pub const FIFOCS: u32 = 0x14;
/// A write pushes four bytes.
pub const TXDATA: u32 = 0x18;
/// A read pops four bytes. Never read by accident.
pub const RXDATA: u32 = 0x1C;
/// Card bus configuration.
pub const SDC_CFG: u32 = 0x30;
/// Command; writing it starts the command.
pub const SDC_CMD: u32 = 0x34;
/// Argument of the next command.
pub const SDC_ARG: u32 = 0x38;
/// Busy bits.
pub const SDC_STS: u32 = 0x3C;
/// First response word; a 136-bit response has its most significant word in the last.
pub const SDC_RESP0: u32 = 0x40;
/// Second response word.
pub const SDC_RESP1: u32 = 0x44;
/// Third response word.
pub const SDC_RESP2: u32 = 0x48;
/// Fourth response word.
pub const SDC_RESP3: u32 = 0x4C;
/// Number of blocks of the next data command.
pub const SDC_BLK_NUM: u32 = 0x50;
/// Card status capture.
pub const SDC_CSTS: u32 = 0x58;
/// Card status capture enable.
pub const SDC_CSTS_EN: u32 = 0x5C;
/// Which data lanes failed their CRC.
pub const SDC_DCRC_STS: u32 = 0x60;
/// Response of an automatic CMD12 or CMD23.
pub const SDC_ACMD_RESP: u32 = 0x80;
/// DMA start address.
pub const DMA_SA: u32 = 0x90;
/// DMA current address.
pub const DMA_CA: u32 = 0x94;
/// DMA control.
pub const DMA_CTRL: u32 = 0x98;
/// DMA configuration and busy.
pub const DMA_CFG: u32 = 0x9C;
/// DMA length.
pub const DMA_LEN: u32 = 0xA8;
/// Vendor patch word 0.
pub const PATCH_BIT0: u32 = 0xB0;
/// Vendor patch word 1.
pub const PATCH_BIT1: u32 = 0xB4;
/// Pad tuning.
pub const PAD_TUNE: u32 = 0xEC;
/// Hardware version.
pub const VERSION: u32 = 0x100;
/// First offset behind the controller's registers.
pub const END: u32 = 0x104;

/// Bits of [`CFG`].
pub mod cfg {
    /// SD/MMC mode.
    pub const MODE: u32 = 1 << 0;
    /// Controller reset; clears itself.
    pub const RST: u32 = 1 << 2;
    /// Programmed I/O instead of DMA.
    pub const PIO: u32 = 1 << 3;
    /// Card clock is driven.
    pub const CKDRVEN: u32 = 1 << 4;
    /// Card clock is stable, read-only.
    pub const CKSTB: u32 = 1 << 7;
    /// Clock divider, shifted by [`CKDIV_SHIFT`].
    pub const CKDIV: u32 = 0xFF << 8;
    /// Position of the divider.
    pub const CKDIV_SHIFT: u32 = 8;
    /// Clock mode: 0 divider, 1 source undivided, 2 DDR.
    pub const CKMOD: u32 = 3 << 16;
    /// Position of the clock mode.
    pub const CKMOD_SHIFT: u32 = 16;
}

/// Bits of [`PS`].
pub mod ps {
    /// Level of DAT0: low while the card is busy.
    pub const DAT0: u32 = 1 << 16;
    /// Levels of all eight data lines.
    pub const DAT: u32 = 0xFF << 16;
    /// Level of the command line.
    pub const CMD: u32 = 1 << 24;
    /// Write-protect switch.
    pub const WP: u32 = 1 << 31;
}

/// Bits of [`INT`].
pub mod int {
    /// SDIO or MMC interrupt.
    pub const MMCIRQ: u32 = 1 << 0;
    /// Card detect change.
    pub const CDSC: u32 = 1 << 1;
    /// Automatic command done.
    pub const ACMDRDY: u32 = 1 << 3;
    /// Automatic command: no response.
    pub const ACMDTMO: u32 = 1 << 4;
    /// Automatic command: response CRC.
    pub const ACMDCRCERR: u32 = 1 << 5;
    /// Response received.
    pub const CMDRDY: u32 = 1 << 8;
    /// No response.
    pub const CMDTMO: u32 = 1 << 9;
    /// Response failed its CRC.
    pub const RSPCRCERR: u32 = 1 << 10;
    /// Card status captured.
    pub const CSTA: u32 = 1 << 11;
    /// Data transfer complete.
    pub const XFER_COMPL: u32 = 1 << 12;
    /// DMA done.
    pub const DXFER_DONE: u32 = 1 << 13;
    /// Data time-out.
    pub const DATTMO: u32 = 1 << 14;
    /// Data failed its CRC.
    pub const DATCRCERR: u32 = 1 << 15;
    /// The three ways a command ends.
    pub const COMMAND: u32 = CMDRDY | CMDTMO | RSPCRCERR;
    /// The three ways a data phase ends.
    pub const DATA: u32 = XFER_COMPL | DATTMO | DATCRCERR;
    /// Every bit there is.
    pub const ALL: u32 = 0x0001_FFFF;
}

/// Fields of [`FIFOCS`].
pub mod fifo {
    /// Bytes waiting to be read.
    pub const RXCNT: u32 = 0xFF;
    /// Bytes waiting to be sent to the card.
    pub const TXCNT: u32 = 0xFF << 16;
    /// Position of the sending count.
    pub const TXCNT_SHIFT: u32 = 16;
    /// Clear; clears itself.
    pub const CLR: u32 = 1 << 31;
    /// Bytes the FIFO holds.
    pub const SIZE: u32 = 128;
}

/// Fields of [`SDC_CFG`].
pub mod sdc_cfg {
    /// Bus width: 0, 1, 2 for 1, 4, 8 bits.
    pub const BUSWIDTH: u32 = 3 << 16;
    /// Position of the bus width.
    pub const BUSWIDTH_SHIFT: u32 = 16;
    /// Data time-out in units of 2^20 card clocks, less one.
    pub const DTOC: u32 = 0xFF << 24;
}

/// Bits of [`SDC_STS`].
pub mod sts {
    /// Transfer or command under way.
    pub const SDCBUSY: u32 = 1 << 0;
    /// Command under way.
    pub const CMDBUSY: u32 = 1 << 1;
}

/// Fields of [`SDC_CMD`].
pub mod cmd {
    /// Opcode.
    pub const OPCODE: u32 = 0x3F;
    /// Response type.
    pub const RSPTYP: u32 = 7 << 7;
    /// Position of the response type.
    pub const RSPTYP_SHIFT: u32 = 7;
    /// Data type: 0 none, 1 single, 2 multiple, 3 stream.
    pub const DTYPE: u32 = 3 << 11;
    /// Position of the data type.
    pub const DTYPE_SHIFT: u32 = 11;
    /// Write direction.
    pub const RW: u32 = 1 << 13;
    /// This command is CMD12.
    pub const STOP: u32 = 1 << 14;
    /// Block length, bytes.
    pub const BLKLEN: u32 = 0xFFF << 16;
    /// Position of the block length.
    pub const BLKLEN_SHIFT: u32 = 16;
    /// Automatic command: 1 CMD12, 2 CMD23, 3 CMD19.
    pub const AUTOCMD: u32 = 3 << 28;
    /// Position of the automatic command.
    pub const AUTOCMD_SHIFT: u32 = 28;
}
