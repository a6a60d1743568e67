//! Whether something came or went on the bus since it was looked at: cheap to ask, where a look through libusb is not. It
//! only saves looks: where the system cannot tell, or has not been asked for long, a look is due.

use std::ffi::OsString;
use std::time::{Duration, Instant};

/// A look is due after this time, whatever the system tells: a device may be listed before it can be seen whole.
const AT_LEAST: Duration = Duration::from_millis(500);

/// What the system listed at the last look.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes {
    last: Option<(Instant, Option<Listing>)>,
}

/// Names of devices and the number of each one's entry, which is another one when the device comes again.
type Listing = Vec<(OsString, u64)>;

impl Changes {
    /// Returns whether a look at the bus is due, and takes it for done.
    pub(super) fn is_due(&mut self) -> bool {
        let listing = listing();
        let due = self
            .last
            .as_ref()
            .is_none_or(|(when, last)| listing.is_none() || *last != listing || when.elapsed() >= AT_LEAST);
        if due {
            self.last = Some((Instant::now(), listing));
        }
        due
    }

    /// Makes the next look due: the last one found something that may change without leaving.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }
}

/// Lists the bus as the kernel keeps it, without opening anything; none where there is no such list.
#[cfg(target_os = "linux")]
fn listing() -> Option<Listing> {
    use std::os::unix::fs::DirEntryExt;
    let entries = std::fs::read_dir("/sys/bus/usb/devices").ok()?;
    let mut listing: Listing = entries.flatten().map(|entry| (entry.file_name(), entry.ino())).collect();
    listing.sort();
    Some(listing)
}

#[cfg(not(target_os = "linux"))]
fn listing() -> Option<Listing> {
    None
}
