//! Claims about a cable and a card that fail, and about phones that change places: whatever happens wherever, nothing false
//! is called a success, no part of a file stays, and a write that began is finished or taken back by `resume`.
//!
//! Each sweep is played once and judged twice: by the claim beside it, and in the one table that `table` prints. What a phone
//! does depends on what it was sent, so where not every transfer is taken the sends are; `NVKEEP_SWEEP=all` takes every
//! transfer, for a night.

pub mod backup; // an archive that is whole and true, or no file
pub mod card; // everything a card gets wrong, in every use case
pub mod course; // which transfers there are
mod repair; // as a restore
mod restore; // the old phone, the new phone, or a journal that leads to either
pub mod resume; // interrupted, and resumed again
mod returns; // a backup that goes on when the phone is plugged in again
pub mod subject; // a phone that something is written to
mod swapped; // another phone in the slot, wherever a phone can be lost
pub mod table; // every sweep counted, printed, and two columns that are zero

use nvkeep::app::{Exit, Failure};
use nvkeep::transport::Fault;

/// A kind of fault: its name, and what it is at a place.
pub type Kind = (&'static str, fn(u64) -> Fault);

/// The cable is pulled before a transfer.
pub const CUT: Kind = ("cut before", |_| Fault::Cut);

/// Every other way a cable can fail; a flip depends on its place.
pub const REST: [Kind; 7] = [
    ("cut behind", |_| Fault::CutAfter),
    ("cut inside", |_| Fault::CutInside),
    ("stall", |_| Fault::Stall),
    ("short", |_| Fault::Short),
    ("twice", |_| Fault::Twice),
    ("lost", |_| Fault::Lost),
    ("flip", |at| Fault::Flip(at as usize * 7)),
];

/// Says what is wrong about a failure: it has a code, a sentence, advice, and an exit code that is no success.
fn wrong_about(failure: &Failure) -> Option<String> {
    let told = !failure.message.is_empty() && !failure.code.is_empty() && failure.advice.is_some();
    let fine = told && !matches!(failure.exit, Exit::Done | Exit::Damaged);
    (!fine).then(|| format!("a failure that says nothing: {failure:?}"))
}
