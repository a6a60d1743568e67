//! How a user writes a port: `usb`, `usb:BUS-PORT[.PORT…]`, `tcp://HOST:PORT`, or a serial path. It parses words and
//! refuses to look at the machine.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// Deepest chain of hubs USB allows.
const MAX_HUB_DEPTH: usize = 7;

/// A place on the USB, as the kernel names it: `1-2.4` is bus 1, root port 2, port 4 of the hub there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusPath {
    /// Number of the bus.
    pub bus: u8,
    /// Port numbers from the root outwards; empty for a root hub.
    pub ports: Vec<u8>,
}

impl fmt::Display for BusPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.bus)?;
        for (depth, port) in self.ports.iter().enumerate() {
            write!(f, "{}{port}", if depth == 0 { '-' } else { '.' })?;
        }
        Ok(())
    }
}

impl FromStr for BusPath {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let wrong = || AddressError::BusPath { text: text.to_owned() };
        let (bus, ports) = text.split_once('-').ok_or_else(wrong)?;
        let ports: Vec<u8> = ports.split('.').map(number).collect::<Option<_>>().ok_or_else(wrong)?;
        if ports.len() > MAX_HUB_DEPTH {
            return Err(wrong());
        }
        Ok(Self { bus: number(bus).ok_or_else(wrong)?, ports })
    }
}

/// Reads a decimal number from 1 to 255, digits only.
fn number(text: &str) -> Option<u8> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|&value| value > 0)
}

/// A port in the user's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// USB: any phone, or the one at a place.
    Usb(Option<BusPath>),
    /// `HOST:PORT`.
    Tcp(String),
    /// A serial device.
    Serial(PathBuf),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text == "usb" {
            return Ok(Self::Usb(None));
        }
        if let Some(place) = text.strip_prefix("usb:") {
            return Ok(Self::Usb(Some(place.parse()?)));
        }
        if let Some(end) = text.strip_prefix("tcp://") {
            let end = end.strip_suffix('/').unwrap_or(end);
            let (host, port) = end.rsplit_once(':').unwrap_or_default();
            if host.is_empty() || port.parse::<u16>().ok().is_none_or(|port| port == 0) {
                return Err(AddressError::Tcp { text: text.to_owned() });
            }
            return Ok(Self::Tcp(end.to_owned()));
        }
        // Only something with a slash (or a Windows COM name) is taken for a path, so that a mistyped word is told as such.
        let com = text.strip_prefix("COM").is_some_and(|rest| number(rest).is_some());
        if com || (text.contains('/') && !text.contains("://")) {
            return Ok(Self::Serial(PathBuf::from(text)));
        }
        Err(AddressError::Unknown { text: text.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usb(None) => write!(f, "usb"),
            Self::Usb(Some(place)) => write!(f, "usb:{place}"),
            Self::Tcp(end) => write!(f, "tcp://{end}"),
            Self::Serial(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Words that name no port.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// After `usb:` something else than BUS-PORT[.PORT…].
    #[error("\"{text}\" is no place on the USB; write it as BUS-PORT, for example 1-2 or 1-2.4")]
    BusPath {
        /// What was written.
        text: String,
    },
    /// After `tcp://` something else than HOST:PORT.
    #[error("\"{text}\" is no network address; write it as tcp://HOST:PORT")]
    Tcp {
        /// What was written.
        text: String,
    },
    /// None of the known forms.
    #[error(
        "\"{text}\" is no port; known are usb, usb:BUS-PORT, tcp://HOST:PORT and a path such as /dev/ttyACM0"
    )]
    Unknown {
        /// What was written.
        text: String,
    },
}
