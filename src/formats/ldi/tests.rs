//! The encoder, which the suite cannot reach: vectors of modem-nvram.md 6.4, and what it refuses.

use super::{Header, Kept, LdiError, open, replace_record, seal};

const KEY: [u8; 16] =
    [0x3F, 0x06, 0xBD, 0x14, 0xD4, 0x5F, 0xA9, 0x85, 0xDD, 0x02, 0x74, 0x10, 0xF0, 0x21, 0x4D, 0x22];
const IMEI: [u8; 10] = [0x94, 0x10, 0x45, 0x02, 0x23, 0x73, 0x15, 0xF8, 0, 0];

fn imei_file(attributes: u32) -> Vec<u8> {
    let header = Header {
        lid: 0xEF10,
        records: 10,
        record_size: 10,
        attributes,
        category: 0x2000,
        default_tag: [0; 10],
        sum: [0; 2],
        writer: 0,
        default_tag_end: [0; 6],
        written_at: 0,
        writes: 0,
        structure_tag: [0; 16],
    };
    let mut file = header.emit().to_vec();
    for _ in 0..10 {
        file.extend(seal(&[0xFF; 10], 32, Some(&KEY)));
    }
    file
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn seals_the_published_records() {
    assert_eq!(
        hex(&seal(&IMEI, 32, Some(&KEY))),
        "46bc72d9949242f370b016e45062c252f83f790592d758b993b306f2bd232914"
    );
    let file = imei_file(0x400A);
    assert_eq!(hex(&file[64..96]), "4ab96d2f1a7925c700db7e7f217756793f086badd56d9fa38ebf8856d4aea0a7");
    assert_eq!(file[0x1E..0x20], [0xA2, 0x44]);
}

#[test]
fn replaces_one_record_and_nothing_else() {
    let file = imei_file(0x400A);
    let made = replace_record(&file, 0, &IMEI, Some(&KEY)).unwrap();
    assert_eq!(made[..64], file[..64]);
    assert_eq!(made[96..], file[96..]);
    assert_eq!(replace_record(&made, 0, &[0xFF; 10], Some(&KEY)).unwrap(), file);
    let mut damaged = file.clone();
    damaged[70] ^= 1;
    assert!(open(&damaged, Some(&KEY)).is_err());
    assert_eq!(replace_record(&damaged, 0, &IMEI, Some(&KEY)).unwrap(), made);
}

#[test]
fn refuses_to_guess() {
    let refusal = |attributes, key: &[u8; 16]| replace_record(&imei_file(attributes), 0, &IMEI, Some(key));
    let verbatim = |why| Err(LdiError::Verbatim { why });
    assert_eq!(refusal(0x400A, &[0; 16]), verbatim(Kept::UnknownKey));
    assert_eq!(refusal(0x402A, &[0; 16]), verbatim(Kept::ChipBound));
    assert_eq!(refusal(0x1_400A, &KEY), verbatim(Kept::UnknownSums));
    assert_eq!(refusal(0x2_400A, &KEY), verbatim(Kept::UnknownSums));
    assert_eq!(refusal(0xC00A, &KEY), verbatim(Kept::Raw));
    let long = replace_record(&imei_file(0x400A), 0, &[0; 11], Some(&KEY));
    assert_eq!(long, Err(LdiError::RecordSize { found: 11, wanted: 10 }));
    assert!(replace_record(&imei_file(0x400A), 10, &IMEI, Some(&KEY)).is_err());
}
