//! Who may know whom, and which tool lives where.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the rooms it may name. A room that is missing here may not exist.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("formats", &[]),
    ("transport", &[]),
    ("vault", &[]),
    ("identity", &["formats"]),
    ("simulator", &["wire"]),
    ("protocol", &["wire", "transport"]),
    ("storage", &["protocol", "formats"]),
    ("app", &["formats", "transport", "protocol", "storage", "identity", "vault"]),
    ("cli", &["app"]),
    ("tui", &["app"]),
    ("wiring", &["app", "transport", "simulator"]),
];

/// A word, and the only place it may appear.
const LIVES_IN: &[(&str, &str)] = &[
    ("rusb", "transport/usb.rs"),
    ("ratatui", "tui/"),
    ("crossterm", "tui/"),
    ("clap", "cli/"),
    ("println!", "cli/"),
    ("super::super", "nowhere: write the path from crate::"),
];

#[test]
fn every_room_names_only_its_neighbours() {
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        let room = path.split(['/', '.']).next().unwrap();
        if room == "main" || room == "lib" {
            continue;
        }
        let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{path}: no rule speaks of {room}"));
            continue;
        };
        for named in rooms_named(&code) {
            if named != room && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{path}: {room} may not know {named}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_tool_stays_in_its_room() {
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        for (word, home) in LIVES_IN {
            if path != "main.rs" && code.contains(word) && !path.starts_with(home) {
                wrong.push(format!("{path}: {word} lives in {home}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What makes identity files: written in `formats`, called by `identity` alone. (The simulator has code of its own.)
const ENCODERS: [&str; 8] = [
    "replace_record",
    "to_modem_bcd",
    "checksum2",
    "modem_file::replace",
    "binregion::compose",
    "with_imei",
    "with_barcode",
    "textbook_imei",
];

#[test]
fn encoders_of_identities_are_reached_from_identity_alone() {
    let outside = |path: &str| !path.starts_with("formats") && !path.starts_with("identity");
    let mut found = false;
    for (path, code) in sources() {
        for encoder in ENCODERS {
            found |= !outside(&path) && code.contains(encoder);
            assert!(!(outside(&path) && code.contains(encoder)), "{path} names {encoder}");
        }
    }
    assert!(found, "the encoders have other names now");
}

#[test]
fn no_test_file_is_forgotten() {
    let suite = root().join("tests/suite");
    let list = fs::read_to_string(suite.join("main.rs")).unwrap();
    for path in files_under(&suite) {
        let name = match path.file_stem().unwrap().to_str().unwrap() {
            "mod" => path.parent().unwrap().file_name().unwrap().to_str().unwrap(),
            name => name,
        };
        if path.parent() != Some(suite.as_path()) && name != "support" {
            continue; // a submodule: its own mod.rs lists it, and the compiler warns of nothing else
        }
        assert!(name == "main" || list.contains(&format!("mod {name};")), "{name} is never run");
    }
}

#[test]
fn names_are_found_in_nested_groups() {
    let code = "use crate::{a::{b, c}, d::e};\nlet x = crate::f::g();\n";
    assert_eq!(rooms_named(code), ["a", "d", "f"].map(String::from).into());
}

/// Returns the first name after each `crate::`, looking into `{…}` groups.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    found.insert(word(&group[start..at]));
                    start = at + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found.remove("");
    found
}

/// Returns each source file as (path below `src`, text without comment lines).
fn sources() -> Vec<(String, String)> {
    let src = root().join("src");
    files_under(&src)
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let below = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
            (below, code.join("\n"))
        })
        .collect()
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_under(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
