//! A host disk that is full, in every use case that makes a file: told, with advice, no half of a file under its name, and no
//! phone written to without a journal.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Loss, ending, journals};
use crate::support::program::{Home, Said};
use crate::support::served::Served;
use crate::support::workbench::same;

/// What a file may grow to, in blocks of 512 bytes, as the user's limit has it; a write beyond it fails.
fn limited(home: &Home, blocks: u64, arguments: &[&str]) -> Said {
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_nvkeep")]).args(arguments);
    home.settle(&mut command);
    Said::of(&command.output().unwrap())
}

/// Fails unless this was told as a full disk, with advice.
#[track_caller]
fn told(said: Said, place: &str) -> Said {
    let value = said.json();
    assert_eq!((said.code, &value["error"]["code"]), (Some(1), &"disk-full".into()), "{place}: {said:#?}");
    assert!(value["error"]["advice"].as_str().is_some_and(|advice| advice.len() > 20), "{place}: {value}");
    said
}

/// Returns sizes that are too small for a file of so many bytes, in blocks.
fn too_small(len: usize) -> [u64; 4] {
    let blocks = (len as u64 - 1) / 512;
    [0, 1, blocks / 2, blocks]
}

#[test]
fn an_archive_that_does_not_fit_leaves_nothing() {
    let loss = Loss::of_the_imei();
    let home = loss.home();
    let backup = |port, name| ["--json", "--port", port, "backup", "-o", name];
    home.run(&backup("sim:mt6572-format-all", "whole.nvk")).exits(0);
    let before = home.files();
    let len = |name: &str| std::fs::metadata(home.path(name)).unwrap().len() as usize;
    for blocks in too_small(len("whole.nvk")) {
        told(limited(&home, blocks, &backup("sim:mt6572-format-all", "b.nvk")), &format!("backup, {blocks}"));
        assert_eq!(home.files(), before, "backup, {blocks}");
    }
    // One that is there already stays as it was.
    let kept = std::fs::read(home.path("whole.nvk")).unwrap();
    let again = [&backup("sim:mt6572", "whole.nvk")[..], &["--force"]].concat();
    told(limited(&home, 1, &again), "backup --force");
    assert_eq!((home.files(), std::fs::read(home.path("whole.nvk")).unwrap()), (before.clone(), kept));
    let redact = ["--json", "vault", "redact", "a.nvk", "-o", "redacted.nvk"];
    for blocks in too_small(len("a.nvk") / 2) {
        told(limited(&home, blocks, &redact), &format!("redact, {blocks}"));
        assert_eq!(home.files(), before, "redact, {blocks}");
    }
    // With room enough the same words succeed.
    limited(&home, 1 << 20, &backup("sim:mt6572-format-all", "b.nvk")).exits(0);
    assert!(home.files().contains(&"b.nvk".to_owned()));
}

#[test]
fn an_export_and_an_import_that_do_not_fit_leave_nothing() {
    let home = Loss::of_the_imei().home();
    let before = home.files();
    let export = ["--json", "vault", "export", "a.nvk", "out"];
    for blocks in [0, 1, 4, 16] {
        told(limited(&home, blocks, &export), &format!("export, {blocks}"));
        assert_eq!(home.files(), before, "export, {blocks}");
        assert!(!home.path("out").exists() && !home.path("out.part").exists(), "export, {blocks}");
    }
    home.run(&export).exits(0);
    let before = home.files();
    let import = ["--json", "vault", "import", "out", "-o", "again.nvk"];
    let whole = home.run(&import);
    if whole.code == Some(0) {
        std::fs::remove_file(home.path("again.nvk")).unwrap();
        for blocks in [0, 1, 8] {
            told(limited(&home, blocks, &import), &format!("import, {blocks}"));
            assert_eq!(home.files(), before, "import, {blocks}");
        }
    } else {
        panic!("an export is imported: {whole:#?}");
    }
}

/// A phone to restore, on TCP.
struct Bench {
    loss: Loss,
    home: Home,
    phone: Served,
}

impl Bench {
    fn new() -> Self {
        let loss = Loss::of_the_imei();
        let phone = Served::new(loss.board.clone(), loss.old.clone());
        Self { home: loss.home(), loss, phone }
    }

    fn restore(&self) -> Vec<String> {
        let words = ["--json", "restore", "a.nvk", "--yes", "--only", "imei", "--port", &self.phone.port()];
        words.map(str::to_owned).to_vec()
    }

    /// Runs a restore with files of at most so many blocks.
    fn limited(&self, blocks: u64) -> Said {
        let words = self.restore();
        limited(&self.home, blocks, &words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[track_caller]
    fn is_old(&self, place: &str) {
        assert!(same(&self.phone.flash(), &self.loss.old), "{place}: it was written to");
    }
}

#[test]
fn without_room_for_the_journal_the_phone_is_not_written_to() {
    let bench = Bench::new();
    assert_eq!(bench.limited(1 << 20).exits(0).json()["result"]["written"], true);
    let new = bench.phone.flash();
    let folder = journals(&bench.home);
    let done = ending(&folder, ".done");
    let len = std::fs::metadata(folder.join(&done[0])).unwrap().len() as usize;
    for blocks in too_small(len) {
        std::fs::remove_dir_all(&folder).unwrap();
        bench.phone.lay(&bench.loss.old);
        let place = format!("journal, {blocks}");
        let said = told(bench.limited(blocks), &place);
        for wanted in ["keeping the journal", "NVKEEP_HOME", "Nothing was written to the phone"] {
            assert!(said.err.contains(wanted), "{place}: {}", said.err);
        }
        bench.is_old(&place);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "{place}");
    }
    // Room is made, and the same words are enough.
    bench.limited(len as u64 / 512 + 1).exits(0);
    assert!(same(&bench.phone.flash(), &new));
}

#[test]
fn a_folder_for_journals_that_cannot_be_made_keeps_the_phone_from_being_written() {
    let bench = Bench::new();
    std::fs::write(bench.home.path(".local"), b"in the way").unwrap();
    let words = bench.restore();
    let said = bench.home.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_ne!(said.code, Some(0));
    let value = said.json();
    assert!(
        value["error"]["advice"].as_str().is_some_and(|advice| advice.contains("NVKEEP_HOME")),
        "{value}"
    );
    bench.is_old("a file in the way");
}

#[test]
fn a_proof_without_room_is_told_and_the_write_is_done_all_the_same() {
    let bench = Bench::new();
    let folder = journals(&bench.home);
    let restored = |place: &str| {
        bench.phone.lay(&bench.loss.old);
        let said = bench.limited(24).exits(0);
        assert_eq!(said.json()["result"]["written"], true, "{place}");
        assert!(
            ending(&folder, ".journal").is_empty() && !same(&bench.phone.flash(), &bench.loss.old),
            "{place}"
        );
        said
    };
    // Every run's record makes the chain longer; in the end the limit, which no journal meets, is met by the chain.
    let (mut kept, mut refused) = (0, 0);
    while refused < 2 {
        let said = restored("with a chain");
        let proofs: usize = bench.home.run(&["vault", "proof", "--json"]).exits(0).json()["result"]["count"]
            .as_u64()
            .unwrap() as usize;
        if said.err.contains("the proof of this write could not be kept") {
            assert!(said.err.contains("no space left"), "{}", said.err);
            assert_eq!(proofs, kept, "nothing is proven that was not kept");
            refused += 1;
        } else {
            kept += 1;
            assert_eq!(proofs, kept);
        }
        assert!(kept < 40, "the limit is never met");
    }
    println!("{kept} proofs fit, then {refused} were told to be missing");
    assert!(kept > 2);
    // With room again the chain goes on behind what was cut.
    bench.phone.lay(&bench.loss.old);
    bench.limited(1 << 20).exits(0);
    let value = bench.home.run(&["vault", "proof", "--json"]).exits(0).json();
    assert_eq!(value["result"]["count"], kept + 1, "{value}");
    assert!(value["result"]["torn"].as_array().is_some_and(|torn| torn.len() <= 2), "{value}");
}

#[test]
fn a_result_that_cannot_be_written_to_stdout_is_told() {
    if !Path::new("/dev/full").exists() {
        eprintln!("SKIPPED killed::full_disk::a_result…: there is no /dev/full");
        return;
    }
    let home = Loss::of_the_imei().home();
    for arguments in [
        &["inspect", "a.nvk"][..],
        &["inspect", "a.nvk", "--json"],
        &["--json", "verify", "a.nvk"],
        &["vault", "list"],
        &["completions", "bash"],
        &["man"],
    ] {
        let mut command = home.command(arguments);
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
        let said = Said::of(&output).exits(1);
        assert!(
            said.err.contains("could not be written to stdout: No space left"),
            "{arguments:?}: {said:#?}"
        );
        assert!(said.err.contains("what to do: "), "{arguments:?}: {said:#?}");
    }
}

#[test]
fn a_recording_that_is_cut_short_is_told_and_does_not_disturb_the_phone() {
    let home = Loss::of_the_imei().home();
    let words = ["--json", "--port", "sim:mt6572-format-all", "--record", "session", "info"];
    let whole = home.run(&words).exits(0);
    assert!(!whole.err.contains("cut short"), "{}", whole.err);
    let len = std::fs::metadata(home.path("session")).unwrap().len();
    for blocks in [1, 8, (len - 1) / 512] {
        let said = limited(&home, blocks, &words).exits(0);
        assert_eq!(said.json()["result"], whole.json()["result"], "{blocks}");
        assert_eq!(
            said.err.matches("the recording session is cut short").count(),
            1,
            "{blocks}: {}",
            said.err
        );
        assert!(std::fs::metadata(home.path("session")).unwrap().len() < len, "{blocks}");
    }
    // Where not even its first line can be written, no phone is asked for.
    let said = limited(&home, 0, &words).exits(1);
    let value = said.json();
    assert_eq!(value["error"]["code"], "recording", "{value}");
    assert!(value["error"]["advice"].as_str().is_some_and(|advice| advice.contains("room")), "{value}");
}

#[test]
fn a_real_disk_that_is_full_is_told_like_a_limit() {
    // A small file system in a name space of its own; where no user may make one, the limits above have to do.
    let mut probe = Command::new("unshare");
    let mount = "mount -t tmpfs -o size=128k none /mnt";
    let works = probe.args(["-rm", "sh", "-c", mount]).output().is_ok_and(|output| output.status.success());
    if !works {
        eprintln!(
            "SKIPPED killed::full_disk::a_real_disk…: no file system may be mounted in a name space here"
        );
        return;
    }
    let bench = Bench::new();
    let inside = |script: &str, arguments: &[String]| {
        let mut command = Command::new("unshare");
        let script = format!(
            "{mount} && {script}; \"$0\" \"$@\"; code=$?; echo LEFT >&2; ls -AR /mnt >&2; exit $code"
        );
        command.args(["-rm", "sh", "-c", &script, env!("CARGO_BIN_EXE_nvkeep")]).args(arguments);
        bench.home.settle(&mut command);
        Said::of(&command.env("NVKEEP_HOME", "/mnt/home").output().unwrap())
    };
    let left = |said: &Said| said.err.split_once("LEFT\n").unwrap().1.to_owned();
    let said = told(inside("head -c 126k /dev/zero > /mnt/filler", &bench.restore()), "restore");
    let files = left(&said);
    assert!(files.contains("filler") && !files.contains(".journal") && !files.contains(".part"), "{files}");
    bench.is_old("a full tmpfs");
    let backup = ["--json", "--port", "sim:mt6572", "backup", "-o", "/mnt/b.nvk"].map(str::to_owned);
    let files = left(&told(inside("true", &backup), "backup"));
    assert!(!files.contains("b.nvk"), "{files}");
}
