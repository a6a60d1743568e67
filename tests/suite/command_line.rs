//! Claims about the program as it is typed: help, exit codes, the one document, masks, recordings, and bad input of every
//! kind with its own sentence.

mod archives; // what is no good archive
mod cables; // TCP, pty, signals
mod documents; // the JSON documents, field by field
mod golden; // help, completions, manual
mod recordings; // record, replay, scatter
mod trouble; // phones and cables that fail

use crate::support::program::{Home, Said};

/// A home in which `a.nvk` is the archive of the healthy phone.
fn home_with_archive() -> Home {
    let home = Home::new();
    home.run(&["--port", "sim:mt6572", "backup", "-o", "a.nvk", "-q"]).exits(0);
    home
}

/// Checks a failure as scripts see it: exit code, code, a sentence, and advice that is null or a sentence.
fn fails(said: &Said, exit: i32, code: &str) -> String {
    assert_eq!(said.code, Some(exit), "{said:#?}");
    let value = said.json();
    assert_eq!(value["schema"], "nvkeep/1");
    assert_eq!(value["ok"], false);
    assert!(value.get("result").is_none(), "{value}");
    let error = value["error"].as_object().unwrap();
    assert_eq!(error.keys().collect::<Vec<_>>(), ["advice", "code", "message"]);
    assert_eq!(error["code"], code, "{value}");
    let message = error["message"].as_str().unwrap().to_owned();
    assert!(message.len() > 10, "{message}");
    assert!(said.err.contains(&message), "the sentence is on stderr too:\n{}", said.err);
    message
}
