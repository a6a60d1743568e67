//! A simulated phone on TCP in this process: its flash can be laid down and looked at, its clock is simulated, and it tells
//! when it has heard a chosen number of bytes, so that whoever talks to it can be ended at that very moment.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nvkeep::simulator::{Board, Flash, Phone, Presence};

/// What passes for the phone while nobody speaks, and how much of it in a row: its windows do not close because this machine
/// is slow.
const IDLE: Duration = Duration::from_millis(20);
const IDLE_MOST: u32 = 10;

/// What the phone does when it has heard as much as it was to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It tells, and goes on.
    GoOn,
    /// It tells, and does nothing until [`Served::go_on`].
    Hold,
}

/// A phone on TCP. Each connection is one plug-in; the flash persists between them.
pub struct Served {
    place: SocketAddr,
    shared: Arc<Shared>,
    reached: Receiver<()>,
    held: Sender<bool>,
    server: Option<JoinHandle<()>>,
}

struct Shared {
    bench: Mutex<Option<(Board, Flash)>>,
    heard: AtomicU64,
    closing: AtomicBool,
    stop: Mutex<Option<(u64, Then)>>,
    reached: Sender<()>,
    go_on: Mutex<Receiver<bool>>,
}

impl Served {
    /// Puts a phone at a free port.
    pub fn new(board: Board, flash: Flash) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        let (tell, reached) = channel();
        let (held, go_on) = channel();
        let shared = Arc::new(Shared {
            bench: Mutex::new(Some((board, flash))),
            heard: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            stop: Mutex::new(None),
            reached: tell,
            go_on: Mutex::new(go_on),
        });
        let server = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.serve(&listener))
        };
        Self { place, shared, reached, held, server: Some(server) }
    }

    /// Returns the port name under which the program finds it.
    pub fn port(&self) -> String {
        format!("tcp://{}", self.place)
    }

    /// Gives the unplugged phone another content, and counts anew what it hears. Nothing stops it until [`Served::stop_at`].
    pub fn lay(&self, flash: &Flash) {
        self.stop_no_more();
        self.on_bench(|phone| phone.1.clone_from(flash));
        self.shared.heard.store(0, Ordering::SeqCst);
    }

    /// Waits until it is unplugged, and returns what it holds.
    pub fn flash(&self) -> Flash {
        self.on_bench(|phone| phone.1.clone())
    }

    /// Returns how many bytes it has heard since it was laid down.
    pub fn heard(&self) -> u64 {
        self.shared.heard.load(Ordering::SeqCst)
    }

    /// Chooses the moment, counted from now, at which [`Served::has_reached`] tells.
    pub fn stop_at(&self, bytes: u64, then: Then) {
        self.shared.heard.store(0, Ordering::SeqCst);
        *self.shared.stop.lock().unwrap() = Some((bytes, then));
    }

    /// Lets it hear as much as it likes again.
    pub fn stop_no_more(&self) {
        *self.shared.stop.lock().unwrap() = None;
        while self.reached.try_recv().is_ok() {}
    }

    /// Waits for that moment.
    pub fn has_reached(&self, within: Duration) -> bool {
        match self.reached.recv_timeout(within) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => panic!("the phone's thread ended"),
        }
    }

    /// Lets a phone that holds go on; `hears` says whether what was on its way to it still arrives.
    pub fn go_on(&self, hears: bool) {
        self.held.send(hears).unwrap();
    }

    fn on_bench<T>(&self, look: impl FnOnce(&mut (Board, Flash)) -> T) -> T {
        loop {
            if let Some(phone) = self.shared.bench.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                return look(phone);
            }
            assert!(!self.server.as_ref().unwrap().is_finished(), "the phone's thread ended");
            thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        let _ = self.held.send(false);
        let _ = TcpStream::connect(self.place);
        let ended = self.server.take().unwrap().join();
        assert!(thread::panicking() || ended.is_ok());
    }
}

impl Shared {
    fn serve(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            let mut stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
            let (board, flash) = self.bench.lock().unwrap().take().unwrap();
            let mut phone = Phone::plug_in(board, flash);
            self.converse(&mut stream, &mut phone);
            *self.bench.lock().unwrap() = Some(phone.unplug());
        }
    }

    /// Carries bytes until the tool or the phone leaves.
    fn converse(&self, stream: &mut TcpStream, phone: &mut Phone) {
        let mut buffer = [0; 4096];
        let mut idle = 0;
        while phone.presence() == Presence::Connected && !self.closing.load(Ordering::SeqCst) {
            match stream.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => {
                    idle = 0;
                    if !self.hear(phone, &buffer[..count]) {
                        return;
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if idle < IDLE_MOST {
                        idle += 1;
                        phone.pass(IDLE);
                    }
                }
                Err(_) => return,
            }
            let mut said = Vec::new();
            while let Some(packet) = phone.next_packet() {
                said.extend(packet);
            }
            if !said.is_empty() && stream.write_all(&said).is_err() {
                return;
            }
        }
    }

    /// Lets the phone hear, up to the moment that was chosen and then on. Returns whether the cable still is in.
    fn hear(&self, phone: &mut Phone, bytes: &[u8]) -> bool {
        let before = self.heard.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        let moment = self.stop.lock().unwrap().take_if(|(at, _)| *at <= before + bytes.len() as u64);
        let Some((at, then)) = moment else {
            listen(phone, bytes);
            return true;
        };
        let (first, rest) = bytes.split_at((at.saturating_sub(before) as usize).min(bytes.len()));
        listen(phone, first);
        let _ = self.reached.send(());
        let stays = then == Then::GoOn || self.go_on.lock().unwrap().recv().is_ok_and(|hears| hears);
        if stays {
            listen(phone, rest);
        }
        stays
    }
}

/// One transfer; it costs what the phone's page says.
fn listen(phone: &mut Phone, bytes: &[u8]) {
    if !bytes.is_empty() {
        phone.hear(bytes);
        phone.pass(Duration::from_micros(phone.board().link.out_transfer_us));
    }
}
