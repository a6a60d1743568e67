//! Foreign backups: whatever another tool left of a phone's identity, as one file or a folder of files, taken apart into
//! partition images and trees of NV files. Recognises by content, keeps bounds, writes nothing, never chooses between two
//! copies that contradict each other.

pub mod flash;
pub mod folder;
pub mod image;
pub mod merge;
pub mod tar;
pub mod tree;
pub mod unpack;

use std::collections::BTreeSet;
use std::path::Path;

use self::folder::Listed;
use self::tree::Sorter;
use super::{Context, Exit, Failure};
use crate::formats::scatter_any;
use crate::identity::Tree;
use crate::storage::{ChainDisk, ImageDisk, KeptDisk, Layout, Shared, share, shared::lock};

/// Bytes of a file that tell what it is.
const HEAD: u64 = 4096;
/// A scatter file larger than this is not read.
const MAX_SCATTER: u64 = 1 << 20;
/// More file names than this say nothing new.
const MAX_NAMES: usize = 64;

/// Which tree a set of NV files is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The live tree: `/data/nvram`, nvdata.
    Live,
    /// The first SIM-lock volume.
    ProtectF,
    /// The second SIM-lock volume.
    ProtectS,
}

/// An image, and the partitions found in it.
pub struct Piece {
    /// The file it came from.
    pub name: String,
    /// Its bytes.
    pub disk: Shared,
    /// Its partitions; `learned_from` says what it is.
    pub layout: Layout,
    /// Where the user area begins in it, where that is known: then the places are those on the phone.
    pub user_area: Option<u64>,
}

/// A tree of NV files that were files.
pub struct Branch {
    /// Where it was.
    pub name: String,
    /// Which tree it is.
    pub layer: Layer,
    /// Its files.
    pub tree: Tree,
}

/// Everything a source holds.
#[derive(Default)]
pub struct Haul {
    /// Images.
    pub pieces: Vec<Piece>,
    /// Trees.
    pub branches: Vec<Branch>,
    /// What kinds of thing it was made of.
    pub kinds: BTreeSet<String>,
    /// Files that gave something.
    pub files: BTreeSet<String>,
    /// Files that gave nothing, with the reason.
    pub passed_over: Vec<String>,
    /// The chip, where a scatter file names it.
    pub platform: Option<String>,
}

/// Takes a file or a folder apart.
///
/// # Errors
/// `unknown-source` where nothing is recognised; what is damaged or without bounds says so in its own words.
pub fn take(context: &Context<'_>, path: &Path) -> Result<Haul, Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| Failure::file("opening", path, &error))?;
    if !metadata.is_dir() && !metadata.is_file() {
        return Err(unknown(format!("{}: it is neither a file nor a folder", path.display())));
    }
    let mut haul = Haul::default();
    if metadata.is_dir() {
        haul.kinds.insert("folder".into());
        take_folder(context, path, &mut haul)?;
    } else {
        let listed = Listed { path: path.into(), below: path.display().to_string(), len: metadata.len() };
        let (name, parts) = match siblings(path)? {
            Some(parts) => (format!("{} and the parts beside it", path.display()), parts),
            None => (listed.below.clone(), vec![listed]),
        };
        take_file(context, &name, &parts, false, &mut haul)?;
    }
    if haul.pieces.is_empty() && haul.branches.is_empty() {
        let why = match haul.passed_over.first() {
            Some(first) => format!("{}: nothing in it is known; {first}", path.display()),
            None => format!("{}: it holds neither APCFG nor md", path.display()),
        };
        return Err(unknown(why));
    }
    Ok(haul)
}

/// Returns all parts of what a part was split from.
fn siblings(path: &Path) -> Result<Option<Vec<Listed>>, Failure> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some((base, _)) = folder::part_of(&name) else { return Ok(None) };
    let around = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut parts = folder::list_flat(around)?;
    parts.retain(|file| folder::part_of(&file.below).is_some_and(|(other, _)| other == base));
    Ok(folder::join(parts)?.into_iter().next().map(|(_, parts)| parts))
}

fn take_folder(context: &Context<'_>, root: &Path, haul: &mut Haul) -> Result<(), Failure> {
    let source = root.display().to_string();
    let mut sorter = Sorter::default();
    let mut alone = Vec::new();
    for file in folder::list(root)? {
        context.go_on()?;
        if tree::wants(&file.below, file.len) {
            let bytes = read(&file)?;
            sorter.add(&source, &file.below, bytes)?;
        }
        if !tree::is_below_a_tree(&file.below) {
            alone.push(file);
        }
    }
    haul.branches.extend(sorter.finish(&source));
    if !haul.branches.is_empty() {
        haul.kinds.insert("NV files".into());
        haul.files.extend(haul.branches.iter().map(|branch| branch.name.clone()));
    }
    for file in alone.iter().filter(|file| file.below.ends_with(".txt") && file.len <= MAX_SCATTER) {
        let layouts = scatter_any::parse(&String::from_utf8_lossy(&read(file)?)).unwrap_or_default();
        if let Some(platform) = layouts.into_iter().find_map(|layout| layout.platform) {
            haul.platform = Some(platform);
            haul.kinds.insert("scatter file".into());
        }
    }
    for (name, parts) in folder::join(alone)? {
        context.go_on()?;
        match take_file(context, &name, &parts, true, haul) {
            Err(failure) if failure.code == UNKNOWN => haul.pass_over(failure.message),
            taken => taken?,
        }
    }
    Ok(())
}

/// Reads a small file that was listed, as long as it was then and no longer.
fn read(file: &Listed) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let failed = |error: std::io::Error| Failure::file("reading", &file.path, &error);
    let mut bytes = Vec::new();
    std::fs::File::open(&file.path)
        .map_err(failed)?
        .take(file.len)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(bytes)
}

/// Takes a file, or the parts of one that was split. In a folder a partition's name counts where its content tells nothing.
fn take_file(
    context: &Context<'_>,
    name: &str,
    parts: &[Listed],
    by_name: bool,
    haul: &mut Haul,
) -> Result<(), Failure> {
    let mut disks = Vec::new();
    for part in parts {
        let disk =
            ImageDisk::open(&part.path).map_err(|error| Failure::file("opening", &part.path, &error))?;
        disks.push(disk);
    }
    if parts.len() > 1 {
        haul.kinds.insert("split file".into());
        let starts = parts.iter().map(read_head).collect::<Result<Vec<_>, _>>()?;
        // TWRP splits between files, so that each part is a tar of its own; other tools cut wherever the size says.
        if starts.iter().all(|head| unpack::is_gzip(head) || is_tar(head)) {
            let mut all = tar::Unpacked::default();
            for (disk, part) in disks.into_iter().zip(parts) {
                let disk: Shared = share(disk);
                match open_tar(context, &part.below, &disk)? {
                    Some(found) => all.join(name, found)?,
                    None => return Err(unknown(format!("{}: no tar is in this part", part.below))),
                }
            }
            return take_tar(context, name, all, haul);
        }
    }
    let disk: Shared = share(ChainDisk::new(disks));
    take_disk(context, name, disk, by_name, haul)
}

fn take_disk(
    context: &Context<'_>,
    name: &str,
    disk: Shared,
    by_name: bool,
    haul: &mut Haul,
) -> Result<(), Failure> {
    if let Some(found) = open_tar(context, name, &disk)? {
        return take_tar(context, name, found, haul);
    }
    let head = head(&disk)?;
    let disk = if unpack::is_gzip(&head) {
        haul.kinds.insert("gzip".into());
        let file = unpack::unpack(context, name, &disk, unpack::MAX_UNPACKED)?;
        let image = ImageDisk::of(file);
        share(image.map_err(|error| Failure::file("reading the unpacked", Path::new(name), &error))?)
            as Shared
    } else {
        disk
    };
    let whole_blocks = lock(&disk).len().is_multiple_of(512);
    let hint = if by_name && whole_blocks { partition_of(context, name) } else { None };
    let piece = image::recognise(context, name, disk, hint)?;
    context.note(format!("{name}: {}", piece.layout.learned_from));
    haul.kinds.insert(piece.layout.learned_from.clone());
    haul.files.insert(name.to_owned());
    haul.pieces.push(piece);
    Ok(())
}

/// Reads a tar, packed or not; nothing where there is none.
fn open_tar(context: &Context<'_>, name: &str, disk: &Shared) -> Result<Option<tar::Unpacked>, Failure> {
    let head = head(disk)?;
    if is_tar(&head) {
        return tar::read(context, name, unpack::Stream::new(disk)).map(Some);
    }
    if unpack::is_gzip(&head) && is_tar(&unpack::head(name, disk, 512)?) {
        return tar::read(context, name, unpack::Stream::unpacked(disk)).map(Some);
    }
    Ok(None)
}

fn take_tar(context: &Context<'_>, name: &str, found: tar::Unpacked, haul: &mut Haul) -> Result<(), Failure> {
    haul.kinds.insert("tar".into());
    if found.not_files > 0 {
        haul.pass_over(format!("{name}: {} links or devices were not followed", found.not_files));
    }
    let branches = found.files.finish(name);
    let mut useful = !branches.is_empty();
    haul.branches.extend(branches);
    for (path, bytes) in found.images {
        let mut disk = KeptDisk::new(bytes.len() as u64);
        disk.keep(0, bytes);
        let path = format!("{name}/{path}");
        match image::recognise(context, &path, share(disk), partition_of(context, &path)) {
            Ok(piece) => {
                useful = true;
                haul.pieces.push(piece);
            }
            Err(failure) if failure.code == UNKNOWN => haul.pass_over(failure.message),
            Err(failure) => return Err(failure),
        }
    }
    if !useful {
        return Err(unknown(format!("{name}: the tar holds no NV files")));
    }
    haul.files.insert(name.to_owned());
    Ok(())
}

fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

fn head(disk: &Shared) -> Result<Vec<u8>, Failure> {
    let mut disk = lock(disk);
    let mut bytes = vec![0; usize::try_from(disk.len().min(HEAD)).unwrap_or(0)];
    disk.read_at(0, &mut bytes)?;
    Ok(bytes)
}

fn read_head(file: &Listed) -> Result<Vec<u8>, Failure> {
    read(&Listed { len: file.len.min(HEAD), ..file.clone() })
}

/// Returns the identity partition that a file's name speaks of: `nvram.img`, `pro_info`, `protect1.emmc.win`.
pub fn partition_of(context: &Context<'_>, name: &str) -> Option<&'static str> {
    let stem = name.rsplit('/').next()?.split('.').next()?;
    let canonical = context.catalog.canonical_partition(stem);
    ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S", "NVDATA", "NVCFG"]
        .into_iter()
        .find(|known| *known == canonical)
}

impl Haul {
    fn pass_over(&mut self, why: String) {
        if self.passed_over.len() < MAX_NAMES {
            self.passed_over.push(why);
        }
    }
}

const UNKNOWN: &str = "unknown-source";

/// Nothing is known about a source.
pub(super) fn unknown(message: String) -> Failure {
    Failure::new(Exit::Usage, UNKNOWN, message).advise(
        "A source is an archive (*.nvk), a raw image of a partition or of the whole flash, a tar or a folder of NV files, or a folder of such images. Images may be packed with gzip and split as TWRP does.",
    )
}

/// A source that is known and cannot be used.
pub(super) fn refuse(code: &'static str, message: String) -> Failure {
    Failure::new(Exit::Usage, code, message)
}
