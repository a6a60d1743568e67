//! What both ends of the cable agree on: opcodes, statuses, register names, fixed shapes. Constants only; this room
//! knows no algorithm, so that host and simulator can share it without sharing a mistake.

pub mod agent;
pub mod emmc;
pub mod msdc;
pub mod preloader;
pub mod soc;
pub mod usb;
