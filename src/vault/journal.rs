//! What a write leaves behind before it starts: every block that will change, as it is and as it will be; and every block that
//! may be written along with one of them, which is the same in both.
//!
//! Layout: magic line, header length (u32), header (JSON), block count (u32), blocks (lba u64, old 512, new 512), SHA-256
//! of all before; little-endian. A journal is believed whole or not at all. It says nothing of which blocks were written: old and
//! new are both there, so finishing and undoing are right from any point.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::VaultError;
use super::limits::{MAX_JOURNAL_BLOCKS, MAX_JOURNAL_HEADER};
use super::whole::{Existing, Part, sync_folder_of};

/// Bytes of a block.
pub const BLOCK_LEN: usize = 512;
const MAGIC: &[u8] = b"nvkeep-journal/1\n";
const RECORD_LEN: usize = 8 + 2 * BLOCK_LEN;
const DIGEST_LEN: usize = 32;
/// Hex digits of an eMMC's CID.
const CID_DIGITS: usize = 32;
const MAX_LEN: usize = MAGIC.len() + 8 + MAX_JOURNAL_HEADER + MAX_JOURNAL_BLOCKS * RECORD_LEN + DIGEST_LEN;

/// Which write, to which phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHeader {
    /// When, RFC 3339 in UTC; given by the caller.
    pub created: String,
    /// Name of the chip.
    pub chip: String,
    /// The storage's CID, hex: what a journal is found by.
    pub cid: String,
    /// What the plan calls itself.
    pub title: String,
}

/// A block of the user area that the write changes, or may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its number, in blocks of 512 bytes.
    pub lba: u64,
    /// Its content before.
    pub old: [u8; BLOCK_LEN],
    /// Its content after.
    pub new: [u8; BLOCK_LEN],
}

impl Block {
    /// Returns whether the write leaves it as it is: it may be written along with a block behind it, and torn with that one.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.old == self.new
    }
}

/// An unfinished write, on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    path: PathBuf,
    header: JournalHeader,
    blocks: Vec<Block>,
}

impl Journal {
    /// Puts a journal into `dir`, on the disk for certain when this returns; blocks ascend by number.
    ///
    /// # Errors
    /// [`VaultError::Journal`] for blocks out of order or too many; [`VaultError::DiskFull`], [`VaultError::Io`]. Then no byte may go to the phone.
    pub fn create(dir: &Path, header: &JournalHeader, blocks: &[Block]) -> Result<Self, VaultError> {
        let path = free_name(dir, header)?;
        let bytes = encode(header, blocks).map_err(|reason| wrong(&path, reason))?;
        let (part, mut file) = Part::create(&path, Existing::Refuse)?;
        file.write_all(&bytes).map_err(|e| VaultError::io(&path, e))?;
        drop(file);
        if read_bounded(part.path())? != bytes {
            return Err(wrong(&path, "it did not read back as written"));
        }
        part.publish(Existing::Refuse)?;
        Ok(Self { path, header: header.clone(), blocks: blocks.to_vec() })
    }

    /// Reads a journal.
    ///
    /// # Errors
    /// [`VaultError::Journal`], naming the file, for one that is torn or changed.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        let (header, blocks) = decode(&read_bounded(path)?).map_err(|reason| wrong(path, reason))?;
        Ok(Self { path: path.to_path_buf(), header, blocks })
    }

    /// Returns the unfinished journals of the phone with this CID, by name. A folder that is not there has none; a `.part` is none.
    ///
    /// # Errors
    /// [`VaultError::Journal`] for one that is torn or changed and may be this phone's: only a name that [`Journal::create`]
    /// gave for another CID says that it is not. No crash of an honest disk leaves a torn one under its final name, so one
    /// that is there may well have had blocks written behind it.
    pub fn open_for(dir: &Path, cid: &str) -> Result<Vec<Self>, VaultError> {
        let failed = |e| VaultError::io(dir, e);
        let entries = match fs::read_dir(dir) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|ext| ext == "journal") {
                match Self::open(&path) {
                    Err(_) if is_named_for_another(&path, cid) => {}
                    opened => found.push(opened?),
                }
            }
        }
        found.retain(|journal| journal.header.cid.eq_ignore_ascii_case(cid));
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// Renames the journal to `.done`: it keeps the old bytes, the last way back, and is small. Returns its new name.
    ///
    /// # Errors
    /// [`VaultError::Io`]; the journal then still counts as unfinished.
    pub fn mark_done(self) -> Result<PathBuf, VaultError> {
        let done = self.path.with_extension("done");
        fs::rename(&self.path, &done).map_err(|e| VaultError::io(&self.path, e))?;
        sync_folder_of(&done)?;
        Ok(done)
    }

    /// Returns which write it is.
    #[must_use]
    pub fn header(&self) -> &JournalHeader {
        &self.header
    }

    /// Returns the blocks, ascending. To finish, write each `new`; to undo, each `old`.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Returns how many of the blocks differ before and after.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.blocks.iter().filter(|block| !block.is_kept()).count()
    }

    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn wrong(path: &Path, reason: impl Into<String>) -> VaultError {
    VaultError::Journal { path: path.to_path_buf(), reason: reason.into() }
}

/// Returns a name nothing in `dir` has, neither unfinished nor done, so that a `.done` is never replaced; nor a `.part`, left by
/// a run that was killed, for a clock without a battery gives the same second again.
fn free_name(dir: &Path, header: &JournalHeader) -> Result<PathBuf, VaultError> {
    let stem = format!("{}-{}", plain(&header.cid), plain(&header.created));
    let is_free = |path: &PathBuf| {
        ["journal", "done", "journal.part"].iter().all(|end| !path.with_extension(end).exists())
    };
    (1..1000)
        .map(|number| dir.join(format!("{stem}-{number}.journal")))
        .find(is_free)
        .ok_or_else(|| VaultError::Exists { path: dir.join(stem) })
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).take(40).collect()
}

/// Returns whether the file has a name as [`free_name`] gives it, whole CID and all, and the CID is another one's.
fn is_named_for_another(path: &Path, cid: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Some((named, _)) = name.split_once('-') else { return false };
    let is_cid = named.len() == CID_DIGITS && named.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_cid && !named.eq_ignore_ascii_case(&plain(cid))
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, VaultError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| VaultError::io(path, e))?;
    file.take(MAX_LEN as u64 + 1).read_to_end(&mut bytes).map_err(|e| VaultError::io(path, e))?;
    if bytes.len() > MAX_LEN { Err(wrong(path, "it is larger than any journal")) } else { Ok(bytes) }
}

fn encode(header: &JournalHeader, blocks: &[Block]) -> Result<Vec<u8>, String> {
    let json = serde_json::to_vec(header).map_err(|e| e.to_string())?;
    if json.len() > MAX_JOURNAL_HEADER || blocks.len() > MAX_JOURNAL_BLOCKS || blocks.is_empty() {
        return Err("its header or its number of blocks is out of bounds".into());
    }
    in_order(blocks)?;
    let mut bytes = MAGIC.to_vec();
    let length = |len: usize| u32::try_from(len).map(u32::to_le_bytes).map_err(|e| e.to_string());
    bytes.extend(length(json.len())?);
    bytes.extend(json);
    bytes.extend(length(blocks.len())?);
    for block in blocks {
        bytes.extend(block.lba.to_le_bytes());
        bytes.extend(block.old);
        bytes.extend(block.new);
    }
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<(JournalHeader, Vec<Block>), String> {
    let torn = || "it is cut off".to_owned();
    let (body, digest) = bytes.split_last_chunk::<DIGEST_LEN>().ok_or_else(torn)?;
    let rest = body.strip_prefix(MAGIC).ok_or("it does not start as a journal of this version does")?;
    if Sha256::digest(body)[..] != digest[..] {
        return Err("its digest does not fit: it is cut off or changed".into());
    }
    let (len, rest) = rest.split_first_chunk::<4>().ok_or_else(torn)?;
    let len = u32::from_le_bytes(*len) as usize;
    if len > MAX_JOURNAL_HEADER {
        return Err(format!("its header claims {len} bytes"));
    }
    let (json, rest) = rest.split_at_checked(len).ok_or_else(torn)?;
    let header = serde_json::from_slice(json).map_err(|e| format!("header: {e}"))?;
    let (count, records) = rest.split_first_chunk::<4>().ok_or_else(torn)?;
    let count = u32::from_le_bytes(*count) as usize;
    if count == 0 || count > MAX_JOURNAL_BLOCKS || records.len() != count * RECORD_LEN {
        return Err(format!("it claims {count} blocks and has {} bytes of them", records.len()));
    }
    let blocks = records.chunks_exact(RECORD_LEN).map(block).collect::<Option<Vec<_>>>().ok_or_else(torn)?;
    in_order(&blocks)?;
    Ok((header, blocks))
}

fn block(record: &[u8]) -> Option<Block> {
    let (lba, rest) = record.split_first_chunk::<8>()?;
    let (old, rest) = rest.split_first_chunk::<BLOCK_LEN>()?;
    let new = rest.first_chunk::<BLOCK_LEN>()?;
    Some(Block { lba: u64::from_le_bytes(*lba), old: *old, new: *new })
}

fn in_order(blocks: &[Block]) -> Result<(), String> {
    match blocks.windows(2).find(|pair| pair[0].lba >= pair[1].lba) {
        Some(pair) => Err(format!("block {} follows block {}", pair[1].lba, pair[0].lba)),
        None => Ok(()),
    }
}
