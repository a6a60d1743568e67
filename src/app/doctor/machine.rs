//! What nvkeep itself needs of the machine: libusb, a folder for journals, room on the disk.

use std::path::Path;

use super::{Check, Places, State};
use crate::app::amount::bytes;

/// Less room than this does not take an archive and a journal.
const LEAST: u64 = 64 << 20;
/// Less than this is soon less than that.
const LITTLE: u64 = 512 << 20;

/// Returns the bytes a user may still write to the disk a folder is on.
#[cfg(unix)]
pub(super) fn free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
pub(super) fn free(_: &Path) -> Option<u64> {
    None
}

/// Checks that libusb works.
pub(super) fn libusb(places: &Places) -> Check {
    match (places.usb)() {
        Ok(()) => Check::new("libusb", State::Ok, "libusb works"),
        Err(why) => Check::new("libusb", State::Bad, format!("libusb cannot be used: {why}"))
            .mend("ls -ld /dev/bus/usb   # is USB there, and in this container?"),
    }
}

/// Checks the folder of journals, and the room there and where archives are made.
pub(super) fn disk(places: &Places) -> Vec<Check> {
    let folder = &places.journals;
    let shown = folder.display();
    let tried = std::fs::create_dir_all(folder).and_then(|()| tempfile::NamedTempFile::new_in(folder));
    let journals = match tried {
        Ok(_) => Check::new("journals", State::Ok, format!("journals can be kept in {shown}")),
        Err(error) => Check::new(
            "journals",
            State::Bad,
            format!("no journal can be kept in {shown}: {error}; without one nothing is written"),
        )
        .mend("export NVKEEP_HOME=FOLDER   # a folder you may write to"),
    };
    vec![journals, space(places, "journal-space", folder), space(places, "archive-space", &places.archives)]
}

fn space(places: &Places, name: &'static str, folder: &Path) -> Check {
    let shown = folder.display();
    let Some(free) = (places.free)(folder) else {
        return Check::new(
            name,
            State::Unknown,
            format!("the system does not tell how much room is left in {shown}"),
        );
    };
    let state = match free {
        0..LEAST => State::Bad,
        LEAST..LITTLE => State::Warn,
        _ => State::Ok,
    };
    let check = Check::new(name, state, format!("{} are free in {shown}", bytes(free)));
    match state {
        State::Ok => check,
        _ => check.mend("df -h .   # make room, or name another folder"),
    }
}
