//! The running job: its steps, its transfers, and whether it reads, asks or writes.

use std::time::Duration;

use crate::app::{Event, Progress};
use crate::tui::message::Task;

/// Steps and warnings kept of one job.
const KEPT: usize = 200;

/// What a job does just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It reads, plans or works on this machine: stopping it loses nothing.
    Reading,
    /// It waits for the user.
    Asking,
    /// Blocks are on their way to the phone: stopping it leaves a journal to finish or undo.
    Writing,
}

/// A job that was taken up.
#[derive(Debug, Clone)]
pub struct Work {
    /// What it is.
    pub task: Task,
    /// When it was taken up.
    pub began: Duration,
    /// What it does just now.
    pub stage: Stage,
    /// Whether it was asked to stop.
    pub stopping: bool,
    /// Its steps so far, the last one being done.
    pub steps: Vec<String>,
    /// What must not be missed.
    pub warnings: Vec<String>,
    /// Its transfers, the last one going on.
    pub transfers: Vec<Progress>,
}

impl Work {
    /// A job at its beginning.
    #[must_use]
    pub fn new(task: Task, began: Duration) -> Self {
        Self {
            task,
            began,
            stage: Stage::Reading,
            stopping: false,
            steps: Vec::new(),
            warnings: Vec::new(),
            transfers: Vec::new(),
        }
    }

    /// Takes in what the job tells.
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::Step(text) => keep(&mut self.steps, text.clone()),
            Event::Warning(text) => keep(&mut self.warnings, text.clone()),
            Event::Progress(progress) => match self.transfers.last_mut() {
                Some(last) if last.what == progress.what => *last = progress.clone(),
                _ => keep(&mut self.transfers, progress.clone()),
            },
            _ => {}
        }
    }

    /// Returns the transfer that goes on.
    #[must_use]
    pub fn transfer(&self) -> Option<&Progress> {
        self.transfers.last()
    }
}

fn keep<T>(kept: &mut Vec<T>, new: T) {
    if kept.len() >= KEPT {
        kept.remove(0);
    }
    kept.push(new);
}
