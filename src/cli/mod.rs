//! Words in, text or JSON out. The only room that prints.

mod archives;
pub mod arguments;
mod comparison;
mod doctor;
pub mod events;
mod guard;
mod keys;
mod output;
mod preflight;
mod proof;
mod run;
mod secret;
mod signals;
mod text;
mod wrap;

pub use run::run;
