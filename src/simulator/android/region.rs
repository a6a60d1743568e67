//! Reads the backup region as the daemon does: compile-time sizes, one checksum (ap-nvram.md 1, 2.2). Apart from the
//! decoder of the host's half.

use crate::simulator::build::binregion::{BLOCK, TITLE, checksum, header_len};
use crate::simulator::flash::{Area, Flash};
use crate::simulator::mounted::Place;

/// Path prefixes the restorer takes for the live tree, whichever Android wrote them (ap-nvram.md 2.5).
const PREFIXES: [&str; 4] = ["/data/nvram/", "/vendor/nvdata/", "/mnt/vendor/nvdata/", "/nvdata/"];

/// A region whose checksum holds.
pub struct Region {
    map: Vec<u8>,
    data: Vec<u8>,
    titles: Vec<Title>,
}

struct Title {
    path: String,
    start: usize,
    size: usize,
}

impl Region {
    /// Reads the region of a build with so many counters in its header.
    ///
    /// # Errors
    /// Why the daemon leaves it alone, in a sentence.
    pub fn read(flash: &Flash, place: Place, counters: usize) -> Result<Self, String> {
        let take = |at: u64, len: usize| {
            let mut bytes = vec![0; len];
            match at.checked_add(len as u64) {
                Some(end) if end <= place.len => {}
                _ => return Err(format!("{len} bytes at {at:#x} reach beyond the partition")),
            }
            flash.read(Area::User, place.at + at, &mut bytes).map_err(|error| error.to_string())?;
            Ok(bytes)
        };
        let head = take(0, 12)?;
        let (map_size, data_size) = (word(&head, 0), word(&head, 4));
        for size in [map_size, data_size] {
            if size == 0 || size == 0xFFFF_FFFF {
                return Err("map or data have no size".to_owned());
            }
        }
        let header = 12 + header_len(counters);
        if map_size < header || map_size + 12 > 2 * BLOCK || data_size as u64 > place.len {
            return Err(format!("a map of {map_size} and data of {data_size} bytes"));
        }
        let map = take(12, map_size)?;
        let data = take(((map_size + 12).div_ceil(BLOCK) * BLOCK) as u64, data_size)?;
        if checksum(&data) as usize != word(&map, 0) {
            return Err("the checksum is wrong".to_owned());
        }
        let mut titles = Vec::new();
        for title in map[header..].chunks_exact(TITLE) {
            let name = title[12..].split(|byte| *byte == 0).next().unwrap_or(&[]);
            let (start, size) = (word(title, 4), word(title, 8));
            if start.checked_add(size).is_none_or(|end| end > data.len()) {
                return Err(format!("title {} points beyond the data", titles.len()));
            }
            titles.push(Title { path: String::from_utf8_lossy(name).into_owned(), start, size });
        }
        Ok(Self { map, data, titles })
    }

    /// Returns map and data as the daemon leaves them in the live tree.
    pub fn work_copies(&self) -> (&[u8], &[u8]) {
        (&self.map, &self.data)
    }

    /// Returns every file, named below the live tree.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.titles.iter().filter_map(|title| {
            let below = PREFIXES.iter().find_map(|known| title.path.strip_prefix(known));
            below.map(|name| (name, &self.data[title.start..title.start + title.size]))
        })
    }

    /// Returns one file, named below the live tree.
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.files().find(|(known, _)| *known == name).map(|(_, bytes)| bytes)
    }
}

fn word(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
}
