//! Claims about the JSON documents (design section 4), masks, and what is said without a terminal.

use serde_json::Value;

use super::{fails, home_with_archive};
use crate::support::program::Home;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().map(String::as_str).collect()
}

fn is_one_of(value: &Value, words: &[&str]) {
    assert!(value.as_str().is_some_and(|word| words.contains(&word)), "{value} is none of {words:?}");
}

/// Checks the document of `inspect` and `diagnose` field by field.
fn check_report(value: &Value, verb: &str, healthy: bool) {
    assert_eq!(keys(value), ["ok", "result", "schema", "verb"]);
    assert_eq!(value["schema"], "nvkeep/1");
    assert_eq!(value["verb"], verb);
    assert_eq!(value["ok"], true, "damage is an answer, not an error");
    let result = &value["result"];
    for field in ["phone", "layers", "boots_from", "verdict"] {
        assert!(result.get(field).is_some(), "{field}");
    }
    for field in ["chip", "hw_code", "storage", "cid", "engine"] {
        assert!(result["phone"][field].is_string(), "{field}");
    }
    is_one_of(&result["boots_from"], &["live", "binregion", "none"]);
    assert_eq!(keys(&result["verdict"]), ["code", "steps", "summary", "symptoms"]);
    is_one_of(&result["verdict"]["code"], &["healthy", "repairable", "needs_archive", "lost"]);
    assert_eq!(result["verdict"]["code"] == "healthy", healthy);
    assert!(result["verdict"]["summary"].as_str().is_some_and(|text| text.len() > 10));
    let layers = result["layers"].as_array().unwrap();
    let names: Vec<_> = layers.iter().map(|layer| layer["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["binregion", "live", "pro_info", "simlock"], "always all four");
    for layer in layers {
        is_one_of(&layer["state"], &["valid", "blank", "corrupt", "absent"]);
        let reason = &layer["reason"];
        assert!(reason.is_null() || reason.is_string());
        if layer["state"] != "valid" {
            assert!(reason.is_string(), "a layer that is not valid says why: {layer}");
        }
        assert!(layer["files"].is_u64());
        let words = ["valid", "default", "null", "invalid"];
        for slot in layer["imei"].as_array().unwrap() {
            assert_eq!(keys(slot), ["slot", "status", "value"]);
            assert!(slot["slot"].as_u64().is_some_and(|slot| slot >= 1));
            is_one_of(&slot["status"], &words);
        }
        for field in ["wifi_mac", "bt_mac", "barcode"] {
            if !layer[field].is_null() {
                assert_eq!(keys(&layer[field]), ["status", "value"]);
                is_one_of(&layer[field]["status"], &words);
            }
        }
        if !layer["calibration"].is_null() {
            assert_eq!(keys(&layer["calibration"]), ["corrupt", "expected", "missing", "valid"]);
        }
    }
}

#[test]
fn inspect_and_diagnose_answer_field_by_field_as_designed() {
    let home = Home::new();
    for (scenario, healthy) in [
        ("mt6572", true),
        ("mt6572-ddr", true),
        ("mt6572-format-all", false),
        ("mt6572-imei-null", false),
        ("mt6572-default-mac", false),
        ("mt6572-torn-binregion", false),
        ("mt6572-format-all-pro-info-lost", false),
    ] {
        for verb in ["inspect", "diagnose"] {
            let said = home.run(&["--port", &format!("sim:{scenario}"), "--json", verb]);
            check_report(&said.exits(if healthy { 0 } else { 9 }).json(), verb, healthy);
        }
    }
    assert_eq!(home.files(), [""; 0], "reading verbs leave no file");
}

#[test]
fn a_default_imei_is_never_called_valid() {
    let home = Home::new();
    let value = home.run(&["--port", "sim:mt6572-imei-null", "--json", "inspect"]).exits(9).json();
    let slot = &value["result"]["layers"][1]["imei"][0];
    assert_eq!(slot["status"], "default", "{slot}");
}

#[test]
fn info_says_what_it_is_and_how_it_would_be_talked_to() {
    let home = Home::new();
    let value = home.run(&["--port", "sim:mt6572", "--json", "info"]).exits(0).json();
    assert_eq!((&value["verb"], &value["ok"]), (&"info".into(), &true.into()));
    let result = &value["result"];
    assert_eq!(result["phone"]["chip"], "MT6572");
    assert_eq!(result["phone"]["hw_code"], "0x6572");
    assert_eq!(result["phone"]["cid"], "1501004e564b344742104e564b017d01");
    assert_eq!(result["phone"]["engine"], "direct");
    let nvram = result["partitions"].as_array().unwrap().iter().find(|one| one["name"] == "NVRAM").unwrap();
    assert_eq!((&nvram["start"], &nvram["len"]), (&0xF8_0000.into(), &0x50_0000.into()));
}

#[test]
fn masked_output_shows_no_whole_identity_anywhere() {
    let home = home_with_archive();
    let secrets = ["490154203237518", "02:4e:56:4b:50:01", "02:4e:56:4b:50:02", "NVKEEPSYNTHETIC1"];
    let phone = ["--port", "sim:mt6572", "--mask"];
    let lost = ["--port", "sim:mt6572-format-all", "--mask"];
    for arguments in [
        [&phone[..], &["inspect"]].concat(),
        [&phone[..], &["inspect", "--json"]].concat(),
        [&phone[..], &["diagnose"]].concat(),
        [&phone[..], &["backup", "-o", "m.nvk", "--force"]].concat(),
        [&phone[..], &["backup", "-o", "m.nvk", "--force", "--json"]].concat(),
        [&lost[..], &["restore", "a.nvk", "--dry-run"]].concat(),
        [&lost[..], &["restore", "a.nvk", "--dry-run", "--json"]].concat(),
        [&lost[..], &["restore", "a.nvk", "--yes"]].concat(),
        [&lost[..], &["restore", "a.nvk"]].concat(),
        [&["--port", "sim:mt6572-imei-null", "--mask"][..], &["diagnose"]].concat(),
        [&["--port", "sim:mt6572-imei-null", "--mask"][..], &["restore", "a.nvk", "--yes", "--json"]]
            .concat(),
        [&["--port", "sim:mt6572-other-phone", "--mask"][..], &["restore", "a.nvk", "--yes"]].concat(),
        vec!["--mask", "verify", "a.nvk"],
        vec!["--mask", "inspect", "a.nvk"],
        vec!["--mask", "demo"],
        vec!["--mask", "demo", "--json"],
    ] {
        let said = home.run(&arguments);
        for secret in secrets {
            assert!(!said.out.contains(secret), "{arguments:?} shows {secret} on stdout:\n{}", said.out);
            assert!(!said.err.contains(secret), "{arguments:?} shows {secret} on stderr:\n{}", said.err);
        }
    }
    let shown = home.run(&["--mask", "inspect", "a.nvk"]).out;
    assert!(shown.contains("49015420****518"), "{shown}");
}

#[test]
fn quiet_says_nothing_but_the_result() {
    let home = Home::new();
    let said = home.run(&["--port", "sim:mt6572", "--quiet", "diagnose"]).exits(0);
    assert_eq!(said.err, "");
    assert!(said.out.contains("HEALTHY"));
    assert!(!home.run(&["--port", "sim:mt6572", "diagnose"]).exits(0).err.is_empty());
}

#[test]
fn nothing_is_asked_without_a_terminal() {
    let home = home_with_archive();
    let state = home.path("phone.state");
    let serve = || {
        let (place, more) = ("tcp://127.0.0.1:0", ["--connections", "1"]);
        crate::support::program::Sim::serve(&home, "mt6572-format-all", place, &state, &more)
    };
    let sim = serve();
    home.run(&["--port", &sim.port, "info"]).exits(0);
    sim.end();
    let before = std::fs::read(&state).unwrap();
    let sim = serve();
    let said = home.run(&["--port", &sim.port, "--json", "restore", "a.nvk"]);
    sim.end();
    fails(&said, 8, "not-confirmed");
    assert!(said.err.contains("--yes"), "{}", said.err);
    assert!(std::fs::read(&state).unwrap() == before, "nothing was written");
    assert!(!home.files().iter().any(|name| name.contains("journal")), "{:?}", home.files());
}
