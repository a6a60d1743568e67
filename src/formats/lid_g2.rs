//! The cipher of generation G2 (modem-nvram.md 2.5): RC4's output stage on a derived table, without a key schedule.
//! Layout and checksum of the files are those of G1 (`lid.rs`); this file knows only how a record is hidden.

use super::derived_key::DerivedKey;

/// Enciphers or deciphers one record; every record starts from the pristine table.
///
/// No library offers this: the table is no permutation and no RC4 state that a key could make.
#[must_use]
pub fn apply(record: &[u8], key: &DerivedKey) -> Vec<u8> {
    let mut table = *key.table();
    let (mut i, mut j) = (0u8, 0u8);
    let output = |byte: &u8| {
        i = i.wrapping_add(1);
        j = j.wrapping_add(table[usize::from(i)]);
        table.swap(usize::from(i), usize::from(j));
        let place = table[usize::from(i)].wrapping_add(table[usize::from(j)]);
        byte ^ table[usize::from(place)]
    };
    record.iter().map(output).collect()
}
