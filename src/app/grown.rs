//! Files that a plan makes: which volumes can take them, and the making on the staged disk. USRDATA never grows: beside the
//! NV tree it holds the owner's own data (promise 5).

use std::sync::{Arc, Mutex};

use super::gather::live_root;
use super::session::PhoneSession;
use super::{Context, Exit, Failure};
use crate::formats::ext4::Ext4Error;
use crate::identity::{Copies, Creation, Found, Ground, NvramGround, Volume};
use crate::storage::volume::{Existing, Like, NewFile, VolumeError, create, reference_label};
use crate::storage::{Layout, Place, Staged};

/// Returns what a repair of this phone may do besides overwriting in place.
pub fn ground_of(layout: &Layout, phone: &Copies) -> Ground {
    let mut ground = Ground::default();
    let is_there = |found: &Found<_>| matches!(found, Found::Present(_));
    for (volume, found) in [
        (Volume::Live, &phone.live),
        (Volume::ProtectF, &phone.protect_f),
        (Volume::ProtectS, &phone.protect_s),
    ] {
        if is_there(found) && place_of(layout, volume).is_some() {
            ground.growing.insert(volume);
        }
    }
    let nvram = layout.find("NVRAM");
    ground.nvram = nvram.map(|place| NvramGround { at: place.start, len: place.len });
    ground
}

/// Makes the files, volume by volume. Returns the changed blocks in the order in which a cut does least harm.
///
/// # Errors
/// When a volume cannot take them.
pub fn make(
    context: &Context<'_>,
    session: &PhoneSession,
    staged: &Arc<Mutex<Staged>>,
    creations: &[Creation],
) -> Result<Vec<u64>, Failure> {
    let mut order = Vec::new();
    for volume in [Volume::Live, Volume::ProtectF, Volume::ProtectS] {
        let wanted: Vec<&Creation> = creations.iter().filter(|creation| creation.volume == volume).collect();
        if wanted.is_empty() {
            continue;
        }
        let Some((place, root)) = place_of(&session.layout, volume) else { continue };
        let like = look_of(&session.layout, place);
        let files: Vec<NewFile> = wanted
            .into_iter()
            .map(|creation| NewFile {
                path: format!("{root}{}", creation.path),
                bytes: creation.bytes.clone(),
                like: like.clone(),
                existing: Existing::Replace,
            })
            .collect();
        let made = create(staged, place, &files, seconds(&(context.now)()));
        order.extend(made.map_err(|error| failed(&error, &place.name))?.order);
    }
    Ok(order)
}

/// Returns a volume's partition and the root of its tree, where it is an identity partition as a whole.
fn place_of(layout: &Layout, volume: Volume) -> Option<(&Place, &'static str)> {
    match volume {
        Volume::Live => live_root(layout).filter(|(place, _)| place.name == "NVDATA"),
        Volume::ProtectF => layout.find("PROTECT_F").map(|place| (place, "/")),
        Volume::ProtectS => layout.find("PROTECT_S").map(|place| (place, "/")),
    }
}

/// Phones with nvdata are of Android 5 and later, and label their files.
fn look_of(layout: &Layout, place: &Place) -> Like {
    match layout.find("NVDATA") {
        Some(_) => Like::android9(reference_label(&place.name)),
        None => Like::android4(None),
    }
}

/// Returns seconds since 1970; the time only dates inodes, so one that cannot be read is none.
fn seconds(now: &str) -> u32 {
    let parsed = now.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second);
    parsed.ok().and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(0)
}

fn failed(error: &VolumeError, name: &str) -> Failure {
    match error {
        VolumeError::Disk(cause) | VolumeError::Volume(Ext4Error::Read(cause)) => cause.clone().into(),
        other => Failure::new(
            Exit::Forbidden,
            "volume-cannot-take",
            format!("{name} cannot take the missing files: {other}"),
        )
        .advise("Nothing was written. Back the phone up; let it boot once, so that Android settles its file systems, and try again."),
    }
}
