//! `guard` on the command line: the flasher as a process that has the terminal while it runs, and what became of the phone in
//! words.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{self, Stdio};

use super::output::Outcome;
use super::signals::Signals;
use super::text::plan;
use crate::app::carry::Confirm;
use crate::app::guard::{self, Ending, Flasher, GuardRequest, GuardResult};
use crate::app::{Context, Exit, Failure, VerdictCode, report};

/// Guards the phone, and shows what came of it.
///
/// # Errors
/// As [`guard::guard`].
pub fn guard(
    context: &Context<'_>,
    request: &GuardRequest,
    mut flasher: Command<'_>,
    confirm: Confirm<'_>,
) -> Result<Outcome, Failure> {
    let result = guard::guard(context, request, &mut flasher, confirm)?;
    let exit = match result.outcome {
        _ if result.is_whole() => Exit::Done,
        guard::Outcome::Untouched if is_unread(&result) => Exit::ReadIncomplete,
        _ => Exit::Damaged,
    };
    Ok(Outcome { exit, identities: result.identities(), ..Outcome::done("guard", &result, text(&result))? })
}

/// The user's flasher.
pub struct Command<'a> {
    words: Vec<OsString>,
    /// stdout belongs to the document.
    aside: bool,
    signals: Option<&'a Signals>,
}

impl<'a> Command<'a> {
    /// Takes the words after `--`. `aside`: what it says on stdout goes to stderr.
    pub fn new(words: Vec<OsString>, aside: bool, signals: Option<&'a Signals>) -> Self {
        Self { words, aside, signals }
    }

    fn program(&self) -> &Path {
        Path::new(self.words.first().map_or("".as_ref(), OsString::as_os_str))
    }
}

impl Flasher for Command<'_> {
    fn name(&self) -> String {
        let words: Vec<_> = self.words.iter().map(|word| word.to_string_lossy()).collect();
        super::archives::plain(&words.join(" "))
    }

    fn obstacle(&self) -> Option<String> {
        let program = self.program();
        if program.components().count() > 1 || program.is_absolute() {
            return why_not(program);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).any(|folder| why_not(&folder.join(program)).is_none());
        (!found).then(|| format!("no program {} is in PATH", program.display()))
    }

    fn run(&mut self) -> std::io::Result<Ending> {
        let mut command = process::Command::new(self.program());
        command.args(self.words.iter().skip(1));
        if self.aside {
            command.stdout(Stdio::from(std::io::stderr()));
        }
        let mut run = || command.status();
        let status = match self.signals {
            Some(signals) => signals.deaf(run),
            None => run(),
        }?;
        Ok(Ending { exit: status.code(), signal: signal_of(status) })
    }
}

#[cfg(unix)]
fn signal_of(status: process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_: process::ExitStatus) -> Option<i32> {
    None
}

/// Returns why this file is no program.
fn why_not(file: &Path) -> Option<String> {
    match std::fs::metadata(file) {
        Err(error) => Some(format!("{}: {error}", file.display())),
        Ok(found) if !found.is_file() => Some(format!("{} is no file", file.display())),
        Ok(found) if !is_executable(&found) => Some(format!("{} is not executable", file.display())),
        Ok(_) => None,
    }
}

#[cfg(unix)]
fn is_executable(file: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    true
}

/// Whether what can be read is whole, and something that decides cannot be.
fn is_unread(result: &GuardResult) -> bool {
    result.after.survey.verdict.code == VerdictCode::Unread
}

/// The answer of `guard`.
fn text(result: &GuardResult) -> String {
    let mut text = String::new();
    let archive = result.archive.display();
    let _ = writeln!(text, "archive    {archive}");
    let _ = writeln!(text, "flasher    {}: {}", result.flasher.program, result.flasher.ending);
    for sentence in &result.comparison.comparison.summary {
        let _ = writeln!(text, "compared   {sentence}");
    }
    let (untouched, damaged) =
        ("the flash damaged nothing of the phone's identity", "the flash damaged the phone's identity");
    text.push_str(&match result.outcome {
        guard::Outcome::Untouched if result.is_whole() => {
            format!("Guard complete: {untouched}; nothing was written.\n")
        }
        guard::Outcome::Untouched if is_unread(result) => format!(
            "Nothing was written: {untouched} that can be read; not everything of this phone can.\n"
        ),
        guard::Outcome::Untouched => format!(
            "Nothing was written: {untouched}, but it was not whole before either. `nvkeep repair` looks for what can be mended.\n"
        ),
        guard::Outcome::Restored => {
            let blocks = result.plan.as_ref().map_or(0, |plan| plan.blocks);
            let word = if result.is_whole() { "Guard complete" } else { "NOT WHOLE" };
            format!(
                "{word}: {damaged}, and its own was put back: {blocks} blocks written and read back.\n"
            )
        }
        guard::Outcome::NotRestored => {
            let planned = result.plan.as_ref().map(plan).unwrap_or_default();
            format!(
                "{planned}NOT RESTORED: {damaged}, and nothing was written. `nvkeep restore {archive}` puts it back.\n"
            )
        }
    });
    if let Some(journal) = &result.journal {
        let _ = writeln!(text, "The old content of every written block is kept in {}", journal.display());
    }
    text.push_str(&report::verdict(&result.after));
    text
}
