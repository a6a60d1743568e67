//! AP files and addresses against ap-nvram.md 2.4, 3.2, 4.1, 4.2.

use nvkeep::formats::ap_file;
use nvkeep::formats::binregion::data_checksum;
use nvkeep::formats::imei::{Imei, ImeiField};
use nvkeep::formats::mac::{MacAddress, MacStatus};
use nvkeep::formats::product_info;
use nvkeep::simulator::build::binregion::checksum;
use proptest::prelude::*;

#[test]
fn trailers_are_those_of_the_reference() {
    let counting: Vec<u8> = (0..16).collect();
    for (body, sum) in [(&[0, 0, 0, 0][..], 0), (&[1], 1), (&[1, 2], 3), (&counting, 0), (&[0xFF; 4], 0)] {
        assert_eq!(ap_file::trailer(body), [0xAA, sum]);
    }
}

#[test]
fn backup_counters_use_the_other_parity() {
    assert_eq!(ap_file::backup_counter(&[0x34, 0x12, 0, 0, 0x46]), Some(0x1234));
    assert_eq!(ap_file::backup_counter(&[4, 3, 2, 1, 6]), Some(0x0102_0304));
    assert_eq!(ap_file::backup_counter(&[4, 3, 2, 1, 7]), None);
}

#[test]
fn placeholders_are_never_valid_addresses() {
    let templates = [MacAddress::parse("10:ab:1a:1b:1c:12").unwrap()];
    for (text, status) in [
        ("02:4e:56:4b:50:01", MacStatus::Valid),
        ("00:08:22:11:22:33", MacStatus::Default),
        ("00:00:46:65:72:01", MacStatus::Default),
        ("10:ab:1a:1b:1c:12", MacStatus::Default),
        ("00:00:00:00:00:00", MacStatus::Null),
        ("ff:ff:ff:ff:ff:ff", MacStatus::Null),
        ("01:00:5e:00:00:01", MacStatus::Invalid),
    ] {
        assert_eq!(MacAddress::parse(text).unwrap().status(&templates), status, "{text}");
    }
}

/// The 512-byte WIFI record an MT6572 starts with (4.1).
fn wifi_record(mac: [u8; 6]) -> Vec<u8> {
    let mut record = vec![0; 512];
    record[..2].copy_from_slice(&0x0104u16.to_le_bytes());
    record[4..10].copy_from_slice(&mac);
    record[0x0C..0x0E].fill(0x26);
    record[0x10..0x1C].fill(0x20);
    record[0x1C..0x22].fill(0x1E);
    record[0xC4] = 1;
    record[0xC6..0xCA].copy_from_slice(&[1, 0x26, 0x1E, 0x1A]);
    record
}

#[test]
fn default_records_of_the_mt6572_have_their_trailers() {
    let mut bluetooth = vec![0u8; 64];
    bluetooth[..30].copy_from_slice(&[
        0x00, 0x00, 0x46, 0x65, 0x72, 0x01, 0x60, 0x00, 0x23, 0x10, 0x00, 0x00, 0x07, 0x80, 0x00, 0x06, 0x05,
        0x07, 0x03, 0x40, 0x1F, 0x40, 0x1F, 0x00, 0x04, 0x80, 0x00, 0xFF, 0xFF, 0xFF,
    ]);
    assert_eq!(ap_file::trailer(&bluetooth), [0xAA, 0x50]);
    assert_eq!(ap_file::trailer(&wifi_record([0; 6])), [0xAA, 0x75]);
    let provisioned = wifi_record([2, 0, 0, 0, 0, 1]);
    assert_eq!(ap_file::trailer(&provisioned), [0xAA, 0x66]);
    let file = [provisioned, vec![0xAA, 0x66]].concat();
    assert_eq!(MacAddress::at(&file, ap_file::WIFI_MAC_AT), MacAddress::parse("02:00:00:00:00:01"));
    assert_eq!(file[ap_file::WIFI_TX_POWER_VALID_AT], 1);
    assert!(ap_file::WIFI_SIZES.contains(&file.len()));
}

#[test]
fn a_trailer_is_looked_for_only_where_there_is_one() {
    for (name, has) in [("WIFI", true), ("BT_Addr", true), ("FILE_VER", false), ("CAMERA_Para", false)] {
        assert_eq!(ap_file::has_trailer(name), has, "{name}");
    }
    assert_eq!(ap_file::body(&[0xAA, 0]), None);
    assert_eq!(ap_file::body(&[1, 2, 0xAB, 3]), None);
    assert_eq!(ap_file::body(&[1, 2, 0xAA, 3]), Some(&[1, 2][..]));
}

#[test]
fn every_backup_counter_of_the_reference_is_read() {
    for (counter, bytes) in [(0, [0, 0, 0, 0, 0]), (1, [1, 0, 0, 0, 1])] {
        assert_eq!(ap_file::backup_counter(&bytes), Some(counter));
    }
    assert_eq!(ap_file::backup_counter(&[1, 0, 0, 0]), None);
    assert_eq!(ap_file::backup_counter(&[1, 0, 0, 0, 1, 0]), None);
}

#[test]
fn versions_are_rows_of_seventy_four_bytes_or_another_format() {
    let row = |name: &str, version: &str| {
        let mut row = vec![0; 74];
        row[..name.len()].copy_from_slice(name.as_bytes());
        row[70..73].copy_from_slice(version.as_bytes());
        row
    };
    let file = [row("NVRAM_VER_INFO", "000"), row("FILE_VER", "000"), row("BT_Addr", "001")].concat();
    let rows = ap_file::file_versions(&file).unwrap();
    assert_eq!(rows[2], ("BT_Addr".to_owned(), "001".to_owned()));
    assert_eq!(ap_file::file_versions(&file[..file.len() - 1]), None);
    assert_eq!(ap_file::file_versions(b"000\x00001\0"), None, "format B");
}

#[test]
fn product_info_gives_four_numbers_and_the_barcode() {
    let mut record = vec![0; 1024];
    record[..10].copy_from_slice(b"TEST012345");
    record[0x40..0x48].copy_from_slice(&[0x94, 0x10, 0x45, 0x02, 0x23, 0x73, 0x15, 0x08]);
    record[0x4A..0x52].copy_from_slice(&[0x53, 0x96, 0x83, 0x30, 0x65, 0x34, 0x08, 0xF9]);
    record[0x54..0x5C].fill(0xFF);
    record[0x5E] = 0xAB;
    let info = product_info::decode(&record).unwrap();
    assert_eq!(info.barcode, "TEST012345");
    let digits = |text: &str| ImeiField::Digits(Imei::parse(text).unwrap());
    // High nibble of the last byte: 0 by AP writers, F by the modem's convention.
    assert_eq!(info.imeis[..2], [digits("490154203237518"), digits("356938035643809")]);
    assert_eq!(info.imeis[2..], [ImeiField::Unset, ImeiField::Garbage]);
    assert_eq!(product_info::decode(&record[..1023]), None);
}

#[test]
fn an_address_of_four_zero_bytes_counts_as_none() {
    let status = |text: &str| MacAddress::parse(text).unwrap().status(&[]);
    assert_eq!(status("00:00:00:00:12:34"), MacStatus::Default);
    assert_eq!(status("00:00:46:65:82:02"), MacStatus::Valid, "the rule ends in 01");
    for wrong in ["", "02:00:00:00:00", "02:00:00:00:00:01:02", "2:0:0:0:0:1", "0g:00:00:00:00:00"] {
        assert_eq!(MacAddress::parse(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn a_body_comes_back_out_of_its_file(body in proptest::collection::vec(any::<u8>(), 1..600), at: proptest::sample::Index, bit in 0u8..8) {
        let file = [&body[..], &ap_file::trailer(&body)].concat();
        prop_assert_eq!(ap_file::body(&file), Some(&body[..]));
        let mut wrong = file.clone();
        wrong[at.index(file.len())] ^= 1 << bit;
        // One flipped bit changes the running byte, or the trailer itself.
        prop_assert_eq!(ap_file::body(&wrong), None);
    }

    #[test]
    fn two_writers_agree_on_the_data_checksum(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(data_checksum(&data), checksum(&data));
    }

    #[test]
    fn an_address_reads_as_it_is_shown(bytes: [u8; 6]) {
        let mac = MacAddress(bytes);
        prop_assert_eq!(MacAddress::parse(&mac.to_string()), Some(mac));
    }
}
