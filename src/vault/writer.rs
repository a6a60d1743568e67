//! Makes an archive: collected as a draft, written as `.part`, read back, and only then given its name.

use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::digest::{Digesting, sha256_hex, sha256_of_file};
use super::error::VaultError;
use super::keys::{Keys, Lock};
use super::limits::{MAX_MANIFEST, MAX_REPORT, MAX_TOTAL};
use super::manifest::{FileEntry, Gap, Manifest, Range, Region};
use super::names::{MANIFEST, REGIONS, REPORT};
use super::onward::{Onward, Trouble};
use super::reader::{Archive, damaged};
use super::sealed::Sealed;
use super::whole::{Existing, Part};

/// An archive that is not a file yet.
#[derive(Debug, Clone)]
pub struct Draft {
    manifest: Manifest,
    blobs: Vec<(String, Vec<u8>)>,
    report: String,
}

/// An archive that is on the disk, whole and read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Where it is.
    pub path: PathBuf,
    /// Bytes of the file.
    pub len: u64,
    /// Digest of the whole file.
    pub sha256: String,
}

impl Draft {
    /// Starts an archive; regions and files the manifest names are forgotten, for their bytes are not here.
    #[must_use]
    pub fn new(mut manifest: Manifest) -> Self {
        manifest.regions.clear();
        manifest.files.clear();
        Self { manifest, blobs: Vec::new(), report: String::new() }
    }

    /// Adds a partition of `len` bytes at `start` of the user area: `blob` is its `kept` ranges, concatenated.
    ///
    /// # Errors
    /// [`VaultError::Manifest`] where the ranges do not add up to the blob; [`VaultError::Duplicate`], [`VaultError::Name`].
    pub fn add_region(
        &mut self,
        name: &str,
        (start, len): (u64, u64),
        kept: Vec<Range>,
        not_kept: Vec<Gap>,
        blob: Vec<u8>,
    ) -> Result<(), VaultError> {
        let file = format!("{REGIONS}{name}.img");
        let sha256 = sha256_hex(&blob);
        let region = Region { name: name.into(), file: file.clone(), start, len, kept, not_kept, sha256 };
        if region.blob_len() != Some(blob.len() as u64) {
            return Err(VaultError::manifest(
                format!("region {name:?}"),
                "kept ranges and blob differ in length",
            ));
        }
        self.manifest.regions.push(region);
        if let Err(error) = self.manifest.check() {
            self.manifest.regions.pop();
            return Err(error);
        }
        self.blobs.push((file, blob));
        Ok(())
    }

    /// Adds a decoded NV file of a layer.
    ///
    /// # Errors
    /// [`VaultError::Name`] for a path that could leave the archive; [`VaultError::TooLarge`], [`VaultError::Duplicate`].
    pub fn add_file(&mut self, layer: &str, path: &str, bytes: Vec<u8>) -> Result<(), VaultError> {
        let (size, sha256) = (bytes.len() as u64, sha256_hex(&bytes));
        let file = FileEntry { path: path.into(), layer: layer.into(), size, sha256 };
        let entry = file.entry();
        self.manifest.files.push(file);
        if let Err(error) = self.manifest.check() {
            self.manifest.files.pop();
            return Err(error);
        }
        self.blobs.push((entry, bytes));
        Ok(())
    }

    /// Adds to what the user was warned of.
    pub fn warn(&mut self, warning: &str) {
        self.manifest.warnings.push(warning.into());
    }

    /// Sets the text a person reads, `report.txt`.
    pub fn set_report(&mut self, text: &str) {
        text.clone_into(&mut self.report);
    }

    /// Returns what the archive will say of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Writes the archive to `target`, reads it back, and returns its digest.
    ///
    /// # Errors
    /// [`VaultError::Exists`], [`VaultError::DiskFull`], [`VaultError::ReadBack`]… After any of them no `.part` of this
    /// run is left, and `target` is as it was, unless it was replaced and its folder could not be synced after the rename.
    pub fn save(&self, target: &Path, existing: Existing) -> Result<Saved, VaultError> {
        self.save_through(target, existing, |file| file)
    }

    /// As [`Draft::save`], through a writer that may fail: a test's full disk, or a progress counter.
    ///
    /// # Errors
    /// As [`Draft::save`].
    pub fn save_through<W: Write>(
        &self,
        target: &Path,
        existing: Existing,
        through: impl FnOnce(File) -> W,
    ) -> Result<Saved, VaultError> {
        let json = self.json()?;
        let (part, file) = Part::create(target, existing)?;
        let sink = self.compose_into(&json, Digesting::new(through(file)), target)?;
        let (len, sha256) = sink.finish();
        let archive = Archive::open(part.path());
        self.read_back(archive)?;
        if sha256_of_file(part.path())? != sha256 {
            return Err(VaultError::ReadBack { reason: "the file has another digest".into() });
        }
        part.publish(existing)?;
        Ok(Saved { path: target.to_path_buf(), len, sha256 })
    }

    /// Seals the archive into `target` as [`super::sealed::seal`] does: it is never on the disk as it is. What is sealed was
    /// read back before as what was meant; `keys` are to open it again where one of them can.
    ///
    /// # Errors
    /// As [`Draft::save`] and [`super::sealed::seal`].
    pub fn save_sealed(
        &self,
        target: &Path,
        existing: Existing,
        lock: &Lock,
        keys: &Keys,
    ) -> Result<Sealed, VaultError> {
        let bytes = self.compose()?;
        self.read_back(Archive::from_reader(Cursor::new(bytes.as_slice())))?;
        super::sealed::seal(&bytes, target, existing, lock, keys)
    }

    /// Returns the zip. The same draft gives the same bytes: entries carry no time of their own.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`] for a manifest or report beyond the limits.
    pub fn compose(&self) -> Result<Vec<u8>, VaultError> {
        self.compose_into(&self.json()?, Vec::new(), Path::new(MANIFEST))
    }

    /// Writes the zip from its first byte to its last, and no more of it is in memory than an entry. `target` is its name in
    /// errors.
    fn compose_into<W: Write>(&self, json: &[u8], below: W, target: &Path) -> Result<W, VaultError> {
        let trouble = Trouble::default();
        let mut zip = ZipWriter::new(Onward::new(below, &trouble));
        zip.set_flush_on_finish_file(true);
        let small = [(MANIFEST, json), (REPORT, self.report.as_bytes())];
        let blobs = self.blobs.iter().map(|(entry, bytes)| (entry.as_str(), bytes.as_slice()));
        for (entry, bytes) in small.into_iter().chain(blobs) {
            put(&mut zip, entry, bytes)?;
            trouble.check().map_err(|e| VaultError::io(target, e))?;
        }
        let rest = zip.finish().map_err(|e| damaged(MANIFEST, &e.to_string()))?;
        rest.finish().map_err(|e| VaultError::io(target, e))
    }

    /// Returns the manifest as it is written, when everything is within the limits.
    fn json(&self) -> Result<Vec<u8>, VaultError> {
        let json = serde_json::to_vec_pretty(&self.manifest)
            .map_err(|e| VaultError::manifest("json", e.to_string()))?;
        for (entry, len, limit) in
            [(MANIFEST, json.len() as u64, MAX_MANIFEST), (REPORT, self.report.len() as u64, MAX_REPORT)]
        {
            if len > limit {
                return Err(VaultError::TooLarge { entry: entry.into(), limit });
            }
        }
        let total = self.blobs.iter().fold(0, |sum: u64, (_, bytes)| sum.saturating_add(bytes.len() as u64));
        if total > MAX_TOTAL - MAX_MANIFEST - MAX_REPORT {
            return Err(VaultError::TooLarge { entry: "all entries".into(), limit: MAX_TOTAL });
        }
        Ok(json)
    }

    /// Returns every entry as it is before it is packed: name and bytes.
    ///
    /// # Errors
    /// [`VaultError::Manifest`] when the manifest cannot be written as JSON.
    pub fn entries(&self) -> Result<Vec<(String, Vec<u8>)>, VaultError> {
        let json = serde_json::to_vec_pretty(&self.manifest)
            .map_err(|e| VaultError::manifest("json", e.to_string()))?;
        let mut entries =
            vec![(MANIFEST.to_owned(), json), (REPORT.to_owned(), self.report.clone().into_bytes())];
        entries.extend(self.blobs.iter().cloned());
        Ok(entries)
    }

    fn read_back<R: Read + Seek>(&self, opened: Result<Archive<R>, VaultError>) -> Result<(), VaultError> {
        let differs = |reason: String| VaultError::ReadBack { reason };
        let mut archive = opened.map_err(|e| differs(e.to_string()))?;
        if *archive.manifest() != self.manifest {
            return Err(differs("the manifest differs".into()));
        }
        if archive.report().map_err(|e| differs(e.to_string()))? != self.report {
            return Err(differs("the report differs".into()));
        }
        match archive.verify().failures.first() {
            Some(failure) => Err(differs(failure.error.to_string())),
            None => Ok(()),
        }
    }
}

fn put<W: Write + Seek>(zip: &mut ZipWriter<W>, entry: &str, bytes: &[u8]) -> Result<(), VaultError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    zip.start_file(entry, options).map_err(|e| damaged(entry, &e.to_string()))?;
    zip.write_all(bytes).map_err(|e| damaged(entry, &e.to_string()))
}
