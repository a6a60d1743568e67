//! The one place where things are put together: which cable a port name means, real or simulated, recorded or
//! replayed. Everything else is given what it needs.

pub mod bench;
pub mod serve;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use crate::app::{Bench, Cables, Device, Exit, Failure, ScenarioInfo, ServeRequest};
use crate::simulator::Scenario;
use crate::simulator::agent::{Dialect, Recipe, container};
use crate::transport::{
    Address, LinkError, Port, Recording, RecordingPort, ReplayPort, SerialPort, TcpPort, UsbPort, usb,
    usb_function,
};
use bench::{BenchPort, Slot};
use serve::{bad_scenario, serve};

/// A session file larger than this is not read.
const MAX_SESSION_BYTES: u64 = 64 << 20;

/// Every cable this program knows.
pub struct Workshop;

impl Cables for Workshop {
    fn port(&self, name: &str, data: Option<&Path>) -> Result<Box<dyn Port>, Failure> {
        if let Some(scenario) = name.strip_prefix("sim:") {
            return Ok(self.bench(scenario, data)?.port());
        }
        let address: Address = name.parse().map_err(|error| {
            Failure::new(Exit::Usage, "bad-port", format!("{error}"))
                .advise("A simulated phone is sim:SCENARIO; `nvkeep sim list` names the scenarios.")
        })?;
        Ok(match address {
            Address::Usb(place) => Box::new(UsbPort::new(place)),
            Address::Tcp(end) => Box::new(TcpPort::new(end)),
            Address::Serial(path) => Box::new(SerialPort::new(path)),
        })
    }

    fn devices(&self) -> Result<Vec<Device>, Failure> {
        let device = |sighting: usb::Sighting| Device {
            port: format!("usb:{}", sighting.place),
            ids: format!("{:04x}:{:04x}", sighting.vendor, sighting.product),
            mode: mode_words(&sighting),
            boot: sighting.mode.is_boot(),
            obstacle: sighting.trouble.map(|error| error.to_string()),
        };
        Ok(usb::list().into_iter().map(device).collect())
    }

    fn scenarios(&self) -> Vec<ScenarioInfo> {
        Scenario::names()
            .filter_map(|name| Scenario::named(name).ok())
            .map(|scenario| ScenarioInfo { name: scenario.name, about: scenario.about })
            .collect()
    }

    fn bench(&self, scenario: &str, data: Option<&Path>) -> Result<Box<dyn Bench>, Failure> {
        let (board, flash) = find(scenario)?.build(data).map_err(bad_scenario)?;
        let slot = Slot::new(scenario, board, flash);
        Ok(Box::new(SimulatedBench { slot, data: data.map(Path::to_path_buf) }))
    }

    fn serve(&self, request: &ServeRequest, announce: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        serve(request, &find(&request.scenario)?, announce)
    }

    fn sample_agent(&self, old: bool) -> Vec<u8> {
        container(&Recipe::of(if old { Dialect::D13 } else { Dialect::D19 }))
    }

    fn record(
        &self,
        port: Box<dyn Port>,
        file: &Path,
        told: Box<dyn FnOnce(String) + Send>,
    ) -> Result<Box<dyn Port>, Failure> {
        let failed = |error: LinkError| {
            Failure::new(Exit::Other, "recording", format!("{}: {error}", file.display()))
                .advise("Record to a file on a disk with room; the phone was not asked for yet.")
        };
        let paper = File::create(file).map_err(|error| Failure::file("recording to", file, &error))?;
        let recording = Recording::new(Box::new(BufWriter::new(paper))).map_err(failed)?;
        let recording = recording.telling(Box::new(|error| told(error.to_string())));
        Ok(Box::new(RecordingPort::new(port, recording)))
    }

    fn replay(&self, file: &Path) -> Result<Box<dyn Port>, Failure> {
        let failed = |error: std::io::Error| Failure::file("reading the session", file, &error);
        if std::fs::metadata(file).map_err(failed)?.len() > MAX_SESSION_BYTES {
            return Err(Failure::new(
                Exit::Usage,
                "bad-session",
                format!("{} is too large for a session", file.display()),
            ));
        }
        let text = std::fs::read_to_string(file).map_err(failed)?;
        let port = ReplayPort::new(format!("replay:{}", file.display()), &text).map_err(|error| {
            Failure::new(Exit::Usage, "bad-session", format!("{}: {error}", file.display()))
        })?;
        Ok(Box::new(port))
    }
}

/// What a device is, in plain words: of a running phone, what it offers.
fn mode_words(sighting: &usb::Sighting) -> String {
    let place = sighting.place.to_string();
    let interfaces = (!sighting.mode.is_boot())
        .then(|| usb_function::interfaces_at(Path::new(usb_function::SYSTEM), &place))
        .flatten();
    interfaces
        .map_or_else(|| sighting.mode.to_string(), |known| usb_function::function_of(&known).to_string())
}

/// Finds a scenario by its built-in name, or reads it from a file.
fn find(name: &str) -> Result<Scenario, Failure> {
    let path = Path::new(name);
    if name.contains(['/', '\\', '.']) && path.is_file() {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::file("reading the scenario", path, &error))?;
        return Scenario::parse(&text).map_err(bad_scenario);
    }
    Scenario::named(name).map_err(|error| {
        Failure::new(Exit::Usage, "unknown-scenario", error.to_string())
            .advise("`nvkeep sim list` names the built-in ones; a file is given by its path.")
    })
}

/// A simulated phone that stays on the bench between plug-ins.
struct SimulatedBench {
    slot: Slot,
    data: Option<std::path::PathBuf>,
}

impl Bench for SimulatedBench {
    fn port(&self) -> Box<dyn Port> {
        Box::new(BenchPort(self.slot.clone()))
    }

    fn flash_becomes(&mut self, scenario: &str) -> Result<(), Failure> {
        let (_, flash) = find(scenario)?.build(self.data.as_deref()).map_err(bad_scenario)?;
        match self.slot.phone().as_mut() {
            Some((_, old)) => {
                *old = flash;
                Ok(())
            }
            None => Err(Failure::new(
                Exit::Other,
                "plugged-in",
                "the phone is plugged in; its flash cannot be replaced",
            )),
        }
    }
}
