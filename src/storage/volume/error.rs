//! Why files could not be made in a volume. Each refusal has its own sentence; nothing of it says what the files mean.

use thiserror::Error;

use crate::formats::ReadError;
use crate::formats::ext4::Ext4Error;

/// Why a volume was left as it is.
#[derive(Debug, Error)]
pub enum VolumeError {
    /// The volume cannot be read as ext4, or not be read at all.
    #[error(transparent)]
    Volume(#[from] Ext4Error),
    /// The disk under the volume failed, or its guard refused a write.
    #[error(transparent)]
    Disk(#[from] ReadError),
    /// The kernel or e2fsck has seen this volume damaged.
    #[error("the volume records errors ({what}); e2fsck must have its say first")]
    Errors {
        /// Where that is written.
        what: &'static str,
    },
    /// No journal, and not unmounted: its structures may be half-written.
    #[error("the volume was not unmounted cleanly; e2fsck must have its say first")]
    NotClean,
    /// The superblock says that nothing waits in the journal, and the journal says otherwise.
    #[error("the journal holds transactions that the superblock denies; e2fsck must have its say first")]
    StrayJournal,
    /// A feature whose structures this program would not keep right.
    #[error("the volume uses {what}; nvkeep does not write such volumes")]
    Feature {
        /// The feature.
        what: String,
    },
    /// A path that cannot be a file's.
    #[error("{path:?} is no path of a file in a volume: {reason}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A symbolic link on the way, or in the file's place.
    #[error("{path} is a symbolic link; nothing is written through links")]
    Symlink {
        /// The link.
        path: String,
    },
    /// Something on the way is no folder.
    #[error("{path} is in the way: it is no folder")]
    NotAFolder {
        /// What is in the way.
        path: String,
    },
    /// What would be replaced is no regular file, or has several names.
    #[error("{path} cannot be replaced: {reason}")]
    NotReplaceable {
        /// The path.
        path: String,
        /// What it is.
        reason: &'static str,
    },
    /// The file is there already, and was not to be replaced.
    #[error("{path} exists already")]
    Exists {
        /// The path.
        path: String,
    },
    /// No blocks left.
    #[error("{path} does not fit: the volume has {free} blocks of {block_size} bytes free")]
    NoRoom {
        /// The file or folder.
        path: String,
        /// Free blocks.
        free: u64,
        /// Bytes of a block.
        block_size: u64,
    },
    /// No inodes left.
    #[error("{path} cannot be made: the volume has no inode left")]
    NoInode {
        /// The file or folder.
        path: String,
    },
    /// The library that writes the volume refused.
    #[error("{path}: the volume cannot be changed: {what}")]
    Library {
        /// The file or folder at hand.
        path: String,
        /// The library's sentence.
        what: String,
    },
    /// What was written does not read back; nothing was staged.
    #[error("{path}: the changed volume does not read back as written ({what})")]
    Mismatch {
        /// The file.
        path: String,
        /// What differs.
        what: String,
    },
}
