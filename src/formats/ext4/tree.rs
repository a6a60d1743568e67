//! Everything below a directory, within limits. Symbolic links are listed, never followed.

use super::error::Ext4Error;
use super::inode::{FileKind, Inode};
use super::{Stat, Volume};

/// How much a walk may find before it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeLimits {
    /// Levels of directories below the start.
    pub depth: usize,
    /// Names of any kind.
    pub entries: usize,
    /// Sum of the sizes of regular files.
    pub bytes: u64,
}

/// Something below the start of a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// Path from the root of the volume, without a leading `/`.
    pub path: String,
    /// What it is.
    pub stat: Stat,
}

impl Volume<'_> {
    /// Lists everything below `path`, a directory before what is in it. Reads no file's content.
    ///
    /// # Errors
    /// [`Ext4Error::TooMuch`] at a limit; a directory met twice is [`Ext4Error::Damaged`].
    pub fn walk(&mut self, path: &str, limits: TreeLimits) -> Result<Vec<TreeEntry>, Ext4Error> {
        self.walk_where(path, limits, &|_| true)
    }

    /// The same, leaving out every name for whose path `wants` says no: neither it nor what is below it costs a read.
    ///
    /// # Errors
    /// As [`Volume::walk`].
    pub fn walk_where(
        &mut self,
        path: &str,
        limits: TreeLimits,
        wants: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<TreeEntry>, Ext4Error> {
        let start =
            path.split('/').filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/");
        let (number, _) = self.lookup(path)?;
        let (mut found, mut bytes) = (Vec::new(), 0u64);
        let mut seen = std::collections::HashSet::from([number]);
        let mut waiting = vec![(start, number, 0)];
        while let Some((path, number, depth)) = waiting.pop() {
            let directory = Inode::read(&mut self.sectors, &self.superblock, number)?;
            for (name, number) in self.names(&path, &directory)? {
                let path = if path.is_empty() { name } else { format!("{path}/{name}") };
                if !wants(&path) {
                    continue;
                }
                let stat = self.stat_inode(number)?;
                if found.len() >= limits.entries {
                    return Err(too_much("files below the directory", limits.entries as u64));
                }
                match stat.kind {
                    FileKind::Regular => bytes = bytes.saturating_add(stat.size),
                    FileKind::Directory if depth >= limits.depth => {
                        return Err(too_much("levels of directories", limits.depth as u64));
                    }
                    FileKind::Directory if !seen.insert(number) => {
                        return Err(Ext4Error::Damaged { at: directory.at, what: "directory met twice" });
                    }
                    FileKind::Directory => waiting.push((path.clone(), number, depth + 1)),
                    FileKind::Symlink | FileKind::Other => {}
                }
                if bytes > limits.bytes {
                    return Err(too_much("bytes of files below the directory", limits.bytes));
                }
                found.push(TreeEntry { path, stat });
            }
        }
        Ok(found)
    }
}

fn too_much(what: &str, limit: u64) -> Ext4Error {
    Ext4Error::TooMuch { what: what.to_owned(), limit }
}
