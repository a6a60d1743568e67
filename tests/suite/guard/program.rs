//! Claims about `guard` as it is typed: real flashers in processes of their own, a phone served over TCP that they change.

use serde_json::Value;

use crate::support::program::{Home, Said, Sim};

const PROGRAM: &str = env!("CARGO_BIN_EXE_nvkeep");

/// A flasher in a shell: it takes the phone's place at the port as it is after the flash, for some plug-ins.
fn flash(port: &str, scenario: &str, more: &str) -> String {
    format!(
        "{PROGRAM} sim {scenario} --listen {port} --state flashed.state --connections 1 {more} >sim.log 2>&1 &\necho flashing"
    )
}

/// Guards a phone that leaves its port after the backup, while a shell runs this script.
fn guarded(home: &Home, options: &[&str], script: impl Fn(&str) -> String) -> Said {
    let sim =
        Sim::serve(home, "mt6572", "tcp://127.0.0.1:0", &home.path("healthy.state"), &["--connections", "1"]);
    let script = script(&sim.port);
    let first = ["guard", "--port", &sim.port, "-o", "a.nvk"];
    let said = home.run(&[&first[..], options, &["--", "sh", "-c", &script]].concat());
    sim.end();
    said
}

fn imei(result: &Value) -> &Value {
    &result["after"]["layers"][0]["imei"][0]["value"]
}

#[test]
fn a_full_format_is_undone_over_tcp() {
    let home = Home::new();
    let said = guarded(&home, &["--yes", "--json"], |port| flash(port, "mt6572-format-all", "")).exits(0);
    let result = &said.json()["result"];
    assert_eq!(result["outcome"], "restored", "{result}");
    assert_eq!(result["archive"], "a.nvk");
    assert_eq!((&result["flasher"]["exit"], &result["whole_before"]), (&0.into(), &true.into()));
    assert_eq!(imei(result), "490154203237518");
    // What the flasher says on stdout is shown, but not in the document.
    assert!(said.err.lines().any(|line| line == "flashing"), "{}", said.err);
    home.run(&["verify", "a.nvk"]).exits(0);
}

#[test]
fn a_donors_nvram_is_replaced_over_tcp() {
    let home = Home::new();
    // The other phone's content on this phone's card.
    let donor = home.file(
        "donor.toml",
        include_str!("../../../samples/phones/mt6572-other-phone.toml")
            .replace("1501004e564b344742104e564b02a501", "1501004e564b344742104e564b017d01"),
    );
    let said = guarded(&home, &["--yes", "--json"], |port| flash(port, &donor, "")).exits(0);
    let result = said.json()["result"].clone();
    assert_eq!((&result["outcome"], imei(&result)), (&"restored".into(), &"490154203237518".into()));
    assert!(!result["after"].to_string().contains("356938035643809"), "{}", result["after"]);
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_written() {
    let home = Home::new();
    let script = |port: &str| flash(port, "mt6572-format-all", "") + "; exit 3";
    let said = guarded(&home, &["--json"], script).exits(9);
    let result = &said.json()["result"];
    assert_eq!((&result["outcome"], &result["flasher"]["exit"]), (&"not-restored".into(), &3.into()));
    assert_eq!(result["journal"], Value::Null);
    assert!(said.err.contains("exit code 3") && said.err.contains("use --yes"), "{}", said.err);
    assert!(!home.files().iter().any(|name| name.contains("journal")), "{:?}", home.files());
}

#[test]
fn an_interrupt_is_the_flashers_and_the_phone_is_checked_all_the_same() {
    let home = Home::new();
    // As the terminal does it: both get it, twice. The flasher survives the one and dies of the other.
    let interrupts = "\nkill -INT $PPID; kill -INT $PPID; kill -INT $$; exit 0";
    let script = |port: &str| flash(port, "mt6572", "") + interrupts;
    let said = guarded(&home, &["--yes", "--json"], script).exits(0);
    let result = &said.json()["result"];
    assert_eq!((&result["flasher"]["exit"], &result["flasher"]["signal"]), (&Value::Null, &2.into()));
    assert_eq!(result["outcome"], "untouched");
    assert!(said.err.contains("ended by signal 2"), "{}", said.err);
}

#[test]
fn the_text_says_what_was_done_and_shows_the_flashers_words_as_they_are() {
    let home = Home::new();
    let said = guarded(&home, &["--yes", "-q"], |port| flash(port, "mt6572", "")).exits(0);
    assert!(said.out.starts_with("flashing\narchive    a.nvk\n"), "{}", said.out);
    assert!(said.out.contains("Guard complete: the flash damaged nothing"), "{}", said.out);
    assert!(said.out.contains("verdict    HEALTHY"), "{}", said.out);
}

#[test]
fn a_phone_that_stays_away_ends_with_exit_3_and_the_archives_name() {
    let home = Home::new();
    let said = guarded(&home, &["--yes", "--json", "--return-timeout", "1"], |_| "true".into()).exits(3);
    let error = &said.json()["error"];
    assert_eq!(error["code"], "not-back");
    assert!(error["advice"].as_str().unwrap().contains("nvkeep restore a.nvk"), "{error}");
}

#[test]
fn a_program_that_is_not_there_is_told_and_the_backup_is_made() {
    let home = Home::new();
    let said = home.run(&["guard", "--port", "sim:mt6572", "-o", "a.nvk", "--json", "--", "no-such-flasher"]);
    let said = said.exits(2);
    assert_eq!(said.json()["error"]["code"], "flasher-not-started");
    assert!(said.err.starts_with("warning: no-such-flasher cannot be started: no program"), "{}", said.err);
    home.run(&["verify", "a.nvk"]).exits(0);
}

#[test]
fn an_archive_that_exists_is_not_replaced_and_nothing_is_run() {
    let home = Home::new();
    let kept = home.file("a.nvk", "something else");
    let said =
        home.run(&["guard", "--port", "sim:mt6572", "-o", &kept, "--json", "--", "touch", "ran"]).exits(2);
    assert_eq!(said.json()["error"]["code"], "target-exists");
    assert_eq!(home.files(), ["a.nvk"]);
}

#[test]
fn a_guard_without_a_command_is_a_bad_argument() {
    let home = Home::new();
    home.run(&["guard", "--port", "sim:mt6572"]).exits(2);
    home.run(&["guard", "--port", "sim:mt6572", "--"]).exits(2);
    home.run(&["guard", "--return-timeout", "0", "--", "true"]).exits(2);
    assert_eq!(home.files(), [""; 0]);
}
