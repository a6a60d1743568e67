//! A list of named partitions and the arithmetic between the three address spaces of an MT6572-era eMMC.
//! Promises that no address leaves it unchecked; does not know where the list came from.

use std::ops::Range;

use thiserror::Error;

/// What an address counts from (reference `msdc-direct` 10, `ap-nvram` 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressSpace {
    /// From the start of BOOT1; BOOT1, BOOT2, RPMB and the general-purpose areas come before the user area.
    /// Used by the PMT and by `linear_start_addr` of a scatter file.
    Linear,
    /// From the MBR, which on this family is not at the start of the user area. Used by Linux and the MBR chain.
    Logical,
    /// From block 0 of the user area: what the card itself understands.
    User,
}

/// One named range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionEntry {
    /// The name exactly as its source writes it.
    pub name: String,
    /// First byte, in the table's address space.
    pub start: u64,
    /// Length in bytes; 0 means "to the end of the device".
    pub size: u64,
}

/// A range counted from the end of the device: `BMTPOOL 0xFFFFnnnn`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailEntry {
    /// The name exactly as its source writes it.
    pub name: String,
    /// Erase blocks between the range's start and the end of the device; the block size is the source's (0x20000).
    pub blocks_before_end: u16,
}

/// A partition table in one address space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionTable {
    /// What every `start` counts from.
    pub space: AddressSpace,
    /// The entries in the order of their source.
    pub entries: Vec<PartitionEntry>,
    /// The entries whose place is counted from the end.
    pub tail: Vec<TailEntry>,
}

/// Why a table or an address was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PartitionError {
    /// The address lies in the boot areas or RPMB.
    #[error("linear address {linear:#x} lies before the user area, which starts at {prefix:#x}")]
    BeforeUserArea {
        /// The address.
        linear: u64,
        /// Bytes of BOOT1, BOOT2, RPMB and GP areas.
        prefix: u64,
    },
    /// A sum leaves 64 bits.
    #[error("partition {name}: start {start:#x} plus size {size:#x} is no address")]
    Overflow {
        /// The entry.
        name: String,
        /// Its start.
        start: u64,
        /// Its size.
        size: u64,
    },
    /// The entry leaves the device.
    #[error("partition {name} ends at {end:#x}, behind the device's end {limit:#x}")]
    OutOfBounds {
        /// The entry.
        name: String,
        /// The byte after it.
        end: u64,
        /// The byte after the device.
        limit: u64,
    },
    /// Two entries share bytes.
    #[error("partitions {first} and {second} overlap at {at:#x}")]
    Overlap {
        /// The earlier one.
        first: String,
        /// The later one.
        second: String,
        /// First shared byte.
        at: u64,
    },
    /// The MBR lies before the user area, so the logical addresses have no place.
    #[error(
        "logical address {logical:#x} has no place: the MBR at {mbr:#x} and prefix {prefix:#x} do not fit"
    )]
    NoLogicalPlace {
        /// The address.
        logical: u64,
        /// Linear address of the MBR.
        mbr: u64,
        /// Bytes before the user area.
        prefix: u64,
    },
}

/// Turns a linear address into an offset in the user area: `linear - prefix`.
///
/// `prefix` is BOOT1 + BOOT2 + RPMB + GP in bytes, from this card's EXT_CSD and never from a table.
///
/// # Errors
/// [`PartitionError::BeforeUserArea`] when the address lies in the boot areas.
pub fn user_offset(linear: u64, prefix: u64) -> Result<u64, PartitionError> {
    linear.checked_sub(prefix).ok_or(PartitionError::BeforeUserArea { linear, prefix })
}

/// Turns a logical address (counted from the MBR) into an offset in the user area: `logical + mbr - prefix`.
///
/// `mbr` is the linear address of the MBR, from the PMT or the scatter file.
///
/// # Errors
/// [`PartitionError::NoLogicalPlace`] when the MBR lies before the user area (the vendor kernel refuses to boot then).
pub fn logical_to_user(logical: u64, mbr: u64, prefix: u64) -> Result<u64, PartitionError> {
    mbr.checked_sub(prefix)
        .and_then(|shift| shift.checked_add(logical))
        .ok_or(PartitionError::NoLogicalPlace { logical, mbr, prefix })
}

impl PartitionEntry {
    /// Returns the name without the markers that scatter files put before it.
    #[must_use]
    pub fn plain_name(&self) -> &str {
        plain_name(&self.name)
    }

    /// Returns the entry's place in the user area of a card with `prefix` and `capacity` bytes.
    ///
    /// # Errors
    /// Where the entry is not wholly inside the user area.
    pub fn user_range(&self, prefix: u64, capacity: u64) -> Result<Range<u64>, PartitionError> {
        let start = user_offset(self.start, prefix)?;
        let end = match self.size {
            0 => capacity,
            size => start.checked_add(size).ok_or_else(|| self.overflow())?,
        };
        if end > capacity || start >= end {
            return Err(PartitionError::OutOfBounds {
                name: self.name.clone(),
                end: end.max(start),
                limit: capacity,
            });
        }
        Ok(start..end)
    }

    fn overflow(&self) -> PartitionError {
        PartitionError::Overflow { name: self.name.clone(), start: self.start, size: self.size }
    }
}

impl PartitionTable {
    /// Finds the entry that carries any of `names`: no regard to case, `__NODL_` and `__NODL_RSV_` stripped.
    ///
    /// `names` is the wanted name and its aliases (`["PROTECT_F", "protect1"]`); earlier names win.
    #[must_use]
    pub fn find(&self, names: &[&str]) -> Option<&PartitionEntry> {
        names.iter().find_map(|wanted| {
            self.entries.iter().find(|entry| entry.plain_name().eq_ignore_ascii_case(plain_name(wanted)))
        })
    }

    /// Checks that no entry leaves `limit` (bytes, in the table's own space; `None` where unknown) and no two overlap.
    ///
    /// # Errors
    /// The first entry that does.
    pub fn check(&self, limit: Option<u64>) -> Result<(), PartitionError> {
        let mut spans = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let end = match entry.size {
                0 => limit.unwrap_or(u64::MAX),
                size => entry.start.checked_add(size).ok_or_else(|| entry.overflow())?,
            };
            if let Some(limit) = limit
                && (end > limit || entry.start > limit)
            {
                return Err(PartitionError::OutOfBounds {
                    name: entry.name.clone(),
                    end: end.max(entry.start),
                    limit,
                });
            }
            spans.push((entry.start, end, entry));
        }
        spans.sort_by_key(|span| span.0);
        for pair in spans.windows(2) {
            if let [(_, end, first), (start, _, second)] = pair
                && end > start
            {
                let (first, second) = (first.name.clone(), second.name.clone());
                return Err(PartitionError::Overlap { first, second, at: *start });
            }
        }
        Ok(())
    }
}

/// Returns the name without `__NODL_RSV_` or `__NODL_` before it.
fn plain_name(name: &str) -> &str {
    let name = name.trim();
    for marker in ["__NODL_RSV_", "__NODL_"] {
        if let Some((head, rest)) = name.split_at_checked(marker.len())
            && head.eq_ignore_ascii_case(marker)
        {
            return rest;
        }
    }
    name
}

/// Returns the `nnnn` of a start `0xFFFFnnnn`, which counts blocks from the end. Only `BMTPOOL` is written so in the
/// tables seen; another entry there must not be a whole number of sectors, or it may be a true address.
pub(crate) fn blocks_before_end(name: &str, start: u64) -> Option<u16> {
    let marked = start >> 16 == 0xFFFF
        && (!start.is_multiple_of(512) || plain_name(name).eq_ignore_ascii_case("BMTPOOL"));
    if marked { u16::try_from(start & 0xFFFF).ok() } else { None }
}
