//! An archive given back as plain images and files. The archive is checked whole before the first byte is written.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Context, Exit, Failure};
use crate::vault::{self, VaultError};

/// What `vault export` answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExportResult {
    /// The folder.
    pub folder: PathBuf,
    /// Images in it.
    pub images: Vec<Image>,
    /// NV files in it.
    pub files: usize,
}

/// An image of a partition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Image {
    /// Its name in the folder.
    pub file: String,
    /// Whether every byte of the partition is in it. What is not is zero, and named in the page beside it.
    pub whole: bool,
}

/// Exports an archive into a folder that does not exist, or is empty.
///
/// # Errors
/// Exit code 10 for a bad archive, 2 for a folder that is not free; nothing is left behind.
pub fn export(context: &Context<'_>, archive: &Path, folder: &Path) -> Result<ExportResult, Failure> {
    let mut opened = context.choices.keyring.open(archive)?;
    if let Some(failure) = opened.verify().failures.into_iter().next() {
        return Err(failure.error.into());
    }
    context.go_on()?;
    let exported = vault::export(&mut opened, folder).map_err(|error| match error {
        VaultError::Exists { .. } => Failure::new(Exit::Usage, error.code(), error.to_string())
            .advise("Name a new or an empty folder."),
        other => other.into(),
    })?;
    let images = exported.images.into_iter().map(|(file, whole)| Image { file, whole }).collect();
    Ok(ExportResult { folder: exported.folder, images, files: exported.files })
}
