//! The partition table as the agent tells it (A5, preloader-and-legacy-da.md 6.15): a second witness beside what lies on the
//! card. Offsets are linear: BOOT1, BOOT2 and RPMB come before the user area.

use super::line::{LATER, Line, SOON};
use super::trouble::Dialect;
use crate::protocol::{NamedRange, ProtocolError};
use crate::wire::agent::{OLD_TABLE_ENTRY_LEN, TABLE_ENTRIES, TABLE_ENTRY_LEN, command, reply};

const DOING: &str = "the agent's partition table";
/// Bytes of a name.
const NAME_LEN: usize = 64;
/// Where size and offset stand; D19 has a part id between them.
const SIZE_AT: usize = 0x40;
const OFFSET_AT: usize = 0x50;
const OLD_OFFSET_AT: usize = 0x48;

/// Asks for the table of the current part; none where the phone has none.
pub fn read(line: &mut Line, dialect: Dialect) -> Result<Option<Vec<NamedRange>>, ProtocolError> {
    line.say(&[command::READ_PMT], DOING)?;
    match line.ack(dialect, LATER, DOING) {
        Ok(()) => {}
        // 40D, or whatever number an agent has for it: it is in step, and merely no witness.
        Err(error) if error.is_agent_number() => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = line.word(SOON, DOING)?;
    let most = TABLE_ENTRIES * TABLE_ENTRY_LEN;
    let Some(length) = usize::try_from(length).ok().filter(|length| (1..=most).contains(length)) else {
        return Err(line.absurd("length of its partition table", length.into(), DOING));
    };
    let mut table = vec![0; length];
    line.say(&[reply::ACK], DOING)?;
    line.hear(&mut table, LATER, DOING)?;
    line.say(&[reply::ACK], DOING)?;
    Ok(parse(dialect, &table))
}

/// Reads the entries; none where they are in neither form.
#[must_use]
pub fn parse(dialect: Dialect, table: &[u8]) -> Option<Vec<NamedRange>> {
    let forms = match dialect {
        Dialect::D19 => [(TABLE_ENTRY_LEN, OFFSET_AT), (OLD_TABLE_ENTRY_LEN, OLD_OFFSET_AT)],
        Dialect::D13 => [(OLD_TABLE_ENTRY_LEN, OLD_OFFSET_AT), (TABLE_ENTRY_LEN, OFFSET_AT)],
    };
    forms.into_iter().find_map(|(len, offset_at)| entries(table, len, offset_at))
}

fn entries(table: &[u8], len: usize, offset_at: usize) -> Option<Vec<NamedRange>> {
    if !table.len().is_multiple_of(len) {
        return None;
    }
    let mut ranges = Vec::new();
    for entry in table.chunks_exact(len) {
        let name = &entry[..NAME_LEN];
        let end = name.iter().position(|byte| *byte == 0)?;
        if end == 0 {
            break;
        }
        if !name[..end].iter().all(u8::is_ascii_graphic) {
            return None;
        }
        let name = name[..end].iter().copied().map(char::from).collect();
        ranges.push(NamedRange { name, start: word(entry, offset_at)?, len: word(entry, SIZE_AT)? });
    }
    (!ranges.is_empty()).then_some(ranges)
}

fn word(entry: &[u8], at: usize) -> Option<u64> {
    entry.get(at..)?.first_chunk::<8>().map(|raw| u64::from_le_bytes(*raw))
}
