//! Moves bytes with deadlines. A [`Link`] is one plugged-in phone's byte stream, a [`Port`] is the place a phone may be
//! plugged into. Wrappers stack: trace, record, replay, faults. This room knows no protocol; only `usb.rs` knows rusb.
//!
//! * Cables: [`usb`], [`serial`], [`tcp`]; [`address`] reads how a user names them, [`usb_ids`] tells phones from other
//!   devices, [`usb_descriptors`] finds the stream in one, `usb_changes` saves looks at a bus where nothing happens.
//! * Wrappers: [`trace`], [`record`], [`fault`] around a link; [`wrap`] puts any of them around a port.
//! * [`replay`] plays a [`session`] file that [`record`] wrote.
//! * [`stream`]: the queue in which no byte is lost.

pub mod address;
pub mod fault;
pub mod link;
pub mod record;
pub mod replay;
pub mod serial;
pub mod session;
pub mod stream;
pub mod tcp;
pub mod trace;
pub mod usb;
mod usb_changes;
pub mod usb_descriptors;
pub mod usb_function;
pub mod usb_ids;
pub mod wrap;

pub use address::{Address, AddressError, BusPath};
pub use fault::{Fault, Faults, Faulty};
pub use link::{Link, LinkError, Plugged, Port, PortKind};
pub use record::{Record, Recording, RecordingPort, Told};
pub use replay::{Replay, ReplayPort};
pub use serial::SerialPort;
pub use session::{Session, SessionError};
pub use tcp::TcpPort;
pub use trace::{Trace, TraceEvent, Traced};
pub use usb::UsbPort;
pub use wrap::WrappedPort;
