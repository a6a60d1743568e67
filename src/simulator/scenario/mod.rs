//! A scenario: which phone, and what happened to it, as a TOML page (samples/phones). Checked whole before anything is
//! built; refuses keys it does not know.

mod modem;
mod page;

use std::path::Path;

use serde::Deserialize;
use thiserror::Error;
use toml::{Table, Value};

use super::board::Board;
use super::build::{self, BuildError};
use super::flash::Flash;
pub use modem::{Family, Modem, Roles, TableKind};
use page::Page;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/phones/", $name, ".toml")))),*]
    };
}

/// Most bytes a scenario's page may have.
const PAGE_MOST: u64 = 1 << 20;

const BUILT_IN: &[(&str, &str)] = built_in![
    "mt6572",
    "mt6572-ddr",
    "mt6572-format-all",
    "mt6572-format-all-pro-info-lost",
    "mt6572-userdata-wiped",
    "mt6572-imei-null",
    "mt6572-default-mac",
    "mt6572-torn-binregion",
    "mt6572-other-phone",
    "mt6572-no-pmt",
    "mt6572-pmt-disagree",
    "mt6572-nand",
    "mt6572-secured",
    "mt6572-dirty-journal",
    "mt6572-silent-write32",
    "mt6572-nvram-blank",
    "mt6572-live-broken-flag-valid",
    "mt6572-simlock-half-lost",
    "mt6572-calibration-short-file",
    "mt6572-remnants",
    "lr12a",
    "lr12a-imei-null",
    "lr12a-nvdata-wiped",
    "lr12a-deleted-imei",
    "lr11",
    "lr11-default-mac",
];

/// Why a scenario was refused.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// No built-in scenario has this name.
    #[error("there is no scenario named {name}, and no file")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The page is not what it must be.
    #[error("scenario: {what}")]
    Page {
        /// What the reader says, with the place.
        what: String,
    },
    /// A value is out of bounds.
    #[error("scenario: {field}: {what}")]
    Field {
        /// The key.
        field: &'static str,
        /// What is wrong.
        what: String,
    },
}

/// A partition of the layout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Name as the PMT spells it.
    pub name: String,
    /// First byte, in linear addresses.
    pub linear: u64,
    /// Bytes.
    pub size: u64,
}

/// Who a phone is. Textbook and locally administered values only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// IMEI of slot 1.
    pub imei: String,
    /// Barcode.
    pub barcode: String,
    /// Wi-Fi address.
    pub wifi_mac: [u8; 6],
    /// Bluetooth address.
    pub bt_mac: [u8; 6],
    /// Seed of the calibration.
    pub seed: u64,
}

/// One thing that happened to the flash.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Damage {
    /// A partition was erased: to zero on an eMMC, to FF and in whole blocks on a NAND.
    Erase {
        /// Its name.
        partition: String,
        /// First byte of what was erased; the partition's first where the page does not say.
        #[serde(default)]
        at: u64,
        /// Bytes erased; all that follow where the page does not say.
        len: Option<u64>,
    },
    /// One file was spoilt.
    DamageFile {
        /// The partition it is on, or `live` for the live tree wherever that is.
        volume: String,
        /// Its name below the volume's root, or below the live tree's.
        path: String,
        /// What happened to it.
        how: Spoiling,
    },
    /// An empty file was left behind, such as the modem's marker of an unfinished first boot.
    AddFile {
        /// The partition it is on, or `live`.
        volume: String,
        /// Its name, as for a damaged file.
        path: String,
    },
    /// The backup region's journal holds copies of the IMEI file and the barcode file (ap-nvram.md 1.2).
    JournalCopies,
    /// A file system was made anew, and is empty.
    Fresh {
        /// Its partition.
        partition: String,
    },
    /// Every IMEI slot holds the modem's default, live and in the backup region.
    ModemDefaultImei,
    /// Wi-Fi and Bluetooth addresses are unprovisioned, live and in the backup region.
    DefaultMacs,
    /// Half a sector of the backup region's data was overwritten; its checksum is wrong.
    TornBinregion,
    /// Neither copy of the PMT is there.
    NoPmt,
    /// Both copies of the PMT are valid, and differ.
    PmtDisagree,
    /// Both copies of the PMT say that the MBR lies at 0.
    PmtZeroMbr,
    /// USRDATA's last commit stands in its journal only.
    DirtyJournal,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spoiling {
    /// Its sum does not hold any more.
    FlipSum,
    /// Its second half is gone.
    Cut,
    /// It was deleted; its blocks are free, but not overwritten.
    Remove,
}

/// A phone and its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// The phone apart from its flash content.
    pub board: Board,
    /// What its flash content was written by.
    pub modem: Modem,
    /// The partitions.
    pub layout: Vec<Partition>,
    /// Who it is.
    pub identity: Identity,
    /// Put the identity in even where real data is used.
    pub replace_identity: bool,
    /// What happened to its flash.
    pub damage: Vec<Damage>,
}

impl Scenario {
    /// Returns the names of the built-in scenarios.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Returns a built-in scenario.
    ///
    /// # Errors
    /// [`ScenarioError::Unknown`]; the others only if the built-in page were wrong.
    pub fn named(name: &str) -> Result<Self, ScenarioError> {
        Self::parse(built_in(name)?)
    }

    /// Returns the built-in scenario of this name, or else the one in the file of this name.
    ///
    /// # Errors
    /// [`ScenarioError::Unknown`] when there is neither; what [`Scenario::parse`] says of a file.
    pub fn find(name_or_file: &str) -> Result<Self, ScenarioError> {
        let unknown = || ScenarioError::Unknown { name: name_or_file.to_owned() };
        if BUILT_IN.iter().any(|(name, _)| *name == name_or_file) {
            return Self::named(name_or_file);
        }
        let len = std::fs::metadata(name_or_file).map_err(|_| unknown())?.len();
        if len > PAGE_MOST {
            return Err(ScenarioError::Page {
                what: format!("{name_or_file} has {len} bytes, too many for a scenario"),
            });
        }
        Self::parse(&std::fs::read_to_string(name_or_file).map_err(|_| unknown())?)
    }

    /// Reads a scenario's page. `base` names a built-in scenario it is laid over.
    ///
    /// # Errors
    /// [`ScenarioError::Page`] and [`ScenarioError::Field`] with the place, [`ScenarioError::Unknown`] for the base.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let mut table: Table = text.parse().map_err(|error: toml::de::Error| page_error(&error))?;
        if let Some(base) = table.remove("base") {
            let name = base.as_str().ok_or_else(|| field("base", "is not a name"))?;
            let mut under: Table =
                built_in(name)?.parse().map_err(|error: toml::de::Error| page_error(&error))?;
            if under.contains_key("base") {
                return Err(field("base", "is itself laid over another"));
            }
            overlay(&mut under, table);
            table = under;
        }
        table.try_into::<Page>().map_err(|error| page_error(&error))?.into_scenario()
    }

    /// Returns a partition's first byte in the user area, and its size; or what is wrong with it.
    ///
    /// # Errors
    /// A sentence to be put behind the partition's name.
    pub fn place(&self, name: &str) -> Result<(u64, u64), &'static str> {
        let card = &self.board.card;
        let unit = crate::wire::emmc::ext_csd::MULT_UNIT;
        // Linear addresses count the boot areas and the replay-protected one too (ap-nvram.md 5.2).
        let before = match self.modem.table {
            TableKind::Pmt => unit * (2 * u64::from(card.boot_mult) + u64::from(card.rpmb_mult)),
            TableKind::Gpt | TableKind::Nand => 0,
        };
        let end_of_flash = match self.modem.table {
            TableKind::Nand => self.board.nand.bytes(),
            TableKind::Pmt | TableKind::Gpt => u64::from(card.sectors) * 512,
        };
        let is_it = |partition: &&Partition| partition.name.eq_ignore_ascii_case(name);
        let partition = self.layout.iter().find(is_it).ok_or("is missing")?;
        let at = partition.linear.checked_sub(before).ok_or("starts in a boot area")?;
        match at.checked_add(partition.size) {
            Some(end) if end <= end_of_flash => Ok((at, partition.size)),
            _ => Err("reaches beyond the flash"),
        }
    }

    /// Builds the phone; with a folder laid out like the MT6572 sample, from that phone's files.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(&self, data: Option<&Path>) -> Result<(Board, Flash), BuildError> {
        build::build(self, data)
    }
}

fn built_in(name: &str) -> Result<&'static str, ScenarioError> {
    let found = BUILT_IN.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| ScenarioError::Unknown { name: name.to_owned() })
}

fn page_error(error: &toml::de::Error) -> ScenarioError {
    ScenarioError::Page { what: error.to_string() }
}

fn field(field: &'static str, what: &str) -> ScenarioError {
    ScenarioError::Field { field, what: what.to_owned() }
}

/// Lays a table over another: tables are merged, everything else is replaced.
fn overlay(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => overlay(below, above),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}
