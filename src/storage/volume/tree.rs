//! Folders and files of a scratch volume, through the file system library: what is there, what must be made, and with
//! whose look. The only file that calls the library; it never follows a symbolic link.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use fs_ext4::block_io::BlockDevice;
use fs_ext4::error::Error;
use fs_ext4::fs::Filesystem;
use fs_ext4::inode::Inode;
use fs_ext4::runtime::Runtime;
use fs_ext4::xattr;

use super::error::VolumeError;
use super::look::{Like, Look, usual};
use super::scratch::Scratch;
use super::{Created, Existing, NewFile, SUPERBLOCK_AT, preflight};

const ROOT: u32 = 2;
const KIND: u16 = 0xF000;
const FOLDER: u16 = 0x4000;
const FILE: u16 = 0x8000;
const LINK: u16 = 0xA000;
const LABEL: &str = "security.selinux";
/// Neighbours asked for their look; more would only cost reads.
const ASKED: usize = 8;
const NAME_MAX: usize = 255;

/// The clock and the inode generations of one run, from the caller's time.
struct Fixed {
    now: u32,
    generation: AtomicU32,
}

impl Runtime for Fixed {
    fn now_unix_seconds(&self) -> i64 {
        i64::from(self.now)
    }
    fn next_inode_generation(&self) -> u32 {
        self.generation.fetch_add(1, Ordering::Relaxed)
    }
}

/// A mounted scratch volume.
pub(super) struct Tree {
    fs: Filesystem,
    scratch: Arc<Scratch>,
}

/// Something that was made or met on the way.
struct Node {
    inode: u32,
    /// Path with a leading `/`.
    path: String,
}

impl Tree {
    /// Mounts (which replays a dirty journal), makes all files, and puts the volume away clean.
    pub(super) fn grow(
        scratch: &Arc<Scratch>,
        files: &[NewFile],
        now: u32,
        created: &mut Created,
    ) -> Result<(), VolumeError> {
        let device: Arc<dyn BlockDevice> = scratch.clone();
        let runtime = Arc::new(Fixed { now, generation: AtomicU32::new(now) });
        let fs = Filesystem::mount_with_runtime(device, runtime).map_err(|error| library("/", &error))?;
        let tree = Self { fs, scratch: Arc::clone(scratch) };
        preflight::superblock(&tree.superblock()?)?;
        for file in files {
            tree.put(file, created)?;
        }
        tree.fs.finish().map_err(|error| library("/", &error))
    }

    fn put(&self, file: &NewFile, created: &mut Created) -> Result<(), VolumeError> {
        let names = names(&file.path)?;
        let Some((name, folders)) = names.split_last() else { return Ok(()) };
        let mut folder = Node { inode: ROOT, path: String::new() };
        for part in folders {
            let path = format!("{}/{part}", folder.path);
            let inode = match self.find(&folder, part)? {
                Some(inode) => inode,
                None => {
                    created.folders.push(path.clone());
                    self.make_folder(&folder, part, &path, &file.like)?
                }
            };
            self.be_folder(inode, &path)?;
            folder = Node { inode, path };
        }
        let path = format!("{}/{name}", folder.path);
        match (self.find(&folder, name)?, file.existing) {
            (None, _) => {
                self.make_file(&folder, name, &path, file)?;
                created.files.push(path);
            }
            (Some(_), Existing::Refuse) => return Err(VolumeError::Exists { path }),
            (Some(inode), Existing::Replace) => {
                self.replace(inode, &path, &file.bytes)?;
                created.replaced.push(path);
            }
        }
        Ok(())
    }

    fn find(&self, folder: &Node, name: &str) -> Result<Option<u32>, VolumeError> {
        match self.fs.lookup_at(folder.inode, name.as_bytes()) {
            Ok(inode) => Ok(Some(inode)),
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(library(&format!("{}/{name}", folder.path), &error)),
        }
    }

    fn be_folder(&self, inode: u32, path: &str) -> Result<(), VolumeError> {
        match self.inode(inode, path)?.mode & KIND {
            FOLDER => Ok(()),
            LINK => Err(VolumeError::Symlink { path: path.to_owned() }),
            _ => Err(VolumeError::NotAFolder { path: path.to_owned() }),
        }
    }

    fn make_folder(&self, around: &Node, name: &str, path: &str, like: &Like) -> Result<u32, VolumeError> {
        let mut look = like.folder.clone();
        let around_look = self.look(around.inode, &around.path)?;
        look.label = around_look.label.clone().or(look.label);
        if like.neighbours {
            let beside = usual(self.looks_in(around, FOLDER)?);
            look = beside.or((around.inode != ROOT).then_some(around_look)).unwrap_or(look);
        }
        self.room(path, 2)?;
        let inode = self
            .fs
            .apply_mkdir_at(around.inode, name.as_bytes(), look.mode)
            .map_err(|error| self.refused(path, &error))?;
        self.dress(inode, path, &look)?;
        Ok(inode)
    }

    fn make_file(&self, folder: &Node, name: &str, path: &str, file: &NewFile) -> Result<(), VolumeError> {
        let mut look = file.like.file.clone();
        look.label = self.look(folder.inode, &folder.path)?.label.or(look.label);
        if file.like.neighbours {
            look = usual(self.looks_in(folder, FILE)?).unwrap_or(look);
        }
        self.room(path, file.bytes.len() as u64)?;
        let refused = |error: Error| self.refused(path, &error);
        let inode = self.fs.apply_create_at(folder.inode, name.as_bytes(), look.mode).map_err(refused)?;
        if !file.bytes.is_empty() {
            self.write(inode, path, &file.bytes)?;
        }
        self.dress(inode, path, &look)
    }

    fn replace(&self, inode: u32, path: &str, bytes: &[u8]) -> Result<(), VolumeError> {
        let found = self.inode(inode, path)?;
        let not = |reason| Err(VolumeError::NotReplaceable { path: path.to_owned(), reason });
        match found.mode & KIND {
            FILE if found.links_count > 1 => return not("it has other names too"),
            FILE => {}
            LINK => return Err(VolumeError::Symlink { path: path.to_owned() }),
            _ => return not("it is no regular file"),
        }
        let refused = |error: Error| self.refused(path, &error);
        match self.fs.apply_replace_file_content(path, bytes) {
            Ok(_) => return Ok(()),
            // It wants one run, beside the old content. Pieces, and the old blocks, may do.
            Err(error) if is_full(&error) => {}
            Err(error) => return Err(refused(error)),
        }
        self.fs.apply_truncate_ino(inode, 0).map_err(refused)?;
        self.write(inode, path, bytes)
    }

    fn write(&self, inode: u32, path: &str, bytes: &[u8]) -> Result<(), VolumeError> {
        let written =
            self.fs.apply_pwrite_ino(inode, 0, bytes).map_err(|error| self.refused(path, &error))?;
        if written == bytes.len() as u64 {
            return Ok(());
        }
        let what = format!("only {written} bytes written");
        Err(VolumeError::Library { path: path.to_owned(), what })
    }

    fn dress(&self, inode: u32, path: &str, look: &Look) -> Result<(), VolumeError> {
        let refused = |error: Error| self.refused(path, &error);
        self.fs.apply_chown_ino(inode, look.owner, look.group).map_err(refused)?;
        self.fs.apply_chmod_ino(inode, look.mode).map_err(refused)?;
        if let Some(label) = &look.label {
            // The kernel keeps labels with their NUL.
            let value = [label.as_bytes(), &[0]].concat();
            self.fs.apply_setxattr(path, LABEL, &value).map_err(refused)?;
        }
        Ok(())
    }

    /// The looks of the first few things of one kind in a folder.
    fn looks_in(&self, folder: &Node, kind: u16) -> Result<Vec<Look>, VolumeError> {
        let refused = |error: Error| library(&folder.path, &error);
        let mut looks = Vec::new();
        for entry in self.fs.read_dir_ino(folder.inode).map_err(refused)? {
            if looks.len() == ASKED {
                break;
            }
            if matches!(&entry.name[..], b"." | b".." | b"lost+found") {
                continue;
            }
            let path = format!("{}/{}", folder.path, String::from_utf8_lossy(&entry.name));
            if self.inode(entry.inode, &path)?.mode & KIND == kind {
                looks.push(self.look(entry.inode, &path)?);
            }
        }
        Ok(looks)
    }

    fn look(&self, inode: u32, path: &str) -> Result<Look, VolumeError> {
        let refused = |error: Error| library(path, &error);
        let (found, raw) = self.fs.read_inode_verified(inode).map_err(refused)?;
        let label = xattr::get_resolved(&self.fs, &found, &raw, LABEL).map_err(refused)?;
        let label = label.and_then(|raw| String::from_utf8(raw).ok());
        Ok(Look {
            owner: found.uid,
            group: found.gid,
            mode: found.mode & !KIND,
            label: label.map(|label| label.trim_end_matches('\0').to_owned()),
        })
    }

    fn inode(&self, inode: u32, path: &str) -> Result<Inode, VolumeError> {
        self.fs.stat_ino(inode).map_err(|error| library(path, &error))
    }

    fn superblock(&self) -> Result<[u8; 1024], VolumeError> {
        let mut raw = [0; 1024];
        self.scratch.read_at(SUPERBLOCK_AT, &mut raw).map_err(|error| library("/", &error))?;
        Ok(raw)
    }

    /// Refuses what cannot fit, before anything is made of it.
    fn room(&self, path: &str, bytes: u64) -> Result<(), VolumeError> {
        let (free, inodes) = preflight::free(&self.superblock()?);
        let block_size = u64::from(self.fs.sb.block_size());
        if inodes == 0 {
            return Err(VolumeError::NoInode { path: path.to_owned() });
        }
        if bytes.div_ceil(block_size) > free {
            return Err(VolumeError::NoRoom { path: path.to_owned(), free, block_size });
        }
        Ok(())
    }

    fn refused(&self, path: &str, error: &Error) -> VolumeError {
        if is_full(error)
            && let Ok(raw) = self.superblock()
        {
            let (free, inodes) = preflight::free(&raw);
            let path = path.to_owned();
            return match inodes {
                0 => VolumeError::NoInode { path },
                _ => VolumeError::NoRoom { path, free, block_size: u64::from(self.fs.sb.block_size()) },
            };
        }
        library(path, error)
    }
}

/// Whether the library found no block or no inode. Its allocators say so in words; the version is pinned, and the suite
/// fills volumes.
fn is_full(error: &Error) -> bool {
    match error {
        Error::NoSpaceLeftOnDevice => true,
        Error::Corrupt(what) => {
            what.contains("contiguous free run") || what.contains("no group has a free inode")
        }
        _ => false,
    }
}

fn library(path: &str, error: &Error) -> VolumeError {
    VolumeError::Library { path: path.to_owned(), what: error.to_string() }
}

/// Splits a path into names that any ext4 can hold.
fn names(path: &str) -> Result<Vec<&str>, VolumeError> {
    let wrong = |reason| VolumeError::Path { path: path.to_owned(), reason };
    let inner = path.strip_prefix('/').unwrap_or(path);
    if inner.is_empty() {
        return Err(wrong("it is empty"));
    }
    let names: Vec<&str> = inner.split('/').collect();
    for name in &names {
        match *name {
            "" => return Err(wrong("a name is empty")),
            "." | ".." => return Err(wrong("dots are no names")),
            name if name.len() > NAME_MAX => return Err(wrong("a name is longer than 255 bytes")),
            name if name.contains('\0') => return Err(wrong("a NUL in it")),
            _ => {}
        }
    }
    Ok(names)
}
