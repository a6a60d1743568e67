//! One program that proves what nvkeep claims. Module = subject, function = claim.

#![allow(
    missing_docs,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod support;

mod agent; // the user's Download Agent: its file, and its conversation in frozen bytes
mod ap_files; // trailers, WIFI, BT_Addr, PRODUCT_INFO, FILE_VER
mod architecture; // who may know whom; no forgotten file
mod backup; // the identity set, read, checked, archived
mod binregion; // every header variant, checksum, bad blocks
mod binregion_compose; // regions made of files, refused or read back whole
mod cache; // what is kept of a phone's blocks
mod catalog; // every description loads and is complete
mod closed_world; // random phones, and no identity from nowhere
mod command_line; // help, exit codes, JSON
#[cfg(unix)]
mod confinement; // targets, names, slow phones, logs
mod demo; // the newcomer's first run
mod diff; // two sources, by meaning
mod direct; // the eMMC behind READ32 and WRITE32
#[cfg(unix)]
mod doctor; // what keeps a machine from its phones, on made-up ones
mod ext4; // read lazily, dirty journals, used blocks
mod families; // phones of later modem families
mod faults; // the cable cut at every transfer of every use case
mod generations; // G2, G3, derived keys, probes
mod gpt; // both copies, both sector sizes
mod gpt_phones; // phones located by GPT: kept, closed, restored
mod guard; // around any flasher: the phone's own identity in the end
mod hostile; // every parser, damaged by seed
mod identity; // layers, verdicts, plans
mod imports; // other tools' backups as sources and as archives
mod inspect; // everything decoded, on phone, image, archive, folder
mod journal; // what a write leaves behind before it starts
#[cfg(unix)]
mod killed; // kill -9, power loss of the host, full disks
mod layouts; // scatter files of every form, PMT of NAND
mod legacy; // the same claims through the user's own Download Agent
mod lid; // G1 files: checksum, cipher, IMEI, barcode
mod nand; // raw NAND: kept, judged by what can be read, never written
mod narrate; // what is said on the wire, in words
mod partitions; // PMT, MBR, scatter
mod pictures; // every screen at every size
mod preflight; // ROM packages before they are flashed
mod preloader; // handshake and commands, frozen bytes
mod proofs; // what is left of finished writes
mod records; // named fields of every layout
mod redact; // copies that are safe to publish
mod regressions; // issue_N_what_happened
mod remnants; // what is left of lost files
mod repair; // from evidence to a healthy phone, or a refusal
mod restore; // plan, binding, closed world, read back
mod samples; // the real MT6572, when it is there
mod screen; // updates without a terminal, sessions with the real worker
mod sealed; // archives for the way out of the shop, with age
mod simulator; // the phone's half
mod speed; // link time and host time, printed
mod storage; // lazy reads, guarded writes, proven changes
mod terminal; // the screen in a real terminal
mod transport; // links and the wrappers that stack on them
mod usb; // the real libusb over a pretend usbfs
mod vault; // archives whole or absent
mod vault_verbs; // archives listed, searched, given back
mod volume; // files made in ext4 volumes, judged by e2fsck
mod wire; // frozen bytes
