//! Carries staged changes to the phone: each block compared with what the plan saw, written, read back. Promise 1 for
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
    /// A block no longer holds what the plan was made from.
    #[error("block {lba:#x} changed since the plan was made")]
    Moved {
        /// The block.
        lba: u64,
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

/// Writes `changes` to the phone in their order. `step` is called before each block with its index and the time on
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
        let now = disk.read_again(lba).map_err(failed)?;
        if now != *change.old {
            return Err(CommitError::Moved { lba, written });
        }
        if !disk.write_and_read_back(lba, &change.new).map_err(failed)? {
            return Err(CommitError::Mismatch { lba, written });
        }
    }
    Ok(())
}
