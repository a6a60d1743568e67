//! What the program needs from whoever joins it to cables: ports by name, what is on the bus, simulated phones. The
//! joining itself is not this room's business.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Failure;
use crate::transport::Port;

/// A device on the bus, for `detect`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The port name that addresses it: `usb:1-2`.
    pub port: String,
    /// Vendor and product id, `0e8d:2000`.
    pub ids: String,
    /// What it is, in plain words.
    pub mode: String,
    /// Whether it is in a boot mode, and so can be talked to.
    pub boot: bool,
    /// What keeps this program from using it, none if nothing does.
    pub obstacle: Option<String>,
}

/// A built-in scenario of the simulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioInfo {
    /// Its name, as in `sim:NAME`.
    pub name: String,
    /// One sentence.
    pub about: String,
}

/// What `sim` is asked to serve.
#[derive(Debug, Clone)]
pub struct ServeRequest {
    /// Scenario name or file.
    pub scenario: String,
    /// `tcp://HOST:PORT`, or `pty`.
    pub listen: String,
    /// Folder of real data to build the flash from.
    pub data: Option<PathBuf>,
    /// File the phone's state is loaded from when it exists, and saved to after each connection.
    pub state: Option<PathBuf>,
    /// Stop after this many connections; for ever when absent.
    pub connections: Option<u32>,
}

/// A simulated phone on the bench, whose flash persists while it is unplugged.
pub trait Bench {
    /// Returns a port the phone can be plugged into.
    fn port(&self) -> Box<dyn Port>;

    /// Replaces the flash content by that of another scenario of the same phone: "somebody pressed Format All".
    ///
    /// # Errors
    /// When the scenario is unknown.
    fn flash_becomes(&mut self, scenario: &str) -> Result<(), Failure>;
}

/// Where ports and simulated phones come from. Shared between threads: a screen is drawn while the work goes on.
pub trait Cables: Sync {
    /// Returns the port with this name (design section 4, `--port`).
    ///
    /// # Errors
    /// When the name means nothing.
    fn port(&self, name: &str, data: Option<&Path>) -> Result<Box<dyn Port>, Failure>;

    /// Lists MediaTek devices on USB.
    ///
    /// # Errors
    /// When the bus cannot be read.
    fn devices(&self) -> Result<Vec<Device>, Failure>;

    /// Lists the built-in scenarios.
    fn scenarios(&self) -> Vec<ScenarioInfo>;

    /// Puts a simulated phone on the bench.
    ///
    /// # Errors
    /// When the scenario is unknown or its data are bad.
    fn bench(&self, scenario: &str, data: Option<&Path>) -> Result<Box<dyn Bench>, Failure>;

    /// Serves a simulated phone to anyone's tool, one connection after another; `announce` hears each line to print.
    ///
    /// # Errors
    /// When it cannot listen, or the scenario is bad.
    fn serve(&self, request: &ServeRequest, announce: &mut dyn FnMut(&str)) -> Result<(), Failure>;

    /// Makes a DA file of filler that simulated phones play; `old` chooses the older dialect.
    fn sample_agent(&self, old: bool) -> Vec<u8>;

    /// Wraps a port so that everything said is written to `file`; `told` hears why the file is cut short, if it is.
    ///
    /// # Errors
    /// When the file cannot be made.
    fn record(
        &self,
        port: Box<dyn Port>,
        file: &Path,
        told: Box<dyn FnOnce(String) + Send>,
    ) -> Result<Box<dyn Port>, Failure>;

    /// Returns a port that answers from a session file.
    ///
    /// # Errors
    /// When the file cannot be read or parsed.
    fn replay(&self, file: &Path) -> Result<Box<dyn Port>, Failure>;
}
