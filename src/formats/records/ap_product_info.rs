//! PRODUCT_INFO in all its lengths (ap-nvram.md 4.3): barcode and IMEIs of every build, later the addresses, serial and
//! test flags. A short record ends where it ends; vendor forms are told apart only where they can be.

use super::DecodedRecord;
use super::sheet::{Kind::U8, Sheet};

/// Barcode and four IMEIs: the least there is.
const LEAST: usize = 0x68;
/// Length of the form of one vendor (Arima), whose IMEIs are text.
const ARIMA: usize = 3072;

pub(super) fn decode(body: &[u8]) -> Option<DecodedRecord> {
    if body.len() < LEAST {
        return None;
    }
    let mut sheet = Sheet::new("product info", body);
    sheet.text("barcode", 0, 64);
    let text_imei = body.get(64..79).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
    if body.len() == ARIMA && text_imei {
        sheet.text("IMEI 1", 64, 20);
        sheet.text("IMEI 2", 84, 20);
        sheet.mac("Bluetooth address", 104);
        sheet.mac("Wi-Fi address", 110);
        sheet.bytes("flags", 116, 10);
        sheet.secret("SIM lock 1", 126, 370);
        sheet.secret("SIM lock 2", 496, 370);
        sheet.note("a vendor's own form with IMEIs as text");
        return Some(sheet.done());
    }
    for slot in 0..4 {
        let at = 0x40 + slot * 10;
        sheet.imei(format!("IMEI {}", slot + 1), at);
        sheet.number(format!("IMEI {} software version", slot + 1), at + 8, U8);
    }
    sheet.mac("Bluetooth address", 0x68);
    sheet.mac("Wi-Fi address", 0x6E);
    sheet.text("ADB serial", 0x74, 20);
    sheet.bytes("production test flags", 0xA8, 110);
    sheet.bytes("WCN test flags", 0x116, 4);
    sheet.bytes("hardware test flags", 0x11A, 20);
    sheet.bytes("factory-mode flags", 0x12E, 20);
    sheet.number("byte 0x142, kept as it is", 0x142, U8);
    sheet.text("factory pattern", 0x152, 8);
    sheet.row("boot mode, com type, com id, meta log", 0x15A, U8, 4);
    sheet.bytes("ATM flag", 0x15E, 8);
    sheet.number("XO capacitor flag", 0x300, U8);
    sheet.number("XO capacitor offset", 0x301, U8);
    if body.get(0x68..0x88).is_some_and(|later| later.iter().all(|byte| *byte == 0)) {
        sheet.note("addresses and serial are zero: builds of the MT6572 era do not have them");
    }
    sheet.note("informational: the modem reads its own file");
    Some(sheet.done())
}
