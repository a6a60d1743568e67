//! Links and the wrappers that stack on them.

mod cables; // TCP and serial
mod faults; // links that break as planned
mod sessions; // record and replay
mod usb_function; // what a running phone offers

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::transport::stream::{Inbox, send_all};
use nvkeep::transport::usb_ids::{Mode, mode_of};
use nvkeep::transport::{
    Address, BusPath, Fault, Faults, Faulty, Link, LinkError, Plugged, Port, PortKind, Record, Recording,
    RecordingPort, Trace, Traced, WrappedPort,
};

const SOON: Duration = Duration::from_millis(20);
const AMPLE: Duration = Duration::from_secs(5);

/// A phone that answers each byte with its complement, on a clock that only moves when somebody waits.
#[derive(Default)]
struct Echo {
    queue: VecDeque<u8>,
    now: Duration,
    /// What was sent, as it arrived at the phone.
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Link for Echo {
    fn send(&mut self, bytes: &[u8], _within: Duration) -> Result<(), LinkError> {
        self.now += Duration::from_micros(100);
        self.heard.lock().unwrap().push(bytes.to_vec());
        self.queue.extend(bytes.iter().map(|byte| !byte));
        Ok(())
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        if self.queue.len() < into.len() {
            self.now += within;
            return Err(LinkError::Timeout { wanted: into.len(), got: self.queue.len() });
        }
        self.now += Duration::from_micros(10);
        into.fill_with(|| self.queue.pop_front().unwrap());
        Ok(())
    }
    fn elapsed(&self) -> Duration {
        self.now
    }
    fn pause(&mut self, time: Duration) {
        self.now += time;
    }
    fn describe(&self) -> String {
        "echo".into()
    }
}

/// A place where an [`Echo`] is always plugged in.
struct EchoPort;

impl Port for EchoPort {
    fn open(&mut self, _within: Duration) -> Result<Plugged, LinkError> {
        Ok(Plugged { link: Box::new(Echo::default()), kind: PortKind::Preloader })
    }
    fn name(&self) -> String {
        "echo".into()
    }
}

/// A file that can be read after its writer was given away.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn receive(link: &mut dyn Link, count: usize) -> Result<Vec<u8>, LinkError> {
    let mut bytes = vec![0; count];
    link.receive(&mut bytes, SOON).map(|()| bytes)
}

fn open(port: &mut dyn Port) -> Box<dyn Link> {
    port.open(AMPLE).map_err(|error| error.to_string()).unwrap().link
}

// ---- the queue -------------------------------------------------------------------------------------------------------------

#[test]
fn the_queue_keeps_what_came_before_a_timeout() {
    let mut inbox = Inbox::new();
    let mut arrivals = vec![vec![1, 2], vec![], vec![3]];
    arrivals.reverse();
    let mut pull = |inbox: &mut Inbox, wait: Duration| {
        assert!(wait >= Duration::from_millis(1), "a cable may read zero as for ever");
        inbox.push(&arrivals.pop().unwrap_or_default());
    };
    let mut four = [0; 4];
    let late = inbox.fill(&mut four, Duration::ZERO, &mut pull);
    assert_eq!(late, Err(LinkError::Timeout { wanted: 4, got: 2 }));
    let mut three = [0; 3];
    assert_eq!(inbox.fill(&mut three, AMPLE, &mut pull), Ok(()));
    assert_eq!(three, [1, 2, 3]);
}

#[test]
fn the_queue_hands_out_what_came_before_the_end() {
    let mut inbox = Inbox::new();
    inbox.push(&[1, 2, 3]);
    inbox.close(LinkError::Gone);
    inbox.close(LinkError::Busy { port: "later reasons do not count".into() });
    let no_more = |_: &mut Inbox, _: Duration| unreachable!("an ended stream is not asked");
    let mut two = [0; 2];
    assert_eq!(inbox.fill(&mut two, AMPLE, no_more), Ok(()));
    assert_eq!(two, [1, 2]);
    assert_eq!(inbox.fill(&mut two, AMPLE, no_more), Err(LinkError::Gone));
    assert_eq!(inbox.len(), 1, "the byte that was not enough is still there");
}

#[test]
fn sending_goes_on_until_the_time_is_over() {
    let mut taken: Vec<u8> = Vec::new();
    let mut slow = |rest: &[u8], wait: Duration| {
        assert!(wait >= Duration::from_millis(1));
        let count = rest.len().min(2);
        taken.extend(&rest[..count]);
        Ok(count)
    };
    assert_eq!(send_all(&[1, 2, 3, 4, 5], AMPLE, &mut slow), Ok(()));
    assert_eq!(taken, [1, 2, 3, 4, 5]);
    let deaf = |_: &[u8], _: Duration| Ok(0);
    assert_eq!(send_all(&[1, 2], Duration::ZERO, deaf), Err(LinkError::Timeout { wanted: 2, got: 0 }));
    let gone = |_: &[u8], _: Duration| Err(LinkError::Gone);
    assert_eq!(send_all(&[1], AMPLE, gone), Err(LinkError::Gone));
    assert_eq!(send_all(&[], Duration::ZERO, gone), Ok(()));
}

// ---- words -----------------------------------------------------------------------------------------------------------------

#[test]
fn addresses_read_as_they_are_written() {
    for text in ["usb", "usb:1-2", "usb:3-1.4.2", "tcp://127.0.0.1:4000", "tcp://[::1]:4000", "/dev/ttyACM0"]
    {
        assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
    }
    let hub = Address::Usb(Some(BusPath { bus: 3, ports: vec![1, 4, 2] }));
    assert_eq!("usb:3-1.4.2".parse(), Ok(hub));
    assert_eq!("tcp://host:4000/".parse(), Ok(Address::Tcp("host:4000".into())));
}

#[test]
fn addresses_refuse_what_names_no_port() {
    for text in [
        "",
        "usb:",
        "usb:1",
        "usb:1-",
        "usb:0-1",
        "usb:1-0",
        "usb:1-+2",
        "usb:256-1",
        "usb:1-2.",
        "usb:1-1.1.1.1.1.1.1.1",
        "tcp://",
        "tcp://host",
        "tcp://:4000",
        "tcp://host:0",
        "tcp://host:65536",
        "udp://host:1",
        "ttyACM0",
        "USB",
    ] {
        let error = text.parse::<Address>().expect_err(text).to_string();
        assert!(error.contains(text.trim_start_matches("usb:")), "{error}");
    }
}

#[test]
fn usb_ids_tell_boot_devices_from_phones_that_run() {
    assert_eq!(mode_of(0x0E8D, 0x2000), Some(Mode::Preloader));
    assert_eq!(mode_of(0x0E8D, 0x0003), Some(Mode::Brom));
    assert_eq!(mode_of(0x0E8D, 0x2001), Some(Mode::Agent));
    assert_eq!(mode_of(0x1004, 0x6000), Some(Mode::Preloader));
    assert_eq!(mode_of(0x0FCE, 0xD1DD), Some(Mode::Brom));
    assert_eq!(mode_of(0x0E8D, 0x2008), Some(Mode::Other));
    assert_eq!(mode_of(0x1D6B, 0x0002), None);
}

// ---- wrappers --------------------------------------------------------------------------------------------------------------

#[test]
fn wrappers_stack() {
    let shown = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&shown);
    let paper = Paper::default();
    let recording = Recording::new(Box::new(paper.clone())).unwrap();
    let faults = Faults::at(3, Fault::Flip(0));
    let counted = faults.clone();
    let port = WrappedPort::new(EchoPort, move |plugged| faults.wrap(plugged));
    let port = RecordingPort::new(port, recording);
    let mut port = WrappedPort::new(port, move |plugged: Plugged| {
        let sink = Arc::clone(&sink);
        let show =
            move |event: nvkeep::transport::TraceEvent<'_>| sink.lock().unwrap().push(event.to_string());
        Plugged { link: Box::new(Trace::new(plugged.link, show)), kind: plugged.kind }
    });

    let plugged = port.open(AMPLE).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(plugged.kind, PortKind::Preloader);
    let mut link = plugged.link;
    link.send(&[0xA0], SOON).unwrap();
    assert_eq!(receive(&mut link, 1), Ok(vec![0x5F]));
    link.send(&[0x0A], SOON).unwrap();
    assert_eq!(receive(&mut link, 1), Ok(vec![0xF4]), "bit 0 of F5 was flipped on the way");
    assert!(receive(&mut link, 1).is_err());
    drop(link);

    assert_eq!(counted.transfers(), 5);
    let shown = shown.lock().unwrap();
    assert_eq!(shown[0], "   0.000100 > a0");
    assert_eq!(shown[3], "   0.000220 < f4");
    assert_eq!(shown[4], "   0.020220 ! receiving 1 bytes: time-out: 0 of 1 bytes");
    let expected = "nvkeep session 1\nplug preloader echo\n> 0.000100 a0\n< 0.000110 5f\n> 0.000210 0a\n\
                    < 0.000220 f4\n! 0.020220 receive timeout 1 0\n";
    assert_eq!(paper.text(), expected);
}

#[test]
fn a_trace_shows_the_bytes_and_leaves_them_alone() {
    let mut seen = Vec::new();
    {
        let mut link = Trace::new(Echo::default(), |event: nvkeep::transport::TraceEvent<'_>| {
            seen.push(match event.what {
                Traced::Sent(bytes) => ('>', bytes.to_vec()),
                Traced::Received(bytes) => ('<', bytes.to_vec()),
                Traced::NotSent(bytes, _) => ('x', bytes.to_vec()),
                Traced::NotReceived(wanted, _) => ('-', vec![wanted as u8]),
            });
        });
        link.send(&[1, 2], SOON).unwrap();
        assert_eq!(receive(&mut link, 2), Ok(vec![0xFE, 0xFD]));
        assert!(receive(&mut link, 3).is_err());
        assert_eq!(link.describe(), "echo");
    }
    assert_eq!(seen, [('>', vec![1, 2]), ('<', vec![0xFE, 0xFD]), ('-', vec![3])]);
}

#[test]
fn a_link_of_links_is_a_link() {
    // `Box<dyn Link>` inside a wrapper is what ports hand out; the compiler proves the rest.
    fn takes_any(_: impl Link) {}
    let boxed: Box<dyn Link> = Box::new(Echo::default());
    takes_any(Faulty::new(Trace::new(boxed, |_: nvkeep::transport::TraceEvent<'_>| {}), Faults::none()));
    fn is_link<L: Link>() {}
    is_link::<Record<Box<dyn Link>>>();
}
