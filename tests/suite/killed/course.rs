//! A restore that nothing disturbs: how many bytes the phone has heard when each of its steps begins.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nvkeep::app::archive::open_archive;
use nvkeep::app::restore::{RestoreRequest, restore_at};
use nvkeep::app::{Context, Event, Part, Selection};
use nvkeep::simulator::Flash;
use nvkeep::transport::{Link, LinkError, Plugged, WrappedPort};

use super::Loss;
use crate::support::workbench::Workbench;

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

/// Counts the bytes of every send.
struct Counted {
    link: Box<dyn Link>,
    heard: Arc<AtomicU64>,
}

impl Link for Counted {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        self.heard.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        self.link.send(bytes, within)
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        self.link.receive(into, within)
    }
    fn elapsed(&self) -> Duration {
        self.link.elapsed()
    }
    fn pause(&mut self, time: Duration) {
        self.link.pause(time);
    }
    fn describe(&self) -> String {
        self.link.describe()
    }
}

impl Course {
    /// Runs a restore to its end in this process, where every step is told before the next byte is sent.
    pub fn of(loss: &Loss) -> Self {
        let bench = Workbench::holding(loss.board.clone(), loss.old.clone(), None);
        let path = bench.path("a.nvk");
        std::fs::write(&path, &loss.archive).unwrap();
        let heard: Arc<AtomicU64> = Arc::default();
        let told: Arc<Mutex<Vec<(String, u64)>>> = Arc::default();
        let count = Arc::clone(&heard);
        let mut port = WrappedPort::new(bench.port(), move |plugged: Plugged| Plugged {
            kind: plugged.kind,
            link: Box::new(Counted { link: plugged.link, heard: Arc::clone(&count) }),
        });
        let (count, steps) = (Arc::clone(&heard), Arc::clone(&told));
        let sink = move |event| {
            if let Event::Step(text) = event {
                steps.lock().unwrap().push((text, count.load(Ordering::SeqCst)));
            }
        };
        let context = Context { sink: Arc::new(sink), ..bench.context() };
        let archive = open_archive(&path).unwrap();
        let selection = Selection::Only([Part::Imei].into());
        let request = RestoreRequest { archive: path, dry_run: false, selection };
        assert!(restore_at(&context, &mut port, &archive, &request, &mut |_| true).unwrap().written);
        drop(port);
        let new = bench.flash();
        assert_ne!(new, loss.old);
        let told = told.lock().unwrap();
        let step = |start: &str| {
            let found = told.iter().find(|(text, _)| text.starts_with(start));
            found.unwrap_or_else(|| panic!("it never told: {start}\n{told:#?}")).1
        };
        Self {
            reading: step("Reading what the phone holds"),
            planned: step("The plan is ready"),
            judging: step("Reading back and judging"),
            total: heard.load(Ordering::SeqCst),
            new,
        }
    }
}
