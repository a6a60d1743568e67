//! The phone's half of the cable: an MT6572 in its preloader that answers byte for byte like the real one. Shares only
//! `wire` with the host's half, and builds its flash content itself, so that one mistake cannot cancel itself.
//!
//! * [`Phone`]: bytes in, bytes out, on virtual time; made of a [`Board`] and a [`Flash`], which survive unplugging.
//! * `preloader`: the firmware: listening, handshake, commands, its USB rings.
//! * `soc`, `msdc`, `card`: what READ32 and WRITE32 reach; `nand`: what only an agent reaches.
//! * [`agent`]: what answers once a Download Agent was uploaded and jumped to.
//! * `usb`: descriptors and control requests; [`Fares`]: what packets cost, one after the other.
//! * [`Scenario`]: which phone and what happened to it, from TOML; [`build`] fills its flash.
//! * [`android`]: what the phone's own software does to the flash when it starts.

pub mod agent;
pub mod android;
mod board;
pub mod build;
mod card;
mod chip;
mod faults;
mod flash;
mod link;
mod mounted;
mod msdc;
mod nand;
mod phone;
mod preloader;
mod scenario;
mod soc;
mod usb;

pub use board::{Board, BootsAs, CardFacts, LinkModel, Pace, Storage};
pub use build::BuildError;
pub use faults::{CardFault, Leaves};
pub use flash::{Area, Flash, FlashError};
pub use link::Fares;
pub use mounted::VolumeError;
pub use nand::{BadBlockAnswer, NandFacts};
pub use phone::{Counters, Departure, Phone, Presence, Return};
pub use scenario::{
    Damage, Family, Identity, Modem, Partition, Roles, Scenario, ScenarioError, Spoiling, TableKind,
};
pub use usb::ControlAnswer;
