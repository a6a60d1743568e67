//! Named ranges of bytes: on a phone, in an image, in an archive, staged, guarded and read back. Everything reads
//! through the same traits, so that every verb works on all of them; nothing here knows what the bytes mean.

mod cache;
pub mod chain;
pub mod commit;
pub mod guard;
pub mod image;
pub mod kept;
pub mod locate;
pub mod locate_gpt;
pub mod locate_nand;
mod locate_zero;
pub mod phone;
pub mod place;
pub mod shared;
pub mod staged;
pub mod volume;
pub mod witness;

pub use chain::ChainDisk;
pub use commit::{CommitError, ProveError, commit, prove};
pub use guard::Guard;
pub use image::ImageDisk;
pub use kept::KeptDisk;
pub use phone::PhoneDisk;
pub use place::{Layout, Place};
pub use shared::{Shared, Window, share};
pub use staged::{BlockChange, Staged};

/// Bytes in one block of the user area.
pub const BLOCK: u64 = 512;
