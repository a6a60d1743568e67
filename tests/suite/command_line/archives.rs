//! Claims about archives that are none, or no longer: each with its own code, whatever the verb, and nothing written.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{fails, home_with_archive};
use crate::support::program::Home;

/// Zips the entries of an archive anew, changed.
fn rezipped(bytes: &[u8], change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> Vec<u8> {
    let mut source = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut entries = Vec::new();
    for index in 0..source.len() {
        let mut entry = source.by_index(index).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        entries.push((entry.name().unwrap().into_owned(), content));
    }
    change(&mut entries);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in entries {
        zip.start_file(name, options).unwrap();
        zip.write_all(&content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Gives the bytes to every verb that reads an archive; each must refuse with exit code 10.
fn refused(home: &Home, bytes: &[u8]) -> String {
    let file = home.file("bad.nvk", bytes);
    let said = home.run(&["verify", &file, "--json"]);
    let code = said.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
    fails(&said, 10, &code);
    let before = home.files();
    let restore = home.run(&["--port", "sim:mt6572-format-all", "restore", &file, "--yes", "--json"]);
    fails(&restore, 10, &code);
    assert!(!restore.err.contains("Waiting for a phone"), "the phone is not even asked:\n{}", restore.err);
    assert_eq!(home.files(), before);
    code
}

#[test]
fn damaged_foreign_newer_and_hostile_archives_are_refused_each_by_name() {
    let home = home_with_archive();
    let good = std::fs::read(home.path("a.nvk")).unwrap();
    let mut codes = Vec::new();
    let mut note = |what: &str, bytes: &[u8]| {
        let code = refused(&home, bytes);
        println!("{what:24} {code}");
        codes.push(code);
    };
    note("empty", b"");
    note("text", b"this is no archive, it only has the name of one\n");
    note("cut in half", &good[..good.len() / 2]);
    note("cut by one byte", &good[..good.len() - 1]);
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    note("one bit flipped", &flipped);
    note("another zip", &rezipped(&good, |entries| entries.retain(|(name, _)| name != "manifest.json")));
    note(
        "a newer schema",
        &rezipped(&good, |entries| {
            let manifest = entries.iter_mut().find(|(name, _)| name == "manifest.json").unwrap();
            let text = String::from_utf8(manifest.1.clone()).unwrap();
            let newer = text.replace("nvkeep-archive/1", "nvkeep-archive/2");
            assert_ne!(text, newer);
            manifest.1 = newer.into_bytes();
        }),
    );
    note(
        "other bytes",
        &rezipped(&good, |entries| {
            entries.iter_mut().find(|(name, _)| name == "regions/NVRAM.img").unwrap().1[100] ^= 1;
        }),
    );
    note("climbing out", &rezipped(&good, |entries| entries.push(("files/../../../x".into(), vec![1]))));
    note(
        "a bomb",
        &rezipped(&good, |entries| {
            let manifest = entries.iter_mut().find(|(name, _)| name == "manifest.json").unwrap();
            manifest.1.extend(vec![b' '; 64 << 20]);
        }),
    );
    for wanted in ["not-an-archive", "archive-newer", "archive-digest", "archive-name", "archive-too-large"] {
        assert!(codes.iter().any(|code| code == wanted), "{wanted} is missing of {codes:?}");
    }
    assert!(!home.path("../x").exists());
}

#[test]
fn a_missing_archive_and_a_folder_are_bad_arguments() {
    let home = Home::new();
    let said = home.run(&["verify", "nothing-here.nvk", "--json"]);
    let code = said.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
    fails(&said, 2, &code);
}

#[test]
fn a_good_archive_verifies_and_says_what_it_holds() {
    let home = home_with_archive();
    let value = home.run(&["verify", "a.nvk", "--json"]).exits(0).json();
    assert_eq!(value["ok"], true);
    let result = &value["result"];
    assert_eq!(result["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(result["report"]["verdict"]["code"], "healthy");
    assert_eq!((&result["full"], &result["warnings"]), (&false.into(), &serde_json::json!([])));
}

#[test]
fn an_existing_archive_is_replaced_only_when_told() {
    let home = home_with_archive();
    let before = std::fs::read(home.path("a.nvk")).unwrap();
    let said = home.run(&["--port", "sim:mt6572-format-all", "backup", "-o", "a.nvk", "--json"]);
    let code = said.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
    fails(&said, 2, &code);
    assert_eq!(std::fs::read(home.path("a.nvk")).unwrap(), before);
    home.run(&["--port", "sim:mt6572-format-all", "backup", "-o", "a.nvk", "--force"]).exits(0);
    assert_ne!(std::fs::read(home.path("a.nvk")).unwrap(), before);
    assert_eq!(home.files(), ["a.nvk"]);
}

#[test]
fn a_backup_without_a_name_is_named_after_the_phone() {
    let home = Home::new();
    let value = home.run(&["--port", "sim:mt6572", "backup", "--note", "bench 4", "--json"]).exits(0).json();
    let files = home.files();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].starts_with("nvkeep-MT6572-4e564b01-") && files[0].ends_with("Z.nvk"), "{files:?}");
    assert_eq!(value["result"]["file"], files[0].as_str());
    let note = home.run(&["verify", &files[0], "--json"]).exits(0).json()["result"]["note"].clone();
    assert_eq!(note, "bench 4");
}

#[test]
fn a_full_backup_reads_every_byte_of_the_small_partitions() {
    let home = Home::new();
    let value = home.run(&["--port", "sim:mt6572-format-all", "backup", "-o", "a.nvk", "--json"]).exits(0);
    assert!(!value.json()["result"]["warnings"].as_array().unwrap().is_empty(), "damage is warned of");
    assert!(value.err.contains("warning: what was saved is already damaged"), "{}", value.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_leaves_no_part_of_a_file() {
    let home = Home::new();
    for blocks in [0, 1, 16, 64] {
        // A limit on the size of files is the full disk anyone can make; the shell lets writes fail instead of killing.
        let script =
            format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" --port sim:mt6572 backup -o a.nvk --json");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_nvkeep")]);
        home.settle(&mut shell);
        shell.stdout(std::process::Stdio::piped());
        let said = crate::support::program::Said::of(&shell.output().unwrap());
        let code = said.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
        println!("{blocks} blocks: {code}");
        fails(&said, 1, &code);
        assert_eq!(home.files(), [""; 0], "{blocks} blocks");
    }
}
