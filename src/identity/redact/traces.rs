//! The forms in which a value can stand in a phone's memory: digits, coded digits, turned digits, under every known cipher.
//! Finds them and puts the same form of another value in their place; knows no file.

use crate::formats::imei::Imei;
use crate::formats::key_probe::{ModemKey, known_keys};
use crate::formats::mac::MacAddress;

/// Shorter traces are met by chance.
const SHORTEST: usize = 6;

/// A form of a value, and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What the bytes are of, in words.
    pub what: &'static str,
    /// The bytes that must not stay.
    pub bytes: Vec<u8>,
    /// The same form of the value that is put in instead; as long.
    pub instead: Vec<u8>,
}

/// Returns every trace of one number; `instead` is the number that takes its place.
pub(super) fn of_imei(imei: &Imei, instead: &Imei) -> Vec<Trace> {
    let forms: [fn(&str) -> Vec<u8>; 5] = [
        |digits| digits.as_bytes().to_vec(),
        wide,
        |digits| packed(&digits[..14], false),
        |digits| packed(&digits[..14], true),
        // As a mobile identity (3GPP TS 24.008 10.5.1.4): the first digit shares its byte with the type.
        |digits| packed(&digits[1..], false),
    ];
    let (text, other) = (imei.to_string(), instead.to_string());
    let mut traces = vec![];
    for form in forms {
        add(&mut traces, "IMEI", form(&text), form(&other));
    }
    let (bcd, other) = (imei.to_modem_bcd(), instead.to_modem_bcd());
    ciphered(&mut traces, "IMEI", &bcd[..7], &other[..7]);
    traces
}

/// Returns every trace of an address.
pub(super) fn of_mac(mac: MacAddress, instead: MacAddress) -> Vec<Trace> {
    let reversed = |mac: MacAddress| mac.0.iter().rev().copied().collect();
    let text = |mac: MacAddress, between: &str, upper: bool| {
        let pairs: Vec<String> = mac.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = pairs.join(between);
        if upper { text.to_uppercase() } else { text }
    };
    let mut traces = vec![];
    add(&mut traces, "address", mac.0.to_vec(), instead.0.to_vec());
    add(&mut traces, "address", reversed(mac), reversed(instead));
    for between in ["", ":", "-"] {
        for upper in [false, true] {
            let (one, other) = (text(mac, between, upper), text(instead, between, upper));
            add(&mut traces, "address", one.clone().into_bytes(), other.clone().into_bytes());
            add(&mut traces, "address", wide(&one), wide(&other));
        }
    }
    ciphered(&mut traces, "address", &mac.0, &instead.0);
    traces
}

/// Returns every trace of a text; `instead` is as long.
pub(super) fn of_text(text: &str, instead: &str) -> Vec<Trace> {
    let mut traces = vec![];
    add(&mut traces, "barcode", text.as_bytes().to_vec(), instead.as_bytes().to_vec());
    add(&mut traces, "barcode", wide(text), wide(instead));
    ciphered(&mut traces, "barcode", text.as_bytes(), instead.as_bytes());
    traces
}

/// Replaces every trace in `bytes`. Returns how many there were.
pub fn blot(bytes: &mut [u8], traces: &[Trace]) -> usize {
    let mut count = 0;
    for trace in traces {
        let mut from = 0;
        while let Some(at) = find(bytes.get(from..).unwrap_or_default(), &trace.bytes) {
            let at = from + at;
            if let Some(place) = bytes.get_mut(at..at + trace.bytes.len()) {
                place.copy_from_slice(&trace.instead);
            }
            from = at + 1;
            count += 1;
        }
    }
    count
}

/// Returns the first trace that stands in `bytes`, and where.
#[must_use]
pub fn first<'a>(bytes: &[u8], traces: &'a [Trace]) -> Option<(usize, &'a Trace)> {
    traces.iter().find_map(|trace| find(bytes, &trace.bytes).map(|at| (at, trace)))
}

/// Adds a trace that is long enough to mean something and does not stand for itself.
pub(super) fn add(traces: &mut Vec<Trace>, what: &'static str, bytes: Vec<u8>, instead: Vec<u8>) {
    if bytes.len() >= SHORTEST && bytes.len() == instead.len() && bytes != instead {
        traces.push(Trace { what, bytes, instead });
    }
}

/// The start of a record under each cipher of headerless files: every record starts the key stream anew.
fn ciphered(traces: &mut Vec<Trace>, what: &'static str, plain: &[u8], instead: &[u8]) {
    for known in known_keys() {
        if let (false, Some(bytes), Some(other)) = (
            matches!(known.key, ModemKey::Aes(_)),
            known.key.open_record(plain),
            known.key.open_record(instead),
        ) {
            add(traces, what, bytes, other);
        }
    }
}

fn wide(text: &str) -> Vec<u8> {
    text.bytes().flat_map(|byte| [byte, 0]).collect()
}

/// Two digits a byte, the first in the low half, or in the high one.
fn packed(digits: &str, high_first: bool) -> Vec<u8> {
    let values: Vec<u8> = digits.bytes().map(|digit| digit.wrapping_sub(b'0') & 0xF).collect();
    let pair = |pair: &[u8]| match pair {
        [first, second] if high_first => first << 4 | second,
        [first, second] => second << 4 | first,
        _ => 0,
    };
    values.chunks_exact(2).map(pair).collect()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let at = from + rest.iter().position(|byte| *byte == first)?;
        if bytes.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
}
