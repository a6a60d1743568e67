//! What the program can do: sessions, verbs, plans, events and failures. Says nothing itself; faces do that.
//!
//! * [`session`]: from a port name to a phone whose partitions are known.
//! * `engines`, `agent_file`: which way to the flash, and the user's Download Agent.
//! * [`gather`], [`survey`]: every copy a source holds, judged.
//! * [`backup`], [`restore`] and [`repair`] with [`staging`] and [`carry`], [`journal`], [`archive`], [`source`], [`info`],
//!   [`demo`], [`diff`], [`shelf`], [`export`], [`sealing`], [`guard`], [`doctor`]: the verbs.
//! * [`keyring`]: what opens sealed archives.
//! * [`records`]: every file taken apart into named fields.
//! * [`regions`], [`ranges`]: which bytes a backup reads; `again`: and that it goes on after the cable.
//! * [`preflight`]: a ROM package before it is flashed.
//! * `wiretap`: what is said on the wire, as events.
//! * [`causes`]: the one table from errors below to failures.

mod again;
mod agent_file;
pub mod amount;
pub mod archive;
pub mod backup;
pub mod cables;
pub mod carry;
pub mod causes;
pub mod chips;
pub mod context;
pub mod demo;
pub mod descriptions;
pub mod diff;
pub mod doctor;
mod engines;
pub mod event;
pub mod export;
pub mod failure;
pub mod gather;
mod grown;
pub mod guard;
pub mod import;
pub mod info;
pub mod intake;
pub mod journal;
pub mod keyring;
pub mod mask;
mod nand;
pub mod preflight;
pub mod proof;
pub mod random;
pub mod ranges;
pub mod records;
pub mod redact;
pub mod regions;
pub mod remnants;
pub mod repair;
pub mod report;
pub mod restore;
pub mod screen;
pub mod sealing;
pub mod session;
pub mod shelf;
pub mod source;
pub mod staging;
pub mod station;
pub mod survey;
pub mod udev;
mod wiretap;

pub use crate::identity::compare::{Change, FilePair, PartPair, Side, Way};
pub use crate::identity::evidence::Sums;
pub use crate::identity::survey::{BootsFrom, Layer, LayerState, Value};
pub use crate::identity::{Part, Selection, Status, VerdictCode};
pub use crate::vault::{Keys, Lock, Passphrase};
pub use cables::{Bench, Cables, Device, ScenarioInfo, ServeRequest};
pub use context::{Choices, Context, EngineWish, Pace, Reach};
pub use engines::AgentFacts;
pub use event::{Event, Progress, Sink, WireLine};
pub use failure::{Exit, Failure};
pub use keyring::Keyring;
pub use screen::ScreenRequest;
pub use station::Station;
pub use survey::Report;
