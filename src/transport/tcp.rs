//! A cable made of TCP: the simplest way to reach a simulated phone. It promises the same stream as USB and knows nothing of
//! what is said on it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::link::{Link, LinkError, Plugged, Port, PortKind};
use super::stream::{Inbox, SHORTEST_WAIT, send_all};

/// Pause between two attempts to connect.
const RETRY: Duration = Duration::from_millis(50);

/// The port `tcp://HOST:PORT`. A refused connection means that no phone is plugged in yet.
#[derive(Debug, Clone)]
pub struct TcpPort {
    end: String,
}

impl TcpPort {
    /// Names the other end, as `HOST:PORT`.
    pub fn new(end: impl Into<String>) -> Self {
        Self { end: end.into() }
    }

    /// Tries each address once.
    fn connect(addresses: &[SocketAddr], within: Duration) -> std::io::Result<TcpStream> {
        let mut failure = std::io::Error::from(ErrorKind::AddrNotAvailable);
        for address in addresses {
            match TcpStream::connect_timeout(address, within.max(SHORTEST_WAIT)) {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

impl Port for TcpPort {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        let start = Instant::now();
        // A name that cannot be looked up is no phone that is late: it is told at once.
        let addresses = self.end.to_socket_addrs().map_err(|error| io("look up the host", &error))?;
        let addresses: Vec<SocketAddr> = addresses.collect();
        loop {
            let left = within.saturating_sub(start.elapsed());
            match Self::connect(&addresses, left) {
                Ok(stream) => {
                    stream.set_nodelay(true).map_err(|error| io("prepare the connection", &error))?;
                    let link = TcpLink {
                        stream,
                        inbox: Inbox::new(),
                        opened: Instant::now(),
                        end: self.end.clone(),
                    };
                    return Ok(Plugged { link: Box::new(link), kind: PortKind::Unknown });
                }
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    return Err(LinkError::Denied { port: self.name() });
                }
                Err(_) => {}
            }
            let left = within.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(LinkError::NoPhone { port: self.name(), seconds: within.as_secs() });
            }
            sleep(RETRY.min(left));
        }
    }

    fn name(&self) -> String {
        format!("tcp://{}", self.end)
    }
}

/// One connection.
#[derive(Debug)]
struct TcpLink {
    stream: TcpStream,
    inbox: Inbox,
    opened: Instant,
    end: String,
}

impl Link for TcpLink {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        let stream = &mut self.stream;
        send_all(bytes, within, |rest, wait| {
            stream.set_write_timeout(Some(wait)).map_err(|error| io("set a time-out", &error))?;
            match stream.write(rest) {
                Ok(count) => Ok(count),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(0),
                    _ => Err(ended("send", &error)),
                },
            }
        })
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        let stream = &mut self.stream;
        let mut buffer = [0; 16 * 1024];
        self.inbox.fill(into, within, |inbox, wait| {
            if let Err(error) = stream.set_read_timeout(Some(wait)) {
                return inbox.close(io("set a time-out", &error));
            }
            match stream.read(&mut buffer) {
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
        format!("tcp {}", self.end)
    }
}

/// Tells a closed connection from other trouble.
fn ended(doing: &'static str, error: &std::io::Error) -> LinkError {
    match error.kind() {
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        | ErrorKind::UnexpectedEof => LinkError::Gone,
        _ => io(doing, error),
    }
}

fn io(doing: &'static str, error: &std::io::Error) -> LinkError {
    LinkError::Io { doing, what: error.to_string() }
}
