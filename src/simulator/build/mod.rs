//! Fills a simulated phone's flash: tables, raw regions, file systems; then does the scenario's damage. Writes every
//! format with code of its own, so that a decoder is tested against something it did not write.

pub mod ap_file;
pub mod binregion;
mod content;
mod damage;
pub mod dialect;
mod gpt;
mod journal;
pub mod later;
pub mod lid;
pub(super) mod names;
mod nand;
mod partitions;
pub(super) mod volume;
mod yaffs;

use std::path::Path;

use thiserror::Error;

use super::board::{Board, Storage};
use super::flash::{Area, Flash, FlashError};
use super::mounted::{Custom, VolumeError};
use super::scenario::{Damage, Family, Scenario, TableKind};
use content::Content;
use partitions::{PMT_FROM_END, PMT_LEN, PMT_MAIN, PMT_MIRROR, pmt};
use volume::{NVDATA, PROTECT, USRDATA, Volume};

/// What was committed last before power went away, in a dirty journal.
const COMMITTED_LAST: &str = "/nvram/md/NVRAM/NVD_IMEI/MP0B_001";

/// Why a flash could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// A folder of real data lacks something.
    #[error("{path}: {what}")]
    Data {
        /// The file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// The layout lacks a partition, or one is too small for its content.
    #[error("layout: {partition} {what}")]
    Layout {
        /// The partition.
        partition: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A built-in empty file system does not unpack.
    #[error("file system template: {what}")]
    Template {
        /// What failed.
        what: &'static str,
    },
    /// The scenario asks for something that a NAND is not built with.
    #[error("nand: {what}")]
    Nand {
        /// What that is.
        what: &'static str,
    },
    /// The file system library refused.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// A journal could not be made dirty.
    #[error("ext4 journal: {what}")]
    Journal {
        /// What was expected.
        what: &'static str,
    },
    /// Something does not fit.
    #[error(transparent)]
    Flash(#[from] FlashError),
}

/// Builds the flash of a scenario; with a folder of real data, from that phone's files.
pub fn build(scenario: &Scenario, data: Option<&Path>) -> Result<(Board, Flash), BuildError> {
    let mut content = match data {
        Some(folder) if scenario.modem.family != Family::Wr8 => {
            return Err(BuildError::Data {
                path: folder.display().to_string(),
                what: "holds a phone of another modem family than this scenario's".into(),
            });
        }
        Some(folder) => Content::from_folder(folder)?,
        None if scenario.modem.family == Family::Wr8 => Content::synthetic(&scenario.identity),
        None => later::healthy(scenario),
    };
    if scenario.replace_identity {
        content.set_identity(&scenario.identity);
    }
    // The journal was written while the phone was whole.
    if scenario.damage.contains(&Damage::JournalCopies) {
        content.keep_journal_copies();
    }
    for damage in &scenario.damage {
        match damage {
            Damage::ModemDefaultImei => content.lose_imei(),
            Damage::DefaultMacs => content.lose_addresses(),
            _ => {}
        }
    }
    let flash = match scenario.board.storage {
        Storage::Emmc => Builder::new(scenario).fill(content)?,
        Storage::Nand => nand::fill(scenario, content)?,
    };
    Ok((scenario.board.clone(), flash))
}

struct Builder<'a> {
    scenario: &'a Scenario,
    user: u64,
}

impl<'a> Builder<'a> {
    fn custom(&self) -> Custom {
        Custom { label: self.scenario.modem.label() }
    }

    fn new(scenario: &'a Scenario) -> Self {
        Self { scenario, user: u64::from(scenario.board.card.sectors) * 512 }
    }

    fn fill(&self, mut content: Content) -> Result<Flash, BuildError> {
        let unit = crate::wire::emmc::ext_csd::MULT_UNIT;
        let card = &self.scenario.board.card;
        let mut flash =
            Flash::new(self.user, unit * u64::from(card.boot_mult), unit * u64::from(card.rpmb_mult), 0);
        flash.write(Area::Boot1, 0, b"EMMC_BOOT\0\0\0\x01\0\0\0")?;
        let roles = self.scenario.modem.roles();
        let is_gpt = self.scenario.modem.table == TableKind::Gpt;
        if is_gpt {
            for (at, bytes) in gpt::pieces(self.user / 512, &self.scenario.layout) {
                flash.write(Area::User, at, &bytes)?;
            }
        } else {
            let [mbr, ebr1] = &content.tables;
            self.put(&mut flash, "MBR", mbr)?;
            self.put(&mut flash, "EBR1", ebr1)?;
        }
        self.put(&mut flash, roles.pro_info, &content.pro_info)?;
        let user_files = content.user_files();
        let has = |wanted: &Damage| self.scenario.damage.contains(wanted);
        if has(&Damage::TornBinregion) {
            content.region.tear();
        }
        let (_, size) = self.place(roles.nvram)?;
        let image = content.region.image(usize::try_from(size.min(64 << 20)).unwrap_or(0));
        self.put(&mut flash, roles.nvram, &image)?;
        for (name, files) in roles.protect.into_iter().zip(&content.protect) {
            let files: Vec<_> =
                files.iter().map(|(name, bytes)| (format!("/{name}"), bytes.clone())).collect();
            self.put_volume(&mut flash, name, PROTECT, &files)?;
        }
        if is_gpt {
            self.put_volume(&mut flash, roles.live, NVDATA, &content.live_files())?;
            self.put_volume(&mut flash, roles.user, USRDATA, &[])?;
            for name in ["nvcfg", "persist"] {
                let note = (format!("/{name}.txt"), b"settings of this build\n".to_vec());
                self.put_volume(&mut flash, name, PROTECT, &[note])?;
            }
        } else {
            self.put_user_data(&mut flash, &user_files)?;
            self.put_pmt(&mut flash)?;
        }
        damage::spoil_files(&mut flash, self.scenario)?;
        damage::erase(&mut flash, self.scenario)?;
        Ok(flash)
    }

    fn put_user_data(&self, flash: &mut Flash, files: &[(String, Vec<u8>)]) -> Result<(), BuildError> {
        if !self.scenario.damage.contains(&Damage::DirtyJournal) {
            return self.put_volume(flash, "USRDATA", USRDATA, files);
        }
        let (last, before): (Vec<_>, Vec<_>) =
            files.iter().cloned().partition(|(path, _)| path == COMMITTED_LAST);
        let mut old = Volume::unpack(USRDATA)?;
        old.fill(&before, self.custom())?;
        let mut new = old.clone();
        new.fill(&last, self.custom())?;
        let (at, _) = self.fits("USRDATA", old.len())?;
        journal::leave_dirty(&old, &new)?.put(flash, at)
    }

    fn put_volume(
        &self,
        flash: &mut Flash,
        name: &str,
        template: &[u8],
        files: &[(String, Vec<u8>)],
    ) -> Result<(), BuildError> {
        let mut volume = Volume::unpack(template)?;
        let (at, _) = self.fits(name, volume.len())?;
        let fresh = |damage: &Damage| matches!(damage, Damage::Fresh { partition } if partition == name);
        if !self.scenario.damage.iter().any(fresh) {
            volume.fill(files, self.custom())?;
        }
        volume.put(flash, at)
    }

    fn put_pmt(&self, flash: &mut Flash) -> Result<(), BuildError> {
        if self.scenario.damage.contains(&Damage::NoPmt) {
            return Ok(());
        }
        let at = self.user.saturating_sub(PMT_FROM_END);
        let mut layout = self.scenario.layout.clone();
        if self.scenario.damage.contains(&Damage::PmtZeroMbr) {
            for partition in layout.iter_mut().filter(|partition| partition.name == "MBR") {
                partition.linear = 0;
            }
        }
        flash.write(Area::User, at, &pmt(PMT_MAIN, &layout))?;
        let mut mirrored = layout;
        if self.scenario.damage.contains(&Damage::PmtDisagree) {
            for partition in mirrored.iter_mut().filter(|partition| partition.name == "NVRAM") {
                partition.linear += 0x8_0000;
            }
        }
        flash.write(Area::User, at + PMT_LEN as u64, &pmt(PMT_MIRROR, &mirrored))?;
        Ok(())
    }

    fn put(&self, flash: &mut Flash, name: &str, bytes: &[u8]) -> Result<(), BuildError> {
        let (at, _) = self.fits(name, bytes.len() as u64)?;
        flash.write(Area::User, at, bytes)?;
        Ok(())
    }

    fn fits(&self, name: &str, len: u64) -> Result<(u64, u64), BuildError> {
        let (at, size) = self.place(name)?;
        if len > size {
            return Err(BuildError::Layout {
                partition: name.to_owned(),
                what: "is too small for its content",
            });
        }
        Ok((at, size))
    }

    fn place(&self, name: &str) -> Result<(u64, u64), BuildError> {
        let place = self.scenario.place(name);
        place.map_err(|what| BuildError::Layout { partition: name.to_owned(), what })
    }
}
