//! Words in, text or JSON out. The only room that prints.

mod archives;
pub mod arguments;
mod comparison;
pub mod events;
mod output;
mod preflight;
mod proof;
mod run;
mod text;
mod wrap;

pub use run::run;
