//! Keys as they are typed: whom an archive is sealed to, and what opens a sealed one. A secret is read from a file or asked for
//! on the terminal, never taken from an argument.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::secret;
use crate::app::{Exit, Failure, Keyring, Keys, Lock, Passphrase};

/// What opens a sealed archive.
#[derive(Debug, Clone, Default, Args)]
pub struct KeyWords {
    /// Age identity that opens a sealed archive (a file of age-keygen); may be given again
    #[arg(long, value_name = "KEYFILE", help_heading = "Sealed archives")]
    pub identity: Vec<PathBuf>,
    /// File whose one line is the passphrase of a sealed archive; without it a terminal is asked
    #[arg(long, value_name = "FILE", help_heading = "Sealed archives")]
    pub passphrase_file: Option<PathBuf>,
}

/// Whom an archive is sealed to.
#[derive(Debug, Clone, Default, Args)]
pub struct LockWords {
    /// Seal it to this age public key (age1…); may be given again, any of them opens it
    #[arg(long, value_name = "RECIPIENT", help_heading = "Sealed archives")]
    pub encrypt_to: Vec<String>,
    /// Seal it to the passphrase that is the one line of FILE
    #[arg(long, value_name = "FILE", help_heading = "Sealed archives", conflicts_with = "encrypt_to")]
    pub passphrase_file: Option<PathBuf>,
    /// Age identity of a recipient: what was sealed is opened again with it, and compared
    #[arg(long, value_name = "KEYFILE", help_heading = "Sealed archives")]
    pub identity: Vec<PathBuf>,
}

impl KeyWords {
    /// Returns the keys, with a terminal to ask at where there is one.
    pub fn keyring(&self, stop: &Arc<AtomicBool>) -> Result<Keyring, Failure> {
        let passphrase = self.passphrase_file.as_deref().map(Passphrase::from_file).transpose()?;
        let stop = stop.clone();
        let ask = move |path: &Path| secret::ask(&format!("Passphrase of {}: ", path.display()), &stop);
        Ok(Keyring { keys: Keys::read(&self.identity, passphrase)?, ask: Some(Arc::new(ask)) })
    }
}

impl LockWords {
    /// Returns what proves the seal.
    pub fn keyring(&self) -> Result<Keyring, Failure> {
        Ok(Keyring { keys: Keys::read(&self.identity, None)?, ask: None })
    }

    /// Returns what is typed, none where nothing is.
    pub fn lock(&self) -> Result<Option<Lock>, Failure> {
        match &self.passphrase_file {
            Some(file) => Ok(Some(Lock::Passphrase(Passphrase::from_file(file)?))),
            None if self.encrypt_to.is_empty() => Ok(None),
            None => Ok(Some(Lock::to(&self.encrypt_to)?)),
        }
    }

    /// The same; where nothing is typed, asks for a passphrase, twice.
    pub fn lock_or_ask(&self, stop: &AtomicBool) -> Result<Lock, Failure> {
        if let Some(lock) = self.lock()? {
            return Ok(lock);
        }
        let Some(passphrase) = secret::ask("Passphrase to seal it with: ", stop)? else {
            return Err(Failure::new(Exit::Usage, "no-lock", "nothing says whom the archive is to be sealed to")
                .advise("Give --encrypt-to age1… or --passphrase-file FILE, or run it on a terminal to type a passphrase."));
        };
        match secret::ask("The same again: ", stop)? {
            Some(again) if again.is(&passphrase) => Ok(Lock::Passphrase(passphrase)),
            _ => Err(Failure::new(Exit::Usage, "passphrases-differ", "the two passphrases are not the same")),
        }
    }
}
