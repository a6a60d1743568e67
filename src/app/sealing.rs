//! `vault seal` and `vault open`: an archive for the way out of the shop, and back. Says of every sealed file what of it was
//! proven, and what was not.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Context, Failure};
use crate::vault::{Existing, Keys, Lock, Sealed, sealed};

/// How an archive was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// `passphrase` or `recipients`.
    pub to: String,
    /// How many recipients; none for a passphrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients: Option<usize>,
    /// Whether it was opened again from the disk, and what is in it compared.
    pub opened_again: bool,
}

impl Seal {
    pub(super) fn of(lock: &Lock, sealed: &Sealed) -> Self {
        let (to, recipients) = match lock {
            Lock::Passphrase(_) => ("passphrase", None),
            Lock::Recipients(recipients) => ("recipients", Some(recipients.len())),
        };
        Self { to: to.into(), recipients, opened_again: sealed.opened_again }
    }
}

/// What `vault seal` answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealResult {
    /// The sealed file.
    pub file: PathBuf,
    /// Its digest.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// How it was sealed, and what was proven.
    pub sealed: Seal,
}

/// What `vault open` answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenResult {
    /// The archive.
    pub file: PathBuf,
    /// Its digest.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Seals an archive into another file; the first one stays.
///
/// # Errors
/// The archive's, where it is not whole; `wrong-key` where an identity was given that does not open what was sealed. Nothing
/// is left behind.
pub fn seal(
    context: &Context<'_>,
    (archive, output): (&Path, &Path),
    lock: &Lock,
    force: bool,
) -> Result<SealResult, Failure> {
    context.step(format!("Sealing {} and reading back {}", archive.display(), output.display()));
    let done = sealed::seal_file(archive, output, existing(force), lock, &context.choices.keyring.keys)?;
    let sealed = Seal::of(lock, &done);
    Ok(SealResult { file: done.saved.path, sha256: done.saved.sha256, bytes: done.saved.len, sealed })
}

/// Writes the archive that is in a sealed file.
///
/// # Errors
/// `archive-sealed` without a key, `wrong-key`, `sealed-damaged`; the archive's own. Nothing is left behind.
pub fn open(
    context: &Context<'_>,
    (archive, output): (&Path, &Path),
    force: bool,
) -> Result<OpenResult, Failure> {
    context.step(format!("Opening {} and reading back {}", archive.display(), output.display()));
    let attempt = |keys: &Keys| sealed::unseal_file(archive, output, existing(force), keys);
    let saved = context.choices.keyring.trying(archive, attempt)?;
    Ok(OpenResult { file: saved.path, sha256: saved.sha256, bytes: saved.len })
}

fn existing(force: bool) -> Existing {
    if force { Existing::Replace } else { Existing::Refuse }
}
