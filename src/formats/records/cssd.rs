//! Signed identity data, `CSSD_000` (modem-nvram.md 5): detected, parsed, shown. Restored verbatim only; no signature is
//! checked, and none could be made here.

use thiserror::Error;

use super::sheet::Sheet;
use super::{DecodedRecord, FieldValue};

/// Stands between two fields: a backslash and the letter n.
const BETWEEN: &[u8] = b"\\n";
const CRITICAL: &str = "criticalData";

/// One signed identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Tag of the list.
    pub tag: u8,
    /// What it is.
    pub name: &'static str,
    /// Its characters.
    pub text: String,
    /// Place of its characters' hexadecimal form in the record.
    pub offset: usize,
    /// Length of that form.
    pub len: usize,
}

/// The record as parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cssd {
    /// Fields in their order: name, place, and length of the value.
    pub fields: Vec<(String, usize, usize)>,
    /// The signed identities.
    pub signed: Vec<Signed>,
}

/// Why a record is not read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CssdError {
    /// Not printable text.
    #[error("CSSD: byte {byte:#04x} at {at:#x} is no text")]
    Text {
        /// The byte.
        byte: u8,
        /// Its offset.
        at: usize,
    },
    /// A piece without a colon.
    #[error("CSSD: the piece at {at:#x} has no name")]
    Name {
        /// Its offset.
        at: usize,
    },
    /// No signed data at all.
    #[error("CSSD: no criticalData")]
    NoData,
    /// The signed data are no hexadecimal text.
    #[error("CSSD: criticalData at {at:#x} is no hexadecimal text")]
    Hex {
        /// Its offset.
        at: usize,
    },
    /// The version is not 1.
    #[error("CSSD: criticalData has version {found}, only 1 is known")]
    Version {
        /// The version.
        found: u16,
    },
    /// The list of identities does not fill its length.
    #[error("CSSD: the list of identities breaks off at its byte {at:#x}")]
    List {
        /// Offset in the list.
        at: usize,
    },
}

impl Cssd {
    /// Parses the plain record.
    ///
    /// # Errors
    /// [`CssdError`], with the place.
    pub fn parse(plain: &[u8]) -> Result<Self, CssdError> {
        let end = plain.iter().position(|byte| *byte == 0).unwrap_or(plain.len());
        let text = &plain[..end];
        if let Some(at) = text.iter().position(|byte| !(0x20..0x7F).contains(byte)) {
            return Err(CssdError::Text { byte: text[at], at });
        }
        let mut fields = Vec::new();
        for (at, piece) in pieces(text) {
            let colon = piece.iter().position(|byte| *byte == b':').ok_or(CssdError::Name { at })?;
            let name = piece[..colon].iter().map(|byte| char::from(*byte)).collect();
            fields.push((name, at + colon + 1, piece.len() - colon - 1));
        }
        let data = fields.iter().find(|(name, ..)| name == CRITICAL).ok_or(CssdError::NoData)?;
        let signed = signed(text, data.1, data.2)?;
        Ok(Self { fields, signed })
    }

    /// Returns the characters under a tag: 2 and 3 are the IMEIs, 4 the MEID, 5 Wi-Fi, 6 Bluetooth.
    #[must_use]
    pub fn text(&self, tag: u8) -> Option<&str> {
        self.signed.iter().find(|one| one.tag == tag).map(|one| one.text.as_str())
    }
}

/// Returns the pieces between separators with their places; empty ones are passed over.
fn pieces(text: &[u8]) -> Vec<(usize, &[u8])> {
    let (mut found, mut start, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        if text[at..].starts_with(BETWEEN) {
            found.push((start, &text[start..at]));
            at += BETWEEN.len();
            start = at;
        } else {
            at += 1;
        }
    }
    found.push((start, &text[start..]));
    found.retain(|(_, piece)| !piece.is_empty());
    found
}

fn signed(text: &[u8], at: usize, len: usize) -> Result<Vec<Signed>, CssdError> {
    let value = text.get(at..at + len).ok_or(CssdError::Hex { at })?;
    let pairs: Option<Vec<u8>> = value
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2 && !pair.contains('+')))
        .map(|pair| pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    let bytes = pairs.ok_or(CssdError::Hex { at })?;
    let head: &[u8; 4] = bytes.first_chunk().ok_or(CssdError::List { at: 0 })?;
    let version = u16::from_be_bytes([head[0], head[1]]);
    if version != 1 {
        return Err(CssdError::Version { found: version });
    }
    let list_len = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let list = bytes.get(4..4 + list_len).ok_or(CssdError::List { at: list_len })?;
    let (mut found, mut next) = (Vec::new(), 0);
    while next < list.len() {
        let broken = CssdError::List { at: next };
        let (tag, long) = match list.get(next..next + 2) {
            Some([tag, long]) => (*tag, usize::from(*long)),
            _ => return Err(broken),
        };
        let characters = list.get(next + 2..next + 2 + long).ok_or(broken)?;
        found.push(Signed {
            tag,
            name: name(tag),
            text: characters.iter().map(|byte| shown(*byte)).collect(),
            offset: at + 2 * (4 + next + 2),
            len: 2 * long,
        });
        next += 2 + long;
    }
    Ok(found)
}

fn shown(byte: u8) -> char {
    if (0x20..0x7F).contains(&byte) { char::from(byte) } else { '?' }
}

fn name(tag: u8) -> &'static str {
    match tag {
        1 => "SoC id",
        2 => "IMEI 1",
        3 => "IMEI 2",
        4 => "MEID",
        5 => "Wi-Fi address",
        6 => "Bluetooth address",
        _ => "unknown tag",
    }
}

pub(super) fn decode(plain: &[u8]) -> Option<DecodedRecord> {
    let cssd = Cssd::parse(plain).ok()?;
    let mut sheet = Sheet::new("signed identity", plain);
    for (name, at, len) in &cssd.fields {
        if name != CRITICAL {
            sheet.text(name.as_str(), *at, *len);
        }
    }
    for one in cssd.signed {
        sheet.put(format!("signed {}", one.name), one.offset, one.len, FieldValue::Text(one.text));
    }
    sheet.note("signed for one chip: restored verbatim only, together with the IMEI file of the same phone");
    Some(sheet.done())
}
