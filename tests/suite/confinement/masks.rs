//! No whole identity in a log or an error (promise 7): a sweep over the ways a run can end, on phones whose numbers are known.

use std::fs;

use crate::support::program::{Home, Said};
use crate::support::pty::Terminal;

/// Every identity of the phones below, as text.
const KNOWN: [&str; 6] = [
    "490154203237518",
    "356938035643809",
    "02:4e:56:4b:50:01",
    "02:4e:56:4b:50:02",
    "NVKEEPSYNTHETIC1",
    "NVKEEPSYNTHETIC2",
];

fn holds(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    KNOWN.into_iter().find(|known| text.contains(&known.to_ascii_lowercase()))
}

#[test]
fn no_log_line_and_no_error_holds_a_whole_identity() {
    let home = Home::new();
    home.run(&["--port", "sim:mt6572", "backup", "-o", "a.nvk", "-q"]).exits(0);
    home.run(&["--port", "sim:mt6572-other-phone", "backup", "-o", "b.nvk", "-q"]).exits(0);
    home.run(&["vault", "export", "a.nvk", "out"]).exits(0);
    let cut = fs::read(home.path("a.nvk")).unwrap();
    home.file("cut.nvk", &cut[..cut.len() - 100]);
    home.file("490154203237518.nvk", "nothing");
    home.file("scatter.txt", "nothing");
    home.file("flasher", "");
    let runs: &[&[&str]] = &[
        &["--port", "sim:mt6572", "info"],
        &["--port", "sim:mt6572", "backup", "-o", "a.nvk"],
        &["--port", "sim:mt6572", "backup", "-o", "c.nvk"],
        &["--port", "sim:mt6572", "inspect"],
        &["--port", "sim:mt6572", "inspect", "--records"],
        &["--port", "sim:mt6572-imei-null", "diagnose"],
        &["--port", "sim:mt6572-format-all", "diagnose"],
        &["--port", "sim:mt6572-remnants", "diagnose"],
        &["--port", "sim:mt6572-torn-binregion", "inspect"],
        &["--port", "sim:mt6572-nand", "inspect"],
        &["--port", "sim:mt6572-secured", "inspect"],
        &["--port", "sim:mt6572-no-pmt", "inspect"],
        &["--port", "sim:mt6572-no-pmt", "--scatter", "scatter.txt", "inspect"],
        &["--port", "sim:lr12a-deleted-imei", "inspect"],
        &["--port", "sim:mt6572-format-all", "restore", "a.nvk"],
        &["--port", "sim:mt6572-format-all", "restore", "a.nvk", "--yes"],
        &["--port", "sim:mt6572-other-phone", "restore", "a.nvk", "--yes"],
        &["--port", "sim:mt6572-other-phone", "repair", "--from", "a.nvk", "--yes"],
        &["--port", "sim:mt6572-imei-null", "repair", "--dry-run"],
        &["--port", "sim:mt6572-imei-null", "repair", "--yes"],
        &["--port", "sim:mt6572-imei-null", "repair", "--label-imei", "356938035643809", "--yes"],
        &["--port", "sim:mt6572", "repair", "--label-imei", "356938035643809", "--yes"],
        &["--port", "sim:mt6572", "repair", "--label-imei", "490154203237511", "--yes"],
        &["--port", "sim:mt6572-remnants", "repair", "--deep", "--yes"],
        &["--port", "sim:mt6572-format-all-pro-info-lost", "repair", "--yes"],
        &["--port", "sim:mt6572-simlock-half-lost", "repair", "--yes"],
        &["--port", "sim:mt6572", "diff", "phone", "b.nvk"],
        &["--port", "sim:mt6572", "guard", "-o", "d.nvk", "--return-timeout", "1", "--", "./flasher"],
        &["--port", "sim:mt6572", "resume", "--yes"],
        &["--port", "sim:490154203237518", "inspect"],
        &["--port", "tcp://127.0.0.1:1", "--timeout", "1", "inspect"],
        &["verify", "cut.nvk"],
        &["verify", "490154203237518.nvk"],
        &["inspect", "490154203237518"],
        &["inspect", "out"],
        &["inspect", "out/NVRAM.img"],
        &["diff", "a.nvk", "b.nvk"],
        &["vault", "list"],
        &["vault", "list", "--search", "490154203237518"],
        &["vault", "import", "out", "-o", "i.nvk"],
        &["vault", "redact", "a.nvk", "-o", "r.nvk"],
        &["vault", "redact", "i.nvk", "-o", "r2.nvk"],
        &["vault", "proof"],
        &["vault", "export", "a.nvk", "out"],
        &["preflight", "out"],
        &["preflight", "out", "--archive", "b.nvk"],
        &["demo"],
    ];
    let mut ends = std::collections::BTreeMap::<i32, usize>::new();
    let mut whole = 0;
    for run in runs {
        for extra in [&[][..], &["--mask"], &["--json"]] {
            let words = [run, extra].concat();
            let said = home.run(&words);
            let Said { code, out, err } = &said;
            assert_eq!(holds(err), None, "{words:?}: stderr is a log\n{err}");
            let failed = extra.contains(&"--json") && out.contains("\"ok\": false");
            if extra.contains(&"--mask") || failed {
                assert_eq!(holds(out), None, "{words:?}\n{out}");
            } else {
                whole += usize::from(holds(out).is_some());
            }
            *ends.entry(code.unwrap()).or_default() += 1;
            for made in ["c.nvk", "d.nvk", "r.nvk", "r2.nvk"] {
                let _ = fs::remove_file(home.path(made));
            }
        }
        if run.contains(&"import") {
            // Made three times, kept once.
            assert!(home.path("i.nvk").exists());
        }
    }
    println!("{} runs, by exit code: {ends:?}; {whole} results showed numbers whole", runs.len() * 3);
    assert!(ends.len() > 6, "many ways to end: {ends:?}");
    assert!(whole > 20, "without --mask a result shows them: {whole}");
}

#[test]
fn a_plan_that_waits_for_an_answer_is_masked_where_others_look_on() {
    for (extra, shown) in [(&[][..], true), (&["--mask"][..], false)] {
        let home = Home::new();
        let words = [&["--port", "sim:mt6572-imei-null", "repair", "-q"][..], extra].concat();
        let terminal = Terminal::run(&home.command(&words), 120, 60);
        terminal.shows("Type yes:");
        let screen = terminal.shown();
        terminal.keys("no\r");
        terminal.left();
        assert!(screen.contains("Evidence"), "{screen}");
        assert_eq!(holds(&screen).is_some(), shown, "{extra:?}\n{screen}");
    }
}
