//! Claims about the program on real cables: the whole job over TCP between processes, a pty, two plug-ins, signals.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::{fails, home_with_archive};
use crate::support::program::{Home, Said, Sim};

const TCP: &str = "tcp://127.0.0.1:0";

/// Save, lose, diagnose, restore, diagnose: as in the issue, with two phones in processes of their own.
fn round_trip(phone: &str, data: Option<PathBuf>) {
    let start = Instant::now();
    let home = Home::new();
    let data = data.map(|data| data.display().to_string());
    let more = |connections: &str| {
        let mut more = vec!["--connections".to_owned(), connections.to_owned()];
        more.extend(data.iter().flat_map(|data| ["--data".to_owned(), data.clone()]));
        more
    };
    let serve = |scenario: &str, state: &str, connections: &str| {
        let more = more(connections);
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        Sim::serve(&home, scenario, TCP, &home.path(state), &more)
    };
    let sim = serve(phone, "healthy.state", "1");
    let saved = home.run(&["--port", &sim.port, "backup", "-o", "a.nvk", "--json"]).exits(0).json();
    assert_eq!(saved["result"]["warnings"], serde_json::json!([]));
    sim.end();

    // The same phone after Format All; the board (SDR or DDR) is the saved phone's.
    let lost = if phone == "mt6572" {
        "mt6572-format-all".to_owned()
    } else {
        home.file(
            "lost.toml",
            include_str!("../../../samples/phones/mt6572-format-all.toml").to_owned()
                + "\n[card]\nddr = true\n",
        )
    };
    let sim = serve(&lost, "lost.state", "4");
    let port = sim.port.clone();
    let verb = |arguments: &[&str]| home.run(&[&["--port", &port, "--json"][..], arguments].concat());
    assert_eq!(verb(&["diagnose"]).exits(9).json()["result"]["verdict"]["code"], "needs_archive");
    let restored = verb(&["restore", "a.nvk", "--yes"]).exits(0).json();
    assert_eq!(restored["result"]["written"], true);
    let end = verb(&["diagnose"]).exits(0).json();
    check_identity(&end["result"]);
    // A second restore finds nothing to do: every region is as in the archive.
    let again = verb(&["restore", "a.nvk", "--dry-run"]).exits(0).json();
    assert_eq!(again["result"]["plan"]["blocks"], 0, "{}", again["result"]["plan"]);
    let log = sim.end();
    assert_eq!(log.matches("PLUGGED").count(), 8, "{log}");
    println!("{phone} over TCP: {:.1?}", start.elapsed());
}

fn check_identity(result: &Value) {
    assert_eq!(result["verdict"]["code"], "healthy", "{}", result["verdict"]);
    let layer = &result["layers"][0];
    assert_eq!((&layer["state"], &layer["files"]), (&"valid".into(), &115.into()));
    assert_eq!(layer["imei"][0]["value"], "490154203237518");
    assert_eq!(layer["imei"][0]["status"], "valid");
    assert_eq!(layer["wifi_mac"]["value"], "02:4e:56:4b:50:01");
    assert_eq!(layer["bt_mac"]["value"], "02:4e:56:4b:50:02");
}

#[test]
fn saved_lost_and_put_back_over_tcp_on_an_sdr_phone() {
    round_trip("mt6572", None);
}

#[test]
fn saved_lost_and_put_back_over_tcp_on_a_ddr_phone() {
    round_trip("mt6572-ddr", None);
}

#[test]
fn saved_lost_and_put_back_over_tcp_on_real_data() {
    let Some(folder) = crate::support::real_data("command_line::cables::…_on_real_data") else { return };
    for phone in ["mt6572", "mt6572-ddr"] {
        round_trip(phone, Some(folder.join("mt6572-emmc-android44")));
    }
}

#[test]
fn info_and_inspect_through_a_pty() {
    let home = Home::new();
    let sim = Sim::serve(&home, "mt6572", "pty", &home.path("phone.state"), &["--connections", "2"]);
    let info = home.run(&["--port", &sim.port, "info", "--json"]).exits(0).json();
    assert_eq!(info["result"]["phone"]["chip"], "MT6572");
    let seen = home.run(&["--port", &sim.port, "inspect", "--json"]).exits(0).json();
    check_identity(&seen["result"]);
    sim.end();
}

#[test]
fn the_port_is_said_first_and_the_flash_survives_the_process() {
    let home = home_with_archive();
    let state = home.path("phone.state");
    let sim = Sim::serve(&home, "mt6572-imei-null", TCP, &state, &["--connections", "1"]);
    home.run(&["--port", &sim.port, "restore", "a.nvk", "--yes", "--only", "imei"]).exits(0);
    sim.end();
    // Another process, the same state: the scenario's damage does not come back.
    let sim = Sim::serve(&home, "mt6572-imei-null", TCP, &state, &["--connections", "1"]);
    let value = home.run(&["--port", &sim.port, "diagnose", "--json"]).exits(0).json();
    assert_eq!(value["result"]["verdict"]["code"], "healthy");
    sim.end();
}

/// Runs the program until it says something on stderr that begins so, then interrupts it.
fn interrupted_at(home: &Home, arguments: &[&str], line: &str) -> Said {
    let mut child: Child =
        home.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut err = String::new();
    loop {
        let start = err.len();
        assert!(lines.read_line(&mut err).unwrap() > 0, "it ended before {line:?}:\n{err}");
        if err[start..].starts_with(line) {
            break;
        }
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    std::io::Read::read_to_string(&mut lines, &mut err).unwrap();
    let output = child.wait_with_output().unwrap();
    Said { err, ..Said::of(&output) }
}

#[test]
fn an_interrupted_backup_leaves_no_file() {
    let home = Home::new();
    let sim = Sim::serve(&home, "mt6572", TCP, &home.path("phone.state"), &["--connections", "1"]);
    let arguments = ["--port", &sim.port, "--json", "backup", "-o", "a.nvk"];
    let said = interrupted_at(&home, &arguments, "Reading the identity set");
    sim.end();
    fails(&said, 130, "interrupted");
    assert_eq!(home.files(), ["phone.state"]);
}

#[test]
fn an_interrupted_restore_finishes_its_block_and_resumes() {
    let home = home_with_archive();
    let state = home.path("phone.state");
    let sim = Sim::serve(&home, "mt6572-format-all", TCP, &state, &["--connections", "3"]);
    let port = ["--port", &sim.port, "--json"];
    let restore = [&port[..], &["restore", "a.nvk", "--yes"]].concat();
    let said = interrupted_at(&home, &restore, "Writing ");
    fails(&said, 130, "interrupted");
    let journal = home.files().into_iter().find(|name| name.ends_with(".journal"));
    let journal = journal.unwrap_or_else(|| panic!("no journal: {:?}\n{said:#?}", home.files()));
    let advice = said.json()["error"]["advice"].as_str().unwrap().to_owned();
    assert!(advice.contains("nvkeep resume") && advice.contains(&journal), "{advice}");
    let resumed = home.run(&[&port[..], &["resume", "--yes"]].concat()).exits(0).json();
    let (blocks, written) = (&resumed["result"]["blocks"], &resumed["result"]["written"]);
    assert!(written.as_u64() > Some(0) && written.as_u64() <= blocks.as_u64(), "{resumed}");
    let end = home.run(&[&port[..], &["diagnose"]].concat()).exits(0).json();
    check_identity(&end["result"]);
    sim.end();
    assert!(!home.files().iter().any(|name| name.ends_with(".journal")), "{:?}", home.files());
}

#[test]
fn a_resume_without_a_journal_says_so() {
    let home = Home::new();
    let said = home.run(&["--port", "sim:mt6572", "--json", "resume", "--yes"]);
    fails(&said, 2, "no-journal");
    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn reading_verbs_leave_the_flash_as_it_was() {
    let home = Home::new();
    let state = home.path("phone.state");
    let mut states = Vec::new();
    for verb in ["info", "inspect", "diagnose"] {
        let sim = Sim::serve(&home, "mt6572-dirty-journal", TCP, &state, &["--connections", "1"]);
        home.run(&["--port", &sim.port, verb, "-q"]).exits(0);
        sim.end();
        states.push(std::fs::read(&state).unwrap());
    }
    assert!(
        states[0] == states[1] && states[0] == states[2],
        "the journal of USRDATA is dirty, and stays so"
    );
}
