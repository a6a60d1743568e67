//! What an agent and its host say to each other, as data: in which order, by whom, how long
//! (preloader-and-legacy-da.md 6.3 to 6.21). What a piece means is said in `told.rs`.

use crate::wire::agent::command as op;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// This program.
    Host,
    /// The agent on the phone.
    Phone,
}

/// How long a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// So many bytes.
    Bytes(u8),
    /// Two for each NAND id.
    Ids,
    /// One packet, or what is left where that is less.
    Block,
    /// What is left.
    Left,
    /// As many as come before the other side speaks, one at least.
    Open,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    Nothing,
    /// Content of the flash, an id, a name: counted, and kept apart.
    Private,
    // The opening.
    Sync,
    Fork,
    Numbers,
    IdCount,
    Version,
    // Configuration and memory.
    Configuration,
    Memory,
    // The second stage.
    UploadHead,
    UploadNext,
    Running,
    // The report.
    NandResult,
    NandSize,
    NarrowCount,
    WideCount,
    EmmcResult,
    UserArea,
    Ram,
    Scanned,
    Chip,
    // Arguments.
    EmmcPart,
    Storage,
    Pages,
    Address,
    Length,
    Packet,
    Register,
    Word,
    Half,
    Watchdog,
    Measure,
    // Answers.
    Speed,
    TableLength,
    Verified,
    WrongSum,
    // Blocks and their sums.
    Block,
    Sum,
    ReadNext,
    ReadJudged,
    WriteNext,
    WriteTurn,
    Written,
    NotWritten,
    PageSize,
    SpareSize,
    UnitSize,
    PagesPerPacket,
    PagesNext,
    PagesJudged,
}

/// One piece of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Bytes of one side.
    Bytes(Side, Size, Sense),
    /// The same, of dialect D19 alone.
    Newer(Side, Size, Sense),
    /// 5A, or A5 and an error number.
    Ack,
    /// Nothing is said, but what comes next depends on what was.
    Then(Sense),
}

const fn host(bytes: u8, sense: Sense) -> Part {
    Part::Bytes(Side::Host, Size::Bytes(bytes), sense)
}

const fn phone(bytes: u8, sense: Sense) -> Part {
    Part::Bytes(Side::Phone, Size::Bytes(bytes), sense)
}

const fn data(side: Side, size: Size, sense: Sense) -> Part {
    Part::Bytes(side, size, sense)
}

pub static OPENING: [Part; 2] = [phone(1, Sense::Sync), phone(1, Sense::Fork)];
pub static OLD_OPENING: [Part; 1] = [phone(2, Sense::Version)];
pub static NEW_OPENING: [Part; 7] = [
    phone(3, Sense::Numbers),
    phone(2, Sense::IdCount),
    data(Side::Phone, Size::Ids, Sense::Private),
    phone(4, Sense::Nothing),
    phone(16, Sense::Private),
    host(1, Sense::Nothing),
    phone(3, Sense::Version),
];
pub static CONFIGURATION: [Part; 2] =
    [data(Side::Host, Size::Open, Sense::Configuration), phone(4, Sense::Memory)];
pub static UPLOAD: [Part; 3] = [host(12, Sense::UploadHead), Part::Ack, Part::Then(Sense::UploadNext)];
pub static UPLOAD_PACKET: [Part; 3] =
    [data(Side::Host, Size::Block, Sense::Block), Part::Ack, Part::Then(Sense::UploadNext)];
/// The last packet has an answer even where it has no bytes.
pub static UPLOAD_END: [Part; 4] = [
    data(Side::Host, Size::Left, Sense::Block),
    Part::Ack,
    phone(1, Sense::Running),
    host(1, Sense::Nothing),
];
const NOR: [Part; 5] = [
    phone(28, Sense::Nothing),
    phone(4, Sense::NandResult),
    phone(1, Sense::Nothing),
    phone(2, Sense::Nothing),
    phone(4, Sense::NandSize),
];
pub static NEW_REPORT: [Part; 6] = [NOR[0], NOR[1], NOR[2], NOR[3], NOR[4], phone(2, Sense::NarrowCount)];
pub static WIDE_REPORT: [Part; 2] = [phone(2, Sense::Nothing), phone(2, Sense::WideCount)];
pub static NEW_REPORT_END: [Part; 12] = [
    data(Side::Phone, Size::Ids, Sense::Private),
    phone(9, Sense::Nothing),
    phone(4, Sense::EmmcResult),
    phone(56, Sense::Nothing),
    phone(8, Sense::UserArea),
    phone(24, Sense::Private),
    phone(42, Sense::Nothing),
    phone(8, Sense::Ram),
    phone(16, Sense::Private),
    phone(1, Sense::Scanned),
    phone(8, Sense::Nothing),
    phone(1, Sense::Chip),
];
pub static OLD_REPORT: [Part; 16] = [
    NOR[0],
    NOR[1],
    NOR[2],
    NOR[3],
    NOR[4],
    phone(10 + 9, Sense::Private),
    phone(4, Sense::EmmcResult),
    phone(28, Sense::Nothing),
    phone(8, Sense::UserArea),
    phone(24, Sense::Private),
    phone(42, Sense::Nothing),
    phone(4, Sense::Ram),
    phone(16, Sense::Private),
    phone(1, Sense::Scanned),
    phone(8, Sense::Nothing),
    phone(1, Sense::Chip),
];
pub static END: [Part; 0] = [];
pub static READ_BLOCK: [Part; 3] =
    [data(Side::Phone, Size::Block, Sense::Block), phone(2, Sense::Sum), host(1, Sense::ReadJudged)];
/// D13 waits on where the host's word is neither of the two.
pub static READ_JUDGED: [Part; 1] = [host(1, Sense::ReadJudged)];
pub static WRITE_BLOCK: [Part; 4] = [
    host(1, Sense::WriteTurn),
    data(Side::Host, Size::Block, Sense::Block),
    host(2, Sense::Sum),
    phone(1, Sense::Written),
];
pub static NOT_WRITTEN: [Part; 1] = [phone(4, Sense::NotWritten)];
pub static PAGES_BLOCK: [Part; 3] =
    [data(Side::Phone, Size::Block, Sense::Block), phone(2, Sense::Sum), host(1, Sense::PagesJudged)];
pub static WRONG_SUM: [Part; 1] = [phone(2, Sense::WrongSum)];

/// One command.
#[derive(Debug)]
pub struct Shape {
    /// Its byte.
    pub op: u8,
    /// Its name.
    pub name: &'static str,
    /// What follows it; nothing is known of the course of some.
    pub parts: Option<&'static [Part]>,
}

const fn shape(op: u8, name: &'static str, parts: &'static [Part]) -> Shape {
    Shape { op, name, parts: Some(parts) }
}

const fn untold(op: u8, name: &'static str) -> Shape {
    Shape { op, name, parts: None }
}

static SHAPES: [Shape; 20] = [
    shape(
        op::READ,
        "READ",
        &[
            Part::Newer(Side::Host, Size::Bytes(1), Sense::Nothing),
            host(1, Sense::Storage),
            host(8, Sense::Address),
            host(8, Sense::Length),
            Part::Ack,
            host(4, Sense::Packet),
            Part::Then(Sense::ReadNext),
        ],
    ),
    shape(
        op::WRITE_DATA,
        "WRITE_DATA",
        &[
            host(1, Sense::Nothing),
            host(1, Sense::EmmcPart),
            host(8, Sense::Address),
            host(8, Sense::Length),
            host(4, Sense::Packet),
            Part::Ack,
            Part::Then(Sense::WriteNext),
        ],
    ),
    shape(op::SWITCH_PART, "SWITCH_PART", &[host(1, Sense::EmmcPart), Part::Ack]),
    shape(
        op::NAND_READ_PAGE,
        "READPAGE",
        &[
            host(1, Sense::Pages),
            host(1, Sense::Nothing),
            host(8, Sense::Address),
            host(8, Sense::Length),
            host(4, Sense::Nothing),
            Part::Ack,
            phone(4, Sense::PageSize),
            phone(4, Sense::SpareSize),
            phone(4, Sense::UnitSize),
            host(4, Sense::PagesPerPacket),
            phone(8, Sense::Measure),
            Part::Then(Sense::PagesNext),
        ],
    ),
    shape(
        op::READ_PMT,
        "READ_PMT",
        &[
            Part::Ack,
            phone(4, Sense::TableLength),
            host(1, Sense::Nothing),
            data(Side::Phone, Size::Left, Sense::Private),
            host(1, Sense::Nothing),
        ],
    ),
    shape(op::USB_STATUS, "USB_STATUS", &[Part::Ack, phone(1, Sense::Speed)]),
    shape(op::USB_SETUP, "USB_SETUP", &[host(1, Sense::Nothing), Part::Ack]),
    shape(op::SD_STATUS, "SD_STATUS", &[Part::Ack, phone(4, Sense::Private)]),
    shape(op::READ32, "READ32", &[host(4, Sense::Register), phone(4, Sense::Word), Part::Ack]),
    shape(op::WRITE32, "WRITE32", &[host(4, Sense::Register), host(4, Sense::Word), Part::Ack]),
    shape(op::READ16, "READ16", &[host(4, Sense::Register), phone(2, Sense::Half), Part::Ack]),
    shape(op::WRITE16, "WRITE16", &[host(4, Sense::Register), host(2, Sense::Half), Part::Ack]),
    shape(
        op::VERIFY,
        "VERIFY",
        &[
            host(1, Sense::Storage),
            host(1, Sense::EmmcPart),
            host(8, Sense::Address),
            host(8, Sense::Length),
            host(4, Sense::Nothing),
            host(16, Sense::Private),
            phone(1, Sense::Verified),
        ],
    ),
    shape(op::FINISH, "FINISH", &[Part::Ack, host(4, Sense::Nothing), Part::Ack]),
    shape(op::WATCHDOG, "WATCHDOG", &[data(Side::Host, Size::Open, Sense::Watchdog), Part::Ack]),
    shape(
        op::SECURITY_INFO,
        "SECURITY_INFO",
        &[host(4, Sense::Measure), data(Side::Host, Size::Left, Sense::Private), Part::Ack],
    ),
    untold(op::WRITE_IMAGE, "WRITE_IMAGE"),
    untold(op::WRITE_PMT, "WRITE_PMT"),
    untold(op::NAND_WRITE, "NAND_WRITE"),
    untold(op::FORMAT, "FORMAT"),
];

/// Returns the command of a byte.
pub fn command(op: u8) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.op == op)
}
