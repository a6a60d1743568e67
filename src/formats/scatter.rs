//! Scatter files of the MT6572 generation: YAML, `config_version: V1.1.1` (reference `ap-nvram` 5.7).
//! Promises linear addresses only; `physical_start_addr` is not read, because three real files fill it in three ways.

use thiserror::Error;
use yaml_rust2::{Yaml, YamlLoader};

use super::partition::{AddressSpace, PartitionEntry, PartitionTable, TailEntry, blocks_before_end};

const TEXT_MAX: usize = 256 * 1024;
const ENTRY_MAX: usize = 256;
const INDENT_MAX: usize = 32;
const VERSION: &str = "V1.1.1";

/// What kind of flash the layout is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScatterStorage {
    /// eMMC.
    Emmc,
    /// Raw NAND.
    Nand,
}

/// The general part of a scatter file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScatterFacts {
    /// `config_version`.
    pub config_version: String,
    /// `platform`, such as `MT6572`.
    pub platform: String,
    /// `project`: whose build it is.
    pub project: String,
    /// `storage`.
    pub storage: ScatterStorage,
    /// `block_size` in bytes: the unit of addresses counted from the end.
    pub block_size: u64,
}

/// What a flash tool is told to do with one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScatterEntry {
    /// `partition_name`.
    pub name: String,
    /// `file_name`; `None` where the file says NONE.
    pub file_name: Option<String>,
    /// `is_download`: a flash tool writes it.
    pub is_download: bool,
    /// `region`, such as `EMMC_USER`.
    pub region: String,
    /// `operation_type`, such as `BINREGION`.
    pub operation: String,
}

/// A scatter file as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scatter {
    /// The general part.
    pub facts: ScatterFacts,
    /// The layout, linear addresses.
    pub table: PartitionTable,
    /// What a flash tool does, in the order of the file.
    pub entries: Vec<ScatterEntry>,
}

/// Why a scatter file was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScatterError {
    /// Too long to be one.
    #[error("scatter file of {len} bytes: none is longer than {TEXT_MAX}")]
    TooLong {
        /// Its length.
        len: usize,
    },
    /// The plain list used before YAML.
    #[error(
        "this is the plain scatter form (NAME 0xADDRESS {{ }}), which gives no sizes; use the YAML file of the same ROM"
    )]
    Plain,
    /// A version this program does not read.
    #[error("scatter config_version {found} is not read: only {VERSION} (MT6572, MT6582) is")]
    Version {
        /// The version.
        found: String,
    },
    /// YAML that no flash tool writes: it could be made to grow without bound.
    #[error("scatter line {line}: `{token}` is not used by scatter files")]
    Form {
        /// Line, from 1.
        line: usize,
        /// The piece of text.
        token: String,
    },
    /// No YAML.
    #[error("scatter file is no YAML: {what}")]
    Yaml {
        /// The parser's words, with line and column.
        what: String,
    },
    /// A field is missing or has the wrong kind.
    #[error("scatter {place}: {field} is missing or not {wanted}")]
    Field {
        /// `general` or the number of the entry.
        place: String,
        /// The field.
        field: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// Storage other than eMMC and NAND.
    #[error("scatter storage {found} is not read: only EMMC and NAND are")]
    Storage {
        /// The value.
        found: String,
    },
    /// More entries than any phone has.
    #[error("scatter file lists {found} partitions: none lists more than {ENTRY_MAX}")]
    TooMany {
        /// Entries found.
        found: usize,
    },
}

impl Scatter {
    /// Reads a scatter file.
    ///
    /// # Errors
    /// [`ScatterError`], with the line or the entry.
    pub fn parse(text: &str) -> Result<Self, ScatterError> {
        if text.len() > TEXT_MAX {
            return Err(ScatterError::TooLong { len: text.len() });
        }
        let bare = text.trim_start_matches('\u{feff}');
        check_form(bare)?;
        let documents = YamlLoader::load_from_str(bare)
            .map_err(|error| ScatterError::Yaml { what: error.to_string() })?;
        let items =
            documents.first().and_then(Yaml::as_vec).ok_or_else(|| field("file", "list", "a YAML list"))?;
        if items.len() > ENTRY_MAX {
            return Err(ScatterError::TooMany { found: items.len() });
        }
        let (general, layout) =
            items.split_first().ok_or_else(|| field("file", "general", "the first entry"))?;
        let facts = facts(general)?;
        let mut scatter = Self {
            facts,
            table: PartitionTable { space: AddressSpace::Linear, entries: Vec::new(), tail: Vec::new() },
            entries: Vec::new(),
        };
        for (index, item) in layout.iter().enumerate() {
            scatter.add(&format!("partition {index}"), item)?;
        }
        if scatter.table.entries.is_empty() {
            return Err(field("file", "partition_index", "there even once"));
        }
        Ok(scatter)
    }

    fn add(&mut self, place: &str, item: &Yaml) -> Result<(), ScatterError> {
        let name = text(item, place, "partition_name")?;
        let start = number(item, place, "linear_start_addr")?;
        let size = number(item, place, "partition_size")?;
        let file = text(item, place, "file_name")?;
        self.entries.push(ScatterEntry {
            name: name.clone(),
            file_name: (!file.eq_ignore_ascii_case("NONE")).then_some(file),
            is_download: item["is_download"]
                .as_bool()
                .ok_or_else(|| field(place, "is_download", "true or false"))?,
            region: text(item, place, "region")?,
            operation: text(item, place, "operation_type")?,
        });
        match blocks_before_end(&name, start) {
            Some(blocks_before_end) => self.table.tail.push(TailEntry { name, blocks_before_end }),
            None => self.table.entries.push(PartitionEntry { name, start, size }),
        }
        Ok(())
    }
}

/// Refuses the YAML that can nest or multiply (flow collections, anchors, tags, block scalars, quotes) and the plain
/// form. Scatter files use none of it, and the YAML parser recurses and copies as told.
fn check_form(text: &str) -> Result<(), ScatterError> {
    for (line, whole) in (1..).zip(text.lines()) {
        let content = match whole.trim_start() {
            comment if comment.starts_with('#') => continue,
            _ => whole.split(" #").next().unwrap_or(whole),
        };
        if content.trim() == "{" {
            return Err(ScatterError::Plain);
        }
        let form = |token: &str| ScatterError::Form { line, token: token.chars().take(24).collect() };
        if content.chars().take_while(|c| c.is_whitespace()).count() > INDENT_MAX {
            return Err(form("deep indentation"));
        }
        if content.split_whitespace().filter(|token| *token == "-").count() > 1 {
            return Err(form("- -"));
        }
        if let Some(token) =
            content.split_whitespace().find(|token| token.starts_with(|c| "[]{}&*!|>?%@`\"'".contains(c)))
        {
            return Err(form(token));
        }
    }
    Ok(())
}

fn facts(general: &Yaml) -> Result<ScatterFacts, ScatterError> {
    let place = "general";
    let info = &general["info"];
    let info = info.as_vec().and_then(|list| list.first()).unwrap_or(info);
    let config_version = text(info, place, "config_version")?;
    if config_version != VERSION {
        return Err(ScatterError::Version { found: config_version });
    }
    let storage = match text(info, place, "storage")?.as_str() {
        "EMMC" => ScatterStorage::Emmc,
        "NAND" => ScatterStorage::Nand,
        found => return Err(ScatterError::Storage { found: found.to_owned() }),
    };
    Ok(ScatterFacts {
        config_version,
        platform: text(info, place, "platform")?,
        project: text(info, place, "project")?,
        storage,
        block_size: number(info, place, "block_size")?,
    })
}

fn field(place: &str, field: &'static str, wanted: &'static str) -> ScatterError {
    ScatterError::Field { place: place.to_owned(), field, wanted }
}

fn text(item: &Yaml, place: &str, name: &'static str) -> Result<String, ScatterError> {
    match &item[name] {
        Yaml::String(text) | Yaml::Real(text) => Ok(text.clone()),
        Yaml::Integer(number) => Ok(number.to_string()),
        _ => Err(field(place, name, "a word")),
    }
}

fn number(item: &Yaml, place: &str, name: &'static str) -> Result<u64, ScatterError> {
    let wrong = || field(place, name, "a number in bytes");
    match &item[name] {
        Yaml::Integer(number) => u64::try_from(*number).map_err(|_| wrong()),
        Yaml::String(text) => {
            let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).ok_or_else(wrong)?;
            u64::from_str_radix(digits, 16).map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}
