//! Plain images and files out of an archive. The folder appears whole or not at all; nothing is written outside it, no
//! link is followed, and bytes that were not archived are zeros that a page beside the image names.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::VaultError;
use super::manifest::Region;
use super::names::{FILES, REGIONS};
use super::reader::Archive;
use super::whole::sync_folder_of;

/// Largest partition an image is made of: 16 TiB, beyond any card.
const MAX_IMAGE: u64 = 1 << 44;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The folder.
    pub folder: PathBuf,
    /// Its images, by name below the folder, and whether each is whole.
    pub images: Vec<(String, bool)>,
    /// How many NV files.
    pub files: usize,
}

/// Writes `NAME.img` and `NAME.ranges.json` for every region, and the NV files below `files/LAYER`.
///
/// # Errors
/// [`VaultError::Exists`] where `folder` is there and not an empty folder, [`VaultError::Busy`] where `folder.part` is,
/// and what reading the archive gives; then nothing is left behind.
pub fn export<R: Read + Seek>(archive: &mut Archive<R>, folder: &Path) -> Result<Exported, VaultError> {
    let target = std::path::absolute(folder).map_err(|e| VaultError::io(folder, e))?;
    refuse_unless_free(&target)?;
    let part = part_of(&target)?;
    let mut exported = Exported { folder: folder.to_path_buf(), images: Vec::new(), files: 0 };
    let manifest = archive.manifest().clone();
    for region in &manifest.regions {
        let blob = archive.region(&region.name)?;
        let below = region.file.strip_prefix(REGIONS).unwrap_or(&region.file);
        let name = below.strip_suffix(".img").unwrap_or(below);
        image(part.path(), name, region, &blob)?;
        let whole = blob.len() as u64 == region.len;
        exported.images.push((format!("{name}.img"), whole));
    }
    for file in &manifest.files {
        let bytes = archive.file(&file.layer, &file.path)?;
        let path = part.path().join(format!("{FILES}{}/{}", file.layer, file.path));
        finish(&path, create(&path)?, |out| out.write_all(&bytes))?;
        exported.files += 1;
    }
    // On the same file system and over nothing or an empty folder: the name is given at once, or not at all.
    fs::rename(part.path(), &target).map_err(|e| VaultError::io(&target, e))?;
    let _ = part.keep();
    sync_folder_of(&target)?;
    Ok(exported)
}

/// A link is not free, wherever it leads.
fn refuse_unless_free(target: &Path) -> Result<(), VaultError> {
    let exists = || VaultError::Exists { path: target.to_path_buf() };
    match target.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(VaultError::io(target, error)),
        Ok(found) if found.is_dir() => {
            let mut inside = fs::read_dir(target).map_err(|e| VaultError::io(target, e))?;
            if inside.next().is_some() { Err(exists()) } else { Ok(()) }
        }
        Ok(_) => Err(exists()),
    }
}

/// Makes `TARGET.part`, for the owner alone; it goes with everything in it unless it is kept.
fn part_of(target: &Path) -> Result<tempfile::TempDir, VaultError> {
    let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(VaultError::Exists { path: target.to_path_buf() });
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(name).suffix(".part").rand_bytes(0);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent).map_err(|error| {
        let mut part = name.to_os_string();
        part.push(".part");
        match VaultError::io(&parent.join(part), error) {
            VaultError::Exists { path } => VaultError::Busy { path },
            other => other,
        }
    })
}

/// Writes one region where its bytes lay, and the page that says which they are.
fn image(folder: &Path, name: &str, region: &Region, blob: &[u8]) -> Result<(), VaultError> {
    if region.len > MAX_IMAGE {
        return Err(VaultError::TooLarge { entry: region.file.clone(), limit: MAX_IMAGE });
    }
    let path = folder.join(format!("{name}.img"));
    finish(&path, create(&path)?, |out| {
        out.set_len(region.len)?;
        let mut rest = blob;
        for range in &region.kept {
            let take = usize::try_from(range.len).unwrap_or(usize::MAX).min(rest.len());
            let (bytes, more) = rest.split_at(take);
            out.seek(SeekFrom::Start(range.at))?;
            out.write_all(bytes)?;
            rest = more;
        }
        Ok(())
    })?;
    let path = folder.join(format!("{name}.ranges.json"));
    let page = serde_json::to_vec_pretty(region)
        .map_err(|error| VaultError::manifest(region.name.clone(), error.to_string()))?;
    finish(&path, create(&path)?, |out| out.write_all(&page))
}

/// Creates a file that is not there yet, and the folders to it. The names were checked when the archive was opened; two
/// that fall together are an error, never an overwriting.
fn create(path: &Path) -> Result<File, VaultError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|e| VaultError::io(parent, e))?;
    }
    OpenOptions::new().write(true).create_new(true).open(path).map_err(|e| VaultError::io(path, e))
}

fn finish(
    path: &Path,
    mut file: File,
    write: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), VaultError> {
    write(&mut file).and_then(|()| file.sync_all()).map_err(|e| VaultError::io(path, e))
}
