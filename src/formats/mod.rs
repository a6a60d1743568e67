//! Bytes ⇄ values: BinRegion, LID files, AP files, partition tables, scatter files, ext4, and the descriptions in
//! `formats/*.toml`. No disk, no clock: everything reads through [`ReadAt`] or from slices.

pub mod binregion;
pub mod read_at;

pub use read_at::{ReadAt, ReadError, WriteAt};
