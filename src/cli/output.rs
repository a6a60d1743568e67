//! The two forms of a result on stdout, and of a failure. One JSON document per run; text is for people.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};

use super::wrap::wrap;
use crate::app::mask::{mask, mask_shapes};
use crate::app::{Exit, Failure};

/// What a verb leaves behind.
pub struct Outcome {
    /// The verb's name.
    pub verb: &'static str,
    /// The result as JSON.
    pub value: Value,
    /// The result as text.
    pub text: String,
    /// The exit code.
    pub exit: Exit,
    /// Identities in it, for masking.
    pub identities: Vec<String>,
}

impl Outcome {
    /// Makes an outcome of which nothing is to be shown.
    pub fn nothing(verb: &'static str) -> Self {
        Self { verb, value: Value::Null, text: String::new(), exit: Exit::Done, identities: Vec::new() }
    }

    /// Makes an outcome with exit code 0.
    pub fn done(verb: &'static str, value: &impl Serialize, text: String) -> Result<Self, Failure> {
        let value = serde_json::to_value(value).map_err(|error| {
            Failure::new(Exit::Other, "json", format!("the result cannot be shown: {error}"))
        })?;
        Ok(Self { verb, value, text, exit: Exit::Done, identities: Vec::new() })
    }
}

/// Shows a result or a failure and returns the exit code.
pub fn show(verb: &'static str, result: Result<Outcome, Failure>, as_json: bool, masked: bool) -> ExitCode {
    match result {
        Ok(outcome) => {
            let text = if as_json {
                let document = json!({
                    "schema": "nvkeep/1", "verb": outcome.verb, "ok": true, "result": outcome.value,
                });
                format!("{document:#}\n")
            } else {
                outcome.text
            };
            let text = if masked { mask(&text, &outcome.identities) } else { text };
            // A script for a shell must come out as it is.
            let whole = as_json || matches!(outcome.verb, "completions" | "man");
            let fits = whole || !std::io::stdout().is_terminal();
            let text = if fits { text } else { wrap(&text, textwrap::termwidth()) };
            print(&text, outcome.exit)
        }
        Err(failure) => {
            // An error is sent to others sooner than a result (promise 7).
            let failure = veiled(failure);
            if as_json {
                let document = json!({
                    "schema": "nvkeep/1", "verb": verb, "ok": false,
                    "error": { "code": failure.code, "message": failure.message, "advice": failure.advice },
                });
                print(&format!("{document:#}\n"), failure.exit);
            }
            let mut text = format!("nvkeep: {}\n", failure.message);
            for cause in &failure.causes {
                text.push_str(&format!("  because: {cause}\n"));
            }
            if let Some(advice) = &failure.advice {
                text.push_str(&format!("  what to do: {advice}\n"));
            }
            if std::io::stderr().is_terminal() {
                text = wrap(&text, textwrap::termwidth());
            }
            let _ = std::io::stderr().write_all(text.as_bytes());
            ExitCode::from(failure.exit as u8)
        }
    }
}

/// Returns a failure in which every number and address is masked.
fn veiled(failure: Failure) -> Failure {
    Failure {
        message: mask_shapes(&failure.message),
        advice: failure.advice.as_deref().map(mask_shapes),
        causes: failure.causes.iter().map(|cause| mask_shapes(cause)).collect(),
        ..failure
    }
}

/// Writes a result to stdout. Somebody who closed the pipe has read enough; on a full disk the result is missing.
fn print(text: &str, exit: Exit) -> ExitCode {
    let mut stdout = std::io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => ExitCode::from(exit as u8),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::from(exit as u8),
        Err(error) => {
            let text = format!(
                "nvkeep: the result could not be written to stdout: {error}\n  what to do: What was done is done, and only what \
                 there is to say of it is missing; send it to a disk with room.\n"
            );
            let _ = std::io::stderr().write_all(text.as_bytes());
            // What failed before is worse than that it could not be told.
            ExitCode::from(if exit == Exit::Done { Exit::Other } else { exit } as u8)
        }
    }
}
