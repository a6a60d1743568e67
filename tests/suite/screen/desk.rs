//! A desk with one simulated phone and one cable: the phone is plugged in, pulled at a chosen moment, changed or swapped
//! while a worker talks to it. Waiting for a phone waits for a plug, never for time alone.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nvkeep::app::{Bench, Cables, Device, Event, Failure, ScenarioInfo, ServeRequest};
use nvkeep::simulator::{Board, Flash};
use nvkeep::transport::{Link, LinkError, Plugged, Port};
use nvkeep::wiring::Workshop;
use nvkeep::wiring::bench::{BenchPort, Slot};

use crate::support::workbench::built;

/// Where the cable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cable {
    /// Not in, or the phone went on to boot.
    Out,
    /// In, and the phone waits in its preloader.
    Ready,
    /// Somebody talks to the phone.
    Held,
}

type When = Box<dyn Fn(&Event) -> bool + Send>;

struct State {
    cable: Cable,
    /// Plug-ins so far; a link of an earlier one is dead.
    plugs: u64,
    link: Option<Box<dyn Link>>,
    slot: Slot,
    /// Transfers that still pass before the cable is pulled.
    left: Option<u64>,
    /// The cable is pulled when this is told.
    when: Option<When>,
    /// What the next question panics in: `port`, `devices` or `link`.
    panics: Option<&'static str>,
}

/// The desk; clones share it.
#[derive(Clone)]
pub struct Desk(Arc<(Mutex<State>, Condvar)>);

impl Desk {
    /// A desk with the phone of a built-in scenario on it, not plugged in.
    pub fn with(scenario: &str) -> Self {
        let (board, flash) = built(scenario, None);
        let state = State {
            cable: Cable::Out,
            plugs: 0,
            link: None,
            slot: Slot::new("desk", board, flash),
            left: None,
            when: None,
            panics: None,
        };
        Self(Arc::new((Mutex::new(state), Condvar::new())))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plugs the phone in, in its preloader.
    pub fn plug(&self) {
        let mut state = self.lock();
        if state.cable == Cable::Out {
            state.cable = Cable::Ready;
        }
        drop(state);
        self.0.1.notify_all();
    }

    /// Pulls the cable: the phone lies on the desk again at once.
    pub fn pull(&self) {
        pull(&mut self.lock());
    }

    /// Returns whether the phone is plugged in.
    pub fn is_plugged(&self) -> bool {
        self.lock().cable != Cable::Out
    }

    /// Pulls the cable after this many transfers.
    pub fn pull_after(&self, transfers: u64) {
        self.lock().left = Some(transfers);
    }

    /// Pulls the cable as soon as something is told.
    pub fn pull_when(&self, told: impl Fn(&Event) -> bool + Send + 'static) {
        self.lock().when = Some(Box::new(told));
    }

    /// Hears what the work tells, on its own thread.
    pub fn hear(&self, event: &Event) {
        let mut state = self.lock();
        if state.when.as_ref().is_some_and(|when| when(event)) {
            state.when = None;
            pull(&mut state);
        }
    }

    /// Lets the next question of this kind panic.
    pub fn panic_in(&self, question: &'static str) {
        self.lock().panics = Some(question);
    }

    /// Pulls the cable and replaces the flash content.
    pub fn flash_becomes(&self, scenario: &str) {
        self.change(|phone| phone.1 = built(scenario, None).1);
    }

    /// Pulls the cable and replaces the phone.
    pub fn phone_becomes(&self, scenario: &str) {
        self.change(|phone| *phone = built(scenario, None));
    }

    /// Pulls the cable and changes the phone.
    pub fn change(&self, change: impl FnOnce(&mut (Board, Flash))) {
        let mut state = self.lock();
        pull(&mut state);
        let mut phone = state.slot.phone();
        change(phone.as_mut().unwrap());
    }

    /// Pulls the cable and returns a copy of the phone.
    pub fn phone(&self) -> (Board, Flash) {
        let mut state = self.lock();
        pull(&mut state);
        state.slot.phone().clone().unwrap()
    }

    fn asked(&self, question: &'static str) {
        let mut state = self.lock();
        if state.panics == Some(question) {
            state.panics = None;
            drop(state);
            panic!("a defect in {question}");
        }
    }
}

fn pull(state: &mut State) {
    // Dropping the link lays the phone back into its slot.
    state.link = None;
    state.left = None;
    state.cable = Cable::Out;
}

/// The one port of the desk.
struct DeskPort(Desk);

impl Port for DeskPort {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        let until = Instant::now() + within;
        let mut state = self.0.lock();
        while state.cable != Cable::Ready {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LinkError::NoPhone { port: self.name(), seconds: within.as_secs() });
            }
            state = self.0.0.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let plugged = BenchPort(state.slot.clone()).open(within)?;
        state.link = Some(plugged.link);
        state.cable = Cable::Held;
        state.plugs += 1;
        let link = DeskLink { desk: self.0.clone(), plug: state.plugs, clock: Duration::ZERO };
        Ok(Plugged { link: Box::new(link), kind: plugged.kind })
    }

    fn name(&self) -> String {
        "desk".into()
    }
}

/// The host's end of the cable.
struct DeskLink {
    desk: Desk,
    /// Which plug-in it belongs to.
    plug: u64,
    /// The time of its last word.
    clock: Duration,
}

impl DeskLink {
    fn pass<T>(
        &mut self,
        transfer: impl FnOnce(&mut Box<dyn Link>) -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        self.desk.asked("link");
        let mut state = self.desk.lock();
        if state.plugs != self.plug {
            return Err(LinkError::Gone);
        }
        if state.left.is_some_and(|left| left == 0) {
            pull(&mut state);
        }
        state.left = state.left.map(|left| left.saturating_sub(1));
        let link = state.link.as_mut().ok_or(LinkError::Gone)?;
        let passed = transfer(link);
        self.clock = link.elapsed();
        passed
    }
}

impl Link for DeskLink {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        self.pass(|link| link.send(bytes, within))
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        self.pass(|link| link.receive(into, within))
    }
    fn elapsed(&self) -> Duration {
        let state = self.desk.lock();
        let link = state.link.as_ref().filter(|_| state.plugs == self.plug);
        link.map_or(self.clock, |link| link.elapsed())
    }
    fn pause(&mut self, time: Duration) {
        let mut state = self.desk.lock();
        let own = state.plugs == self.plug;
        match state.link.as_mut().filter(|_| own) {
            Some(link) => link.pause(time),
            None => self.clock += time,
        }
    }
    fn describe(&self) -> String {
        "the phone on the desk".into()
    }
}

impl Drop for DeskLink {
    fn drop(&mut self) {
        // Whoever closes the port leaves the phone to itself: it boots, and is not in its preloader any more.
        let mut state = self.desk.lock();
        if state.plugs == self.plug && state.cable == Cable::Held {
            pull(&mut state);
        }
    }
}

impl Cables for Desk {
    fn port(&self, _: &str, _: Option<&Path>) -> Result<Box<dyn Port>, Failure> {
        self.asked("port");
        Ok(Box::new(DeskPort(self.clone())))
    }

    fn devices(&self) -> Result<Vec<Device>, Failure> {
        self.asked("devices");
        let device = Device {
            port: "usb:1-2".into(),
            ids: "0e8d:2000".into(),
            mode: "preloader".into(),
            boot: true,
            obstacle: None,
        };
        let there = self.lock().cable != Cable::Out;
        Ok(there.then_some(device).into_iter().collect())
    }

    fn scenarios(&self) -> Vec<ScenarioInfo> {
        Workshop.scenarios()
    }

    fn bench(&self, scenario: &str, data: Option<&Path>) -> Result<Box<dyn Bench>, Failure> {
        Workshop.bench(scenario, data)
    }

    fn serve(&self, request: &ServeRequest, announce: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        Workshop.serve(request, announce)
    }

    fn sample_agent(&self, old: bool) -> Vec<u8> {
        Workshop.sample_agent(old)
    }

    fn record(
        &self,
        port: Box<dyn Port>,
        file: &Path,
        told: Box<dyn FnOnce(String) + Send>,
    ) -> Result<Box<dyn Port>, Failure> {
        Workshop.record(port, file, told)
    }

    fn replay(&self, file: &Path) -> Result<Box<dyn Port>, Failure> {
        Workshop.replay(file)
    }
}
