//! Files that appear whole or not at all: built as `NAME.part` beside the target, synced, then renamed. And folders that
//! last.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::error::VaultError;

/// What to do with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Leave it and fail.
    Refuse,
    /// Put the new one in its place, once that is whole.
    Replace,
}

/// A `.part` of ours. Dropped before [`Part::publish`], it is removed.
pub(super) struct Part {
    path: TempPath,
    target: PathBuf,
}

impl Part {
    /// Creates `TARGET.part`, for the owner's eyes only where the system knows such a thing.
    pub(super) fn create(target: &Path, existing: Existing) -> Result<(Self, File), VaultError> {
        if existing == Existing::Refuse && target.symlink_metadata().is_ok() {
            return Err(VaultError::Exists { path: target.to_path_buf() });
        }
        let mut name = target.file_name().map(OsString::from).unwrap_or_default();
        name.push(".part");
        // Made absolute, since the guard must find it again whatever becomes of the working directory.
        let path = std::path::absolute(target.with_file_name(name)).map_err(|e| VaultError::io(target, e))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|e| match VaultError::io(&path, e) {
            VaultError::Exists { path } => VaultError::Busy { path },
            other => other,
        })?;
        let path = TempPath::try_from_path(&path).map_err(|e| VaultError::io(&path, e))?;
        Ok((Self { path, target: target.to_path_buf() }, file))
    }

    /// Returns where the unfinished file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs the file, gives it its name, and syncs the folder. A name that may not last is taken back where it replaced
    /// nothing.
    pub(super) fn publish(self, existing: Existing) -> Result<(), VaultError> {
        let failed = |e| VaultError::io(&self.target, e);
        OpenOptions::new().write(true).open(&self.path).and_then(|file| file.sync_all()).map_err(failed)?;
        match existing {
            Existing::Refuse => self.path.persist_noclobber(&self.target),
            Existing::Replace => self.path.persist(&self.target),
        }
        .map_err(|e| VaultError::io(&self.target, e.error))?;
        sync_folder_of(&self.target).inspect_err(|_| {
            if existing == Existing::Refuse {
                let _ = fs::remove_file(&self.target);
            }
        })
    }
}

/// Makes a folder and the folders to it, on the disk for certain when this returns: a journal in a folder whose own name was
/// lost would be lost with it.
///
/// # Errors
/// [`VaultError::DiskFull`], [`VaultError::Io`], with the folder that could not be made.
pub fn make_folder(folder: &Path) -> Result<(), VaultError> {
    let whole = std::path::absolute(folder).map_err(|e| VaultError::io(folder, e))?;
    let mut missing: Vec<&Path> = whole.ancestors().take_while(|folder| !folder.is_dir()).collect();
    while let Some(folder) = missing.pop() {
        match fs::create_dir(folder) {
            // Another run made it first.
            Err(_) if folder.is_dir() => {}
            made => made.map_err(|e| VaultError::io(folder, e))?,
        }
        sync_folder_of(folder)?;
    }
    Ok(())
}

/// Makes a new or changed name in the folder of `path` last.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), VaultError> {
    if cfg!(unix) {
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        match File::open(folder).and_then(|file| file.sync_all()) {
            // Some network and foreign file systems know no syncing of folders; there is nothing left to wait for.
            Err(e) if matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {}
            synced => synced.map_err(|e| VaultError::io(folder, e))?,
        }
    }
    Ok(())
}
