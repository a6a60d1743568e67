//! DA files made of nothing (preloader-and-legacy-da.md 5): a container's shape around filler, for tests and for a user who
//! wants to try. No byte of a maker's agent is in them; the first stage begins with a marker that this simulator plays.

use sha1::{Digest, Sha1};

use super::facts::Dialect;
use crate::wire::agent::container::{
    ENTRY_LEN, ENTRY_MAGIC, HEADER_LEN, MAGIC, NAME, OLD_ENTRY_LEN, REGION_LEN, XML_MARK,
};
use crate::wire::agent::{AGENT1_ADDRESS, AGENT2_ADDRESS};

/// First bytes of a first stage made here.
const MARK: &[u8; 16] = b"nvkeep-sim-agent";
/// Bytes of the marker: name, dialect, chip, digest of the rest, digest of the second stage.
const MARKER_LEN: usize = 16 + 4 + 2 + 2 + 20 + 20;
/// Bytes of a signature's room.
const SIGNATURE: usize = 0x100;
/// What stands in the signature's room of an agent that secured phones accept.
const SIGNED: &[u8; 16] = b"nvkeep-sim-maker";

/// What is wrong with a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A magic word as makers use for encrypted files.
    ForeignMagic,
    /// Entries of very old files, without the last two half-words.
    OldStride,
    /// The description says that its agents speak XML.
    XmlMark,
    /// The description is that of another generation's file.
    LaterDescription,
    /// The file ends in the middle of the last region.
    Cut,
    /// More entries are announced than are there.
    TooManyEntries,
    /// Entries have a single region.
    OneRegion,
    /// A signature is longer than its region.
    LongSignature,
    /// The second stage is another file's: its digest does not match.
    ForeignSecondStage,
}

/// A container to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// How its agents speak.
    pub dialect: Dialect,
    /// Chips it has entries for: code, sub code, hardware version, software version.
    pub chips: Vec<[u16; 4]>,
    /// Bytes of the first stage, signature included.
    pub first_len: usize,
    /// Bytes of the second stage, signature included.
    pub second_len: usize,
    /// Whether phones that check signatures accept it.
    pub signed: bool,
    /// What is wrong with it.
    pub flaws: Vec<Flaw>,
}

impl Recipe {
    /// A container of a dialect's real lengths, for the chips its files are known to serve.
    #[must_use]
    pub fn of(dialect: Dialect) -> Self {
        let (first_len, second_len) = match dialect {
            Dialect::D19 => (0xEA6C, 0x279C0),
            Dialect::D13 => (0xA174, 0x237D0),
        };
        let chips = [0x6571, 0x6572, 0x6580, 0x6582, 0x6592, 0x6735].map(|code| match code {
            0x6572 => [code, 0, 0xCA00, 0],
            _ => [code, 0, 0, 0],
        });
        Self { dialect, chips: chips.to_vec(), first_len, second_len, signed: false, flaws: Vec::new() }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }

    fn description(&self) -> String {
        if self.has(Flaw::XmlMark) {
            return format!("{}_nvkeep_simulator", String::from_utf8_lossy(XML_MARK));
        }
        match self.dialect {
            _ if self.has(Flaw::LaterDescription) => "MTK_AllInOne_DA_v5.9999_nvkeep_simulator",
            Dialect::D19 => "MTK_AllInOne_DA_v3.3001_nvkeep_simulator",
            Dialect::D13 => "MTK_AllInOne_DA_v7.1320_nvkeep_simulator",
        }
        .to_owned()
    }
}

/// Makes a container.
#[must_use]
pub fn container(recipe: &Recipe) -> Vec<u8> {
    let old = recipe.has(Flaw::OldStride);
    let stride = if old { OLD_ENTRY_LEN } else { ENTRY_LEN };
    let mut file = vec![0; HEADER_LEN + stride * recipe.chips.len()];
    file[..NAME.len()].copy_from_slice(NAME);
    let description = recipe.description();
    file[0x20..0x20 + description.len()].copy_from_slice(description.as_bytes());
    file[0x60..0x64].copy_from_slice(&4_u32.to_le_bytes());
    let magic = if recipe.has(Flaw::ForeignMagic) { 0x5566_3388 } else { MAGIC };
    file[0x64..0x68].copy_from_slice(&magic.to_le_bytes());
    let more = u32::from(recipe.has(Flaw::TooManyEntries)) * 1000;
    file[0x68..0x6C].copy_from_slice(&(word(recipe.chips.len()) + more).to_le_bytes());
    for (at, chip) in recipe.chips.iter().enumerate() {
        let entry = HEADER_LEN + stride * at;
        write_entry(&mut file, entry, recipe, *chip);
    }
    if recipe.has(Flaw::Cut) {
        file.truncate(file.len() - recipe.second_len / 2);
    }
    file
}

/// Appends a chip's regions and describes them in its entry.
fn write_entry(file: &mut Vec<u8>, entry: usize, recipe: &Recipe, chip: [u16; 4]) {
    let [first, second] = stages(recipe, chip[0]);
    let mut put =
        |at: usize, value: u16| file[entry + at..entry + at + 2].copy_from_slice(&value.to_le_bytes());
    put(0, ENTRY_MAGIC);
    put(2, chip[0]);
    put(4, chip[1]);
    put(6, chip[2]);
    // Without software version and the half-word behind it, everything else moves down.
    let rest = if recipe.has(Flaw::OldStride) {
        8
    } else {
        put(8, chip[3]);
        12
    };
    put(rest, 0x1000);
    let loaders = vec![0; 0x270];
    let regions: &[(&[u8], u32, usize)] = if recipe.has(Flaw::OneRegion) {
        &[(&first, AGENT1_ADDRESS, SIGNATURE)]
    } else {
        &[
            (&loaders, 0x8001_0000, 0),
            (&first, AGENT1_ADDRESS, SIGNATURE),
            (&second, AGENT2_ADDRESS, SIGNATURE),
        ]
    };
    put(rest + 6, u16::try_from(regions.len()).unwrap_or(u16::MAX));
    for (number, (bytes, address, signature)) in regions.iter().enumerate() {
        let signature = match recipe.has(Flaw::LongSignature) {
            true => bytes.len() + 1,
            false => *signature,
        };
        let fields = [
            word(file.len()),
            word(bytes.len()),
            *address,
            word(bytes.len().saturating_sub(signature)),
            word(signature),
        ];
        let at = entry + rest + 8 + REGION_LEN * number;
        for (place, field) in file[at..at + REGION_LEN].chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        file.extend_from_slice(bytes);
    }
}

/// Makes both stages for a chip.
fn stages(recipe: &Recipe, hw_code: u16) -> [Vec<u8>; 2] {
    let mut second = filler(recipe.second_len, 2 + u32::from(hw_code));
    sign(&mut second, recipe.signed);
    let body = &second[..second.len().saturating_sub(SIGNATURE)];
    let digest = if recipe.has(Flaw::ForeignSecondStage) { [0xEE; 20] } else { Sha1::digest(body).into() };
    let mut first = filler(recipe.first_len.max(MARKER_LEN + SIGNATURE), 1 + u32::from(hw_code));
    first[..16].copy_from_slice(MARK);
    first[16..20].copy_from_slice(match recipe.dialect {
        Dialect::D19 => b"D19\0",
        Dialect::D13 => b"D13\0",
    });
    first[20..22].copy_from_slice(&hw_code.to_le_bytes());
    first[44..64].copy_from_slice(&digest);
    sign(&mut first, recipe.signed);
    let own: [u8; 20] = Sha1::digest(&first[44..]).into();
    first[24..44].copy_from_slice(&own);
    [first, second]
}

fn sign(stage: &mut [u8], accepted: bool) {
    let start = stage.len().saturating_sub(SIGNATURE);
    stage[start..].fill(0);
    if accepted && stage.len() >= SIGNATURE {
        stage[start..start + SIGNED.len()].copy_from_slice(SIGNED);
    }
}

/// Bytes that mean nothing and are the same every time.
fn filler(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..len).map(step).collect()
}

fn word(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// What a first stage made here says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// How it speaks.
    pub dialect: Dialect,
    /// The chip it is for.
    pub hw_code: u16,
    /// Its own digest holds: it came whole.
    pub whole: bool,
}

/// Recognises a first stage made here.
#[must_use]
pub fn recognise(first: &[u8]) -> Option<Identity> {
    if first.len() < MARKER_LEN || !first.starts_with(MARK) {
        return None;
    }
    let dialect = match &first[16..20] {
        b"D13\0" => Dialect::D13,
        _ => Dialect::D19,
    };
    let hw_code = u16::from_le_bytes([first[20], first[21]]);
    let own: [u8; 20] = Sha1::digest(&first[44..]).into();
    Some(Identity { dialect, hw_code, whole: first[24..44] == own })
}

/// Returns whether a phone that checks signatures accepts these bytes.
#[must_use]
pub fn is_signed(first: &[u8]) -> bool {
    first.len() >= SIGNATURE && first[first.len() - SIGNATURE..].starts_with(SIGNED)
}
