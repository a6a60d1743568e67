//! The preloader's commands, typed (preloader-and-legacy-da.md 3). A [`Preloader`] exists only after the handshake.
//! Promises never to send an address that would assert the phone; knows no register by name.

use std::time::Duration;

use super::ProtocolError;
use super::stream::{Batch, Stream};
use crate::transport::LinkError;
use crate::wire::preloader::{command, status, target_config};
use crate::wire::soc::{FORBIDDEN_PAGE, WINDOW_END, WINDOW_START};

/// Most items in one write, so that arguments and data stay below what the phone's ring takes.
const MOST_WRITTEN: usize = 96;
/// Most items in one read.
const MOST_READ: usize = 4096;

/// Answer of GET_HW_SW_VER (section 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HwSwVersion {
    /// Hardware sub code, `8a00` on the MT6572 family.
    pub hw_sub_code: u16,
    /// Hardware version, for example `ca01`.
    pub hw_version: u16,
    /// Software version.
    pub sw_version: u16,
}

/// Answer of GET_TARGET_CONFIG: what the fuses demand (section 3.3). Not a promise: a preloader may verify more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetConfig(pub u32);

impl TargetConfig {
    /// Secure boot check.
    #[must_use]
    pub fn sbc(self) -> bool {
        self.0 & target_config::SBC != 0
    }
    /// Serial link authorisation.
    #[must_use]
    pub fn sla(self) -> bool {
        self.0 & target_config::SLA != 0
    }
    /// Download agent authorisation.
    #[must_use]
    pub fn daa(self) -> bool {
        self.0 & target_config::DAA != 0
    }
    /// Root certificate required.
    #[must_use]
    pub fn cert(self) -> bool {
        self.0 & target_config::CERT != 0
    }
    /// Memory read needs authorisation.
    #[must_use]
    pub fn read_auth(self) -> bool {
        self.0 & target_config::READ_AUTH != 0
    }
    /// Memory write needs authorisation.
    #[must_use]
    pub fn write_auth(self) -> bool {
        self.0 & target_config::WRITE_AUTH != 0
    }
}

/// A phone in its preloader's command loop.
pub struct Preloader {
    pub(super) stream: Stream,
}

impl Preloader {
    /// Takes a stream whose handshake is done.
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream }
    }

    /// Returns the time since the link opened, on the link's clock.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.stream.elapsed()
    }

    /// Lets time pass on the link's clock.
    pub fn pause(&mut self, time: Duration) {
        self.stream.pause(time);
    }

    /// FD: asks for the hardware code. Some phones swallow the first query after a handshake (section 1.9), so a silent
    /// one is asked once more.
    ///
    /// # Errors
    /// When the phone is silent, answers something else, or reports an error status.
    pub fn hw_code(&mut self) -> Result<u16, ProtocolError> {
        match self.hw_code_once() {
            Err(ProtocolError::Link { cause: LinkError::Timeout { got: 0, .. }, .. }) => {
                self.stream.mend();
                self.stream.drain(Duration::from_millis(100));
                self.hw_code_once()
            }
            other => other,
        }
    }

    /// FD, never repeated: for a phone that may be in the middle of a command.
    pub(super) fn hw_code_once(&mut self) -> Result<u16, ProtocolError> {
        let answer = self.query(command::GET_HW_CODE, 4, "GET_HW_CODE")?;
        Ok(u16::from_be_bytes([answer[0], answer[1]]))
    }

    /// FC: asks for sub code and versions.
    ///
    /// # Errors
    /// As [`Self::hw_code`].
    pub fn hw_sw_version(&mut self) -> Result<HwSwVersion, ProtocolError> {
        let answer = self.query(command::GET_HW_SW_VER, 8, "GET_HW_SW_VER")?;
        let word = |at: usize| u16::from_be_bytes([answer[at], answer[at + 1]]);
        Ok(HwSwVersion { hw_sub_code: word(0), hw_version: word(2), sw_version: word(4) })
    }

    /// FE: asks for the preloader's version.
    ///
    /// # Errors
    /// [`ProtocolError::Brom`] when the byte comes back as it was: that is a boot ROM. Else as [`Self::hw_code`].
    pub fn bl_version(&mut self) -> Result<u8, ProtocolError> {
        let answer = self.stream.say(&[command::GET_BL_VER], 1, &[], "GET_BL_VER")?;
        match answer[0] {
            command::GET_BL_VER => Err(ProtocolError::Brom),
            version => Ok(version),
        }
    }

    /// D8: asks for the security fuses.
    ///
    /// # Errors
    /// As [`Self::hw_code`].
    pub fn target_config(&mut self) -> Result<TargetConfig, ProtocolError> {
        let answer = self.query(command::GET_TARGET_CONFIG, 6, "GET_TARGET_CONFIG")?;
        Ok(TargetConfig(u32::from_be_bytes([answer[0], answer[1], answer[2], answer[3]])))
    }

    /// D1: reads consecutive 32-bit words from `address` on.
    ///
    /// # Errors
    /// [`ProtocolError::AddressRefused`] before sending; [`ProtocolError::Status`] when the phone refuses.
    pub fn read32(&mut self, address: u32, into: &mut [u32]) -> Result<(), ProtocolError> {
        check("READ32", address, into.len(), 4, MOST_READ)?;
        let mut batch = Batch::new();
        batch.push(command::READ32, 4, address, into.len(), &[]);
        into.copy_from_slice(&self.stream.run(&batch)?);
        Ok(())
    }

    /// D4: writes consecutive 32-bit words from `address` on; each echoed word is compared.
    ///
    /// # Errors
    /// As [`Self::read32`].
    pub fn write32(&mut self, address: u32, values: &[u32]) -> Result<(), ProtocolError> {
        check("WRITE32", address, values.len(), 4, MOST_WRITTEN)?;
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
        let mut batch = Batch::new();
        batch.push(command::WRITE32, 4, address, values.len(), &data);
        self.stream.run(&batch).map(|_| ())
    }

    /// D0: reads consecutive 16-bit words from `address` on.
    ///
    /// # Errors
    /// As [`Self::read32`].
    pub fn read16(&mut self, address: u32, into: &mut [u16]) -> Result<(), ProtocolError> {
        check("READ16", address, into.len(), 2, MOST_READ)?;
        let mut batch = Batch::new();
        batch.push(command::READ16, 2, address, into.len(), &[]);
        for (item, word) in into.iter_mut().zip(self.stream.run(&batch)?) {
            *item = u16::try_from(word).unwrap_or(u16::MAX);
        }
        Ok(())
    }

    /// D2: writes consecutive 16-bit words from `address` on; each echoed word is compared.
    ///
    /// # Errors
    /// As [`Self::read32`].
    pub fn write16(&mut self, address: u32, values: &[u16]) -> Result<(), ProtocolError> {
        check("WRITE16", address, values.len(), 2, MOST_WRITTEN)?;
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
        let mut batch = Batch::new();
        batch.push(command::WRITE16, 2, address, values.len(), &data);
        self.stream.run(&batch).map(|_| ())
    }

    /// Writes one word and looks at the first byte that comes back: a build that does not echo would lose step for ever
    /// (msdc-direct.md 4.2). The value's first byte must not be zero.
    pub(super) fn confirm_echo(&mut self, address: u32, value: u32) -> Result<(), ProtocolError> {
        check("WRITE32", address, 1, 4, 1)?;
        let doing = format!("WRITE32 {address:08x} x 1 (echo test)");
        let mut header = vec![command::WRITE32];
        header.extend(address.to_be_bytes());
        header.extend(1u32.to_be_bytes());
        let answer = self.stream.say(&header, header.len() + 2, &header, &doing)?;
        let at = header.len();
        check_status(&answer[at..], &doing)?;
        let data = value.to_be_bytes();
        let first = self.stream.say(&data, 1, &[], &doing)?;
        let (expected, got) = (data[0], first[0]);
        if got == 0 && expected != 0 {
            return Err(self.stream.broken_by(ProtocolError::SilentWrite32 { got }));
        }
        if got != expected {
            let at = at + 2;
            return Err(self.stream.broken_by(ProtocolError::EchoMismatch { doing, at, expected, got }));
        }
        let rest = self.stream.hear(data.len() - 1 + 2, &data[1..], at + 3, &doing)?;
        check_status(&rest[data.len() - 1..], &doing)
    }

    /// Runs checked accesses together.
    pub(super) fn run(&mut self, batch: &Batch) -> Result<Vec<u32>, ProtocolError> {
        self.stream.run(batch)
    }

    fn query(&mut self, op: u8, reply: usize, doing: &str) -> Result<Vec<u8>, ProtocolError> {
        let answer = self.stream.ask(op, reply, doing)?;
        check_status(&answer[reply - 2..], doing)?;
        Ok(answer)
    }
}

fn check_status(word: &[u8], doing: &str) -> Result<(), ProtocolError> {
    match word.first_chunk::<2>().map(|word| u16::from_be_bytes(*word)) {
        Some(word) if word > status::LAST_GOOD => {
            Err(ProtocolError::Status { doing: doing.to_owned(), status: word })
        }
        _ => Ok(()),
    }
}

/// Checks what the phone would punish with an assert (msdc-direct.md 4.1).
pub(super) fn check(
    what: &str,
    address: u32,
    count: usize,
    width: u32,
    most: usize,
) -> Result<(), ProtocolError> {
    let length = u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(width);
    // The firmware demands that the first address *behind* the range lies in the window too.
    let end = address.checked_add(length).filter(|end| *end < WINDOW_END);
    let why = match end {
        _ if count == 0 => "count is zero",
        _ if count > most => "count is too large",
        _ if !address.is_multiple_of(width) => "address is not aligned",
        None => "address lies outside the window 10000000-1fffffff",
        Some(_) if address < WINDOW_START => "address lies outside the window 10000000-1fffffff",
        Some(end) if address < FORBIDDEN_PAGE.end && end > FORBIDDEN_PAGE.start => {
            "address lies in the crypto page 1000a000-1000afff"
        }
        Some(_) => return Ok(()),
    };
    Err(ProtocolError::AddressRefused { doing: format!("{what} {address:08x} x {count}"), why })
}
