//! Files of a system that is not trusted: never more than a bound of anything, never a wait at a pipe, and a link that leads
//! nowhere is a file that is not there.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// More of one file is not read.
pub(super) const MAX_FILE: u64 = 256 << 10;
/// More of one folder is not looked at.
pub(super) const MAX_ENTRIES: usize = 20_000;

/// The beginning of a file.
pub(super) struct Text {
    /// As text; bytes that are none are replaced.
    pub text: String,
    /// Whether there is more.
    pub cut: bool,
}

/// Returns the beginning of an ordinary file.
pub(super) fn text(path: &Path) -> Option<Text> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_FILE + 1).read_to_end(&mut bytes).ok()?;
    let cut = bytes.len() as u64 > MAX_FILE;
    bytes.truncate(usize::try_from(MAX_FILE).unwrap_or(usize::MAX));
    Some(Text { text: String::from_utf8_lossy(&bytes).into_owned(), cut })
}

/// Returns the one word in a file of sysfs.
pub(super) fn word(path: &Path) -> Option<String> {
    let text = text(path)?.text;
    let word = text.trim();
    (!word.is_empty() && word.len() <= 64).then(|| plain(word))
}

/// Returns the names in a folder, sorted; those that are no text are left out.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MAX_ENTRIES);
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Returns text without what could steer a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
