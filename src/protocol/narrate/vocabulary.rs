//! Every command a preloader knows, as data: its name, its arguments, and what passes after them
//! (preloader-and-legacy-da.md 3). Says which answers may be published.

use crate::wire::preloader::{command as op, status, target_config};

/// What passes after the arguments of a command, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A status word; a bad one ends the command.
    Status,
    /// So many bytes from the phone.
    Answer(u64),
    /// Items of this width from the phone, as many as the second argument says.
    Items(u64),
    /// Items of this width from the host, each echoed.
    Echoed(u64),
    /// Items of this width from the host, of which the phone says nothing.
    Taken(u64),
    /// A length and as many bytes from the phone; a phone that does not know the command sends neither.
    Measured,
}

/// One command.
#[derive(Debug)]
pub(super) struct Shape {
    /// Its first byte.
    pub op: u8,
    /// Its name.
    pub name: &'static str,
    /// Bytes of arguments, echoed like the first byte.
    pub arguments: usize,
    /// Whether command and arguments come back; the queries of versions are answered at once.
    pub echoed: bool,
    /// What follows.
    pub parts: &'static [Part],
    /// Whether what it carries may hold identities.
    pub secret: bool,
}

const READ: [&[Part]; 2] =
    [&[Part::Status, Part::Items(2), Part::Status], &[Part::Status, Part::Items(4), Part::Status]];
const WRITE: [&[Part]; 2] =
    [&[Part::Status, Part::Echoed(2), Part::Status], &[Part::Status, Part::Echoed(4), Part::Status]];
const STATUS: &[Part] = &[Part::Status];
const TWO: &[Part] = &[Part::Status, Part::Status];
const ID: &[Part] = &[Part::Measured, Part::Status];

const fn shape(op: u8, name: &'static str, arguments: usize, parts: &'static [Part]) -> Shape {
    Shape { op, name, arguments, echoed: true, parts, secret: false }
}

const fn secret(op: u8, name: &'static str, arguments: usize, parts: &'static [Part]) -> Shape {
    Shape { op, name, arguments, echoed: true, parts, secret: true }
}

const fn version(op: u8, name: &'static str) -> Shape {
    Shape { op, name, arguments: 0, echoed: false, parts: &[Part::Answer(1)], secret: false }
}

/// The commands, the frequent ones first.
static SHAPES: [Shape; 27] = [
    shape(op::READ32, "READ32", 8, READ[1]),
    shape(op::WRITE32, "WRITE32", 8, WRITE[1]),
    shape(op::READ16, "READ16", 8, READ[0]),
    shape(op::WRITE16, "WRITE16", 8, WRITE[0]),
    shape(op::WRITE16_SILENT, "WRITE16_SILENT", 8, &[Part::Status, Part::Taken(2), Part::Status]),
    shape(op::LEGACY_READ16, "LEGACY_READ16", 8, &[Part::Items(2)]),
    shape(op::LEGACY_WRITE16, "LEGACY_WRITE16", 8, WRITE[0]),
    shape(op::GET_HW_CODE, "GET_HW_CODE", 0, &[Part::Answer(2), Part::Status]),
    shape(op::GET_HW_SW_VER, "GET_HW_SW_VER", 0, &[Part::Answer(6), Part::Status]),
    shape(op::GET_TARGET_CONFIG, "GET_TARGET_CONFIG", 0, &[Part::Answer(4), Part::Status]),
    version(op::GET_BL_VER, "GET_BL_VER"),
    version(op::GET_VERSION, "GET_VERSION"),
    secret(op::GET_ME_ID, "GET_ME_ID", 0, ID),
    secret(op::GET_SOC_ID, "GET_SOC_ID", 0, ID),
    secret(op::SEND_DA, "SEND_DA", 12, &[Part::Status, Part::Taken(1), Part::Answer(2), Part::Status]),
    shape(op::JUMP_DA, "JUMP_DA", 4, STATUS),
    shape(op::JUMP_BL, "JUMP_BL", 0, &[]),
    shape(op::UART1_LOG_EN, "UART1_LOG_EN", 0, STATUS),
    shape(op::I2C_INIT, "I2C_INIT", 0, STATUS),
    shape(op::I2C_DEINIT, "I2C_DEINIT", 0, STATUS),
    secret(op::I2C_WRITE8, "I2C_WRITE8", 8, &[Part::Status, Part::Taken(1), Part::Status]),
    secret(op::I2C_READ8, "I2C_READ8", 8, &[Part::Status, Part::Status, Part::Items(1)]),
    shape(op::I2C_SPEED, "I2C_SPEED", 8, TWO),
    shape(op::PWR_INIT, "PWR_INIT", 8, STATUS),
    shape(op::PWR_DEINIT, "PWR_DEINIT", 0, STATUS),
    shape(op::PWR_READ16, "PWR_READ16", 2, &[Part::Status, Part::Status, Part::Answer(2)]),
    shape(op::PWR_WRITE16, "PWR_WRITE16", 4, TWO),
];

/// Returns the command that begins with `op`.
pub(super) fn command(op: u8) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.op == op)
}

/// Returns what a bad status means. A word that is none of the known ones may be anything, so it is not shown.
pub(super) fn refusal(word: u16) -> String {
    let meaning = match word {
        status::MISALIGNED => "the address is not aligned",
        status::ZERO_COUNT => "the count is zero",
        status::OVERFLOW => "the count is too large",
        status::DA_REFUSED => "the agent is refused",
        status::DA_TOO_LONG => "the agent is too long to be verified",
        status::I2C_WRITE_TOO_LONG | status::I2C_READ_TOO_LONG => "the transfer is too long",
        status::I2C_BAD_SPEED => "the speed is unknown",
        _ => return "a status that is not known".to_owned(),
    };
    format!("status 0x{word:04x}, {meaning}")
}

/// The bits of GET_TARGET_CONFIG.
pub(super) const FUSES: [(u32, &str); 6] = [
    (target_config::SBC, "SBC"),
    (target_config::SLA, "SLA"),
    (target_config::DAA, "DAA"),
    (target_config::CERT, "CERT"),
    (target_config::READ_AUTH, "READ_AUTH"),
    (target_config::WRITE_AUTH, "WRITE_AUTH"),
];
