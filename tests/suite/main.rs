//! One program that proves what nvkeep claims. Module = subject, function = claim.

#![allow(dead_code, 
    missing_docs,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod support;

mod ap_files; // trailers, WIFI, BT_Addr, PRODUCT_INFO, FILE_VER
mod architecture; // who may know whom; no forgotten file
mod binregion; // every header variant, checksum, bad blocks
mod catalog; // every description loads and is complete
mod direct; // the eMMC behind READ32 and WRITE32
mod ext4; // read lazily, dirty journals, used blocks
mod generations; // G2, G3, derived keys, probes
mod gpt; // both copies, both sector sizes
mod journal; // what a write leaves behind before it starts
mod lid; // G1 files: checksum, cipher, IMEI, barcode
mod partitions; // PMT, MBR, scatter
mod preloader; // handshake and commands, frozen bytes
mod records; // named fields of every layout
mod simulator; // the phone's half
mod storage; // lazy reads, guarded writes, proven changes
mod transport; // links and the wrappers that stack on them
mod usb; // the real libusb over a pretend usbfs
mod vault; // archives whole or absent
mod wire; // frozen bytes
