//! Radio tables: modem-nvram.md 3.4 (ADC), 3.5, 3.5b. Every offset is written here a second time, from the reference.

use super::{decode, hex, number, row, shown};

fn put16(bytes: &mut [u8], at: usize, value: i32) {
    bytes[at..at + 2].copy_from_slice(&(value as i16).to_le_bytes());
}

fn put32(bytes: &mut [u8], at: usize, value: i32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn adc_has_thirteen_channels_or_one() {
    let plain = [hex(&"d0040000".repeat(13)), hex(&"01700000".repeat(13))].concat();
    let record = decode("MT1F_001", &plain);
    assert_eq!((row(&record, "slope"), row(&record, "offset")), (vec![1232; 13], vec![28673; 13]));
    let record = decode("MT1F_001", &hex("d004000001700000"));
    assert_eq!((row(&record, "slope"), row(&record, "offset")), (vec![1232], vec![28673]));
}

#[test]
fn clocks_carry_their_units() {
    // A real MT0I_002 that the reference prints.
    let record = decode("MT0I_002", &hex("d211a1040c020000"));
    assert_eq!((number(&record, "initial DAC"), number(&record, "inverse slope")), (4562, 524));
    let mut areas = vec![0; 32];
    put32(&mut areas, 8, -39_000);
    put16(&mut areas, 12, 8191);
    let record = decode("MT0P_003", &areas);
    assert_eq!(
        (number(&record, "area 2 from frequency"), number(&record, "area 2 from DAC")),
        (-39_000, 8191)
    );
    assert_eq!(record.field("area 2 from frequency").unwrap().unit, Some("Hz"));
    assert_eq!(number(&decode("MT0Q_002", &hex("05000000")), "capacitor id"), 5);
    let record = decode("MT1V_000", &hex("9cffffff"));
    assert_eq!((number(&record, "frequency offset"), record.fields[0].unit), (-100, Some("Hz")));
}

#[test]
fn path_loss_lists_end_where_channels_do() {
    let mut plain = vec![0; 260];
    for band in 0..5 {
        put16(&mut plain, band * 52, -1);
    }
    put16(&mut plain, 52, 169);
    (plain[54], plain[55]) = (0xF0, 0);
    put16(&mut plain, 56, 251);
    plain[58] = 13;
    put16(&mut plain, 60, -1);
    // A band the phone does not have holds leftovers.
    put16(&mut plain, 0, 0x2C30);
    put16(&mut plain, 4, 0x30);
    put16(&mut plain, 8, -1);
    let record = decode("MT05_002", &plain);
    assert_eq!(number(&record, "GSM850 section 1 up to ARFCN"), 169);
    assert_eq!(number(&record, "GSM850 section 1 gain offset"), -16);
    assert_eq!(number(&record, "GSM850 section 2 gain offset"), 13);
    assert_eq!(record.field("GSM850 section 1 gain offset").unwrap().unit, Some("1/8 dB"));
    assert!(record.field("GSM850 section 3 up to ARFCN").is_none());
    assert!(record.field("GSM400, not a section list").is_some());
    let mut plain = vec![0; 130];
    (plain[26], plain[27]) = (0xFF, 9);
    let record = decode("MT0V_000", &plain);
    assert_eq!(row(&record, "GSM850 section 1 middle and low gain"), [-1, 9]);
}

#[test]
fn ramp_tables_unpack_their_bits() {
    let mut plain = vec![0; 664];
    plain[..4].copy_from_slice(&(0x35_u32 | 0x155 << 8 | 0x2AA << 18).to_le_bytes());
    put16(&mut plain, 4 + 2 * 15, 900);
    plain[36 + 32 * 15 + 16] = 200;
    put16(&mut plain, 548, 0x80);
    put16(&mut plain, 550, 7);
    put16(&mut plain, 552, 16384);
    put16(&mut plain, 554, 16000);
    put16(&mut plain, 556, -1);
    put16(&mut plain, 548 + 8 * 11 + 2, 77);
    put16(&mut plain, 644 + 2 * 4, 16384);
    let record = decode("MT07_002", &plain);
    assert_eq!(record.title, "GMSK ramp table GSM900");
    assert_eq!(number(&record, "lowest power (bits 0-7)"), 0x35);
    assert_eq!(number(&record, "APC DC offset, high (bits 8-17)"), 0x155);
    assert_eq!(number(&record, "APC DC offset, low (bits 18-27)"), 0x2AA);
    assert_eq!(row(&record, "APC DAC by power level, lowest first")[15], 900);
    assert_eq!(row(&record, "level 16 ramp down")[0], 200);
    assert_eq!(number(&record, "section 1 middle level"), 7);
    assert_eq!(row(&record, "section 1 high and low weight"), [16384, 16000]);
    assert!(record.field("section 2 up to ARFCN").is_none());
    assert_eq!(number(&record, "TX AFC offset (middle level of section 12)"), 77);
    assert_eq!(row(&record, "battery compensation, middle voltage, by temperature"), [0, 16384, 0]);
    let record = decode("MT0L_002", &(0..16).collect::<Vec<u8>>());
    assert_eq!(row(&record, "profile"), (0..16).collect::<Vec<i64>>());
    let record = decode("MT0H_002", &(0..64).collect::<Vec<u8>>());
    assert_eq!((record.title.as_str(), row(&record, "profile 4")[15]), ("8PSK inter-slot ramps PCS1900", 63));
}

#[test]
fn power_rules_are_read_by_band() {
    let mut plain = vec![0; 20];
    plain[16..].copy_from_slice(&[8, 16, 24, 0xF8]);
    let record = decode("MT0R_000", &plain);
    assert_eq!(row(&record, "PCS1900 with 2, 3, 4, 5 slots"), [8, 16, 24, -8]);
    let mut plain = vec![0; 244];
    plain[0] = 1;
    put16(&mut plain, 2 + 32 * 4 + 30, 1000);
    put16(&mut plain, 162, -20);
    put16(&mut plain, 164 + 16 + 14, 512);
    let record = decode("MT0T_000", &plain);
    assert_eq!(shown(&record, "calibrated"), "yes (1)");
    assert_eq!(row(&record, "PCS1900 detector ADC by level")[15], 1000);
    assert_eq!(number(&record, "temperature"), -20);
    assert_eq!(row(&record, "GSM850 by temperature")[7], 512);
}

#[test]
fn transmitter_tables_are_read() {
    let mut plain = vec![0; 44];
    (plain[0], plain[9], plain[28], plain[36], plain[37], plain[40]) = (1, 2, 3, 4, 5, 6);
    put32(&mut plain, 12, 3_000_000);
    put32(&mut plain, 24, 50_000);
    let record = decode("MT0J_004", &plain);
    assert_eq!((number(&record, "common-mode voltage"), number(&record, "calibrated")), (1, 2));
    assert_eq!(number(&record, "APC battery, low"), 3_000_000);
    assert_eq!(record.field("APC battery, low").unwrap().unit, Some("uV"));
    assert_eq!(number(&record, "APC temperature, high"), 50_000);
    assert_eq!(number(&record, "high bands common-mode voltage"), 3);
    assert_eq!(number(&record, "high bands offset Q"), 4);
    assert_eq!((row(&record, "phase select"), row(&record, "RX band swap")), (vec![5, 0], vec![0, 6]));
    let mut plain = vec![0; 464];
    let last = 80 + 63 * 6;
    put16(&mut plain, last, -3);
    plain[last + 2] = 9;
    put16(&mut plain, last + 4, 1234);
    let record = decode("MT0K_006", &plain);
    assert_eq!(number(&record, "band 4 entry 16 power control level"), -3);
    assert_eq!(number(&record, "band 4 entry 16 V-bias"), 9);
    assert_eq!(number(&record, "band 4 entry 16 PA gain"), 1234);
}

#[test]
fn third_generation_receivers_are_read() {
    let mut plain = vec![0; 720];
    let at = 7 * 90 + 14 * 6;
    put16(&mut plain, at, 10_838);
    plain[at + 2..at + 5].copy_from_slice(&[0xFC, 4, 8]);
    let record = decode("UL18_000", &plain);
    assert_eq!(record.title, "3G path loss band 8");
    assert_eq!(number(&record, "temperature step 8 section 15 up to UARFCN"), 10_838);
    assert_eq!(row(&record, "temperature step 8 section 15 loss at high, middle, low gain"), [-4, 4, 8]);
    assert_eq!(record.fields.len(), 2);
    assert_eq!(record.fields[1].unit, Some("1/4 dB"));
    let mut plain = vec![0; 98];
    plain[7] = 0xFE;
    put16(&mut plain, 8, 700);
    let record = decode("ULB7_000", &plain);
    assert_eq!(record.title, "3G path loss RX diversity band 19");
    assert_eq!(row(&record, "offset by temperature step")[7], -2);
    assert_eq!(number(&record, "section 1 up to UARFCN"), 700);
    let thresholds = [328, 372, 418, 461, 495, 525, 540, 554];
    let plain: Vec<u8> = thresholds.iter().flat_map(|value: &u16| value.to_le_bytes()).collect();
    assert_eq!(row(&decode("UL10_000", &plain), "ADC by temperature step"), thresholds.map(i64::from));
}

#[test]
fn third_generation_transmitters_are_read() {
    let mut plain = vec![0; 708];
    put16(&mut plain, 2, 11);
    let mode = 4 + 2 * 148;
    put16(&mut plain, mode + 2, 22);
    plain[mode + 5] = 33;
    put16(&mut plain, mode + 6 + 18, 44);
    put16(&mut plain, mode + 26 + 14 * 6, 9612);
    put16(&mut plain, mode + 28 + 14 * 6, -5);
    put16(&mut plain, mode + 116 + 30, 55);
    put16(&mut plain, 454, 66);
    plain[457] = 77;
    put16(&mut plain, 456 + 2 + 62, 88);
    put16(&mut plain, 456 + 66 + 62, -99);
    put16(&mut plain, 456 + 130, 10);
    put16(&mut plain, 456 + 220 + 30, 12);
    let record = decode("UL1B_000", &plain);
    assert_eq!(row(&record, "DC-to-DC level"), [0, 11]);
    assert_eq!(number(&record, "PA mode 3 V-bias"), 22);
    assert_eq!(row(&record, "PA mode 3 VM1 and VM2"), [0, 33]);
    assert_eq!(row(&record, "PA mode 3 VGA DAC")[9], 44);
    assert_eq!(number(&record, "PA mode 3 sub-band 15 up to UARFCN"), 9612);
    assert_eq!(number(&record, "PA mode 3 sub-band 15 offset"), -5);
    assert_eq!(record.field("PA mode 3 sub-band 15 offset").unwrap().unit, Some("1/32 dB"));
    assert_eq!(row(&record, "PA mode 3 temperature step 8"), [0, 55]);
    assert_eq!(row(&record, "PA hysteresis 2 start and end"), [0, 66]);
    assert_eq!(number(&record, "detector sections"), 77);
    assert_eq!((row(&record, "detector DAC")[31], row(&record, "detector value")[31]), (88, -99));
    assert_eq!(number(&record, "detector sub-band 1 up to UARFCN"), 10);
    assert_eq!(row(&record, "detector temperature step 8"), [0, 12]);
    let mut plain = vec![0; 96];
    plain[0] = 3;
    put32(&mut plain, 12, 4);
    let level = 16 + 70;
    (plain[level], plain[level + 1], plain[level + 4]) = (1, 0xFF, 2);
    put16(&mut plain, level + 6, 5);
    put16(&mut plain, level + 8, 6);
    let record = decode("UL1M_000", &plain);
    assert_eq!((number(&record, "sections"), row(&record, "phase compensation")), (3, vec![0, 0, 4]));
    assert_eq!((number(&record, "level 8 PA mode"), number(&record, "level 8 PRF")), (1, -1));
    assert_eq!(row(&record, "level 8 VM1 and VM2"), [0, 2]);
    assert_eq!((number(&record, "level 8 V-bias"), number(&record, "level 8 PA gain")), (5, 6));
    let mut plain = vec![0; 72];
    put16(&mut plain, 22, -7);
    put16(&mut plain, 70, 8);
    let record = decode("HL1A_000", &plain);
    assert_eq!((row(&record, "pair 6"), row(&record, "quad 6")), (vec![0, -7], vec![0, 0, 0, 8]));
    let mut plain = vec![0; 96];
    put16(&mut plain, 94, -9);
    assert_eq!(row(&decode("UL1W_000", &plain), "PA mode 3 temperature step 8"), [0, -9]);
}
