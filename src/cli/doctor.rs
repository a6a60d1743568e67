//! `doctor` on the command line: its findings in words, and the one thing it can mend itself, the udev rule.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::output::Outcome;
use super::run::ask;
use crate::app::doctor::{Check, Places, State, examine};
use crate::app::udev::{MEDIATEK, RULE_FILE, RULE_FOLDER, rule_for};
use crate::app::{Context, Exit, Failure};

/// Examines this machine; or prints the rule, or puts it in its place.
///
/// # Errors
/// Only of the rule: where there is no terminal, no consent, or no way to become root.
pub fn doctor(context: &Context<'_>, print: bool, install: bool) -> Result<Outcome, Failure> {
    if print {
        let rule = rule_for(MEDIATEK);
        let value = serde_json::json!({ "file": target(), "rule": rule });
        return Outcome::done("doctor", &value, rule);
    }
    if install {
        return install_rule(context);
    }
    let found = examine(&Places::system(&context.choices.journals));
    let exit = if found.well { Exit::Done } else { Exit::Other };
    Ok(Outcome { exit, ..Outcome::done("doctor", &found, text(&found.checks))? })
}

fn target() -> String {
    format!("{RULE_FOLDER}/{RULE_FILE}")
}

/// The answer of `doctor`.
fn text(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let state = match check.state {
            State::Ok => "ok",
            State::Warn => "warning",
            State::Bad => "BAD",
            State::Unknown => "unknown",
        };
        let _ = writeln!(text, "{state:9}  {}: {}", check.name, check.says);
        if let Some(mend) = &check.mend {
            let _ = writeln!(text, "           mend it: {mend}");
        }
    }
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let _ = match (count(State::Bad), count(State::Warn)) {
        (0, 0) => writeln!(text, "Nothing stands in the way of a phone."),
        (0, warnings) => writeln!(text, "Nothing is bad; warnings: {warnings}."),
        (bad, _) => writeln!(text, "Bad: {bad}. Until that is mended a phone may not be reached."),
    };
    text
}

/// Writes the rule as root, after asking: the only thing of this program that ever needs root.
fn install_rule(context: &Context<'_>) -> Result<Outcome, Failure> {
    let (rule, target) = (rule_for(MEDIATEK), target());
    let by_hand = format!(
        "By hand: nvkeep doctor --print-udev | sudo tee {target}, then sudo udevadm control --reload, and plug the phone in again."
    );
    if !std::io::stdin().is_terminal() {
        let why = "there is no terminal to ask at; nothing was installed";
        return Err(Failure::new(Exit::Forbidden, "not-confirmed", why).advise(by_hand));
    }
    if std::fs::read(&target).is_ok_and(|old| old == rule.as_bytes()) {
        let value = serde_json::json!({ "file": target, "installed": false });
        return Outcome::done("doctor", &value, format!("Nothing to do: {target} is there and right.\n"));
    }
    let script = format!(
        "install -m 0644 /dev/stdin {target} && udevadm control --reload && \
         udevadm trigger --action=change --subsystem-match=usb --attr-match=idVendor={MEDIATEK}"
    );
    let Some(command) = as_root(&script) else {
        let why = "neither sudo nor pkexec is here to become root with; nothing was installed";
        return Err(Failure::new(Exit::Denied, "no-root", why).advise(by_hand));
    };
    let shown = command.iter().map(|word| shown(word)).collect::<Vec<_>>().join(" ");
    let replaced = if Path::new(&target).exists() { " (replaces the one that is there)" } else { "" };
    let plan = format!(
        "{target}{replaced} will hold:\n  {rule}It is put there by this command, with the rule on its stdin:\n  {shown}\n"
    );
    if !ask(context, &plan, "Run it?") {
        context.go_on()?;
        return Err(Failure::new(Exit::Forbidden, "not-confirmed", "not confirmed; nothing was installed"));
    }
    run(&command, rule.as_bytes()).map_err(|why| {
        Failure::new(Exit::Denied, "not-installed", format!("{target} was not installed: {why}"))
            .advise(by_hand)
    })?;
    let text = format!("Installed: {target}. Plug the phone in again.\n");
    Outcome::done("doctor", &serde_json::json!({ "file": target, "installed": true }), text)
}

/// Returns the words of a command that runs a script as root.
fn as_root(script: &str) -> Option<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    if is_root() {
        return Some(words(&["sh", "-c", script]));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_here = |program: &&str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let program = ["sudo", "pkexec"].into_iter().find(is_here)?;
    Some(words(&[program, "sh", "-c", script]))
}

fn is_root() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    false
}

/// Returns a word as it is typed into a shell.
fn shown(word: &str) -> String {
    if word.contains([' ', '&']) { format!("'{word}'") } else { word.to_owned() }
}

fn run(words: &[String], input: &[u8]) -> Result<(), String> {
    let (program, arguments) = words.split_first().ok_or("no command")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::from(std::io::stderr()))
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    // Whoever gives no password closes the pipe; the exit code tells.
    let _ = child.stdin.take().map(|mut pipe| pipe.write_all(input));
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{program} ended with {status}")) }
}
