//! Collects every copy of an identity that a source holds. Works the same on a phone, an image, an archive and a staged
//! disk; decides nothing. A place that cannot be read for a reason of the cable fails; a place that is damaged is a finding.

use crate::app::Failure;
use crate::formats::binregion::{self, BinRegionError};
use crate::formats::ext4::{Ext4Error, FileKind, TreeEntry, TreeLimits, Volume};
use crate::formats::{ReadAt, ReadError};
use crate::identity::{BinRegionCopy, Copies, Extent, FileCopy, Found, Tree};
use crate::storage::{Layout, Place, Shared, Window};

/// Bytes of PRO_INFO that hold the record (ap-nvram.md 4.3).
const PRO_INFO_RECORD: u64 = 1024;
/// Bounds of a tree of NV files: a real one has about 250 files in 12 folders, none above 64 KiB.
const TREE_LIMITS: TreeLimits = TreeLimits { depth: 8, entries: 4096, bytes: 16 << 20 };
/// A larger file is no NV file and is passed over.
const MAX_FILE: u64 = 1 << 20;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Everything.
    All,
    /// What a judgement of identity rests on: not the daemon's own work copies of the BinRegion, and not the AP files that
    /// no backup of the phone's own keeps (ap-nvram.md 2.1, 3.4).
    Identity,
    /// In the live tree only these files (paths below its root); no SIM-lock volumes unless asked for.
    Only {
        /// Files of the live tree.
        live: &'a [&'a str],
        /// Whether PROTECT_F and PROTECT_S are looked at.
        protect: bool,
    },
}

/// Gathers the copies on `disk`.
///
/// # Errors
/// When the device fails: what was not read is not a finding.
pub fn gather(disk: &Shared, layout: &Layout, scope: Scope<'_>) -> Result<Copies, Failure> {
    let protect = |name: &str| match scope {
        Scope::Only { protect: false, .. } => Ok(Found::Absent("not looked at".into())),
        Scope::Identity => tree(disk, layout, name, "/", Scope::Identity),
        _ => tree(disk, layout, name, "/", Scope::All),
    };
    Ok(Copies {
        binregion: binregion(disk, layout)?,
        live: live(disk, layout, scope)?,
        pro_info: pro_info(disk, layout)?,
        protect_f: protect("PROTECT_F")?,
        protect_s: protect("PROTECT_S")?,
        remnants: Vec::new(),
    })
}

/// Returns the place and the folder of the live tree: nvdata's root, or `/nvram` of USRDATA on old Android
/// (ap-nvram.md 2.5).
#[must_use]
pub fn live_root(layout: &Layout) -> Option<(&Place, &'static str)> {
    if let Some(place) = layout.find("NVDATA") {
        return Some((place, "/"));
    }
    layout.find("USRDATA").map(|place| (place, "/nvram"))
}

fn absent<T>(name: &str) -> Found<T> {
    Found::Absent(format!("this source has no {name} partition"))
}

/// Separates findings from failures: a device that fails is not evidence about the phone.
fn finding<T>(error: &ReadError, what: &str) -> Result<Found<T>, Failure> {
    match error {
        ReadError::NotKept { .. } => Ok(Found::Absent(format!("the archive does not hold {what}"))),
        ReadError::Device { .. } => Err(error.clone().into()),
        other => Ok(Found::Corrupt(other.to_string())),
    }
}

fn binregion(disk: &Shared, layout: &Layout) -> Result<Found<BinRegionCopy>, Failure> {
    let Some(place) = layout.find("NVRAM") else { return Ok(absent("NVRAM")) };
    let mut window = Window::new(disk.clone(), place.start, place.len);
    Ok(match binregion::parse(&mut window) {
        Ok(region) => Found::Present(BinRegionCopy { region, partition_at: place.start }),
        Err(BinRegionError::Blank { .. }) => Found::Blank,
        Err(BinRegionError::Read { cause, .. }) => return finding(&cause, "NVRAM"),
        Err(error) => Found::Corrupt(error.to_string()),
    })
}

fn pro_info(disk: &Shared, layout: &Layout) -> Result<Found<FileCopy>, Failure> {
    let Some(place) = layout.find("PRO_INFO") else { return Ok(absent("PRO_INFO")) };
    let len = PRO_INFO_RECORD.min(place.len);
    let mut bytes = vec![0u8; usize::try_from(len).unwrap_or(0)];
    match Window::new(disk.clone(), place.start, place.len).read_at(0, &mut bytes) {
        // A bad block reads as erased, and what was to be in it lies in the next good one.
        Ok(()) if is_blank(&bytes) && layout.nand => Ok(Found::Unread(
            "the first page of PRO_INFO is erased, or lies in a bad block and its record elsewhere".into(),
        )),
        Ok(()) if is_blank(&bytes) => Ok(Found::Blank),
        Ok(()) => Ok(Found::Present(FileCopy { bytes, extents: vec![Extent { at: place.start, len }] })),
        Err(error) => finding(&error, "PRO_INFO"),
    }
}

fn live(disk: &Shared, layout: &Layout, scope: Scope<'_>) -> Result<Found<Tree>, Failure> {
    if layout.nand {
        let name = live_root(layout).map_or("USRDATA", |(place, _)| place.name.as_str());
        return Ok(yaffs(name));
    }
    let Some((place, root)) = live_root(layout) else { return Ok(absent("USRDATA or nvdata")) };
    tree(disk, layout, &place.name, root, scope)
}

/// A page of YAFFS2 may look blank where ext4 has its superblock: nothing is concluded from a look.
fn yaffs<T>(name: &str) -> Found<T> {
    Found::Unread(format!("{name} is YAFFS2 on a raw NAND, which nvkeep does not look into"))
}

/// Reads the files below `root` of the volume in partition `name`.
fn tree(
    disk: &Shared,
    layout: &Layout,
    name: &str,
    root: &str,
    scope: Scope<'_>,
) -> Result<Found<Tree>, Failure> {
    let Some(place) = layout.find(name) else { return Ok(absent(name)) };
    if layout.nand {
        return Ok(yaffs(name));
    }
    let volume = Volume::open(Window::new(disk.clone(), place.start, place.len));
    match volume.and_then(|mut volume| files(&mut volume, place, root, scope)) {
        Ok(tree) => Ok(Found::Present(tree)),
        Err(Ext4Error::NotFound { .. } | Ext4Error::NotADirectory { .. }) => {
            Ok(Found::Absent(format!("{name} has no folder {root}")))
        }
        Err(error) => classify(error, name),
    }
}

fn classify<T>(error: Ext4Error, name: &str) -> Result<Found<T>, Failure> {
    match error {
        Ext4Error::Blank { .. } => Ok(Found::Blank),
        Ext4Error::Read(cause) => finding(&cause, name),
        other => Ok(Found::Corrupt(other.to_string())),
    }
}

fn files(volume: &mut Volume<'_>, place: &Place, root: &str, scope: Scope<'_>) -> Result<Tree, Ext4Error> {
    let root = root.trim_matches('/');
    let paths: Vec<String> = match scope {
        Scope::All | Scope::Identity => {
            let all = matches!(scope, Scope::All);
            let wants = |path: &str| all || bears_identity(path.strip_prefix(root).unwrap_or(path));
            let found = volume.walk_where(root, TREE_LIMITS, &wants)?;
            let is_file =
                |entry: &TreeEntry| entry.stat.kind == FileKind::Regular && entry.stat.size <= MAX_FILE;
            found.into_iter().filter(is_file).map(|entry| entry.path).collect()
        }
        Scope::Only { live, .. } => live.iter().map(|path| format!("{root}/{path}")).collect(),
    };
    let mut tree = Tree::new();
    for path in paths {
        let bytes = match volume.read_file(&path, MAX_FILE) {
            Ok(bytes) => bytes,
            Err(Ext4Error::NotFound { .. } | Ext4Error::NotADirectory { .. })
                if matches!(scope, Scope::Only { .. }) =>
            {
                continue;
            }
            Err(error) => return Err(error),
        };
        let extents = places(volume, place, &path)?;
        let below = path.strip_prefix(root).unwrap_or(&path).trim_start_matches('/').to_string();
        tree.insert(below, FileCopy { bytes, extents });
    }
    Ok(tree)
}

/// Returns whether a path below a tree's root may matter to a judgement of identity.
fn bears_identity(path: &str) -> bool {
    let path = path.trim_start_matches('/');
    match path.rsplit_once('/') {
        None => !matches!(path, "AllMap" | "AllFile" | "lost+found"),
        // What the phone's own backup does not keep is tuning, and comes back by itself (ap-nvram.md 3.4).
        Some(("APCFG/APRDEB" | "APCFG/APRDCL", name)) => {
            binregion::AP_BACKED_UP.contains(&name) || binregion::AP_BACKED_UP_LATER.contains(&name)
        }
        Some(_) => true,
    }
}

/// Returns where a file's bytes lie in the user area. None where they have no fixed place, and none where the next mount
/// would replay the journal over them: a write there would be undone.
fn places(volume: &mut Volume<'_>, place: &Place, path: &str) -> Result<Vec<Extent>, Ext4Error> {
    let extents = match volume.file_extents(path) {
        Ok(extents) => extents,
        Err(Ext4Error::NoPlace { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    if extents.iter().any(|(at, len)| volume.journalled(*at..at + len)) {
        return Ok(Vec::new());
    }
    Ok(extents.into_iter().map(|(at, len)| Extent { at: place.start + at, len }).collect())
}

/// Returns whether bytes say nothing: all zero or all FF.
#[must_use]
pub fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0) || bytes.iter().all(|byte| *byte == 0xFF)
}
