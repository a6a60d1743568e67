//! Serves a simulated phone to anyone's tool over TCP or a pty, one connection after another. Each connection is one
//! plug-in; the flash persists between them. Here the phone's clock follows the real one.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::path::Path;
#[cfg(unix)]
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::app::{Exit, Failure, ServeRequest};
use crate::simulator::{Board, Departure, Flash, Phone, Presence, Scenario};

/// How long one look for bytes from the tool takes, and so how coarsely the phone's clock moves.
const LOOK: Duration = Duration::from_millis(5);

/// Serves as asked; returns after the last connection that was asked for.
///
/// # Errors
/// When the scenario is bad, the address cannot be listened on, or the state file cannot be read or written.
pub fn serve(
    request: &ServeRequest,
    scenario: &Scenario,
    announce: &mut dyn FnMut(&str),
) -> Result<(), Failure> {
    let (mut board, mut flash) = scenario.build(request.data.as_deref()).map_err(bad_scenario)?;
    if let Some(path) = request.state.as_deref().filter(|path| path.exists()) {
        flash = load(path, &board)?;
    }
    let mut next = listener(&request.listen, announce)?;
    let mut served = 0u32;
    while request.connections.is_none_or(|limit| served < limit) {
        let mut stream = next().map_err(|error| cannot_listen(&request.listen, &error))?;
        served = served.saturating_add(1);
        announce(&format!("PLUGGED {served}"));
        let (phone, why) = converse(stream.as_mut(), Phone::plug_in(board, flash));
        announce(&format!("UNPLUGGED {served} {why}"));
        (board, flash) = phone.unplug();
        if let Some(path) = &request.state {
            save(path, &flash)?;
        }
    }
    Ok(())
}

/// A byte stream to a tool, with a short read time-out.
trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// Waits for the next connection.
type Next = Box<dyn FnMut() -> io::Result<Box<dyn Stream>>>;

fn listener(address: &str, announce: &mut dyn FnMut(&str)) -> Result<Next, Failure> {
    if let Some(end) = address.strip_prefix("tcp://") {
        let listener = TcpListener::bind(end).map_err(|error| cannot_listen(address, &error))?;
        let port = listener.local_addr().map_err(|error| cannot_listen(address, &error))?.port();
        announce(&format!("PORT {port}"));
        return Ok(Box::new(move || {
            let (stream, _) = listener.accept()?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(LOOK))?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        }));
    }
    #[cfg(unix)]
    if address == "pty" {
        return pty(announce);
    }
    Err(Failure::new(Exit::Usage, "bad-address", format!("{address} is no address to listen on"))
        .advise("Write tcp://HOST:PORT (port 0 takes a free one), or pty."))
}

/// A pty stays the same for every plug-in: a tool that closes it pulls the cable, one that opens it plugs in again. The
/// slave end is not held here, for whoever holds it makes it busy for the tool.
#[cfg(unix)]
fn pty(announce: &mut dyn FnMut(&str)) -> Result<Next, Failure> {
    use serialport::SerialPort;
    let failed = |error: serialport::Error| {
        Failure::new(Exit::Other, "no-pty", format!("the system gave no pseudo terminal: {error}"))
    };
    let (mut master, slave) = serialport::TTYPort::pair().map_err(failed)?;
    master.set_timeout(LOOK).map_err(failed)?;
    announce(&format!("PORT {}", slave.name().unwrap_or_default()));
    drop(slave);
    let master = Arc::new(Mutex::new(master));
    Ok(Box::new(move || {
        // The phone is plugged in when the tool speaks, for its listen window is short.
        let mut pty = Pty { master: master.clone(), heard: None, open: false };
        let mut first = [0u8; 1];
        loop {
            match pty.read(&mut first) {
                Ok(0) => {}
                Ok(_) => {
                    pty.heard = Some(first[0]);
                    return Ok(Box::new(pty) as Box<dyn Stream>);
                }
                Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {}
                Err(error) => return Err(error),
            }
        }
    }))
}

/// The master end of a pty, and the byte that was read ahead.
#[cfg(unix)]
struct Pty {
    master: Arc<Mutex<serialport::TTYPort>>,
    heard: Option<u8>,
    open: bool,
}

/// What Linux says to the master while no slave is open.
#[cfg(unix)]
const EIO: i32 = 5;

/// Returns whether no tool has the pty open: `EIO` from a read, or a broken pipe from the crate's look before it.
#[cfg(unix)]
fn nobody(error: &io::Error) -> bool {
    error.raw_os_error() == Some(EIO) || error.kind() == ErrorKind::BrokenPipe
}

#[cfg(unix)]
impl Read for Pty {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let (Some(byte), Some(place)) = (self.heard, into.first_mut()) {
            *place = byte;
            self.heard = None;
            return Ok(1);
        }
        match self.master.lock().unwrap_or_else(PoisonError::into_inner).read(into) {
            Ok(count) => {
                self.open |= count > 0;
                Ok(count)
            }
            Err(error) if nobody(&error) && !self.open => {
                std::thread::sleep(LOOK);
                Err(ErrorKind::TimedOut.into())
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(unix)]
impl Write for Pty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.master.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.master.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

/// Carries bytes between a tool and the phone until one of them leaves; says who did.
fn converse(stream: &mut dyn Stream, mut phone: Phone) -> (Phone, String) {
    phone.hears_a_stream();
    let mut last = Instant::now();
    let mut buffer = [0u8; 512];
    loop {
        let heard = match stream.read(&mut buffer) {
            Ok(0) => return (phone, "the tool closed".into()),
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => 0,
            Err(error) if error.kind() == ErrorKind::Interrupted => 0,
            Err(error) => return (phone, format!("the tool left: {error}")),
        };
        phone.pass(last.elapsed());
        last = Instant::now();
        if heard > 0 {
            phone.hear(&buffer[..heard]);
        }
        let mut said = Vec::new();
        while let Some(packet) = phone.next_packet() {
            said.extend(packet);
        }
        if !said.is_empty()
            && let Err(error) = stream.write_all(&said).and_then(|()| stream.flush())
        {
            return (phone, format!("the tool left: {error}"));
        }
        if let Presence::Gone { why } = phone.presence() {
            return (phone, format!("the phone {}", words(why)));
        }
    }
}

/// Says in words why the phone left.
fn words(why: Departure) -> &'static str {
    match why {
        Departure::Booted => "went on booting: nobody spoke to it in time",
        Departure::Asserted(_) => "asserted: it was asked for something it refuses",
        Departure::Reset { download_cancelled: true, automatic: true } => "was restarted, and boots",
        Departure::Reset { .. } => "was restarted, but not so that it boots by itself",
        Departure::Watchdog => "was restarted by its watchdog",
        Departure::Finished => "was told to stop, and stays dead until its key is held",
        Departure::Enumerates { .. } => "was told to enumerate anew at another speed",
        Departure::Cut => "lost its cable",
        Departure::PowerLost => "lost its power",
    }
}

fn load(path: &Path, board: &Board) -> Result<Flash, Failure> {
    let file = File::open(path).map_err(|error| Failure::file("opening the phone's state", path, &error))?;
    let loaded = Flash::load(&mut BufReader::new(file));
    loaded.and_then(|flash| board.accepts(&flash).map(|()| flash)).map_err(|error| {
        Failure::new(Exit::Usage, "bad-state", format!("{}: {error}", path.display()))
            .advise("The file is no saved state of this phone; remove it to begin with a fresh phone.")
    })
}

fn save(path: &Path, flash: &Flash) -> Result<(), Failure> {
    let failed = |error: &io::Error| Failure::file("saving the phone's state to", path, error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let part = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    let mut writer = BufWriter::new(part);
    flash
        .save(&mut writer)
        .map_err(|error| Failure::new(Exit::Other, "state", format!("{}: {error}", path.display())))?;
    let part = writer.into_inner().map_err(|error| failed(error.error()))?;
    part.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}

/// Turns the simulator's complaint about a scenario into a failure.
pub fn bad_scenario(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, "bad-scenario", format!("the scenario cannot be built: {error}"))
}

fn cannot_listen(address: &str, error: &io::Error) -> Failure {
    let exit = match error.kind() {
        ErrorKind::AddrInUse | ErrorKind::PermissionDenied => Exit::Denied,
        _ => Exit::Other,
    };
    Failure::new(exit, "cannot-listen", format!("cannot listen on {address}: {error}"))
}
