//! A ROM that is still a zip: its directory read within a budget, its entries one at a time into bounded memory. Nothing is
//! unpacked to disk, no link is followed, no name that leaves the folder is read.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zip::ZipArchive;
use zip::result::ZipError;

use super::names;
use super::pieces::Pieces;
use crate::app::{Context, Exit, Failure};

/// Bytes that finding and reading the directory may take.
const DIRECTORY_BUDGET: u64 = 16 << 20;
/// A directory of this many bytes belongs to no ROM.
const MAX_DIRECTORY: u32 = 8 << 20;
/// The end record lies within this many bytes of the end.
const TAIL: u64 = 22 + 0xFFFF;
/// Bytes that all entries of one package may unpack to while it is looked at.
const UNPACK_BUDGET: u64 = 512 << 20;
const PIECE: usize = 64 << 10;

/// One entry that may be read.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Number in the zip.
    pub index: usize,
    /// Name with plain slashes.
    pub name: String,
    /// Bytes it says it unpacks to.
    pub len: u64,
}

/// A zip whose directory was read.
pub struct Zipped {
    zip: ZipArchive<BufReader<Metered>>,
    left: u64,
    /// Entries that may be read.
    pub entries: Vec<Entry>,
    /// Names that were refused.
    pub refused: Vec<String>,
    /// Links, which are not followed.
    pub links: Vec<String>,
}

/// A file of which only so many bytes may be read.
struct Metered {
    file: File,
    left: Arc<AtomicU64>,
}

impl Read for Metered {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(std::io::Error::other("its directory is larger than that of any ROM"));
        }
        let take = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let got = self.file.read(&mut into[..take])?;
        self.left.store(left - got as u64, Ordering::Relaxed);
        Ok(got)
    }
}

impl Seek for Metered {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

impl Zipped {
    /// Opens a zip and reads its directory.
    ///
    /// # Errors
    /// `zip-damaged`, `zip-unsupported`; the system's.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::file("reading", path, &error);
        let mut file = File::open(path).map_err(failed)?;
        check_end(path, &mut file)?;
        let left = Arc::new(AtomicU64::new(DIRECTORY_BUDGET));
        let reader = BufReader::new(Metered { file, left: left.clone() });
        let zip = ZipArchive::new(reader).map_err(|error| damaged(path, &error.to_string()))?;
        left.store(u64::MAX, Ordering::Relaxed);
        let mut opened =
            Self { zip, left: UNPACK_BUDGET, entries: Vec::new(), refused: Vec::new(), links: Vec::new() };
        opened.list().map_err(|error| damaged(path, &error.to_string()))?;
        Ok(opened)
    }

    fn list(&mut self) -> Result<(), ZipError> {
        for index in 0..self.zip.len() {
            let entry = self.zip.by_index_data(index)?;
            let name = entry.name()?.into_owned();
            let (is_link, is_file, len) = (entry.is_symlink(), entry.is_file(), entry.size());
            match names::inside(name.trim_end_matches('/')) {
                None => self.refused.push(name),
                Some(name) if is_link => self.links.push(name),
                Some(name) if is_file => self.entries.push(Entry { index, name, len }),
                Some(_) => {}
            }
        }
        self.entries.sort_by(|a, b| a.name.cmp(&b.name));
        // Two entries of one name: which of them a tool unpacks is its own affair, so neither can be spoken of.
        let twice: Vec<String> = self
            .entries
            .windows(2)
            .filter(|pair| pair[0].name == pair[1].name)
            .map(|pair| pair[0].name.clone())
            .collect();
        self.entries.retain(|entry| !twice.contains(&entry.name));
        self.refused.extend(twice);
        if self.zip.has_duplicate_names() && self.refused.is_empty() {
            self.refused.push("one name that is there twice".into());
        }
        Ok(())
    }

    /// Unpacks the first `limit` bytes of an entry.
    ///
    /// # Errors
    /// In words: what is wrong with the entry.
    pub fn head(&mut self, entry: &Entry, limit: u64) -> Result<Vec<u8>, String> {
        if self.left == 0 {
            return Err("more was unpacked of this zip than a look may take".into());
        }
        let limit = limit.min(self.left);
        let stream = self.zip.by_index(entry.index).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        stream.take(limit).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        self.left -= bytes.len() as u64;
        Ok(bytes)
    }

    /// Unpacks a whole entry of at most `limit` bytes, blank parts without memory; its checksum is checked on the way.
    ///
    /// # Errors
    /// In words, within: what is wrong with the entry. Outside: the wish to stop.
    pub fn whole(
        &mut self,
        context: &Context<'_>,
        entry: &Entry,
        limit: u64,
    ) -> Result<Result<Pieces, String>, Failure> {
        if entry.len > limit.min(self.left) {
            return Ok(Err(format!("it unpacks to {} bytes, too many to look into inside a zip", entry.len)));
        }
        let mut pieces = Pieces::default();
        let mut buffer = vec![0; PIECE];
        let read = self.stream(context, entry, &mut buffer, &mut |bytes| pieces.append(bytes))?;
        Ok(read.map(|()| pieces))
    }

    /// Hands a whole entry on in full buffers (the last one short), within what one package may unpack to.
    ///
    /// # Errors
    /// In words, within: what is wrong with the entry. Outside: the wish to stop.
    pub fn stream(
        &mut self,
        context: &Context<'_>,
        entry: &Entry,
        buffer: &mut [u8],
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<Result<(), String>, Failure> {
        if entry.len > self.left {
            return Ok(Err("more was unpacked of this zip than a look may take".into()));
        }
        let mut stream = match self.zip.by_index(entry.index) {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mut done = 0;
        loop {
            context.go_on()?;
            let got = match fill(&mut stream, buffer) {
                Ok(got) => got,
                Err(error) => return Ok(Err(error.to_string())),
            };
            self.left = self.left.saturating_sub(got as u64);
            done += got as u64;
            if got == 0 || done > entry.len {
                break;
            }
            take(&buffer[..got]);
        }
        let whole = done == entry.len;
        Ok(if whole { Ok(()) } else { Err("it does not unpack to the size it declares".into()) })
    }
}

/// Fills the buffer as far as the stream goes.
fn fill(stream: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match stream.read(&mut buffer[done..])? {
            0 => break,
            got => done += got,
        }
    }
    Ok(done)
}

/// Looks at every end record that could be meant, before anything is allocated for what it promises.
fn check_end(path: &Path, file: &mut File) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::file("reading", path, &error);
    let len = file.seek(SeekFrom::End(0)).map_err(failed)?;
    file.seek(SeekFrom::Start(len.saturating_sub(TAIL))).map_err(failed)?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail).map_err(failed)?;
    let mut found = false;
    for record in tail.windows(22).filter(|window| window.starts_with(b"PK\x05\x06")) {
        found = true;
        let entries = u16::from_le_bytes([record[10], record[11]]);
        let directory = u32::from_le_bytes([record[12], record[13], record[14], record[15]]);
        if entries == u16::MAX || directory > MAX_DIRECTORY {
            return Err(Failure::new(
                Exit::Usage,
                "zip-unsupported",
                format!("{}: a zip of this size is not looked into", path.display()),
            )
            .advise("Unpack it into an empty folder and give the folder."));
        }
    }
    if found { Ok(()) } else { Err(damaged(path, "its directory, which stands at the end, is missing")) }
}

fn damaged(path: &Path, what: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        "zip-damaged",
        format!("{}: the zip is damaged or cut off: {what}", path.display()),
    )
    .advise("Get the package again, and compare its size and checksum with what its source says.")
}
