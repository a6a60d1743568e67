//! A phone with raw NAND, from cable to verdict: read through an agent of either dialect, archived with its spare bytes, judged
//! by what can be read, planned for and never written.

mod cable; // faults while it is read
mod layout; // its table, and the witnesses beside it
mod reading; // what is kept, and what is said of it
mod refusals; // what is not done to it

use std::path::PathBuf;

use nvkeep::simulator::agent::{Dialect, Recipe};
use nvkeep::simulator::{Area, Flash, NandFacts, Scenario};

use crate::support::workbench::Workbench;

const BOTH: [Dialect; 2] = [Dialect::D19, Dialect::D13];
const IMEI: &str = "490154203237518";

/// The phone of a page in samples/phones.
fn scenario(name: &str) -> Scenario {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("samples/phones/{name}.toml"));
    Scenario::find(&page.display().to_string()).unwrap()
}

/// A bench with that phone, reached through an agent of this dialect.
fn bench(name: &str, dialect: Dialect) -> Workbench {
    let (board, flash) = scenario(name).build(None).unwrap();
    let bench = Workbench::holding(board, flash, None);
    bench.by_agent(&Recipe::of(dialect));
    bench
}

fn facts(bench: &Workbench) -> NandFacts {
    bench.slot.phone().as_ref().unwrap().0.nand.clone()
}

/// The main bytes of a range as an honest reader sees them: bad blocks as erased.
fn main_bytes(flash: &Flash, facts: &NandFacts, at: u64, len: u64) -> Vec<u8> {
    let mut bytes = vec![0; len as usize];
    flash.read(Area::User, at, &mut bytes).unwrap();
    blank_bad(&mut bytes, facts, at / u64::from(facts.page), usize::from(facts.page));
    bytes
}

/// The spare bytes of the pages of a range, the same way.
fn spare_bytes(flash: &Flash, facts: &NandFacts, at: u64, len: u64) -> Vec<u8> {
    let (page, spare) = (u64::from(facts.page), u64::from(facts.spare));
    let mut bytes = vec![0; (len / page * spare) as usize];
    flash.read(Area::Spare, at / page * spare, &mut bytes).unwrap();
    blank_bad(&mut bytes, facts, at / page, usize::from(facts.spare));
    bytes
}

fn blank_bad(bytes: &mut [u8], facts: &NandFacts, first_page: u64, unit: usize) {
    for (page, piece) in (first_page..).zip(bytes.chunks_mut(unit)) {
        let block = (page / u64::from(facts.pages_per_block)) as u32;
        if facts.bad_blocks.contains(&block) || facts.new_bad_blocks.contains(&block) {
            piece.fill(0xFF);
        }
    }
}
