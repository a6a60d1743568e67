//! MAC addresses and the rules by which a phone's software leaves a placeholder instead of one (ap-nvram.md 4.1, 4.2).

use std::fmt;

/// Six bytes in transmission order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress(pub [u8; 6]);

/// Whether an address was given to one phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacStatus {
    /// Unicast and none of the known placeholders.
    Valid,
    /// A placeholder of a driver, a chip or a vendor's package.
    Default,
    /// All zero or all FF.
    Null,
    /// Multicast: no interface may have it.
    Invalid,
}

impl MacAddress {
    /// Reads six bytes at `at` of a file.
    #[must_use]
    pub fn at(bytes: &[u8], at: usize) -> Option<Self> {
        bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|six| Self(*six))
    }

    /// Reads `02:4e:56:4b:50:01`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2)?;
            *byte = u8::from_str_radix(part, 16).ok()?;
        }
        parts.next().is_none().then_some(Self(bytes))
    }

    /// Judges the address; `templates` are whole addresses that vendors' packages carry.
    #[must_use]
    pub fn status(&self, templates: &[MacAddress]) -> MacStatus {
        match self.0 {
            [0, 0, 0, 0, 0, 0] | [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF] => MacStatus::Null,
            [first, ..] if first & 1 == 1 => MacStatus::Invalid,
            // The Wi-Fi driver's own OUI for made-up addresses, and the Bluetooth chips' 00:00:46:CHIP:01.
            [0x00, 0x08, 0x22, ..] | [0x00, 0x00, 0x46, _, _, 0x01] => MacStatus::Default,
            // The MT6572 loader compares four bytes only and takes such an address for zero (4.1).
            [0, 0, 0, 0, _, _] => MacStatus::Default,
            _ if templates.contains(self) => MacStatus::Default,
            _ => MacStatus::Valid,
        }
    }

    /// Returns the address with its middle hidden.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{:02x}:{:02x}:**:**:**:{:02x}", self.0[0], self.0[1], self.0[5])
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}
