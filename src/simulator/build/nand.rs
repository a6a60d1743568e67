//! Fills a NAND: raw regions and file systems around its bad blocks, the partition table in the pool behind them; then does
//! the scenario's damage (ap-nvram.md 1.2, 2.8, 5.3, 5.5).

use super::binregion::Shape;
use super::content::Content;
use super::partitions::{PMT_MAIN, PMT_MIRROR};
use super::yaffs::Volume;
use super::{BuildError, Flash};
use crate::simulator::flash::Area;
use crate::simulator::nand::{MARK, MARK_AT, NandFacts, USER_AT};
use crate::simulator::scenario::{Damage, Partition, Scenario};

/// Bytes of an entry of the partition table, and most entries.
const ENTRY: usize = 76;
const ENTRIES_MOST: usize = 40;
/// What the table's pages say about how often it was written.
const SEQUENCE: u8 = 1;

/// Builds the flash.
pub fn fill(scenario: &Scenario, mut content: Content) -> Result<Flash, BuildError> {
    let has = |wanted: &Damage| scenario.damage.contains(wanted);
    refuse_what_is_not_played(scenario)?;
    let facts = &scenario.board.nand;
    let mut chip = Chip { scenario, facts, flash: Flash::nand(facts.bytes(), facts.spare_bytes()) };
    let roles = scenario.modem.roles();
    chip.put(roles.pro_info, &content.pro_info)?;
    if has(&Damage::TornBinregion) {
        content.region.tear();
    }
    chip.put_region(roles.nvram, &content)?;
    for (name, files) in roles.protect.into_iter().zip(&content.protect) {
        chip.put_files(name, "", files)?;
    }
    let mut live = content.live.clone();
    live.push(("AllMap".to_owned(), content.region.map().to_vec()));
    live.push(("AllFile".to_owned(), content.region.data().to_vec()));
    chip.put_files(roles.live, roles.live_root.trim_start_matches('/'), &live)?;
    if !has(&Damage::NoPmt) {
        chip.put_pmt(has(&Damage::PmtDisagree))?;
    }
    for block in facts.bad_blocks.iter().chain(&facts.new_bad_blocks) {
        let first = u64::from(*block) * u64::from(facts.pages_per_block);
        chip.flash.write(Area::Spare, first * u64::from(facts.spare) + MARK_AT, &[MARK])?;
    }
    chip.erase()?;
    Ok(chip.flash)
}

/// Files on a finished volume cannot be changed: nothing here reads YAFFS2.
fn refuse_what_is_not_played(scenario: &Scenario) -> Result<(), BuildError> {
    for damage in &scenario.damage {
        let what = match damage {
            Damage::DamageFile { .. } => "files of its YAFFS2 volumes cannot be damaged one by one",
            Damage::AddFile { .. } => "files cannot be added to its YAFFS2 volumes",
            Damage::PmtZeroMbr => "its partition table has no MBR",
            Damage::DirtyJournal => "its YAFFS2 volumes have no journal",
            _ => continue,
        };
        return Err(BuildError::Nand { what });
    }
    Ok(())
}

struct Chip<'a> {
    scenario: &'a Scenario,
    facts: &'a NandFacts,
    flash: Flash,
}

impl Chip<'_> {
    /// Writes bytes from a partition's first good block on, around its bad ones.
    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), BuildError> {
        let len = usize::try_from(self.facts.block_bytes()).unwrap_or(usize::MAX);
        let mut blocks = self.good_blocks(name)?.into_iter();
        for part in bytes.chunks(len) {
            let block = blocks.next().ok_or_else(|| too_small(name))?;
            self.flash.write(Area::User, block * self.facts.block_bytes(), part)?;
        }
        Ok(())
    }

    fn put_region(&mut self, name: &str, content: &Content) -> Result<(), BuildError> {
        let (first, count) = self.blocks(name)?;
        let bad: Vec<usize> = (0..count).filter(|number| self.is_bad(first + number)).map(whole).collect();
        let shape = Shape {
            block: whole(self.facts.block_bytes()),
            unit: self.facts.page.into(),
            blocks: whole(count),
            bad: &bad,
        };
        let start = first * self.facts.block_bytes();
        for (at, bytes) in content.region.pieces(&shape).ok_or_else(|| too_small(name))? {
            self.flash.write(Area::User, start + at as u64, &bytes)?;
        }
        Ok(())
    }

    /// Writes a tree of files below `root`; none where the volume was made anew: what is erased mounts as empty.
    fn put_files(&mut self, name: &str, root: &str, files: &[(String, Vec<u8>)]) -> Result<(), BuildError> {
        let per_block = usize::from(self.facts.pages_per_block);
        let mut volume = Volume::new(self.facts.page.into(), per_block);
        let fresh = |damage: &Damage| matches!(damage, Damage::Fresh { partition } if partition == name);
        if self.scenario.damage.iter().any(fresh) {
            return Ok(());
        }
        for (path, bytes) in files {
            let path = if root.is_empty() { path.clone() } else { format!("{root}/{path}") };
            volume.add(&path, bytes);
        }
        let mut blocks = self.good_blocks(name)?.into_iter();
        for of_a_block in volume.into_pages().chunks(per_block) {
            let block = blocks.next().ok_or_else(|| too_small(name))?;
            for (page, (main, spare)) in (block * per_block as u64..).zip(of_a_block) {
                self.put_page(page, main, spare)?;
            }
        }
        Ok(())
    }

    fn put_page(&mut self, page: u64, main: &[u8], spare: &[u8]) -> Result<(), BuildError> {
        if main.len() > self.facts.page.into() || spare.len() > self.facts.spare.into() {
            return Err(BuildError::Nand { what: "its pages are too short for what is written to them" });
        }
        self.flash.write(Area::User, page * u64::from(self.facts.page), main)?;
        Ok(self.flash.write(Area::Spare, page * u64::from(self.facts.spare), spare)?)
    }

    /// Writes both copies of the table: the first page of the first good block behind the usable area, and the last page of
    /// the next. The reference says "the first such block"; that a bad one is passed over is a reading.
    fn put_pmt(&mut self, disagree: bool) -> Result<(), BuildError> {
        let pool = self.facts.pool_start()..u64::from(self.facts.blocks);
        let mut blocks = pool.filter(|block| !self.is_bad(*block)).take(2).collect::<Vec<_>>().into_iter();
        let per_block = u64::from(self.facts.pages_per_block);
        for (signature, page) in [(PMT_MAIN, 0), (PMT_MIRROR, per_block - 1)] {
            let block = blocks.next().ok_or(BuildError::Nand { what: "its pool has no room for the PMT" })?;
            let mut layout = self.scenario.layout.clone();
            if disagree && signature == PMT_MIRROR {
                for partition in layout.iter_mut().filter(|partition| partition.name == "NVRAM") {
                    partition.linear += 0x8_0000;
                }
            }
            let mut spare = vec![0xFF; USER_AT];
            spare.extend(signature.to_le_bytes());
            spare.push(SEQUENCE);
            self.put_page(
                block * per_block + page,
                &pmt(signature, &layout, self.facts.page.into())?,
                &spare,
            )?;
        }
        Ok(())
    }

    /// Erases what the page says was erased, in whole blocks; a bad block keeps its mark.
    fn erase(&mut self) -> Result<(), BuildError> {
        for damage in &self.scenario.damage {
            let Damage::Erase { partition, at, len } = damage else { continue };
            let wrong = |what| BuildError::Layout { partition: partition.clone(), what };
            let (start, size) = self.scenario.place(partition).map_err(wrong)?;
            let rest = size.checked_sub(*at).ok_or_else(|| wrong("ends before what is erased of it"))?;
            let len = len.unwrap_or(rest);
            if len > rest {
                return Err(wrong("ends before what is erased of it"));
            }
            let block_len = self.facts.block_bytes();
            if !(start + at).is_multiple_of(block_len) || !len.is_multiple_of(block_len) {
                return Err(wrong("is on a NAND, which is erased in whole blocks"));
            }
            let new = |block: u64| self.facts.new_bad_blocks.iter().any(|bad| u64::from(*bad) == block);
            let blocks = (start + at) / block_len..(start + at + len) / block_len;
            let good: Vec<u64> = blocks.filter(|block| !self.is_bad(*block) && !new(*block)).collect();
            let spare_len = u64::from(self.facts.pages_per_block) * u64::from(self.facts.spare);
            for block in good {
                self.flash.fill(Area::User, block * block_len, block_len, 0xFF)?;
                self.flash.fill(Area::Spare, block * spare_len, spare_len, 0xFF)?;
            }
        }
        Ok(())
    }

    /// Returns whether a block was bad when the phone was made.
    fn is_bad(&self, block: u64) -> bool {
        self.facts.bad_blocks.iter().any(|bad| u64::from(*bad) == block)
    }

    fn good_blocks(&self, name: &str) -> Result<Vec<u64>, BuildError> {
        let (first, count) = self.blocks(name)?;
        Ok((first..first + count).filter(|block| !self.is_bad(*block)).collect())
    }

    /// Returns a partition's first block and how many it has.
    fn blocks(&self, name: &str) -> Result<(u64, u64), BuildError> {
        let wrong = |what| BuildError::Layout { partition: name.to_owned(), what };
        let (at, size) = self.scenario.place(name).map_err(wrong)?;
        let len = self.facts.block_bytes();
        if !at.is_multiple_of(len) || !size.is_multiple_of(len) {
            return Err(wrong("does not begin and end with a block of the NAND"));
        }
        if at + size > self.facts.pool_start() * len {
            return Err(wrong("reaches into the NAND's pool"));
        }
        Ok((at / len, size / len))
    }
}

/// Returns one copy of the table: a signature, then entries with words of 32 bits.
fn pmt(signature: u32, layout: &[Partition], page: usize) -> Result<Vec<u8>, BuildError> {
    let mut bytes = vec![0; page];
    bytes[..4].copy_from_slice(&signature.to_le_bytes());
    let room = (page - 4) / ENTRY;
    if layout.len() > room.min(ENTRIES_MOST) {
        return Err(BuildError::Nand { what: "its layout has more partitions than a page has entries" });
    }
    for (entry, partition) in bytes[4..].chunks_exact_mut(ENTRY).zip(layout) {
        let name = partition.name.as_bytes();
        let len = name.len().min(63);
        entry[..len].copy_from_slice(&name[..len]);
        for (at, value) in [(64, partition.size), (68, partition.linear)] {
            let word = u32::try_from(value).map_err(|_| BuildError::Layout {
                partition: partition.name.clone(),
                what: "has numbers that the table of a NAND cannot hold",
            })?;
            entry[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
    }
    Ok(bytes)
}

fn too_small(name: &str) -> BuildError {
    BuildError::Layout { partition: name.to_owned(), what: "is too small for its content" }
}

fn whole(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
