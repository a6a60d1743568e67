//! Lists of sums that come with firmware: the lines of md5sum, sha1sum, sha256sum and of BSD, and SP Flash Tool's
//! `Checksum.ini`. Text in, names and sums out; knows no file.

/// Most sums one list may have.
pub const MOST: usize = 4096;

/// A sum as a list gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sum {
    /// All bytes added, modulo 65536.
    Bytes16(u16),
    /// MD5.
    Md5([u8; 16]),
    /// SHA-1.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
}

/// What a sum is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// A file, as the list calls it.
    File(String),
    /// The image of a partition (`Checksum.ini`).
    Partition(String),
    /// The file the list itself is called after: `boot.img.md5` with nothing but the sum in it.
    Itself,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What.
    pub of: Of,
    /// Its sum.
    pub sum: Sum,
}

/// Reads a list. Lines that are no sums (comments, other sections) are passed over; a list of more than [`MOST`] is cut there.
///
/// `Checksum.ini` has a section `[CheckSum]` with `partition=0x1234`, and with newer generators one whose name ends in `V2`
/// with `partition=MD5` (seen in the wild, in no reference); a sum of zero means that none was made.
#[must_use]
pub fn parse(text: &str) -> Vec<Listed> {
    let mut section: Option<String> = None;
    let mut listed = Vec::new();
    for line in text.lines().map(str::trim) {
        if listed.len() == MOST {
            break;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = Some(name.to_ascii_uppercase());
            continue;
        }
        listed.extend(match &section {
            Some(name) if name.starts_with("CHECKSUM") => in_section(line),
            Some(_) => None,
            None => line_of_a_sum_program(line),
        });
    }
    listed
}

fn in_section(line: &str) -> Option<Listed> {
    let (name, value) = line.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let sum = match value.strip_prefix("0x").or_else(|| value.strip_prefix("0X")) {
        Some(short) if short.len() <= 4 => {
            Sum::Bytes16(u16::from_str_radix(short, 16).ok().filter(|sum| *sum != 0)?)
        }
        Some(long) => digest(long)?,
        None => digest(value)?,
    };
    (!name.is_empty()).then(|| Listed { of: Of::Partition(name.to_owned()), sum })
}

fn line_of_a_sum_program(line: &str) -> Option<Listed> {
    // BSD and `--tag`: MD5 (boot.img) = 0123…
    if let Some((head, sum)) = line.rsplit_once(") = ") {
        let (_, name) = head.split_once(" (")?;
        return Some(Listed { of: Of::File(name.to_owned()), sum: digest(sum)? });
    }
    let (sum, name) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let name = name.trim_start().trim_start_matches('*');
    let of = if name.is_empty() { Of::Itself } else { Of::File(name.to_owned()) };
    Some(Listed { of, sum: digest(sum)? })
}

/// The length of a digest says which one it is.
fn digest(hex: &str) -> Option<Sum> {
    if !hex.is_ascii() || hex.len() > 64 {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..hex.len())
        .step_by(2)
        .map(|at| hex.get(at..at + 2).filter(|pair| !pair.starts_with('+')))
        .map(|pair| pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    let bytes = bytes?;
    match bytes.len() {
        16 => bytes.try_into().ok().map(Sum::Md5),
        20 => bytes.try_into().ok().map(Sum::Sha1),
        32 => bytes.try_into().ok().map(Sum::Sha256),
        _ => None,
    }
}
