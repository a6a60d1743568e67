//! The keys that open sealed archives, and the question for a passphrase where there is somebody to ask.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::Failure;
use crate::vault::{Archive, Body, Keys, Passphrase, VaultError, sealed};

/// Asks for the passphrase of a file; none where there is nobody to ask.
pub type Ask = Arc<dyn Fn(&Path) -> Result<Option<Passphrase>, Failure> + Send + Sync>;

/// What sealed archives are opened with.
#[derive(Clone, Default)]
pub struct Keyring {
    /// Identities and a passphrase.
    pub keys: Keys,
    /// Who is asked for a passphrase when there is none.
    pub ask: Option<Ask>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Keyring({:?})", self.keys)
    }
}

impl Keyring {
    /// The same, asking nobody: for a whole folder of files.
    #[must_use]
    pub fn quiet(&self) -> Self {
        Self { ask: None, ..self.clone() }
    }

    /// Opens an archive, sealed or not.
    ///
    /// # Errors
    /// `archive-sealed` without a key, `wrong-key` where none opens it, `sealed-damaged`; the archive's own.
    pub fn open(&self, path: &Path) -> Result<Archive<Body>, Failure> {
        self.trying(path, |keys| sealed::open(path, keys))
    }

    /// Does something that takes keys; where only a passphrase is missing, asks for it and does it again.
    pub(super) fn trying<T>(
        &self,
        path: &Path,
        attempt: impl Fn(&Keys) -> Result<T, VaultError>,
    ) -> Result<T, Failure> {
        match attempt(&self.keys) {
            Err(error @ VaultError::Sealed { passphrase: true, .. }) => {
                let answer = self.ask.as_ref().map(|ask| ask(path)).transpose()?.flatten();
                match answer {
                    Some(passphrase) => Ok(attempt(&self.keys.with(passphrase))?),
                    None => Err(error.into()),
                }
            }
            other => Ok(other?),
        }
    }
}
