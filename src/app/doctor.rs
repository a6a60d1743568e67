//! `doctor`: what keeps this machine from reaching a phone, and the command that mends it. Looks at files of the system only,
//! below a root of its own, and needs no rights; what it may not see it calls unknown.

mod access;
mod bus;
mod files;
mod machine;
mod programs;
mod rules;

use std::path::{Path, PathBuf};

use serde::Serialize;

use self::rules::Rules;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// May stand in the way.
    Warn,
    /// Stands in the way.
    Bad,
    /// Cannot be told.
    Unknown,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Stable name, for scripts: `rule`, `modemmanager`, …
    pub name: &'static str,
    /// How it ended.
    pub state: State,
    /// One sentence.
    pub says: String,
    /// The command that mends it.
    pub mend: Option<String>,
}

impl Check {
    fn new(name: &'static str, state: State, says: impl Into<String>) -> Self {
        Self { name, state, says: says.into(), mend: None }
    }

    fn mend(mut self, command: impl Into<String>) -> Self {
        self.mend = Some(command.into());
        self
    }
}

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// Whether nothing is bad.
    pub well: bool,
    /// Check by check.
    pub checks: Vec<Check>,
}

/// Where to look.
#[derive(Debug, Clone)]
pub struct Places {
    /// What stands for `/`.
    pub root: PathBuf,
    /// Where journals are kept.
    pub journals: PathBuf,
    /// Where archives are made.
    pub archives: PathBuf,
    /// Returns the bytes that are free in a folder.
    pub free: fn(&Path) -> Option<u64>,
    /// Says what keeps libusb from working.
    pub usb: fn() -> Result<(), String>,
}

impl Places {
    /// Returns this machine's.
    #[must_use]
    pub fn system(journals: &Path) -> Self {
        Self {
            root: PathBuf::from("/"),
            journals: journals.to_path_buf(),
            archives: PathBuf::from("."),
            free: machine::free,
            usb: crate::transport::usb::is_usable,
        }
    }

    /// Returns a place of the system, given without its leading slash.
    fn at(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }
}

/// Looks at everything.
#[must_use]
pub fn examine(places: &Places) -> Examination {
    let rules = Rules::read(places);
    let user = access::User::read(places);
    let devices = bus::devices(places);
    let mut checks = vec![
        access::rule(&rules, &user),
        access::groups(&rules, &user),
        programs::modem_manager(places, &rules),
        programs::brltty(places, &rules),
        bus::holders(places, &devices),
        bus::cable(places, &devices),
        bus::sleep(places, &devices),
        machine::libusb(places),
    ];
    checks.extend(machine::disk(places));
    Examination { well: checks.iter().all(|check| check.state != State::Bad), checks }
}
