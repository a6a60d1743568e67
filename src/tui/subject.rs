//! What the screen shows of a source and of a comparison, as owned values. The bytes of files are shown and never recorded:
//! a recording keeps their lengths only.

use std::path::PathBuf;

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::app::diff::{Compared, DiffResult, SamePhone};
use crate::app::records::{FileSheet, RecordSheet};
use crate::app::{Change, PartPair, Report, Side, Status, Value, VerdictCode, Way};

/// Where a subject comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The phone that is, or was, connected.
    Phone,
    /// A file or folder.
    File(PathBuf),
}

/// A source that was read: judged, and taken apart into files and fields.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subject {
    /// Where it comes from.
    pub origin: Origin,
    /// The judgement.
    pub report: Report,
    /// Every file.
    #[serde(deserialize_with = "bounded_files")]
    pub files: Vec<RecordFile>,
    /// What is known of the key of confidential files.
    pub key: String,
    /// What the calibration manifest says, where there is one.
    pub manifest: Option<String>,
    /// The identities in it as they are shown, for masking.
    pub identities: Vec<String>,
}

/// A file of one layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordFile {
    /// `binregion`, `live`, `protect_f`, `protect_s`, `pro_info`.
    pub layer: String,
    /// Path below the layer's root.
    pub path: String,
    /// `right`, `damaged`, `kept` or `unchecked`.
    pub sums: String,
    /// What it is, where anything describes it.
    pub title: Option<String>,
    /// Its fields.
    pub fields: Vec<RecordField>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
    /// Its bytes as they lie in the layer.
    #[serde(serialize_with = "length_only", deserialize_with = "zeros")]
    pub raw: Vec<u8>,
    /// Its bytes deciphered and without sums, which fields count in.
    #[serde(serialize_with = "length_of_some", deserialize_with = "zeros_of_some")]
    pub plain: Option<Vec<u8>>,
}

/// A field of a file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RecordField {
    /// What it is.
    pub name: String,
    /// Place in the plain bytes.
    pub offset: usize,
    /// Length in bytes.
    pub len: usize,
    /// What it holds.
    pub value: String,
    /// What its numbers count.
    pub unit: Option<String>,
    /// The numbers of a row, for plots.
    pub numbers: Vec<i64>,
    /// Whether its bytes are not to be shown either.
    pub secret: bool,
}

/// Largest file a recording may speak of, so that a damaged one cannot make the program take memory without bound.
const MAX_RECORDED: usize = 1 << 20;

fn length_only<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(bytes.len() as u64)
}

fn zeros<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let len = usize::deserialize(from)?;
    Ok(vec![0; len.min(MAX_RECORDED)])
}

#[expect(clippy::ref_option, reason = "the shape serde calls")]
fn length_of_some<S: Serializer>(bytes: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
    bytes.as_ref().map(Vec::len).serialize(to)
}

fn zeros_of_some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    let len: Option<usize> = Option::deserialize(from)?;
    Ok(len.map(|len| vec![0; len.min(MAX_RECORDED)]))
}

/// Bytes all files of a recorded subject may hold together.
const MAX_SUBJECT: usize = 64 << 20;

/// Reads files one by one, so that a line of a recording cannot ask for more memory than a phone's files take.
fn bounded_files<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<RecordFile>, D::Error> {
    struct Files;
    impl<'de> Visitor<'de> for Files {
        type Value = Vec<RecordFile>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("files")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
            let (mut files, mut bytes) = (Vec::new(), 0);
            while let Some(file) = from.next_element::<RecordFile>()? {
                bytes += file.raw.len() + file.plain.as_ref().map_or(0, Vec::len);
                if bytes > MAX_SUBJECT {
                    return Err(serde::de::Error::custom("the files are larger than a phone's"));
                }
                files.push(file);
            }
            Ok(files)
        }
    }
    from.deserialize_seq(Files)
}

/// A field whose value is nothing but its bytes in hex is flash content: like the bytes, it is recorded as zeros.
impl Serialize for RecordField {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { name, offset, len, value, unit, numbers, secret } = self;
        let bytes = *len > 2 && value.len() == len * 2 && value.bytes().all(|c| c.is_ascii_hexdigit());
        let mut field = to.serialize_struct("RecordField", 7)?;
        field.serialize_field("name", name)?;
        field.serialize_field("offset", offset)?;
        field.serialize_field("len", len)?;
        match bytes {
            true => field.serialize_field("value", &"0".repeat(value.len()))?,
            false => field.serialize_field("value", value)?,
        }
        field.serialize_field("unit", unit)?;
        field.serialize_field("numbers", numbers)?;
        field.serialize_field("secret", secret)?;
        field.end()
    }
}

impl Subject {
    /// Takes over a report that was made with records.
    #[must_use]
    pub fn of(origin: Origin, mut report: Report) -> Self {
        let identities = report.identities();
        let sheet = report.records.take();
        let key = sheet.as_ref().map(|sheet| sheet.key.clone()).unwrap_or_default();
        let manifest = sheet.as_ref().and_then(manifest_words);
        let files = sheet.map(|sheet| sheet.files.into_iter().map(file_of).collect()).unwrap_or_default();
        Self { origin, report, files, key, manifest, identities }
    }
}

fn manifest_words(sheet: &RecordSheet) -> Option<String> {
    let proof = sheet.manifest.as_ref()?;
    Some(match proof.complete {
        true => format!("all {} entries agree with their files in {}", proof.entries, proof.layer),
        false => format!(
            "{} of {} entries do not agree in {}: {}",
            proof.broken.len(),
            proof.entries,
            proof.layer,
            proof.broken.join(", ")
        ),
    })
}

fn file_of(sheet: FileSheet) -> RecordFile {
    let field = |field: crate::app::records::FieldSheet| RecordField {
        name: field.name,
        offset: field.offset,
        len: field.len,
        value: field.value,
        unit: field.unit.map(str::to_owned),
        numbers: field.numbers,
        secret: field.secret,
    };
    RecordFile {
        layer: sheet.layer.into(),
        path: sheet.path,
        sums: sheet.sums.into(),
        title: sheet.title,
        fields: sheet.fields.into_iter().map(field).collect(),
        notes: sheet.notes,
        raw: sheet.raw,
        plain: sheet.plain,
    }
}

/// Two sources side by side, by meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// The first.
    pub a: ContrastSide,
    /// The second.
    pub b: ContrastSide,
    /// Whether both are of one phone, in words.
    pub phone: String,
    /// Whether nothing that was compared differs.
    pub same: bool,
    /// Whether identity that is whole in A is damaged in B.
    pub damaged_in_b: bool,
    /// The findings in words.
    pub summary: Vec<String>,
    /// Values of the identity, those that are the same too.
    pub parts: Vec<ContrastRow>,
    /// Files that differ.
    pub files: Vec<ContrastRow>,
    /// Places only one of the two can speak of.
    pub left_out: Vec<String>,
    /// The identities in it, for masking.
    pub identities: Vec<String>,
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContrastSide {
    /// Where it comes from.
    pub source: String,
    /// Chip and card, where known.
    pub phone: String,
    /// Its verdict by itself.
    pub verdict: VerdictCode,
}

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContrastRow {
    /// Layer.
    pub layer: String,
    /// What is compared.
    pub what: String,
    /// In A.
    pub a: String,
    /// In B.
    pub b: String,
    /// How they stand to each other.
    pub way: Way,
}

impl From<DiffResult> for Contrast {
    fn from(result: DiffResult) -> Self {
        let phone = match result.phone {
            SamePhone::Same => "both of one phone, by the card's id",
            SamePhone::Other => "two phones, or one whose card was replaced: the card ids differ",
            SamePhone::Unknown => "not told by both, so nothing says that they are of one phone",
        };
        let comparison = result.comparison;
        let size = |bytes: Option<usize>| bytes.map_or("not there".into(), |bytes| format!("{bytes} bytes"));
        let files = comparison.files.iter().map(|file| ContrastRow {
            layer: file.layer.into(),
            what: format!("{} ({})", file.path, file.role),
            a: size(file.a_bytes),
            b: size(file.b_bytes),
            way: file.way,
        });
        Self {
            a: side(result.a),
            b: side(result.b),
            phone: phone.into(),
            same: comparison.same,
            damaged_in_b: comparison.damaged_in_b,
            parts: comparison.parts.iter().map(part).collect(),
            files: files.collect(),
            left_out: comparison.not_compared.iter().map(|place| (*place).to_owned()).collect(),
            summary: comparison.summary,
            identities: result.identities,
        }
    }
}

fn side(side: Compared) -> ContrastSide {
    let phone = match side.phone.chip.as_str() {
        "unknown" => String::new(),
        chip => format!("{chip}, {}", side.phone.told_by()),
    };
    ContrastSide { source: side.source, phone, verdict: side.verdict }
}

fn part(pair: &PartPair) -> ContrastRow {
    let what = match (pair.part, pair.slot) {
        ("imei", Some(slot)) => format!("IMEI {slot}"),
        ("wifi", _) => "Wi-Fi".into(),
        ("bt", _) => "Bluetooth".into(),
        ("simlock", _) => "SIM lock".into(),
        (other, _) => other.into(),
    };
    ContrastRow {
        layer: pair.layer.into(),
        what,
        a: value(pair.a.as_ref()),
        b: value(pair.b.as_ref()),
        way: pair.way,
    }
}

fn value(value: Option<&Value>) -> String {
    let Some(value) = value else { return "-".into() };
    let word = match value.status {
        Status::Valid => "",
        Status::Default => " DEFAULT",
        Status::Null => " NULL",
        Status::Invalid => " INVALID",
    };
    format!("{}{word}", value.value.as_deref().unwrap_or("-"))
}

/// How two findings stand to each other, in a word or three.
#[must_use]
pub fn way_words(way: Way) -> &'static str {
    match (way.change, way.worse_in) {
        (Change::Same, _) => "same",
        (Change::Lost, Some(Side::A)) => "only in B",
        (Change::Lost, _) => "only in A",
        (Change::Damaged, Some(Side::A)) => "damaged in A",
        (Change::Damaged, _) => "damaged in B",
        (Change::Default, Some(Side::A)) => "default in A",
        (Change::Default, _) => "default in B",
        (Change::Changed, _) => "changed",
    }
}
