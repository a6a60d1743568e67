//! A restore that nothing disturbs: how many bytes the phone has heard when each of its steps begins.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use nvkeep::simulator::Flash;

use super::{Loss, journals};
use crate::support::served::Served;

/// What is typed, behind the port.
pub const RESTORE: [&str; 5] = ["restore", "a.nvk", "--yes", "--only", "imei"];

/// Bytes the phone has heard when each step of a restore begins, and what it holds in the end.
pub struct Course {
    /// It is read.
    pub reading: u64,
    /// The plan is made: the journal comes next.
    pub planned: u64,
    /// The last block was written.
    pub judging: u64,
    /// The end.
    pub total: u64,
    /// The phone afterwards.
    pub new: Flash,
}

impl Course {
    /// Runs a restore to its end and notes what it tells.
    pub fn of(loss: &Loss) -> Self {
        let home = loss.home();
        let phone = Served::new(loss.board.clone(), loss.old.clone());
        let mut command = home.command(&RESTORE);
        command.args(["--port", &phone.port()]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut told = Vec::new();
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            told.push((line.unwrap(), phone.heard()));
        }
        assert!(child.wait().unwrap().success(), "{told:#?}");
        let new = phone.flash();
        assert_ne!(new, loss.old);
        assert_eq!(super::ending(&journals(&home), ".done").len(), 1);
        let step = |start: &str| {
            told.iter()
                .find(|(line, _)| line.trim_start().starts_with(start))
                .map_or_else(|| panic!("it never told: {start}\n{told:#?}"), |(_, heard)| *heard)
        };
        Self {
            reading: step("Reading what the phone holds"),
            planned: step("The plan is ready"),
            judging: step("Reading back and judging"),
            total: phone.heard(),
            new,
        }
    }
}
