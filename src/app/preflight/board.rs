//! Which board a build is for, as its properties say. Reads what is written; guesses nothing from names alone.

use super::names;
use super::package::Package;
use crate::app::{Context, Failure};
use crate::formats::ext4::{Ext4Error, Volume};
use crate::formats::scatter_any::ScatterLayout;
use crate::storage::{Window, shared::lock};

/// Longest file of build properties.
const MAX_PROPERTIES: u64 = 1 << 20;
/// Properties that name the board or the product.
const PRODUCT: [&str; 4] = ["ro.build.product", "ro.product.board", "ro.product.device", "ro.product.name"];
/// Properties that name the chip.
const CHIP: [&str; 2] = ["ro.mediatek.platform", "ro.board.platform"];

/// What build properties say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Board {
    /// Names of the board and the product.
    pub products: Vec<String>,
    /// The chip.
    pub chip: Option<String>,
}

impl Board {
    /// Reads a file of properties; nothing where it names neither.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut board = Self::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let (key, value) = (key.trim(), value.trim());
            if value.is_empty() || value.len() > 96 {
                continue;
            }
            if PRODUCT.contains(&key) && board.products.len() < 16 {
                board.products.push(value.to_owned());
            }
            if CHIP.contains(&key) && value.len() > 4 && value[..2].eq_ignore_ascii_case("mt") {
                board.chip.get_or_insert_with(|| value.to_owned());
            }
        }
        (!board.products.is_empty() || board.chip.is_some()).then_some(board)
    }

    /// Returns whether one of `names` is this board's.
    #[must_use]
    pub fn is_called<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> bool {
        names.any(|name| self.products.iter().any(|product| product.eq_ignore_ascii_case(name)))
    }
}

/// Returns whether a partition holds Android's system.
#[must_use]
pub fn is_system(name: &str) -> bool {
    ["ANDROID", "SYSTEM"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Reads the properties in a system volume.
///
/// # Errors
/// The volume's.
pub fn in_system(volume: Result<Volume<'_>, Ext4Error>) -> Result<Board, Ext4Error> {
    let mut volume = volume?;
    let bytes = match volume.read_file("build.prop", MAX_PROPERTIES) {
        Err(Ext4Error::NotFound { .. }) => volume.read_file("system/build.prop", MAX_PROPERTIES)?,
        read => read?,
    };
    Board::parse(&bytes).ok_or(Ext4Error::NotFound { path: "build.prop".into() })
}

/// Reads the properties of a package: a file beside its images, or the one in its system image.
///
/// # Errors
/// The wish to stop.
pub fn in_package(
    context: &Context<'_>,
    package: &mut Package,
    layout: &ScatterLayout,
) -> Result<Option<Board>, Failure> {
    let beside = package.items.iter().find(|item| names::last(&item.name) == "build.prop").cloned();
    if let Some(item) = beside
        && let Ok(bytes) = package.head(&item, MAX_PROPERTIES)
        && let Some(board) = Board::parse(&bytes)
    {
        return Ok(Some(board));
    }
    let named = layout
        .entries
        .iter()
        .find(|entry| is_system(&entry.name))
        .and_then(|entry| entry.file_name.as_deref());
    let item = named.and_then(|name| package.image(name)).cloned();
    let Some(item) = item.filter(|item| package.is_open_to_looks(item)) else { return Ok(None) };
    let Ok(disk) = package.disk(context, &item)? else { return Ok(None) };
    let len = lock(&disk).len();
    Ok(in_system(Volume::open(Window::new(disk, 0, len))).ok())
}
