//! IMEI: fifteen digits with a Luhn check digit, and the BCD form every record uses (modem-nvram.md 3.4). Decodes what
//! is there; whether a number may be believed is judged elsewhere.

use std::fmt;

/// Fifteen decimal digits. Shown whole by `Display`, never by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Imei([u8; 15]);

/// What an eight-byte IMEI field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImeiField {
    /// Never written: all FF or all zero.
    Unset,
    /// Fifteen digits, whatever they are.
    Digits(Imei),
    /// Something that is no number.
    Garbage,
}

impl Imei {
    /// Reads fifteen decimal digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; 15] = text.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then(|| Self(digits.map(|digit| digit - b'0')))
    }

    /// Returns whether the check digit is right (Luhn over fifteen digits).
    #[must_use]
    pub fn check_digit_holds(&self) -> bool {
        let sum: u32 = self
            .0
            .iter()
            .enumerate()
            .map(|(index, digit)| {
                let value = u32::from(*digit) * if index % 2 == 1 { 2 } else { 1 };
                value / 10 + value % 10
            })
            .sum();
        sum.is_multiple_of(10)
    }

    /// Returns whether all digits are the same, which no phone was given.
    #[must_use]
    pub fn is_monotonous(&self) -> bool {
        self.0.iter().all(|digit| *digit == self.0[0])
    }

    /// Returns the number with its middle hidden: `49015420****518`.
    #[must_use]
    pub fn masked(&self) -> String {
        let whole = self.to_string();
        format!("{}****{}", &whole[..8], &whole[12..])
    }

    /// Decodes eight bytes: low nibble first, fifteenth digit in the low nibble of byte 7, high nibble F (modem) or 0 (AP).
    #[must_use]
    pub fn from_bcd(field: &[u8; 8]) -> ImeiField {
        if field == &[0xFF; 8] || field == &[0; 8] {
            return ImeiField::Unset;
        }
        let mut digits = [0u8; 15];
        for (index, digit) in digits.iter_mut().enumerate() {
            *digit = field[index / 2] >> (4 * (index % 2)) & 0xF;
        }
        let filler = field[7] >> 4;
        if digits.iter().any(|digit| *digit > 9) || (filler != 0xF && filler != 0) {
            return ImeiField::Garbage;
        }
        ImeiField::Digits(Self(digits))
    }

    /// Encodes as the modem does: low nibble first, the high nibble of byte 7 is F (modem-nvram.md 3.4).
    #[must_use]
    pub fn to_modem_bcd(&self) -> [u8; 8] {
        let digit = |index: usize| self.0.get(index).copied().unwrap_or(0xF);
        std::array::from_fn(|index| digit(2 * index) | digit(2 * index + 1) << 4)
    }
}

impl fmt::Display for Imei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{digit}"))
    }
}

impl fmt::Debug for Imei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}
