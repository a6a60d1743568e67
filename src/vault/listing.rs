//! The archives of a folder with what each says of itself. No index: the files are the truth.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::VaultError;
use super::manifest::Manifest;
use super::reader::Archive;

/// A `.nvk` file, and its manifest or why it has none.
#[derive(Debug)]
pub struct Listed {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub manifest: Result<Manifest, VaultError>,
}

/// Returns the `.nvk` files of `dir`, by name.
///
/// # Errors
/// [`VaultError::Io`] where the folder cannot be read; a bad archive is an entry, not an error.
pub fn list(dir: &Path) -> Result<Vec<Listed>, VaultError> {
    let failed = |e| VaultError::io(dir, e);
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|ext| ext == "nvk") && path.is_file() {
            let manifest = Archive::open(&path).map(|archive| archive.manifest().clone());
            found.push(Listed { path, manifest });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
