//! How each modem family writes its files (modem-nvram.md 2): sums, ciphers, headers. The simulator's own code; its derived
//! table is the reference's, written down, not made.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use md5::{Digest, Md5};

use super::lid;
use crate::simulator::scenario::Family;

/// Table that MediaTek's default seed gives (modem-nvram.md 2.7); its first 16 bytes are the AES key of G3.
const DERIVED: &str = "\
3f06bd14d45fa985dd027410f0214d22e316bfcc6f4764e7ddee72bf1961555b\
29375276f9703bb648aeed08a091e4c5c06f63f0df60c776b10e370bdf77f4bd\
c26183f0fb6e53794aca072fbe402d600befe16927b124445e97cb831236f4a6\
d8d10da8be30739217f84218fbde9c43d93a6626f42fb95c376104df00252381\
627fc82a230ae504078c7c5cba9358a168e4947bd1e5d90232e086bb55a1b4ab\
122a5ea442dac849fe34b78de161ae16ea22240fff42c2c117ab5d12a818cbac\
f1d723c9d786c27872c1b9544b8fe8a63db2e3e85ebebf60781fc7ef37946e10\
6005e21b4fa0f45abb6af85ad027d31a76291ddc5cee74f0ab21833becf6b5ae";
/// Bytes of an LDI header.
pub const HEADER: usize = 64;
/// Attribute of an item whose records are enciphered.
const CONFIDENTIAL: u32 = 0x0008;

/// An item: the number and the words of its header where its family writes one.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// LID number; made up where the reference gives none.
    pub lid: u16,
    /// Attributes (modem-nvram.md 2.9).
    pub attributes: u32,
    /// Category.
    pub category: u32,
}

impl Item {
    fn is_confidential(self) -> bool {
        self.attributes & CONFIDENTIAL != 0
    }
}

/// Returns a file of records, all of one length.
#[must_use]
pub fn file(family: Family, item: Item, records: &[Vec<u8>]) -> Vec<u8> {
    match family {
        Family::Lr12a => ldi(item, records),
        Family::Wr8 | Family::Lr11 => {
            let record = |body: &Vec<u8>| match item.is_confidential() {
                true => lid::plain(&stream(family, body)),
                false => lid::plain(body),
            };
            records.iter().flat_map(record).collect()
        }
    }
}

/// Returns whether every sum of a file holds. `record` is the length of a headerless record, its sum included.
#[must_use]
pub fn holds(family: Family, bytes: &[u8], record: usize) -> bool {
    match family {
        Family::Lr12a => opened(bytes).is_some(),
        Family::Wr8 | Family::Lr11 => lid::holds(bytes, record),
    }
}

/// Returns record `number` of a confidential file, deciphered; `len` is its plain length.
#[must_use]
pub fn decipher(family: Family, bytes: &[u8], len: usize, number: usize) -> Option<Vec<u8>> {
    match family {
        Family::Lr12a => opened(bytes)?.into_iter().nth(number),
        Family::Wr8 | Family::Lr11 => {
            let stored = bytes.get(number * (len + 2)..number * (len + 2) + len)?;
            Some(stream(family, stored))
        }
    }
}

/// Both stream ciphers undo themselves.
fn stream(family: Family, body: &[u8]) -> Vec<u8> {
    if family == Family::Wr8 {
        return lid::cipher(body);
    }
    let mut table = derived();
    let (mut i, mut j) = (0_usize, 0_usize);
    let byte = |byte: &u8| {
        i = (i + 1) % 256;
        j = (j + usize::from(table[i])) % 256;
        table.swap(i, j);
        byte ^ table[(usize::from(table[i]) + usize::from(table[j])) % 256]
    };
    body.iter().map(byte).collect()
}

fn derived() -> [u8; 256] {
    let digits: Vec<u8> = DERIVED
        .bytes()
        .filter_map(|c| char::from(c).to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    std::array::from_fn(|at| digits[2 * at] << 4 | digits[2 * at + 1])
}

fn aes() -> Aes128 {
    let mut key = [0; 16];
    key.copy_from_slice(&derived()[..16]);
    Aes128::new(&key.into())
}

fn sum8(plain: &[u8]) -> [u8; 8] {
    if plain.iter().all(|byte| *byte == 0) {
        return [0xEF, 0xCD, 0, 0, 0, 0, 0, 0];
    }
    let digest = Md5::digest(plain);
    std::array::from_fn(|at| digest[at] ^ digest[at + 8])
}

fn stride(confidential: bool, len: usize) -> usize {
    if confidential { (len + 8).next_multiple_of(16) } else { len + 8 }
}

fn ldi(item: Item, records: &[Vec<u8>]) -> Vec<u8> {
    let len = records.first().map_or(0, Vec::len);
    let mut file = b"LDI\0".to_vec();
    file.extend(item.lid.to_le_bytes());
    file.extend(u16::try_from(records.len()).unwrap_or(0).to_le_bytes());
    file.extend(u32::try_from(len).unwrap_or(0).to_le_bytes());
    file.extend(item.attributes.to_le_bytes());
    file.extend(item.category.to_le_bytes());
    file.extend([0; 10]);
    let sum = file.iter().fold(file[0], |sum, byte| sum.wrapping_add(*byte));
    file.extend([sum, file[1]]);
    file.resize(HEADER, 0);
    for record in records {
        let mut section = record.clone();
        section.extend(sum8(record));
        section.resize(stride(item.is_confidential(), len), 0);
        if item.is_confidential() {
            let cipher = aes();
            for block in section.chunks_exact_mut(16) {
                let mut array = Array::default();
                array.copy_from_slice(block);
                cipher.encrypt_block(&mut array);
                block.copy_from_slice(&array);
            }
        }
        file.extend(section);
    }
    file
}

/// Returns the plain records of an LDI file whose header and sums hold.
fn opened(file: &[u8]) -> Option<Vec<Vec<u8>>> {
    let word = |at: usize| file.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    if file.len() < HEADER || !file.starts_with(b"LDI\0") {
        return None;
    }
    let sum = file[..30].iter().fold(file[0], |sum, byte| sum.wrapping_add(*byte));
    let confidential = word(12)? & CONFIDENTIAL != 0;
    let (count, len) = (usize::from(u16::from_le_bytes([file[6], file[7]])), usize::try_from(word(8)?).ok()?);
    if [sum, file[1]] != file[30..32] || len == 0 || len > 1 << 16 {
        return None;
    }
    let stride = stride(confidential, len);
    if file.len() != HEADER + count * stride {
        return None;
    }
    let cipher = aes();
    let record = |section: &[u8]| {
        let mut plain = section.to_vec();
        if confidential {
            for block in plain.chunks_exact_mut(16) {
                let mut array = Array::default();
                array.copy_from_slice(block);
                cipher.decrypt_block(&mut array);
                block.copy_from_slice(&array);
            }
        }
        let (body, rest) = plain.split_at(len);
        rest.starts_with(&sum8(body)).then(|| body.to_vec())
    };
    file[HEADER..].chunks_exact(stride).map(record).collect()
}
