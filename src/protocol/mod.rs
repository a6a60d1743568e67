//! The host's half of the cable: the preloader's handshake and commands, and the engines that reach the flash.
//! Nothing above this room knows which engine runs; nothing here knows what the bytes on the flash mean.

mod advice;
pub mod card_trouble;
pub mod chip;
pub mod direct;
pub mod engine;
pub mod error;
mod handshake;
pub mod legacy;
pub mod narrate;
pub mod patience;
pub mod preloader;
pub mod session;
mod stream;

pub use card_trouble::CardTrouble;
pub use chip::{ChipProfile, ClockGate, Fingerprint, WordCheck};
pub use direct::{DirectEngine, DirectOptions, Pace};
pub use engine::{Capabilities, Card, Engine, NamedRange, NandChip};
pub use error::ProtocolError;
pub use handshake::handshake;
pub use legacy::{
    AgentChip, AgentImage, AgentMode, AgentTrouble, Dialect, LegacyEngine, LegacyOptions, Stage, Watchdog,
};
pub use narrate::{Line, Narrator};
pub use patience::Patient;
pub use preloader::{HwSwVersion, Preloader, TargetConfig};
pub use session::{ConnectOptions, Greeted, PreloaderFacts, Session, connect, greet, identify};
