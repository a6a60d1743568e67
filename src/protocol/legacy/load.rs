//! From a preloader to a running first stage: watchdog off, SEND_DA with the host comparing checksums, JUMP_DA
//! (preloader-and-legacy-da.md 3.7, 3.8, 4, 8.2). Promises that a phone whose fuses forbid it is sent nothing.

use std::time::Duration;

use super::chip::{AgentChip, Stage};
use super::trouble::AgentTrouble;
use crate::protocol::{Preloader, ProtocolError, TargetConfig};
use crate::transport::Link;
use crate::wire::preloader::{command, status};

/// Bytes of one transfer, as flash tools choose it (section 3.7).
const PIECE: usize = 1024;
/// Tries of an upload whose bytes arrive wrong.
const TRIES: u32 = 3;
/// Time for a checksum, and for a signature to be verified.
const VERIFY: Duration = Duration::from_secs(10);

/// Decides by the fuses whether an agent may be sent at all (section 8.2). `given` tells that the user named this very file
/// for this phone, which a phone that wants its maker's signature demands.
///
/// # Errors
/// [`AgentTrouble::Locked`] with the fuse's one sentence.
pub fn admit(config: TargetConfig, given: bool) -> Result<(), ProtocolError> {
    let what = if config.cert() {
        "this phone demands its maker's certificate before anything is loaded (CERT)"
    } else if config.read_auth() || config.write_auth() {
        "this phone demands its maker's authorisation for memory access (READ-AUTH, WRITE-AUTH)"
    } else if config.sla() {
        "this phone demands its maker's authorisation of the serial link (SLA)"
    } else if config.daa() && !given {
        "this phone takes only Download Agents its maker has signed (DAA), and refusing another restarts it: none was sent"
    } else {
        return Ok(());
    };
    Err(ProtocolError::agent("SEND_DA", AgentTrouble::Locked { what }))
}

/// Returns the checksum of SEND_DA: little-endian 16-bit words, exclusive or; an odd last byte counts as a low one.
#[must_use]
pub fn xor16(bytes: &[u8]) -> u16 {
    bytes
        .chunks(2)
        .fold(0, |sum, pair| sum ^ u16::from_le_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]))
}

/// Stops the watchdog, sends the first stage, and jumps into it.
pub fn start(
    mut preloader: Preloader,
    chip: &AgentChip,
    first: &Stage,
) -> Result<Box<dyn Link>, ProtocolError> {
    for watchdog in &chip.watchdogs {
        let written = if watchdog.narrow {
            let value = u16::try_from(watchdog.value).unwrap_or(u16::MAX);
            preloader.write16(watchdog.address, &[value])
        } else {
            preloader.write32(watchdog.address, &[watchdog.value])
        };
        written.map_err(|error| error.within("stopping the watchdog"))?;
    }
    send(&mut preloader, first)?;
    jump(preloader, first.address)
}

fn send(preloader: &mut Preloader, stage: &Stage) -> Result<(), ProtocolError> {
    let sum = xor16(&stage.bytes);
    let mut received = 0;
    for _ in 0..TRIES {
        let (checksum, verdict) = send_once(preloader, stage)?;
        let trouble = match verdict {
            status::OK if checksum == sum => return Ok(()),
            status::OK => {
                // Nothing was started: the same again (section 3.7).
                received = checksum;
                continue;
            }
            _ if checksum != sum => AgentTrouble::Upload { sent: sum, received: checksum },
            status => AgentTrouble::Refused { status },
        };
        return Err(preloader.stream.broken_by(ProtocolError::agent("SEND_DA", trouble)));
    }
    Err(ProtocolError::agent("SEND_DA", AgentTrouble::Upload { sent: sum, received }))
}

/// Returns the checksum and status the phone answered.
fn send_once(preloader: &mut Preloader, stage: &Stage) -> Result<(u16, u16), ProtocolError> {
    const DOING: &str = "SEND_DA";
    let stream = &mut preloader.stream;
    let length = u32::try_from(stage.bytes.len()).unwrap_or(u32::MAX);
    stream.ask(command::SEND_DA, 0, DOING)?;
    for argument in [stage.address, length] {
        let argument = argument.to_be_bytes();
        stream.say(&argument, argument.len(), &argument, DOING)?;
    }
    let argument = stage.signature_len.to_be_bytes();
    let answer = stream.say(&argument, argument.len() + 2, &argument, DOING)?;
    let status = u16::from_be_bytes([answer[4], answer[5]]);
    if status > status::LAST_GOOD {
        return Err(stream.broken_by(ProtocolError::agent(DOING, AgentTrouble::Refused { status })));
    }
    stream.pour(&stage.bytes, PIECE, "SEND_DA, data")?;
    let answer = stream.hear_within(4, &[], 0, &"SEND_DA, checksum and status", VERIFY)?;
    let word = |at: usize| u16::from_be_bytes([answer[at], answer[at + 1]]);
    Ok((word(0), word(2)))
}

fn jump(mut preloader: Preloader, address: u32) -> Result<Box<dyn Link>, ProtocolError> {
    const DOING: &str = "JUMP_DA";
    let stream = &mut preloader.stream;
    stream.ask(command::JUMP_DA, 0, DOING)?;
    let address = address.to_be_bytes();
    let answer = stream.say(&address, address.len() + 2, &address, DOING)?;
    let status = u16::from_be_bytes([answer[4], answer[5]]);
    if status > status::LAST_GOOD {
        return Err(stream.broken_by(ProtocolError::agent(DOING, AgentTrouble::Refused { status })));
    }
    Ok(preloader.stream.into_link())
}
