//! What the preloader says on endpoint 0: descriptors and the requests it knows (preloader-and-legacy-da.md 1.2, 1.3).

use crate::wire::usb::{
    CLASS_CDC, CLASS_CDC_DATA, GET_LINE_CODING, SEND_BREAK, SET_CONTROL_LINE_STATE, SET_LINE_CODING, VENDOR,
};

/// Answer to a control request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlAnswer {
    /// Done; for an IN request, with these bytes (already cut to wLength).
    Done(Vec<u8>),
    /// Refused.
    Stall,
}

/// What a request means for the firmware.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// The device is configured.
    Configured,
    /// A host program opened the port.
    ToolPresent,
    /// DTR changed.
    DataTerminalReady(bool),
}

const GET_STATUS: u8 = 0;
const SET_ADDRESS: u8 = 5;
const GET_DESCRIPTOR: u8 = 6;
const GET_CONFIGURATION: u8 = 8;
const SET_CONFIGURATION: u8 = 9;
const GET_INTERFACE: u8 = 10;

/// Answers a setup packet.
pub fn control(setup: [u8; 8], configured: bool, full_speed: bool, product: u16) -> (ControlAnswer, Effect) {
    let [kind, request, value_low, value_high, _, _, len_low, len_high] = setup;
    let wanted = usize::from(u16::from_le_bytes([len_low, len_high]));
    let done =
        |bytes: &[u8], effect| (ControlAnswer::Done(bytes[..bytes.len().min(wanted)].to_vec()), effect);
    match (kind >> 5 & 3, request) {
        (0, GET_STATUS) => done(&[1, 0], Effect::None), // self-powered
        (0, GET_DESCRIPTOR) => match descriptor(value_high, value_low, full_speed, product) {
            Some(bytes) => done(&bytes, Effect::None),
            None => (ControlAnswer::Stall, Effect::None),
        },
        (0, SET_ADDRESS) => done(&[], Effect::None),
        (0, SET_CONFIGURATION) => done(&[], if value_low == 1 { Effect::Configured } else { Effect::None }),
        (0, GET_CONFIGURATION) => done(&[u8::from(configured)], Effect::None),
        (0, GET_INTERFACE) => done(&[0], Effect::None),
        (1, SET_LINE_CODING) => done(&[], Effect::ToolPresent),
        (1, GET_LINE_CODING) => done(&[0x00, 0x10, 0x0E, 0x00, 0x00, 0x00, 0x08], Effect::None),
        (1, SET_CONTROL_LINE_STATE) => done(&[], Effect::DataTerminalReady(value_low & 1 != 0)),
        (1, SEND_BREAK) | (2, _) => done(&[], Effect::None),
        _ => (ControlAnswer::Stall, Effect::None),
    }
}

fn descriptor(kind: u8, index: u8, full_speed: bool, product: u16) -> Option<Vec<u8>> {
    let [vendor_low, vendor_high] = VENDOR.to_le_bytes();
    let [product_low, product_high] = product.to_le_bytes();
    match (kind, index) {
        (1, 0) => Some(vec![
            18,
            1,
            0x00,
            0x02,
            CLASS_CDC,
            0,
            0,
            64,
            vendor_low,
            vendor_high,
            product_low,
            product_high,
            0x00,
            0x01,
            1,
            2,
            0,
            1,
        ]),
        (2, 0) => Some(configuration(full_speed)),
        (3, 0) => Some(vec![4, 3, 0x09, 0x04]),
        (3, 1) => Some(text("MediaTek")),
        (3, 2) => Some(text("MT65xx Preloader")),
        (3, 3) => Some(text("USB CDC ACM for preloader")),
        (3, 4) => Some(text("CDC ACM Data Interface")),
        (3, 5) => Some(text("CDC ACM Communication Interface")),
        (6, 0) => Some(vec![10, 6, 0x00, 0x02, CLASS_CDC, 0, 0, 16, 1, 0]),
        _ => None,
    }
}

/// The configuration: data interface before control interface, no association (section 1.2).
fn configuration(full_speed: bool) -> Vec<u8> {
    let [low, high] = if full_speed { 64_u16 } else { 512 }.to_le_bytes();
    let parts: [&[u8]; 10] = [
        &[9, 2, 67, 0, 2, 1, 3, 0xC0, 0xFA],
        &[9, 4, 0, 0, 2, CLASS_CDC_DATA, 0, 0, 4],
        &[7, 5, 0x01, 2, low, high, 0],
        &[7, 5, 0x81, 2, low, high, 0],
        &[9, 4, 1, 0, 1, CLASS_CDC, 2, 1, 5],
        &[5, 0x24, 0x00, 0x10, 0x01], // header: CDC 1.10
        &[4, 0x24, 0x02, 0x0F],       // abstract control model
        &[5, 0x24, 0x06, 1, 0],       // union: master 1, slave 0
        &[5, 0x24, 0x01, 0x03, 0],    // call management over data interface 0
        &[7, 5, 0x83, 3, 64, 0, 0x10],
    ];
    parts.concat()
}

fn text(words: &str) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(2 + 2 * words.len()).unwrap_or(u8::MAX), 3];
    bytes.extend(words.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}
