//! Which names an entry may have: relative, plain, below a folder this schema knows.

use super::error::VaultError;
use super::limits::MAX_NAME;

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const REPORT: &str = "report.txt";
pub(super) const REGIONS: &str = "regions/";
pub(super) const FILES: &str = "files/";

/// Refuses a name that could leave the folder an ordinary tool unpacks it into, or that has no place in the schema.
pub(super) fn check(name: &str) -> Result<(), VaultError> {
    let refuse = |reason| Err(VaultError::Name { entry: name.chars().take(MAX_NAME).collect(), reason });
    if name.is_empty() || name.len() > MAX_NAME {
        return refuse("is empty or too long");
    }
    if name.chars().any(|c| c.is_control() || c == '\\' || c == ':') {
        return refuse("has a control character, a backslash or a colon");
    }
    if name.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return refuse("is absolute, names a folder, or climbs out of the archive");
    }
    if name != MANIFEST && name != REPORT && !name.starts_with(REGIONS) && !name.starts_with(FILES) {
        return refuse("has no place in this schema");
    }
    Ok(())
}
