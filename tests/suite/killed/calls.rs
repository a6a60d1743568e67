//! What the real program asks of the system while it keeps a journal and a proof, as `strace` sees it: in which order, killed
//! before each call, and with each call refused by a failing disk.

use std::path::Path;
use std::process::{Command, Stdio};

use super::course::RESTORE;
use super::{Loss, ending, journals};
use crate::support::program::{Home, Said};
use crate::support::served::Served;
use crate::support::workbench::same;

/// Returns whether processes may be traced here; says on stderr that the claim is skipped where they may not.
fn can_trace(claim: &str) -> bool {
    let tried =
        Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=none", "true"]).output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("SKIPPED {claim}: no strace, or no process may be traced");
    }
    can
}

/// A phone, a home, and the program under `strace`.
struct Traced {
    loss: Loss,
    home: Home,
    phone: Served,
}

impl Traced {
    fn new() -> Self {
        let loss = Loss::of_the_imei();
        let phone = Served::new(loss.board.clone(), loss.old.clone());
        Self { home: loss.home(), loss, phone }
    }

    /// Lays the damaged phone down again, in a home where nothing was ever written.
    fn again(&self) {
        let _ = std::fs::remove_dir_all(self.home.path(".local"));
        self.phone.lay(&self.loss.old);
    }

    /// Runs a restore, traced and tampered with as the arguments say; returns what it said and the trace.
    fn restore(&self, how: &[&str]) -> (Said, String) {
        let trace = self.home.path("trace");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-y", "-s", "0", "-o"]).arg(&trace).args(how);
        command.arg(env!("CARGO_BIN_EXE_nvkeep")).args(RESTORE).args(["--port", &self.phone.port()]);
        self.home.settle(&mut command);
        let said = Said::of(&command.stdin(Stdio::null()).output().unwrap());
        (said, std::fs::read_to_string(trace).unwrap())
    }

    fn resume(&self, more: &[&str]) -> Said {
        let port = self.phone.port();
        self.home.run(&[&["resume", "--yes", "--json", "--port", &port][..], more].concat())
    }
}

/// The calls that make something last, in a trace: name of the call and what of the journal it touches.
fn kept(trace: &str, journals: &Path) -> Vec<String> {
    let folder = journals.display().to_string();
    let what = |line: &str| {
        let call = line.split_whitespace().nth(1)?.split('(').next()?.to_owned();
        let call = call.trim_end_matches("at2").trim_end_matches("at").to_owned();
        let object = match () {
            () if call == "sendto" => return Some("send".to_owned()),
            () if !line.contains(".local") => return None,
            () if line.contains("O_RDONLY") || line.contains("O_DIRECTORY") => return None,
            () if line.contains(".journal.part") => "part",
            () if line.contains(".journal") => "journal",
            () if line.contains("proofs.jsonl") => "proof",
            () if line.contains(&format!("{folder}>")) => "folder",
            () => "parents",
        };
        Some(format!("{call} {object}"))
    };
    let mut calls: Vec<String> = trace.lines().filter_map(what).collect();
    calls.dedup();
    calls
}

#[test]
fn a_journal_is_synced_and_its_name_is_synced_before_the_first_block_is_sent() {
    if !can_trace("killed::calls::a_journal_is_synced…") {
        return;
    }
    let traced = Traced::new();
    let calls = "trace=sendto,write,pwrite64,openat,fsync,fdatasync,rename,renameat,renameat2,link,linkat,mkdir,mkdirat";
    let (said, trace) = traced.restore(&["-e", calls]);
    said.exits(0);
    let calls = kept(&trace, &journals(&traced.home));
    let from = calls.iter().position(|call| call.ends_with("part")).unwrap();
    let order = [
        "open part",
        "write part",
        "open part",
        "fsync part",
        "rename part",
        "fsync folder",
        "send",
        "open proof",
        "write proof",
        "fsync proof",
        "fsync folder",
        "rename journal",
        "fsync folder",
        "send",
    ];
    assert_eq!(calls[from..], order, "{calls:#?}");
    // What the folder itself needs, before anything is put into it.
    let made: Vec<&str> = calls[..from].iter().map(String::as_str).filter(|call| *call != "send").collect();
    assert!(made.starts_with(&["mkdir parents"]), "{made:?}");
    assert_eq!(made.last(), Some(&"fsync parents"), "{made:?}");
    // Nothing written to the phone before: all that is sent until then is what a run of reads sends, and the phone is old.
    traced.again();
    let (said, _) = traced.restore(&[
        "-e",
        "trace=renameat2,linkat",
        "-e",
        "inject=renameat2,linkat:signal=SIGKILL:when=1",
    ]);
    assert_ne!(said.code, Some(0), "{said:#?}");
    assert!(same(&traced.phone.flash(), &traced.loss.old));
    assert_eq!(ending(&journals(&traced.home), ".part").len(), 1);
}

/// How often each of these calls is made, in a run that nothing disturbs.
fn count(trace: &str, call: &str) -> usize {
    trace
        .lines()
        .filter(|line| {
            line.split_whitespace().nth(1).is_some_and(|word| word.starts_with(&format!("{call}(")))
        })
        .count()
}

#[test]
fn killed_before_each_call_that_keeps_something_it_ends_old_or_new() {
    if !can_trace("killed::calls::killed_before_each_call…") {
        return;
    }
    let traced = Traced::new();
    let calls = ["mkdir", "fsync", "renameat2", "rename"];
    let watched = format!("trace={}", calls.join(","));
    let (said, whole) = traced.restore(&["-e", &watched]);
    said.exits(0);
    let new = traced.phone.flash();
    let mut left = std::collections::BTreeMap::<&str, usize>::new();
    let mut runs = 0;
    for call in calls {
        for nth in 1..=count(&whole, call) {
            for undo in [false, true] {
                traced.again();
                let place = format!("{call} {nth}, undo {undo}");
                let kill = format!("inject={call}:signal=SIGKILL:when={nth}");
                let (said, trace) = traced.restore(&["-e", &watched, "-e", &kill]);
                assert!(
                    said.out.is_empty() && trace.contains("killed by SIGKILL"),
                    "{place}: {said:?}\n{trace}"
                );
                let folder = journals(&traced.home);
                let (open, done) = (ending(&folder, ".journal").len(), ending(&folder, ".done").len());
                let resumed = traced.resume(if undo { &["--undo"] } else { &[] });
                runs += 1;
                let (state, wanted) = match (open, done) {
                    (0, 0) => {
                        assert_eq!(resumed.exits(2).json()["error"]["code"], "no-journal", "{place}");
                        ("no journal: old", &traced.loss.old)
                    }
                    (1, 0) => {
                        resumed.exits(0);
                        if undo { ("journal: old", &traced.loss.old) } else { ("journal: new", &new) }
                    }
                    (0, 1) => {
                        assert_eq!(resumed.exits(2).json()["error"]["code"], "no-journal", "{place}");
                        ("done: new", &new)
                    }
                    other => panic!("{place}: {other:?}"),
                };
                assert!(same(&traced.phone.flash(), wanted), "{place}: {state}, and another phone");
                *left.entry(state).or_default() += 1;
            }
        }
    }
    println!("{runs} runs killed before a call that keeps something: {left:?}");
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn a_disk_that_refuses_any_of_these_calls_is_told_and_the_phone_is_never_half_written() {
    if !can_trace("killed::calls::a_disk_that_refuses…") {
        return;
    }
    let traced = Traced::new();
    let calls = ["mkdir", "fsync", "renameat2", "rename"];
    let watched = format!("trace={}", calls.join(","));
    let (said, whole) = traced.restore(&["-e", &watched]);
    said.exits(0);
    let new = traced.phone.flash();
    let mut ends = std::collections::BTreeMap::<String, usize>::new();
    for (call, error) in calls.iter().flat_map(|call| [(*call, "ENOSPC"), (*call, "EIO"), (*call, "EDQUOT")])
    {
        for nth in 1..=count(&whole, call) {
            traced.again();
            let place = format!("{error} at {call} {nth}");
            let refuse = format!("inject={call}:error={error}:when={nth}");
            let (said, trace) = traced.restore(&["-e", &watched, "-e", &refuse]);
            assert!(trace.contains("(INJECTED)"), "{place}: {trace}");
            let folder = journals(&traced.home);
            let (open, done) = (ending(&folder, ".journal").len(), ending(&folder, ".done").len());
            assert_eq!(ending(&folder, ".part"), [""; 0], "{place}");
            let now = traced.phone.flash();
            let code = said.code.unwrap();
            assert!(code == 0 || said.err.contains("what to do: "), "{place}: {said:#?}");
            let full = error != "EIO";
            let end = match (code, open, done) {
                // No journal, no write.
                (1, 0, 0) => {
                    assert!(same(&now, &traced.loss.old), "{place}: it was written to without a journal");
                    assert!(said.err.contains("Nothing was written to the phone"), "{place}: {said:#?}");
                    assert_eq!(said.err.contains("no space left"), full, "{place}: {said:#?}");
                    "exit 1, no journal, old"
                }
                // Written and read back; only the proof is missing, and that is told.
                (0, 0, 1) => {
                    assert!(same(&now, &new), "{place}");
                    assert!(said.err.contains("proof of this write could not be kept"), "{place}: {said:#?}");
                    "exit 0, proof missing and told, new"
                }
                // Written and read back; the end of the journal is not certain.
                (1, _, _) => {
                    assert!(same(&now, &new) && open + done == 1, "{place}");
                    assert!(said.err.contains("journal could not be closed"), "{place}: {said:#?}");
                    "exit 1, journal not closed, new"
                }
                other => panic!("{place}: {other:?} {said:#?}"),
            };
            *ends.entry(end.to_owned()).or_default() += 1;
            // Whatever it was, the user gets on from there.
            let resumed = traced.resume(&[]);
            assert_eq!(resumed.code, Some(if open == 1 { 0 } else { 2 }), "{place}: {resumed:#?}");
        }
    }
    println!("calls refused: {ends:?}");
    assert_eq!(ends.len(), 3, "{ends:?}");
}

#[test]
fn a_backup_killed_before_each_call_that_keeps_it_leaves_a_whole_archive_or_none() {
    if !can_trace("killed::calls::a_backup_killed…") {
        return;
    }
    let home = Home::new();
    let backup = ["--port", "sim:mt6572-format-all", "backup", "-q", "-o", "b.nvk"];
    let traced = |how: &[&str]| {
        let mut command = Command::new("strace");
        command
            .args(["-f", "-qq", "-o"])
            .arg(home.path("trace"))
            .args(["-e", "trace=fsync,renameat2"])
            .args(how);
        home.settle(command.arg(env!("CARGO_BIN_EXE_nvkeep")).args(backup));
        let said = Said::of(&command.output().unwrap());
        (said, std::fs::read_to_string(home.path("trace")).unwrap())
    };
    let (said, whole) = traced(&[]);
    said.exits(0);
    let (mut none, mut all) = (0, 0);
    for call in ["fsync", "renameat2"] {
        for nth in 1..=count(&whole, call) {
            let _ = std::fs::remove_file(home.path("b.nvk"));
            let place = format!("{call} {nth}");
            let (said, _) = traced(&["-e", &format!("inject={call}:signal=SIGKILL:when={nth}")]);
            assert!(said.out.is_empty() && said.code != Some(0), "{place}: {said:#?}");
            let verified = home.run(&["verify", "b.nvk"]).code;
            if home.path("b.nvk").exists() {
                assert_eq!(verified, Some(0), "{place}");
                all += 1;
                continue;
            }
            none += 1;
            // The unfinished file is in nobody's list, and says why the next run stops.
            let listed = home.run(&["vault", "list", "--json"]).exits(0).json();
            assert_eq!(listed["result"]["archives"].as_array().map(Vec::len), Some(0), "{place}: {listed}");
            let said = home.run(&backup).exits(4);
            assert!(
                said.err.contains("b.nvk.part") && said.err.contains("delete it if none runs"),
                "{place}: {said:#?}"
            );
            std::fs::remove_file(home.path("b.nvk.part")).unwrap();
            home.run(&backup).exits(0);
        }
    }
    println!("a backup killed: {none} times no archive, {all} times a whole one");
    assert!(none > 0 && all > 0);
}
