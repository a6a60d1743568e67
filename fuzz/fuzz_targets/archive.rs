//! Archives: raw bytes; a manifest of the fuzzer's in a sound zip; and archives written from the input, which must open
//! whole and give back what was put in.
#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use nvkeep::vault::{Archive, Draft, Gap, Manifest, PhoneIds, Range};
use zip::write::SimpleFileOptions;

const MOST: usize = 64 << 10;

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    let bytes = &bytes[..bytes.len().min(MOST)];
    match flag % 3 {
        0 => open(bytes.to_vec()),
        1 => open(around(bytes)),
        _ => round_trip(bytes),
    }
});

fn open(bytes: Vec<u8>) {
    let Ok(mut archive) = Archive::from_reader(Cursor::new(bytes)) else { return };
    let report = archive.verify();
    let manifest = archive.manifest().clone();
    assert_eq!(report.checked, 2 + manifest.regions.len() + manifest.files.len());
    if report.is_whole() {
        for region in &manifest.regions {
            let blob = archive.region(&region.name).expect("just verified");
            assert_eq!(Some(blob.len() as u64), region.blob_len());
        }
    }
}

/// Puts a manifest into a zip that holds everything a small archive may name.
fn around(manifest: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let plain = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let named = |name: &str| manifest.windows(name.len()).any(|window| window == name.as_bytes());
    let mut put = |name: &str, bytes: &[u8]| {
        zip.start_file(name, plain).and_then(|()| Ok(zip.write_all(bytes)?)).expect("into memory");
    };
    put("manifest.json", manifest);
    put("report.txt", b"");
    for name in ["regions/NVRAM.img", "regions/PRO_INFO.img", "files/live/a"] {
        if named(name.rsplit('/').next().unwrap_or(name)) {
            put(name, b"abc");
        }
    }
    zip.finish().expect("into memory").into_inner()
}

/// Writes regions and files as the input says: pieces of a name's length, a name, and bytes.
fn round_trip(bytes: &[u8]) {
    let phone = PhoneIds { chip: "MT6572".into(), cid: "00".repeat(16), ..PhoneIds::default() };
    let mut draft = Draft::new(Manifest::new("fuzz", "2024-01-01T00:00:00Z", "direct", phone));
    let (mut regions, mut files) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(97).take(40) {
        let Some((flag, piece)) = piece.split_first() else { break };
        let (name, blob) = piece.split_at(piece.len().min(usize::from(flag >> 2 & 31)));
        let name = String::from_utf8_lossy(name).into_owned();
        if flag & 1 == 0 {
            let len = blob.len() as u64;
            let kept = if len == 0 { vec![] } else { vec![Range { at: 1, len }] };
            let gap = Gap { at: 0, len: 1, reason: name.clone() };
            if draft.add_region(&name, (512, len + 2), kept, vec![gap], blob.to_vec()).is_ok() {
                regions.push((name, blob));
            }
        } else if draft.add_file("live", &name, blob.to_vec()).is_ok() {
            files.push((name, blob));
        }
    }
    draft.set_report(&String::from_utf8_lossy(&bytes[..bytes.len().min(200)]));
    let written = draft.compose().expect("a checked draft is written");
    let mut archive = Archive::from_reader(Cursor::new(written)).expect("what was written opens");
    assert!(archive.verify().is_whole());
    assert_eq!(archive.manifest(), draft.manifest());
    for (name, blob) in regions {
        assert_eq!(archive.region(&name).expect("kept"), blob);
    }
    for (name, blob) in files {
        assert_eq!(archive.file("live", &name).expect("kept"), blob);
    }
}
