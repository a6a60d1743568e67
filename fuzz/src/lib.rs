//! What several targets share: sources of bytes that a short input can describe, phones, and cables to them.

pub mod agent;
pub mod answers;
pub mod cable;
pub mod phone;
pub mod source;
pub mod witness;
