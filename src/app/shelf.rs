//! The archives of a folder with what a person looks for in them: number, barcode, chip, card, date, note. A bad archive
//! is a line of its own, never left out.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::archive::{OpenArchive, checked, open_archive};
use super::survey::Report;
use super::{Context, Failure};
use crate::identity::survey::Value;
use crate::identity::{Status, VerdictCode};
use crate::vault::{self, VaultError};

/// What `vault list` answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shelf {
    /// The folder.
    pub folder: PathBuf,
    /// Its archives that match, by name.
    pub archives: Vec<Shelved>,
    /// Files that are no good archives, by name.
    pub bad: Vec<Bad>,
    /// Archives that are sealed and that no key given opens, by name; what is in them cannot be searched.
    #[serde(default)]
    pub sealed: Vec<Closed>,
    /// Archives that were passed over because they do not match.
    pub passed_over: usize,
    /// Identities in it, for masking.
    #[serde(skip)]
    pub identities: Vec<String>,
}

/// An archive that is whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shelved {
    /// Where it is.
    pub file: PathBuf,
    /// When it was made, RFC 3339.
    pub created: String,
    /// The chip.
    pub chip: String,
    /// The card's id.
    pub cid: String,
    /// Whether it was imported, and so has no card's id.
    pub imported: bool,
    /// Valid IMEIs in it, slot 1 first.
    pub imeis: Vec<String>,
    /// Valid barcodes in it.
    pub barcodes: Vec<String>,
    /// The user's words.
    pub note: String,
    /// What is in it, judged.
    pub verdict: VerdictCode,
}

/// An archive that stayed closed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Closed {
    /// Where it is.
    pub file: PathBuf,
    /// Stable code: `archive-sealed`, `wrong-key`.
    pub code: String,
    /// Why.
    pub message: String,
}

/// A file that ends like an archive and is none, or no longer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bad {
    /// Where it is.
    pub file: PathBuf,
    /// Stable code.
    pub code: String,
    /// Why.
    pub message: String,
}

/// Lists the archives of a folder; with `search`, those that have the text in name, number, barcode, chip, card, date or
/// note, whatever its case. Bad and sealed archives cannot be searched and are always told.
///
/// # Errors
/// Where the folder cannot be read.
pub fn shelf(context: &Context<'_>, folder: &Path, search: Option<&str>) -> Result<Shelf, Failure> {
    let mut found = Shelf {
        folder: folder.to_path_buf(),
        archives: Vec::new(),
        bad: Vec::new(),
        sealed: Vec::new(),
        passed_over: 0,
        identities: Vec::new(),
    };
    let keyring = context.choices.keyring.quiet();
    let wanted = search.map(str::to_lowercase);
    for listed in vault::list(folder)? {
        context.go_on()?;
        let opened = match listed.manifest {
            Ok(_) => open_archive(&listed.path).and_then(|open| shelved(context, &listed.path, open)),
            // Nobody is asked for the passphrases of a whole folder.
            Err(VaultError::Sealed { .. }) => {
                let opened = keyring.open(&listed.path).and_then(checked);
                opened.and_then(|open| shelved(context, &listed.path, open))
            }
            Err(error) => Err(error.into()),
        };
        match opened {
            Ok((shelved, identities)) => {
                if wanted.as_deref().is_none_or(|wanted| shelved.matches(wanted)) {
                    found.archives.push(shelved);
                    found.identities.extend(identities);
                } else {
                    found.passed_over += 1;
                }
            }
            Err(failure) if matches!(failure.code, "archive-sealed" | "wrong-key") => {
                let (file, code) = (listed.path, failure.code.into());
                found.sealed.push(Closed { file, code, message: failure.message });
            }
            Err(failure) => {
                found.bad.push(Bad {
                    file: listed.path,
                    code: failure.code.into(),
                    message: failure.message,
                });
            }
        }
    }
    Ok(found)
}

fn shelved(context: &Context<'_>, path: &Path, open: OpenArchive) -> Result<(Shelved, Vec<String>), Failure> {
    let report = Report::of(context, open.facts, &open.copies, String::new())?;
    let mut shelved = Shelved {
        file: path.to_path_buf(),
        created: open.manifest.created,
        chip: report.phone.chip.clone(),
        cid: report.phone.cid.clone(),
        imported: open.manifest.imported.is_some(),
        imeis: Vec::new(),
        barcodes: Vec::new(),
        note: open.manifest.note,
        verdict: report.survey.verdict.code,
    };
    let slots = report.survey.layers.iter().flat_map(|layer| &layer.imei);
    let mut slots: Vec<_> = slots.filter(|slot| slot.status == Status::Valid).collect();
    slots.sort_by_key(|slot| slot.slot);
    slots.into_iter().for_each(|slot| add(&mut shelved.imeis, slot.value.as_ref()));
    let valid = |value: &&Value| value.status == Status::Valid;
    for barcode in report.survey.layers.iter().filter_map(|layer| layer.barcode.as_ref()).filter(valid) {
        add(&mut shelved.barcodes, barcode.value.as_ref());
    }
    Ok((shelved, report.identities()))
}

fn add(known: &mut Vec<String>, value: Option<&String>) {
    if let Some(value) = value
        && !known.contains(value)
    {
        known.push(value.clone());
    }
}

impl Shelved {
    /// Returns whether it has this text, in small letters, in one of its fields.
    #[must_use]
    pub fn matches(&self, wanted: &str) -> bool {
        let name = self.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let fields = [&self.created, &self.chip, &self.cid, &self.note, &name];
        fields
            .into_iter()
            .chain(&self.imeis)
            .chain(&self.barcodes)
            .any(|field| field.to_lowercase().contains(wanted))
    }
}
