//! The chain of proofs: any bytes; and lines of the fuzzer's whose digests are put right, so that what stands behind the first
//! of them is reached too. What is believed is a chain, and written again it is the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::vault::{Chain, Proof, chain_of, sha256_hex};

const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    let chain = if flag & 1 == 0 { chain_of(bytes) } else { chain_of(&linked(bytes)) };
    let mut previous = BEGINNING.to_owned();
    let mut again = Vec::new();
    for link in &chain.links {
        assert_eq!(link.previous, previous, "each follows the one before");
        assert_eq!(link.digest, digest_of(&previous, &link.proof));
        previous.clone_from(&link.digest);
        again.extend(serde_json::to_vec(link).expect("a link is written"));
        again.push(b'\n');
    }
    let whole = Chain { links: chain.links.clone(), ..Chain::default() };
    assert_eq!(chain_of(&again), whole);
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    assert!(chain.torn.iter().all(|line| *line <= lines) && chain.torn.len() <= lines);
});

fn digest_of(previous: &str, proof: &Proof) -> String {
    let json = serde_json::to_string(proof).expect("a proof is written");
    sha256_hex(format!("{previous}\n{json}").as_bytes())
}

/// Takes each line for a proof; one that is none stays as it is, between those that are.
fn linked(bytes: &[u8]) -> Vec<u8> {
    let mut previous = BEGINNING.to_owned();
    let mut text = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(proof) = serde_json::from_slice::<Proof>(line) {
            let digest = digest_of(&previous, &proof);
            let link = nvkeep::vault::Link { proof, previous, digest };
            text.extend(serde_json::to_vec(&link).expect("a link is written"));
            previous = link.digest;
        } else {
            text.extend(line);
        }
        text.push(b'\n');
    }
    text
}
