//! The program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    nvkeep::cli::run(&nvkeep::wiring::Workshop, &nvkeep::tui::run)
}
