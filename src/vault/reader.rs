//! Opens an archive somebody else may have made. Nothing is unpacked to disk, and nothing grows beyond the limits.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::digest::{Digesting, sha256_hex};
use super::error::VaultError;
use super::limits::{MAX_ENTRIES, MAX_MANIFEST, MAX_REPORT, MAX_TOTAL};
use super::manifest::{Manifest, Region};
use super::names::{self, MANIFEST, REPORT};
use super::tail;

/// An archive whose directory and manifest have been checked; its blobs are checked as they are asked for.
#[derive(Debug)]
pub struct Archive<R: Read + Seek = BufReader<File>> {
    zip: ZipArchive<R>,
    manifest: Manifest,
}

/// An entry that failed.
#[derive(Debug)]
pub struct EntryFailure {
    /// Its name.
    pub entry: String,
    /// Why.
    pub error: VaultError,
}

/// What came of looking at every entry.
#[derive(Debug, Default)]
pub struct VerifyReport {
    /// Entries looked at.
    pub checked: usize,
    /// Those that failed.
    pub failures: Vec<EntryFailure>,
}

impl VerifyReport {
    /// Tells whether every entry is as it was archived.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.failures.is_empty()
    }
}

impl Archive {
    /// Opens a file that is not sealed; [`super::sealed::open`] opens any.
    ///
    /// # Errors
    /// [`VaultError::Io`], [`VaultError::Sealed`], or what [`Archive::from_reader`] refuses.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        if super::sealed::is_sealed(path)? {
            // Without a key it is refused, whatever else is wrong with it.
            super::sealed::unseal(path, &super::keys::Keys::default())?;
        }
        let file = File::open(path).map_err(|e| VaultError::io(path, e))?;
        Self::from_reader(BufReader::new(file))
    }
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the directory and the manifest, and checks that each names exactly what the other does.
    ///
    /// # Errors
    /// [`VaultError::NotAnArchive`], [`VaultError::Truncated`], [`VaultError::NewerSchema`], and the others for what they name.
    pub fn from_reader(mut reader: R) -> Result<Self, VaultError> {
        tail::check(&mut reader)?;
        let mut zip = ZipArchive::new(reader).map_err(|e| match e {
            ZipError::Io(source) if is_trouble(&source) => VaultError::Io { path: "archive".into(), source },
            _ => VaultError::Truncated,
        })?;
        let present = directory(&mut zip)?;
        if !present.contains(MANIFEST) {
            return Err(VaultError::NotAnArchive { reason: "it is a zip without manifest.json".into() });
        }
        let manifest = Manifest::parse(&unpack(&mut zip, MANIFEST, None, MAX_MANIFEST)?)?;
        let mut named: BTreeSet<String> = [MANIFEST.to_owned(), REPORT.to_owned()].into();
        named.extend(manifest.regions.iter().map(|region| region.file.clone()));
        named.extend(manifest.files.iter().map(super::manifest::FileEntry::entry));
        if let Some(entry) = named.difference(&present).next() {
            return Err(VaultError::Missing { entry: entry.clone() });
        }
        if let Some(entry) = present.difference(&named).next() {
            return Err(VaultError::Unlisted { entry: entry.clone() });
        }
        Ok(Self { zip, manifest })
    }

    /// Returns what the archive says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns a region's blob: its kept ranges, one after the other, digest checked.
    ///
    /// # Errors
    /// [`VaultError::Missing`], [`VaultError::Damaged`], [`VaultError::Digest`].
    pub fn region(&mut self, name: &str) -> Result<Vec<u8>, VaultError> {
        let found = self.manifest.regions.iter().find(|region| region.name == name);
        let region: Region = found.ok_or_else(|| VaultError::Missing { entry: name.into() })?.clone();
        let len = region.blob_len().unwrap_or(u64::MAX);
        self.checked(&region.file, len, &region.sha256)
    }

    /// Returns a decoded NV file, digest checked.
    ///
    /// # Errors
    /// As [`Archive::region`].
    pub fn file(&mut self, layer: &str, path: &str) -> Result<Vec<u8>, VaultError> {
        let found = self.manifest.files.iter().find(|file| file.layer == layer && file.path == path);
        let file = found.ok_or_else(|| VaultError::Missing { entry: format!("{layer}/{path}") })?.clone();
        self.checked(&file.entry(), file.size, &file.sha256)
    }

    /// Returns the text a person reads.
    ///
    /// # Errors
    /// [`VaultError::Damaged`], [`VaultError::TooLarge`].
    pub fn report(&mut self) -> Result<String, VaultError> {
        let bytes = unpack(&mut self.zip, REPORT, None, MAX_REPORT)?;
        String::from_utf8(bytes)
            .map_err(|_| VaultError::Damaged { entry: REPORT.into(), reason: "is not UTF-8".into() })
    }

    /// Looks at every entry and says which failed.
    pub fn verify(&mut self) -> VerifyReport {
        let mut report = VerifyReport { checked: 1, failures: Vec::new() }; // the manifest, when it was opened
        let mut note = |entry: String, result: Result<(), VaultError>| {
            report.checked += 1;
            if let Err(error) = result {
                report.failures.push(EntryFailure { entry, error });
            }
        };
        note(REPORT.into(), self.report().map(drop));
        for region in self.manifest.regions.clone() {
            let len = region.blob_len().unwrap_or(u64::MAX);
            let checked = self.look_at(&region.file, len, &region.sha256);
            note(region.file, checked);
        }
        for file in self.manifest.files.clone() {
            note(file.entry(), self.look_at(&file.entry(), file.size, &file.sha256));
        }
        report
    }

    fn checked(&mut self, entry: &str, len: u64, sha256: &str) -> Result<Vec<u8>, VaultError> {
        let bytes = unpack(&mut self.zip, entry, Some(len), len)?;
        if sha256_hex(&bytes) == sha256 { Ok(bytes) } else { Err(VaultError::Digest { entry: entry.into() }) }
    }

    /// Unpacks an entry whole, checks its digest, and keeps nothing of it.
    fn look_at(&mut self, entry: &str, len: u64, sha256: &str) -> Result<(), VaultError> {
        let mut seen = Digesting::new(io::sink());
        pour(&mut self.zip, entry, Some(len), len, &mut seen)?;
        if seen.finish().1 == sha256 { Ok(()) } else { Err(VaultError::Digest { entry: entry.into() }) }
    }
}

/// Returns the entries' names, none of which plays a trick or promises too much.
fn directory<R: Read + Seek>(zip: &mut ZipArchive<R>) -> Result<BTreeSet<String>, VaultError> {
    if zip.len() > MAX_ENTRIES {
        return Err(VaultError::TooLarge { entry: "number of entries".into(), limit: MAX_ENTRIES as u64 });
    }
    let mut present = BTreeSet::new();
    let mut total = 0_u64;
    for index in 0..zip.len() {
        let damaged = |e: ZipError| damaged(&format!("number {index}"), &e.to_string());
        let entry = zip.by_index_raw(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        names::check(&name)?;
        if entry.is_symlink() || !entry.is_file() {
            return Err(VaultError::Name { entry: name, reason: "is a link or a folder" });
        }
        total = total.saturating_add(entry.size());
        if total > MAX_TOTAL {
            return Err(VaultError::TooLarge { entry: name, limit: MAX_TOTAL });
        }
        if !present.insert(name.clone()) {
            return Err(VaultError::Duplicate { entry: name });
        }
    }
    // The library keeps one entry of each name, so a second one shows only in its count.
    if zip.has_duplicate_names() {
        return Err(VaultError::Duplicate { entry: "one of the names".into() });
    }
    Ok(present)
}

/// Unpacks one entry: never more than `limit` bytes, and exactly `len` where that is known.
fn unpack<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    name: &str,
    len: Option<u64>,
    limit: u64,
) -> Result<Vec<u8>, VaultError> {
    let mut bytes = Vec::new();
    pour(zip, name, len, limit, &mut bytes)?;
    Ok(bytes)
}

/// Unpacks one entry as [`unpack`] does, into something that takes everything.
fn pour<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    name: &str,
    len: Option<u64>,
    limit: u64,
    into: &mut impl Write,
) -> Result<(), VaultError> {
    let entry = zip.by_name(name).map_err(|e| damaged(name, &e.to_string()))?;
    let declared = entry.size();
    if len.is_some_and(|len| len != declared) {
        return Err(damaged(name, "its size is not the one in the manifest"));
    }
    if declared > limit {
        return Err(VaultError::TooLarge { entry: name.into(), limit });
    }
    // One byte more than declared, to notice a header that lies.
    let unpacked = io::copy(&mut entry.take(declared.saturating_add(1)), into).map_err(|source| {
        if is_trouble(&source) {
            VaultError::Io { path: name.into(), source }
        } else {
            damaged(name, &source.to_string())
        }
    })?;
    if unpacked != declared {
        return Err(damaged(name, "it does not unpack to the size it declares"));
    }
    Ok(())
}

/// Returns the error for an entry that cannot be packed or unpacked.
pub(super) fn damaged(entry: &str, reason: &str) -> VaultError {
    VaultError::Damaged { entry: entry.into(), reason: reason.into() }
}

/// Tells trouble with the disk from trouble with the bytes.
fn is_trouble(error: &io::Error) -> bool {
    error.raw_os_error().is_some()
}
