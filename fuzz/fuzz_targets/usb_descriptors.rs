//! USB configuration descriptors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::transport::usb_descriptors::{CONFIGURATION, Pipes, configuration_header};

fuzz_target!(|bytes: &[u8]| {
    let bytes = &bytes[..bytes.len().min(4096)];
    if configuration_header(bytes).is_some() {
        assert_eq!(bytes[1], CONFIGURATION);
    }
    if let Some(pipes) = Pipes::choose(bytes) {
        assert!(pipes.send & 0x80 == 0 && pipes.receive & 0x80 != 0);
        assert!(pipes.packet <= 0x07FF);
    }
});
