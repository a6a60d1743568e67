//! ext4 volumes of a flash as trees of files: read whole, changed in memory, written back where they differ. A dirty
//! journal is replayed first, as a kernel does. Knows paths and bytes, not what they mean.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use fs_ext4::block_io::BlockDevice;
use fs_ext4::dir::DirEntryType;
use fs_ext4::error::{Error, Result};
use fs_ext4::fs::Filesystem;
use thiserror::Error as ThisError;

use super::flash::{Area, Flash};

/// Most files, most bytes of one, and most folders above one, in a tree.
const FILES_MOST: usize = 8192;
const BYTES_MOST: u64 = 16 << 20;
const DEPTH_MOST: usize = 8;
/// Owner and group of NVRAM files (ap-nvram.md 2.5), and of everything else.
const NVRAM: u32 = 9997;
const SYSTEM: u32 = 1000;

/// The file system library refused.
#[derive(Debug, ThisError)]
#[error("ext4: {path}: {what}")]
pub struct VolumeError {
    /// The file.
    pub path: String,
    /// What the library said.
    pub what: String,
}

/// Where a volume is in the user area, bytes.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// First byte.
    pub at: u64,
    /// Bytes.
    pub len: u64,
}

/// Files and folders below a root, names without a slash in front.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// Files.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Folders.
    pub folders: BTreeSet<String>,
}

/// Who owns what is created, and how it is labelled.
#[derive(Debug, Clone, Copy, Default)]
pub struct Custom {
    /// Value of `security.selinux`, if files carry one.
    pub label: Option<&'static str>,
}

/// Reads the tree below `root` (`""` is the volume's root). Returns nothing when the volume does not mount.
///
/// # Errors
/// [`VolumeError`] when it mounts, but cannot be read.
pub fn read_tree(
    flash: &mut Flash,
    place: Place,
    root: &str,
) -> std::result::Result<Option<Tree>, VolumeError> {
    with_volume(flash, place, |fs| {
        let mut tree = Tree::default();
        let mut waiting = vec![(String::new(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            let path = joined(root, &folder);
            let Ok(number) = fs.lookup_path_bytes(path.as_bytes()) else { continue };
            for entry in fs.read_dir_ino(number).map_err(refused(&path))? {
                let Ok(name) = std::str::from_utf8(&entry.name) else { continue };
                if name == "." || name == ".." || tree.files.len() + tree.folders.len() >= FILES_MOST {
                    continue;
                }
                let name = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
                match entry.file_type {
                    DirEntryType::Directory if depth < DEPTH_MOST => {
                        tree.folders.insert(name.clone());
                        waiting.push((name, depth + 1));
                    }
                    DirEntryType::RegFile => {
                        let bytes = read_file(fs, entry.inode).map_err(refused(&name))?;
                        tree.files.insert(name, bytes);
                    }
                    _ => {}
                }
            }
        }
        Ok(tree)
    })
}

/// Makes the tree below `root` what `after` says, touching only what differs from `before`.
///
/// # Errors
/// [`VolumeError`] when the volume does not mount, or the library refuses.
pub fn write_tree(
    flash: &mut Flash,
    place: Place,
    root: &str,
    before: &Tree,
    after: &Tree,
    custom: Custom,
) -> std::result::Result<(), VolumeError> {
    if before == after {
        return Ok(());
    }
    let done = with_volume(flash, place, |fs| {
        for name in before.files.keys().filter(|name| !after.files.contains_key(*name)) {
            let path = joined(root, name);
            fs.apply_unlink(&path).map_err(refused(&path))?;
        }
        for name in &after.folders {
            let path = joined(root, &format!("{name}/"));
            make_folders(fs, &path, custom).map_err(refused(&path))?;
        }
        for (name, bytes) in &after.files {
            let path = joined(root, name);
            let old = before.files.get(name);
            if old == Some(bytes) {
                continue;
            }
            if old.is_some_and(|old| old.len() == bytes.len()) {
                fs.apply_pwrite(&path, 0, bytes).map_err(refused(&path))?;
                continue;
            }
            if old.is_some() {
                fs.apply_unlink(&path).map_err(refused(&path))?;
            }
            create(fs, &path, bytes, custom).map_err(refused(&path))?;
        }
        Ok(())
    })?;
    done.ok_or_else(not_mounted)
}

/// Creates files, in this order, and the folders above them.
///
/// # Errors
/// [`VolumeError`] when the volume does not mount, or the library refuses.
pub fn add_files(
    flash: &mut Flash,
    place: Place,
    files: &[(String, Vec<u8>)],
    custom: Custom,
) -> std::result::Result<(), VolumeError> {
    let done = with_volume(flash, place, |fs| {
        files.iter().try_for_each(|(path, bytes)| create(fs, path, bytes, custom).map_err(refused(path)))
    })?;
    done.ok_or_else(not_mounted)
}

fn create(fs: &Filesystem, path: &str, bytes: &[u8], custom: Custom) -> Result<()> {
    make_folders(fs, path, custom)?;
    fs.apply_create(path, 0o660)?;
    if !bytes.is_empty() {
        fs.apply_pwrite(path, 0, bytes)?;
    }
    fs.apply_chown(path, owner(path, custom), owner(path, custom))?;
    label(fs, path, custom)
}

fn make_folders(fs: &Filesystem, path: &str, custom: Custom) -> Result<()> {
    for (end, _) in path.match_indices('/').skip(1) {
        let folder = &path[..end];
        if fs.lookup_path_bytes(folder.as_bytes()).is_err() {
            fs.apply_mkdir(folder, 0o770)?;
            fs.apply_chmod(folder, 0o2770)?;
            fs.apply_chown(folder, owner(folder, custom), owner(folder, custom))?;
            label(fs, folder, custom)?;
        }
    }
    Ok(())
}

fn label(fs: &Filesystem, path: &str, custom: Custom) -> Result<()> {
    let Some(label) = custom.label else { return Ok(()) };
    fs.apply_setxattr(path, "security.selinux", format!("{label}\0").as_bytes())
}

fn owner(path: &str, custom: Custom) -> u32 {
    if path.starts_with("/nvram") || path.starts_with("/md") || custom.label.is_some() {
        NVRAM
    } else {
        SYSTEM
    }
}

fn joined(root: &str, name: &str) -> String {
    if name.is_empty() && !root.is_empty() { root.to_owned() } else { format!("{root}/{name}") }
}

fn not_mounted() -> VolumeError {
    VolumeError { path: "/".to_owned(), what: "does not mount".to_owned() }
}

fn refused(path: &str) -> impl FnOnce(Error) -> VolumeError {
    let path = path.to_owned();
    move |error| VolumeError { path, what: error.to_string() }
}

fn read_file(fs: &Filesystem, number: u32) -> Result<Vec<u8>> {
    let size = fs.stat_ino(number)?.size;
    if size > BYTES_MOST {
        return Err(Error::Corrupt("a file larger than any of a phone's identity"));
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
    let read = fs.read_ino(number, 0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Mounts, works, unmounts; the flash comes back whatever happens. Returns nothing when it does not mount.
fn with_volume<T>(
    flash: &mut Flash,
    place: Place,
    work: impl FnOnce(&Filesystem) -> std::result::Result<T, VolumeError>,
) -> std::result::Result<Option<T>, VolumeError> {
    let cells = std::mem::replace(flash, Flash::new(0, 0, 0, 0));
    let device = Arc::new(Device { cells: Mutex::new(cells), place });
    let mounted = Filesystem::mount(Arc::clone(&device) as Arc<dyn BlockDevice>);
    let done = match mounted {
        Err(_) => Ok(None),
        Ok(fs) => {
            let done = work(&fs);
            let ended = fs.finish().map_err(refused("/"));
            done.and_then(|done| ended.map(|()| Some(done)))
        }
    };
    let mut cells = device.cells.lock().unwrap_or_else(PoisonError::into_inner);
    *flash = std::mem::replace(&mut *cells, Flash::new(0, 0, 0, 0));
    drop(cells);
    done
}

/// A part of a flash's user area as the library sees it.
struct Device {
    cells: Mutex<Flash>,
    place: Place,
}

impl Device {
    fn inside(&self, offset: u64, len: usize) -> Result<u64> {
        match offset.checked_add(len as u64) {
            Some(end) if end <= self.place.len => Ok(self.place.at + offset),
            _ => Err(Error::Corrupt("beyond the volume")),
        }
    }
}

impl BlockDevice for Device {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let at = self.inside(offset, buf.len())?;
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.read(Area::User, at, buf).map_err(|_| Error::Corrupt("read beyond the volume"))
    }
    fn size_bytes(&self) -> u64 {
        self.place.len
    }
    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<()> {
        let at = self.inside(offset, buf.len())?;
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.write(Area::User, at, buf).map_err(|_| Error::Corrupt("write beyond the volume"))
    }
    fn is_writable(&self) -> bool {
        true
    }
}
