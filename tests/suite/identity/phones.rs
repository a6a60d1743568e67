//! Whole phones for the identity tests: the copies on a simulated phone's flash, gathered as from an image of it.

use std::path::Path;

use nvkeep::app::gather::{Scope, gather};
use nvkeep::formats::catalog::Catalog;
use nvkeep::formats::{ReadAt, ReadError};
use nvkeep::identity::{Copies, FileCopy, Found, Survey, Tree, judge};
use nvkeep::simulator::{Area, Flash, Scenario};
use nvkeep::storage::{Layout, Place, Shared, share};

/// Boot areas and RPMB before the user area: 4 + 4 MiB and 512 KiB in every scenario.
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

/// Returns everything a scenario's phone holds.
pub fn copies(name: &str) -> Copies {
    copies_with(name, None)
}

/// The same, filled from a folder of real data.
pub fn copies_with(name: &str, data: Option<&Path>) -> Copies {
    let scenario = Scenario::named(name).unwrap();
    let (_, flash) = scenario.build(data).unwrap();
    let place = |name: &str| {
        let found = scenario.layout.iter().find(|partition| partition.name == name).unwrap();
        Place { name: name.into(), start: found.linear - PREFIX, len: found.size }
    };
    let places = ["PRO_INFO", "NVRAM", "PROTECT_F", "PROTECT_S", "USRDATA"].map(place).to_vec();
    let layout = Layout { places, learned_from: "the scenario".into(), ..Layout::default() };
    let disk: Shared = share(Card(flash));
    gather(&disk, &layout, Scope::All).unwrap()
}

/// Returns a partition of a scenario's phone, byte by byte.
pub fn partition(scenario: &str, name: &str) -> Vec<u8> {
    let scenario = Scenario::named(scenario).unwrap();
    let (_, flash) = scenario.build(None).unwrap();
    let found = scenario.layout.iter().find(|partition| partition.name == name).unwrap();
    let mut bytes = vec![0; found.size as usize];
    flash.read(Area::User, found.linear - PREFIX, &mut bytes).unwrap();
    bytes
}

/// Judges copies as an MT6572's.
pub fn survey(copies: &Copies) -> Survey {
    judge(copies, Catalog::builtin().unwrap().family_of("MT6572"))
}

/// Returns the live tree for changing it.
pub fn live(copies: &mut Copies) -> &mut Tree {
    match &mut copies.live {
        Found::Present(tree) => tree,
        other => panic!("no live tree: {other:?}"),
    }
}

/// Returns a live file for changing it.
pub fn live_file<'a>(copies: &'a mut Copies, path: &str) -> &'a mut FileCopy {
    live(copies).get_mut(path).unwrap_or_else(|| panic!("{path}"))
}

/// Puts other bytes of the same length into a file of the BinRegion and mends the checksum.
pub fn replace_in_region(copies: &mut Copies, below: &str, bytes: &[u8]) {
    let Found::Present(copy) = &mut copies.binregion else { panic!("no BinRegion") };
    let region = &mut copy.region;
    let file = region.files.iter_mut().find(|file| file.name.ends_with(below)).unwrap();
    assert_eq!(file.size, bytes.len());
    file.bytes = bytes.to_vec();
    region.data[file.start..file.start + file.size].copy_from_slice(bytes);
    region.stored_checksum = nvkeep::formats::binregion::data_checksum(&region.data);
    region.computed_checksum = region.stored_checksum;
}

/// Returns a text with every line of a verdict, for reading when a claim fails.
pub fn told(survey: &Survey) -> String {
    let verdict = &survey.verdict;
    format!(
        "{:?}: {}\n  seen: {}\n  do:   {}",
        verdict.code,
        verdict.summary,
        verdict.symptoms.join("\n        "),
        verdict.steps.join("\n        ")
    )
}
