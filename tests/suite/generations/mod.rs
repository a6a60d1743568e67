//! G2 and G3 against the vectors of modem-nvram.md 2.5-2.9, 6.3, 6.4, and what the probes decide.

mod g2; // derived keys, the output stage on the table
mod g3; // LDI header, folded MD5, AES, INFO_FILE
mod probes; // which generation, which key, or none

use crate::support::hex;
use md5::{Digest, Md5};
use nvkeep::formats::derived_key::{DerivedKey, SEEDS};
use nvkeep::formats::ldi::{Header, folded_md5};
use nvkeep::formats::lid::checksum2;

const IMEI_HEADER: &str = "4c44490010ef0a000a0000000a4000000020000000000000000000000000a244";
const UNSET: &str = "4ab96d2f1a7925c700db7e7f217756793f086badd56d9fa38ebf8856d4aea0a7";
const I1_ZERO: &str = "46bc72d9949242f370b016e45062c252f83f790592d758b993b306f2bd232914";
const I2_ZERO: &str = "2a3a3d7c78642ea0f0f0303dc2b63207f5d57fee4bfc15e696f88d3cc39531da";
const I1_FF: &str = "7857dc20df17b9219fc69d1a9b7185c0e28b91e80085a5f56ee0cdf637fccef1";
const I2_FF: &str = "3354df6e036b7b588210bdbfeededa8cab71650d6e83684ef4ce8c15d9d18dda";
const NV01_HEADER: &str = "4c44490006f00100100000008a60000000240000000000000000000000003a44";
const NV01_OFF: &str = "25b844d2397205b98d9cc22a211c654f64d01f548bbd86e4a1e73e29cac8b5e2";
const NV01_ON: &str = "2361d87954f5b5b56a4c2bcac29fa11bf13369c6c37fff9132a2bf3e7f5cdbb9";

fn shown(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key(seed: usize) -> DerivedKey {
    DerivedKey::from_seed(&SEEDS[seed].bytes)
}

fn ldi_file(header: &str, records: &[&str]) -> Vec<u8> {
    hex(&(header.to_string() + &"00".repeat(32) + &records.concat()))
}

fn imei_file(one: &str, two: &str) -> Vec<u8> {
    ldi_file(IMEI_HEADER, &[one, two, &UNSET.repeat(8)])
}

/// A system record file of G1/G2 with this lock pattern as stored.
fn system_file(lock: &str) -> Vec<u8> {
    let records = [
        [b"MD.WG.MP.V14.F1.P1".to_vec(), hex("00ddc5b9"), hex(lock)].concat(),
        [b"WR8.W1248.MD.WG.MP TEST".to_vec(), vec![0; 11]].concat(),
        [b"DEFAULT".to_vec(), vec![0; 27]].concat(),
    ];
    records.iter().flat_map(|record| [record.clone(), checksum2(record).to_vec()].concat()).collect()
}

fn self_test_file(first: &[u8], second: &[u8]) -> Vec<u8> {
    let header = Header {
        lid: 0xF00A,
        records: 2,
        record_size: 32,
        attributes: 0x6081,
        category: 0x2400,
        default_tag: [0; 10],
        sum: [0; 2],
        writer: 0,
        default_tag_end: [0; 6],
        written_at: 0,
        writes: 0,
        structure_tag: [0; 16],
    };
    let mut file = header.emit().to_vec();
    for record in [first, second] {
        file.extend(record);
        file.extend(folded_md5(record));
    }
    file
}

fn complement() -> Vec<u8> {
    (0..32u8).map(|byte| if byte < 16 { byte * 7 } else { !((byte - 16) * 7) }).collect()
}

/// AES-128-ECB by the library the program uses; the program deciphers only where the suite can reach.
fn encipher(plain: &[u8], key: &[u8; 16]) -> Vec<u8> {
    use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
    let mut bytes = plain.to_vec();
    let (blocks, _) = Array::slice_as_chunks_mut(&mut bytes);
    aes::Aes128::new(&Array::from(*key)).encrypt_blocks(blocks);
    bytes
}

fn info_file(bits: &[u16]) -> Vec<u8> {
    let mut bitmap = vec![0u8; 1600];
    for lid in bits {
        let byte = if *lid < 0x1200 { lid >> 3 } else { 0x240 + ((lid - 0xE000) >> 3) };
        bitmap[usize::from(byte)] |= 1 << (lid & 7);
    }
    let sum = Md5::digest(&bitmap);
    [b"INFO", &hex("fbfbfdfd")[..], &sum, &bitmap, &[0; 4]].concat()
}
