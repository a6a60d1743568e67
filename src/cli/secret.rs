//! A secret typed on the terminal: not echoed, not kept, and the terminal as it was afterwards, whatever ends the question.

use std::sync::atomic::AtomicBool;

use crate::app::{Failure, Passphrase};

/// Asks for a passphrase; none where stdin is no terminal.
///
/// # Errors
/// Exit code 130 where the user breaks off; exit code 2 for an empty answer.
#[cfg(unix)]
pub fn ask(question: &str, stop: &AtomicBool) -> Result<Option<Passphrase>, Failure> {
    use std::io::{IsTerminal, Write};

    use crate::app::Exit;

    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(None);
    }
    let failed =
        |error: std::io::Error| Failure::new(Exit::Other, "terminal", format!("the terminal: {error}"));
    let mut stderr = std::io::stderr();
    let quiet = unix::Quiet::make(&stdin).map_err(failed)?;
    // After the echo is off: whoever sees the question can type.
    let _ = write!(stderr, "{question}").and_then(|()| stderr.flush());
    let answer = unix::line(&stdin, stop).map_err(failed);
    drop(quiet);
    let _ = writeln!(stderr);
    match answer? {
        Some(text) => Ok(Some(Passphrase::new(text)?)),
        None => Err(Failure::new(Exit::Interrupted, "interrupted", "stopped by the user")),
    }
}

/// Elsewhere the terminal is not asked.
#[cfg(not(unix))]
pub fn ask(_question: &str, _stop: &AtomicBool) -> Result<Option<Passphrase>, Failure> {
    Ok(None)
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Stdin};
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

    /// Longest passphrase that is taken.
    const LONGEST: usize = 1024;

    /// A terminal that does not echo, gives every key at once, and sends no signals; until it is dropped.
    pub struct Quiet<'a> {
        terminal: &'a Stdin,
        before: Termios,
    }

    impl<'a> Quiet<'a> {
        pub fn make(terminal: &'a Stdin) -> io::Result<Self> {
            let before = tcgetattr(terminal)?;
            let mut settings = before.clone();
            settings.local_modes &=
                !(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
            // A read returns after a tenth of a second, so that a signal from outside is heard.
            settings.special_codes[SpecialCodeIndex::VMIN] = 0;
            settings.special_codes[SpecialCodeIndex::VTIME] = 1;
            tcsetattr(terminal, OptionalActions::Flush, &settings)?;
            Ok(Self { terminal, before })
        }
    }

    impl Drop for Quiet<'_> {
        fn drop(&mut self) {
            let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
        }
    }

    /// Reads up to the end of the line; none when the user breaks off, or was told to stop.
    pub fn line(terminal: &Stdin, stop: &AtomicBool) -> io::Result<Option<String>> {
        let mut typed: Vec<u8> = Vec::new();
        loop {
            let mut key = [0];
            let count = match rustix::io::read(terminal, &mut key) {
                Err(rustix::io::Errno::INTR) => 0,
                other => other?,
            };
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            match (count, key[0]) {
                (0, _) => {}
                // Ctrl-C, Ctrl-D, Ctrl-\
                (_, 0x03 | 0x04 | 0x1c) => return Ok(None),
                (_, b'\r' | b'\n') => break,
                // A character is one or more bytes; its first is the one that does not continue another.
                (_, 0x08 | 0x7f) => while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
                (_, 0x15) => typed.clear(),
                (_, byte) if typed.len() < LONGEST => typed.push(byte),
                _ => {}
            }
        }
        String::from_utf8(typed)
            .map(Some)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "what was typed is not UTF-8"))
    }
}
