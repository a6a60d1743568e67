//! AP files and the addresses in them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::ap_file::{backup_counter, body, file_versions, text, trailer};
use nvkeep::formats::mac::MacAddress;

fuzz_target!(|bytes: &[u8]| {
    let bytes = &bytes[..bytes.len().min(4096)];
    if let Some(body) = body(bytes) {
        assert_eq!([body, &trailer(body)].concat(), bytes);
    }
    if !bytes.is_empty() {
        assert_eq!(body(&[bytes, &trailer(bytes)].concat()), Some(bytes));
    }
    let printable = |c: char| (' '..='~').contains(&c) || c == char::REPLACEMENT_CHARACTER;
    assert!(text(bytes).chars().all(printable));
    let _ = (file_versions(bytes), backup_counter(bytes));
    if let Some(mac) = MacAddress::at(bytes, 0) {
        assert_eq!(MacAddress::parse(&mac.to_string()), Some(mac));
        let _ = (mac.status(&[]), mac.masked());
    }
    if let Some(mac) = std::str::from_utf8(bytes).ok().and_then(MacAddress::parse) {
        assert_eq!(MacAddress::parse(&mac.to_string()), Some(mac));
    }
});
