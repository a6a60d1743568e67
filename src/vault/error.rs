//! What can be wrong with a file in the vault, always with the file or the entry named.

use std::io;
use std::path::{Path, PathBuf};

/// Why an archive or a journal was not written or is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The disk, or the user's share of it, is full, or the file would pass the size the user may make.
    #[error("{}: no space left on the disk", path.display())]
    DiskFull {
        /// The file that did not fit.
        path: PathBuf,
    },
    /// The target is there already.
    #[error("{} exists already and was not touched", path.display())]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// Another run writes the same target, or one was killed while it did.
    #[error("{} is being written by another run, or was left by one that was killed: delete it if none runs", path.display())]
    Busy {
        /// The unfinished file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("this is not an nvkeep archive: {reason}")]
    NotAnArchive {
        /// What gave it away.
        reason: String,
    },
    /// The file starts as an archive does and has no proper end.
    #[error("the archive is cut off or its end is damaged")]
    Truncated,
    /// The file comes from a later nvkeep.
    #[error("this archive has schema {found}, which is newer than this nvkeep reads: use a newer nvkeep")]
    NewerSchema {
        /// The schema it names.
        found: String,
    },
    /// The manifest contradicts itself.
    #[error("manifest.json: {place}: {reason}")]
    Manifest {
        /// The field or region.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The name of an entry tries to leave the archive or means nothing here.
    #[error("entry {entry:?}: {reason}")]
    Name {
        /// The name as found.
        entry: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two entries have one name.
    #[error("entry {entry:?} is there twice")]
    Duplicate {
        /// The name.
        entry: String,
    },
    /// The manifest names an entry that the file has not.
    #[error("entry {entry:?} is missing")]
    Missing {
        /// The name.
        entry: String,
    },
    /// The file has an entry that the manifest does not name.
    #[error("entry {entry:?} is not in the manifest")]
    Unlisted {
        /// The name.
        entry: String,
    },
    /// Something asks for more than [`super::limits`] allows.
    #[error("{entry}: larger than the {limit} allowed")]
    TooLarge {
        /// The entry, or what was counted.
        entry: String,
        /// The limit.
        limit: u64,
    },
    /// An entry cannot be unpacked, or not to the size it declares.
    #[error("entry {entry:?} is damaged: {reason}")]
    Damaged {
        /// The entry.
        entry: String,
        /// What was noticed.
        reason: String,
    },
    /// An entry unpacks to other bytes than were archived.
    #[error("entry {entry:?} does not have the digest the manifest gives")]
    Digest {
        /// The entry.
        entry: String,
    },
    /// The freshly written archive does not read back as what was meant.
    #[error("the archive did not read back as written: {reason}")]
    ReadBack {
        /// The first difference.
        reason: String,
    },
    /// The file is sealed, and there is no key to try.
    #[error("{} is sealed with age {}", path.display(), if *passphrase { "to a passphrase, and none was given" } else { "to recipients, and no identity was given" })]
    Sealed {
        /// The file.
        path: PathBuf,
        /// Whether a passphrase opens it; otherwise an identity does.
        passphrase: bool,
    },
    /// The file is sealed, and none of the keys opens it.
    #[error("{}: {}", path.display(), if *passphrase { "the passphrase does not open it" } else { "it is sealed to recipients, and none of the identities given is one of theirs" })]
    WrongKey {
        /// The file.
        path: PathBuf,
        /// Whether a passphrase would open it; otherwise an identity would.
        passphrase: bool,
    },
    /// A sealed file asks for more work than any honest one.
    #[error("{}: its passphrase asks for 2^{asked} units of work, more than the 2^{limit} allowed", path.display())]
    ExcessiveWork {
        /// The file.
        path: PathBuf,
        /// What it asks for, as a power of two.
        asked: u8,
        /// What is allowed.
        limit: u8,
    },
    /// A sealed file is damaged, cut off or changed.
    #[error("{}: the sealed file is damaged: {reason}", path.display())]
    SealBroken {
        /// The file.
        path: PathBuf,
        /// What was noticed.
        reason: String,
    },
    /// What should be sealed is sealed, or what should be opened is not.
    #[error("{}: {reason}", path.display())]
    SealedAlready {
        /// The file.
        path: PathBuf,
        /// Which of the two.
        reason: &'static str,
    },
    /// A recipient, an identity or a passphrase that is none. The sentence never has it.
    #[error("{reason}")]
    Key {
        /// Why.
        reason: String,
    },
    /// A journal is torn, changed, or could not be made as asked.
    #[error("journal {}: {reason}", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl VaultError {
    /// Returns the error's stable name, for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "vault-io",
            Self::DiskFull { .. } => "disk-full",
            Self::Exists { .. } => "target-exists",
            Self::Busy { .. } => "target-busy",
            Self::NotAnArchive { .. } => "not-an-archive",
            Self::Truncated => "archive-truncated",
            Self::NewerSchema { .. } => "archive-newer",
            Self::Manifest { .. } => "archive-manifest",
            Self::Name { .. } => "archive-name",
            Self::Duplicate { .. } => "archive-duplicate",
            Self::Missing { .. } => "archive-missing",
            Self::Unlisted { .. } => "archive-unlisted",
            Self::TooLarge { .. } => "archive-too-large",
            Self::Damaged { .. } => "archive-damaged",
            Self::Digest { .. } => "archive-digest",
            Self::ReadBack { .. } => "archive-read-back",
            Self::Sealed { .. } => "archive-sealed",
            Self::WrongKey { .. } => "wrong-key",
            Self::ExcessiveWork { .. } => "sealed-work",
            Self::SealBroken { .. } => "sealed-damaged",
            Self::SealedAlready { .. } => "sealed-already",
            Self::Key { .. } => "bad-key",
            Self::Journal { .. } => "journal-corrupt",
        }
    }

    /// Returns the system's error at `path`, a full disk and an existing file as their own kinds.
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull { path }
            }
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::Io { path, source },
        }
    }

    pub(super) fn manifest(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Manifest { place: place.into(), reason: reason.into() }
    }
}
