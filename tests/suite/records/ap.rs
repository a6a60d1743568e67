//! AP files: ap-nvram.md 2.4, 3.2, 3.3, 4.1-4.4.

use nvkeep::formats::ap_file::{body, trailer};
use nvkeep::formats::records;

use super::{decode, family, hex, number, row, shown};

/// The MT6572 default of ap-nvram.md 4.1.
fn wifi_a() -> Vec<u8> {
    let mut plain = vec![0; 512];
    plain[..2].copy_from_slice(&[0x04, 0x01]);
    plain[0x0C..0x0E].fill(0x26);
    plain[0x10..0x1C].fill(0x20);
    plain[0x1C..0x22].fill(0x1E);
    (plain[0xC4], plain[0xC6]) = (1, 1);
    plain[0xC7..0xCA].copy_from_slice(&[0x26, 0x1E, 0x1A]);
    plain
}

#[test]
fn trailers_are_those_of_the_reference() {
    let address = hex("020000000001");
    let mut with_address = wifi_a();
    with_address[4..10].copy_from_slice(&address);
    let bluetooth = bt_combo();
    for (plain, sum) in [
        (vec![0; 4], 0x00),
        (vec![1], 0x01),
        (vec![1, 2], 0x03),
        ((0..16).collect(), 0x00),
        (vec![0xFF; 4], 0x00),
        (bluetooth, 0x50),
        (wifi_a(), 0x75),
        (with_address, 0x66),
    ] {
        assert_eq!(trailer(&plain), [0xAA, sum], "{} bytes", plain.len());
        assert_eq!(body(&[&plain[..], &[0xAA, sum]].concat()), Some(&plain[..]));
    }
}

#[test]
fn wifi_version_a_is_read() {
    let mut plain = wifi_a();
    plain[4..10].copy_from_slice(&hex("024e564b5001"));
    plain[0x0A..0x0C].copy_from_slice(b"US");
    plain[0x104] = 1;
    let record = decode("/data/nvram/APCFG/APRDEB/WIFI", &plain);
    assert_eq!(shown(&record, "Wi-Fi address"), "02:4e:56:4b:50:01");
    assert_eq!((shown(&record, "country"), number(&record, "own version")), ("US".into(), 0x104));
    assert_eq!(row(&record, "TX power CCK and DSSS"), [0x26, 0x26]);
    assert_eq!(
        (row(&record, "TX power OFDM"), row(&record, "TX power HT40")),
        (vec![0x20; 6], vec![0x1E; 6])
    );
    assert_eq!(record.field("TX power OFDM").unwrap().unit, Some("1/2 dBm"));
    assert_eq!(shown(&record, "TX power valid"), "yes (1)");
    assert_eq!(row(&record, "band-edge limit CCK, OFDM20, OFDM40"), [0x26, 0x1E, 0x1A]);
    assert_eq!(number(&record, "2.4 GHz only 20 MHz"), 1);
    assert!(record.notes.is_empty());
    // The gen3 form of the same length: named as such only where something stands there.
    plain[0x3C] = 0x55;
    plain[0x10C] = 3;
    let record = decode("WIFI", &plain);
    assert_eq!(
        (shown(&record, "gen3 signature"), shown(&record, "gen3 feature bits")),
        ("5500".into(), "0300".into())
    );
    assert!(record.field("gen3 2.4 GHz 11ac power").is_none());
    assert!(record.notes[0].contains("gen3"));
}

#[test]
fn wifi_version_b_and_the_lengths_between_are_read() {
    let mut plain = vec![0; 2048];
    plain[4..10].copy_from_slice(&hex("024e564b5001"));
    (plain[0], plain[2], plain[0xF0]) = (1, 8, 1);
    plain[0x105..0x107].copy_from_slice(&[1, 50]);
    plain[0x368..0x36A].copy_from_slice(&[7, 58]);
    plain[0x3A3] = 0xEE;
    let record = decode("WIFI", &plain);
    assert_eq!((number(&record, "own version"), number(&record, "peer version")), (1, 8));
    assert_eq!(number(&record, "5 GHz enabled"), 1);
    assert_eq!(
        (row(&record, "tag 1 id and length"), row(&record, "tag 7 id and length")),
        (vec![1, 50], vec![7, 58])
    );
    assert!(shown(&record, "tag 7 system").ends_with("ee"));
    let record = decode("WIFI", &vec![0; 1024]);
    assert_eq!(shown(&record, "Wi-Fi address"), "00:00:00:00:00:00");
    assert_eq!(record.field("gen3 extension").unwrap().len, 768);
    let record = decode("WIFI", &[7; 100]);
    assert_eq!((shown(&record, "Wi-Fi address"), record.fields.len()), ("07:07:07:07:07:07".into(), 2));
    assert!(record.notes[0].contains("100"));
    assert!(records::decode("WIFI", &[7; 11], family("wr8")).is_none());
}

/// The MT6572 default of ap-nvram.md 4.2.
fn bt_combo() -> Vec<u8> {
    let mut plain =
        hex("00004665720160002310000007800006050703401f401f000480 00ffffff".replace(' ', "").as_str());
    plain.resize(64, 0);
    plain
}

#[test]
fn bluetooth_records_of_every_length_are_read() {
    let record = decode("BT_Addr", &bt_combo());
    assert_eq!(shown(&record, "Bluetooth address"), "00:00:46:65:72:01");
    for (name, value) in [
        ("voice", "6000"),
        ("codec and PCM", "23100000"),
        ("radio", "078000060507"),
        ("sleep", "03401f401f0004"),
        ("features", "8000"),
        ("TX power channel offsets", "ffffff"),
        ("coexistence", "000000000000"),
    ] {
        assert_eq!(shown(&record, name), value);
    }
    for (len, name, offset, width) in [
        (110, "TSSI", 0x35, 35),
        (110, "TX power offset extension 2", 0x29, 10),
        (73, "clock select", 52, 1),
        (96, "unit key", 8, 16),
        (30, "features", 0x19, 2),
        (8, "codec", 7, 1),
    ] {
        let plain: Vec<u8> = (0..len).map(|byte| byte as u8).collect();
        let record = decode("BT_Addr", &plain);
        let field = record.field(name).unwrap_or_else(|| panic!("{len}: {name}"));
        assert_eq!((field.offset, field.len), (offset, width));
        assert_eq!(shown(&record, "Bluetooth address"), "00:01:02:03:04:05");
    }
    let record = decode("BT_Addr", &[1; 438]);
    assert_eq!((record.fields.len(), record.notes.len()), (1, 1));
    assert!(records::decode("BT_Addr", &[1; 5], family("wr8")).is_none());
}

#[test]
fn product_info_of_every_length_is_read() {
    let mut plain = vec![0; 1024];
    plain[..16].copy_from_slice(b"NVKEEPSAMPLE0001");
    plain[0x40..0x48].copy_from_slice(&hex("9410450223731508"));
    plain[0x4A..0x52].copy_from_slice(&hex("53968330653408f9"));
    plain[0x142] = 5;
    let record = decode("PRODUCT_INFO", &plain);
    assert_eq!(
        (shown(&record, "barcode"), shown(&record, "IMEI 1")),
        ("NVKEEPSAMPLE0001".into(), "490154203237518".into())
    );
    assert_eq!(
        (shown(&record, "IMEI 2"), shown(&record, "IMEI 3")),
        ("356938035643809".into(), "unset".into())
    );
    assert_eq!(number(&record, "byte 0x142, kept as it is"), 5);
    assert!(record.notes[0].contains("MT6572 era"));
    plain[0x68..0x6E].copy_from_slice(&hex("024e564b5002"));
    plain[0x6E..0x74].copy_from_slice(&hex("024e564b5001"));
    plain[0x74..0x7C].copy_from_slice(b"SERIAL01");
    plain[0x152..0x15A].copy_from_slice(b"FACTORY!");
    plain[0x301] = 9;
    for len in [1024, 4096] {
        plain.resize(len, 0);
        let record = decode("pro_info", &plain);
        assert_eq!(shown(&record, "Bluetooth address"), "02:4e:56:4b:50:02");
        assert_eq!(shown(&record, "Wi-Fi address"), "02:4e:56:4b:50:01");
        assert_eq!(
            (shown(&record, "ADB serial"), shown(&record, "factory pattern")),
            ("SERIAL01".into(), "FACTORY!".into())
        );
        assert_eq!(number(&record, "XO capacitor offset"), 9);
        assert_eq!(record.notes.len(), 1);
    }
    let record = decode("PRODUCT_INFO", &plain[..0x74]);
    assert!(record.field("Wi-Fi address").is_some() && record.field("ADB serial").is_none());
    let record = decode("PRODUCT_INFO", &plain[..0x68]);
    assert!(record.field("IMEI 4").is_some() && record.field("Bluetooth address").is_none());
    assert!(records::decode("PRODUCT_INFO", &plain[..0x67], family("wr8")).is_none());
}

#[test]
fn one_vendor_keeps_numbers_as_text() {
    let mut plain = vec![0; 3072];
    plain[64..79].copy_from_slice(b"490154203237518");
    plain[84..99].copy_from_slice(b"356938035643809");
    plain[104..116].copy_from_slice(&hex("024e564b5002024e564b5001"));
    let record = decode("PRODUCT_INFO", &plain);
    assert_eq!(
        (shown(&record, "IMEI 1"), shown(&record, "IMEI 2")),
        ("490154203237518".into(), "356938035643809".into())
    );
    assert_eq!(shown(&record, "Wi-Fi address"), "02:4e:56:4b:50:01");
    assert_eq!(shown(&record, "SIM lock 2"), "not shown");
}

#[test]
fn sensors_and_positioning_are_read() {
    let mut plain = vec![0; 52];
    plain[..11].copy_from_slice(b"/dev/stpgps");
    plain[0x14] = 1;
    plain[0x18..0x1C].copy_from_slice(&26_000_000_u32.to_le_bytes());
    plain[0x1C..0x20].copy_from_slice(&500_u32.to_le_bytes());
    plain[0x20] = 0xFE;
    plain[0x24..0x28].copy_from_slice(&1.5_f32.to_le_bytes());
    plain[0x30..0x34].copy_from_slice(&(-0.25_f32).to_le_bytes());
    let record = decode("GPS", &plain);
    assert_eq!((shown(&record, "device"), number(&record, "TCXO")), ("/dev/stpgps".into(), 26_000_000));
    assert_eq!(record.field("TCXO").unwrap().unit, Some("Hz"));
    assert_eq!((number(&record, "TCXO tolerance"), number(&record, "TCXO type")), (500, 0xFE));
    assert_eq!((shown(&record, "C0"), shown(&record, "last U")), ("1.5".into(), "-0.25".into()));
    let mut plain = vec![0; 76];
    plain[32..36].copy_from_slice(&1000_i32.to_le_bytes());
    plain[36..40].copy_from_slice(&(-3_i32).to_le_bytes());
    plain[72] = 1;
    let record = decode("AUXADC", &plain);
    assert_eq!((row(&record, "slope")[8], row(&record, "offset")[0]), (1000, -3));
    assert_eq!(shown(&record, "calibrated"), "yes (1)");
    let record = decode("HWMON_ACC", &hex("010000 00feffffff00000000".replace(' ', "").as_str()));
    assert_eq!((row(&record, "offset x, y, z"), record.notes.len()), (vec![1, -2, 0], 0));
    assert_eq!(decode("HWMON_PS", &[0; 12]).notes, ["zero: not calibrated"]);
}

#[test]
fn both_forms_of_file_versions_are_read() {
    let mut plain = vec![0; 74 * 3];
    plain[..14].copy_from_slice(b"NVRAM_VER_INFO");
    plain[70..73].copy_from_slice(b"000");
    plain[74..81].copy_from_slice(b"BT_Addr");
    plain[144..147].copy_from_slice(b"001");
    plain[218..221].copy_from_slice(b"000");
    let record = decode("FILE_VER", &plain);
    assert_eq!((shown(&record, "BT_Addr"), shown(&record, "row 2, reserved")), ("001".into(), "000".into()));
    let record = decode("FILE_VER", b"000\x00001\x00000\0");
    assert_eq!((shown(&record, "LID 1"), record.fields.len()), ("001".into(), 3));
    assert!(records::decode("FILE_VER", b"000\x00abc\0", family("wr8")).is_none());
}

#[test]
fn flags_say_what_they_decide() {
    for (bytes, counter) in
        [("0000000000", 0), ("0100000001", 1), ("3412000046", 0x1234), ("0403020106", 0x0102_0304)]
    {
        assert_eq!(number(&decode("BackupFlag", &hex(bytes)), "changes"), counter);
    }
    assert!(records::decode("BackupFlag", &hex("0100000000"), family("wr8")).is_none());
    assert!(shown(&decode("RestoreFlag", &hex("78563412")), "state").contains("believed"));
    assert!(shown(&decode("RestoreFlag", &hex("00000000")), "state").contains("overwritten"));
}

#[test]
fn tuning_files_are_named_and_keys_are_hidden() {
    let record = decode("Audio_Sph", &[1, 2, 3]);
    assert_eq!((record.title.as_str(), shown(&record, "content")), ("audio: speech", "010203".into()));
    assert_eq!(shown(&decode("Hdcp_Key_Table", &[1, 2, 3]), "keys"), "not shown");
}
