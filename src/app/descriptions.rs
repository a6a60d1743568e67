//! The catalog of chips, partitions and LIDs: the built-in one, with the user's folder laid over it.

use std::path::Path;

use super::{Exit, Failure};
use crate::formats::catalog::Catalog;

/// A description larger than this is not read.
const MAX_DESCRIPTION: u64 = 1 << 20;

/// Loads the built-in descriptions and lays those of `folder` over them, whole description by name: `chips.toml`,
/// `partitions.toml`, `nvram/wr8.toml`.
///
/// # Errors
/// When a file cannot be read or is no valid description; a bad one is never passed over.
pub fn load(folder: Option<&Path>) -> Result<Catalog, Failure> {
    let mut catalog = Catalog::builtin()
        .map_err(|error| Failure::new(Exit::Other, "bad-description", error.to_string()))?;
    let Some(folder) = folder else { return Ok(catalog) };
    for below in ["", "nvram"] {
        let path = folder.join(below);
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !below.is_empty() => continue,
            Err(error) => return Err(Failure::file("reading the descriptions in", &path, &error)),
        };
        let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        files.sort();
        for file in
            files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml"))
        {
            let failed = |error: std::io::Error| Failure::file("reading the description", &file, &error);
            if std::fs::metadata(&file).map_err(failed)?.len() > MAX_DESCRIPTION {
                return Err(Failure::new(
                    Exit::Usage,
                    "bad-description",
                    format!("{} is too large", file.display()),
                ));
            }
            let text = std::fs::read_to_string(&file).map_err(failed)?;
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let name = if below.is_empty() { stem } else { format!("{below}/{stem}") };
            catalog = catalog.with_overlay(&name, &text).map_err(|error| {
                Failure::new(Exit::Usage, "bad-description", format!("{}: {error}", file.display()))
            })?;
        }
    }
    Ok(catalog)
}
