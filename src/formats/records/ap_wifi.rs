//! `WIFI` in every version (ap-nvram.md 4.1), chosen by length: A and A' (512 bytes), the longer gen3 variant (1024), B
//! (2048). Address and country stand at the same place in all.

use super::DecodedRecord;
use super::sheet::{
    Kind::{S8, U8, U16},
    Sheet,
};

/// Address and country end here; a shorter file holds neither.
const LEAST: usize = 12;
/// Transmit power, by modulation: name, place, count of rates.
const POWER: [(&str, usize, usize); 7] = [
    ("TX power CCK and DSSS", 0x0C, 2),
    ("TX power OFDM", 0x10, 6),
    ("TX power HT20", 0x16, 6),
    ("TX power HT40", 0x1C, 6),
    ("TX power 5 GHz OFDM", 0x22, 6),
    ("TX power 5 GHz HT20", 0x28, 6),
    ("TX power 5 GHz HT40", 0x2E, 6),
];
/// Fields that only gen3 chips (version A') have: name, place, length.
const GEN3: [(&str, usize, usize); 12] = [
    ("gen3 signature", 0x3C, 2),
    ("gen3 5 GHz band edge", 0x3E, 4),
    ("gen3 channel offsets", 0x50, 3),
    ("gen3 channel offsets valid, all channels", 0x53, 2),
    ("gen3 5 GHz channel offsets", 0x60, 8),
    ("gen3 5 GHz channel offsets valid", 0x68, 1),
    ("gen3 5 GHz 11ac power", 0x70, 11),
    ("gen3 5 GHz 11ac power valid", 0x7B, 1),
    ("gen3 2.4 GHz 11ac power", 0x90, 11),
    ("gen3 2.4 GHz 11ac power valid", 0x9B, 1),
    ("gen3 RX diversity, RSSI compensation 2.4 and 5 GHz, valid, GPS desense", 0x107, 5),
    ("gen3 feature bits", 0x10C, 2),
];
/// Tags of version B: name, place of the tag, length of its content.
const TAGS: [(&str, usize, usize); 7] = [
    ("2.4 GHz power table", 0x105, 50),
    ("5 GHz power table", 0x139, 70),
    ("2.4 GHz WF0 path", 0x181, 137),
    ("5 GHz WF0 path", 0x20C, 157),
    ("2.4 GHz common", 0x2AB, 100),
    ("5 GHz common", 0x311, 85),
    ("system", 0x368, 58),
];

pub(super) fn decode(body: &[u8]) -> Option<DecodedRecord> {
    if body.len() < LEAST {
        return None;
    }
    let mut sheet = Sheet::new("Wi-Fi", body);
    match body.len() {
        512 => {
            common(&mut sheet);
            version_a(&mut sheet);
        }
        1024 => {
            common(&mut sheet);
            sheet.bytes("gen3 extension", 0x100, 768);
            sheet.note("the extension of the 1024-byte record is not described");
        }
        2048 => {
            common(&mut sheet);
            version_b(&mut sheet);
        }
        len => {
            sheet.mac("Wi-Fi address", 4);
            sheet.text("country", 0x0A, 2);
            sheet.note(format!(
                "record of {len} bytes: no version has it, so only the common fields are read"
            ));
        }
    }
    Some(sheet.done())
}

fn common(sheet: &mut Sheet<'_>) {
    sheet.number("own version", 0, U16);
    sheet.number("peer version", 2, U16);
    sheet.mac("Wi-Fi address", 4);
    sheet.text("country", 0x0A, 2);
    for (name, at, count) in POWER {
        sheet.row(name, at, S8, count);
        sheet.unit("1/2 dBm");
    }
    sheet.bytes("eFuse-like calibration", 0x34, 144);
    sheet.number("crystal trim (bit 7 enables)", 0x6D, U8);
    sheet.state("TX power valid", 0xC4, U8, &[(0, "no"), (1, "yes")]);
    sheet.state("5 GHz support", 0xC5, U8, &[(0, "no"), (1, "yes")]);
    sheet.number("2.4 GHz band-edge limit used", 0xC6, U8);
    sheet.row("band-edge limit CCK, OFDM20, OFDM40", 0xC7, S8, 3);
    sheet.unit("1/2 dBm");
    sheet.row("channel list map and index", 0xCA, U8, 2);
    sheet.bytes("regulatory sub-bands", 0xCC, 36);
}

fn version_a(sheet: &mut Sheet<'_>) {
    sheet.number("part 2 own version", 0x100, U16);
    sheet.number("part 2 peer version", 0x102, U16);
    sheet.number("2.4 GHz only 20 MHz", 0x104, U8);
    sheet.number("5 GHz only 20 MHz", 0x105, U8);
    sheet.number("5 GHz enabled", 0x106, U8);
    let used = |(_, at, len): &(&str, usize, usize)| {
        sheet.bytes_at(*at, *len).is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0))
    };
    let used: Vec<_> = GEN3.iter().filter(|field| used(field)).collect();
    if !used.is_empty() {
        sheet.note("gen3 fields are named so only on chips of the MT6735, MT6755, MT6797 class");
    }
    for (name, at, len) in used {
        sheet.bytes(*name, *at, *len);
    }
}

fn version_b(sheet: &mut Sheet<'_>) {
    sheet.number("5 GHz enabled", 0xF0, U8);
    sheet.number("check LDO", 0xF1, U8);
    sheet.number("default test mode", 0xF2, U8);
    sheet.bytes("TX power control tag", 0x100, 5);
    for (number, (name, at, len)) in (1..).zip(TAGS) {
        sheet.row(format!("tag {number} id and length"), at, U8, 2);
        sheet.bytes(format!("tag {number} {name}"), at + 2, len);
    }
}
