//! The two traits every cable implements, and the one error they speak. A link promises to lose no byte: what came
//! before a time-out is kept for the next receive.

use std::time::Duration;

use thiserror::Error;

/// One plugged-in phone's byte stream, with deadlines and a clock of its own.
///
/// Packet borders are not visible: what the phone sends is one stream, in order. A time of zero means "what is there now":
/// it never means "for ever".
pub trait Link: Send {
    /// Sends all of `bytes` as one transfer.
    ///
    /// # Errors
    /// [`LinkError::Timeout`] when the phone did not take them within the time, [`LinkError::Gone`] when it left.
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError>;

    /// Fills `into` completely.
    ///
    /// # Errors
    /// [`LinkError::Timeout`] when fewer bytes came within the time; those that came stay queued for the next call.
    /// [`LinkError::Gone`] when the phone left; bytes that came before it left are delivered first.
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError>;

    /// Returns the time since the link opened, on the link's own clock (simulated cables have simulated time).
    fn elapsed(&self) -> Duration;

    /// Lets time pass on the link's clock: sleeps on a real cable, costs nothing on a simulated one.
    fn pause(&mut self, time: Duration);

    /// Returns what the link is, for messages: `usb 1-2 (0e8d:2000)`, `tcp 127.0.0.1:4000`.
    fn describe(&self) -> String;
}

impl Link for Box<dyn Link> {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        (**self).send(bytes, within)
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        (**self).receive(into, within)
    }
    fn elapsed(&self) -> Duration {
        (**self).elapsed()
    }
    fn pause(&mut self, time: Duration) {
        (**self).pause(time);
    }
    fn describe(&self) -> String {
        (**self).describe()
    }
}

/// What kind of device was plugged in, as far as the cable can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortKind {
    /// A preloader, by its USB ids.
    Preloader,
    /// A boot ROM, by its USB ids.
    Brom,
    /// A Download Agent that re-enumerated.
    Agent,
    /// The cable cannot tell (TCP, serial).
    Unknown,
}

/// A phone that has just been found at a port.
pub struct Plugged {
    /// Its byte stream.
    pub link: Box<dyn Link>,
    /// What it looks like.
    pub kind: PortKind,
}

/// A place a phone may be plugged into.
pub trait Port: Send {
    /// Waits until a phone is there and opens it. May be called again after the link was dropped: the phone may have
    /// re-enumerated.
    ///
    /// # Errors
    /// [`LinkError::NoPhone`] when none came within the time, [`LinkError::Busy`] and [`LinkError::Denied`] when one
    /// is there but cannot be opened.
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError>;

    /// Returns the port's name as the user would write it: `usb`, `tcp://127.0.0.1:4000`.
    fn name(&self) -> String;
}

impl Port for Box<dyn Port> {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        (**self).open(within)
    }
    fn name(&self) -> String {
        (**self).name()
    }
}

/// Everything that can go wrong with a cable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LinkError {
    /// Nothing was plugged in within the time.
    #[error("no phone appeared at {port} within {seconds} s")]
    NoPhone {
        /// The port waited at.
        port: String,
        /// How long.
        seconds: u64,
    },
    /// Fewer bytes came (or were taken) than wanted.
    #[error("time-out: {got} of {wanted} bytes")]
    Timeout {
        /// Bytes asked for.
        wanted: usize,
        /// Bytes that came; kept for the next receive.
        got: usize,
    },
    /// The phone left the bus, or the other end closed.
    #[error("the phone disconnected")]
    Gone,
    /// Another program holds the port.
    #[error("{port} is held by another program")]
    Busy {
        /// The port.
        port: String,
    },
    /// The system does not let this user open the port.
    #[error("no permission to open {port}")]
    Denied {
        /// The port.
        port: String,
    },
    /// A device is there, but it is not one this program can talk to.
    #[error("{port}: {what}")]
    NotAPhone {
        /// The port.
        port: String,
        /// What it is instead.
        what: String,
    },
    /// A recording does not match what was sent.
    #[error("replay: {what}")]
    Replay {
        /// Where and how it differs.
        what: String,
    },
    /// The operating system reported something else.
    #[error("{doing}: {what}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        what: String,
    },
}
