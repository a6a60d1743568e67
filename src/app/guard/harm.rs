//! Whether a flash harmed an identity: A is the archive made before it, B the phone after it. Another phone's values are
//! harm, however valid they are; a live tree that the next boot makes again from a whole BinRegion is none. Pure.

use crate::identity::Status;
use crate::identity::compare::{Change, Comparison, Side, Way};

const LIVE: &str = "live";

/// Files that are compared byte by byte: another phone's are as whole as the phone's own.
const OWN_FILES: [&str; 2] = ["calibration", "simlock"];

/// Returns whether anything of A has to be put back.
pub(super) fn is_harmed(comparison: &Comparison) -> bool {
    let worse = |layer: &str, way: Way| layer != LIVE && way.worse_in == Some(Side::B);
    let other = |way: Way| way == Way { change: Change::Changed, worse_in: None };
    // A SIM lock has no value that is shown; its files below and its layer tell of it.
    let values = comparison.parts.iter().filter(|pair| pair.part != "simlock").any(|pair| {
        let was_whole = pair.a.as_ref().is_some_and(|a| a.status == Status::Valid);
        worse(pair.layer, pair.way) || was_whole && other(pair.way)
    });
    let layers = comparison.layers.iter().any(|pair| worse(pair.name, pair.way));
    let files = comparison
        .files
        .iter()
        .filter(|file| OWN_FILES.contains(&file.role))
        .any(|file| worse(file.layer, file.way) || other(file.way));
    comparison.damaged_in_b || values || layers || files
}
