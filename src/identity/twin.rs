//! The SIM locks of the protect partitions: a lost or broken copy is put back from its twin, byte for byte. Decodes and
//! edits no lock.

use super::copies::{Copies, FileCopy};
use super::files::tree_files;
use super::plan::{Creation, Plan, Volume, fits};
use super::refusal::Refusal;
use super::repair::{Ground, tell};
use super::scheme::Scheme;
use super::simlock::{Lock, pairs, title};

/// The volumes of the two copies.
const VOLUMES: [Volume; 2] = [Volume::ProtectF, Volume::ProtectS];
/// Letters of the two copies, where the build tells copies apart (modem-nvram.md 1.3).
const LETTERS: [char; 2] = ['A', 'B'];

/// Plans what every lost copy needs: from its twin, else from the archive of this phone.
///
/// # Errors
/// [`Refusal::Conflict`] when both copies are whole and differ.
pub(super) fn locks(
    phone: &Copies,
    archive: Option<&Copies>,
    scheme: &Scheme<'_>,
    ground: &Ground,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let protect = [tree_files(&phone.protect_f), tree_files(&phone.protect_s)];
    let kept = archive.map(|copies| [tree_files(&copies.protect_f), tree_files(&copies.protect_s)]);
    let kept = kept.map(|files| pairs(&files, scheme)).unwrap_or_default();
    let mut wanted = pairs(&protect, scheme);
    for name in kept.keys().filter(|name| name.contains('-')) {
        wanted.entry(name.clone()).or_default();
    }
    for (name, pair) in wanted {
        let whole = |lock: &Option<Lock<'_>>| lock.is_some_and(|(_, bytes)| scheme.lock_holds(bytes));
        let [first, second] = pair;
        if whole(&first) && whole(&second) && first.map(|lock| lock.1) != second.map(|lock| lock.1) {
            return Err(Refusal::Conflict {
                what: format!("the SIM lock {}", title(&name)),
                first: "one record in PROTECT_F".into(),
                second: "another in PROTECT_S".into(),
            });
        }
        let archived = kept.get(&name).copied().unwrap_or_default();
        for (side, (own, twin)) in [(first, second), (second, first)].into_iter().enumerate() {
            if whole(&own) {
                continue;
            }
            let sources = [(twin, "its twin in the other partition"), (archived[side], "the archive")];
            let sources = sources.into_iter().filter_map(|(lock, from)| Some((lock?, from)));
            let mut sources = sources.filter(|((_, bytes), _)| scheme.lock_holds(bytes));
            match own {
                Some((path, _)) => {
                    let Some(file) = file_of(phone, side, path) else { continue };
                    let fitting = sources.find(|((_, bytes), _)| fits(file, bytes));
                    if let Some(((_, bytes), from)) = fitting {
                        tell(plan, file, bytes, "simlock", path, from);
                    }
                }
                None if ground.grows(VOLUMES[side]) => {
                    let Some(((path, bytes), from)) = sources.next() else { continue };
                    plan.creations.push(Creation {
                        volume: VOLUMES[side],
                        path: named_for(path, side),
                        bytes: bytes.to_vec(),
                        from,
                    });
                }
                None => {}
            }
        }
    }
    Ok(())
}

fn file_of<'a>(phone: &'a Copies, side: usize, path: &str) -> Option<&'a FileCopy> {
    [&phone.protect_f, &phone.protect_s].get(side)?.present()?.get(path)
}

/// Returns the name of this side's copy for the name of either.
fn named_for(path: &str, side: usize) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let rename = |(index, letter): (usize, char)| match (index, letter) {
        (4, 'A' | 'B') => LETTERS[side],
        _ => letter,
    };
    let name: String = name.chars().enumerate().map(rename).collect();
    if folder.is_empty() { name } else { format!("{folder}/{name}") }
}
