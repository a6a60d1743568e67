//! Trees of files in the shape of YAFFS2: one page for each object's header and for each run of its bytes, told apart by tags
//! in the spare bytes. Only the shape: no checkpoint, no parity, no deleted objects.

use std::collections::BTreeMap;

/// Kinds of objects.
const FILE: u32 = 1;
const FOLDER: u32 = 3;
/// The root folder's number, and the first of an object that is not fixed.
const ROOT: u32 = 1;
const FIRST: u32 = 257;
/// Number of the first block written since the volume was made; every further block counts on.
const SEQUENCE: u32 = 0x1000;
/// Where the tags begin: behind two bytes that stay FF, one of them the bad-block mark.
const TAGS_AT: usize = 2;
/// Where an object's header has its name, the longest name, and where its words are.
const NAME_AT: usize = 10;
const NAME_MOST: usize = 255;
const MODE_AT: usize = 268;
const SIZE_AT: usize = 292;
/// Bytes of a header in use; the rest of its page stays FF.
const HEADER: usize = 512;
/// Owner and group of NVRAM files (ap-nvram.md 2.5), and a time.
const OWNER: u32 = 9997;
const TIME: u32 = 1_388_534_400;

/// Pages of the volume in the order they are written: main bytes, and the spare bytes that are not FF.
pub struct Volume {
    page: usize,
    pages_per_block: usize,
    pages: Vec<(Vec<u8>, Vec<u8>)>,
    folders: BTreeMap<String, u32>,
    next: u32,
}

impl Volume {
    /// Makes a volume of pages of so many bytes.
    pub fn new(page: usize, pages_per_block: usize) -> Self {
        let folders = BTreeMap::from([(String::new(), ROOT)]);
        Self { page, pages_per_block, pages: Vec::new(), folders, next: FIRST }
    }

    /// Writes a file, and the folders above it that are not there yet. The path has no slash in front.
    pub fn add(&mut self, path: &str, bytes: &[u8]) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.folder(folder);
        let number = self.number();
        self.header(number, FILE, parent, name, u32::try_from(bytes.len()).unwrap_or(0));
        for (chunk, part) in (1..).zip(bytes.chunks(self.page)) {
            self.put(number, chunk, part.len(), part.to_vec());
        }
    }

    /// Returns the pages.
    pub fn into_pages(self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.pages
    }

    fn folder(&mut self, path: &str) -> u32 {
        if let Some(number) = self.folders.get(path) {
            return *number;
        }
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.folder(above);
        let number = self.number();
        self.header(number, FOLDER, parent, name, u32::MAX);
        self.folders.insert(path.to_owned(), number);
        number
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    fn header(&mut self, number: u32, kind: u32, parent: u32, name: &str, size: u32) {
        let mut header = vec![0xFF; HEADER];
        let mut word = |at: usize, value: u32| header[at..at + 4].copy_from_slice(&value.to_le_bytes());
        word(0, kind);
        word(4, parent);
        let mode = if kind == FOLDER { 0o40771 } else { 0o100_660 };
        for (at, value) in (MODE_AT..).step_by(4).zip([mode, OWNER, OWNER, TIME, TIME, TIME, size]) {
            word(at, value);
        }
        debug_assert_eq!(MODE_AT + 6 * 4, SIZE_AT);
        let name = &name.as_bytes()[..name.len().min(NAME_MOST)];
        header[NAME_AT..=NAME_AT + NAME_MOST].fill(0);
        header[NAME_AT..NAME_AT + name.len()].copy_from_slice(name);
        self.put(number, 0, 0, header);
    }

    fn put(&mut self, number: u32, chunk: u32, len: usize, main: Vec<u8>) {
        let block = self.pages.len() / self.pages_per_block.max(1);
        let sequence = SEQUENCE + u32::try_from(block).unwrap_or(0);
        let mut spare = vec![0xFF; TAGS_AT];
        for tag in [sequence, number, chunk, u32::try_from(len).unwrap_or(0)] {
            spare.extend(tag.to_le_bytes());
        }
        self.pages.push((main, spare));
    }
}
