//! The restore screen: what is to be put back from where, the plan that waits for its word, and how it ended.

use super::Input;
use crate::app::Part;
use crate::app::Selection;
use crate::app::carry::WriteResult;
use crate::app::journal::ResumeResult;
use crate::tui::message::{Offered, Task};
use crate::tui::trouble::Trouble;

/// The parts a restore can be narrowed to, in the order they are shown.
pub const PARTS: [(Part, &str); 5] = [
    (Part::Imei, "IMEI"),
    (Part::Wifi, "Wi-Fi"),
    (Part::Bt, "Bluetooth"),
    (Part::Calibration, "calibration"),
    (Part::Simlock, "SIM lock"),
];

/// How a write ended.
#[derive(Debug)]
pub enum Ended {
    /// A plan was carried out, or had nothing to do.
    Written(Task, Box<WriteResult>),
    /// An interrupted write was finished or undone.
    Resumed(Box<ResumeResult>),
    /// It was refused, or failed.
    Failed(Task, Trouble),
}

/// What the restore screen keeps.
#[derive(Debug, Default)]
pub struct Restore {
    /// The place in the list of sources: 0 is the phone's own copies, the archives follow.
    pub cursor: usize,
    /// Which of [`PARTS`] are left out.
    pub without: [bool; 5],
    /// Make addresses where none survives.
    pub new_mac: bool,
    /// Search every unused block.
    pub deep: bool,
    /// The number on the label, for confirming.
    pub label: Input,
    /// Whether it is being typed.
    pub editing_label: bool,
    /// The plan that waits.
    pub offer: Option<Box<Offered>>,
    /// What was typed to confirm it.
    pub typed: Input,
    /// How the last one ended.
    pub ended: Option<Ended>,
}

impl Restore {
    /// Returns what is to be put back.
    #[must_use]
    pub fn selection(&self) -> Selection {
        if self.without == [false; 5] {
            return Selection::All;
        }
        let kept = PARTS.iter().zip(self.without).filter(|(_, without)| !without);
        Selection::Only(kept.map(|((part, _), _)| *part).collect())
    }
}

/// Returns the word that confirms a task.
#[must_use]
pub fn word_for(task: Task) -> &'static str {
    match task {
        Task::Repair => "repair",
        Task::Resume => "resume",
        Task::Undo => "undo",
        _ => "restore",
    }
}
