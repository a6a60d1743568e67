//! G3: modem-nvram.md 2.8, 2.9, 4.5, 6.4.

use md5::{Digest, Md5};
use nvkeep::formats::ldi::{
    self, Content, Header, InfoError, InfoFile, Kept, LdiError, file_list, folded_md5,
};
use proptest::prelude::*;

use super::{
    I1_FF, I1_ZERO, I2_FF, I2_ZERO, IMEI_HEADER, NV01_HEADER, NV01_OFF, NV01_ON, UNSET, encipher, hex,
    imei_file, info_file, key, ldi_file, shown,
};

#[test]
fn sums_a_header_as_the_modem_does() {
    for (lid, records, size, attributes, category, sum) in [
        (0xEF10, 10, 10, 0x400A, 0x2000, "a244"),
        (0xEF10, 10, 10, 0x402A, 0x2000, "c244"),
        (0x08C1, 1, 0x1000, 0x4000, 0x2000, "5f44"),
        (0xF006, 1, 16, 0x608A, 0x2400, "3a44"),
        (0xF00A, 2, 32, 0x6081, 0x2400, "4644"),
    ] {
        let mut header = Header::parse(&ldi_file(IMEI_HEADER, &[])).unwrap();
        (header.lid, header.records, header.record_size) = (lid, records, size);
        (header.attributes, header.category) = (attributes, category);
        assert_eq!(shown(&header.emit()[0x1E..0x20]), sum);
    }
}

#[test]
fn emits_a_header_as_it_was_read() {
    for header in [IMEI_HEADER, NV01_HEADER] {
        let bytes = ldi_file(header, &[]);
        assert_eq!(Header::parse(&bytes).unwrap().emit().to_vec(), bytes);
    }
}

#[test]
fn refuses_a_header_whose_sum_is_wrong() {
    let mut file = imei_file(I1_ZERO, I2_ZERO);
    assert!(Header::parse(&file).is_ok());
    file[5] ^= 1;
    assert!(matches!(Header::parse(&file), Err(LdiError::HeaderSum { .. })));
}

#[test]
fn folds_md5_over_the_plain_record() {
    for (plain, sum) in [
        ("ffffffffffffffffffff", "21364f4123fc17c1"),
        ("94104502237315f80000", "f9ff2a7e36fbd129"),
        ("53968330653408f90000", "90420a0ab9d8dbd8"),
        ("94104502237315f8ffff", "cc208dbcae89b992"),
        ("53968330653408f9ffff", "8308728324fe386e"),
        ("21436587092143f50000", "dff6b0a2d850962a"),
        ("00000000", "efcd000000000000"),
    ] {
        assert_eq!(shown(&folded_md5(&hex(plain))), sum, "{plain}");
    }
    assert_eq!(shown(&folded_md5(b"__NVRAM_LOCK_NO_")), "edb9a4e6dbe8ce3e");
    assert_eq!(shown(&folded_md5(b"_NVRAM_LOCK_YES_")), "412eb0effa493583");
}

#[test]
fn opens_the_g3_imei_files_of_the_reference() {
    let aes = key(0).aes_key();
    for (one, two, tail, sum) in [
        (I1_ZERO, I2_ZERO, "0000", "f4fee75fa8a91e61326a9bd2608c9138"),
        (I1_FF, I2_FF, "ffff", "59b1dc4b8cbd52ee498a0e24510a9e5a"),
    ] {
        let file = imei_file(one, two);
        assert_eq!(shown(&Md5::digest(&file)), sum);
        let Content::Records(records) = ldi::open(&file, Some(&aes)).unwrap().content else { panic!("kept") };
        assert_eq!(shown(&records[0]), "94104502237315f8".to_string() + tail);
        assert_eq!(shown(&records[1]), "53968330653408f9".to_string() + tail);
        assert!(records[2..].iter().all(|record| record[..] == [0xFF; 10]));
    }
}

#[test]
fn keeps_what_no_key_opens() {
    let file = imei_file(I1_ZERO, I2_ZERO);
    let content = |file: &[u8], key: Option<&[u8; 16]>| ldi::open(file, key).unwrap().content;
    assert_eq!(content(&file, None), Content::Kept(Kept::UnknownKey));
    assert_eq!(content(&file, Some(&[7; 16])), Content::Kept(Kept::UnknownKey));
    let with = |attributes: u32| {
        let mut header = Header::parse(&file).unwrap();
        header.attributes = attributes;
        [&header.emit()[..], &file[64..]].concat()
    };
    let aes = key(0).aes_key();
    assert_eq!(content(&with(0x402A), Some(&[7; 16])), Content::Kept(Kept::ChipBound));
    // The bit alone does not prove a chip cipher.
    assert!(matches!(content(&with(0x402A), Some(&aes)), Content::Records(_)));
    assert_eq!(content(&with(0x1_400A), Some(&aes)), Content::Kept(Kept::UnknownSums));
    assert_eq!(content(&with(0x2_400A), Some(&aes)), Content::Kept(Kept::UnknownSums));
    assert_eq!(content(&with(0xC00A), Some(&aes)), Content::Kept(Kept::Raw));
}

#[test]
fn tells_a_damaged_record_from_a_wrong_key() {
    let aes = key(0).aes_key();
    let mut file = imei_file(I1_ZERO, I2_ZERO);
    file[64 + 32] ^= 1;
    assert_eq!(ldi::open(&file, Some(&aes)), Err(LdiError::RecordSum { record: 2, at: 96 }));
    file.pop();
    assert!(matches!(ldi::open(&file, Some(&aes)), Err(LdiError::Length { found: 319, wanted: 320, .. })));
}

#[test]
fn reads_the_lock_of_a_g3_modem() {
    let aes = key(0).aes_key();
    assert_eq!(ldi::lock_state(&ldi_file(NV01_HEADER, &[NV01_OFF]), &aes), Some(false));
    assert_eq!(ldi::lock_state(&ldi_file(NV01_HEADER, &[NV01_ON]), &aes), Some(true));
    assert_eq!(ldi::lock_state(&ldi_file(NV01_HEADER, &[NV01_ON]), &[0; 16]), None);
    for (seed, off, on) in [
        (0, "25b844d2397205b98d9cc22a211c654f", "2361d87954f5b5b56a4c2bcac29fa11b"),
        (1, "f27a2f40e6c02b0385885f37f74a02b1", "e05056f820b934e159f1895b5628d7b2"),
        (2, "5af32ebd26406dc48b5d7b3d85d2fdfd", "ea17ce6360d52c659e12e169334a769d"),
    ] {
        assert_eq!(ldi::decipher(&hex(off), &key(seed).aes_key()), b"__NVRAM_LOCK_NO_");
        assert_eq!(ldi::decipher(&hex(on), &key(seed).aes_key()), b"_NVRAM_LOCK_YES_");
    }
}

#[test]
fn opens_an_unset_slot_under_every_known_key() {
    for (seed, stored) in [
        (0, UNSET),
        (1, "92326307f3db431cb915d8619bc4d963daf11839562c4d2fce0dc7dfe6b8f640"),
        (2, "8b1d566f6c375420646d07c4b364d0a537447e5746819cf50d9d0765d12cb365"),
    ] {
        let plain = ldi::decipher(&hex(stored), &key(seed).aes_key());
        assert_eq!(ldi::unseal(&plain, 10), Some(&[0xFF; 10][..]));
        assert_eq!(plain[18..], [0; 14]);
    }
}

#[test]
fn reads_which_files_the_modem_believes_in() {
    let file = info_file(&[0xEF10, 0x08C1]);
    let info = InfoFile::parse(&file).unwrap();
    assert_eq!((info.has(0xEF10), info.has(0x08C1)), (Some(true), Some(true)));
    assert_eq!((info.has(0xEF11), info.has(0x1200), info.has(0xFFFF)), (Some(false), None, Some(false)));
    let damaged = |at: usize| {
        let mut file = file.clone();
        file[at] ^= 1;
        InfoFile::parse(&file)
    };
    assert_eq!(damaged(0), Err(InfoError::Magic));
    assert_eq!(damaged(4), Err(InfoError::State { found: 0xFDFD_FBFA }));
    assert_eq!(damaged(8), Err(InfoError::Sum));
    assert_eq!(damaged(0x100), Err(InfoError::Sum));
    assert_eq!(InfoFile::parse(&file[..0x600]), Err(InfoError::Short { len: 0x600 }));
}

#[test]
fn lists_the_names_of_a_backup() {
    assert_eq!(file_list(b"LD0B_001\0CSSD_000\0FILELIST\0"), ["LD0B_001", "CSSD_000"]);
    assert_eq!(file_list(b"LD0B_001\nnonsense\n/a/CK17_000"), ["LD0B_001", "CK17_000"]);
    assert!(file_list(&[0xFF; 64]).is_empty());
}

proptest! {
    #[test]
    fn a_header_survives_its_own_bytes(lid in any::<u16>(), records in any::<u16>(), record_size in any::<u32>(),
        attributes in any::<u32>(), category in any::<u32>(), writes in any::<u32>()) {
        let header = Header {
            lid, records, record_size, attributes, category, writes,
            default_tag: [1; 10], sum: [0; 2], writer: 2, default_tag_end: [3; 6], written_at: 4, structure_tag: [5; 16],
        };
        let read = Header::parse(&header.emit()).unwrap();
        prop_assert_eq!(read.emit(), header.emit());
        prop_assert_eq!(Header { sum: [0; 2], ..read }, header);
    }

    #[test]
    fn an_ldi_record_opens_as_it_was_sealed(plain in proptest::collection::vec(any::<u8>(), 1..200)) {
        let aes = key(0).aes_key();
        let mut section = [&plain[..], &folded_md5(&plain)].concat();
        section.resize(section.len().next_multiple_of(16), 0);
        let opened = ldi::decipher(&encipher(&section, &aes), &aes);
        prop_assert_eq!(ldi::unseal(&opened, plain.len()), Some(&plain[..]));
    }
}
