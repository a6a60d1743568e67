//! The sheet a decoder fills: fields read at their places. Promises that no place outside the bytes is ever read; knows no
//! layout.

use super::{DecodedRecord, Field, FieldValue};
use crate::formats::ap_file;
use crate::formats::imei::Imei;
use crate::formats::mac::MacAddress;

/// How a number is stored. Little endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    S8,
    U16,
    S16,
    U32,
    S32,
}

use Kind::{S8, S16, S32, U8, U16, U32};

impl Kind {
    pub(super) fn width(self) -> usize {
        match self {
            U8 | S8 => 1,
            U16 | S16 => 2,
            U32 | S32 => 4,
        }
    }

    fn read(self, bytes: &[u8], at: usize) -> Option<i64> {
        let rest = bytes.get(at..)?;
        Some(match self {
            U8 => i64::from(*rest.first()?),
            S8 => i64::from(i8::from_le_bytes(*rest.first_chunk()?)),
            U16 => i64::from(u16::from_le_bytes(*rest.first_chunk()?)),
            S16 => i64::from(i16::from_le_bytes(*rest.first_chunk()?)),
            U32 => i64::from(u32::from_le_bytes(*rest.first_chunk()?)),
            S32 => i64::from(i32::from_le_bytes(*rest.first_chunk()?)),
        })
    }
}

/// A record being decoded.
pub(super) struct Sheet<'a> {
    bytes: &'a [u8],
    record: DecodedRecord,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(title: &str, bytes: &'a [u8]) -> Self {
        Self { bytes, record: DecodedRecord { title: title.into(), fields: Vec::new(), notes: Vec::new() } }
    }

    /// Starts a sheet for a record of exactly `len` bytes.
    pub(super) fn of(title: &str, bytes: &'a [u8], len: usize) -> Option<Self> {
        (bytes.len() == len).then(|| Self::new(title, bytes))
    }

    pub(super) fn bytes_at(&self, at: usize, len: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(len)?)
    }

    pub(super) fn read(&self, at: usize, kind: Kind) -> Option<i64> {
        kind.read(self.bytes, at)
    }

    pub(super) fn put(&mut self, name: impl Into<String>, offset: usize, len: usize, value: FieldValue) {
        if self.bytes_at(offset, len).is_some() {
            self.record.fields.push(Field { name: name.into(), offset, len, value, unit: None });
        }
    }

    /// Gives the last field its unit.
    pub(super) fn unit(&mut self, unit: &'static str) {
        if let Some(field) = self.record.fields.last_mut() {
            field.unit = Some(unit);
        }
    }

    pub(super) fn number(&mut self, name: impl Into<String>, at: usize, kind: Kind) {
        if let Some(number) = self.read(at, kind) {
            self.put(name, at, kind.width(), FieldValue::Number(number));
        }
    }

    pub(super) fn row(&mut self, name: impl Into<String>, at: usize, kind: Kind, count: usize) {
        let numbers = (0..count).map(|index| self.read(at + index * kind.width(), kind)).collect();
        if let Some(numbers) = numbers {
            self.put(name, at, count * kind.width(), FieldValue::Numbers(numbers));
        }
    }

    pub(super) fn real(&mut self, name: impl Into<String>, at: usize) {
        if let Some(four) = self.bytes_at(at, 4).and_then(|bytes| bytes.first_chunk()) {
            self.put(name, at, 4, FieldValue::Real(f32::from_le_bytes(*four)));
        }
    }

    pub(super) fn text(&mut self, name: impl Into<String>, at: usize, len: usize) {
        if let Some(bytes) = self.bytes_at(at, len) {
            self.put(name, at, len, FieldValue::Text(ap_file::text(bytes)));
        }
    }

    pub(super) fn bytes(&mut self, name: impl Into<String>, at: usize, len: usize) {
        if let Some(bytes) = self.bytes_at(at, len) {
            self.put(name, at, len, FieldValue::Bytes(bytes.to_vec()));
        }
    }

    pub(super) fn secret(&mut self, name: impl Into<String>, at: usize, len: usize) {
        self.put(name, at, len, FieldValue::Secret);
    }

    /// A number whose known values have names; another value stays a bare number.
    pub(super) fn state(
        &mut self,
        name: impl Into<String>,
        at: usize,
        kind: Kind,
        names: &[(i64, &'static str)],
    ) {
        if let Some(raw) = self.read(at, kind) {
            let known = names.iter().find(|(value, _)| *value == raw);
            let value =
                known.map_or(FieldValue::Number(raw), |(_, meaning)| FieldValue::State { raw, meaning });
            self.put(name, at, kind.width(), value);
        }
    }

    pub(super) fn imei(&mut self, name: impl Into<String>, at: usize) {
        if let Some(eight) = self.bytes_at(at, 8).and_then(|bytes| bytes.first_chunk()) {
            self.put(name, at, 8, FieldValue::Imei(Imei::from_bcd(eight)));
        }
    }

    pub(super) fn mac(&mut self, name: impl Into<String>, at: usize) {
        if let Some(mac) = MacAddress::at(self.bytes, at) {
            self.put(name, at, 6, FieldValue::Mac(mac));
        }
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.record.notes.push(note.into());
    }

    pub(super) fn done(self) -> DecodedRecord {
        self.record
    }
}
