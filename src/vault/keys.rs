//! Whom a sealed archive is for, and what opens one: recipients and identities as `age` writes them, or a passphrase. Nothing
//! in here ever says a secret: not in an error, and not when it is printed for debugging.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use age::secrecy::{ExposeSecret, SecretString};
use age::{scrypt, x25519};

use super::error::VaultError;
use super::limits::{MAX_IDENTITIES, MAX_KEY_FILE, MAX_RECIPIENTS, MAX_WORK};

/// Work of a passphrase in files that are written: 2 to this power, a quarter of a gigabyte and about a second, as `age` has it.
const WORK: u8 = 18;
/// How a public key begins.
const PUBLIC: &str = "age1";

/// A passphrase, which no text of ours shows.
#[derive(Clone)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// Takes a passphrase as it was typed.
    ///
    /// # Errors
    /// [`VaultError::Key`] for an empty one.
    pub fn new(text: String) -> Result<Self, VaultError> {
        let secret = SecretString::from(text);
        if secret.expose_secret().is_empty() {
            return Err(VaultError::Key { reason: "the passphrase is empty".into() });
        }
        Ok(Self(secret))
    }

    /// Reads the one line of a file; the end of the line is not part of it.
    ///
    /// # Errors
    /// [`VaultError::Io`]; [`VaultError::Key`] where it is empty, too long, not text, or has more than one line.
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        let text = small(path)?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.contains(['\n', '\r']) {
            return Err(wrong(path, "it has more than one line"));
        }
        Self::new(line.to_owned()).map_err(|_| wrong(path, "its passphrase is empty"))
    }

    /// Tells whether both are the same, for one that is typed twice.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passphrase")
    }
}

/// What a sealed archive can be opened with by its reader.
#[derive(Debug, Clone)]
pub enum Lock {
    /// The identity of any of these.
    Recipients(Vec<x25519::Recipient>),
    /// A passphrase.
    Passphrase(Passphrase),
}

impl Lock {
    /// Takes recipients as `age-keygen` prints them: `age1…`.
    ///
    /// # Errors
    /// [`VaultError::Key`] where one is none, where there is none at all, or too many.
    pub fn to(recipients: &[String]) -> Result<Self, VaultError> {
        if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
            let reason = format!("{} recipients: it takes 1 to {MAX_RECIPIENTS}", recipients.len());
            return Err(VaultError::Key { reason });
        }
        let parsed = recipients.iter().map(|text| {
            text.parse().map_err(|_| {
                // A secret key that was mistaken for a public one is not repeated, and neither is anything else unknown.
                let reason = match text.strip_prefix(PUBLIC) {
                    Some(_) => format!("{text} is not the age public key it looks like"),
                    None => format!("a recipient is an age public key, which begins with {PUBLIC}"),
                };
                VaultError::Key { reason }
            })
        });
        parsed.collect::<Result<_, _>>().map(Self::Recipients)
    }

    pub(super) fn recipients(&self) -> Vec<Box<dyn age::Recipient + Send>> {
        match self {
            Self::Recipients(recipients) => {
                recipients.iter().map(|one| Box::new(one.clone()) as Box<dyn age::Recipient + Send>).collect()
            }
            Self::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.0.clone());
                recipient.set_work_factor(WORK);
                vec![Box::new(recipient)]
            }
        }
    }
}

/// What sealed archives are opened with. Shared, so that it is in memory once.
#[derive(Clone, Default)]
pub struct Keys {
    identities: Arc<Vec<x25519::Identity>>,
    passphrase: Option<Passphrase>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passphrase = if self.passphrase.is_some() { " and a passphrase" } else { "" };
        write!(formatter, "{} identities{passphrase}", self.identities.len())
    }
}

impl Keys {
    /// Reads identity files as `age-keygen` writes them, and takes a passphrase.
    ///
    /// # Errors
    /// [`VaultError::Io`]; [`VaultError::Key`] for a file that is none, naming the line and not what is on it.
    pub fn read<P: AsRef<Path>>(files: &[P], passphrase: Option<Passphrase>) -> Result<Self, VaultError> {
        let mut identities = Vec::new();
        for path in files.iter().map(AsRef::as_ref) {
            let text = small(path)?;
            let before = identities.len();
            for (index, line) in text.lines().enumerate() {
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                let reason = || format!("line {} is no age identity (AGE-SECRET-KEY-1…)", index + 1);
                identities.push(line.parse().map_err(|_| wrong(path, &reason()))?);
            }
            if identities.len() == before {
                return Err(wrong(path, "there is no age identity (AGE-SECRET-KEY-1…) in it"));
            }
            if identities.len() > MAX_IDENTITIES {
                return Err(wrong(path, &format!("more than {MAX_IDENTITIES} identities")));
            }
        }
        Ok(Self { identities: Arc::new(identities), passphrase })
    }

    /// The same with a passphrase that came later.
    #[must_use]
    pub fn with(&self, passphrase: Passphrase) -> Self {
        Self { passphrase: Some(passphrase), ..self.clone() }
    }

    /// Tells whether there is a passphrase among them.
    #[must_use]
    pub fn has_passphrase(&self) -> bool {
        self.passphrase.is_some()
    }

    /// Tells whether there is an identity among them.
    #[must_use]
    pub fn has_identity(&self) -> bool {
        !self.identities.is_empty()
    }

    /// Returns what `age` tries, the passphrase with its work bounded. (To make one takes a measurement, so only when needed.)
    pub(super) fn identities(&self) -> Vec<Box<dyn age::Identity>> {
        let mut all: Vec<Box<dyn age::Identity>> = Vec::new();
        all.extend(self.identities.iter().map(|one| Box::new(one.clone()) as Box<dyn age::Identity>));
        if let Some(passphrase) = &self.passphrase {
            let mut identity = scrypt::Identity::new(passphrase.0.clone());
            identity.set_max_work_factor(MAX_WORK);
            all.push(Box::new(identity));
        }
        all
    }
}

/// Reads a small text file whole.
fn small(path: &Path) -> Result<String, VaultError> {
    let file = File::open(path).map_err(|error| VaultError::io(path, error))?;
    let mut bytes = Vec::new();
    file.take(MAX_KEY_FILE + 1).read_to_end(&mut bytes).map_err(|error| VaultError::io(path, error))?;
    if bytes.len() as u64 > MAX_KEY_FILE {
        return Err(wrong(path, "it is too large"));
    }
    String::from_utf8(bytes).map_err(|_| wrong(path, "it is not text"))
}

fn wrong(path: &Path, reason: &str) -> VaultError {
    VaultError::Key { reason: format!("{}: {reason}", path.display()) }
}
