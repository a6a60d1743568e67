//! A port around a port: what it opens is handed to a function that may stack wrappers on the link. It knows none of them.

use std::time::Duration;

use super::link::{LinkError, Plugged, Port};

/// Applies a function to everything a port opens.
///
/// ```
/// use nvkeep::transport::{Plugged, TcpPort, Trace, WrappedPort};
/// let port = WrappedPort::new(TcpPort::new("127.0.0.1:4000"), |phone: Plugged| Plugged {
///     link: Box::new(Trace::new(phone.link, |event| eprintln!("{event}"))),
///     kind: phone.kind,
/// });
/// ```
pub struct WrappedPort<P, F> {
    port: P,
    wrap: F,
}

impl<P: Port, F: FnMut(Plugged) -> Plugged + Send> WrappedPort<P, F> {
    /// Wraps `port`.
    pub fn new(port: P, wrap: F) -> Self {
        Self { port, wrap }
    }
}

impl<P: Port, F: FnMut(Plugged) -> Plugged + Send> Port for WrappedPort<P, F> {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        self.port.open(within).map(&mut self.wrap)
    }

    fn name(&self) -> String {
        self.port.name()
    }
}
