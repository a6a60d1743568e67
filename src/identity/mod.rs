//! What the copies on a phone say, which is right, and what to write. Pure: no disk, no clock, no cable.

pub mod copies;

pub use copies::{BinRegionCopy, Copies, Extent, FileCopy, Found, Tree};
