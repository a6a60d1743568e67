//! What another tool left: one file, or the parts of one that was split; tar, gzip and image told apart by content, as
//! `vault import` and every SOURCE do. Nothing is written beside the folder it lies in.
#![no_main]

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nvkeep::app::{Choices, Context, Pace, Reach, intake};
use nvkeep::formats::catalog::Catalog;
use nvkeep::wiring::Workshop;

static BUILT_IN: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().expect("built in"));
/// How one input is laid down: names of the files it is cut into.
const WAYS: [&[&str]; 4] = [
    &["backup"],
    &["data.ext4.win"],
    &["nvdata.emmc.win000", "nvdata.emmc.win001"],
    &["nvram.img", "proinfo.img"],
];

fuzz_target!(|bytes: &[u8]| {
    let [way, bytes @ ..] = bytes else { return };
    let names = WAYS[usize::from(*way) % WAYS.len()];
    let Ok(folder) = tempfile::tempdir() else { return };
    let inside = folder.path().join("source");
    std::fs::create_dir(&inside).expect("a folder");
    let piece = bytes.len().div_ceil(names.len()).max(1);
    for (index, name) in names.iter().enumerate() {
        let part = bytes.chunks(piece).nth(index).unwrap_or_default();
        std::fs::write(inside.join(name), part).expect("a file");
    }
    let context = Context {
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
            keyring: nvkeep::app::Keyring::default(),
            journals: folder.path().join("journals"),
            records: false,
            wire: false,
        },
        sink: Arc::new(|_| {}),
        stop: Arc::new(AtomicBool::new(false)),
        now: || "2026-11-25T01:02:03Z".into(),
    };
    for path in [inside.join(names[0]), inside.clone()] {
        if let Ok(haul) = intake::take(&context, &path) {
            let _ = haul.copies().map(|(copies, _)| copies.remnants.len());
        }
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        1,
        "something was written beside it"
    );
});
