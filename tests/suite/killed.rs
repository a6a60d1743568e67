//! Claims about a host that dies: whatever moment it is killed at, loses its power or has no room left, the phone ends with its
//! old or its new content, and what is said is true.

#[cfg(target_os = "linux")]
mod calls; // what is asked of the system, in which order
mod course; // what a run that nothing disturbs hears, and when
mod full_disk; // every use case that makes a file
mod power; // what a power loss leaves in the folder of the journals
mod restores; // kill -9 of a restore over TCP
#[cfg(target_os = "linux")]
mod unplugged; // the cable cut over the real libusb

use std::path::Path;
use std::time::Duration;

use nvkeep::simulator::{Board, Flash};

use crate::support::program::Home;
use crate::support::workbench::{Workbench, built};

/// The phone that lost its IMEI, and the archive that has it.
struct Loss {
    board: Board,
    old: Flash,
    archive: Vec<u8>,
}

impl Loss {
    fn of_the_imei() -> Self {
        let bench = Workbench::with("mt6572");
        bench.backup("a.nvk").unwrap();
        let archive = std::fs::read(bench.path("a.nvk")).unwrap();
        let (board, old) = built("mt6572-imei-null", None);
        Self { board, old, archive }
    }

    /// Makes a home with the archive in it.
    fn home(&self) -> Home {
        let home = Home::new();
        home.file("a.nvk", &self.archive);
        home
    }
}

/// Where the journals of a home lie.
fn journals(home: &Home) -> std::path::PathBuf {
    home.path(".local/share/nvkeep/journals")
}

/// Returns the names in a folder that end so; none where there is no folder.
fn ending(folder: &Path, end: &str) -> Vec<String> {
    let names = std::fs::read_dir(folder).into_iter().flatten();
    names
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(end))
        .collect()
}

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
