//! The host's half of the cable: the preloader's handshake and commands, and the engines that reach the flash.
//! Nothing above this room knows which engine runs; nothing here knows what the bytes on the flash mean.

pub mod engine;
pub mod error;

pub use engine::{Capabilities, Card, Engine};
pub use error::ProtocolError;
