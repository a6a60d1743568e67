//! What the flash builder writes, against values the references computed or took from real phones. Frozen: if one of
//! these fails, do not change the test.

use nvkeep::simulator::build::{ap_file, binregion, lid};

use super::scenarios::hex;

#[test]
fn backup_region_checksums() {
    let ramp = |end: u32| (0..=end).map(|byte| byte as u8).collect::<Vec<u8>>();
    assert_eq!(binregion::checksum(&[]), 0);
    assert_eq!(binregion::checksum(&[1]), 0);
    assert_eq!(binregion::checksum(&ramp(4)[1..]), 0x0403_0205);
    assert_eq!(binregion::checksum(&ramp(8)[1..]), 0x0C0A_080E);
    assert_eq!(binregion::checksum(&ramp(10)[1..]), 0x0C0A_1205);
    assert_eq!(binregion::checksum(&[0xFF; 8]), 0xFFFF_FFF6);
    assert_eq!(binregion::checksum(&[0; 512]), 0x200);
    assert_eq!(binregion::checksum(&ramp(255)), 0x027B_C000);
}

#[test]
fn trailers() {
    assert_eq!(ap_file::with_trailer(&[0; 4])[4..], [0xAA, 0x00]);
    assert_eq!(ap_file::with_trailer(&[1])[1..], [0xAA, 0x01]);
    assert_eq!(ap_file::with_trailer(&[1, 2])[2..], [0xAA, 0x03]);
    assert_eq!(ap_file::with_trailer(&(0..16).collect::<Vec<u8>>())[16..], [0xAA, 0x00]);
    assert_eq!(ap_file::with_trailer(&[0xFF; 4])[4..], [0xAA, 0x00]);
    assert_eq!(ap_file::bt_file(ap_file::BT_DEFAULT)[64..], [0xAA, 0x50]);
    assert_eq!(ap_file::wifi_file([0; 6])[512..], [0xAA, 0x75]);
    assert_eq!(ap_file::wifi_file([2, 0, 0, 0, 0, 1])[512..], [0xAA, 0x66]);
    assert_eq!(ap_file::file_ver().len(), 3404);
}

#[test]
fn modem_record_checksums() {
    assert_eq!(lid::plain(&hex("112233445566"))[6..], hex("99cc")[..]);
    assert_eq!(lid::plain(&hex("01ff02ff"))[4..], hex("03fe")[..]);
    assert_eq!(lid::plain(&hex("804080c0"))[4..], hex("efcd")[..]);
    assert_eq!(lid::plain(&[0; 31])[31..], hex("efcd")[..]);
    assert_eq!(lid::plain(&hex("d211a1040c020000"))[8..], hex("7f17")[..]);
}

#[test]
fn modem_records() {
    assert_eq!(lid::confidential(&[0xFF; 10]), hex("545f90d0e0e1654aaa74d3ce"));
    let file = lid::imei_file(&["490154203237518", "356938035643809"]);
    assert_eq!(file[..12], hex("3fb02a2d3c6d8f4d558b8922")[..]);
    assert_eq!(file[12..24], hex("f836ec1f7a2a924c558b4556")[..]);
    assert_eq!(file.len(), 120);
    let unused = lid::confidential(&[0; 64]);
    assert_eq!(unused[64..], hex("320a")[..]);
    let system = lid::system_file();
    assert_eq!(system.len(), 108);
    assert_eq!(system[0x16..0x22], hex("8bff21794d5fd7ea0ac58733")[..]);
    // The first bytes of a real phone's lock file, and the length of its four records.
    assert_eq!(lid::simlock_file(4)[..8], hex("67a06f2f1d1b9ab5")[..]);
    assert_eq!(lid::simlock_file(4).len(), 824);
    assert_eq!(lid::bcd("490154203237518"), hex("94104502237315f8")[..]);
}

#[test]
fn barcode() {
    let mut body = b"TEST0123456789ABCDEF".to_vec();
    body.resize(60, b' ');
    body.extend(b"10P\0");
    let expected = hex("ffe53c7b2f2fa88661befe5b230dabf581ee5370f307eb4a7757fe9130aee3d9
         8277ccf9860a9d5254499a087c7c72ef675e83418946dfd4ec902455da1ff551 f7e4");
    assert_eq!(lid::confidential(&body), expected);
}

#[test]
fn lock_file_of_a_published_phone() {
    use sha2::{Digest, Sha256};
    // The ten-record file whose MD5 is published as aee4e34a7996e2fedc8d1f28087b5c31 (modem-nvram.md 6.2).
    let digest = Sha256::digest(lid::simlock_file(10));
    assert_eq!(digest.to_vec(), hex("f55357de67c3e608d7a13f5a5853cc32e4c5eae28828050e4acaa83694ca5cd3"));
}
