//! Every NV file of a source taken apart into named fields, for `inspect --records`. Shows what is there; judges nothing.

use serde::Serialize;

use crate::formats::ap_file;
use crate::formats::catalog::Family;
use crate::formats::key_probe::{self, Finding, ModemKey};
use crate::formats::modem_file::{self, Records};
use crate::formats::records::{FieldValue, decode, manifest};
use crate::identity::{Copies, Found, Tree};

/// The calibration manifest's prefix (modem-nvram.md 3.4).
const MANIFEST: &str = "MPA8";

/// All files of a source.
#[derive(Debug, Clone, Serialize)]
pub struct RecordSheet {
    /// Which key opens confidential files, and how that is known.
    pub key: String,
    /// Whether the calibration manifest proves the calibration set; none where there is no manifest with entries.
    pub manifest: Option<ManifestProof>,
    /// The files, layer by layer.
    pub files: Vec<FileSheet>,
}

/// What the calibration manifest says of the calibration files.
#[derive(Debug, Clone, Serialize)]
pub struct ManifestProof {
    /// Layer of the manifest.
    pub layer: &'static str,
    /// Entries in it.
    pub entries: usize,
    /// Whether every entry is carried by a file.
    pub complete: bool,
    /// Entries that are not, as item and record.
    pub broken: Vec<String>,
}

/// One file.
#[derive(Debug, Clone, Serialize)]
pub struct FileSheet {
    /// `binregion`, `live`, `protect_f`, `protect_s`, `pro_info`.
    pub layer: &'static str,
    /// Path below the layer's root.
    pub path: String,
    /// Bytes.
    pub size: usize,
    /// `right`, `damaged`, `kept` (closed to every known key) or `unchecked` (no checksum of its own).
    pub sums: &'static str,
    /// What it is; none where nothing describes it, and it is kept as it is.
    pub title: Option<String>,
    /// Its fields.
    pub fields: Vec<FieldSheet>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
    /// Its bytes as they lie in the layer, for views that show them.
    #[serde(skip)]
    pub raw: Vec<u8>,
    /// Its bytes deciphered and without sums, which the fields' places count in; none where it could not be opened.
    #[serde(skip)]
    pub plain: Option<Vec<u8>>,
}

/// One field.
#[derive(Debug, Clone, Serialize)]
pub struct FieldSheet {
    /// What it is.
    pub name: String,
    /// Place in the plain bytes.
    pub offset: usize,
    /// Length in bytes.
    pub len: usize,
    /// What it holds, as text.
    pub value: String,
    /// What its numbers count.
    pub unit: Option<&'static str>,
    /// The numbers of a row, for plots.
    #[serde(skip)]
    pub numbers: Vec<i64>,
    /// Whether its bytes are not to be shown either.
    #[serde(skip)]
    pub secret: bool,
}

/// A file's layer, path and content.
type Entry<'a> = (&'static str, &'a str, &'a [u8]);

/// Takes every file of `copies` apart.
#[must_use]
pub fn sheet(copies: &Copies, family: &Family) -> RecordSheet {
    let files = entries(copies);
    let modem = files.iter().filter(|(_, path, _)| is_modem(path)).map(|(_, path, bytes)| (*path, *bytes));
    let finding = key_probe::probe(modem);
    let key = finding.key();
    RecordSheet {
        key: describe(&finding),
        manifest: prove(&files, family, key),
        files: files.iter().map(|entry| take_apart(entry, family, key)).collect(),
    }
}

fn entries(copies: &Copies) -> Vec<Entry<'_>> {
    let mut files: Vec<Entry<'_>> = Vec::new();
    let region = copies.binregion.present().into_iter().flat_map(|copy| &copy.region.files);
    files.extend(region.map(|file| ("binregion", below_root(&file.name), file.bytes.as_slice())));
    let trees: [(&'static str, &Found<Tree>); 3] =
        [("live", &copies.live), ("protect_f", &copies.protect_f), ("protect_s", &copies.protect_s)];
    for (layer, tree) in trees {
        let tree = tree.present().into_iter().flatten();
        files.extend(tree.map(|(path, file)| (layer, path.as_str(), file.bytes.as_slice())));
    }
    if let Some(file) = copies.pro_info.present() {
        files.push(("pro_info", "PRODUCT_INFO", file.bytes.as_slice()));
    }
    files
}

/// Cuts the Android root off an absolute name.
fn below_root(name: &str) -> &str {
    let starts = ["/APCFG/", "/md/", "/md2/"].iter().filter_map(|folder| name.find(folder)).min();
    starts.and_then(|at| name.get(at + 1..)).unwrap_or(name)
}

fn is_modem(path: &str) -> bool {
    path.starts_with("md") && crate::formats::lid::LidName::parse(last(path)).is_some()
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn take_apart((layer, path, bytes): &Entry<'_>, family: &Family, key: Option<&ModemKey>) -> FileSheet {
    let (sums, plain) = if is_modem(path) {
        match modem_file::open(path, bytes, family, key) {
            Ok(file) => match &file.records {
                Records::Plain(_) => ("right", file.plain()),
                Records::Kept(_) => ("kept", None),
            },
            Err(_) => ("damaged", None),
        }
    } else if path.starts_with("APCFG/") && ap_file::has_trailer(last(path)) {
        ap_file::body(bytes).map_or(("damaged", None), |body| ("right", Some(body.to_vec())))
    } else {
        ("unchecked", Some(bytes.to_vec()))
    };
    let decoded = plain.as_ref().and_then(|plain| decode(path, plain, family));
    let fields = decoded.iter().flat_map(|record| &record.fields).map(|field| FieldSheet {
        name: field.name.clone(),
        offset: field.offset,
        len: field.len,
        value: field.value.to_string(),
        unit: field.unit,
        numbers: match &field.value {
            FieldValue::Numbers(numbers) => numbers.clone(),
            FieldValue::Number(number) => vec![*number],
            _ => Vec::new(),
        },
        secret: field.value == FieldValue::Secret,
    });
    let fields: Vec<FieldSheet> = fields.collect();
    let mut notes = decoded.as_ref().map(|record| record.notes.clone()).unwrap_or_default();
    if decoded.is_some() && fields.is_empty() {
        notes.push("its table has no entry in use".into());
    }
    FileSheet {
        layer,
        path: (*path).to_owned(),
        size: bytes.len(),
        sums,
        fields,
        title: decoded.map(|record| record.title),
        notes,
        raw: bytes.to_vec(),
        plain,
    }
}

/// The manifest of the first layer that has one with entries, held against the files of the same layer.
fn prove(files: &[Entry<'_>], family: &Family, key: Option<&ModemKey>) -> Option<ManifestProof> {
    files.iter().filter(|(_, path, _)| last(path).starts_with(MANIFEST)).find_map(|(layer, path, bytes)| {
        let plain = modem_file::open(path, bytes, family, key).ok()?.plain()?;
        let entries = manifest::parse(&plain).filter(|entries| !entries.is_empty())?;
        let beside: Vec<(&str, &[u8])> = files
            .iter()
            .filter(|(other, path, _)| other == layer && is_modem(path))
            .map(|(_, path, bytes)| (*path, *bytes))
            .collect();
        let proof = manifest::prove(&entries, &beside, family);
        let broken = proof.broken().map(|(entry, _)| format!("item {} record {}", entry.lid, entry.record));
        Some(ManifestProof {
            layer,
            entries: entries.len(),
            complete: proof.is_complete(),
            broken: broken.collect(),
        })
    })
}

fn describe(finding: &Finding) -> String {
    match finding {
        Finding::Proven { key, evidence, .. } => {
            format!("{}, proven by {} pieces of evidence", key.name, evidence.len())
        }
        Finding::UnknownKey { .. } => "unknown: confidential files are kept as they are".into(),
        Finding::Contradiction { .. } => "contradicting: these files are not all of one phone".into(),
        Finding::Nothing => "none needed".into(),
    }
}
