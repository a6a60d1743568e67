//! Damage that is done to a finished flash: single files spoilt, ranges erased. Knows no format but where a file's sum is.

use super::BuildError;
use crate::simulator::flash::{Area, Flash};
use crate::simulator::mounted::{Custom, Place, read_tree, write_tree};
use crate::simulator::scenario::{Damage, Scenario, Spoiling};

/// First byte of the records in a file with an `LDI` header (modem-nvram.md 2.9).
const LDI_RECORDS: usize = 64;

/// Spoils the files the page names. Their volumes are mounted for it: a dirty journal is replayed.
pub fn spoil_files(flash: &mut Flash, scenario: &Scenario) -> Result<(), BuildError> {
    let roles = scenario.modem.roles();
    for damage in &scenario.damage {
        let (volume, path, how) = match damage {
            Damage::DamageFile { volume, path, how } => (volume, path, Some(*how)),
            Damage::AddFile { volume, path } => (volume, path, None),
            _ => continue,
        };
        let (partition, root) =
            if volume == "live" { (roles.live, roles.live_root) } else { (volume.as_str(), "") };
        let (at, len) = scenario
            .place(partition)
            .map_err(|what| BuildError::Layout { partition: partition.to_owned(), what })?;
        let place = Place { at, len };
        let before = read_tree(flash, place, root)?.unwrap_or_default();
        let mut after = before.clone();
        let name = path.trim_start_matches('/');
        match (how, after.files.get_mut(name)) {
            (None, _) => {
                after.files.insert(name.to_owned(), Vec::new());
            }
            (Some(Spoiling::FlipSum), Some(bytes)) => flip_sum(bytes),
            (Some(Spoiling::Cut), Some(bytes)) => bytes.truncate(bytes.len() / 2),
            (Some(Spoiling::Remove), Some(_)) => {
                after.files.remove(name);
            }
            (Some(_), None) => {
                return Err(BuildError::Data {
                    path: path.clone(),
                    what: format!("is not there to be damaged on {partition}"),
                });
            }
        }
        write_tree(flash, place, root, &before, &after, Custom::default())?;
    }
    Ok(())
}

/// Inverts the last byte, which every format sums or is the sum; where records have sums of their own, the first as well.
fn flip_sum(bytes: &mut [u8]) {
    let records = bytes.starts_with(b"LDI\0").then_some(LDI_RECORDS);
    for at in records.into_iter().chain(bytes.len().checked_sub(1)) {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = !*byte;
        }
    }
}

/// Erases what the page says was erased.
pub fn erase(flash: &mut Flash, scenario: &Scenario) -> Result<(), BuildError> {
    for damage in &scenario.damage {
        let Damage::Erase { partition, at, len } = damage else { continue };
        let wrong = |what| BuildError::Layout { partition: partition.clone(), what };
        let (start, size) = scenario.place(partition).map_err(wrong)?;
        let rest = size.checked_sub(*at).ok_or_else(|| wrong("ends before what is erased of it"))?;
        let len = len.unwrap_or(rest);
        if len > rest {
            return Err(wrong("ends before what is erased of it"));
        }
        flash.fill(Area::User, start + at, len, 0)?;
    }
    Ok(())
}
