//! The archives of a folder with what each says of itself. No index: the files are the truth.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::VaultError;
use super::manifest::Manifest;
use super::reader::Archive;

/// An archive, and its manifest or why it has none.
#[derive(Debug)]
pub struct Listed {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub manifest: Result<Manifest, VaultError>,
}

/// Returns the `.nvk` and `.nvk.age` files of `dir`, by name.
///
/// # Errors
/// [`VaultError::Io`] where the folder cannot be read; a bad archive is an entry, not an error, and so is a sealed one.
pub fn list(dir: &Path) -> Result<Vec<Listed>, VaultError> {
    let failed = |e| VaultError::io(dir, e);
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if is_named_so(&path) && path.is_file() {
            let manifest = Archive::open(&path).map(|archive| archive.manifest().clone());
            found.push(Listed { path, manifest });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn is_named_so(path: &Path) -> bool {
    let has = |name: &Path, wanted: &str| name.extension().is_some_and(|extension| extension == wanted);
    let inner = if has(path, "age") { path.file_stem().map(Path::new) } else { Some(path) };
    inner.is_some_and(|inner| has(inner, "nvk"))
}
