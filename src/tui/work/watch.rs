//! Waiting for phones: what is on the bus, who is plugged in, and when the port is empty again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Mode, Worker};
use crate::app::{Exit, Failure};
use crate::tui::message::{News, Outcome, Task};

/// Between two looks at the bus.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);
/// One look for a phone; a job that was sent meanwhile waits no longer than this.
const GLIMPSE: Duration = Duration::from_millis(250);
/// A port is empty when nobody was seen for this long: a phone that restarts comes back after it.
const EMPTY: Duration = Duration::from_millis(1500);

impl Worker<'_> {
    /// Waits for a phone from now on.
    pub(super) fn watch(&mut self, fresh: bool) {
        if self.station.session().is_some() {
            return;
        }
        // Only on a bus can it be seen that nobody is there.
        let fresh = fresh && self.on_bus();
        self.mode = if fresh { Mode::Emptying(None) } else { Mode::Watching };
        self.news(News::Watching { fresh });
    }

    fn on_bus(&self) -> bool {
        self.context.choices.port.starts_with("usb") && self.context.choices.replay.is_none() && !self.blind
    }

    /// Does what there is to do without a job.
    pub(super) fn idle(&mut self) {
        if self.station.session().is_some() {
            return self.check();
        }
        self.look_at_bus();
        match self.mode {
            Mode::Resting => {}
            Mode::Watching => self.glimpse(),
            Mode::Emptying(since) => self.empty(since),
        }
    }

    fn empty(&mut self, since: Option<Instant>) {
        let somebody = self.devices.iter().any(|device| device.boot);
        self.mode = match (somebody, since) {
            (true, _) => Mode::Emptying(None),
            (false, None) => Mode::Emptying(Some(Instant::now())),
            (false, Some(since)) if since.elapsed() < EMPTY => Mode::Emptying(Some(since)),
            _ => {
                self.news(News::Watching { fresh: false });
                Mode::Watching
            }
        };
    }

    fn glimpse(&mut self) {
        let began = Instant::now();
        let glimpsed = self.station.glimpse(self.context, GLIMPSE);
        self.nap = Duration::ZERO;
        match glimpsed {
            Ok(false) => self.nap = GLIMPSE.saturating_sub(began.elapsed()),
            Ok(true) => self.meet(),
            Err(failure) => {
                self.mode = Mode::Resting;
                self.news(News::Ended(Outcome::Failed(Task::Connect, failure.into())));
            }
        }
    }

    /// Connects to the phone that was found, and reads it.
    fn meet(&mut self) {
        // A wish to stop that nobody heard was meant for a job before.
        self.context.stop.store(false, Ordering::Relaxed);
        let connected = self.job(Task::Connect, |worker| {
            let info = crate::app::info::describe(worker.station.connect(worker.context)?);
            let open = worker.station.unfinished(worker.context)?;
            worker.news(News::Connected(Box::new(info), open));
            Ok(Outcome::Done(Task::Connect))
        });
        if connected {
            self.mode = Mode::Resting;
            self.job(Task::Look, Worker::look);
        } else {
            // A phone that nobody was told of is held by nobody.
            self.station.leave(self.context);
            // The same phone would fail in the same way: it has to go first, or somebody has to ask again.
            self.mode = if self.on_bus() { Mode::Emptying(None) } else { Mode::Resting };
            if self.on_bus() {
                self.news(News::Watching { fresh: true });
            }
        }
    }

    /// Tells what is on the bus, when that changed.
    fn look_at_bus(&mut self) {
        if !self.on_bus() || self.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return;
        }
        self.looked = Some(Instant::now());
        let seen = catch_unwind(AssertUnwindSafe(|| self.context.cables.devices()));
        let Ok(devices) = seen else {
            self.blind = true;
            return self.forget();
        };
        let devices = devices.unwrap_or_default();
        if devices != self.devices {
            self.devices.clone_from(&devices);
            self.news(News::Bus(devices));
        }
    }

    /// The phone that is needed for a job.
    pub(super) fn nobody() -> Failure {
        Failure::new(Exit::NoPhone, "no-phone", "no phone is connected")
    }
}
