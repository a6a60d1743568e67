//! What several targets share: sources of bytes that a short input can describe. Knows no format.

pub mod cable;
pub mod phone;
pub mod source;
