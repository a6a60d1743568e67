//! What the pieces of a conversation with an agent mean, and the line that is made of them. Shows arguments, sizes and counts;
//! never what lies on the flash.

use std::fmt::Write;

use super::script::{self, Sense, Size};
use super::{Flow, error, number, packets, size};
use crate::protocol::legacy::{Dialect, in_dialect};
use crate::protocol::narrate::kept::{Kept, bytes};
use crate::protocol::narrate::names::Names;
use crate::wire::agent::{error as known, pages, part, reply, storage};

/// Most NAND ids and largest storage that are believed.
const MOST_IDS: u64 = 32;
const MOST_BYTES: u64 = 2 << 40;
/// Bytes of the watchdog's arguments where their meaning is known: an interval and flags.
const WATCHDOG: u64 = 6;

const OUT_OF_TURN: &str = "not the answer to it";

/// What was said, in numbers and words.
pub struct Facts {
    pub dialect: Dialect,
    /// NAND ids of the opening; the report counts alike.
    ids: u64,
    pub(super) text: String,
    pub(super) result: String,
    pub(super) matter: Matter,
}

/// Numbers of one matter.
#[derive(Default)]
pub(super) struct Matter {
    /// Bytes that are still to come, of one packet, and of the one that just came.
    pub left: u64,
    pub packet: u64,
    pub block: u64,
    pub packets: u64,
    /// Packets whose sum is not theirs, and that came or went again.
    pub wrong: u64,
    pub repeated: u64,
    /// Why a packet was not written.
    pub refused: Option<String>,
    pub register: u32,
    pub page: u64,
    pub spare: u64,
    pub unit: u64,
    pub nand: u64,
    pub nand_bytes: Option<u64>,
    pub emmc: u64,
    pub emmc_bytes: u64,
    pub ram: u64,
    pub speed: Option<&'static str>,
}

impl Facts {
    pub fn new() -> Self {
        Self {
            dialect: Dialect::D19,
            ids: 0,
            text: "the agent's opening".to_owned(),
            result: String::new(),
            matter: Matter::default(),
        }
    }

    /// A new matter; only what kind of agent it is stays.
    pub fn begin(&mut self, name: &str) {
        name.clone_into(&mut self.text);
        self.result.clear();
        self.matter = Matter::default();
    }

    /// Returns what is known of the matter before its end.
    pub fn so_far(&self) -> String {
        match self.matter.packets {
            0 => self.text.clone(),
            count => format!("{}, {} passed", self.text, packets(count)),
        }
    }

    /// Returns its line when it is over.
    pub fn whole(&self) -> String {
        format!("{} -> {}", self.text, if self.result.is_empty() { "OK" } else { &self.result })
    }

    /// Returns the question for the cable's speed and its answer, when the matter was that: it is asked again and again.
    pub fn speed(&self) -> Option<(&str, &'static str)> {
        Some((&self.text, self.matter.speed?))
    }

    pub fn error(&self, code: &Kept) -> String {
        error(self.dialect, number(code))
    }

    pub fn length(&self, size: Size) -> u64 {
        match size {
            Size::Bytes(length) => length.into(),
            Size::Ids => self.ids * 2,
            Size::Block => self.matter.packet.min(self.matter.left),
            Size::Left => self.matter.left,
            Size::Open => 0,
        }
    }

    /// Whether the content of the register that is asked for may be shown: the storage controller's may hold the card's id.
    pub fn is_public(&self, names: &Names) -> bool {
        let register = self.matter.register;
        names.in_controller(register).is_none() && names.word(register).is_some()
    }

    /// Takes a piece that is whole; `sum` is that of the content before it.
    pub fn take(&mut self, sense: Sense, piece: &Kept, sum: u16, names: &Names) -> Flow {
        let first = piece.bytes().first().copied().unwrap_or_default();
        let value = number(piece);
        match sense {
            Sense::Nothing | Sense::Private | Sense::Numbers => Flow::Go,
            Sense::Sync if first == reply::SYNC => Flow::Go,
            Sense::Sync => Flow::Lost("it does not begin as agents do".to_owned()),
            Sense::Fork => self.fork(first),
            Sense::IdCount | Sense::NarrowCount | Sense::WideCount => self.count(sense, value),
            Sense::Version => self.version(piece),
            Sense::Memory => self.memory(value),
            Sense::Running | Sense::Scanned if first != reply::ACK => Flow::Lost(OUT_OF_TURN.to_owned()),
            Sense::Running => {
                self.settle();
                self.result = format!("{}, it runs", packets(self.matter.packets));
                Flow::Go
            }
            Sense::Scanned => Flow::Go,
            Sense::NandResult | Sense::NandSize | Sense::EmmcResult | Sense::UserArea | Sense::Ram => {
                self.reported(sense, value)
            }
            Sense::Chip => self.chip(first),
            Sense::Configuration
            | Sense::EmmcPart
            | Sense::Storage
            | Sense::Pages
            | Sense::Address
            | Sense::Register
            | Sense::Watchdog => self.argument(sense, piece, names),
            Sense::UploadHead | Sense::Length | Sense::Packet | Sense::Measure | Sense::TableLength => {
                self.measure(sense, piece)
            }
            Sense::PageSize | Sense::SpareSize | Sense::UnitSize | Sense::PagesPerPacket => {
                self.page(sense, value)
            }
            Sense::Word | Sense::Half => self.word(piece, names),
            Sense::Speed => {
                let speed = match first {
                    0 => "full speed",
                    1 => "high speed",
                    _ => "a speed that is not known",
                };
                self.matter.speed = Some(speed);
                Flow::Go
            }
            Sense::Verified => match first {
                reply::ACK => Flow::Over,
                reply::NACK => Flow::Instead(&script::WRONG_SUM),
                _ => Flow::Lost(OUT_OF_TURN.to_owned()),
            },
            Sense::WrongSum => {
                "another sum".clone_into(&mut self.result);
                Flow::Over
            }
            Sense::Block => {
                self.matter.block = piece.total();
                Flow::Go
            }
            Sense::Sum => {
                self.matter.wrong += u64::from(value != u64::from(sum));
                Flow::Go
            }
            Sense::UploadNext => {
                self.settle();
                let whole = self.matter.left >= self.matter.packet;
                Flow::Instead(if whole { &script::UPLOAD_PACKET } else { &script::UPLOAD_END })
            }
            Sense::ReadNext => self.next(&script::READ_BLOCK),
            Sense::WriteNext => self.next(&script::WRITE_BLOCK),
            Sense::PagesNext => self.next(&script::PAGES_BLOCK),
            Sense::ReadJudged => self.read_judged(first),
            Sense::PagesJudged => self.pages_judged(first),
            Sense::WriteTurn => match first {
                reply::ACK => Flow::Go,
                reply::STOP => self.stopped(),
                _ => Flow::Lost("the host said neither 5a nor 96".to_owned()),
            },
            Sense::Written => match first {
                reply::CONT => {
                    self.settle();
                    self.next(&script::WRITE_BLOCK)
                }
                reply::NACK => Flow::Instead(&script::NOT_WRITTEN),
                _ => Flow::Lost(OUT_OF_TURN.to_owned()),
            },
            Sense::NotWritten => {
                self.matter.repeated += 1;
                self.matter.refused = Some(self.error(piece));
                Flow::Instead(&script::WRITE_BLOCK)
            }
        }
    }

    /// The dialect is told by the byte behind C0.
    fn fork(&mut self, byte: u8) -> Flow {
        match byte {
            0x04 => {
                self.dialect = Dialect::D13;
                Flow::Instead(&script::OLD_OPENING)
            }
            0x00 => {
                self.dialect = Dialect::D19;
                Flow::Instead(&script::NEW_OPENING)
            }
            _ => Flow::Lost("it speaks no dialect that is known".to_owned()),
        }
    }

    /// The report counts ids as the opening did, and where it does tells how wide the number before is.
    fn count(&mut self, sense: Sense, count: u64) -> Flow {
        if sense == Sense::NarrowCount && (count != self.ids || count == 0) {
            self.matter.nand_bytes = None;
            return Flow::Instead(&script::WIDE_REPORT);
        }
        if count > MOST_IDS {
            return Flow::Lost("more NAND ids than there can be".to_owned());
        }
        self.ids = count;
        match sense {
            Sense::IdCount => Flow::Go,
            _ => Flow::Instead(&script::NEW_REPORT_END),
        }
    }

    fn version(&mut self, piece: &Kept) -> Flow {
        let chip = piece.bytes().last().copied().unwrap_or_default();
        if chip == reply::CHIP_UNKNOWN {
            return Flow::Lost("this chip is not in its table".to_owned());
        }
        self.result = format!("dialect {}, chip 0x{chip:02x}", self.dialect);
        Flow::Go
    }

    fn memory(&mut self, code: u64) -> Flow {
        let wanted = [known::DRAM_NEEDED, in_dialect(self.dialect, known::DRAM_NEEDED)];
        match code {
            0 => {
                "memory is set up".clone_into(&mut self.result);
                Flow::Go
            }
            _ if wanted.iter().any(|wanted| u64::from(*wanted) == code) => {
                Flow::Lost("memory parameters are wanted".to_owned())
            }
            _ => Flow::Lost(error(self.dialect, code)),
        }
    }

    fn reported(&mut self, sense: Sense, value: u64) -> Flow {
        let matter = &mut self.matter;
        match sense {
            Sense::NandResult => matter.nand = value,
            Sense::NandSize => matter.nand_bytes = Some(value),
            Sense::EmmcResult => matter.emmc = value,
            Sense::UserArea => matter.emmc_bytes = value,
            _ => matter.ram = value,
        }
        Flow::Go
    }

    fn chip(&mut self, byte: u8) -> Flow {
        match byte {
            reply::SOC_OK => {}
            reply::SOC_FAIL => return Flow::Lost("it does not know this chip".to_owned()),
            _ => return Flow::Lost(OUT_OF_TURN.to_owned()),
        }
        let matter = &self.matter;
        let believed = |length: u64| match length {
            0..=MOST_BYTES => size(length),
            _ => "a size that cannot be".to_owned(),
        };
        let mut result = match matter.emmc {
            0 => format!("eMMC of {}", believed(matter.emmc_bytes)),
            _ => "no eMMC".to_owned(),
        };
        match (matter.nand, matter.nand_bytes) {
            (0, Some(length)) => result.push_str(&format!(", NAND of {}", believed(length))),
            (0, None) => result.push_str(", NAND"),
            _ => result.push_str(", no NAND"),
        }
        let _ = write!(result, ", memory of {}", believed(matter.ram));
        self.result = result;
        Flow::Go
    }

    fn argument(&mut self, sense: Sense, piece: &Kept, names: &Names) -> Flow {
        let value = number(piece);
        let byte = u8::try_from(value).unwrap_or(u8::MAX);
        let text = match (sense, byte) {
            (Sense::EmmcPart, part::BOOT1) => "boot1".to_owned(),
            (Sense::EmmcPart, part::BOOT2) => "boot2".to_owned(),
            (Sense::EmmcPart, part::RPMB) => "rpmb".to_owned(),
            (Sense::EmmcPart, part::USER) => "user".to_owned(),
            (Sense::EmmcPart, _) => format!("part {byte}"),
            (Sense::Storage, storage::NAND) => "NAND".to_owned(),
            (Sense::Storage, storage::EMMC) => "eMMC".to_owned(),
            (Sense::Storage, storage::SD) => "SD".to_owned(),
            (Sense::Storage, _) => format!("storage {byte}"),
            (Sense::Pages, pages::WITH_SPARE) => "pages and spare bytes".to_owned(),
            (Sense::Pages, pages::RAW) => "pages uncorrected".to_owned(),
            (Sense::Pages, pages::SPARE) => "spare bytes".to_owned(),
            (Sense::Pages, pages::CORRECTED) => "pages corrected".to_owned(),
            (Sense::Pages, pages::VERIFY) => "pages checked".to_owned(),
            (Sense::Pages, _) => format!("pages in way {byte}"),
            (Sense::Register, _) => {
                self.matter.register = u32::try_from(value).unwrap_or(u32::MAX);
                let name = names.word(self.matter.register).filter(|name| !name.contains(' '));
                name.map_or_else(|| format!("0x{value:08x}"), str::to_owned)
            }
            (Sense::Watchdog, _) if piece.total() == WATCHDOG => {
                format!("0x{:04x} 0x{:08x}", value >> 32, value & 0xFFFF_FFFF)
            }
            (Sense::Watchdog | Sense::Configuration, _) => bytes(piece.total()),
            _ => format!("{value:#x}"),
        };
        let _ = write!(self.text, " {text}");
        Flow::Go
    }

    fn word(&mut self, piece: &Kept, names: &Names) -> Flow {
        let text = match piece.total() {
            4 if self.is_public(names) => format!("0x{:08x}", number(piece)),
            count => bytes(count),
        };
        if self.text.starts_with("WRITE") {
            let _ = write!(self.text, " = {text}");
        } else {
            self.result = text;
        }
        Flow::Go
    }
}
