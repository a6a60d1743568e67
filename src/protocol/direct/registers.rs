//! Which registers this engine may touch, and nothing else: the controller's words, the gate, the pins, the watchdog and
//! the download flags (msdc-direct.md 6 "ASSERT on bad address"). RXDATA is reached only on purpose.

use crate::protocol::chip::ChipProfile;
use crate::protocol::preloader::check;
use crate::protocol::stream::Batch;
use crate::protocol::{Preloader, ProtocolError};
use crate::wire::msdc as reg;
use crate::wire::soc::{rgu, usbdl};

/// Controller words that may be read; reading them changes nothing.
const READABLE: [u32; 15] = [
    reg::CFG,
    reg::IOCON,
    reg::PS,
    reg::INT,
    reg::INTEN,
    reg::FIFOCS,
    reg::SDC_CFG,
    reg::SDC_STS,
    reg::SDC_RESP0,
    reg::SDC_RESP1,
    reg::SDC_RESP2,
    reg::SDC_RESP3,
    reg::SDC_DCRC_STS,
    reg::PATCH_BIT0,
    reg::PATCH_BIT1,
];
/// Controller words that may be written.
const WRITABLE: [u32; 7] =
    [reg::CFG, reg::INT, reg::FIFOCS, reg::SDC_CFG, reg::SDC_CMD, reg::SDC_ARG, reg::SDC_BLK_NUM];

/// Accesses to the controller that go out together.
pub(super) struct Plan {
    base: u32,
    batch: Batch,
    refused: Option<ProtocolError>,
}

impl Plan {
    /// Reads one word.
    pub fn read(self, offset: u32) -> Self {
        self.read_words(offset, 1)
    }

    /// Reads `count` words in one burst.
    pub fn read_words(mut self, offset: u32, count: u16) -> Self {
        for word in 0..u32::from(count) {
            if !READABLE.contains(&(offset + word * 4)) {
                self.refuse("READ32", offset + word * 4);
            }
        }
        self.batch = self.batch.read(self.base + offset, count);
        self
    }

    /// Reads INT, INTEN and FIFOCS: the best poll there is (msdc-direct.md 4.3).
    pub fn poll(self) -> Self {
        self.read_words(reg::INT, 3)
    }

    /// Writes one word.
    pub fn write(mut self, offset: u32, value: u32) -> Self {
        if !WRITABLE.contains(&offset) {
            self.refuse("WRITE32", offset);
        }
        self.batch = self.batch.write(self.base + offset, value);
        self
    }

    /// Pops `words` words from the receive FIFO; the caller has seen that they are there.
    pub fn pop(mut self, words: usize) -> Self {
        for _ in 0..words {
            self.batch = self.batch.read(self.base + reg::RXDATA, 1);
        }
        self
    }

    /// Pushes bytes into the send FIFO, the first of each four in bits 7:0; the caller has seen that there is room.
    pub fn push(mut self, bytes: &[u8]) -> Self {
        let (words, _) = bytes.as_chunks::<4>();
        for word in words {
            self.batch = self.batch.write(self.base + reg::TXDATA, u32::from_le_bytes(*word));
        }
        self
    }

    fn refuse(&mut self, what: &str, offset: u32) {
        let doing = format!("{what} {:08x}", self.base.wrapping_add(offset));
        let why = "this engine may not touch that controller register";
        self.refused.get_or_insert(ProtocolError::AddressRefused { doing, why });
    }
}

/// The registers of one chip, behind one preloader.
pub(super) struct Registers {
    pub preloader: Preloader,
    pub chip: ChipProfile,
}

impl Registers {
    /// Takes a preloader and checks that the description names no address that would assert the phone.
    pub fn new(preloader: Preloader, chip: ChipProfile) -> Result<Self, ProtocolError> {
        if chip.verified && chip.clock_gate.is_none() {
            let deltas = vec!["the description is verified, yet names no clock gate".to_owned()];
            return Err(ProtocolError::Fingerprint { deltas });
        }
        let words = |address: u32, bytes: u32| check("READ32", address, bytes as usize / 4, 4, usize::MAX);
        words(chip.msdc0, reg::END)?;
        words(chip.rgu, rgu::SWRST + 4)?;
        if let Some(address) = chip.usbdl_flags {
            words(address, usbdl::MAGIC + 4)?;
        }
        for address in chip
            .clock_gate
            .iter()
            .map(|gate| gate.address)
            .chain(chip.pinmux.iter().chain(&chip.nand_pinmux).map(|pins| pins.address))
        {
            words(address, 4)?;
            // A read inside the controller could pop its FIFO.
            if (chip.msdc0..chip.msdc0 + reg::END).contains(&address) {
                let doing = format!("READ32 {address:08x}");
                let why = "the description puts a gate or pin word inside the storage controller";
                return Err(ProtocolError::AddressRefused { doing, why });
            }
        }
        Ok(Self { preloader, chip })
    }

    /// Starts a plan.
    pub fn plan(&self) -> Plan {
        Plan { base: self.chip.msdc0, batch: Batch::new(), refused: None }
    }

    /// Runs a plan; returns the words read.
    pub fn run(&mut self, plan: Plan) -> Result<Vec<u32>, ProtocolError> {
        match plan.refused {
            Some(refused) => Err(refused),
            None => self.preloader.run(&plan.batch),
        }
    }

    /// Reads the gate word or a pin word, which the description names.
    pub fn read_side(&mut self, address: u32) -> Result<u32, ProtocolError> {
        let mut word = [0];
        self.preloader.read32(address, &mut word)?;
        Ok(word[0])
    }
}
