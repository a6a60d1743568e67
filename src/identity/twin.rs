//! The first SIM lock's two copies: a lost one is put back from its twin, byte for byte, in place. Decodes and edits no
//! lock.

use super::copies::{Copies, FileCopy, Found, Tree};
use super::plan::{Plan, fits};
use super::refusal::Refusal;
use super::repair::tell;
use crate::formats::lid::{self, DEFAULT_KEY};

/// Prefix of the copies in PROTECT_F and PROTECT_S.
const PREFIXES: [&str; 2] = ["ST33A", "ST33B"];

/// Plans what a lost copy needs: from the archive of this phone, else from the twin.
///
/// # Errors
/// [`Refusal::Conflict`] when both copies are whole and differ.
pub(super) fn locks(
    phone: &Copies,
    archive: Option<&Copies>,
    sealed: bool,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let [first, second] = pair(phone);
    let holds = |file: &FileCopy| match sealed {
        true => !lid::guess_records(&file.bytes).is_empty(),
        false => lid::simlock_holds(&file.bytes, DEFAULT_KEY),
    };
    let whole = |copy: &Option<Lock<'_>>| copy.is_some_and(|(_, file)| holds(file));
    if whole(&first)
        && whole(&second)
        && first.map(|(_, file)| &file.bytes) != second.map(|(_, file)| &file.bytes)
    {
        return Err(Refusal::Conflict {
            what: "the SIM lock".into(),
            first: "one record in PROTECT_F".into(),
            second: "another in PROTECT_S".into(),
        });
    }
    let archived = archive.map(pair).unwrap_or([None, None]);
    for ((lost, twin), kept) in [(first, second), (second, first)].into_iter().zip(archived) {
        let Some((path, file)) = lost.filter(|(_, file)| !holds(file)) else { continue };
        let sources = [(twin, "its twin in the other partition"), (kept, "the archive")];
        let source = sources
            .into_iter()
            .filter_map(|(copy, from)| Some((copy?.1, from)))
            .find(|(copy, _)| holds(copy) && fits(file, &copy.bytes));
        if let Some((copy, from)) = source {
            tell(plan, file, &copy.bytes, "simlock", path, from);
        }
    }
    Ok(())
}

type Lock<'a> = (&'a String, &'a FileCopy);

fn pair(copies: &Copies) -> [Option<Lock<'_>>; 2] {
    let [a, b] = PREFIXES;
    [find(&copies.protect_f, a), find(&copies.protect_s, b)]
}

fn find<'a>(tree: &'a Found<Tree>, prefix: &str) -> Option<Lock<'a>> {
    let named = |path: &str| path.rsplit('/').next().is_some_and(|name| name.starts_with(prefix));
    tree.present()?.iter().find(|(path, _)| named(path))
}
