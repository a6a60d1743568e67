//! The kernel's half of usbfs for one open node: ioctls come in over a socket, requests wait, are filled, and are reaped.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, MutexGuard};
use std::thread;
use std::time::Duration;

use super::device::{ControlAnswer, PACKET};
use super::lock;
use super::node::{Plugged, State};

/// The child's end of one ioctl: its memory, and the way back.
struct Memory(UnixStream);

impl Memory {
    fn say(&mut self, words: [u64; 3]) -> io::Result<()> {
        self.0.write_all(words.map(u64::to_ne_bytes).as_flattened())
    }

    fn hear(&mut self) -> io::Result<[u64; 3]> {
        let mut bytes = [0; 24];
        self.0.read_exact(&mut bytes)?;
        let (words, _) = bytes.as_chunks::<8>();
        Ok([words[0], words[1], words[2]].map(u64::from_ne_bytes))
    }

    fn read<const N: usize>(&mut self, address: u64) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_into(address, &mut bytes)?;
        Ok(bytes)
    }

    fn read_into(&mut self, address: u64, bytes: &mut [u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.say([5, address, bytes.len() as u64])?;
        self.0.read_exact(bytes)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.say([6, address, bytes.len() as u64])?;
        self.0.write_all(bytes)
    }

    /// Ends the ioctl as the kernel would: zero, or minus one with an error number.
    fn end(&mut self, outcome: Result<(), u64>) -> io::Result<()> {
        match outcome {
            Ok(()) => self.say([3, 0, 0]),
            Err(number) => self.say([3, u64::MAX, number]),
        }
    }
}

/// Error numbers of Linux, as ioctls and requests report them.
mod errno {
    pub const ENOENT: u64 = 2;
    pub const EAGAIN: u64 = 11;
    pub const EBUSY: u64 = 16;
    pub const ENODEV: u64 = 19;
    pub const EINVAL: u64 = 22;
    pub const ENOTTY: u64 = 25;
    pub const EPIPE: u64 = 32;
    pub const ENODATA: u64 = 61;
    pub const EOVERFLOW: u64 = 75;
    pub const ESHUTDOWN: u64 = 108;
}

/// A `usbdevfs_urb` in the child's memory: type at 0, endpoint at 1, status at 4, buffer at 16, length at 24, actual at 28.
struct Request {
    at: u64,
    kind: u8,
    endpoint: u8,
    buffer: u64,
    length: usize,
    filled: usize,
}

/// One open node: its requests and where they are.
pub(super) struct Opened {
    memory: Memory,
    device: Arc<Plugged>,
    waiting: VecDeque<Request>,
    done: VecDeque<u64>,
}

impl Opened {
    pub(super) fn new(stream: UnixStream, device: Arc<Plugged>) -> Self {
        Self { memory: Memory(stream), device, waiting: VecDeque::new(), done: VecDeque::new() }
    }

    /// Serves until the child closes the node.
    pub(super) fn serve(mut self) {
        while let Ok([call, request, argument]) = self.memory.hear() {
            const IOCTL: u64 = 1;
            let served = match call {
                IOCTL => self.ioctl((request & 0xFF) as u8, argument),
                _ => self.let_pass(),
            };
            if served.is_err() {
                return;
            }
        }
    }

    /// Lets the child's own read or write go to the file.
    fn let_pass(&mut self) -> io::Result<()> {
        self.memory.say([4, 0, 0])?;
        let [_, returned, number] = self.memory.hear()?;
        self.memory.say([3, returned, number])
    }

    fn ioctl(&mut self, number: u8, argument: u64) -> io::Result<()> {
        let device = Arc::clone(&self.device);
        let mut state = lock(&device.state);
        device.notice(&mut state);
        let still_works = matches!(number, 11 | 12 | 13 | 16);
        if state.gone && !still_works {
            return self.memory.end(Err(errno::ENODEV));
        }
        let outcome = match number {
            3 | 4 | 20 | 21 => Err(errno::EPIPE), // RESETEP, SETINTERFACE, RESET, CLEAR_HALT: a preloader stalls them
            5 => {
                state.configured = true; // SETCONFIGURATION
                Ok(())
            }
            16 => Ok(()), // RELEASEINTERFACE
            8 => self.driver(&state, argument)?,
            10 => self.submit(&mut state, argument)?,
            11 => self.discard(argument)?,
            12 | 13 => return self.reap(state, argument),
            15 => self.claim(&mut state, argument)?,
            18 => self.driver_ioctl(&mut state, argument)?,
            26 => {
                // ZERO_PACKET, BULK_CONTINUATION, NO_PACKET_SIZE_LIM, BULK_SCATTER_GATHER, REAP_AFTER_DISCONNECT
                self.memory.write(argument, &0x1Fu32.to_ne_bytes())?;
                Ok(())
            }
            31 => return self.memory.say([3, 3, 0]), // GET_SPEED: high
            _ => Err(errno::ENOTTY),
        };
        device.notice(&mut state);
        drop(state);
        self.memory.end(outcome)
    }

    /// GETDRIVER: the interface's number, then the driver's name.
    fn driver(&mut self, state: &State, argument: u64) -> io::Result<Result<(), u64>> {
        let interface = u32::from_ne_bytes(self.memory.read(argument)?);
        let name: &[u8] = match () {
            () if state.driver.contains(&interface) => b"cdc_acm\0",
            () if state.program => b"usbfs\0",
            () => return Ok(Err(errno::ENODATA)),
        };
        self.memory.write(argument + 4, name)?;
        Ok(Ok(()))
    }

    /// IOCTL: a driver's ioctl, here DISCONNECT only.
    fn driver_ioctl(&mut self, state: &mut State, argument: u64) -> io::Result<Result<(), u64>> {
        const DISCONNECT: u8 = 22;
        let bytes: [u8; 8] = self.memory.read(argument)?;
        let interface = u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        if bytes[4] != DISCONNECT {
            return Ok(Err(errno::ENOTTY));
        }
        if !state.driver.contains(&interface) {
            return Ok(Err(errno::ENODATA));
        }
        state.driver.clear();
        Ok(Ok(()))
    }

    /// CLAIMINTERFACE.
    fn claim(&mut self, state: &mut State, argument: u64) -> io::Result<Result<(), u64>> {
        let interface = u32::from_ne_bytes(self.memory.read(argument)?);
        let exists = u32::from(self.device.configuration[4]) > interface;
        Ok(match () {
            () if !exists || !state.configured => Err(errno::ENOENT),
            () if state.program || state.driver.contains(&interface) => Err(errno::EBUSY),
            () => {
                state.model.claimed(interface);
                Ok(())
            }
        })
    }

    /// SUBMITURB. Everything waits until it is reaped, except control requests.
    fn submit(&mut self, state: &mut State, at: u64) -> io::Result<Result<(), u64>> {
        let bytes: [u8; 56] = self.memory.read(at)?;
        let word = |at: usize| u64::from_ne_bytes(std::array::from_fn(|index| bytes[at + index]));
        let request = Request {
            at,
            kind: bytes[0],
            endpoint: bytes[1],
            buffer: word(16),
            length: (word(24) & 0xFFFF_FFFF) as usize,
            filled: 0,
        };
        const CONTROL: u8 = 2;
        if request.kind == CONTROL {
            self.control(state, request)?;
        } else {
            self.waiting.push_back(request);
            self.progress(state)?;
        }
        Ok(Ok(()))
    }

    /// Answers standard requests for descriptors; asks the model about class and vendor requests.
    fn control(&mut self, state: &mut State, mut request: Request) -> io::Result<()> {
        let mut bytes = vec![0; request.length];
        self.memory.read_into(request.buffer, &mut bytes)?;
        let Some((setup, data)) = bytes.split_first_chunk::<8>() else {
            return self.complete(&request, errno::EINVAL);
        };
        let wanted = usize::from(u16::from_le_bytes([setup[6], setup[7]]));
        let answer = match setup {
            [0x80, 6, _, 1, ..] => ControlAnswer::Data(self.device.descriptor.clone()),
            [0x80, 6, _, 2, ..] => ControlAnswer::Data(self.device.configuration.clone()),
            [kind, ..] if kind & 0x60 != 0 => state.model.control(*setup, &data[..wanted.min(data.len())]),
            _ => ControlAnswer::Stall,
        };
        match answer {
            ControlAnswer::Data(mut data) => {
                data.truncate(wanted);
                self.memory.write(request.buffer + 8, &data)?;
                request.filled = data.len();
                self.complete(&request, 0)
            }
            ControlAnswer::Accept => {
                request.filled = wanted;
                self.complete(&request, 0)
            }
            ControlAnswer::Stall => self.complete(&request, errno::EPIPE),
        }
    }

    /// Lets the bus carry what it can: OUT transfers the model takes, IN packets the model has.
    fn progress(&mut self, state: &mut State) -> io::Result<()> {
        const INTERRUPT: u8 = 1;
        let mut in_blocked = false;
        let mut out_blocked = false;
        for mut request in std::mem::take(&mut self.waiting) {
            self.device.notice(state);
            let incoming = request.endpoint & 0x80 != 0;
            let finished = match () {
                () if state.gone => Some(errno::ESHUTDOWN),
                () if request.kind == INTERRUPT => None,
                () if incoming && !in_blocked => self.fill(state, &mut request)?,
                () if !incoming && !out_blocked && state.model.takes_out() => {
                    let mut bytes = vec![0; request.length];
                    self.memory.read_into(request.buffer, &mut bytes)?;
                    state.model.out(&bytes);
                    request.filled = bytes.len();
                    Some(0)
                }
                () => None,
            };
            match finished {
                Some(status) => self.complete(&request, status)?,
                None => {
                    // Requests of one endpoint are served in order.
                    in_blocked |= incoming;
                    out_blocked |= !incoming;
                    self.waiting.push_back(request);
                }
            }
        }
        Ok(())
    }

    /// Fills an IN request with packets. It ends with a short packet or when it is full; a packet that does not fit is an
    /// overflow, and its rest is lost, as on a real bus.
    fn fill(&mut self, state: &mut State, request: &mut Request) -> io::Result<Option<u64>> {
        while request.filled < request.length {
            let Some(packet) = state.model.take_in(PACKET) else {
                return Ok(None);
            };
            let room = request.length - request.filled;
            let fits = &packet[..packet.len().min(room)];
            self.memory.write(request.buffer + request.filled as u64, fits)?;
            request.filled += fits.len();
            if packet.len() > room {
                return Ok(Some(errno::EOVERFLOW));
            }
            if packet.len() < PACKET {
                break;
            }
        }
        Ok(Some(0))
    }

    /// Writes a request's result and puts it where the child reaps it. `status` is an error number, or 0.
    fn complete(&mut self, request: &Request, status: u64) -> io::Result<()> {
        let status = -(status as i32);
        self.memory.write(request.at + 4, &status.to_ne_bytes())?;
        self.memory.write(request.at + 28, &(request.filled as u32).to_ne_bytes())?;
        self.done.push_back(request.at);
        Ok(())
    }

    /// DISCARDURB: a request that waits ends with what it has.
    fn discard(&mut self, at: u64) -> io::Result<Result<(), u64>> {
        let Some(index) = self.waiting.iter().position(|request| request.at == at) else {
            return Ok(Err(errno::EINVAL));
        };
        if let Some(request) = self.waiting.remove(index) {
            self.complete(&request, errno::ENOENT)?;
        }
        Ok(Ok(()))
    }

    /// REAPURBNDELAY: hands over one finished request. The child's poll always says "ready", because the node is a plain file,
    /// so an empty answer takes its time.
    fn reap(&mut self, mut state: MutexGuard<'_, State>, argument: u64) -> io::Result<()> {
        const EMPTY: Duration = Duration::from_micros(50);
        self.progress(&mut state)?;
        self.device.notice(&mut state);
        let gone = state.gone;
        drop(state);
        if let Some(at) = self.done.pop_front() {
            self.memory.write(argument, &at.to_ne_bytes())?;
            return self.memory.end(Ok(()));
        }
        thread::sleep(EMPTY);
        self.memory.end(Err(if gone { errno::ENODEV } else { errno::EAGAIN }))
    }
}
