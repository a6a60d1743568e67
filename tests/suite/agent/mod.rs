//! The user's Download Agent: its container, and the host's half of its conversation against frozen bytes.

mod chips; // what is known of each chip
mod choice; // which engine, and what a refusal leads to
mod container; // every wrong kind of file
mod frozen; // golden streams and the whole ladder, both dialects
mod hostile; // an agent that says anything
mod nand; // raw NAND, byte for byte
mod runs; // how much is asked for at once
pub mod script; // a link that plays a conversation
mod security; // fuses, and agents that are refused
mod selection; // which entry, and why
mod silence; // an agent that stops answering, at every step
mod told; // what the log says of it
mod transfers; // sums, repeats, errors, the trap
mod witness; // the agent's own partition table

/// A container as flash tools lay it out: header, entries of `DC` bytes, regions behind them.
pub fn container(description: &str, entries: &[Entry]) -> Vec<u8> {
    let mut bytes = b"MTK_DOWNLOAD_AGENT".to_vec();
    bytes.resize(0x20, 0);
    bytes.extend(description.as_bytes());
    bytes.resize(0x60, 0);
    bytes.extend(4u32.to_le_bytes());
    bytes.extend(0x2266_8899u32.to_le_bytes());
    bytes.extend((entries.len() as u32).to_le_bytes());
    let mut data_at = bytes.len() + entries.len() * 0xDC;
    let mut data: Vec<u8> = Vec::new();
    for entry in entries {
        for word in [0xDADA, entry.code, entry.sub, entry.hw, entry.sw, 0, 0x1000, 0, 0, 3] {
            bytes.extend(u16::to_le_bytes(word));
        }
        let stages = [(vec![0x11; 0x20], 0x8001_0000, 0), entry.first.clone(), entry.second.clone()];
        for (stage, address, signature) in &stages {
            let len = stage.len() as u32;
            for word in [data_at as u32, len, *address, len - signature, *signature] {
                bytes.extend(word.to_le_bytes());
            }
            data_at += stage.len();
            data.extend(stage);
        }
        bytes.extend([0; 7 * 20]);
    }
    bytes.extend(data);
    bytes
}

/// One entry; stages are bytes, address, length of the signature.
#[derive(Clone)]
pub struct Entry {
    pub code: u16,
    pub sub: u16,
    pub hw: u16,
    pub sw: u16,
    pub first: (Vec<u8>, u32, u32),
    pub second: (Vec<u8>, u32, u32),
}

impl Entry {
    pub fn of(code: u16, hw: u16, sw: u16) -> Self {
        let first = (vec![code as u8; 0x40], 0x0200_7000, 0x10);
        let second = (vec![hw as u8; 0x60], 0x8000_0000, 0x10);
        Self { code, sub: 0, hw, sw, first, second }
    }
}
