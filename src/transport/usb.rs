//! Phones on the USB, through libusb; the only file that knows rusb. It finds MediaTek boot devices, takes their bulk pair
//! from whatever driver holds it, and makes a stream of the packets. It never resets a device or clears a halt: the
//! preloader answers both with a stall (reference `preloader-and-legacy-da.md` 1.3).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::{Duration, Instant};

use rusb::{Context, Device, DeviceHandle, Error, UsbContext};

use super::address::BusPath;
use super::link::{Link, LinkError, Plugged, Port};
use super::stream::{Inbox, SHORTEST_WAIT};
use super::usb_changes::Changes;
use super::usb_descriptors::{CONFIGURATION, CONFIGURATION_LENGTH, Pipes, configuration_header};
use super::usb_ids::{Mode, mode_of};

/// Pause between two looks at the bus: a preloader listens for 2.5 s only (reference 1.6, 1.8).
const LOOK_EVERY: Duration = Duration::from_millis(30);

/// How long a device that is there may refuse to be opened. Right after plug-in the kernel is still configuring it, udev has
/// not set its permissions, and drivers come and go.
const SETTLE: Duration = Duration::from_millis(1500);

/// The CDC request that tells rate and framing.
const SET_LINE_CODING: u8 = 0x20;

/// 921600 baud (little-endian), one stop bit, no parity, eight bits.
const LINE_CODING: [u8; 7] = [0x00, 0x10, 0x0E, 0x00, 0, 0, 8];

/// How long a control request may take.
const CONTROL_TIME: Duration = Duration::from_millis(200);

/// A USB place to wait at: `usb` for any, `usb:BUS-PORT` for one.
#[derive(Debug, Clone)]
pub struct UsbPort {
    place: Option<BusPath>,
    changes: Changes,
    /// What the last look refused, which holds as long as nothing comes or goes.
    refused: Vec<Refusal>,
}

impl UsbPort {
    /// Waits at the given place, or everywhere.
    pub fn new(place: Option<BusPath>) -> Self {
        Self { place, changes: Changes::default(), refused: Vec::new() }
    }

    /// Opens the first phone that can be opened, and says why the others cannot.
    fn attempt(&mut self) -> Result<Plugged, Vec<Refusal>> {
        // Nobody came and nobody left: waiting costs next to nothing.
        if !self.changes.is_due() {
            return Err(self.refused.clone());
        }
        let mut refusals = Vec::new();
        let devices = look();
        // A phone in a boot mode that cannot be opened may open at any moment; one that charges has to leave first.
        if devices.iter().any(|found| found.mode.is_boot()) {
            self.changes.forget();
        }
        for found in devices {
            if self.place.as_ref().is_some_and(|place| *place != found.place) {
                continue;
            }
            let refused = if !found.mode.is_boot() {
                Refused::NotAPhone(found.mode.to_string())
            } else {
                match UsbLink::open(&found) {
                    Ok(link) => return Ok(Plugged { link: Box::new(link), kind: found.mode.kind() }),
                    Err(refused) => refused,
                }
            };
            refusals.push(found.refusal(refused));
        }
        self.refused.clone_from(&refusals);
        Err(refusals)
    }
}

impl Port for UsbPort {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        let start = Instant::now();
        // When each device address was first seen refusing. A phone that re-enumerates gets a new address and a new chance.
        let mut seen: HashMap<(u8, u8), Instant> = HashMap::new();
        loop {
            let refusals = match self.attempt() {
                Ok(plugged) => return Ok(plugged),
                Err(refusals) => refusals,
            };
            seen.retain(|address, _| refusals.iter().any(|refusal| refusal.address == *address));
            let left = within.saturating_sub(start.elapsed());
            for refusal in &refusals {
                let since = seen.entry(refusal.address).or_insert_with(Instant::now).elapsed();
                if refusal.is_final() && since >= SETTLE {
                    return Err(refusal.error());
                }
            }
            if left.is_zero() {
                let worst = refusals.iter().max_by_key(|refusal| refusal.is_final());
                let nobody = LinkError::NoPhone { port: self.name(), seconds: within.as_secs() };
                return Err(worst.map_or(nobody, Refusal::error));
            }
            sleep(LOOK_EVERY.min(left));
        }
    }

    fn name(&self) -> String {
        self.place.as_ref().map_or_else(|| "usb".to_owned(), |place| format!("usb:{place}"))
    }
}

/// A MediaTek device seen on the bus, for `detect`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Where it is plugged in.
    pub place: BusPath,
    /// Vendor number.
    pub vendor: u16,
    /// Product number.
    pub product: u16,
    /// What it is.
    pub mode: Mode,
    /// Why it could not be used just now: `None` when it can. [`LinkError::Denied`] names missing permission.
    pub trouble: Option<LinkError>,
}

/// Returns every MediaTek device on the bus. Boot devices are opened and let go again; nothing is sent to them and no driver
/// is taken from them, so that looking changes nothing.
pub fn list() -> Vec<Sighting> {
    let sight = |found: Found| {
        let error = |error: Error| found.refusal(error.into()).error();
        let trouble = if found.mode.is_boot() { found.device.open().err().map(error) } else { None };
        Sighting {
            place: found.place,
            vendor: found.vendor,
            product: found.product,
            mode: found.mode,
            trouble,
        }
    };
    look().into_iter().map(sight).collect()
}

/// Says what keeps libusb from looking at the bus at all.
///
/// # Errors
/// libusb's own words.
pub fn is_usable() -> Result<(), String> {
    Context::new().and_then(|context| context.devices()).map(|_| ()).map_err(|error| error.to_string())
}

/// A MediaTek device as one look at the bus shows it.
struct Found {
    device: Device<Context>,
    place: BusPath,
    vendor: u16,
    product: u16,
    mode: Mode,
}

impl Found {
    fn name(&self) -> String {
        format!("usb {} ({:04x}:{:04x})", self.place, self.vendor, self.product)
    }

    fn refusal(&self, refused: Refused) -> Refusal {
        Refusal { address: (self.place.bus, self.device.address()), name: self.name(), refused }
    }
}

/// Looks at the bus once, with a context of its own: a libusb without hotplug never notices a device that came later, and
/// rusb's global context panics on a machine without USB, which here simply has no phones.
fn look() -> Vec<Found> {
    let Ok(devices) = Context::new().and_then(|context| context.devices()) else {
        return Vec::new();
    };
    let find = |device: Device<Context>| {
        let descriptor = device.device_descriptor().ok()?;
        let (vendor, product) = (descriptor.vendor_id(), descriptor.product_id());
        let mode = mode_of(vendor, product)?;
        let place = BusPath { bus: device.bus_number(), ports: device.port_numbers().unwrap_or_default() };
        Some(Found { device, place, vendor, product, mode })
    };
    devices.iter().filter_map(find).collect()
}

/// A device that could not be opened in one attempt.
#[derive(Debug, Clone)]
struct Refusal {
    address: (u8, u8),
    name: String,
    refused: Refused,
}

/// Why a device cannot be opened.
#[derive(Debug, Clone)]
enum Refused {
    /// It is something else, or has no bulk pair.
    NotAPhone(String),
    /// libusb refused.
    Usb(Error),
}

impl Refusal {
    /// Returns whether waiting longer than the settling time is pointless. A device in another mode may still be restarted
    /// into its preloader, and one that left during the attempt may come back: both are worth the user's whole time-out.
    fn is_final(&self) -> bool {
        match &self.refused {
            Refused::NotAPhone(_) => false,
            Refused::Usb(error) => !matches!(error, Error::NoDevice | Error::NotFound),
        }
    }

    fn error(&self) -> LinkError {
        let port = self.name.clone();
        match &self.refused {
            Refused::NotAPhone(what) => LinkError::NotAPhone { port, what: what.clone() },
            Refused::Usb(Error::Busy) => LinkError::Busy { port },
            Refused::Usb(Error::Access) => LinkError::Denied { port },
            Refused::Usb(Error::NoDevice) => {
                let what =
                    "it is leaving, or the system shows it without a node below /dev/bus/usb".to_owned();
                LinkError::Io { doing: "open the USB device", what }
            }
            Refused::Usb(error) => LinkError::Io { doing: "open the USB device", what: error.to_string() },
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Usb(error)
    }
}

/// Asks a device for the configuration that is in force; for its first one, and to use it, when there is none.
///
/// The device is asked rather than libusb's tables: see [`super::usb_descriptors`].
fn configuration(device: &Device<Context>, handle: &DeviceHandle<Context>) -> Result<Vec<u8>, Refused> {
    const GET_DESCRIPTOR: u8 = 6;
    let ask = |index: u8, length: usize| {
        let mut bytes = vec![0; length];
        let value = u16::from_be_bytes([CONFIGURATION, index]);
        let count = handle.read_control(0x80, GET_DESCRIPTOR, value, 0, &mut bytes, CONTROL_TIME)?;
        bytes.truncate(count);
        Ok::<_, Error>(bytes)
    };
    let active = handle.active_configuration()?;
    for index in 0..device.device_descriptor()?.num_configurations() {
        let header = ask(index, CONFIGURATION_LENGTH)?;
        let (value, total) = configuration_header(&header).ok_or(Error::BadDescriptor)?;
        if active == 0 {
            handle.set_active_configuration(value)?;
        } else if active != value {
            continue;
        }
        return Ok(ask(index, usize::from(total).max(CONFIGURATION_LENGTH))?);
    }
    Err(Error::BadDescriptor.into())
}

/// Opens a device and takes its interfaces from the kernel's drivers.
fn claim(found: &Found) -> Result<(DeviceHandle<Context>, Pipes), Refused> {
    let handle = found.device.open()?;
    let pipes = Pipes::choose(&configuration(&found.device, &handle)?)
        .ok_or_else(|| Refused::NotAPhone("it has no CDC data interface with a bulk pair".to_owned()))?;
    // Both interfaces, control first: `cdc_acm` lets go of its second half when it loses the first. They are not given back
    // on leaving, because the driver would open the port to ModemManager's probing in the middle of a session.
    for interface in pipes.control.into_iter().chain([pipes.data]) {
        if handle.kernel_driver_active(interface) == Ok(true) {
            match handle.detach_kernel_driver(interface) {
                Ok(()) | Err(Error::NotFound | Error::NotSupported) => {}
                Err(error) => return Err(error.into()),
            }
        }
        handle.claim_interface(interface)?;
    }
    if found.mode == Mode::Brom {
        // A boot ROM may ignore bulk data before it knows the line coding (reference 1.4); one that refuses the request does
        // not need it. A preloader would start its READY stream, so it is not told.
        let index = u16::from(pipes.control.unwrap_or(0));
        let told = handle.write_control(0x21, SET_LINE_CODING, 0, index, &LINE_CODING, CONTROL_TIME);
        if told == Err(Error::NoDevice) {
            return Err(Error::NoDevice.into());
        }
    }
    Ok((handle, pipes))
}

/// How long one IN request waits before the reader looks whether it should end.
const REQUEST: Duration = Duration::from_millis(50);

/// Packets that may wait between the reader and the host. When they are full the phone is held back by the bus.
const PACKETS_QUEUED: usize = 1024;

/// How often a device whose transfer failed is asked whether it is leaving.
const LEAVING_CHECKS: u32 = 20;

/// Rest between two such questions.
const LEAVING_REST: Duration = Duration::from_millis(10);

/// One plugged-in phone.
///
/// A thread keeps an IN request waiting at all times. The preloader sends every field as a packet of its own and stands still
/// until the host collects it (`msdc-direct.md` 5.1), so a host that reads only when it is done sending would stall the phone
/// for 300 ms a field, and pipelined commands would be slower than single ones.
struct UsbLink {
    handle: Arc<DeviceHandle<Context>>,
    pipes: Pipes,
    inbox: Inbox,
    /// `None` only while being dropped.
    arrivals: Option<Receiver<Result<Vec<u8>, LinkError>>>,
    ending: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    opened: Instant,
    name: String,
}

impl UsbLink {
    fn open(found: &Found) -> Result<Self, Refused> {
        let (handle, pipes) = claim(found)?;
        let handle = Arc::new(handle);
        let ending = Arc::new(AtomicBool::new(false));
        let (into, arrivals) = sync_channel(PACKETS_QUEUED);
        // One packet per request: any larger buffer would hold back an answer that ends on a packet border, because no
        // zero-length packet follows it (reference 1.5). Never less than 512, or a packet could overflow the buffer.
        let size = usize::from(pipes.packet).max(512).next_multiple_of(512);
        let reader = {
            let (handle, ending, endpoint) = (Arc::clone(&handle), Arc::clone(&ending), pipes.receive);
            let read = move || read_all(&handle, endpoint, size, &ending, &into);
            Builder::new().name("usb reader".to_owned()).spawn(read).map_err(|_| Error::NoMem)?
        };
        Ok(Self {
            handle,
            pipes,
            inbox: Inbox::new(),
            arrivals: Some(arrivals),
            ending,
            reader: Some(reader),
            opened: Instant::now(),
            name: found.name(),
        })
    }

    /// Moves what the reader got into the inbox, waiting for the first of it.
    fn collect(inbox: &mut Inbox, arrivals: Option<&Receiver<Result<Vec<u8>, LinkError>>>, wait: Duration) {
        let mut next = match arrivals.map(|arrivals| arrivals.recv_timeout(wait)) {
            Some(Ok(arrival)) => Some(arrival),
            Some(Err(RecvTimeoutError::Timeout)) => None,
            Some(Err(RecvTimeoutError::Disconnected)) | None => Some(Err(LinkError::Gone)),
        };
        // No more than one queue full: a phone that floods must not keep the host here.
        let mut more = PACKETS_QUEUED;
        while let Some(arrival) = next {
            match arrival {
                Ok(bytes) => inbox.push(&bytes),
                Err(end) => return inbox.close(end),
            }
            more -= 1;
            next = arrivals.filter(|_| more > 0).and_then(|arrivals| arrivals.try_recv().ok());
        }
    }
}

/// Reads packets until the device leaves, a transfer fails, or the link is dropped.
fn read_all(
    handle: &DeviceHandle<Context>,
    endpoint: u8,
    size: usize,
    ending: &AtomicBool,
    into: &SyncSender<Result<Vec<u8>, LinkError>>,
) {
    let mut buffer = vec![0; size];
    while !ending.load(Ordering::Relaxed) {
        let arrival = match handle.read_bulk(endpoint, &mut buffer, REQUEST) {
            Ok(0) | Err(Error::Timeout | Error::Interrupted) => continue,
            Ok(count) => Ok(buffer[..count].to_vec()),
            Err(error) => Err(explain(handle, endpoint, &mut buffer, error)),
        };
        let ended = arrival.is_err();
        if into.send(arrival).is_err() || ended {
            return;
        }
    }
}

/// Says what a failed receive means. The stream ends either way: bytes may be missing, and what comes later is not passed off
/// as the next. A cable that is being pulled shows errors before the kernel notices, so the device is asked for a while.
fn explain(handle: &DeviceHandle<Context>, endpoint: u8, buffer: &mut [u8], error: Error) -> LinkError {
    for _ in 0..LEAVING_CHECKS {
        if error == Error::NoDevice
            || handle.read_bulk(endpoint, buffer, SHORTEST_WAIT) == Err(Error::NoDevice)
        {
            return LinkError::Gone;
        }
        sleep(LEAVING_REST);
    }
    LinkError::Io { doing: "receive", what: error.to_string() }
}

impl Link for UsbLink {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        if bytes.is_empty() {
            return Ok(()); // a zero-length packet would be a message of its own to an agent
        }
        // rusb counts whole milliseconds and takes none for "for ever".
        let within = within.max(SHORTEST_WAIT);
        match self.handle.write_bulk(self.pipes.send, bytes, within) {
            Ok(count) if count == bytes.len() => Ok(()),
            Ok(got) => Err(LinkError::Timeout { wanted: bytes.len(), got }),
            Err(Error::Timeout) => Err(LinkError::Timeout { wanted: bytes.len(), got: 0 }),
            Err(Error::NoDevice) => Err(LinkError::Gone),
            Err(error) => {
                // Leaving looks like a transfer error at first; the reader knows for certain a moment later.
                Self::collect(&mut self.inbox, self.arrivals.as_ref(), 2 * LEAVING_REST * LEAVING_CHECKS);
                match self.inbox.end() {
                    Some(LinkError::Gone) => Err(LinkError::Gone),
                    _ => Err(LinkError::Io { doing: "send", what: error.to_string() }),
                }
            }
        }
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        let arrivals = self.arrivals.as_ref();
        self.inbox.fill(into, within, |inbox, wait| Self::collect(inbox, arrivals, wait))
    }

    fn elapsed(&self) -> Duration {
        self.opened.elapsed()
    }

    fn pause(&mut self, time: Duration) {
        sleep(time);
    }

    fn describe(&self) -> String {
        self.name.clone()
    }
}

impl Drop for UsbLink {
    /// Ends the reader before the handle is closed. A full channel cannot hold it: its other end goes first.
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        self.arrivals = None;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
