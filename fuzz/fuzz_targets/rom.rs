//! ROM packages as `preflight` takes them: any bytes as a zip, a zip with names and contents of the fuzzer's, a folder with a
//! scatter file and an image. Judged or refused; nothing is written, beside the package or in it.
#![no_main]

use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nvkeep::app::preflight::{PreflightRequest, preflight};
use nvkeep::app::{Choices, Context, Exit, Keyring, Pace, Reach};
use nvkeep::formats::catalog::Catalog;
use nvkeep::wiring::Workshop;
use zip::write::SimpleFileOptions;

static BUILT_IN: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().expect("built in"));

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    let Ok(folder) = tempfile::tempdir() else { return };
    let package = folder.path().join("rom");
    match flag % 3 {
        0 => std::fs::write(&package, bytes).expect("a file"),
        1 => std::fs::write(&package, zipped(bytes)).expect("a file"),
        _ => {
            std::fs::create_dir(&package).expect("a folder");
            let mut parts = bytes.splitn(2, |byte| *byte == 0);
            for name in ["MT6572_Android_scatter.txt", "nvram.bin"] {
                std::fs::write(package.join(name), parts.next().unwrap_or_default()).expect("a file");
            }
        }
    }
    let before = content(folder.path());
    let request = PreflightRequest { package, phone: false, archive: None };
    match preflight(&context(folder.path()), &request) {
        Ok(result) => assert!(result.exit() != Exit::Done, "nothing is safe that was compared with nothing"),
        Err(failure) => assert!(failure.exit != Exit::Done && !failure.message.is_empty()),
    }
    assert_eq!(content(folder.path()), before, "something was written");
});

/// Entries: a length of a name, the name, a length of two bytes, the content.
fn zipped(mut bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for _ in 0..32 {
        let Some((len, rest)) = bytes.split_first() else { break };
        let (name, rest) = rest.split_at(rest.len().min(usize::from(*len)));
        let (len, rest) = rest.split_at(rest.len().min(2));
        let len = usize::from(u16::from_le_bytes([
            len.first().copied().unwrap_or(0),
            len.get(1).copied().unwrap_or(0),
        ]));
        let (content, rest) = rest.split_at(rest.len().min(len));
        let name = String::from_utf8_lossy(name).into_owned();
        if zip.start_file(name, SimpleFileOptions::default()).is_ok() {
            zip.write_all(content).expect("into memory");
        }
        bytes = rest;
    }
    zip.finish().expect("into memory").into_inner()
}

fn context(folder: &Path) -> Context<'static> {
    Context {
        cables: &Workshop,
        catalog: BUILT_IN.clone(),
        choices: Choices {
            port: "none".into(),
            timeout: Duration::from_secs(1),
            pace: Pace::Strict,
            reach: Reach::default(),
            scatter: None,
            data: None,
            record: None,
            replay: None,
            keyring: Keyring::default(),
            journals: folder.join("journals"),
            records: false,
            wire: false,
        },
        sink: Arc::new(|_| {}),
        stop: Arc::new(AtomicBool::new(false)),
        now: || "2026-11-25T01:02:03Z".into(),
    }
}

/// Every file below, with its length.
fn content(folder: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, metadata) = (entry.path(), entry.metadata().expect("there"));
        found.push((path.display().to_string(), if metadata.is_dir() { 0 } else { metadata.len() }));
        if metadata.is_dir() {
            found.extend(content(&path));
        }
    }
    found.sort();
    found
}
