//! What passes over the cable in a run that nothing disturbs: which transfers there are, at which of them each step begins,
//! and which of them a sweep takes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::app::{Event, Sink};
use nvkeep::transport::{Link, LinkError, Plugged, Port, WrappedPort};

use crate::support::Random;

/// Notes for every transfer whether it was a send, and the time before it.
struct Ledger {
    link: Box<dyn Link>,
    notes: Arc<Mutex<Vec<(bool, Duration)>>>,
}

impl Ledger {
    fn note(&self, is_send: bool) {
        self.notes.lock().unwrap().push((is_send, self.link.elapsed()));
    }
}

impl Link for Ledger {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        self.note(true);
        self.link.send(bytes, within)
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        self.note(false);
        self.link.receive(into, within)
    }
    fn elapsed(&self) -> Duration {
        self.link.elapsed()
    }
    fn pause(&mut self, time: Duration) {
        self.link.pause(time);
    }
    fn describe(&self) -> String {
        self.link.describe()
    }
}

/// What passed in a run without faults.
#[derive(Debug, Clone)]
pub struct Course {
    /// For every transfer, whether it was a send, and the time on the cable before it.
    notes: Vec<(bool, Duration)>,
    /// At which transfer each step began.
    steps: Vec<(String, u64)>,
}

/// Which transfers a sweep takes.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    /// Each of them.
    All,
    /// Every nth send: what a phone does depends on what it was sent.
    Sends(usize),
    /// A sample: its seed, and how many.
    Some(u64, usize),
}

impl Course {
    /// Runs a verb at this port, which nothing disturbs, and notes its transfers.
    pub fn of<T>(port: Box<dyn Port>, verb: impl FnOnce(&mut dyn Port, Sink) -> T) -> (Self, T) {
        let notes: Arc<Mutex<Vec<(bool, Duration)>>> = Arc::default();
        let steps: Arc<Mutex<Vec<(String, u64)>>> = Arc::default();
        let noted = notes.clone();
        let mut port = WrappedPort::new(port, move |plugged: Plugged| Plugged {
            kind: plugged.kind,
            link: Box::new(Ledger { link: plugged.link, notes: noted.clone() }),
        });
        let (noted, begun) = (notes.clone(), steps.clone());
        let sink: Sink = Arc::new(move |event| {
            if let Event::Step(text) = event {
                begun.lock().unwrap().push((text, noted.lock().unwrap().len() as u64));
            }
        });
        let result = verb(&mut port, sink);
        let (notes, steps) = (notes.lock().unwrap().clone(), steps.lock().unwrap().clone());
        (Self { notes, steps }, result)
    }

    /// Returns how many transfers there were.
    pub fn len(&self) -> u64 {
        self.notes.len() as u64
    }

    /// Returns the transfer at which the step begins whose text starts so.
    pub fn step(&self, start: &str) -> u64 {
        let found = self.steps.iter().find(|(text, _)| text.starts_with(start));
        found.unwrap_or_else(|| panic!("no step {start:?} in {:?}", self.steps)).1
    }

    /// Returns the time on the cable before transfer `number`, or of the whole run.
    pub fn time(&self, number: u64) -> Duration {
        self.notes.get(number as usize).or(self.notes.last()).unwrap().1
    }

    /// Returns the chosen transfers of `[from, to)`; every one when the long sweep is asked for.
    pub fn take(&self, from: u64, to: u64, which: Which) -> Vec<u64> {
        let long = std::env::var_os("NVKEEP_SWEEP").is_some_and(|how| how == "all");
        match which {
            _ if long => (from..to).collect(),
            Which::All => (from..to).collect(),
            Which::Sends(stride) => {
                (from..to).filter(|number| self.is_send(*number)).step_by(stride).collect()
            }
            Which::Some(seed, count) => {
                let mut random = Random::new(seed);
                (0..count).map(|_| from + random.below(to - from)).collect()
            }
        }
    }

    /// Returns whether transfer `number` is a send.
    pub fn is_send(&self, number: u64) -> bool {
        self.notes.get(number as usize).is_some_and(|(is_send, _)| *is_send)
    }
}
