//! From a port name to a phone whose partitions are known: wait, handshake, identify, open the engine, find the layout.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::engines::{AgentFacts, Missed, Reached, Ways};
use super::{Context, Event, Exit, Failure, Progress};
use crate::formats::partition::PartitionTable;
use crate::formats::scatter::{Scatter, ScatterStorage};
use crate::protocol::{PreloaderFacts, ProtocolError};
use crate::storage::{Layout, PhoneDisk, locate, locate_nand, share, shared::lock, witness};
use crate::transport::{LinkError, Plugged, Port, PortKind};
use crate::vault::{Partition, PhoneIds};

/// A scatter file larger than this is not read.
const MAX_SCATTER: u64 = 1 << 20;
/// Longest wait for a phone in one piece; ports need about a second to tell a busy device from one that settles.
const SLICE: Duration = Duration::from_secs(3);
/// A phone that keeps leaving before it answers is given up after this many tries.
const TRIES: u32 = 8;
/// A phone that refused an agent may pass through its boot ROM, which answers at once and often.
const TRIES_OF_A_RETURN: u32 = 1000;

/// What a phone needs whose agent was left running (preloader-and-legacy-da.md 6.2, 6.21).
pub(super) const POWER_FIRST: &str = "First unplug the phone and take its battery out for a moment, or hold its power key until it is off: until then its \
                           Download Agent stays and answers nobody.";

/// What is known of a phone, as `phone` in the JSON documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct PhoneFacts {
    /// Chip name.
    pub chip: String,
    /// Hardware code, `0x6572`.
    pub hw_code: String,
    /// `emmc`, `nand`.
    pub storage: String,
    /// Card's CID, hex; empty for a NAND, which has none.
    pub cid: String,
    /// Engine in use.
    pub engine: String,
}

impl PhoneFacts {
    /// Returns how its storage is told from another of its kind: `CID 1501…`, `raw NAND without CID`.
    #[must_use]
    pub fn told_by(&self) -> String {
        if self.cid.is_empty() && self.storage == "nand" {
            return "raw NAND without CID".into();
        }
        format!("CID {}", self.cid)
    }
}

/// A connected phone.
pub struct PhoneSession {
    /// Its user area.
    pub disk: Arc<Mutex<PhoneDisk>>,
    /// Its partitions.
    pub layout: Layout,
    /// Who it is.
    pub facts: PhoneFacts,
    /// What its preloader told.
    pub preloader: PreloaderFacts,
    /// Where it is plugged in.
    pub port: String,
    /// Which engine, and why this one.
    pub engine_reason: String,
    /// The Download Agent that runs on it, if one does.
    pub agent: Option<AgentFacts>,
}

impl PhoneSession {
    /// Returns what an archive of this phone is bound to.
    #[must_use]
    pub fn ids(&self) -> PhoneIds {
        let prefix = lock(&self.disk).card().prefix();
        let partition = |place: &crate::storage::Place| Partition {
            name: place.name.clone(),
            start: place.start,
            len: place.len,
        };
        PhoneIds {
            chip: self.facts.chip.clone(),
            hw_code: self.facts.hw_code.clone(),
            storage: self.facts.storage.clone(),
            cid: self.facts.cid.clone(),
            soc_id: None,
            random_id: lock(&self.disk).random_id().map(|id| hex(&id)),
            linear_prefix: prefix,
            layout: self.layout.places.iter().map(partition).collect(),
        }
    }

    /// Puts the engine's own words, with its advice, in the place of a failure that a reader passed on.
    #[must_use]
    pub fn explain(&self, failure: Failure) -> Failure {
        match lock(&self.disk).take_error() {
            Some(error) if error.code() == failure.code => Failure::from(error),
            _ => failure,
        }
    }

    /// Ends a conversation that only read: the phone restarts whether it went well or not, for a preloader that is left
    /// alone stays in its loop until the battery is empty (msdc-direct.md 6.1).
    ///
    /// # Errors
    /// The failure that was given, in the engine's own words.
    pub fn close<T>(&self, context: &Context<'_>, result: Result<T, Failure>) -> Result<T, Failure> {
        match result {
            Ok(value) => {
                self.leave(context);
                Ok(value)
            }
            Err(failure) => {
                let failure = self.explain(failure);
                let _ = lock(&self.disk).leave();
                Err(failure)
            }
        }
    }

    /// Says of a failure behind which the phone is not told to restart that its agent stays there and answers no other session.
    #[must_use]
    pub fn stays_behind(&self, failure: Failure) -> Failure {
        if !lock(&self.disk).outlives_a_cable() {
            return failure;
        }
        let advice = failure.advice.as_deref().unwrap_or("Plug the phone in again and run `nvkeep resume`.");
        let advice = format!("{POWER_FIRST} {advice}");
        failure.advise(advice)
    }

    /// Tells reads as progress from here on, and lets a wish to stop end them. For a session that serves several jobs: each
    /// of them ends with telling in its own way.
    pub fn attend(&self, context: &Context<'_>) {
        let began = lock(&self.disk).elapsed();
        lock(&self.disk).observe(Some(watch(context, began)));
    }

    /// Asks whether the phone is still there.
    ///
    /// # Errors
    /// The failure of a phone that left or fell silent.
    pub fn is_there(&self) -> Result<(), Failure> {
        Ok(lock(&self.disk).is_there()?)
    }

    /// Leaves the phone so that it boots, telling but not failing when it does not hear.
    pub fn leave(&self, context: &Context<'_>) {
        match lock(&self.disk).leave() {
            Ok(()) => context.note("The phone restarts; it may be unplugged."),
            Err(error) => context.warn(format!(
                "the phone could not be told to restart ({error}); hold its power key for ten seconds"
            )),
        }
    }
}

/// Connects to the phone at the chosen port and finds its partitions.
///
/// # Errors
/// A failure for each way it can go wrong; nothing was written to the phone's flash.
pub fn connect(context: &Context<'_>) -> Result<PhoneSession, Failure> {
    let mut port = open_port(context)?;
    connect_at(context, port.as_mut())
}

/// Connects to the phone at this port.
///
/// # Errors
/// As [`connect`].
pub fn connect_at(context: &Context<'_>, port: &mut dyn Port) -> Result<PhoneSession, Failure> {
    let Reached { preloader, engine, chip, reason, agent } = reach(context, port)?;
    let mut disk = PhoneDisk::new(engine);
    let began = disk.elapsed();
    disk.observe(Some(watch(context, began)));
    let card = disk.card().clone();
    let nand = card.nand.is_some();
    let facts = PhoneFacts {
        chip,
        hw_code: format!("{:#06x}", preloader.hw_code),
        storage: if nand { "nand" } else { "emmc" }.into(),
        cid: card.cid.map(|cid| hex(&cid)).unwrap_or_default(),
        engine: disk.engine_name().into(),
    };
    let kind = if nand { "raw NAND, which is only read" } else { "eMMC" };
    context.step(format!("{} with {kind}, engine {}", facts.chip, facts.engine));
    let scatter = read_scatter(context, &facts)?;
    let canonical = |name: &str| context.catalog.canonical_partition(name);
    // Asked for first: a NAND may have no other table that can be read.
    let told = match disk.told_partitions() {
        Ok(told) => told,
        Err(error) => {
            let _ = disk.leave();
            return Err(error.into());
        }
    };
    let located = if nand {
        locate_nand::locate(&mut disk, told.as_deref(), scatter.as_ref(), &canonical)
    } else {
        locate::locate(&mut disk, card.prefix(), scatter.as_ref(), &canonical)
    };
    let mut layout = located.map_err(|error| {
        // The engine's own words have the advice.
        let told = disk.take_error();
        let _ = disk.leave();
        let failure = match &error {
            locate::LocateError::Read { cause, .. } => {
                let failure = Failure::from(cause.clone());
                told.filter(|told| told.code() == failure.code).map_or(failure, Failure::from)
            }
            locate::LocateError::NoTable { .. } => Failure::new(Exit::ReadIncomplete, error.code(), error.to_string())
                .advise("Give the scatter file of this phone's firmware with --scatter FILE."),
            _ => Failure::new(Exit::ReadIncomplete, error.code(), error.to_string())
                .advise("Nothing was read or written by this table. Report the phone's model with `nvkeep info --record FILE`."),
        };
        Failure { message: error.to_string(), ..failure }
    })?;
    if let Some(told) = told.filter(|_| !nand) {
        witness::compare(&mut layout, &told, card.prefix(), &canonical);
    }
    for doubt in &layout.doubts {
        context.warn(doubt.clone());
    }
    let port = port.name();
    Ok(PhoneSession { disk: share(disk), layout, facts, preloader, port, engine_reason: reason, agent })
}

/// Looks for a phone at this port for a short time: none is no failure, and neither is one that cannot be opened yet.
///
/// # Errors
/// What no waiting will mend.
pub fn glimpse(port: &mut dyn Port, within: Duration) -> Result<Option<Plugged>, Failure> {
    match port.open(within) {
        Ok(plugged) => Ok(Some(plugged)),
        Err(LinkError::NoPhone { .. } | LinkError::Denied { .. } | LinkError::Busy { .. }) => Ok(None),
        // A phone that charges or runs Android is not there yet.
        Err(LinkError::NotAPhone { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Connects to a phone that was just found at this port.
///
/// # Errors
/// As [`connect`].
pub fn connect_plugged(
    context: &Context<'_>,
    port: &mut dyn Port,
    plugged: Plugged,
) -> Result<PhoneSession, Failure> {
    connect_at(context, &mut Found { first: Some(plugged), port })
}

/// A port whose phone is found already; when that one leaves too early, the port is asked for the next.
struct Found<'a> {
    first: Option<Plugged>,
    port: &'a mut dyn Port,
}

impl Port for Found<'_> {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        self.first.take().map_or_else(|| self.port.open(within), Ok)
    }

    fn name(&self) -> String {
        self.port.name()
    }
}

/// Opens the chosen port, recorded or replayed as chosen.
///
/// # Errors
/// When the name means nothing, or the session file cannot be used.
pub fn open_port(context: &Context<'_>) -> Result<Box<dyn Port>, Failure> {
    let port = chosen_port(context)?;
    Ok(if context.choices.wire { super::wiretap::overhear(port, context) } else { port })
}

fn chosen_port(context: &Context<'_>) -> Result<Box<dyn Port>, Failure> {
    let choices = &context.choices;
    if let Some(file) = &choices.replay {
        return context.cables.replay(file);
    }
    let port = context.cables.port(&choices.port, choices.data.as_deref())?;
    match &choices.record {
        Some(file) => {
            let (sink, place) = (context.sink.clone(), file.display().to_string());
            let told = move |why| sink(Event::Warning(format!("the recording {place} is cut short: {why}")));
            context.cables.record(port, file, Box::new(told))
        }
        None => Ok(port),
    }
}

/// Waits for a phone and opens its engine. A phone that leaves before it answers is waited for again: that is what a
/// preloader does when nobody spoke to it in time.
///
/// A phone that refuses its Download Agent restarts, and is waited for once more where another way is open.
fn reach(context: &Context<'_>, port: &mut dyn Port) -> Result<Reached, Failure> {
    let mut ways = Ways::new(context)?;
    context.step(format!("Waiting for a phone at {} …", port.name()));
    let began = Instant::now();
    for attempt in 1.. {
        context.go_on()?;
        let mut plugged = wait_for_phone(context, port, began)?;
        if ways.awaits_return()
            && plugged.kind == PortKind::Brom
            && attempt < TRIES_OF_A_RETURN
            && began.elapsed() < context.choices.timeout
        {
            // A boot ROM that nobody speaks to gives up after half a minute and starts the preloader.
            plugged.link.pause(Duration::from_secs(1));
            continue;
        }
        let described = plugged.link.describe();
        let answer_within = context.choices.timeout.min(Duration::from_secs(10));
        let in_time = began.elapsed() < context.choices.timeout;
        match crate::protocol::greet(plugged.link, answer_within) {
            Ok(greeted) => {
                context.note(format!("Connected: {described}"));
                match ways.open(context, greeted) {
                    Ok(reached) => return Ok(reached),
                    Err(Missed::Failed(failure)) => return Err(failure),
                    Err(Missed::Refused(words)) => {
                        context.warn(format!(
                            "{words}; the phone restarts, and is waited for again, to use the direct engine"
                        ));
                        ways.refused(words);
                    }
                }
            }
            // On its way back from a refusal it may stay in its boot ROM for half a minute.
            Err(error)
                if ways.awaits_return()
                    && in_time
                    && attempt < TRIES_OF_A_RETURN
                    && (left_too_early(&error) || matches!(error, ProtocolError::Brom)) => {}
            Err(error) if left_too_early(&error) && attempt < TRIES && in_time => {
                context.note(format!("The phone left before it answered ({error}); waiting for it again."));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::new(Exit::NoPhone, "no-phone", "no phone answered"))
}

/// Waits until a phone is plugged in, in slices, so that a wish to stop is heard.
fn wait_for_phone(context: &Context<'_>, port: &mut dyn Port, began: Instant) -> Result<Plugged, Failure> {
    let timeout = context.choices.timeout;
    loop {
        context.go_on()?;
        let left = timeout.saturating_sub(began.elapsed()).max(Duration::from_millis(1));
        let slice = left.min(SLICE);
        let asked = Instant::now();
        match port.open(slice) {
            // A device that was just plugged in may refuse for a moment; a port that gives up before its time (a recording
            // at its end) has nothing to wait for.
            Err(LinkError::NoPhone { .. } | LinkError::Denied { .. } | LinkError::Busy { .. })
                if slice < left && asked.elapsed() >= slice => {}
            Err(LinkError::NoPhone { port, .. }) => {
                return Err(LinkError::NoPhone { port, seconds: timeout.as_secs() }.into());
            }
            outcome => return Ok(outcome?),
        }
    }
}

/// Returns whether the handshake ended because the phone went on booting.
fn left_too_early(error: &ProtocolError) -> bool {
    matches!(error, ProtocolError::Link { cause: LinkError::Gone, .. })
}

/// Reports every read as progress without a known end, and stops reading when the user wants to stop.
fn watch(context: &Context<'_>, began: Duration) -> crate::storage::phone::ReadObserver {
    let (sink, stop) = (context.sink.clone(), context.stop.clone());
    let mut done = 0u64;
    Box::new(move |blocks, elapsed| {
        done += blocks * 512;
        let elapsed = elapsed.saturating_sub(began);
        sink(Event::Progress(Progress { what: "reading".into(), done, total: 0, elapsed }));
        !stop.load(std::sync::atomic::Ordering::Relaxed)
    })
}

fn read_scatter(context: &Context<'_>, facts: &PhoneFacts) -> Result<Option<PartitionTable>, Failure> {
    let Some(path) = &context.choices.scatter else { return Ok(None) };
    let failed = |error: std::io::Error| Failure::file("reading the scatter file", path, &error);
    let bad = |what: String| {
        Failure::new(Exit::Usage, "bad-scatter", format!("{}: {what}", path.display()))
            .advise("Use the scatter file of the firmware that is on this very phone.")
    };
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_SCATTER {
        return Err(bad("too large for a scatter file".into()));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let scatter = Scatter::parse(&text).map_err(|error| bad(error.to_string()))?;
    let nand = facts.storage == "nand";
    if (scatter.facts.storage == ScatterStorage::Nand) != nand {
        let (of, this) = if nand { ("eMMC", "NAND") } else { ("NAND", "eMMC") };
        return Err(bad(format!("it describes a phone with {of}, this phone has {this}")));
    }
    if !scatter.facts.platform.eq_ignore_ascii_case(&facts.chip) {
        return Err(bad(format!("it is for {}, this phone is {}", scatter.facts.platform, facts.chip)));
    }
    Ok(Some(scatter.table))
}

/// Returns bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
