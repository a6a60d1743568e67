//! Bytes ⇄ values: BinRegion, LID files, AP files, partition tables, scatter files, ext4, and the descriptions in
//! `formats/*.toml`. No disk, no clock: everything reads through [`ReadAt`] or from slices.

pub mod ap_file;
pub mod binregion;
pub mod catalog;
pub mod da_container;
pub mod derived_key;
pub mod ext4;
mod fixed;
pub mod gpt;
pub mod imei;
pub mod key_probe;
pub mod ldi;
pub mod lid;
pub mod lid_g2;
pub mod mac;
pub mod mbr;
pub mod modem_file;
pub mod partition;
pub mod pmt;
pub mod pmt_nand;
pub mod product_info;
pub mod read_at;
pub mod records;
pub mod remnant;
pub mod scatter;
pub mod scatter_any;
pub mod scatter_text;
pub mod sum_list;

pub use read_at::{ReadAt, ReadError, WriteAt};
