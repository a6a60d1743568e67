//! Moves bytes with deadlines. A [`Link`] is one plugged-in phone's byte stream, a [`Port`] is the place a phone may be
//! plugged into. Wrappers stack: trace, record, replay, faults. This room knows no protocol; only `usb.rs` knows rusb.

pub mod link;

pub use link::{Link, LinkError, Plugged, Port, PortKind};
