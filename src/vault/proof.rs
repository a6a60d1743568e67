//! What is left of every finished write: one line a write, each chained to the one before by its digest, so that none can be
//! changed or taken out unseen. Only ever appended to; a line that was cut by a power loss is told and passed over.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::digest::sha256_hex;
use super::error::VaultError;
use super::limits::MAX_PROOFS;
use super::whole::{make_folder, sync_folder_of};

/// Cut lines that are told one by one; a file that consists of nothing else is no chain.
const MAX_TORN: usize = 1024;
/// What the first record follows.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A finished write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// When, RFC 3339 in UTC.
    pub time: String,
    /// Name and version of the program.
    pub tool: String,
    /// `restore of a.nvk`, `repair`, `resume of …`.
    pub title: String,
    /// Name of the chip.
    pub chip: String,
    /// The storage's CID, hex.
    pub cid: String,
    /// Why it may be written to this phone.
    pub binding: String,
    /// What was changed, by meaning.
    pub changes: Vec<String>,
    /// Blocks written, by region.
    pub regions: Vec<(String, usize)>,
    /// SHA-256 of all blocks as they were: number (u64, little-endian) and content, ascending.
    pub before: String,
    /// The same of all blocks as they are.
    pub after: String,
    /// Where each value came from; worth is the state of its sums.
    pub evidence: Vec<Said>,
    /// What the phone says since, value by value.
    pub says: Vec<Said>,
    /// How it was proven.
    pub read_back: String,
    /// The journal with the old content.
    pub journal: String,
}

/// A value in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Where it lies: `binregion`.
    pub place: String,
    /// What it is: `IMEI 1`.
    pub what: String,
    /// The value, an identity; none where there is none.
    pub value: Option<String>,
    /// What it is worth: `valid`.
    pub worth: String,
}

/// A record of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The write.
    pub proof: Proof,
    /// The digest of the record before.
    pub previous: String,
    /// SHA-256 of `previous` and of the write as compact JSON.
    pub digest: String,
}

/// Where a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Break {
    /// Line, from 1.
    pub line: usize,
    /// Why.
    pub why: String,
}

/// All records of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Chain {
    /// Records that hold, oldest first.
    pub links: Vec<Link>,
    /// Lines that were cut while they were written.
    pub torn: Vec<usize>,
    /// Where it does not hold; nothing behind it is believed.
    pub broken: Option<Break>,
}

impl Chain {
    fn end(&self) -> &str {
        self.links.last().map_or(BEGINNING, |link| &link.digest)
    }
}

/// Appends a record, on the disk for certain when this returns, and returns it.
///
/// # Errors
/// [`VaultError::Journal`] where the chain does not hold: it is left as it is. [`VaultError::DiskFull`], [`VaultError::Io`].
pub fn keep(file: &Path, proof: Proof) -> Result<Link, VaultError> {
    let failed = |error| VaultError::io(file, error);
    if let Some(folder) = file.parent() {
        make_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut paper = options.open(file).map_err(failed)?;
    // Two runs may finish at the same moment; the lock goes with the handle.
    paper.lock().map_err(failed)?;
    let text = read(file, &paper)?;
    let chain = parse(&text);
    if let Some(broken) = chain.broken {
        let reason = format!("line {}: {}", broken.line, broken.why);
        return Err(VaultError::Journal { path: file.to_path_buf(), reason });
    }
    let link = link(chain.end(), proof)
        .map_err(|error| VaultError::Journal { path: file.to_path_buf(), reason: error.to_string() })?;
    let line = serde_json::to_string(&link).map_err(|error| failed(error.into()))?;
    // What a power loss cut stays on a line of its own.
    let cut = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    paper.write_all(format!("{cut}{line}\n").as_bytes()).and_then(|()| paper.sync_all()).map_err(failed)?;
    sync_folder_of(file)?;
    Ok(link)
}

/// Reads a chain. A file that is not there is an empty one.
///
/// # Errors
/// [`VaultError::Io`], [`VaultError::TooLarge`]; what does not hold is told in the chain.
pub fn chain(file: &Path) -> Result<Chain, VaultError> {
    match File::open(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Chain::default()),
        opened => Ok(parse(&read(file, &opened.map_err(|error| VaultError::io(file, error))?)?)),
    }
}

/// Reads a chain out of the bytes of its file.
#[must_use]
pub fn chain_of(bytes: &[u8]) -> Chain {
    parse(&String::from_utf8_lossy(bytes))
}

fn read(file: &Path, mut paper: &File) -> Result<String, VaultError> {
    let mut bytes = Vec::new();
    (&mut paper).take(MAX_PROOFS + 1).read_to_end(&mut bytes).map_err(|error| VaultError::io(file, error))?;
    if bytes.len() as u64 > MAX_PROOFS {
        return Err(VaultError::TooLarge { entry: file.display().to_string(), limit: MAX_PROOFS });
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn link(previous: &str, proof: Proof) -> Result<Link, serde_json::Error> {
    let digest = digest_of(previous, &proof)?;
    Ok(Link { proof, previous: previous.into(), digest })
}

fn digest_of(previous: &str, proof: &Proof) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(proof)?;
    Ok(sha256_hex(format!("{previous}\n{json}").as_bytes()))
}

fn parse(text: &str) -> Chain {
    let mut chain = Chain::default();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let broken = |why: &str| Some(Break { line: number, why: why.into() });
        let Ok(link) = serde_json::from_str::<Link>(line) else {
            // A cut line is the beginning of a record, or has zeros where a disk had given the file its length and not yet its
            // bytes; anything else was never written here.
            let is_cut =
                line.starts_with("{\"proof\":") || "{\"proof\":".starts_with(line) || line.contains('\0');
            let few = chain.torn.len() < MAX_TORN;
            if is_cut && few {
                chain.torn.push(number);
                continue;
            }
            chain.broken =
                broken(if few { "it is no record" } else { "more lines were cut than power was ever lost" });
            return chain;
        };
        let right = digest_of(&link.previous, &link.proof).is_ok_and(|digest| digest == link.digest);
        if !right {
            chain.broken = broken("its digest does not fit: it was changed");
            return chain;
        }
        if link.previous != chain.end() {
            chain.broken = broken("it does not follow the record before: one was taken out, or added");
            return chain;
        }
        chain.links.push(link);
    }
    chain
}
