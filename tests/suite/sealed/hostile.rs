//! Sealed files nobody honest made: bounded work, bounded header, and never other bytes than were sealed.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use nvkeep::app::{Exit, Failure, Keys};
use nvkeep::vault::limits::{MAX_SEALED_HEADER, MAX_WORK};
use nvkeep::vault::{VaultError, unseal_from};

use super::{identity, passphrase, sample, test_keys};
use crate::support::Random;
use crate::support::workbench::Workbench;

fn open(sealed: &[u8], keys: &Keys) -> Result<Vec<u8>, VaultError> {
    unseal_from(sealed, Path::new("hostile.nvk.age"), keys)
}

/// A header that asks for this much work; its body is right in form.
fn asking(work: &str) -> Vec<u8> {
    let salt = "dyHoElr/46NRbO5b+0p6jA";
    let body = "ur5xQ4P19R0YBVr+rrE1BSN73yT2SWDnucAmy1cxq8k";
    let mac = "A".repeat(43);
    let mut file =
        format!("age-encryption.org/v1\n-> scrypt {salt} {work}\n{body}\n--- {mac}\n").into_bytes();
    file.extend([0; 64]);
    file
}

#[test]
fn work_beyond_the_bound_is_refused_before_it_is_done() {
    let keys = Keys::default().with(passphrase("x"));
    for work in [MAX_WORK + 1, 22, 30, 40, 63, 64, 99, 255] {
        let began = Instant::now();
        let error = open(&asking(&work.to_string()), &keys).unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(2), "{work}: {:?}", began.elapsed());
        assert!(
            matches!(error, VaultError::ExcessiveWork { asked, .. } if asked == work),
            "{work}: {error:?}"
        );
        let failure = Failure::from(error);
        assert_eq!((failure.code, failure.exit), ("sealed-work", Exit::BadArchive));
    }
    for work in ["", "0", "-1", "018", "256", "99999999999999999999"] {
        let error = open(&asking(work), &keys).unwrap_err();
        assert_eq!(error.code(), "sealed-damaged", "{work}: {error}");
    }
    // The least work there is, with a passphrase that does not fit: a wrong key, and nothing worse.
    let error = open(&asking("1"), &keys).unwrap_err();
    assert!(matches!(error, VaultError::WrongKey { passphrase: true, .. }), "{error:?}");
}

/// A reader that counts what is taken of an endless file.
struct Endless<'a> {
    start: &'a [u8],
    again: &'a [u8],
    given: u64,
}

impl Read for Endless<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        for slot in into.iter_mut() {
            let at = self.given as usize;
            *slot = match self.start.get(at) {
                Some(byte) => *byte,
                None => self.again[(at - self.start.len()) % self.again.len()],
            };
            self.given += 1;
        }
        Ok(into.len())
    }
}

#[test]
fn a_header_without_end_is_given_up_soon() {
    for again in [&b"x"[..], b"-> x\n\n", b"\n", b"-> X25519 AAAA\nAAAA\n", b"AAAA\n"] {
        let mut endless = Endless { start: b"age-encryption.org/v1\n", again, given: 0 };
        let began = Instant::now();
        let error = unseal_from(&mut endless, Path::new("endless"), &test_keys()).unwrap_err();
        assert_eq!(error.code(), "sealed-damaged", "{again:?}: {error}");
        assert!(endless.given < 4 * MAX_SEALED_HEADER as u64, "{again:?}: {} bytes taken", endless.given);
        assert!(began.elapsed() < Duration::from_secs(20), "{again:?}: {:?}", began.elapsed());
    }
}

#[test]
fn every_cut_is_told() {
    for name in ["to-recipient.nvk.age", "armored.nvk.age"] {
        let sealed = std::fs::read(sample("sealed").join(name)).unwrap();
        let whole = open(&sealed, &test_keys()).unwrap();
        // The last end of line of an armored file may be missing.
        let last = sealed.len() - usize::from(sealed.ends_with(b"\n"));
        for end in 0..last {
            let error = open(&sealed[..end], &test_keys()).unwrap_err();
            assert_eq!(error.code(), "sealed-damaged", "{name} cut at {end}: {error}");
        }
        assert!(!whole.is_empty());
    }
}

#[test]
fn a_large_file_cut_between_its_pieces_is_told() {
    let bench = Workbench::with("mt6572");
    let (_, lock, keys) = identity(bench.folder.path());
    bench.backup("a.nvk").unwrap();
    let context = bench.context();
    let (from, to) = (bench.path("a.nvk"), bench.path("a.nvk.age"));
    nvkeep::app::sealing::seal(&context, (&from, &to), &lock, false).unwrap();
    let sealed = std::fs::read(to).unwrap();
    let header = sealed.windows(5).position(|window| window == b"\n--- ").unwrap() + 5 + 44 + 16;
    let piece = (64 << 10) + 16;
    let cuts: Vec<usize> = (0..).map(|n| header + n * piece).take_while(|cut| *cut < sealed.len()).collect();
    assert!(cuts.len() > 2, "{} bytes: more than one piece", sealed.len());
    for cut in cuts {
        let error = open(&sealed[..cut], &keys).unwrap_err();
        assert_eq!(error.code(), "sealed-damaged", "cut at {cut}: {error}");
    }
    let longer = [&sealed[..], b"more"].concat();
    assert_eq!(open(&longer, &keys).unwrap_err().code(), "sealed-damaged");
}

#[test]
fn damage_by_seed_never_opens_to_other_bytes() {
    let sound = std::fs::read(sample("archives/schema-1.nvk")).unwrap();
    let keys = test_keys().with(passphrase("x"));
    let mut ends = std::collections::BTreeMap::<&str, usize>::new();
    for name in ["to-recipient.nvk.age", "armored.nvk.age"] {
        let sealed = std::fs::read(sample("sealed").join(name)).unwrap();
        for seed in 0..1500 {
            match open(&Random::new(seed).damage(&sealed), &keys) {
                Ok(plain) => assert_eq!(plain, sound, "{name} {seed}"),
                Err(error) => {
                    let code = error.code();
                    let honest = matches!(code, "sealed-damaged" | "wrong-key" | "sealed-work");
                    assert!(honest, "{name} {seed}: {error:?}");
                    *ends.entry(code).or_default() += 1;
                }
            }
        }
    }
    println!("{ends:?}");
    assert!(ends["sealed-damaged"] > 1000 && ends["wrong-key"] > 10, "{ends:?}");
}
