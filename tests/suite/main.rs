//! One program that proves what nvkeep claims. Module = subject, function = claim.

#![allow(dead_code, 
    missing_docs,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod support;

mod architecture; // who may know whom; no forgotten file
mod direct; // the eMMC behind READ32 and WRITE32
mod preloader; // handshake and commands, frozen bytes
mod simulator; // the phone's half
mod transport; // links and the wrappers that stack on them
mod usb; // the real libusb over a pretend usbfs
mod wire; // frozen bytes
