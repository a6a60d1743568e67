//! Scatter files of every generation (ap-nvram.md 5.7): the plain list, YAML V1.1.1, the GPT era's V1.1.2, and V2.1.0 with
//! a layout for each kind of storage. Yields layouts of one shape; guesses no address space.

use thiserror::Error;
use yaml_rust2::{Yaml, YamlLoader};

use super::partition::{AddressSpace, PartitionEntry, PartitionTable, TailEntry, blocks_before_end};
use super::scatter::{Scatter, ScatterEntry, ScatterError, ScatterStorage};
use super::scatter_text::{self, PlainError};

const ENTRY_MAX: usize = 256;
const STORAGE_MAX: usize = 8;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScatterForm {
    /// `NAME 0xADDRESS {}`.
    Plain,
    /// YAML, one layout.
    Flat,
    /// YAML, a layout for each storage.
    Nested,
}

/// What the layout is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlashKind {
    /// eMMC.
    Emmc,
    /// Raw NAND.
    Nand,
    /// UFS.
    Ufs,
    /// A memory card's protocol on the board.
    Sdmmc,
}

/// One layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScatterLayout {
    /// How its file is written.
    pub form: ScatterForm,
    /// `config_version`; the plain form has none.
    pub config_version: Option<String>,
    /// `platform`.
    pub platform: Option<String>,
    /// `project`.
    pub project: Option<String>,
    /// `storage`.
    pub storage: Option<FlashKind>,
    /// `block_size` in bytes.
    pub block_size: Option<u64>,
    /// The layout. Linear, or counted from the user area where every area counts anew (then without the boot areas).
    pub table: PartitionTable,
    /// What a flash tool does, in the order of the file, boot areas included.
    pub entries: Vec<ScatterEntry>,
}

/// Why a file was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnyScatterError {
    /// As YAML of the first version.
    #[error(transparent)]
    Yaml(#[from] ScatterError),
    /// As the plain form.
    #[error(transparent)]
    Plain(#[from] PlainError),
    /// A version nobody has described.
    #[error("scatter config_version {found} is not read: only V1.1.1, V1.1.2 and V2.1.0 are")]
    Version {
        /// The version.
        found: String,
    },
}

/// Reads a scatter file of any form: one layout, or one for each storage.
///
/// # Errors
/// [`AnyScatterError`], with the line or the entry.
pub fn parse(text: &str) -> Result<Vec<ScatterLayout>, AnyScatterError> {
    match Scatter::parse(text) {
        Ok(scatter) => Ok(vec![scatter.into()]),
        Err(ScatterError::Plain) => Ok(vec![plain(scatter_text::parse(text)?)]),
        // The first version's reader has by now refused every YAML that could grow without bound.
        Err(ScatterError::Version { found }) if found == "V1.1.2" => Ok(vec![flat(&list(text)?)?]),
        Err(ScatterError::Version { found }) if found == "V2.1.0" => Ok(nested(&list(text)?)?),
        Err(ScatterError::Version { found }) => Err(AnyScatterError::Version { found }),
        Err(error) => Err(error.into()),
    }
}

impl From<Scatter> for ScatterLayout {
    fn from(scatter: Scatter) -> Self {
        let storage = match scatter.facts.storage {
            ScatterStorage::Emmc => FlashKind::Emmc,
            ScatterStorage::Nand => FlashKind::Nand,
        };
        Self {
            form: ScatterForm::Flat,
            config_version: Some(scatter.facts.config_version),
            platform: Some(scatter.facts.platform),
            project: Some(scatter.facts.project),
            storage: Some(storage),
            block_size: Some(scatter.facts.block_size),
            table: scatter.table,
            entries: scatter.entries,
        }
    }
}

fn plain(read: scatter_text::PlainScatter) -> ScatterLayout {
    let names = read.entries.iter().map(|entry| &entry.name).chain(read.tail.iter().map(|entry| &entry.name));
    let entries = names.map(|name| ScatterEntry {
        name: name.clone(),
        file_name: None,
        is_download: !name.starts_with("__NODL_") && !name.starts_with("BMTPOOL"),
        region: String::new(),
        operation: String::new(),
    });
    ScatterLayout {
        form: ScatterForm::Plain,
        config_version: None,
        platform: None,
        project: None,
        storage: None,
        block_size: None,
        entries: entries.collect(),
        table: PartitionTable { space: AddressSpace::Linear, entries: read.entries, tail: read.tail },
    }
}

fn list(text: &str) -> Result<Vec<Yaml>, ScatterError> {
    let documents = YamlLoader::load_from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| ScatterError::Yaml { what: error.to_string() })?;
    let first = documents.into_iter().next().and_then(Yaml::into_vec);
    first.ok_or_else(|| field("file", "list", "a YAML list"))
}

fn flat(items: &[Yaml]) -> Result<ScatterLayout, ScatterError> {
    let (general, layout) = split(items)?;
    let info = info(general);
    let mut read = head(ScatterForm::Flat, info)?;
    describe_storage(&mut read, info)?;
    fill(&mut read, layout)?;
    Ok(read)
}

fn nested(items: &[Yaml]) -> Result<Vec<ScatterLayout>, ScatterError> {
    let (general, storages) = split(items)?;
    if storages.is_empty() || storages.len() > STORAGE_MAX {
        return Err(field("file", "storage_type", "there once for each storage"));
    }
    let mut layouts = Vec::new();
    for storage in storages {
        let description = storage["description"].as_vec();
        let (own, layout) = split(description.ok_or_else(|| field("file", "description", "a list"))?)?;
        let mut read = head(ScatterForm::Nested, info(general))?;
        describe_storage(&mut read, info(own))?;
        fill(&mut read, layout)?;
        layouts.push(read);
    }
    Ok(layouts)
}

fn split(items: &[Yaml]) -> Result<(&Yaml, &[Yaml]), ScatterError> {
    if items.len() > ENTRY_MAX {
        return Err(ScatterError::TooMany { found: items.len() });
    }
    items.split_first().ok_or_else(|| field("file", "general", "the first entry"))
}

fn info(general: &Yaml) -> &Yaml {
    let info = &general["info"];
    info.as_vec().and_then(|list| list.first()).unwrap_or(info)
}

fn head(form: ScatterForm, info: &Yaml) -> Result<ScatterLayout, ScatterError> {
    Ok(ScatterLayout {
        form,
        config_version: Some(text(info, "general", "config_version")?),
        platform: Some(text(info, "general", "platform")?),
        project: Some(text(info, "general", "project")?),
        storage: None,
        block_size: None,
        table: PartitionTable { space: AddressSpace::Linear, entries: Vec::new(), tail: Vec::new() },
        entries: Vec::new(),
    })
}

fn describe_storage(read: &mut ScatterLayout, info: &Yaml) -> Result<(), ScatterError> {
    let storage = match text(info, "general", "storage")?.as_str() {
        "EMMC" => FlashKind::Emmc,
        "NAND" => FlashKind::Nand,
        "UFS" => FlashKind::Ufs,
        "SDMMC" => FlashKind::Sdmmc,
        found => return Err(ScatterError::Storage { found: found.to_owned() }),
    };
    read.storage = Some(storage);
    read.block_size = Some(number(info, "general", "block_size")?);
    Ok(())
}

fn fill(read: &mut ScatterLayout, layout: &[Yaml]) -> Result<(), ScatterError> {
    let mut places = Vec::new();
    for (index, item) in layout.iter().enumerate() {
        let place = format!("partition {index}");
        let file = text(item, &place, "file_name")?;
        let entry = ScatterEntry {
            name: text(item, &place, "partition_name")?,
            file_name: (!file.eq_ignore_ascii_case("NONE")).then_some(file),
            is_download: item["is_download"]
                .as_bool()
                .ok_or_else(|| field(&place, "is_download", "true or false"))?,
            region: text(item, &place, "region")?,
            operation: text(item, &place, "operation_type")?,
        };
        let start = number(item, &place, "linear_start_addr")?;
        places.push((start, number(item, &place, "partition_size")?, is_boot_area(&entry.region)));
        read.entries.push(entry);
    }
    // In the GPT era every area counts from its own start, so something behind the boot areas starts at 0.
    let own_starts = places.iter().any(|(start, _, boot)| *start == 0 && !boot);
    if own_starts {
        read.table.space = AddressSpace::User;
    }
    for (entry, (start, size, boot)) in read.entries.iter().zip(places) {
        let name = entry.name.clone();
        match blocks_before_end(&name, start) {
            _ if boot && own_starts => {}
            Some(blocks_before_end) => read.table.tail.push(TailEntry { name, blocks_before_end }),
            None => read.table.entries.push(PartitionEntry { name, start, size }),
        }
    }
    if read.table.entries.is_empty() {
        return Err(field("file", "partition_index", "there even once"));
    }
    Ok(())
}

fn is_boot_area(region: &str) -> bool {
    region.starts_with("EMMC_BOOT")
        || region == "UFS_LU0"
        || region == "UFS_LU1"
        || region.starts_with("UFS_LU0_")
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
    let found = match &item[name] {
        Yaml::Integer(number) => u64::try_from(*number).ok(),
        Yaml::String(text) => text
            .strip_prefix("0x")
            .or_else(|| text.strip_prefix("0X"))
            .and_then(|digits| u64::from_str_radix(digits, 16).ok()),
        _ => None,
    };
    found.ok_or_else(|| field(place, name, "a number in bytes"))
}
