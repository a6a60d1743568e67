//! nvkeep keeps a MediaTek phone's identity: it reads NVRAM from a phone that sits in its preloader, decodes it,
//! archives it verified, and puts the phone's *own* data back after any flash.
//!
//! ```text
//!    cli ──► app ──► storage ──► protocol ──► transport ──► phone
//!             ├─► identity ─► formats wire ◄── simulator
//!             └─► vault                 wiring joins the two ends
//! ```
//!
//! * [`wire`]: what both ends of the cable agree on: opcodes, statuses, register names.
//! * [`formats`]: bytes ⇄ values, with no disk and no clock.
//! * [`transport`]: moves bytes with deadlines; wrappers trace, record, replay and break it.
//! * [`vault`]: archives at rest: named blobs, manifest, digests, the journal of a write.
//! * [`identity`]: what the copies on a phone say, which is right, what to write. Pure.
//! * [`simulator`]: the phone's half of the cable. Shares only `wire` with the host's half.
//! * [`protocol`]: the host's half: handshake, commands, and the engines that reach the flash.
//! * [`storage`]: named ranges of bytes: on a phone, in an image, staged, guarded, read back.
//! * [`app`]: what the program can do: verbs, plans, events, failures.
//! * [`cli`]: words in, text or JSON out.
//! * [`tui`]: keys in, a screen out.
//! * [`wiring`]: chooses the cable.
//!
//! Calls go down this list's arrows only; `tests/suite/architecture.rs` holds the table and fails on any other.

pub mod app;
pub mod cli;
pub mod formats;
pub mod identity;
pub mod protocol;
pub mod simulator;
pub mod storage;
pub mod transport;
pub mod tui;
pub mod vault;
pub mod wire;
pub mod wiring;
