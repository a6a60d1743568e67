//! What the boot ROM does otherwise than the preloader (preloader-and-legacy-da.md 3.7, 3.14, 9.2): it refuses with a status
//! where the preloader asserts, and honours the address an agent is sent to.

use super::Preloader;
use super::commands::{Step, words};
use crate::simulator::agent::container;
use crate::simulator::board::Board;
use crate::wire::preloader::{command, status, target_config};

/// Answers GET_ME_ID or GET_SOC_ID: a length, as many bytes, a status.
pub fn id(board: &Board, op: u8) -> Step {
    let len: u32 = if op == command::GET_ME_ID { 16 } else { 32 };
    let bytes = board.card.cid.iter().copied().cycle().map(|byte| byte ^ op);
    Step::Send {
        fields: vec![
            len.to_be_bytes().to_vec(),
            bytes.take(len as usize).collect(),
            status::OK.to_be_bytes().to_vec(),
        ],
        then: Box::new(Step::Idle),
    }
}

/// Judges an agent that came whole.
pub fn verdict(board: &Board, agent: &[u8]) -> u16 {
    let checked = board.target_config & target_config::DAA != 0;
    if checked && !container::is_signed(agent) { status::BROM_DA_SIGNATURE } else { status::OK }
}

impl Preloader {
    /// Returns the single status with which the boot ROM refuses a command whose arguments are complete, if it does.
    pub(super) fn brom_refuses(&self, board: &Board, op: u8, got: &[u32]) -> Option<Step> {
        let fuse = |bit| board.target_config & bit != 0;
        let [first, length, signature] = std::array::from_fn(|at| got.get(at).copied().unwrap_or(0));
        let code = match op {
            command::SEND_DA if fuse(target_config::SLA) => status::SLA_REQUIRED,
            command::SEND_DA if length == 0 => status::BROM_ZERO_LENGTH,
            command::SEND_DA if signature > length => status::BROM_SIGNATURE_TOO_LONG,
            command::SEND_DA if fuse(target_config::DAA) && signature == 0 => status::BROM_NO_SIGNATURE,
            command::JUMP_DA if !self.agent_accepted => status::BROM_NO_DA,
            command::JUMP_DA if first != self.agent_at => status::BROM_BAD_JUMP,
            command::READ16 | command::READ32 if fuse(target_config::READ_AUTH) => status::BROM_BAD_ADDRESS,
            command::WRITE16 | command::WRITE32 if fuse(target_config::WRITE_AUTH) => {
                status::BROM_BAD_ADDRESS
            }
            _ => return None,
        };
        Some(words(&[code], Step::Idle))
    }
}
