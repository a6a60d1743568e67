//! The vault's list as three screens use it: one list, one filter, one place in it.

use std::path::PathBuf;

use super::Input;
use crate::app::archive::VerifyResult;
use crate::app::shelf::{Shelf, Shelved};
use crate::tui::trouble::Trouble;

/// The archives of the folder.
#[derive(Debug, Default)]
pub struct Archives {
    /// The list, none before it was read.
    pub shelf: Option<Shelf>,
    /// Whether an archive was made since it was read.
    pub stale: bool,
    /// Why it could not be read.
    pub trouble: Option<Trouble>,
    /// Only those with this text in one of their fields.
    pub filter: Input,
    /// Whether the filter is being typed.
    pub filtering: bool,
    /// A path to open that is no archive of the folder.
    pub path: Input,
    /// Whether it is being typed.
    pub typing_path: bool,
    /// The place in what the filter leaves.
    pub cursor: usize,
    /// The one that is being checked.
    pub checking: Option<PathBuf>,
    /// What the last check said.
    pub checked: Option<(PathBuf, Result<Box<VerifyResult>, Trouble>)>,
}

impl Archives {
    /// Returns the archives the filter leaves.
    #[must_use]
    pub fn shown(&self) -> Vec<&Shelved> {
        let wanted = self.filter.text().to_lowercase();
        let all = self.shelf.iter().flat_map(|shelf| &shelf.archives);
        all.filter(|shelved| wanted.is_empty() || shelved.matches(&wanted)).collect()
    }

    /// Returns the archive at the cursor.
    #[must_use]
    pub fn chosen(&self) -> Option<&Shelved> {
        self.shown().get(self.cursor).copied()
    }
}
