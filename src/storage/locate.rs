//! Finds the named partitions of a user area: PMT and mirror, a GPT, or a scatter file with evidence from the card itself
//! (msdc-direct.md 10, ap-nvram.md 5.6). A layout is proven only when every cross-check that a write demands has passed.

use thiserror::Error;

use super::{Layout, Place, locate_gpt, locate_zero};
use crate::formats::mbr::{self, MbrChain};
use crate::formats::partition::{PartitionEntry, PartitionError, PartitionTable};
use crate::formats::pmt::{PMT_BEFORE_END, PMT_LEN, PmtCopy, PmtError, PmtKind, agree};
use crate::formats::{ReadAt, ReadError};

/// Type byte of the one partition in a protective boot record.
const PROTECTIVE: u8 = 0xEE;

/// What is said of an MBR that bears a table out.
const IN_PLACE: &str = "the MBR lies where the table says and lists the same file systems";

/// Turns a partition's name as its table writes it into the canonical one.
pub type Canonical<'a> = &'a dyn Fn(&str) -> String;

/// Why no layout could be found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LocateError {
    /// Reading failed.
    #[error("reading {what}: {cause}")]
    Read {
        /// What was being read.
        what: &'static str,
        /// Why it failed.
        cause: ReadError,
    },
    /// Neither copy of the PMT is valid, and there is no scatter file.
    #[error("the phone has no partition table (PMT or GPT): {main}; mirror: {mirror}")]
    NoTable {
        /// What is wrong with the main copy.
        main: String,
        /// What is wrong with the mirror.
        mirror: String,
    },
    /// The table contradicts itself or the card.
    #[error("the partition table cannot be true: {0}")]
    Table(#[from] PartitionError),
    /// The scatter file's phone is not this one.
    #[error("the scatter file does not fit this phone: {what}")]
    ScatterDiffers {
        /// The contradiction.
        what: String,
    },
}

impl LocateError {
    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { cause: ReadError::Device { code, .. }, .. } => code,
            Self::Read { .. } => "layout-read",
            Self::NoTable { .. } => "no-pmt",
            Self::Table(_) => "pmt-impossible",
            Self::ScatterDiffers { .. } => "scatter-differs",
        }
    }
}

/// Locates the partitions of a user area whose linear address space starts `prefix` bytes before it. `scatter` is the
/// table of the user's scatter file: the layout where there is no PMT, a second witness where there is one.
///
/// # Errors
/// [`LocateError`].
pub fn locate(
    disk: &mut dyn ReadAt,
    prefix: u64,
    scatter: Option<&PartitionTable>,
    canonical: Canonical<'_>,
) -> Result<Layout, LocateError> {
    let capacity = disk.len();
    let main_at = capacity.saturating_sub(PMT_BEFORE_END);
    let main = read_copy(disk, main_at, PmtKind::Main)?;
    let mirror = read_copy(disk, main_at + PMT_LEN as u64, PmtKind::Mirror)?;
    let has_pmt = main.is_ok() || mirror.is_ok();
    if !has_pmt && let Some(mut layout) = locate_gpt::locate(disk, canonical)? {
        if let Some(scatter) = scatter
            && !places_like(&layout, scatter, canonical)
        {
            layout.doubt(
                "the scatter file places identity partitions elsewhere than the phone's own GPT".into(),
            );
        }
        return Ok(layout);
    }
    let mut layout = Layout::default();
    let table = match (main, mirror, scatter) {
        (Ok(main), Ok(mirror), _) => {
            if let Err(error) = agree(&main, &mirror) {
                layout.doubt(format!(
                    "the two PMT copies disagree: {error}; the phone itself believes the main copy"
                ));
            }
            layout.learned_from = "PMT".into();
            main
        }
        (Ok(table), Err(error), _) => {
            layout.learned_from = "PMT".into();
            match scatter {
                Some(scatter) if same_identity_ranges(&table, scatter, canonical) => {
                    layout.remarks.push(format!(
                        "the PMT mirror is damaged ({error}); the scatter file agrees with the main copy"
                    ));
                }
                _ => layout.doubt(format!("the PMT mirror is damaged: {error}")),
            }
            table
        }
        (Err(error), Ok(table), _) => {
            layout.learned_from = "PMT mirror".into();
            match scatter {
                Some(scatter) if same_identity_ranges(&table, scatter, canonical) => {
                    layout.remarks.push(format!(
                        "the main PMT is damaged ({error}); the scatter file agrees with the mirror"
                    ));
                }
                _ => layout.doubt(format!("the main PMT is damaged: {error}")),
            }
            table
        }
        (Err(_), Err(_), Some(scatter)) => {
            layout.learned_from = "scatter".into();
            scatter.clone()
        }
        (Err(main), Err(mirror), None) => {
            return Err(LocateError::NoTable { main: main.to_string(), mirror: mirror.to_string() });
        }
    };
    let moved = locate_zero::find(disk, &table, scatter, prefix, canonical)?;
    let is_moved = moved.is_some();
    let table = match moved {
        Some(moved) => {
            layout.doubt(format!(
                "the {} says that the MBR lies at 0; the card shows it elsewhere, where it fits the rest of the table",
                layout.learned_from
            ));
            moved
        }
        None => table,
    };
    place_entries(&mut layout, &table, prefix, capacity, canonical)?;
    check_against_mbr(disk, &mut layout, &table, scatter, prefix)?;
    if is_moved {
        // It lies where the card says, and not where the table does.
        layout.remarks.retain(|remark| remark != IN_PLACE);
    }
    if has_pmt && locate_gpt::begins(disk)? {
        return beside_gpt(disk, layout, canonical);
    }
    if layout.learned_from == "scatter" {
        layout
            .remarks
            .push("the layout comes from a scatter file, checked against the MBR on the card".into());
    } else if let Some(scatter) = scatter
        && !same_identity_ranges(&table, scatter, canonical)
    {
        layout.doubt("the scatter file places identity partitions elsewhere than the phone's own PMT".into());
    }
    Ok(layout)
}

/// Decides between a PMT and a GPT on one card. A preloader knows one of the two, and its boot record says which: the
/// chain that a PMT places, or the protective record of a GPT. Nothing is written either way.
fn beside_gpt(
    disk: &mut dyn ReadAt,
    mut pmt: Layout,
    canonical: Canonical<'_>,
) -> Result<Layout, LocateError> {
    let Some(mut gpt) = locate_gpt::locate(disk, canonical)? else {
        pmt.doubt("a damaged GPT lies beside the PMT; the phone believes the PMT".into());
        return Ok(pmt);
    };
    let both =
        |believed: &str| format!("both a PMT and a GPT are on the card; the phone believes the {believed}");
    let mut first = [0; 512];
    let protective = match disk.read_at(0, &mut first) {
        Ok(()) => first[510..] == [0x55, 0xAA] && first[0x1C2] == PROTECTIVE,
        Err(cause) => return Err(LocateError::Read { what: "the first sector", cause }),
    };
    if protective {
        gpt.doubt(both("GPT, whose protective boot record is in place"));
        Ok(gpt)
    } else {
        pmt.doubt(both("PMT, for the boot record is not that of a GPT"));
        Ok(pmt)
    }
}

impl Layout {
    /// Notes something that forbids writing by this layout.
    fn doubt(&mut self, doubt: String) {
        self.doubts.push(doubt);
    }
}

type Copy = Result<PartitionTable, PmtError>;

fn read_copy(disk: &mut dyn ReadAt, at: u64, wanted: PmtKind) -> Result<Copy, LocateError> {
    let mut bytes = vec![0u8; PMT_LEN];
    disk.read_at(at, &mut bytes)
        .map_err(|cause| LocateError::Read { what: "the partition table (PMT)", cause })?;
    Ok(PmtCopy::parse(&bytes).and_then(|copy| {
        if copy.kind == wanted {
            Ok(copy.table)
        } else {
            Err(PmtError::Signature { found: u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) })
        }
    }))
}

/// Fills in the places of every entry that lies in the user area. Entries before it (the preloader) are passed over.
///
/// # Errors
/// [`LocateError::Table`] for a table that contradicts itself or leaves the card.
pub(super) fn place_entries(
    layout: &mut Layout,
    table: &PartitionTable,
    prefix: u64,
    capacity: u64,
    canonical: Canonical<'_>,
) -> Result<(), LocateError> {
    table.check(None)?;
    for entry in table.entries.iter().filter(|entry| entry.start >= prefix) {
        let name = canonical(entry.plain_name());
        let range = entry.user_range(prefix, capacity)?;
        if layout.find(&name).is_some() {
            layout.doubt(format!("{name} is listed twice"));
            continue;
        }
        layout.places.push(Place { name, start: range.start, len: range.end - range.start });
    }
    layout.places.sort_by_key(|place| place.start);
    Ok(())
}

/// Looks for the MBR where the layout says it is, and compares the file systems it lists.
fn check_against_mbr(
    disk: &mut dyn ReadAt,
    layout: &mut Layout,
    table: &PartitionTable,
    scatter: Option<&PartitionTable>,
    prefix: u64,
) -> Result<(), LocateError> {
    let listed = table.find(&["MBR"]).or_else(|| scatter.and_then(|scatter| scatter.find(&["MBR"])));
    let Some(base) = listed.and_then(|entry| entry.start.checked_sub(prefix)) else {
        layout.doubt("neither PMT nor scatter says where the MBR is, so the layout cannot be checked".into());
        return Ok(());
    };
    match mbr::read_chain(disk, base) {
        Ok(chain) => compare(layout, &chain, base),
        Err(mbr::MbrError::Read { cause: cause @ ReadError::Device { .. }, .. }) => {
            return Err(LocateError::Read { what: "the MBR", cause });
        }
        Err(error) if layout.learned_from == "scatter" => {
            return Err(LocateError::ScatterDiffers { what: format!("no MBR where it says: {error}") });
        }
        Err(error) => layout.doubt(format!("no MBR where the PMT says: {error}")),
    }
    Ok(())
}

/// File systems that the MBR lists and the table places: each must start at the same byte.
fn compare(layout: &mut Layout, chain: &MbrChain, base: u64) {
    let starts: Vec<u64> = chain.partitions.iter().map(|partition| base + partition.start).collect();
    let strangers: Vec<String> = locate_zero::LISTED
        .iter()
        .filter_map(|name| layout.find(name))
        .filter(|place| !starts.contains(&place.start))
        .map(|place| place.name.clone())
        .collect();
    if strangers.is_empty() {
        layout.remarks.push(IN_PLACE.into());
    } else {
        layout.doubt(format!("the MBR does not list {} where the table places it", strangers.join(", ")));
    }
}

/// Returns whether a scatter file that counts from the user area places the identity partitions as the layout does.
fn places_like(layout: &Layout, scatter: &PartitionTable, canonical: Canonical<'_>) -> bool {
    let listed = |name: &str| scatter.entries.iter().find(|entry| canonical(entry.plain_name()) == name);
    ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S", "NVDATA", "NVCFG"].iter().all(|name| {
        match (layout.find(name), listed(name)) {
            (Some(place), Some(entry)) => (place.start, place.len) == (entry.start, entry.size),
            _ => true,
        }
    })
}

/// Returns whether two tables place the identity partitions alike.
fn same_identity_ranges(a: &PartitionTable, b: &PartitionTable, canonical: Canonical<'_>) -> bool {
    let find = |table: &PartitionTable, name: &str| -> Option<PartitionEntry> {
        table.entries.iter().find(|entry| canonical(entry.plain_name()) == name).cloned()
    };
    ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S"].iter().all(|name| match (find(a, name), find(b, name)) {
        (Some(a), Some(b)) => a.start == b.start && a.size == b.size,
        (None, None) => true,
        _ => false,
    })
}
