//! Which entry of a container is for a phone (preloader-and-legacy-da.md 5.5, the recommended rule), and why. Promises that both
//! stages of a chosen entry lie whole in the file.

use super::{DaContainer, DaEntry, DaError, DaRegion};

/// Most bytes of one stage; the largest known has a quarter of a megabyte.
const MOST_STAGE: u32 = 16 << 20;
/// Regions of the two stages of a legacy agent (section 5.3).
const FIRST: usize = 1;
const SECOND: usize = 2;

/// What a phone says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// The chip, as agents number it; not always the phone's own hardware code.
    pub da_code: u16,
    /// Sub code.
    pub hw_sub_code: u16,
    /// Hardware version.
    pub hw_version: u16,
    /// Software version.
    pub sw_version: u16,
}

/// The entry that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its number in the file, from 0.
    pub index: usize,
    /// Why this one, in words.
    pub reason: String,
    /// The first stage.
    pub first: DaRegion,
    /// The second stage.
    pub second: DaRegion,
}

impl DaContainer {
    /// Chooses the entry for a phone: its chip, sub code equal or 0, versions 0 or not newer than the phone's; of several, the
    /// newest. `bytes` is the file this container was read from.
    ///
    /// # Errors
    /// [`DaError::NoEntry`], [`DaError::OtherSubCode`], [`DaError::NewerRevision`]; the region kinds when the chosen entry is
    /// not whole.
    pub fn choose(&self, device: Device, bytes: &[u8]) -> Result<Chosen, DaError> {
        let Device { da_code, hw_sub_code, hw_version, sw_version } = device;
        let of_chip = || self.entries.iter().enumerate().filter(move |(_, entry)| entry.hw_code == da_code);
        if of_chip().next().is_none() {
            return Err(DaError::NoEntry { da_code, contents: self.contents() });
        }
        let contents = || of_chip().map(|(_, entry)| entry.title()).collect();
        let same_sub = |entry: &DaEntry| entry.hw_sub_code == 0 || entry.hw_sub_code == hw_sub_code;
        if !of_chip().any(|(_, entry)| same_sub(entry)) {
            return Err(DaError::OtherSubCode { da_code, hw_sub_code, contents: contents() });
        }
        // 0 is not larger than anything, so it needs no case of its own.
        let fits = |entry: &DaEntry| {
            same_sub(entry) && entry.hw_version <= hw_version && entry.sw_version <= sw_version
        };
        let fitting: Vec<(usize, &DaEntry)> = of_chip().filter(|(_, entry)| fits(entry)).collect();
        let versions = |entry: &DaEntry| (entry.hw_version, entry.sw_version);
        // Of equal ones the first: `max_by_key` would take the last.
        let Some((index, entry)) = fitting.iter().copied().rev().max_by_key(|(_, entry)| versions(entry))
        else {
            return Err(DaError::NewerRevision { da_code, hw_version, sw_version, contents: contents() });
        };
        Ok(Chosen {
            index,
            reason: reason(index, self.entries.len(), entry, device, fitting.len()),
            first: stage(index, entry, FIRST, bytes.len() as u64)?,
            second: stage(index, entry, SECOND, bytes.len() as u64)?,
        })
    }
}

impl DaRegion {
    /// Returns its bytes.
    #[must_use]
    pub fn of<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let start = usize::try_from(self.offset).ok()?;
        bytes.get(start..start.checked_add(usize::try_from(self.len).ok()?)?)
    }
}

fn stage(index: usize, entry: &DaEntry, region: usize, len: u64) -> Result<DaRegion, DaError> {
    let found = *entry
        .regions
        .get(region)
        .filter(|_| entry.regions.len() > SECOND)
        .ok_or(DaError::FewRegions { index, count: entry.regions.len() })?;
    let (start, end) = (u64::from(found.offset), u64::from(found.offset) + u64::from(found.len));
    if found.len == 0 || found.len > MOST_STAGE || found.signature_len >= found.len {
        let (len, signature_len) = (found.len, found.signature_len);
        return Err(DaError::RegionAbsurd { index, region, len, signature_len });
    }
    if start >= len {
        return Err(DaError::RegionOutside { index, region, offset: found.offset, len });
    }
    if end > len {
        return Err(DaError::RegionCut { index, region, missing: end - len });
    }
    Ok(found)
}

fn reason(index: usize, count: usize, entry: &DaEntry, device: Device, fitting: usize) -> String {
    let version = |name: &str, wanted: u16, has: u16| match wanted {
        0 => format!("any {name}"),
        _ if wanted == has => format!("{name} {wanted:04x} as the phone's"),
        _ => format!("{name} from {wanted:04x} on, the phone has {has:04x}"),
    };
    let mut text = format!(
        "entry {index} of {count}: chip {:04x}, {}, {}",
        entry.hw_code,
        version("hardware version", entry.hw_version, device.hw_version),
        version("software version", entry.sw_version, device.sw_version)
    );
    if fitting > 1 {
        text.push_str(&format!("; the newest of {fitting} that fit"));
    }
    text
}
