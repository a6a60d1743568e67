//! Packets of a conversation with an agent: how much is to come in what pieces, what became of each, and their count in words.

use std::fmt::Write;

use super::script::{self, Sense};
use super::told::Facts;
use super::{Flow, add, number, packets};
use crate::protocol::legacy::Dialect;
use crate::protocol::narrate::kept::{Kept, bytes};
use crate::wire::agent::reply;

/// Largest page of a NAND that is believed.
const MOST_PAGE: u64 = 64 << 10;

impl Facts {
    pub(super) fn measure(&mut self, sense: Sense, piece: &Kept) -> Flow {
        let value = number(piece);
        match sense {
            Sense::UploadHead => {
                // Three words: where to, how much, in what pieces.
                let word = |at: usize| {
                    let word = piece.bytes().get(at..).and_then(<[u8]>::first_chunk).copied();
                    u64::from(u32::from_be_bytes(word.unwrap_or_default()))
                };
                (self.matter.left, self.matter.packet) = (word(4), word(8));
                let _ =
                    write!(self.text, " to 0x{:08x}, {} in packets of {}", word(0), bytes(word(4)), word(8));
                if self.matter.packet == 0 {
                    return Flow::Lost("packets of no bytes".to_owned());
                }
            }
            Sense::Length => {
                self.matter.left = value;
                let _ = write!(self.text, ", {}", bytes(value));
            }
            Sense::Packet => {
                self.matter.packet = value;
                let _ = write!(self.text, " in packets of {value}");
            }
            Sense::TableLength => {
                self.matter.left = value;
                self.result = bytes(value);
            }
            _ => self.matter.left = value,
        }
        Flow::Go
    }

    pub(super) fn page(&mut self, sense: Sense, value: u64) -> Flow {
        let matter = &mut self.matter;
        match sense {
            Sense::PageSize => matter.page = value,
            Sense::SpareSize => matter.spare = value,
            Sense::UnitSize => {
                matter.unit = value;
                if matter.page.is_power_of_two() && matter.page <= MOST_PAGE && matter.spare < matter.page {
                    let _ = write!(self.text, ", a page is {} + {}", matter.page, matter.spare);
                }
            }
            _ => {
                matter.packet = value.saturating_mul(matter.unit);
                let _ = write!(self.text, ", {value} a packet");
            }
        }
        Flow::Go
    }

    /// The last packet is where it should be.
    pub(super) fn settle(&mut self) {
        let matter = &mut self.matter;
        matter.packets += u64::from(matter.block > 0);
        matter.left = matter.left.saturating_sub(matter.block);
        matter.block = 0;
    }

    pub(super) fn next(&mut self, block: &'static [script::Part]) -> Flow {
        if self.matter.left == 0 {
            self.result = self.counted();
            return Flow::Over;
        }
        if self.matter.packet == 0 {
            return Flow::Lost("packets of no bytes".to_owned());
        }
        Flow::Instead(block)
    }

    pub(super) fn read_judged(&mut self, byte: u8) -> Flow {
        match (byte, self.dialect) {
            (reply::ACK, _) => {
                self.settle();
                self.next(&script::READ_BLOCK)
            }
            (reply::NACK, _) | (_, Dialect::D19) => {
                self.matter.repeated += 1;
                Flow::Instead(&script::READ_BLOCK)
            }
            (_, Dialect::D13) => Flow::Instead(&script::READ_JUDGED),
        }
    }

    /// Here 69 asks for the same again.
    pub(super) fn pages_judged(&mut self, byte: u8) -> Flow {
        match byte {
            reply::CONT => {
                self.matter.repeated += 1;
                Flow::Instead(&script::PAGES_BLOCK)
            }
            reply::NACK | reply::STOP => self.stopped(),
            _ => {
                self.settle();
                self.next(&script::PAGES_BLOCK)
            }
        }
    }

    pub(super) fn stopped(&mut self) -> Flow {
        self.result = format!("{}, stopped by the host", self.counted());
        Flow::Over
    }

    /// Says how many packets passed, and what became of their sums.
    fn counted(&self) -> String {
        let matter = &self.matter;
        let mut text = packets(matter.packets);
        if matter.wrong == 0 && matter.packets > 0 {
            text.push_str(", sums right");
        }
        add(&mut text, matter.wrong, "with a wrong sum");
        add(&mut text, matter.repeated, "repeated");
        if let Some(refused) = &matter.refused {
            let _ = write!(text, " ({refused})");
        }
        text
    }
}
