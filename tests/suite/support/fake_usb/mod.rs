//! A pretend USB: `/sys/bus/usb` and `/dev/bus/usb` of a child process, with a device model behind each node. The child runs
//! the real libusb; the `umockdev` preload library redirects its paths into a folder and its ioctls to a socket served here.
//!
//! It plays what usbfs and the bus do: claims, drivers, time-outs, short packets, overflow, unplug. What a device says is the
//! business of its [`UsbModel`]. Only `phone` knows nvkeep, and of it only the simulator.
//!
//! ```ignore
//! let Some(usb) = FakeUsb::new("claim") else { return };
//! let output = usb.plug(Device::preloader(model)).run(Command::new(program));
//! ```

mod device; // descriptors, and the trait a device model implements
mod node; // a device on the bus: its files, and what all who opened it share
mod phone; // the simulated phone as such a model
mod usbfs; // ioctls and requests of one open node

use std::collections::VecDeque;
use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use device::{
    ControlAnswer, Device, Holder, NodeFile, PACKET, UsbModel, configuration, control_interface,
    data_interface,
};
use node::Plugged;
pub use phone::SimulatedPhone;
use usbfs::Opened;

/// The library that redirects a child's paths and ioctls.
const PRELOAD: &str = "libumockdev-preload.so.0";

/// What happens on the bus while the child runs.
enum Step {
    Plug(Device),
    Wait(Duration),
    UntilGone,
}

/// A bus, and what will be plugged into it.
pub struct FakeUsb {
    folder: tempfile::TempDir,
    steps: VecDeque<Step>,
}

impl FakeUsb {
    /// Makes an empty bus, or says on stderr that the claim is skipped because the preload library is not installed.
    pub fn new(claim: &str) -> Option<Self> {
        // The loader warns about a missing preload library and goes on without it.
        let probe = Command::new("true").env("LD_PRELOAD", PRELOAD).output();
        if probe.is_ok_and(|output| !output.status.success() || !output.stderr.is_empty()) {
            eprintln!("SKIPPED {claim}: {PRELOAD} is not installed (Debian package umockdev)");
            return None;
        }
        // A socket's path may have 108 bytes: not below a long TMPDIR.
        let folder = tempfile::Builder::new().prefix("u").tempdir_in("/tmp").unwrap();
        for path in
            ["sys/bus/usb/devices", "sys/class", "dev/bus/usb/001", "dev/.node", "ioctl/dev/bus/usb/001"]
        {
            fs::create_dir_all(folder.path().join(path)).unwrap();
        }
        Some(Self { folder, steps: VecDeque::new() })
    }

    /// Plugs a device in.
    pub fn plug(mut self, device: Device) -> Self {
        self.steps.push_back(Step::Plug(device));
        self
    }

    /// Lets time pass before the next step. The time starts with the child.
    pub fn wait(mut self, time: Duration) -> Self {
        self.steps.push_back(Step::Wait(time));
        self
    }

    /// Waits until the device that was plugged in last has left.
    pub fn until_gone(mut self) -> Self {
        self.steps.push_back(Step::UntilGone);
        self
    }

    /// Gives the bus into the caller's hands, for a child that is run elsewhere.
    pub fn by_hand(self) -> BusByHand {
        let bus = Bus::at(self.folder.path());
        BusByHand { folder: self.folder, bus }
    }

    /// Runs a program on this bus to its end. It must be dynamically linked.
    pub fn run(mut self, mut command: Command) -> Output {
        let root = self.folder.path().to_path_buf();
        let mut bus = Bus::at(&root);
        // Everything before the first wait is there before the child looks.
        while let Some(Step::Plug(_)) = self.steps.front() {
            if let Some(Step::Plug(device)) = self.steps.pop_front() {
                bus.plug(device);
            }
        }
        let (end, ended) = channel();
        let steps = std::mem::take(&mut self.steps);
        let director = thread::spawn(move || bus.play(steps, &ended));
        let output = command.env("LD_PRELOAD", PRELOAD).env("UMOCKDEV_DIR", &root).output();
        drop::<Sender<()>>(end);
        director.join().unwrap();
        output.unwrap()
    }
}

/// A bus whose devices are plugged in and pulled by hand, while a child runs.
pub struct BusByHand {
    folder: tempfile::TempDir,
    bus: Bus,
}

impl BusByHand {
    /// Puts a program on this bus. It must be dynamically linked.
    pub fn settle(&self, command: &mut Command) {
        command.env("LD_PRELOAD", PRELOAD).env("UMOCKDEV_DIR", self.folder.path());
    }

    /// Plugs a device in.
    pub fn plug(&mut self, device: Device) {
        self.bus.plug(device);
    }

    /// Takes the device that was plugged in last off the bus, whose model is gone.
    pub fn pulled(&self) {
        if let Some(node) = self.bus.nodes.last() {
            node.device.notice(&mut lock(&node.device.state));
        }
    }

    /// Waits until nobody has that device open any more, and forgets it and its model.
    pub fn forget(&mut self) {
        if let Some(node) = self.bus.nodes.pop() {
            node.take_down();
        }
    }
}

impl Drop for BusByHand {
    fn drop(&mut self) {
        while !self.bus.nodes.is_empty() {
            self.forget();
        }
    }
}

/// The bus while a child runs.
struct Bus {
    root: PathBuf,
    next: u8,
    nodes: Vec<Node>,
}

/// A device that was plugged in, and the thread that serves it.
struct Node {
    device: Arc<Plugged>,
    gone: Receiver<()>,
    listener: JoinHandle<()>,
}

impl Node {
    /// Lets the one who listens go, and waits until all who opened the device have closed it.
    fn take_down(self) {
        self.device.closing.store(true, Ordering::SeqCst);
        let _ = UnixStream::connect(self.device.socket());
        self.listener.join().unwrap();
    }
}

impl Bus {
    fn at(root: &Path) -> Self {
        Self { root: root.to_path_buf(), next: 2, nodes: Vec::new() }
    }

    fn plug(&mut self, device: Device) {
        let address = self.next;
        self.next += 1;
        let (leave, gone) = channel();
        let plugged = Arc::new(Plugged::new(&self.root, address, device, leave));
        let socket = UnixListener::bind(plugged.socket()).unwrap();
        let listener = {
            let plugged = Arc::clone(&plugged);
            thread::spawn(move || listen(&socket, &plugged))
        };
        plugged.appear();
        self.nodes.push(Node { device: plugged, gone, listener });
    }

    /// Plays the steps until they are over or the child ended, then takes the bus down.
    fn play(mut self, steps: VecDeque<Step>, ended: &Receiver<()>) {
        let over = |wait| ended.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected);
        'steps: for step in steps {
            match step {
                Step::Plug(device) => self.plug(device),
                Step::Wait(time) if over(time) => break,
                Step::Wait(_) => {}
                Step::UntilGone => {
                    while self.nodes.last().is_some_and(|node| node.gone.try_recv().is_err()) {
                        if over(Duration::from_millis(2)) {
                            break 'steps;
                        }
                    }
                }
            }
        }
        // The sender never sends: this returns when the child has ended.
        let _ = ended.recv();
        for node in self.nodes {
            node.take_down();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves everyone who opens the device's node.
fn listen(socket: &UnixListener, device: &Arc<Plugged>) {
    let mut clients = Vec::new();
    for stream in socket.incoming() {
        if device.closing.load(Ordering::SeqCst) {
            break;
        }
        let device = Arc::clone(device);
        let opened = Opened::new(stream.unwrap(), device);
        clients.push(thread::spawn(move || opened.serve()));
    }
    for client in clients {
        client.join().unwrap();
    }
}
