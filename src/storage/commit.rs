//! Carries staged changes to the phone: every block compared with what the plan saw; then each written, and read back. Promise 1 for
//! writes lives here: success means that the card answered every byte as planned.

use std::time::Duration;

use thiserror::Error;

use super::{BlockChange, PhoneDisk};
use crate::protocol::ProtocolError;

/// Why a commit stopped.
#[derive(Debug, Error)]
pub enum CommitError {
    /// The engine failed at a block.
    #[error("block {lba:#x}: {cause}")]
    Protocol {
        /// The block.
        lba: u64,
        /// The engine's error.
        cause: ProtocolError,
        /// Blocks written and proven before it.
        written: usize,
    },
    /// The card answered something else than what was written.
    #[error("block {lba:#x} does not read back as written")]
    Mismatch {
        /// The block.
        lba: u64,
        /// Blocks written and proven before it.
        written: usize,
    },
    /// The user asked to stop; the block at hand was finished.
    #[error("stopped after {written} blocks")]
    Interrupted {
        /// Blocks written and proven.
        written: usize,
    },
}

/// Why a plan's ground does not hold.
#[derive(Debug, Error)]
pub enum ProveError {
    /// The engine failed.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// A block does not hold what the plan was made from.
    #[error("block {lba:#x} is not what the plan was made from")]
    Moved {
        /// The block.
        lba: u64,
    },
}

/// Reads every block that will change once more, and compares it with what the plan was made from. To be done right before
/// a journal is made of `changes`: nobody else writes to the phone between that and [`commit`].
///
/// # Errors
/// [`ProveError`], at the first block that fails; nothing was written.
pub fn prove(disk: &mut PhoneDisk, changes: &[BlockChange]) -> Result<(), ProveError> {
    for change in changes {
        if disk.read_again(change.lba)? != *change.old {
            return Err(ProveError::Moved { lba: change.lba });
        }
    }
    Ok(())
}

/// Writes `changes` to the phone in their order. Their old content was proven: see [`prove`]. `step` is called before each block with its index and the time on
/// the cable so far, and returns whether to go on.
///
/// # Errors
/// [`CommitError`], at the first block that fails; every block before it is proven.
pub fn commit(
    disk: &mut PhoneDisk,
    changes: &[BlockChange],
    mut step: impl FnMut(usize, Duration) -> bool,
) -> Result<(), CommitError> {
    for (written, change) in changes.iter().enumerate() {
        if !step(written, disk.elapsed()) {
            return Err(CommitError::Interrupted { written });
        }
        let lba = change.lba;
        let failed = |cause| CommitError::Protocol { lba, cause, written };
        if !disk.write_and_read_back(lba, &change.new).map_err(failed)? {
            return Err(CommitError::Mismatch { lba, written });
        }
    }
    Ok(())
}
