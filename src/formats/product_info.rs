//! PRODUCT_INFO: barcode and IMEIs in the clear at the start of `pro_info` (ap-nvram.md 4.3). The modem never reads it.

use binrw::BinRead;

use super::ap_file::text;
use super::fixed::shape;
use super::imei::{Imei, ImeiField};
use super::mac::MacAddress;

/// Length of the record.
pub const LEN: usize = 1024;
/// Place of the barcode.
pub const BARCODE: std::ops::Range<usize> = 0..64;
/// Place of the four IMEI records of ten bytes.
pub const IMEIS: std::ops::Range<usize> = 0x40..0x68;

/// Place of the Bluetooth address in later records.
pub const BT_AT: usize = 0x68;
/// Place of the Wi-Fi address in later records.
pub const WIFI_AT: usize = 0x6E;
/// Bytes of one IMEI record.
pub const IMEI_LEN: usize = 10;

/// The identity fields as they are stored.
#[derive(BinRead)]
#[br(little)]
struct Record {
    barcode: [u8; 64],
    imeis: [ImeiRecord; 4],
    bt: [u8; 6],
    wifi: [u8; 6],
}

/// One IMEI with software version and padding.
#[derive(BinRead)]
#[br(little)]
struct ImeiRecord {
    digits: [u8; 8],
    _software_version: u8,
    _pad: u8,
}

/// The identities of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductInfo {
    /// Text of the barcode; empty when never written.
    pub barcode: String,
    /// IMEI fields of slots 1 to 4.
    pub imeis: Vec<ImeiField>,
    /// Bluetooth address at 0x68; zero on builds that leave its place reserved (MT6572).
    pub bt: MacAddress,
    /// Wi-Fi address at 0x6E; the same.
    pub wifi: MacAddress,
}

/// Decodes the record; `None` when it is too short.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<ProductInfo> {
    let record: Record = shape(bytes.get(..LEN)?, 0)?;
    let imeis = record.imeis.iter().map(|imei| Imei::from_bcd(&imei.digits)).collect();
    let (bt, wifi) = (MacAddress(record.bt), MacAddress(record.wifi));
    Some(ProductInfo { barcode: text(&record.barcode), imeis, bt, wifi })
}
