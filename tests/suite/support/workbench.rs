//! A bench for use cases: a simulated phone that keeps its flash between plug-ins, a folder of its own, and everything
//! a verb needs. Nothing waits: simulated phones have simulated time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use nvkeep::app::archive::open_archive;
use nvkeep::app::backup::{BackupRequest, BackupResult, backup_at};
use nvkeep::app::restore::{RestoreRequest, RestoreResult, restore_at};
use nvkeep::app::source::inspect_at;
use nvkeep::app::{
    Choices, Context, EngineWish, Event, Failure, Pace, Reach, Report, Selection, descriptions,
};
use nvkeep::formats::catalog::Catalog;
use nvkeep::simulator::agent::{Recipe, container};
use nvkeep::simulator::android::{self, BootReport};
use nvkeep::simulator::{Area, Board, Flash, Scenario};
use nvkeep::transport::{Faults, LinkError, Plugged, Port, WrappedPort};
use nvkeep::wiring::Workshop;
use nvkeep::wiring::bench::{BenchPort, Slot};

/// The built-in descriptions.
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| descriptions::load(None).unwrap());

/// Returns the phone of a built-in scenario; each is built once for the whole suite.
pub fn built(scenario: &str, data: Option<&Path>) -> (Board, Flash) {
    type Shelf = HashMap<(String, Option<PathBuf>), Arc<LazyLock<(Board, Flash), Maker>>>;
    type Maker = Box<dyn FnOnce() -> (Board, Flash) + Send>;
    static SHELF: LazyLock<Mutex<Shelf>> = LazyLock::new(Mutex::default);
    let key = (scenario.to_owned(), data.map(Path::to_path_buf));
    let phone = {
        let mut shelf = SHELF.lock().unwrap();
        let entry = shelf.entry(key).or_insert_with_key(|(scenario, data)| {
            let (scenario, data) = (scenario.clone(), data.clone());
            let make = move || Scenario::named(&scenario).unwrap().build(data.as_deref()).unwrap();
            Arc::new(LazyLock::new(Box::new(make)))
        });
        Arc::clone(entry)
    };
    (*phone).clone()
}

/// Returns whether two flashes hold the same bytes, wherever either was ever written.
pub fn same(one: &Flash, other: &Flash) -> bool {
    let read = |flash: &Flash, area, chunk: u64| {
        let mut bytes = [0; 4096];
        flash.read(area, chunk * 4096, &mut bytes).map(|()| bytes).ok()
    };
    one == other
        || [Area::User, Area::Boot1, Area::Boot2, Area::Rpmb].into_iter().all(|area| {
            let mut chunks = one.written_chunks(area).chain(other.written_chunks(area));
            one.len(area) == other.len(area)
                && chunks
                    .all(|chunk| read(one, area, chunk).is_some_and(|a| Some(a) == read(other, area, chunk)))
        })
}

/// A port at which no phone is found any more once one was read.
struct InOneGo {
    port: Box<dyn Port>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Port for InOneGo {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        let reads = |event: &Event| matches!(event, Event::Step(text) if text == "Reading the identity set");
        if self.events.lock().unwrap().iter().any(reads) {
            return Err(LinkError::NoPhone { port: self.name(), seconds: within.as_secs() });
        }
        self.port.open(within)
    }
    fn name(&self) -> String {
        self.port.name()
    }
}

/// A bench with one phone on it.
pub struct Workbench {
    /// The phone.
    pub slot: Slot,
    /// A folder that is gone afterwards.
    pub folder: tempfile::TempDir,
    /// What was told.
    pub events: Arc<Mutex<Vec<Event>>>,
    /// Faults of the cable.
    pub faults: Faults,
    data: Option<PathBuf>,
    /// The page whose layout and family the phone's software was built for.
    layout: Mutex<Scenario>,
    /// The way to the flash.
    reach: Mutex<Reach>,
    /// Holds the Download Agent that `reach` names; apart from the bench's folder, of which every file is counted.
    agent: tempfile::TempDir,
}

impl Workbench {
    /// Lays the phone of a built-in scenario on the bench.
    pub fn with(scenario: &str) -> Self {
        Self::with_data(scenario, None)
    }

    /// The same, built from a folder of real data.
    pub fn with_data(scenario: &str, data: Option<PathBuf>) -> Self {
        let (board, flash) = built(scenario, data.as_deref());
        let bench = Self::holding(board, flash, data);
        *bench.layout.lock().unwrap() = Scenario::named(scenario).unwrap();
        bench
    }

    /// Lays any phone on the bench; its software is the healthy MT6572's.
    pub fn holding(board: Board, flash: Flash, data: Option<PathBuf>) -> Self {
        Self {
            slot: Slot::new("test", board, flash),
            folder: tempfile::tempdir().unwrap(),
            events: Arc::default(),
            faults: Faults::none(),
            data,
            layout: Mutex::new(Scenario::named("mt6572").unwrap()),
            reach: Mutex::default(),
            agent: tempfile::tempdir().unwrap(),
        }
    }

    /// From here on the phone is reached through a Download Agent made by this recipe, and in no other way.
    pub fn by_agent(&self, recipe: &Recipe) {
        let da = self.agent.path().join("MTK_AllInOne_DA.bin");
        std::fs::write(&da, container(recipe)).unwrap();
        *self.reach.lock().unwrap() =
            Reach { engine: EngineWish::Legacy, da: Some(da), da_by_environment: None };
    }

    /// From here on the phone is reached without a vendor's file.
    pub fn directly(&self) {
        *self.reach.lock().unwrap() = Reach { engine: EngineWish::Direct, ..Reach::default() };
    }

    /// Replaces the flash content by another scenario's of the same phone.
    pub fn flash_becomes(&self, scenario: &str) {
        let (_, flash) = built(scenario, self.data.as_deref());
        self.slot.phone().as_mut().unwrap().1 = flash;
    }

    /// Replaces the phone by another one.
    pub fn phone_becomes(&self, scenario: &str) {
        *self.slot.phone() = Some(built(scenario, self.data.as_deref()));
        *self.layout.lock().unwrap() = Scenario::named(scenario).unwrap();
    }

    /// Returns a copy of the flash as it is now.
    pub fn flash(&self) -> Flash {
        self.slot.phone().as_ref().unwrap().1.clone()
    }

    /// Unplugs the phone and starts its own software once, on the flash as it is now.
    pub fn reboot(&self) -> BootReport {
        let scenario = self.scenario();
        android::boot(&mut self.slot.phone().as_mut().unwrap().1, &scenario).unwrap()
    }

    /// The same after "erase all data".
    pub fn factory_reset(&self) -> BootReport {
        let scenario = self.scenario();
        android::factory_reset(&mut self.slot.phone().as_mut().unwrap().1, &scenario).unwrap()
    }

    fn scenario(&self) -> Scenario {
        Scenario {
            board: self.slot.phone().as_ref().unwrap().0.clone(),
            ..self.layout.lock().unwrap().clone()
        }
    }

    /// Changes the flash behind everybody's back.
    pub fn change(&self, change: impl FnOnce(&mut Flash)) {
        change(&mut self.slot.phone().as_mut().unwrap().1);
    }

    /// Reads bytes of the user area.
    pub fn read(&self, at: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.slot.phone().as_ref().unwrap().1.read(Area::User, at, &mut bytes).unwrap();
        bytes
    }

    /// Returns a path in the bench's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns a port with the bench's faults on it.
    pub fn port(&self) -> Box<dyn Port> {
        let faults = self.faults.clone();
        Box::new(WrappedPort::new(BenchPort(self.slot.clone()), move |plugged| faults.wrap(plugged)))
    }

    /// Returns what every verb needs.
    pub fn context(&self) -> Context<'static> {
        let events = self.events.clone();
        Context {
            cables: &Workshop,
            catalog: CATALOG.clone(),
            choices: Choices {
                port: "sim:test".into(),
                timeout: Duration::from_secs(5),
                pace: Pace::Strict,
                reach: self.reach.lock().unwrap().clone(),
                scatter: None,
                data: None,
                record: None,
                replay: None,
                keyring: nvkeep::app::Keyring::default(),
                journals: self.path("journals"),
                records: false,
                wire: false,
            },
            sink: Arc::new(move |event| events.lock().unwrap().push(event)),
            stop: Arc::new(AtomicBool::new(false)),
            now: || "2026-11-25T01:02:03Z".into(),
        }
    }

    /// Returns every warning so far.
    pub fn warnings(&self) -> Vec<String> {
        let warning = |event: &Event| match event {
            Event::Warning(text) => Some(text.clone()),
            _ => None,
        };
        self.events.lock().unwrap().iter().filter_map(warning).collect()
    }

    /// Backs the phone up into `name`.
    pub fn backup(&self, name: &str) -> Result<BackupResult, Failure> {
        let request = BackupRequest { output: Some(self.path(name)), ..BackupRequest::default() };
        backup_at(&self.context(), self.port().as_mut(), &request)
    }

    /// The same, but a phone that leaves while it is read does not come back.
    pub fn backup_in_one_go(&self, name: &str) -> Result<BackupResult, Failure> {
        let request = BackupRequest { output: Some(self.path(name)), ..BackupRequest::default() };
        let mut port = InOneGo { port: self.port(), events: self.events.clone() };
        self.events.lock().unwrap().clear();
        backup_at(&self.context(), &mut port, &request)
    }

    /// Inspects the phone.
    pub fn inspect(&self) -> Result<Report, Failure> {
        inspect_at(&self.context(), self.port().as_mut())
    }

    /// Restores `name` whole, confirmed.
    pub fn restore(&self, name: &str) -> Result<RestoreResult, Failure> {
        self.restore_with(name, Selection::All, false)
    }

    /// Restores a part of `name`, confirmed.
    pub fn restore_with(
        &self,
        name: &str,
        selection: Selection,
        dry_run: bool,
    ) -> Result<RestoreResult, Failure> {
        let context = self.context();
        let archive = open_archive(&self.path(name))?;
        let request = RestoreRequest { archive: self.path(name), dry_run, selection };
        restore_at(&context, self.port().as_mut(), &archive, &request, &mut |_| true)
    }

    /// Returns the files left in the bench's folder, journals aside.
    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name != "journals")
            .collect();
        names.sort();
        names
    }
}
