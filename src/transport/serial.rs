//! A cable behind a serial device: `/dev/ttyACM0` where a kernel driver keeps the USB interface, or a pty. It promises eight
//! clean bits and tolerates devices without modem lines.

use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serialport::{ErrorKind as PortError, SerialPort as _};

use super::link::{Link, LinkError, Plugged, Port, PortKind};
use super::stream::{Inbox, SHORTEST_WAIT, send_all};

/// Pause between two looks for the device.
const RETRY: Duration = Duration::from_millis(50);

/// How long a device that is there may refuse: permissions are set, and probing programs let go, shortly after plug-in.
const SETTLE: Duration = Duration::from_millis(1500);

/// The rate of a boot ROM's UART (reference 1.6); a USB device and a pty ignore it.
const BAUD: u32 = 115_200;

/// What the crate says for `ENOTTY`, which has no kind of its own.
const NOT_A_TTY: &str = "Not a typewriter";

#[cfg(unix)]
type Device = serialport::TTYPort;
#[cfg(windows)]
type Device = serialport::COMPort;

/// The port named by the path of a serial device.
#[derive(Debug, Clone)]
pub struct SerialPort {
    path: PathBuf,
}

impl SerialPort {
    /// Names the device.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn connect(&self) -> serialport::Result<Device> {
        // The modem lines are left alone: a pty has none, and cdc_acm raises them itself when it opens.
        let builder = serialport::new(self.name(), BAUD).timeout(SHORTEST_WAIT);
        match builder.clone().open_native() {
            // A terminal that has no exclusive mode is used shared.
            Err(error) if error.description == NOT_A_TTY => builder.exclusive(false).open_native(),
            outcome => outcome,
        }
    }

    /// Says what a refusal that did not pass means to the user; nothing while no device is there.
    fn refusal(&self, error: &serialport::Error) -> Option<LinkError> {
        let port = self.name();
        match error.kind() {
            PortError::Io(ErrorKind::NotFound) => None,
            PortError::Io(ErrorKind::PermissionDenied) => Some(LinkError::Denied { port }),
            PortError::NoDevice if self.path.exists() => Some(LinkError::Busy { port }),
            PortError::NoDevice => None,
            PortError::Unknown if self.path.is_dir() || error.description == NOT_A_TTY => {
                Some(LinkError::NotAPhone { port, what: "not a serial device".into() })
            }
            _ => Some(LinkError::Io { doing: "open the serial device", what: error.description.clone() }),
        }
    }
}

impl Port for SerialPort {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        let start = Instant::now();
        let mut seen: Option<Instant> = None;
        loop {
            let refused = match self.connect() {
                Ok(device) => {
                    let link = SerialLink {
                        device,
                        inbox: Inbox::new(),
                        opened: Instant::now(),
                        name: self.path.display().to_string(),
                    };
                    return Ok(Plugged { link: Box::new(link), kind: PortKind::Unknown });
                }
                Err(error) => self.refusal(&error),
            };
            let left = within.saturating_sub(start.elapsed());
            match refused {
                Some(error @ LinkError::NotAPhone { .. }) => return Err(error),
                Some(error)
                    if left.is_zero() || seen.get_or_insert_with(Instant::now).elapsed() >= SETTLE =>
                {
                    return Err(error);
                }
                Some(_) => {}
                None if left.is_zero() => {
                    return Err(LinkError::NoPhone { port: self.name(), seconds: within.as_secs() });
                }
                None => seen = None,
            }
            sleep(RETRY.min(left));
        }
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// One opened device.
struct SerialLink {
    device: Device,
    inbox: Inbox,
    opened: Instant,
    name: String,
}

impl Link for SerialLink {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        let device = &mut self.device;
        send_all(bytes, within, |rest, wait| {
            wait_at_most(device, wait)?;
            match device.write(rest) {
                Ok(count) => Ok(count),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(0),
                    _ => Err(ended("send", &error)),
                },
            }
        })
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        let device = &mut self.device;
        let mut buffer = [0; 4096];
        self.inbox.fill(into, within, |inbox, wait| {
            if let Err(error) = wait_at_most(device, wait) {
                return inbox.close(error);
            }
            match device.read(&mut buffer) {
                Ok(0) => inbox.close(LinkError::Gone),
                Ok(count) => inbox.push(&buffer[..count]),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    _ => inbox.close(ended("receive", &error)),
                },
            }
        })
    }

    fn elapsed(&self) -> Duration {
        self.opened.elapsed()
    }

    fn pause(&mut self, time: Duration) {
        sleep(time);
    }

    fn describe(&self) -> String {
        format!("serial {}", self.name)
    }
}

fn wait_at_most(device: &mut Device, time: Duration) -> Result<(), LinkError> {
    device
        .set_timeout(time.max(SHORTEST_WAIT))
        .map_err(|error| LinkError::Io { doing: "set a time-out", what: error.description })
}

/// Tells a device that left from other trouble: a tty whose USB device went answers `EIO` or hangs up.
fn ended(doing: &'static str, error: &io::Error) -> LinkError {
    match error.kind() {
        // The crate reports `EIO`, `ENODEV` and `ENXIO` as `Other`.
        ErrorKind::BrokenPipe | ErrorKind::NotConnected | ErrorKind::Other => LinkError::Gone,
        _ => LinkError::Io { doing, what: error.to_string() },
    }
}
