//! The descriptions in `formats/*.toml`: chips, partitions, modem families. Refuses unknown keys and incomplete entries;
//! remembers whether the built-in text or the user's spoke. Computes nothing.

mod agents;

use serde::Deserialize;
use thiserror::Error;

use super::imei::Imei;
use super::mac::MacAddress;

pub use agents::{AgentRow, DaMode, WatchdogWrite};

const CHIPS: &str = include_str!("../../formats/chips.toml");
const PARTITIONS: &str = include_str!("../../formats/partitions.toml");
const WR8: &str = include_str!("../../formats/nvram/wr8.toml");
/// The families after the first target's.
const LATER: [(&str, &str); 3] = [
    ("nvram/lr9", include_str!("../../formats/nvram/lr9.toml")),
    ("nvram/lr11", include_str!("../../formats/nvram/lr11.toml")),
    ("nvram/lr12a", include_str!("../../formats/nvram/lr12a.toml")),
];
/// Stands for a version that no source gives; such an item is named and never decoded.
const ANY_VERSION: &str = "***";
/// The only schema there is.
const SCHEMA: u32 = 1;

/// How sure a description is (design section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Seen on real data.
    Observed,
    /// Read in a source.
    Described,
    /// Inferred; never written to a phone.
    Guessed,
}

/// How modem files are kept (modem-nvram.md 0.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// No header, RC4 with a key of four bytes.
    G1,
    /// No header, RC4's output stage on a derived table.
    G2,
    /// `LDI` header, AES.
    G3,
}

/// A 32-bit word that must hold a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordCheck {
    /// Address.
    pub address: u32,
    /// Bits compared.
    pub mask: u32,
    /// Their value.
    pub expected: u32,
}

/// The bit that stops the storage controller's clock when set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockGate {
    /// Address.
    pub address: u32,
    /// Bit number.
    pub bit: u8,
}

/// The controller's words as an eMMC preloader leaves them (msdc-direct.md 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "register names; msdc-direct.md 1.3 tells each")]
pub struct Fingerprint {
    pub cfg_sdr: u32,
    pub cfg_ddr: u32,
    pub inten: u32,
    pub sdc_cfg_low: u32,
    pub patch_bit0: u32,
    pub patch_bit1: u32,
}

/// A chip (msdc-direct.md 9).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chip {
    /// `MT6572`.
    pub name: String,
    /// Answer of GET_HW_CODE.
    pub hw_code: u16,
    /// Name of its modem family.
    pub family: String,
    /// Base of the storage controller.
    pub msdc0: u32,
    /// Base of the watchdog.
    pub rgu: u32,
    /// Address of the download-mode flag word.
    pub usbdl_flags: Option<u32>,
    /// Clock gate of the storage controller.
    pub clock_gate: Option<ClockGate>,
    /// Pin modes of an eMMC board.
    pub pinmux: Vec<WordCheck>,
    /// Pin modes that prove a NAND board.
    pub nand_pinmux: Vec<WordCheck>,
    /// The controller's words.
    pub fingerprint: Fingerprint,
    /// CKDIV for 25 MHz.
    pub ckdiv_25mhz: u8,
    /// CKDIV for about 6 MHz.
    pub ckdiv_slow: u8,
    /// Proved on the real thing or its firmware.
    pub verified: bool,
    /// Where it was learned.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// A partition of the identity set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionKind {
    /// Canonical name.
    pub name: String,
    /// Names in other tables.
    pub aliases: Vec<String>,
    /// What it holds.
    pub role: String,
    /// `raw` or `ext4`.
    pub file_system: String,
    /// Whether a restore may write the partition as such (promise 5).
    pub writable_identity: bool,
    /// Where it was learned.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// Plain record size and count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSize {
    /// Bytes of one record without its sum.
    pub record: usize,
    /// Records.
    pub count: usize,
}

impl RecordSize {
    /// Returns the bytes of one record with its sum.
    #[must_use]
    pub fn section(&self) -> usize {
        self.record.saturating_add(2)
    }

    /// Returns the length of the whole file.
    #[must_use]
    pub fn file_len(&self) -> usize {
        self.section().saturating_mul(self.count)
    }
}

/// One kind of LID file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lid {
    /// Four characters.
    pub prefix: String,
    /// Three digits, or `***` where no source gives them.
    pub version: String,
    /// Other versions with the same layout.
    #[serde(default)]
    pub versions: Vec<String>,
    /// What the item is, where the codec's own title says too little: band, copy.
    #[serde(default)]
    pub title: Option<String>,
    /// Number of the item in the modem; shifts between builds, so only numbers seen or documented are given.
    #[serde(default)]
    pub lid_number: Option<u16>,
    /// Folder below `NVRAM`, or `PROTECT` for the protect partitions.
    pub folder: String,
    /// Sizes builds use; none where the file alone tells (its LDI header, or one record under its sum).
    pub sizes: Vec<RecordSize>,
    /// Attribute names (modem-nvram.md 2.3).
    pub attributes: Vec<String>,
    /// `imei`, `barcode`, `rf-2g`, `rf-3g`, `simlock` …
    pub role: String,
    /// Which decoder reads it.
    pub codec: String,
    /// Where it was learned.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// A modem family.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    schema: u32,
    /// `wr8`.
    pub name: String,
    /// How its modem keeps files (modem-nvram.md 0.1).
    pub generation: Generation,
    default_imeis: Vec<String>,
    mac_templates: Vec<String>,
    /// Files a calibrated phone of this family keeps in `CALIBRAT`, when no layer tells.
    pub calibration_files: usize,
    /// Where it was learned.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
    /// Its files.
    #[serde(rename = "lid")]
    pub lids: Vec<Lid>,
}

impl Lid {
    /// Returns whether a file of this version is the item that is described.
    #[must_use]
    pub fn has_version(&self, version: &str) -> bool {
        self.version == ANY_VERSION
            || self.version == version
            || self.versions.iter().any(|other| other == version)
    }

    /// Returns what is wrong with the entry.
    fn trouble(&self) -> Option<&'static str> {
        // The modem's own buffer ends at 8192 bytes (modem-nvram.md 3.7).
        let sound = |size: &RecordSize| (1..=8190).contains(&size.record) && (1..=1024).contains(&size.count);
        let digits =
            |version: &String| version.len() == 3 && version.bytes().all(|byte| byte.is_ascii_digit());
        let versions = self.versions.iter().all(digits);
        if self.prefix.len() != 4 || !versions || !self.sizes.iter().all(sound) {
            Some("prefix, version or sizes are incomplete or out of bounds")
        } else if self.version == ANY_VERSION {
            (self.codec != "opaque").then_some("an item of any version cannot be decoded")
        } else {
            (!digits(&self.version)).then_some("prefix, version or sizes are incomplete or out of bounds")
        }
    }
}

impl Family {
    /// Returns whether the modem puts this number into slots nobody wrote.
    #[must_use]
    pub fn is_default_imei(&self, imei: &Imei) -> bool {
        self.default_imeis.iter().any(|text| *text == imei.to_string())
    }

    /// Returns the addresses vendors' packages put into every phone.
    #[must_use]
    pub fn mac_templates(&self) -> Vec<MacAddress> {
        self.mac_templates.iter().filter_map(|text| MacAddress::parse(text)).collect()
    }

    /// Returns the description of a prefix.
    #[must_use]
    pub fn lid(&self, prefix: &str) -> Option<&Lid> {
        self.lids.iter().find(|lid| lid.prefix == prefix)
    }
}

/// Why a description was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CatalogError {
    /// No TOML, an unknown key, a missing one.
    #[error("{name}: {what}")]
    Syntax {
        /// Which description.
        name: String,
        /// What the parser says, with the place.
        what: String,
    },
    /// Well-formed and not sensible.
    #[error("{name}: {entry}: {what}")]
    Entry {
        /// Which description.
        name: String,
        /// Which entry.
        entry: String,
        /// What is wrong.
        what: &'static str,
    },
    /// There is no description of this name to lay over.
    #[error("{name} is not a description: use chips, partitions or nvram/FAMILY")]
    UnknownName {
        /// The name.
        name: String,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChipsFile {
    schema: u32,
    chip: Vec<Chip>,
    /// A user's description of before there were engines with agents has none.
    #[serde(default)]
    agent: Vec<AgentRow>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartitionsFile {
    schema: u32,
    partition: Vec<PartitionKind>,
}

/// All descriptions. There is always at least one family.
#[derive(Debug, Clone)]
pub struct Catalog {
    chips: ChipsFile,
    partitions: PartitionsFile,
    family: Family,
    more_families: Vec<Family>,
    overlays: Vec<String>,
}

impl Catalog {
    /// Loads the built-in descriptions.
    ///
    /// # Errors
    /// When a built-in description is broken, which the suite excludes.
    pub fn builtin() -> Result<Self, CatalogError> {
        let catalog = Self {
            chips: load("chips", CHIPS)?,
            partitions: load("partitions", PARTITIONS)?,
            family: load("nvram/wr8", WR8)?,
            more_families: LATER.iter().map(|(name, text)| load(name, text)).collect::<Result<_, _>>()?,
            overlays: Vec::new(),
        };
        catalog.check("built-in").map(|()| catalog)
    }

    /// Lays a user's description over the built-in one, whole, by name: `chips`, `partitions`, `nvram/wr8`.
    ///
    /// # Errors
    /// When it is refused; the catalog is then not changed.
    pub fn with_overlay(mut self, name: &str, text: &str) -> Result<Self, CatalogError> {
        match name {
            "chips" => self.chips = load(name, text)?,
            "partitions" => self.partitions = load(name, text)?,
            _ => {
                let unknown = || CatalogError::UnknownName { name: name.into() };
                let stem = name.strip_prefix("nvram/").ok_or_else(unknown)?;
                let family: Family = load(name, text)?;
                if family.name != stem {
                    return Err(entry(name, stem, "the description names another family"));
                }
                if self.family.name == stem {
                    self.family = family;
                } else {
                    self.more_families.retain(|known| known.name != stem);
                    self.more_families.push(family);
                }
            }
        }
        self.overlays.push(name.into());
        self.check(name).map(|()| self)
    }

    /// Returns whether a user's description of this name is in force.
    #[must_use]
    pub fn is_overlaid(&self, name: &str) -> bool {
        self.overlays.iter().any(|known| known == name)
    }

    /// Returns the chips.
    #[must_use]
    pub fn chips(&self) -> &[Chip] {
        &self.chips.chip
    }

    /// Returns the chips as a Download Agent needs them.
    #[must_use]
    pub fn agents(&self) -> &[AgentRow] {
        &self.chips.agent
    }

    /// Returns the partitions of the identity set.
    #[must_use]
    pub fn partitions(&self) -> &[PartitionKind] {
        &self.partitions.partition
    }

    /// Returns the modem family of a chip; of an unknown chip, that of the first target.
    #[must_use]
    pub fn family_of(&self, chip: &str) -> &Family {
        let name = self.chips().iter().find(|known| known.name == chip).map(|known| known.family.as_str());
        name.and_then(|name| self.more_families.iter().find(|family| family.name == name))
            .unwrap_or(&self.family)
    }

    /// Returns the modem family of a phone: its chip's, unless its files are of another generation; then the one described
    /// for those.
    #[must_use]
    pub fn family_for(&self, chip: &str, generation: Option<Generation>) -> &Family {
        let usual = self.family_of(chip);
        match generation {
            Some(found) if found != usual.generation => std::iter::once(&self.family)
                .chain(&self.more_families)
                .rfind(|family| family.generation == found)
                .unwrap_or(usual),
            _ => usual,
        }
    }

    /// Returns the modem family of this name.
    #[must_use]
    pub fn family(&self, name: &str) -> Option<&Family> {
        std::iter::once(&self.family).chain(&self.more_families).find(|family| family.name == name)
    }

    /// Returns the canonical name of a partition; an unknown name stays as it is.
    #[must_use]
    pub fn canonical_partition(&self, name: &str) -> String {
        let named = |kind: &&PartitionKind| {
            kind.name.eq_ignore_ascii_case(name)
                || kind.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
        };
        self.partitions().iter().find(named).map_or_else(|| name.to_string(), |kind| kind.name.clone())
    }

    fn check(&self, name: &str) -> Result<(), CatalogError> {
        let families = || std::iter::once(&self.family).chain(&self.more_families);
        if self.chips.schema != SCHEMA
            || self.partitions.schema != SCHEMA
            || families().any(|f| f.schema != SCHEMA)
        {
            return Err(entry(name, "schema", "only schema 1 is known"));
        }
        unique(name, self.chips().iter().map(|chip| chip.name.as_str()))?;
        let aliases = self.partitions().iter().flat_map(|kind| kind.aliases.iter().map(String::as_str));
        unique(name, aliases.chain(self.partitions().iter().map(|kind| kind.name.as_str())))?;
        unique(name, self.agents().iter().map(|row| row.name.as_str()))?;
        for row in self.agents() {
            if let Some(what) = row.trouble() {
                return Err(entry(name, &row.name, what));
            }
        }
        for chip in self.chips() {
            let proven = chip.clock_gate.is_some() && chip.usbdl_flags.is_some() && !chip.pinmux.is_empty();
            if chip.verified && (!proven || chip.confidence == Confidence::Guessed) {
                return Err(entry(
                    name,
                    &chip.name,
                    "a verified chip needs clock gate, flags, pinmux and no guess",
                ));
            }
            if !families().any(|family| family.name == chip.family) {
                return Err(entry(name, &chip.name, "its family has no description"));
            }
        }
        for family in families() {
            unique(name, family.lids.iter().map(|lid| lid.prefix.as_str()))?;
            let macs = family.mac_templates.iter().all(|text| MacAddress::parse(text).is_some());
            if !macs || family.default_imeis.iter().any(|text| Imei::parse(text).is_none()) {
                return Err(entry(name, &family.name, "a default address or IMEI cannot be read"));
            }
            for lid in &family.lids {
                // Headerless families of the first target are tabulated in full (modem-nvram.md 3.1-3.3).
                let sizes = family.name == "wr8" && lid.sizes.is_empty();
                let sizes = sizes.then_some("prefix, version or sizes are incomplete or out of bounds");
                if let Some(what) = lid.trouble().or(sizes) {
                    return Err(entry(name, &lid.prefix, what));
                }
            }
        }
        Ok(())
    }
}

fn load<T: for<'de> Deserialize<'de>>(name: &str, text: &str) -> Result<T, CatalogError> {
    toml::from_str(text).map_err(|error| CatalogError::Syntax { name: name.into(), what: error.to_string() })
}

fn entry(name: &str, entry: &str, what: &'static str) -> CatalogError {
    CatalogError::Entry { name: name.into(), entry: entry.into(), what }
}

fn unique<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Result<(), CatalogError> {
    let mut seen = std::collections::BTreeSet::new();
    for one in names {
        if !seen.insert(one) {
            return Err(entry(name, one, "named twice"));
        }
    }
    Ok(())
}
