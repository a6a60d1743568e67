//! The program with sealed archives: every verb with the key and without, the question on a terminal, and what is said.

use std::fs;

use nvkeep::vault::Archive;
use serde_json::Value;

use super::sample;
use crate::support::program::{Home, Said};
use crate::support::pty::Terminal;

/// A scatter file that says little.
const SCATTER: &str = "\
- general: MTK_PLATFORM_CFG
  info:
    - config_version: V1.1.1
      platform: MT6572
      project: textbook
      storage: EMMC
      block_size: 0x20000

- partition_index: SYS1
  partition_name: NVRAM
  file_name: NONE
  is_download: false
  linear_start_addr: 0x1000000
  partition_size: 0x500000
  region: EMMC_USER
  operation_type: BINREGION
";

/// A home with `a.nvk`, `a.nvk.age` sealed to the test identity, and its key files.
fn home() -> Home {
    let home = Home::new();
    for name in ["identity.txt", "passphrase.txt", "to-passphrase.nvk.age"] {
        fs::copy(sample("sealed").join(name), home.path(name)).unwrap();
    }
    home.run(&["--port", "sim:mt6572", "backup", "-o", "a.nvk", "-q"]).exits(0);
    let said =
        home.run(&["vault", "seal", "a.nvk", "-o", "a.nvk.age", "--encrypt-to", &recipient()]).exits(0);
    assert!(said.out.contains("NOT opened again") && said.out.contains("to 1 recipient\n"), "{}", said.out);
    home
}

fn recipient() -> String {
    let text = fs::read_to_string(sample("sealed/identity.txt")).unwrap();
    text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned()
}

fn code(said: &Said) -> String {
    said.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_verb_that_takes_an_archive_takes_a_sealed_one_with_its_key_and_says_so_without() {
    let home = home();
    let other = age::x25519::Identity::generate().to_string();
    home.file("other.txt", age::secrecy::ExposeSecret::expose_secret(&other));
    let damaged = {
        let mut bytes = fs::read(home.path("a.nvk.age")).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        bytes
    };
    home.file("damaged.nvk.age", damaged);
    let rom = home.path("rom");
    fs::create_dir(&rom).unwrap();
    fs::write(rom.join("MT6572_Android_scatter.txt"), SCATTER).unwrap();
    let verbs: [&[&str]; 10] = [
        &["inspect", "FILE"],
        &["diagnose", "FILE"],
        &["diff", "a.nvk", "FILE"],
        &["verify", "FILE"],
        &["restore", "FILE", "--dry-run", "--port", "sim:mt6572"],
        &["repair", "--from", "FILE", "--dry-run", "--port", "sim:mt6572"],
        &["preflight", "rom", "--archive", "FILE"],
        &["vault", "export", "FILE", "out"],
        &["vault", "redact", "FILE", "-o", "public.nvk"],
        &["vault", "open", "FILE", "-o", "back.nvk"],
    ];
    for verb in verbs {
        let run = |file: &str, keys: &[&str]| {
            let mut words: Vec<&str> =
                verb.iter().map(|word| if *word == "FILE" { file } else { word }).collect();
            words.extend(keys);
            words.extend(["--json", "-q"]);
            home.run(&words)
        };
        let plain = run("a.nvk", &[]);
        let before = home.files();
        for (file, keys, exit, wanted) in [
            ("a.nvk.age", &[][..], 4, "archive-sealed"),
            ("a.nvk.age", &["--passphrase-file", "passphrase.txt"], 4, "archive-sealed"),
            ("a.nvk.age", &["--identity", "other.txt"], 4, "wrong-key"),
            ("damaged.nvk.age", &["--identity", "identity.txt"], 10, "sealed-damaged"),
            ("a.nvk.age", &["--identity", "nowhere.txt"], 2, "vault-io"),
            ("a.nvk.age", &["--identity", "passphrase.txt"], 2, "bad-key"),
        ] {
            let said = run(file, keys);
            assert_eq!(
                (said.code, code(&said).as_str()),
                (Some(exit), wanted),
                "{verb:?} {keys:?}: {said:#?}"
            );
            assert!(!said.err.contains("horse"), "{said:#?}");
        }
        assert_eq!(home.files(), before, "{verb:?}");
        for made in ["out", "public.nvk", "back.nvk"] {
            let path = home.path(made);
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
        let sealed = run("a.nvk.age", &["--identity", "identity.txt"]);
        if verb[1] != "open" {
            assert_eq!(sealed.code, plain.code, "{verb:?}: {sealed:#?}");
        }
        let document = sealed.json();
        assert_eq!(document["ok"], true, "{verb:?}: {document}");
        if verb[0] == "inspect" {
            assert_eq!(document["result"]["layers"], plain.json()["result"]["layers"]);
        }
    }
    let opened = fs::read(home.path("back.nvk")).unwrap();
    assert_eq!(opened, fs::read(home.path("a.nvk")).unwrap());
}

#[test]
fn a_backup_is_sealed_as_it_is_told() {
    let home = home();
    let said = home
        .run(&[
            "--port",
            "sim:mt6572",
            "backup",
            "-o",
            "b.nvk.age",
            "-q",
            "--json",
            "--encrypt-to",
            &recipient(),
            "--identity",
            "identity.txt",
        ])
        .exits(0);
    let sealed = &said.json()["result"]["sealed"];
    assert_eq!(*sealed, serde_json::json!({ "to": "recipients", "recipients": 1, "opened_again": true }));
    let said = home.run(&[
        "--port",
        "sim:mt6572",
        "backup",
        "-o",
        "c.nvk.age",
        "-q",
        "--passphrase-file",
        "passphrase.txt",
    ]);
    let said = said.exits(0);
    assert!(
        said.out.contains("to a passphrase\n") && said.out.contains("opened again from the disk"),
        "{}",
        said.out
    );
    home.run(&["verify", "c.nvk.age", "--passphrase-file", "passphrase.txt"]).exits(0);
    let plain = home.run(&["--port", "sim:mt6572", "backup", "-o", "d.nvk", "-q", "--json"]).exits(0).json();
    assert_eq!(plain["result"].get("sealed"), None);
    // A wrong word ends it before anybody waits for a phone.
    for (words, wanted) in [
        (&["--encrypt-to", "age1nothing"][..], "bad-key"),
        (&["--encrypt-to", "AGE-SECRET-KEY-1XYZ"], "bad-key"),
        (&["--passphrase-file", "nowhere"], "vault-io"),
    ] {
        let said =
            home.run(&[&["--port", "sim:mt6572", "backup", "-o", "e.nvk.age", "--json"][..], words].concat());
        assert_eq!((said.code, code(&said).as_str()), (Some(2), wanted), "{said:#?}");
        assert!(!said.err.contains("AGE-SECRET"), "{said:#?}");
    }
    home.run(&["backup", "--encrypt-to", &recipient(), "--passphrase-file", "passphrase.txt"]).exits(2);
    assert!(!home.files().iter().any(|file| file.starts_with("e.") || file.ends_with(".part")));
}

#[test]
fn the_list_says_what_is_sealed() {
    let home = home();
    let text = home.run(&["vault", "list"]).exits(0).out;
    assert!(text.contains("a.nvk.age\n  SEALED   ") && text.contains("1 archive in ., 2 sealed\n"), "{text}");
    let document = home.run(&["vault", "list", "--json", "--identity", "identity.txt"]).exits(0).json();
    let result = &document["result"];
    assert_eq!(result["archives"].as_array().map(Vec::len), Some(2), "{result}");
    assert_eq!(result["sealed"][0]["code"], "archive-sealed");
    let masked = home.run(&["vault", "list", "--identity", "identity.txt", "--mask"]).exits(0).out;
    assert!(!masked.contains("490154203237518"), "{masked}");
}

#[test]
fn nothing_is_asked_without_a_terminal() {
    let home = home();
    let said = home.run(&["vault", "seal", "a.nvk", "-o", "x.age", "--json"]).exits(2);
    assert_eq!(code(&said), "no-lock");
    let said = home.run(&["verify", "to-passphrase.nvk.age", "--json"]).exits(4);
    assert_eq!(code(&said), "archive-sealed");
    let advice: Value = said.json()["error"]["advice"].clone();
    assert!(advice.as_str().unwrap().contains("--passphrase-file"), "{advice}");
}

#[test]
fn a_terminal_is_asked_without_echo_and_left_as_it_was() {
    let home = home();
    let terminal = Terminal::run(&home.command(&["vault", "seal", "a.nvk", "-o", "typed.nvk.age"]), 80, 24);
    terminal.shows("Passphrase to seal it with:");
    assert!(!terminal.is_cooked());
    terminal.keys("hunterx\x7f2\r");
    terminal.shows("The same again:");
    terminal.keys("hunter2\r");
    let left = terminal.left();
    let screen = left.screen.contents();
    assert_eq!(left.code, 0, "{screen}");
    assert!(left.settings_restored);
    assert!(screen.contains("to a passphrase") && !screen.contains("hunter"), "{screen}");

    let terminal =
        Terminal::run(&home.command(&["vault", "open", "typed.nvk.age", "-o", "typed.nvk"]), 80, 24);
    terminal.shows("Passphrase of typed.nvk.age:");
    terminal.keys("hunter2\n");
    let left = terminal.left();
    assert_eq!(left.code, 0, "{}", left.screen.contents());
    assert!(left.settings_restored && !left.screen.contents().contains("hunter"));
    assert!(Archive::open(&home.path("typed.nvk")).unwrap().verify().is_whole());

    let terminal = Terminal::run(&home.command(&["verify", "typed.nvk.age"]), 80, 24);
    terminal.shows("Passphrase of typed.nvk.age:");
    terminal.keys("wrong\r");
    let left = terminal.left();
    assert_eq!(left.code, 4, "{}", left.screen.contents());
}

#[test]
fn who_breaks_off_at_the_question_has_a_terminal_that_echoes_again() {
    let home = home();
    for how in ["\x03", "TERM"] {
        let terminal = Terminal::run(&home.command(&["verify", "to-passphrase.nvk.age"]), 80, 24);
        terminal.shows("Passphrase of");
        match how {
            "TERM" => terminal.signal(how),
            keys => terminal.keys(keys),
        }
        let left = terminal.left();
        assert_eq!(left.code, 130, "{how:?}: {}", left.screen.contents());
        assert!(left.settings_restored, "{how:?}");
    }
    let terminal = Terminal::run(&home.command(&["vault", "seal", "a.nvk", "-o", "x.nvk.age"]), 80, 24);
    terminal.shows("Passphrase to seal it with:");
    terminal.keys("one\r");
    terminal.shows("The same again:");
    terminal.keys("two\r");
    let left = terminal.left();
    assert_eq!(left.code, 2, "{}", left.screen.contents());
    assert!(left.screen.contents().contains("not the same") && !home.path("x.nvk.age").exists());
}
