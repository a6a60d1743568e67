//! Claims about what is hostile outside the parsers: targets that are links, names on a phone that climb, phones that answer
//! for ever, and texts that others get to see.

#[cfg(unix)]
mod masks; // no whole number in a log or an error

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::app::backup::{BackupRequest, backup, backup_at};
use nvkeep::app::export::export;
use nvkeep::app::import::{ImportRequest, import};
use nvkeep::app::redact::redact;
use nvkeep::app::regions::{bounded, plan};
use nvkeep::app::source::inspect;
use nvkeep::app::{Choices, Context, Exit, Failure, Lock, Passphrase, sealing};
use nvkeep::formats::{ReadAt, ReadError};
use nvkeep::simulator::{Area, Flash};
use nvkeep::storage::{Layout, Place, Shared};
use nvkeep::transport::{Link, LinkError, Plugged, Port, WrappedPort};
use nvkeep::vault::Archive;
use nvkeep::wiring::bench::BenchPort;

use crate::support::workbench::Workbench;

/// Makes a file at the path it is given.
type Maker<'a> = Box<dyn Fn(&Path) -> Result<(), Failure> + 'a>;

/// Every way to make a file, each with its target.
fn makers(bench: &Workbench) -> Vec<(&'static str, Maker<'_>)> {
    let lock = || Lock::Passphrase(Passphrase::new("x".into()).unwrap());
    vec![
        (
            "backup",
            Box::new(|target| {
                let request = BackupRequest { output: Some(target.into()), ..BackupRequest::default() };
                backup_at(&bench.context(), bench.port().as_mut(), &request).map(drop)
            }),
        ),
        (
            "sealed backup",
            Box::new(move |target| {
                let request = BackupRequest {
                    output: Some(target.into()),
                    lock: Some(lock()),
                    ..BackupRequest::default()
                };
                backup_at(&bench.context(), bench.port().as_mut(), &request).map(drop)
            }),
        ),
        (
            "import",
            Box::new(|target| {
                let (source, output) = (bench.path("tree"), Some(target.into()));
                import(&bench.context(), &ImportRequest { source, output, ..ImportRequest::default() })
                    .map(drop)
            }),
        ),
        (
            "redact",
            Box::new(|target| redact(&bench.context(), &bench.path("a.nvk"), target, false).map(drop)),
        ),
        (
            "seal",
            Box::new(move |target| {
                sealing::seal(&bench.context(), (&bench.path("a.nvk"), target), &lock(), false).map(drop)
            }),
        ),
        ("export", Box::new(|target| export(&bench.context(), &bench.path("a.nvk"), target).map(drop))),
    ]
}

#[test]
fn no_target_that_is_a_link_is_followed() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    export(&bench.context(), &bench.path("a.nvk"), &bench.path("plain")).unwrap();
    fs::rename(bench.path("plain/files/live"), bench.path("tree")).unwrap();
    fs::remove_dir_all(bench.path("plain")).unwrap();
    fs::write(bench.path("precious"), b"mine").unwrap();
    for (what, make) in makers(&bench) {
        for aim in ["precious", "not there"] {
            symlink(bench.path(aim), bench.path("link")).unwrap();
            let failure = make(&bench.path("link")).unwrap_err();
            assert_eq!((failure.code, failure.exit), ("target-exists", Exit::Usage), "{what}: {failure:?}");
            assert!(bench.path("link").is_symlink(), "{what}");
            fs::remove_file(bench.path("link")).unwrap();

            symlink(bench.path(aim), bench.path("new.part")).unwrap();
            let failure = make(&bench.path("new")).unwrap_err();
            assert_eq!((failure.code, failure.exit), ("target-busy", Exit::Denied), "{what}: {failure:?}");
            assert!(bench.path("new.part").is_symlink() && !bench.path("new").exists(), "{what}");
            fs::remove_file(bench.path("new.part")).unwrap();
        }
        assert_eq!(fs::read(bench.path("precious")).unwrap(), b"mine", "{what}");
        assert!(!bench.path("not there").exists(), "{what}");
        make(&bench.path("new")).unwrap();
        let _ = fs::remove_dir_all(bench.path("new")).or_else(|_| fs::remove_file(bench.path("new")));
    }
}

#[test]
fn a_link_that_is_to_be_replaced_is_replaced_and_what_it_shows_stays() {
    let bench = Workbench::with("mt6572");
    fs::write(bench.path("precious"), b"mine").unwrap();
    symlink(bench.path("precious"), bench.path("link")).unwrap();
    let request = BackupRequest { output: Some(bench.path("link")), force: true, ..BackupRequest::default() };
    backup_at(&bench.context(), bench.port().as_mut(), &request).unwrap();
    assert!(
        !bench.path("link").is_symlink() && Archive::open(&bench.path("link")).unwrap().verify().is_whole()
    );
    assert_eq!(fs::read(bench.path("precious")).unwrap(), b"mine");
}

#[test]
fn a_link_to_nothing_is_refused_before_a_phone_is_waited_for() {
    let bench = Workbench::with("mt6572");
    symlink(bench.path("nothing"), bench.path("link")).unwrap();
    let context = bench.context();
    // A port that is none: to open it would fail in another way.
    let context =
        Context { choices: Choices { port: "nowhere".into(), ..context.choices.clone() }, ..context };
    let request = BackupRequest { output: Some(bench.path("link")), ..BackupRequest::default() };
    assert_eq!(backup(&context, &request).unwrap_err().code, "target-exists");
}

/// Replaces a name wherever it stands on the flash; returns how often.
fn rename(flash: &mut Flash, from: &[u8], to: &[u8]) -> usize {
    assert_eq!(from.len(), to.len());
    let mut count = 0;
    let chunks: Vec<u64> = flash.written_chunks(Area::User).collect();
    for chunk in chunks {
        let mut bytes = [0; 4096];
        flash.read(Area::User, chunk * 4096, &mut bytes).unwrap();
        let places: Vec<usize> =
            (0..=bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
        for at in places {
            flash.write(Area::User, chunk * 4096 + at as u64, to).unwrap();
            count += 1;
        }
    }
    count
}

/// Every file below a folder, as paths below it.
fn below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            assert!(!entry.path().is_symlink(), "{entry:?}");
            match entry.path().is_dir() {
                true => waiting.push(entry.path()),
                false => found.push(entry.path().strip_prefix(root).unwrap().to_path_buf()),
            }
        }
    }
    found
}

#[test]
fn names_on_a_phone_cannot_leave_the_archive_or_the_folder() {
    // Names of the same length as the one they replace: climbing, absolute, cut, steering a terminal, not UTF-8, of Windows.
    let evil: [&[u8; 8]; 9] = [
        b"../../xx",
        b"/tmp/xxx",
        b"xx/../yy",
        b"..\0xxxxx",
        b"\x1b[2Jxxxx",
        b"\xff\xfe\xfdxxxxx",
        b"C:\\xx.xx",
        b"........",
        b"xx\nxx\rxx",
    ];
    for name in evil {
        let bench = Workbench::with("mt6572");
        let shown = String::from_utf8_lossy(name).escape_debug().to_string();
        let mut count = 0;
        bench.change(|flash| count = rename(flash, b"MP0B_001", name));
        assert!(count > 1, "{shown}: it stands in the live tree and in the BinRegion, {count}");
        let context = bench.context();
        // Whether the phone can be read is not the question: what is made of it is.
        match bench.backup("a.nvk") {
            Ok(_) => {}
            Err(failure) => {
                assert!(failure.exit != Exit::Done, "{shown}: {failure:?}");
                assert!(bench.files().is_empty(), "{shown}: {:?}", bench.files());
                eprintln!("{shown}: {failure}");
                continue;
            }
        }
        let mut archive = Archive::open(&bench.path("a.nvk")).unwrap();
        assert!(archive.verify().is_whole(), "{shown}");
        inspect(&context, Some(&bench.path("a.nvk"))).unwrap();
        fs::create_dir(bench.path("deep")).unwrap();
        fs::create_dir(bench.path("deep/deeper")).unwrap();
        export(&context, &bench.path("a.nvk"), &bench.path("deep/deeper/out")).unwrap();
        assert_eq!(bench.files(), ["a.nvk", "deep"], "{shown}");
        assert_eq!(fs::read_dir(bench.path("deep")).unwrap().count(), 1, "{shown}");
        assert_eq!(fs::read_dir(bench.path("deep/deeper")).unwrap().count(), 1, "{shown}");
        assert!(!Path::new("/tmp/xxx").exists());
        for path in below(&bench.path("deep/deeper/out")) {
            let text = path.to_str().unwrap();
            assert!(!text.chars().any(|c| c.is_control() || c == '\\' || c == ':'), "{shown}: {text:?}");
        }
    }
}

/// A card of any size that holds no zeros anywhere, and counts what is read of it.
struct Monster {
    len: u64,
    read: Arc<AtomicU64>,
}

impl ReadAt for Monster {
    fn read_at(&mut self, _: u64, into: &mut [u8]) -> Result<(), ReadError> {
        self.read.fetch_add(into.len() as u64, Ordering::Relaxed);
        into.fill(0xA5);
        Ok(())
    }
    fn len(&self) -> u64 {
        self.len
    }
}

#[test]
fn a_partition_table_that_claims_monsters_is_refused_before_they_are_read() {
    let bench = Workbench::with("mt6572");
    let limit = nvkeep::vault::limits::MAX_REGIONS;
    for (name, len, full) in [
        ("PRO_INFO", 1 << 43, false),
        ("PRO_INFO", 1 << 30, false),
        ("NVRAM", 1 << 29, false),
        ("NVDATA", 1 << 40, false),
        ("NVDATA", 1 << 40, true),
        ("PROTECT_F", limit + 512, true),
    ] {
        let read = Arc::new(AtomicU64::new(0));
        let disk: Shared = Arc::new(Mutex::new(Monster { len, read: read.clone() }));
        let places = vec![Place { name: name.into(), start: 0, len }];
        let layout = Layout { places, ..Layout::default() };
        let planned = plan(&bench.context(), &disk, &layout, full).and_then(|plans| bounded(&plans));
        let failure = planned.unwrap_err();
        let read = read.load(Ordering::Relaxed);
        assert_eq!((failure.code, failure.exit), ("region-too-large", Exit::ReadIncomplete), "{name} {len}");
        assert!(read <= limit + (64 << 20), "{name} {len}: {read} bytes were read of it");
    }
    let disk: Shared = Arc::new(Mutex::new(Monster { len: 5 << 20, read: Arc::default() }));
    let layout =
        Layout { places: vec![Place { name: "NVRAM".into(), start: 0, len: 5 << 20 }], ..Layout::default() };
    let plans = plan(&bench.context(), &disk, &layout, false).unwrap();
    bounded(&plans).unwrap();
}

/// A phone that lets the host wait before each answer, on the cable's own clock.
struct Slow {
    link: Box<dyn Link>,
    delay: Duration,
    over: Arc<AtomicU64>,
    asked: bool,
}

impl Link for Slow {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        self.asked = true;
        self.link.send(bytes, within)
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        // One that is polled with next to no time is not waited for at all.
        if std::mem::take(&mut self.asked) && within > self.delay {
            self.link.pause(self.delay);
        }
        let received = self.link.receive(into, within);
        self.over.store(self.link.elapsed().as_millis() as u64, Ordering::Relaxed);
        received
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

/// Backs up a phone that answers this late; returns the outcome and the time on the cable.
fn backup_slowly(delay: Duration, timeout: Duration) -> (Result<(), Failure>, Duration) {
    let bench = Workbench::with("mt6572-format-all");
    let over = Arc::new(AtomicU64::new(0));
    let clock = over.clone();
    let wrap = move |plugged: Plugged| Plugged {
        link: Box::new(Slow { link: plugged.link, delay, over: clock.clone(), asked: false }),
        ..plugged
    };
    let mut port: Box<dyn Port> = Box::new(WrappedPort::new(BenchPort(bench.slot.clone()), wrap));
    let context = bench.context();
    let context = Context { choices: Choices { timeout, ..context.choices.clone() }, ..context };
    let request = BackupRequest { output: Some(bench.path("a.nvk")), ..BackupRequest::default() };
    let result = backup_at(&context, port.as_mut(), &request).map(drop);
    if result.is_err() {
        assert!(bench.files().is_empty(), "{:?}", bench.files());
    }
    (result, Duration::from_millis(over.load(Ordering::Relaxed)))
}

#[test]
fn a_phone_that_answers_just_before_each_time_out_is_given_up() {
    for (delay, timeout) in [(900, 5), (400, 5), (300, 20)] {
        let (result, took) = backup_slowly(Duration::from_millis(delay), Duration::from_secs(timeout));
        let failure = result.unwrap_err();
        println!("{delay} ms an answer, --timeout {timeout}: {} after {took:?} on the cable", failure.code);
        assert_eq!(failure.exit, Exit::NoPhone, "{failure:?}");
        assert!(matches!(failure.code, "too-slow" | "cable-timeout"), "{failure:?}");
        assert!(took < Duration::from_secs(timeout + 300), "{took:?}");
    }
}

#[test]
fn a_phone_at_the_end_of_a_slow_network_is_waited_for() {
    let (result, took) = backup_slowly(Duration::from_millis(20), Duration::from_secs(5));
    println!("20 ms an answer: done after {took:?} on the cable");
    result.unwrap();
    assert!(took > Duration::from_secs(4 * 5), "it was slow: {took:?}");
}
