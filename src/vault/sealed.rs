//! Archives sealed for the way out of the shop: an ordinary file of `age` (age-encryption.org/v1), which `age -d` opens, with
//! an ordinary archive in it. What is sealed is in memory only, never on the disk; a hostile file gets no more of memory and
//! time than the limits say, and a wrong key is told from a damaged file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;

use age::armor::ArmoredReader;
use age::{DecryptError, Decryptor, Encryptor};

use super::digest::{Digesting, sha256_hex, sha256_of_file};
use super::error::VaultError;
use super::keys::{Keys, Lock};
use super::limits::{MAX_SEALED, MAX_SEALED_HEADER, MAX_SEALED_LINES, MAX_TOTAL, MAX_WORK};
use super::reader::Archive;
use super::whole::{Existing, Part};
use super::writer::Saved;

/// How a sealed file starts.
const MAGIC: &[u8] = b"age-encryption.org/";
/// How one starts that was made to be printed.
const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// What a sealed file is when it is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The file.
    pub saved: Saved,
    /// Whether it was opened again from the disk and is the archive that was meant. Where not, no key of a reader was there to
    /// try: then the archive was proven before it was sealed, and the file has the digest of what was written.
    pub opened_again: bool,
}

/// Where the bytes of an open archive are.
#[derive(Debug)]
pub enum Body {
    /// In the file itself.
    File(BufReader<File>),
    /// In memory, out of a sealed file.
    Memory(Cursor<Vec<u8>>),
}

impl Read for Body {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(into),
            Self::Memory(bytes) => bytes.read(into),
        }
    }
}

impl Seek for Body {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(bytes) => bytes.seek(to),
        }
    }
}

/// Opens an archive, sealed or not.
///
/// # Errors
/// As [`Archive::from_reader`] and [`unseal`].
pub fn open(path: &Path, keys: &Keys) -> Result<Archive<Body>, VaultError> {
    let body = match is_sealed(path)? {
        true => Body::Memory(Cursor::new(unseal(path, keys)?)),
        false => Body::File(BufReader::new(File::open(path).map_err(|error| VaultError::io(path, error))?)),
    };
    Archive::from_reader(body)
}

/// Returns whether a file starts as sealed ones do.
///
/// # Errors
/// [`VaultError::Io`].
pub fn is_sealed(path: &Path) -> Result<bool, VaultError> {
    let failed = |error| VaultError::io(path, error);
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(ARMOR.len() as u64).read_to_end(&mut start))
        .map_err(failed)?;
    Ok(start.starts_with(MAGIC) || start == ARMOR)
}

/// Returns what is in a sealed file.
///
/// # Errors
/// [`VaultError::Sealed`] without a key to try, [`VaultError::WrongKey`] where none opens it, [`VaultError::ExcessiveWork`],
/// [`VaultError::TooLarge`], [`VaultError::SealBroken`], [`VaultError::Io`].
pub fn unseal(path: &Path, keys: &Keys) -> Result<Vec<u8>, VaultError> {
    unseal_from(File::open(path).map_err(|error| VaultError::io(path, error))?, path, keys)
}

/// The same out of any reader; `path` is its name in errors.
///
/// # Errors
/// As [`unseal`].
pub fn unseal_from(sealed: impl Read, path: &Path, keys: &Keys) -> Result<Vec<u8>, VaultError> {
    let broken = |error: io::Error| match error.raw_os_error() {
        Some(_) => VaultError::io(path, error),
        None => VaultError::SealBroken { path: path.into(), reason: error.to_string() },
    };
    let mut rest = BufReader::new(ArmoredReader::new(sealed.take(MAX_SEALED)));
    let head = header(&mut rest, path)?;
    let decryptor =
        Decryptor::new_buffered(Cursor::new(head).chain(rest)).map_err(|e| refused(e, path, false))?;
    let passphrase = decryptor.is_scrypt();
    if !(if passphrase { keys.has_passphrase() } else { keys.has_identity() }) {
        return Err(VaultError::Sealed { path: path.into(), passphrase });
    }
    let identities = keys.identities();
    let plain = decryptor
        .decrypt(identities.iter().map(AsRef::as_ref))
        .map_err(|error| refused(error, path, passphrase))?;
    let mut bytes = Vec::new();
    plain.take(MAX_TOTAL + 1).read_to_end(&mut bytes).map_err(broken)?;
    if bytes.len() as u64 > MAX_TOTAL {
        return Err(VaultError::TooLarge { entry: path.display().to_string(), limit: MAX_TOTAL });
    }
    Ok(bytes)
}

/// Returns the header, up to the line of its sum, while it is small: `age` would parse any length of it, anew for each line.
fn header(from: &mut impl BufRead, path: &Path) -> Result<Vec<u8>, VaultError> {
    let broken = |reason: &str| VaultError::SealBroken { path: path.into(), reason: reason.into() };
    let mut head = Vec::new();
    for _ in 0..MAX_SEALED_LINES {
        let start = head.len();
        let room = MAX_SEALED_HEADER.saturating_sub(start) as u64;
        from.by_ref().take(room).read_until(b'\n', &mut head).map_err(|error| {
            match error.raw_os_error() {
                Some(_) => VaultError::io(path, error),
                None => broken(&error.to_string()),
            }
        })?;
        let line = head.get(start..).unwrap_or_default();
        if !line.ends_with(b"\n") {
            let cut = "its header is cut off, or larger than any honest one";
            return Err(broken(cut));
        }
        if line.starts_with(b"---") {
            return Ok(head);
        }
    }
    Err(broken("its header has more lines than any honest one"))
}

/// Tells a wrong key from a damaged file, as far as that can be told.
fn refused(error: DecryptError, path: &Path, passphrase: bool) -> VaultError {
    let path = path.to_path_buf();
    let reason = match error {
        DecryptError::NoMatchingKeys => return VaultError::WrongKey { path, passphrase },
        // Of the sum over the header that is said in another way: this is the passphrase's own.
        DecryptError::DecryptionFailed if passphrase => return VaultError::WrongKey { path, passphrase },
        DecryptError::ExcessiveWork { required, .. } => {
            return VaultError::ExcessiveWork { path, asked: required, limit: MAX_WORK };
        }
        DecryptError::Io(error) if error.raw_os_error().is_some() => return VaultError::io(&path, error),
        DecryptError::InvalidMac => "its header was changed",
        DecryptError::UnknownFormat => "it is of another version of the age format",
        _ => "its header is not as the age format has it",
    };
    VaultError::SealBroken { path, reason: reason.into() }
}

/// Seals an archive that is in memory into `target`, which appears whole or not at all and is read back first.
///
/// # Errors
/// What the archive itself gives where it is not whole, then nothing is written; [`VaultError::ReadBack`];
/// [`VaultError::WrongKey`] where identities were given and none opens what was sealed; those of writing any archive.
pub fn seal(
    plain: &[u8],
    target: &Path,
    existing: Existing,
    lock: &Lock,
    keys: &Keys,
) -> Result<Sealed, VaultError> {
    proven(plain)?;
    let recipients = lock.recipients();
    let encryptor = Encryptor::with_recipients(recipients.iter().map(|one| &**one as &dyn age::Recipient))
        .map_err(|error| VaultError::Key { reason: error.to_string() })?;
    let (part, file) = Part::create(target, existing)?;
    let failed = |error| VaultError::io(target, error);
    let mut sealing = encryptor.wrap_output(Digesting::new(file)).map_err(failed)?;
    sealing.write_all(plain).map_err(failed)?;
    let mut written = sealing.finish().map_err(failed)?;
    written.flush().map_err(failed)?;
    let (len, sha256) = written.finish();
    if sha256_of_file(part.path())? != sha256 {
        return Err(VaultError::ReadBack { reason: "the file has another digest".into() });
    }
    let opened_again = match opens_to(part.path(), plain, lock, keys) {
        // The unfinished file's name would tell nobody anything.
        Err(VaultError::WrongKey { passphrase, .. }) => {
            return Err(VaultError::WrongKey { path: target.into(), passphrase });
        }
        other => other?,
    };
    part.publish(existing)?;
    Ok(Sealed { saved: Saved { path: target.to_path_buf(), len, sha256 }, opened_again })
}

/// Opens what was just sealed, where there is a key to do it with, and compares.
fn opens_to(path: &Path, plain: &[u8], lock: &Lock, keys: &Keys) -> Result<bool, VaultError> {
    let again = match lock {
        Lock::Passphrase(passphrase) => unseal(path, &keys.with(passphrase.clone())),
        Lock::Recipients(_) if keys.has_identity() => unseal(path, keys),
        Lock::Recipients(_) => return Ok(false),
    }?;
    if again != plain {
        return Err(VaultError::ReadBack { reason: "what is sealed in it differs".into() });
    }
    Ok(true)
}

/// Seals an archive that is a file.
///
/// # Errors
/// As [`seal`]; [`VaultError::SealedAlready`].
pub fn seal_file(
    path: &Path,
    target: &Path,
    existing: Existing,
    lock: &Lock,
    keys: &Keys,
) -> Result<Sealed, VaultError> {
    if is_sealed(path)? {
        return Err(VaultError::SealedAlready { path: path.into(), reason: "it is sealed already" });
    }
    let mut plain = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_TOTAL + 1).read_to_end(&mut plain))
        .map_err(|error| VaultError::io(path, error))?;
    seal(&plain, target, existing, lock, keys)
}

/// Writes the archive that is in a sealed file into `target`, which appears whole or not at all.
///
/// # Errors
/// As [`unseal`]; what the archive gives where it is not whole; [`VaultError::SealedAlready`] for a file that is not sealed.
pub fn unseal_file(path: &Path, target: &Path, existing: Existing, keys: &Keys) -> Result<Saved, VaultError> {
    if !is_sealed(path)? {
        return Err(VaultError::SealedAlready { path: path.into(), reason: "it is not sealed" });
    }
    let plain = unseal(path, keys)?;
    proven(&plain)?;
    let (part, mut file) = Part::create(target, existing)?;
    file.write_all(&plain).map_err(|error| VaultError::io(target, error))?;
    drop(file);
    let sha256 = sha256_hex(&plain);
    if sha256_of_file(part.path())? != sha256 {
        return Err(VaultError::ReadBack { reason: "the file has another digest".into() });
    }
    part.publish(existing)?;
    Ok(Saved { path: target.to_path_buf(), len: plain.len() as u64, sha256 })
}

/// Fails unless the bytes are a whole archive.
fn proven(plain: &[u8]) -> Result<(), VaultError> {
    let mut archive = Archive::from_reader(Cursor::new(plain))?;
    match archive.verify().failures.into_iter().next() {
        Some(failure) => Err(failure.error),
        None => Ok(()),
    }
}
