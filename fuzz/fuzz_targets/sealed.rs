//! Sealed files: any bytes as one, headers that ask for work, and a sound one damaged in up to 64 places, which opens to what was
//! sealed or not at all.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nvkeep::vault::limits::MAX_WORK;
use nvkeep::vault::{Keys, Passphrase, VaultError, unseal_from};

const SEALED: &[u8] = include_bytes!("../../samples/sealed/to-recipient.nvk.age");
const ARMORED: &[u8] = include_bytes!("../../samples/sealed/armored.nvk.age");
const PLAIN: &[u8] = include_bytes!("../../samples/archives/schema-1.nvk");
/// More work than this is refused by the target, not by the program: it would only be slow.
const CHEAP: u64 = 10;

static IDENTITY: LazyLock<Keys> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/sealed/identity.txt");
    Keys::read(&[file], None).expect("the test identity")
});

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    match flag % 4 {
        0 => drop(open(bytes)),
        1 => drop(open(&[b"age-encryption.org/v1\n", bytes].concat())),
        2 => same(SEALED, bytes),
        _ => same(ARMORED, bytes),
    }
});

fn open(bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
    let passphrase = || Passphrase::new("x".into()).expect("not empty");
    let keys = if is_cheap(bytes) { IDENTITY.with(passphrase()) } else { IDENTITY.clone() };
    unseal_from(bytes, Path::new("fuzzed"), &keys)
}

/// Returns whether every stanza that asks for work asks for little, or for so much that it must be refused.
fn is_cheap(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).split("-> scrypt").skip(1).all(|rest| {
        let asked = rest.lines().next().and_then(|line| line.split_whitespace().nth(1));
        asked.is_none_or(|asked| match asked.parse::<u64>() {
            Ok(asked) => asked <= CHEAP || asked > u64::from(MAX_WORK),
            Err(_) => true,
        })
    })
}

/// Pieces of three bytes: where (two) and what is laid over it.
fn same(sealed: &[u8], bytes: &[u8]) {
    let mut damaged = sealed.to_vec();
    for piece in bytes.chunks_exact(3).take(64) {
        let at = usize::from(u16::from_le_bytes([piece[0], piece[1]])) % damaged.len();
        damaged[at] ^= piece[2];
    }
    if let [rest @ ..] = bytes.chunks_exact(3).remainder()
        && let [cut, ..] = rest
    {
        damaged.truncate(damaged.len() - usize::from(*cut));
    }
    if let Ok(plain) = open(&damaged) {
        assert!(plain == PLAIN, "other bytes came out than were sealed");
    }
}
