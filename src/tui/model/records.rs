//! The records screen: which files are listed, which one is open, which of its fields is looked at.

use super::Input;
use crate::tui::subject::{RecordFile, Subject};

/// Which part of the screen the arrows move in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// The tree of files.
    #[default]
    Files,
    /// The fields of the open file.
    Fields,
}

/// What the records screen keeps.
#[derive(Debug, Default)]
pub struct RecordsView {
    /// Only files with this text in layer, path, title or a field.
    pub filter: Input,
    /// Whether the filter is being typed.
    pub filtering: bool,
    /// The place in the tree's rows.
    pub cursor: usize,
    /// Folders that are closed, as `layer/folder`.
    pub closed: Vec<String>,
    /// Where the arrows move.
    pub pane: Pane,
    /// The place in the fields.
    pub field: usize,
    /// Show the bytes as they lie in the layer, not deciphered.
    pub raw: bool,
}

/// A row of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeRow {
    /// A folder of a layer.
    Folder {
        /// `layer` or `layer/path`, as [`RecordsView::closed`] names it.
        key: String,
        /// The name that is shown.
        name: String,
        /// How deep it lies.
        depth: usize,
        /// Files below it that the filter leaves.
        files: usize,
        /// How many of those are damaged.
        damaged: usize,
        /// Whether it is open.
        open: bool,
    },
    /// A file, by its place in the subject.
    File {
        /// The place.
        index: usize,
        /// How deep it lies.
        depth: usize,
    },
}

impl RecordsView {
    /// Returns the rows of the tree: two levels of folders (layer, folder) and the files in them.
    #[must_use]
    pub fn rows(&self, subject: &Subject) -> Vec<TreeRow> {
        let wanted = self.filter.text().to_lowercase();
        let mut rows = Vec::new();
        let shown: Vec<usize> =
            (0..subject.files.len()).filter(|index| matches(&subject.files[*index], &wanted)).collect();
        for (layer, files) in groups(&shown, |index| subject.files[index].layer.clone()) {
            self.folder(&mut rows, subject, (&layer, &layer, 0), &files);
            if !self.is_open(&layer, &wanted) {
                continue;
            }
            for (folder, files) in groups(&files, |index| folder_of(&subject.files[index].path).to_owned()) {
                let mut depth = 1;
                if !folder.is_empty() {
                    let key = format!("{layer}/{folder}");
                    self.folder(&mut rows, subject, (&key, &folder, 1), &files);
                    if !self.is_open(&key, &wanted) {
                        continue;
                    }
                    depth = 2;
                }
                rows.extend(files.into_iter().map(|index| TreeRow::File { index, depth }));
            }
        }
        rows
    }

    fn folder(
        &self,
        rows: &mut Vec<TreeRow>,
        subject: &Subject,
        (key, name, depth): (&str, &str, usize),
        files: &[usize],
    ) {
        let damaged = files.iter().filter(|index| subject.files[**index].sums == "damaged").count();
        let open = self.is_open(key, self.filter.text());
        let (key, name) = (key.to_owned(), name.to_owned());
        rows.push(TreeRow::Folder { key, name, depth, files: files.len(), damaged, open });
    }

    /// A search opens everything it leaves.
    fn is_open(&self, key: &str, wanted: &str) -> bool {
        !wanted.is_empty() || !self.closed.iter().any(|closed| closed == key)
    }

    /// Returns the file at the cursor.
    #[must_use]
    pub fn file<'a>(&self, subject: &'a Subject) -> Option<&'a RecordFile> {
        self.file_in(&self.rows(subject), subject)
    }

    /// Returns the file at the cursor of rows that are known already.
    #[must_use]
    pub fn file_in<'a>(&self, rows: &[TreeRow], subject: &'a Subject) -> Option<&'a RecordFile> {
        match rows.get(self.cursor)? {
            TreeRow::File { index, .. } => subject.files.get(*index),
            TreeRow::Folder { .. } => None,
        }
    }
}

/// Groups places by a key, in the order of first sight.
fn groups(places: &[usize], key: impl Fn(usize) -> String) -> Vec<(String, Vec<usize>)> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for place in places {
        let key = key(*place);
        // Files of one folder lie together, but for the odd one out: the last group is looked at first.
        match groups.iter_mut().rev().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(*place),
            None => groups.push((key, vec![*place])),
        }
    }
    groups
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Looks for `wanted`, which is in small letters, whatever the case of ASCII letters. Asked for every field at every
/// picture, so nothing is copied.
fn contains(text: &str, wanted: &str) -> bool {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    wanted.is_empty() || text.windows(wanted.len()).any(|piece| piece.eq_ignore_ascii_case(wanted))
}

fn matches(file: &RecordFile, wanted: &str) -> bool {
    let has = |text: &str| contains(text, wanted);
    wanted.is_empty()
        || has(&file.layer)
        || has(&file.path)
        || has(&file.sums)
        || file.title.as_deref().is_some_and(has)
        || file.fields.iter().any(|field| has(&field.name) || has(&field.value))
}
