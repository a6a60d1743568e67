//! Text that is read in the diff: run with `NVKEEP_GOLDEN=write` to make it anew.

use std::time::Instant;

use crate::support::golden::golden;
use crate::support::program::Home;

const VERBS: [&str; 19] = [
    "detect",
    "info",
    "backup",
    "inspect",
    "diagnose",
    "diff",
    "restore",
    "repair",
    "resume",
    "guard",
    "verify",
    "preflight",
    "vault",
    "sim",
    "doctor",
    "demo",
    "completions",
    "man",
    "tui",
];

#[test]
fn the_help_of_every_verb_is_as_frozen() {
    let home = Home::new();
    let mut text = home.run(&["--help"]).exits(0).out;
    for verb in VERBS {
        text.push_str(&format!("\n==== {verb}\n{}", home.run(&[verb, "--help"]).exits(0).out));
    }
    for verb in ["list", "import", "redact", "proof", "export", "seal", "open"] {
        text.push_str(&format!("\n==== vault {verb}\n{}", home.run(&["vault", verb, "--help"]).exits(0).out));
    }
    golden("help.txt", &text);
}

#[test]
fn no_verb_takes_an_identity_to_be_written() {
    let home = Home::new();
    for verb in VERBS {
        let help = home.run(&[verb, "--help"]).exits(0).out.to_lowercase();
        for option in ["--imei", "--meid", "--serial", "--mac", "--barcode", "<imei>", "<mac>"] {
            assert!(!help.contains(option), "{verb} offers {option}");
        }
    }
    for option in ["--imei", "--wifi-mac", "--new-imei"] {
        home.run(&["restore", "a.nvk", option, "490154203237518"]).exits(2);
    }
}

#[test]
fn the_list_of_simulated_phones_is_as_frozen() {
    let home = Home::new();
    golden("sim-list.txt", &home.run(&["sim", "list"]).exits(0).out);
    let value = home.run(&["sim", "list", "--json"]).exits(0).json();
    let names: Vec<&str> =
        value["result"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    for name in [
        "mt6572",
        "mt6572-format-all",
        "mt6572-format-all-pro-info-lost",
        "mt6572-userdata-wiped",
        "mt6572-imei-null",
        "mt6572-default-mac",
        "mt6572-torn-binregion",
        "mt6572-other-phone",
        "mt6572-no-pmt",
        "mt6572-nand",
        "mt6572-secured",
    ] {
        assert!(names.contains(&name), "{name} is missing of {names:?}");
    }
}

#[test]
fn completions_and_manual_name_every_verb() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.run(&["completions", shell]).exits(0).out;
        assert!(VERBS.iter().all(|verb| script.contains(verb)), "{shell}");
    }
    let page = home.run(&["man"]).exits(0).out;
    assert!(page.contains(".TH nvkeep") && VERBS.iter().all(|verb| page.contains(verb)), "{page}");
}

#[test]
fn the_version_is_the_packages() {
    let home = Home::new();
    let start = Instant::now();
    let said = home.run(&["--version"]).exits(0);
    println!("start-up: {:.1?} (this build)", start.elapsed());
    assert_eq!(said.out, format!("nvkeep {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(said.err, "");
}

#[test]
fn bad_arguments_end_with_exit_2_and_touch_nothing() {
    let home = Home::new();
    for arguments in [
        &["frobnicate"][..],
        &["backup", "--no-such-option"],
        &["info", "--timeout", "0"],
        &["info", "--timeout", "soon"],
        &["info", "--engine", "magic"],
        &["restore"],
        &["restore", "a.nvk", "--only", "everything"],
        &["info", "--record", "x", "--replay", "y"],
        &["completions", "tcsh-but-not-quite"],
    ] {
        let said = home.run(arguments).exits(2);
        assert_eq!(said.out, "", "{arguments:?}");
        assert!(said.err.starts_with("error:"), "{arguments:?}: {}", said.err);
    }
    for (arguments, code) in [
        (&["info", "--port", "sim:no-such-phone", "--json"][..], "unknown-scenario"),
        (&["info", "--port", "carrier-pigeon", "--json"], "bad-port"),
        (&["sim", "mt6572", "--listen", "ftp://x", "--json"], "bad-address"),
        (&["inspect", "no-such-file", "--json"], "file-missing"),
    ] {
        super::fails(&home.run(arguments), 2, code);
    }
    assert_eq!(home.files(), [""; 0]);
}
