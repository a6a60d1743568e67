//! The screen: a bench in one terminal. It shows what `app` does and asks for it; it knows no phone, no file format.
//!
//! * [`message`]: everything that can happen, and everything that can be wanted.
//! * [`model`]: the whole state; [`update`]: message in, state changed, effect out; [`keymap`]: keys to commands.
//! * [`page`]: what is said, row by row; [`curves`]: which numbers belong together; [`layout`]: where; [`view`]: how it looks.
//! * [`work`]: the one worker, which does jobs and tells; [`run`]: terminal, channel, clock; [`tape`]: sessions kept and played.

pub mod curves;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod message;
pub mod model;
pub mod page;
mod run;
pub mod subject;
pub mod tape;
mod terminal;
pub mod trouble;
pub mod update;
pub mod view;
pub mod work;

pub use run::run;
