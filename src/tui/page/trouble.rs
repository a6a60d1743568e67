//! A failure in full: what, why, and what to do.

use super::{Page, Role};
use crate::tui::trouble::Trouble;

/// Writes a failure.
pub(super) fn write(page: &mut Page, head: &str, trouble: &Trouble) {
    page.hang(11, Role::Bad, head, Role::Plain, &trouble.message);
    for cause in &trouble.causes {
        page.hang(11, Role::Dim, "because", Role::Dim, cause);
    }
    if let Some(advice) = &trouble.advice {
        page.hang(11, Role::Title, "what to do", Role::Plain, advice);
    }
    page.hang(11, Role::Dim, "code", Role::Dim, &format!("{}, exit {}", trouble.code, trouble.exit));
}
