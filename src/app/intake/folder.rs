//! The regular files of a folder, listed in bounds and by name; links are never followed. Knows which files are parts of
//! one that was split.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::refuse;
use crate::app::Failure;

/// More entries than any backup of a phone has.
const MAX_ENTRIES: usize = 50_000;
const MAX_DEPTH: usize = 24;

/// One file.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Where it is.
    pub path: PathBuf,
    /// Its path below the folder, with slashes.
    pub below: String,
    /// Bytes.
    pub len: u64,
}

/// Lists a folder and the folders in it.
///
/// # Errors
/// `folder-too-many`; the system's.
pub fn list(root: &Path) -> Result<Vec<Listed>, Failure> {
    let mut found = Vec::new();
    let mut seen = 0;
    let mut waiting: Vec<(PathBuf, String, usize)> = vec![(root.to_path_buf(), String::new(), 0)];
    while let Some((folder, below, depth)) = waiting.pop() {
        let failed = |error: std::io::Error| Failure::file("reading the folder", &folder, &error);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            seen += 1;
            if seen > MAX_ENTRIES {
                return Err(too_many(root));
            }
            let below = format!("{below}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() && depth < MAX_DEPTH {
                waiting.push((entry.path(), format!("{below}/"), depth + 1));
            } else if kind.is_file() {
                let len = entry.metadata().map_err(failed)?.len();
                found.push(Listed { path: entry.path(), below, len });
            }
        }
    }
    found.sort_by(|a, b| a.below.cmp(&b.below));
    Ok(found)
}

/// Splits a name such as `data.ext4.win012` into the whole's name and the number of the part.
pub fn part_of(name: &str) -> Option<(&str, u32)> {
    let (base, digits) = name.split_at_checked(name.len().checked_sub(3)?)?;
    let is_part = base.ends_with(".win") && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_part { digits.parse().ok().map(|number| (base, number)) } else { None }
}

/// Gathers the parts of what was split. Everything else stays alone.
///
/// # Errors
/// `split-part-missing`.
pub fn join(files: Vec<Listed>) -> Result<Vec<(String, Vec<Listed>)>, Failure> {
    let mut groups: BTreeMap<(String, bool), Vec<(u32, Listed)>> = BTreeMap::new();
    for file in files {
        let part = part_of(&file.below);
        let (name, number) = part.unwrap_or((&file.below, 0));
        groups.entry((name.to_owned(), part.is_some())).or_default().push((number, file));
    }
    groups
        .into_iter()
        .map(|((name, _), mut parts)| {
            parts.sort_by_key(|(number, _)| *number);
            whole(&name, &parts)?;
            Ok((name, parts.into_iter().map(|(_, file)| file).collect()))
        })
        .collect()
}

/// Numbers run from 000; TWRP's second writer starts at 100, its third at 200, and so on.
fn whole(name: &str, parts: &[(u32, Listed)]) -> Result<(), Failure> {
    let mut expected = 0;
    for (number, _) in parts {
        if *number != expected && *number != (expected / 100 + 1) * 100 {
            return Err(missing(name, expected));
        }
        expected = number + 1;
    }
    Ok(())
}

fn missing(name: &str, number: u32) -> Failure {
    refuse(
        "split-part-missing",
        format!("{name}{number:03} is missing, so what was split cannot be put together"),
    )
    .advise("Copy every part of the backup into one folder.")
}

/// Lists the regular files of one folder, without the folders in it.
///
/// # Errors
/// `folder-too-many`; the system's.
pub fn list_flat(folder: &Path) -> Result<Vec<Listed>, Failure> {
    let failed = |error: std::io::Error| Failure::file("reading the folder", folder, &error);
    let mut found = Vec::new();
    for (index, entry) in std::fs::read_dir(folder).map_err(failed)?.enumerate() {
        let entry = entry.map_err(failed)?;
        if index >= MAX_ENTRIES {
            return Err(too_many(folder));
        }
        if entry.file_type().map_err(failed)?.is_file() {
            let len = entry.metadata().map_err(failed)?.len();
            let below = entry.file_name().to_string_lossy().into_owned();
            found.push(Listed { path: entry.path(), below, len });
        }
    }
    Ok(found)
}

fn too_many(folder: &Path) -> Failure {
    refuse("folder-too-many", format!("{}: more than {MAX_ENTRIES} entries in the folder", folder.display()))
}
