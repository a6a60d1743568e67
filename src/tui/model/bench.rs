//! The phone on the bench, the way to it, and the phones before it.

use std::time::Duration;

use crate::app::info::InfoResult;
use crate::app::{Device, VerdictCode};
use crate::tui::trouble::Trouble;

/// How the phone and the way to it stand.
#[derive(Debug, Default)]
pub struct Cable {
    /// The state.
    pub state: CableState,
    /// What is on the bus.
    pub devices: Vec<Device>,
    /// Since when a device in a boot mode is on the bus, while nobody is connected.
    pub boot_since: Option<Duration>,
    /// Why the last phone could not be used, or left.
    pub trouble: Option<Trouble>,
    /// Whether a phone was told to restart, and is to be unplugged.
    pub left: bool,
}

/// The states of the way to the phone.
#[derive(Debug, Default)]
pub enum CableState {
    /// Nobody is waited for.
    #[default]
    Resting,
    /// The port is watched.
    Watching {
        /// Since when.
        since: Duration,
        /// Whether the port must be seen empty first.
        fresh: bool,
    },
    /// A phone was found, and is being asked who it is.
    Connecting {
        /// Since when.
        since: Duration,
    },
    /// A phone is connected.
    Connected(Box<Connected>),
}

/// The connected phone.
#[derive(Debug, Clone)]
pub struct Connected {
    /// What it says of itself.
    pub info: InfoResult,
    /// The title of a write to it that did not finish.
    pub open_journal: Option<String>,
    /// Since when.
    pub since: Duration,
}

impl Cable {
    /// Returns the connected phone.
    #[must_use]
    pub fn connected(&self) -> Option<&Connected> {
        match &self.state {
            CableState::Connected(phone) => Some(phone),
            _ => None,
        }
    }

    /// Returns the connected phone.
    pub fn connected_mut(&mut self) -> Option<&mut Connected> {
        match &mut self.state {
            CableState::Connected(phone) => Some(phone),
            _ => None,
        }
    }
}

/// A phone of this session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TallyRow {
    /// The card's id.
    pub cid: String,
    /// Chip.
    pub chip: String,
    /// The first valid IMEI, or nothing.
    pub imei: Option<String>,
    /// How it came.
    pub came: Option<VerdictCode>,
    /// How it stands now.
    pub now: Option<VerdictCode>,
    /// Name of the archive that was made of it.
    pub saved: Option<String>,
    /// Whether something was written to it and read back.
    pub written: bool,
}

/// The phones of this session, in the order they came.
#[derive(Debug, Default)]
pub struct Tally {
    /// One row a phone.
    pub rows: Vec<TallyRow>,
}

impl TallyRow {
    fn of(cid: &str, chip: &str) -> Self {
        let (cid, chip) = (cid.into(), chip.into());
        Self { cid, chip, imei: None, came: None, now: None, saved: None, written: false }
    }
}

/// More phones than one bench sees in a day.
const MAX_ROWS: usize = 2000;

impl Tally {
    /// Makes a row for a phone that was connected, where it has none yet; one without a CID is another one each time.
    pub fn arrive(&mut self, cid: &str, chip: &str) {
        if cid.is_empty() && self.rows.len() < MAX_ROWS {
            self.rows.push(TallyRow::of(cid, chip));
        }
        self.row(cid, chip);
    }

    /// Returns the row of this phone, a new one when it was not here before; of those without a CID that which came last.
    pub fn row(&mut self, cid: &str, chip: &str) -> Option<&mut TallyRow> {
        let at = self.rows.iter().rposition(|row| row.cid == cid);
        if at.is_none() && self.rows.len() < MAX_ROWS {
            self.rows.push(TallyRow::of(cid, chip));
        }
        match at {
            Some(at) => self.rows.get_mut(at),
            None => self.rows.last_mut().filter(|row| row.cid == cid),
        }
    }

    /// Returns how many phones are good now, are not, and were mended here.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        let good = |row: &&TallyRow| row.now == Some(VerdictCode::Healthy);
        let sound = |code| matches!(code, VerdictCode::Healthy | VerdictCode::Unread);
        let bad = |row: &&TallyRow| row.now.is_some_and(|code| !sound(code));
        let mended = |row: &&TallyRow| row.written && row.now == Some(VerdictCode::Healthy);
        [
            self.rows.iter().filter(good).count(),
            self.rows.iter().filter(bad).count(),
            self.rows.iter().filter(mended).count(),
        ]
    }
}
