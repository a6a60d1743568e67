//! NV files out of a tar of any dialect: TWRP's, busybox's, GNU's. Reads it as a stream, keeps only what is wanted, writes
//! nothing, follows nothing; long names are bounded before they are read.

use std::io::Read;

use tar::{Archive, EntryType};

use super::tree::{Sorter, climbs, wants};
use super::{partition_of, refuse};
use crate::app::{Context, Failure};

/// A phone's whole user data have fewer.
const MAX_ENTRIES: usize = 500_000;
/// Longest name, and longest set of extended attributes, an entry may bring.
const MAX_HEADER: u64 = 64 << 10;
/// Largest raw partition taken from inside a tar.
const MAX_IMAGE: u64 = 16 << 20;

/// What came out of a tar.
#[derive(Default)]
pub struct Unpacked {
    /// NV files.
    pub files: Sorter,
    /// Files that carry the name of a raw partition.
    pub images: Vec<(String, Vec<u8>)>,
    /// Links, devices and pipes that were passed over.
    pub not_files: usize,
}

impl Unpacked {
    /// Adds what another part of the same backup held.
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn join(&mut self, source: &str, other: Self) -> Result<(), Failure> {
        for (path, bytes) in other.files.into_files() {
            self.files.add(source, &path, bytes)?;
        }
        self.images.extend(other.images);
        self.not_files += other.not_files;
        Ok(())
    }
}

/// Reads a tar.
///
/// # Errors
/// `tar-damaged`, `tar-path`, `tar-too-many`, `tar-name`; bounds of [`Sorter::add`].
pub fn read(context: &Context<'_>, source: &str, stream: impl Read) -> Result<Unpacked, Failure> {
    let damaged = |error: std::io::Error| {
        refuse("tar-damaged", format!("{source}: the tar cannot be read further: {error}"))
    };
    let mut unpacked = Unpacked::default();
    let mut archive = Archive::new(stream);
    let mut long: Option<String> = None;
    for (index, entry) in archive.entries().map_err(damaged)?.raw(true).enumerate() {
        context.go_on()?;
        if index >= MAX_ENTRIES {
            return Err(refuse(
                "tar-too-many",
                format!("{source}: more than {MAX_ENTRIES} entries in the tar"),
            ));
        }
        let mut entry = entry.map_err(damaged)?;
        let size = entry.header().entry_size().map_err(damaged)?;
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::GNULongName | EntryType::XHeader) {
            if size > MAX_HEADER {
                return Err(refuse(
                    "tar-name",
                    format!("{source}: entry {index} claims a name of {size} bytes"),
                ));
            }
            let bytes = content(&mut entry, size).map_err(damaged)?;
            long = match kind {
                EntryType::GNULongName => {
                    Some(text(bytes.split(|byte| *byte == 0).next().unwrap_or_default()))
                }
                _ => extended_path(&bytes).or(long),
            };
            continue;
        }
        if matches!(kind, EntryType::GNULongLink | EntryType::XGlobalHeader) {
            continue;
        }
        let path = long.take().unwrap_or_else(|| text(&entry.header().path_bytes()));
        if climbs(&path) {
            return Err(refuse(
                "tar-path",
                format!("{source}: entry {index} climbs out of its folder ({})", path.escape_default()),
            ));
        }
        match kind {
            EntryType::Regular | EntryType::Continuous if wants(&path, size) => {
                let bytes = content(&mut entry, size).map_err(damaged)?;
                unpacked.files.add(source, &path, bytes)?;
            }
            EntryType::Regular | EntryType::Continuous => {
                let name = path.rsplit('/').next().unwrap_or_default();
                if size <= MAX_IMAGE && unpacked.images.len() < 16 && partition_of(context, name).is_some() {
                    let bytes = content(&mut entry, size).map_err(damaged)?;
                    unpacked.images.push((path, bytes));
                }
            }
            EntryType::Directory => {}
            _ => unpacked.not_files += 1,
        }
    }
    Ok(unpacked)
}

/// Reads a whole entry; a tar that ends early is an error and not a shorter file. `size` was bounded by the caller.
fn content(entry: &mut impl Read, size: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.take(size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns `path` of a set of extended attributes: lines of `LENGTH KEY=VALUE`.
fn extended_path(bytes: &[u8]) -> Option<String> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| line.iter().position(|byte| *byte == b' ').map(|at| &line[at + 1..]))
        .find_map(|line| line.strip_prefix(b"path=").map(text))
}
