//! The one worker: holds the phone, does one job after another, tells how it goes. It draws nothing and decides nothing; a
//! write begins only when the answer to its plan is yes.

mod jobs;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::message::{Job, Message, News, Outcome, Task};
use super::trouble::Trouble;
use crate::app::{Context, Device, Exit, Failure, Station};

/// Between two questions whether the connected phone is still there.
const PULSE: Duration = Duration::from_millis(1000);

/// Who hears what the worker tells.
pub type Tell<'a> = &'a (dyn Fn(Message) + Sync);

/// Whether somebody is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nobody.
    Resting,
    /// Whoever is plugged in.
    Watching,
    /// Whoever is plugged in once nobody was there; since when nobody is.
    Emptying(Option<Instant>),
}

/// The worker.
pub struct Worker<'a> {
    context: &'a Context<'a>,
    jobs: Receiver<Job>,
    tell: Tell<'a>,
    folder: PathBuf,
    station: Station,
    mode: Mode,
    devices: Vec<Device>,
    looked: Option<Instant>,
    pulse: Duration,
    /// How long to wait before the next look for a phone: what the last one left of its time.
    nap: Duration,
    /// Whether looking at the bus hit a defect: it is not looked at again.
    blind: bool,
}

impl<'a> Worker<'a> {
    /// A worker that takes jobs from `jobs`, keeps archives in `folder`, and ends when no more jobs can come.
    pub fn new(context: &'a Context<'a>, jobs: Receiver<Job>, folder: PathBuf, tell: Tell<'a>) -> Self {
        Self {
            context,
            jobs,
            tell,
            folder,
            station: Station::default(),
            mode: Mode::Resting,
            devices: Vec::new(),
            looked: None,
            pulse: PULSE,
            nap: Duration::ZERO,
            blind: false,
        }
    }

    /// Asks a connected phone in this rhythm whether it is still there.
    #[must_use]
    pub fn with_pulse(self, pulse: Duration) -> Self {
        Self { pulse, ..self }
    }

    /// Works until no more jobs can come, then lets the phone go.
    pub fn run(mut self) {
        loop {
            let wait = self.wait();
            let job = match self.jobs.recv_timeout(wait) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let went = catch_unwind(AssertUnwindSafe(|| match job {
                Some(job) => self.take(job),
                None => self.idle(),
            }));
            if went.is_err() {
                self.forget();
            }
        }
        self.station.leave(self.context);
    }

    /// How long nothing has to be done.
    fn wait(&self) -> Duration {
        match (self.station.session().is_some(), self.mode) {
            (true, _) | (_, Mode::Resting) => self.pulse,
            // Looking for a phone waits by itself, but at a port that knows at once that nobody comes.
            (_, Mode::Watching) => self.nap,
            (_, Mode::Emptying(_)) => watch::LOOK_EVERY,
        }
    }

    fn news(&self, news: News) {
        (self.tell)(Message::News(Box::new(news)));
    }

    fn take(&mut self, job: Job) {
        let task = match (&job, job.task()) {
            (Job::Watch { fresh }, _) => return self.watch(*fresh),
            (Job::Rest, _) => {
                self.mode = Mode::Resting;
                return self.news(News::Resting);
            }
            // An answer to a question that is not open any more.
            (_, None) => return,
            (_, Some(task)) => task,
        };
        let good = self.job(task, |worker| worker.perform(job));
        if task == Task::Leave {
            self.watch(true);
        } else if good && task.writes() && self.station.session().is_some() {
            // What was written is read anew, so that every screen shows the phone as it is.
            self.job(Task::Look, Worker::look);
        }
    }

    /// Does a job, tells its beginning and its one end, and returns whether it went well. A defect of this program is a
    /// failure of the job, not the end of the session.
    fn job(&mut self, task: Task, work: impl FnOnce(&mut Self) -> Result<Outcome, Failure>) -> bool {
        self.news(News::Began(task));
        if let Some(session) = self.station.session() {
            session.attend(self.context);
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| work(self))).unwrap_or_else(|_| Err(defect(task)));
        let outcome = outcome.unwrap_or_else(|failure| {
            let failure = self
                .station
                .session()
                .map_or_else(|| failure.clone(), |session| session.explain(failure.clone()));
            Outcome::Failed(task, failure.into())
        });
        let good = !matches!(outcome, Outcome::Failed(..));
        // Where the journals cannot be read, what was known of them stays true.
        if task.writes()
            && let Ok(unfinished) = self.station.unfinished(self.context)
        {
            self.news(News::Unfinished(unfinished));
        }
        self.news(News::Ended(outcome));
        if !good {
            self.check();
        }
        good
    }

    /// Notices a phone that left.
    fn check(&mut self) {
        let Err(failure) = self.station.check() else { return };
        self.news(News::Gone(Trouble::from(failure)));
        self.watch(false);
    }

    /// After a defect outside of any job: nobody is connected any more, and nobody is waited for until that is asked for.
    fn forget(&mut self) {
        let held = self.station.session().is_some();
        self.station = Station::default();
        self.mode = Mode::Resting;
        let trouble = Trouble::from(defect(Task::Connect));
        self.news(match held {
            true => News::Gone(trouble),
            false => News::Ended(Outcome::Failed(Task::Connect, trouble)),
        });
    }
}

fn defect(task: Task) -> Failure {
    Failure::new(Exit::Other, "defect", format!("{} hit a defect of nvkeep", task.title())).advise(
        "Please report it with the log (Log screen, s). The phone's journal, if there is one, is kept.",
    )
}
