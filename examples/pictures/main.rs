//! Makes the pictures in `docs/screens`: the real program in a pseudo terminal, on simulated phones.
//!
//! `docs/screens.sh` runs it.

#[cfg(unix)]
mod session;
#[cfg(unix)]
mod svg;

/// The terminal the suite uses, too.
#[cfg(unix)]
#[path = "../../tests/suite/support/pty.rs"]
#[allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "as in the suite: what cannot go on ends with the screen at hand"
)]
mod pty;

fn main() -> std::io::Result<()> {
    #[cfg(unix)]
    session::play()?;
    Ok(())
}
