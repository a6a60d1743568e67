//! `manifest.json`: which phone, when, and which bytes of it are kept where. Refuses ranges that do not add up.
//!
//! Within one schema number only *optional* fields are ever added, so unknown fields are passed over: they can never
//! change what a known field means. Whatever changes a meaning, or adds a kind of entry, takes a new number, and that is refused.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::error::VaultError;
use super::limits::{MAX_ENTRIES, MAX_FILE, MAX_REGIONS};
use super::names::{self, FILES, REGIONS};

/// The schema this nvkeep writes.
pub const SCHEMA: &str = "nvkeep-archive/1";

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of the nvkeep that wrote it.
    pub tool: String,
    /// When, RFC 3339 in UTC; given by the caller.
    pub created: String,
    /// The user's words.
    #[serde(default)]
    pub note: String,
    /// The phone the bytes belong to.
    pub phone: PhoneIds,
    /// The engine that read them.
    pub engine: String,
    /// The Download Agent that engine ran, if it ran one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentOrigin>,
    /// The NAND the bytes were read from, if it was one. The spare bytes of its pages are files of the layer `spare`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nand: Option<NandRecord>,
    /// Whether the whole identity set is here.
    pub full: bool,
    /// What the user was warned of when it was made.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// A copy for publishing: its identities are textbook values, it belongs to no phone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
    /// Present where another tool's backup was made into this archive: then there is no card it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
    /// Kept parts of partitions.
    pub regions: Vec<Region>,
    /// Decoded NV files.
    pub files: Vec<FileEntry>,
}

/// Which Download Agent read the bytes; the agent itself is a vendor's, and never kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentOrigin {
    /// Digest of its file.
    pub sha256: String,
    /// The file's own description of itself.
    pub build: String,
    /// Which entry of the file, and why.
    pub entry: String,
}

/// A raw NAND's shape, and what of it could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NandRecord {
    /// Main bytes of a page.
    pub page: u32,
    /// Spare bytes of a page.
    pub spare: u32,
    /// Pages of an erase block.
    pub pages_per_block: u32,
    /// The chip's id bytes, hex.
    pub ids: String,
    /// Erase blocks of the chip that are bad, so far as they were met. Of those within a region nothing is kept, and they read
    /// as erased.
    #[serde(default)]
    pub bad_blocks: Vec<u32>,
}

/// Where an imported archive comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// What the source was made of, in words.
    pub kind: String,
    /// Names of the files it was made of.
    #[serde(default)]
    pub sources: Vec<String>,
    /// What a backup of the phone itself would have, and this has not.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// What binds an archive to a phone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneIds {
    /// Name of the chip.
    pub chip: String,
    /// Code the chip gives of itself, as `0x6572`.
    pub hw_code: String,
    /// `emmc`, `nand`.
    pub storage: String,
    /// The storage's CID, hex.
    pub cid: String,
    /// The chip's own id, hex, where it gives one.
    #[serde(default)]
    pub soc_id: Option<String>,
    /// A number the chip itself told the agent, hex. Whether it is this chip's alone is not known, so it binds nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random_id: Option<String>,
    /// Bytes between the linear addresses of scatter and PMT and those of the user area.
    #[serde(default)]
    pub linear_prefix: u64,
    /// Every partition, kept or not.
    #[serde(default)]
    pub layout: Vec<Partition>,
}

/// A partition of the phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// Its name.
    pub name: String,
    /// First byte, in the user area.
    pub start: u64,
    /// Bytes.
    pub len: u64,
}

/// A run of bytes, relative to its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// First byte.
    pub at: u64,
    /// Bytes.
    pub len: u64,
}

/// A run of bytes that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// First byte.
    pub at: u64,
    /// Bytes.
    pub len: u64,
    /// Why it was left out.
    pub reason: String,
}

/// A partition, of which the kept ranges are archived one after the other as one blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// The partition's name.
    pub name: String,
    /// The entry that holds the blob: `regions/….img`.
    pub file: String,
    /// First byte of the partition in the user area.
    pub start: u64,
    /// Bytes of the whole partition.
    pub len: u64,
    /// What is kept: ascending, not overlapping.
    pub kept: Vec<Range>,
    /// What is not: ascending, apart from `kept`.
    #[serde(default)]
    pub not_kept: Vec<Gap>,
    /// Digest of the blob.
    pub sha256: String,
}

/// A decoded NV file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Path within its layer.
    pub path: String,
    /// The layer it comes from (`live`, `binregion`, …).
    pub layer: String,
    /// Bytes.
    pub size: u64,
    /// Digest of its content.
    pub sha256: String,
}

impl Manifest {
    /// Returns a manifest that keeps nothing yet.
    #[must_use]
    pub fn new(tool: &str, created: &str, engine: &str, phone: PhoneIds) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            tool: tool.to_owned(),
            created: created.to_owned(),
            note: String::new(),
            phone,
            engine: engine.to_owned(),
            agent: None,
            nand: None,
            full: false,
            warnings: Vec::new(),
            redacted: false,
            imported: None,
            regions: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Reads `manifest.json`; the schema first, so that a later one is named and not called damaged.
    pub(super) fn parse(json: &[u8]) -> Result<Self, VaultError> {
        #[derive(Deserialize)]
        struct SchemaOnly {
            schema: String,
        }
        let wrong = |e: serde_json::Error| VaultError::manifest("json", e.to_string());
        let SchemaOnly { schema } = serde_json::from_slice(json).map_err(wrong)?;
        if schema != SCHEMA {
            let number = schema.strip_prefix("nvkeep-archive/").and_then(|n| n.parse::<u32>().ok());
            return Err(match number {
                Some(2..) => VaultError::NewerSchema { found: schema },
                _ => VaultError::NotAnArchive { reason: format!("its schema is {schema:?}") },
            });
        }
        let manifest: Self = serde_json::from_slice(json).map_err(wrong)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Refuses what does not add up: names, ranges, digests, totals.
    pub(super) fn check(&self) -> Result<(), VaultError> {
        let mut entries = BTreeSet::new();
        let mut region_names = BTreeSet::new();
        let mut total = 0_u64;
        for region in &self.regions {
            total = total.saturating_add(region.check()?);
            if !region_names.insert(&region.name) || !entries.insert(region.file.clone()) {
                return Err(VaultError::Duplicate { entry: region.file.clone() });
            }
        }
        if total > MAX_REGIONS {
            return Err(VaultError::TooLarge { entry: "all regions".into(), limit: MAX_REGIONS });
        }
        for file in &self.files {
            let entry = file.check()?;
            if !entries.insert(entry.clone()) {
                return Err(VaultError::Duplicate { entry });
            }
        }
        if entries.len() > MAX_ENTRIES - 2 {
            return Err(VaultError::TooLarge {
                entry: "number of entries".into(),
                limit: MAX_ENTRIES as u64,
            });
        }
        Ok(())
    }
}

impl Region {
    /// Returns how many bytes the blob has, or `None` where the kept ranges overflow.
    #[must_use]
    pub fn blob_len(&self) -> Option<u64> {
        self.kept.iter().try_fold(0_u64, |sum, range| sum.checked_add(range.len))
    }

    fn check(&self) -> Result<u64, VaultError> {
        let wrong = |reason: &str| VaultError::manifest(format!("region {:?}", self.name), reason);
        names::check(&self.file)?;
        if !self.file.starts_with(REGIONS) {
            return Err(wrong("its file is not under regions/"));
        }
        if self.start.checked_add(self.len).is_none() {
            return Err(wrong("it ends beyond all addresses"));
        }
        if !is_digest(&self.sha256) {
            return Err(wrong("its digest is not 64 lower-case hex digits"));
        }
        ascending(self.kept.iter().map(|r| (r.at, r.len)), self.len)
            .map_err(|r| wrong(&format!("kept {r}")))?;
        ascending(self.not_kept.iter().map(|g| (g.at, g.len)), self.len)
            .map_err(|r| wrong(&format!("not kept {r}")))?;
        let mut both: Vec<(u64, u64)> = self.kept.iter().map(|r| (r.at, r.len)).collect();
        both.extend(self.not_kept.iter().map(|g| (g.at, g.len)));
        both.sort_unstable();
        ascending(both.into_iter(), self.len).map_err(|_| wrong("a range is both kept and not kept"))?;
        self.blob_len().ok_or_else(|| wrong("the kept ranges overflow"))
    }
}

impl FileEntry {
    /// Returns the entry that holds the file.
    #[must_use]
    pub fn entry(&self) -> String {
        format!("{FILES}{}/{}", self.layer, self.path)
    }

    fn check(&self) -> Result<String, VaultError> {
        let entry = self.entry();
        names::check(&entry)?;
        if self.layer.contains('/') {
            return Err(VaultError::manifest(entry, "its layer has a slash"));
        }
        if !is_digest(&self.sha256) {
            return Err(VaultError::manifest(entry, "its digest is not 64 lower-case hex digits"));
        }
        if self.size > MAX_FILE {
            return Err(VaultError::TooLarge { entry, limit: MAX_FILE });
        }
        Ok(entry)
    }
}

/// Refuses ranges that are empty, out of order, overlapping, or beyond `end`.
fn ascending(ranges: impl Iterator<Item = (u64, u64)>, end: u64) -> Result<(), String> {
    let mut free = 0;
    for (index, (at, len)) in ranges.enumerate() {
        let stop = at.checked_add(len).filter(|stop| *stop <= end);
        match stop {
            Some(stop) if len > 0 && at >= free => free = stop,
            Some(_) => return Err(format!("range {index} at {at}: empty, out of order or overlapping")),
            None => return Err(format!("range {index} at {at}: ends beyond the region")),
        }
    }
    Ok(())
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
