//! Modem LID files of the first generation, written the way an MT6572 modem writes them: RC4, then a two-byte sum per
//! record (modem-nvram.md 2.2, 2.4, 3.4). The simulator's own code, apart from the decoder it is used to test.

use rc4::{KeyInit, Rc4, StreamCipher};

/// The default key, `12abcdef` as four bytes (modem-nvram.md 2.4).
const KEY: [u8; 4] = [0x12, 0xAB, 0xCD, 0xEF];
/// What unused slots of this modem hold (the sample's README).
pub const MODEM_DEFAULT_IMEI: &str = "354648020000251";
/// Records of an IMEI file.
const SLOTS: usize = 10;

/// Returns one record with its checksum, not enciphered.
#[must_use]
pub fn plain(body: &[u8]) -> Vec<u8> {
    let mut sums = [0_u8; 2];
    for (at, byte) in body.iter().enumerate() {
        sums[at % 2] = sums[at % 2].wrapping_add(*byte);
    }
    if sums == [0, 0] {
        sums = [0xEF, 0xCD];
    }
    let mut record = body.to_vec();
    record.extend(sums);
    record
}

/// Returns the length of a record with its sum, of a file of this name and length (modem-nvram.md 3.1); a file that is
/// not listed is one record.
#[must_use]
pub fn record_len(path: &str, len: usize) -> usize {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.get(..4) {
        Some("MP0B") => 12,
        Some("ST33" | "ST6T") => 206,
        Some("MT00") => 36,
        Some("MT6G") => 40,
        _ => len,
    }
}

/// Returns whether every record of this length, sum included, has the sum it must have.
#[must_use]
pub fn holds(file: &[u8], record: usize) -> bool {
    record > 2
        && !file.is_empty()
        && file.len().is_multiple_of(record)
        && file.chunks_exact(record).all(|whole| plain(&whole[..record - 2]) == whole)
}

/// Returns one record, enciphered, with its checksum over the ciphertext.
#[must_use]
pub fn confidential(body: &[u8]) -> Vec<u8> {
    plain(&cipher(body))
}

/// Enciphers or deciphers one record.
#[must_use]
pub fn cipher(body: &[u8]) -> Vec<u8> {
    let mut bytes = body.to_vec();
    if let Ok(mut rc4) = Rc4::new_from_slice(&KEY) {
        rc4.apply_keystream(&mut bytes);
    }
    bytes
}

/// Returns an IMEI as eight bytes of BCD, low nibble first, padded with F.
#[must_use]
pub fn bcd(imei: &str) -> [u8; 8] {
    let digits: Vec<u8> = imei.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    std::array::from_fn(|at| {
        let nibble = |index: usize| digits.get(index).copied().unwrap_or(0xF);
        nibble(2 * at + 1) << 4 | nibble(2 * at)
    })
}

/// Returns `MP0B_001`: the given IMEIs in the first slots, the modem's default in the rest.
#[must_use]
pub fn imei_file(imeis: &[&str]) -> Vec<u8> {
    let slot = |at: usize| {
        let mut record = bcd(imeis.get(at).copied().unwrap_or(MODEM_DEFAULT_IMEI)).to_vec();
        record.extend([0, 0]);
        confidential(&record)
    };
    (0..SLOTS).flat_map(slot).collect()
}

/// Returns `MP09_001`: text padded with spaces, calibration passed.
#[must_use]
pub fn barcode_file(text: &str) -> Vec<u8> {
    let mut body = [b' '; 64];
    for (to, from) in body[..60].iter_mut().zip(text.bytes()) {
        *to = from;
    }
    body[60..].copy_from_slice(b"10\0\0");
    confidential(&body)
}

/// Returns a SIM-lock file with `records` unlocked records (modem-nvram.md 6.2).
#[must_use]
pub fn simlock_file(records: usize) -> Vec<u8> {
    confidential(&simlock_record()).repeat(records)
}

/// Returns one unlocked record in the clear.
#[must_use]
pub fn simlock_record() -> Vec<u8> {
    let mut body = vec![0xCC, 0, 0, 0];
    for _ in 0..7 {
        body.extend([2, 5, 0, 0]);
    }
    for code in [
        [0x21, 0x43, 0x65, 0x87],
        [0x65, 0x87, 0x21, 0x43],
        [0x11, 0x11, 0x22, 0x22],
        [0x33, 0x33, 0x44, 0x44],
        [0x55, 0x55, 0x66, 0x66],
        [0x77, 0x77, 0x88, 0x88],
        [0x99, 0x99, 0x00, 0x00],
    ] {
        body.push(0);
        body.extend(code);
        body.extend([0xFF; 4]);
    }
    for (number, used, blank) in
        [(1, 3, 27), (2, 4, 4), (3, 4, 4), (4, 5, 5), (5, 8, 8), (6, 5, 5), (7, 10, 10)]
    {
        body.extend(std::iter::repeat_n(0xC0 + number, used));
        body.extend(std::iter::repeat_n(0xFF, blank));
    }
    body.extend([0xFF, 0xFF, 0x00, 0x88, 0x80, 0x59, 0x26]);
    body
}

/// Returns the system record `MT00A000` = `MT00B000`, unlocked.
#[must_use]
pub fn system_file() -> Vec<u8> {
    let mut sys = b"5.MD.WG.MP.V43.P12".to_vec();
    sys.extend([0x00, 0xDD, 0xC5, 0xB9]);
    sys.extend(cipher(b" _NVRAM__NO_"));
    let text = |words: &str| {
        let mut record = words.as_bytes().to_vec();
        record.resize(34, 0);
        plain(&record)
    };
    [plain(&sys), text("WR8.W1315.MD.WG.MP NVKEEP72_SIM"), text("DEFAULT")].concat()
}
