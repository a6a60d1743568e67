//! Why a volume, or something in it, could not be had. Keeps apart: nothing there, not ours, not supported, wrong, and
//! the device's own failures.

use thiserror::Error;

use crate::formats::read_at::ReadError;

/// Why an ext4 volume could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Ext4Error {
    /// Nothing was ever written where the superblock belongs (or it was erased).
    #[error("blank: every byte where the ext4 superblock belongs is {byte:#04x}")]
    Blank {
        /// The value of the bytes.
        byte: u8,
    },
    /// Another file system, an encrypted volume, or not a volume.
    #[error("not ext4: magic {found:#06x} at 0x438")]
    NotExt4 {
        /// The magic number found.
        found: u16,
    },
    /// A feature this reader does not know.
    #[error("ext4 feature not supported: {what}")]
    Unsupported {
        /// The feature, and where it was met.
        what: String,
    },
    /// The structures contradict themselves.
    #[error("ext4 damaged at {at:#x}: {what}")]
    Damaged {
        /// Byte offset in the volume.
        at: u64,
        /// The contradiction.
        what: &'static str,
    },
    /// The device under the volume failed; says nothing about the volume.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No such path.
    #[error("{path}: not found")]
    NotFound {
        /// The path, or the part of it that is missing.
        path: String,
    },
    /// Something on the way is no directory (symbolic links are not followed).
    #[error("{path}: not a directory")]
    NotADirectory {
        /// The path.
        path: String,
    },
    /// Not a regular file.
    #[error("{path}: not a regular file")]
    NotAFile {
        /// The path.
        path: String,
    },
    /// More than the caller is ready to take.
    #[error("{what}: more than the limit of {limit}")]
    TooMuch {
        /// What there is too much of.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// A file's bytes have no fixed place of their own, so they cannot be overwritten in place.
    #[error("{path}: no place on the volume ({reason})")]
    NoPlace {
        /// The path.
        path: String,
        /// Why.
        reason: &'static str,
    },
}
