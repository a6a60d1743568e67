//! Plays the phone's own boot decision (ap-nvram.md 2.2) on the copies a flash holds: written from the reference, with its
//! own checksum, so that a repair is not judged by the code that made it.

use std::collections::BTreeMap;

use nvkeep::app::gather::{Scope, gather};
use nvkeep::formats::catalog::Catalog;
use nvkeep::formats::{ReadAt, ReadError};
use nvkeep::identity::{Copies, FileCopy, Found, Survey, judge};
use nvkeep::simulator::{Area, Flash, Scenario};
use nvkeep::storage::{Layout, Place, Shared, share};

/// Boot areas and RPMB before the user area in every scenario.
const PREFIX: u64 = 0x88_0000;

struct Card(Flash);

impl ReadAt for Card {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let (len, source_len) = (into.len() as u64, self.len());
        self.0.read(Area::User, at, into).map_err(|_| ReadError::OutOfRange { at, len, source_len })
    }
    fn len(&self) -> u64 {
        self.0.len(Area::User)
    }
}

/// Returns what a flash of the MT6572 scenarios holds.
pub fn copies(flash: &Flash) -> Copies {
    let scenario = Scenario::named("mt6572").unwrap();
    let place = |name: &str| {
        let found = scenario.layout.iter().find(|partition| partition.name == name).unwrap();
        Place { name: name.into(), start: found.linear - PREFIX, len: found.size }
    };
    let places = ["PRO_INFO", "NVRAM", "PROTECT_F", "PROTECT_S", "USRDATA"].map(place).to_vec();
    let layout = Layout { places, learned_from: "the scenario".into(), ..Layout::default() };
    let disk: Shared = share(Card(flash.clone()));
    gather(&disk, &layout, Scope::All).unwrap()
}

/// The daemon at boot: a valid flag means the live files as they are; else a region whose checksum holds overwrites them.
pub fn reboot(mut copies: Copies) -> Copies {
    let mut live = match &copies.live {
        Found::Present(live) => live.clone(),
        _ => BTreeMap::new(),
    };
    if live.get("RestoreFlag").is_some_and(|flag| flag.bytes == [0x78, 0x56, 0x34, 0x12]) {
        return copies;
    }
    let Found::Present(found) = &copies.binregion else { return copies };
    if found.region.data.is_empty() || sum(&found.region.data) != found.region.stored_checksum {
        return copies;
    }
    for file in &found.region.files {
        let path = file.name.strip_prefix("/data/nvram/").unwrap().to_owned();
        live.insert(path, FileCopy { bytes: file.bytes.clone(), extents: Vec::new() });
    }
    live.insert("RestoreFlag".into(), FileCopy { bytes: vec![0x78, 0x56, 0x34, 0x12], extents: Vec::new() });
    copies.live = Found::Present(live);
    copies
}

/// A factory reset empties the user data; then the phone boots.
pub fn factory_reset(mut copies: Copies) -> Copies {
    copies.live = Found::Absent("wiped".into());
    reboot(copies)
}

/// Judges copies as an MT6572's.
pub fn survey(copies: &Copies) -> Survey {
    judge(copies, Catalog::builtin().unwrap().family_of("MT6572"))
}

/// The data checksum of ap-nvram.md 1.5.
fn sum(data: &[u8]) -> u32 {
    let mut sum = 0u32;
    for (index, word) in data.chunks(4).enumerate() {
        let mut bytes = [0; 4];
        bytes[..word.len()].copy_from_slice(word);
        let value = u32::from_le_bytes(bytes);
        sum = if word.len() == 4 && index % 2 == 0 { sum ^ value } else { sum.wrapping_add(value) };
    }
    sum ^ data.len() as u32
}
