//! Finds the stream in a USB configuration descriptor (USB 2.0, 9.6.3 to 9.6.6): the interface with the bulk pair and the one
//! a driver holds beside it. Pure, and sound on any bytes; libusb's own tables are not read, because for a damaged descriptor
//! they count endpoints that are not there.

/// Kind of a configuration descriptor.
pub const CONFIGURATION: u8 = 2;

/// Length of the descriptor that leads a configuration.
pub const CONFIGURATION_LENGTH: usize = 9;

const INTERFACE: u8 = 4;
const ENDPOINT: u8 = 5;

/// Interface class of a CDC data interface: the one with the bulk pair, whatever its number (reference 1.2).
const CLASS_DATA: u8 = 0x0A;

/// Interface class of a CDC control interface, which `cdc_acm` holds together with the data interface.
const CLASS_CONTROL: u8 = 0x02;

/// Transfer type of a bulk endpoint, in the two lowest bits of its attributes.
const BULK: u8 = 2;

/// Direction bit of an endpoint's address: set towards the host.
const TO_HOST: u8 = 0x80;

/// The numbers of the interfaces and endpoints that make a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipes {
    /// Number of the interface with the bulk pair.
    pub data: u8,
    /// Number of the control interface, if there is one.
    pub control: Option<u8>,
    /// Address of the endpoint to the phone.
    pub send: u8,
    /// Address of the endpoint to the host.
    pub receive: u8,
    /// Largest packet of the endpoint to the host, in bytes.
    pub packet: u16,
}

/// Returns the value and the total length a configuration descriptor states.
pub fn configuration_header(bytes: &[u8]) -> Option<(u8, u16)> {
    match *bytes {
        [_, CONFIGURATION, low, high, _, value, ..] => Some((value, u16::from_le_bytes([low, high]))),
        _ => None,
    }
}

impl Pipes {
    /// Chooses by class, never by number: preloaders put the data interface first, boot ROMs last. Returns nothing when there
    /// is no data interface with a bulk endpoint in each direction.
    pub fn choose(configuration: &[u8]) -> Option<Self> {
        let mut control = None;
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut inside = false;
        for descriptor in descriptors(configuration) {
            match *descriptor {
                [_, INTERFACE, number, setting, _, class, ..] => {
                    inside = class == CLASS_DATA && setting == 0;
                    if inside {
                        candidates.push(Candidate { number, send: None, receive: None });
                    } else if class == CLASS_CONTROL {
                        control.get_or_insert(number);
                    }
                }
                [_, ENDPOINT, address, attributes, low, high, ..] if inside && attributes & 3 == BULK => {
                    if let Some(candidate) = candidates.last_mut() {
                        // Bits 11 and 12 of the packet size mean something else.
                        candidate.add(address, u16::from_le_bytes([low, high]) & 0x07FF);
                    }
                }
                _ => {}
            }
        }
        candidates.into_iter().find_map(|candidate| {
            let (send, (receive, packet)) = (candidate.send?, candidate.receive?);
            Some(Self { data: candidate.number, control, send, receive, packet })
        })
    }
}

/// A data interface whose endpoints are still coming.
struct Candidate {
    number: u8,
    send: Option<u8>,
    receive: Option<(u8, u16)>,
}

impl Candidate {
    fn add(&mut self, address: u8, packet: u16) {
        if address & TO_HOST == 0 {
            self.send.get_or_insert(address);
        } else {
            self.receive.get_or_insert((address, packet));
        }
    }
}

/// Returns each descriptor of a chain, up to the first that is too short to be one or longer than what is left.
fn descriptors(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(*rest.first()?);
        if length < 2 {
            return None;
        }
        let (descriptor, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(descriptor)
    })
}
