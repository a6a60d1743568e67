//! Bytes of the preloader's command protocol (preloader-and-legacy-da.md 1.6, 1.7, 2, 3). All multi-byte arguments and
//! statuses are big-endian on the wire.

/// The four bytes that open a session, in order (section 2). The phone answers each with its complement.
pub const HANDSHAKE: [u8; 4] = [0xA0, 0x0A, 0x50, 0x05];
/// The five bytes a listening preloader repeats while a tool is present (section 1.6).
pub const READY: [u8; 5] = *b"READY";

/// Time the preloader listens after enumeration, milliseconds (section 1.6).
pub const LISTEN_MS: u64 = 2500;
/// Time it waits for the whole handshake after a first `A0`, milliseconds (section 1.6).
pub const START_WINDOW_MS: u64 = 300;
/// Time a flush waits for the host to collect a field before it goes on, milliseconds (section 1.5).
pub const FLUSH_MS: u64 = 300;
/// Time between two polls, and so between two READY, while listening, milliseconds (section 1.6).
pub const POLL_MS: u64 = 20;

/// Bytes the preloader's receive ring holds; more outstanding bytes corrupt it (msdc-direct.md 5.1).
pub const RECEIVE_RING: usize = 1024;
/// Pending bytes above which the endpoint is NAKed (section 1.5).
pub const NAK_ABOVE: usize = 512;

/// Command bytes (section 3.2).
pub mod command {
    /// WRITE16 under its old number; answers statuses like `WRITE16`.
    pub const LEGACY_WRITE16: u8 = 0xA1;
    /// READ16 under its old number; answers no status at all.
    pub const LEGACY_READ16: u8 = 0xA2;
    /// I2C init.
    pub const I2C_INIT: u8 = 0xB0;
    /// I2C deinit.
    pub const I2C_DEINIT: u8 = 0xB1;
    /// I2C write of up to 31 bytes.
    pub const I2C_WRITE8: u8 = 0xB2;
    /// I2C read of up to 31 bytes.
    pub const I2C_READ8: u8 = 0xB3;
    /// I2C bus speed.
    pub const I2C_SPEED: u8 = 0xB4;
    /// PMIC wrapper init.
    pub const PWR_INIT: u8 = 0xC4;
    /// PMIC wrapper deinit.
    pub const PWR_DEINIT: u8 = 0xC5;
    /// PMIC register read.
    pub const PWR_READ16: u8 = 0xC6;
    /// PMIC register write.
    pub const PWR_WRITE16: u8 = 0xC7;
    /// Register read, 16 bit.
    pub const READ16: u8 = 0xD0;
    /// Register read, 32 bit.
    pub const READ32: u8 = 0xD1;
    /// Register write, 16 bit, each item echoed.
    pub const WRITE16: u8 = 0xD2;
    /// Register write, 16 bit, items not echoed.
    pub const WRITE16_SILENT: u8 = 0xD3;
    /// Register write, 32 bit, each item echoed.
    pub const WRITE32: u8 = 0xD4;
    /// Jump into a Download Agent sent before.
    pub const JUMP_DA: u8 = 0xD5;
    /// Jump to a boot loader: defined, not handled by the MT6572 preloader.
    pub const JUMP_BL: u8 = 0xD6;
    /// Take a Download Agent.
    pub const SEND_DA: u8 = 0xD7;
    /// Security fuses.
    pub const GET_TARGET_CONFIG: u8 = 0xD8;
    /// UART log switch, a no-op with a status.
    pub const UART1_LOG_EN: u8 = 0xDB;
    /// ME id: BROM only; the MT6572 preloader merely echoes it.
    pub const GET_ME_ID: u8 = 0xE1;
    /// SoC id: BROM only; the MT6572 preloader merely echoes it.
    pub const GET_SOC_ID: u8 = 0xE7;
    /// Hardware sub code, hardware and software version.
    pub const GET_HW_SW_VER: u8 = 0xFC;
    /// Hardware code.
    pub const GET_HW_CODE: u8 = 0xFD;
    /// Preloader version; a BROM answers with the command byte itself.
    pub const GET_BL_VER: u8 = 0xFE;
    /// BROM version; the MT6572 preloader echoes it as an unknown command.
    pub const GET_VERSION: u8 = 0xFF;
}

/// Status words (section 3.14).
pub mod status {
    /// Done.
    pub const OK: u16 = 0x0000;
    /// Address is not a multiple of the item size.
    pub const MISALIGNED: u16 = 0xFFFF;
    /// Count is zero.
    pub const ZERO_COUNT: u16 = 0xFFFE;
    /// Count times item size overflows.
    pub const OVERFLOW: u16 = 0xFFFD;
    /// DA signature refused, or a jump without an accepted DA.
    pub const DA_REFUSED: u16 = 0x2001;
    /// DA too long to be verified.
    pub const DA_TOO_LONG: u16 = 0x2006;
    /// The boot ROM wants serial link authorisation first.
    pub const SLA_REQUIRED: u16 = 0x1D0D;
    /// The boot ROM refuses an address.
    pub const BROM_BAD_ADDRESS: u16 = 0x1D02;
    /// The boot ROM was told to jump elsewhere than to the agent.
    pub const BROM_BAD_JUMP: u16 = 0x1D0F;
    /// The boot ROM was sent no bytes.
    pub const BROM_ZERO_LENGTH: u16 = 0x1D13;
    /// The signature is longer than the agent.
    pub const BROM_SIGNATURE_TOO_LONG: u16 = 0x1D14;
    /// The agent has no signature, and one is wanted.
    pub const BROM_NO_SIGNATURE: u16 = 0x1D15;
    /// A jump with no agent sent before.
    pub const BROM_NO_DA: u16 = 0x1D16;
    /// The agent's signature is not the maker's.
    pub const BROM_DA_SIGNATURE: u16 = 0x7015;
    /// I2C command too long.
    pub const I2C_WRITE_TOO_LONG: u16 = 0x1D1E;
    /// I2C read too long.
    pub const I2C_READ_TOO_LONG: u16 = 0x1D1F;
    /// I2C speed mode unknown.
    pub const I2C_BAD_SPEED: u16 = 0x1D20;
    /// Highest status that means success (section 3.1).
    pub const LAST_GOOD: u16 = 0x00FF;
}

/// Bits of the GET_TARGET_CONFIG answer (section 3.3).
pub mod target_config {
    /// Secure boot check.
    pub const SBC: u32 = 0x01;
    /// Serial link authorisation.
    pub const SLA: u32 = 0x02;
    /// Download agent authorisation.
    pub const DAA: u32 = 0x04;
    /// Root certificate required.
    pub const CERT: u32 = 0x10;
    /// Memory read needs authorisation.
    pub const READ_AUTH: u32 = 0x20;
    /// Memory write needs authorisation.
    pub const WRITE_AUTH: u32 = 0x40;
}

/// Boot-mode tokens and their answers (section 1.7).
pub const TOKENS: [(&[u8; 8], &[u8]); 7] = [
    (b"METAMETA", b"ATEMATEX"),
    (b"FACTFACT", b"TCAFTCAF"),
    (b"ADVEMETA", b"ATEMEVDX"),
    (b"FACTORYM", b"MYROTCAF"),
    (b"FASTBOOT", b"TOOBTSAF"),
    (b"AT+NBOOT", b"AT+OK"),
    (b"SWITCHMD", b"DMHCTIWS"),
];
/// Answer to an unknown token that begins with `AT+`; spelled so by the phone.
pub const UNKNOWN_AT: &[u8] = b"AT+UNKONWN";
/// Answer to META-like tokens on a phone with secure boot.
pub const META_FORBIDDEN: &[u8] = b"METAFORB";
