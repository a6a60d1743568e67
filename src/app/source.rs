//! SOURCE: an archive, an image of a partition or a whole flash, or a folder of NV files. Recognised by content, never by
//! name.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::archive::open_archive;
use super::gather::{Scope, gather, is_blank, live_root};
use super::session::{PhoneFacts, connect_at, open_port};
use super::survey::Report;
use super::{Context, Exit, Failure};
use crate::formats::ext4::Volume;
use crate::formats::imei::ImeiField;
use crate::formats::mbr::{MBR_SEARCH_LEN, find_mbr};
use crate::formats::pmt::{PMT_BEFORE_END, PMT_LEN, PmtCopy};
use crate::formats::{ReadAt, binregion, product_info};
use crate::identity::{Copies, Covers, FileCopy, Found, Tree};
use crate::storage::{ImageDisk, Layout, Place, Shared, Window, locate, share, shared::lock};

/// Bounds of a folder of NV files.
const MAX_FILES: usize = 4096;
/// A larger file is no NV file and is passed over.
const MAX_FILE: u64 = 1 << 20;
/// Folders nest no deeper than this.
const MAX_DEPTH: usize = 8;

/// What a source holds.
pub struct Looked {
    /// Who the phone is, as far as the source tells.
    pub facts: PhoneFacts,
    /// Every copy in it.
    pub copies: Copies,
    /// The places it can speak of.
    pub covers: Covers,
    /// Where the copies come from, in words.
    pub source: String,
}

impl Looked {
    /// Judges what was found.
    ///
    /// # Errors
    /// As [`Report::of`].
    pub fn report(&self, context: &Context<'_>) -> Result<Report, Failure> {
        Report::of(context, self.facts.clone(), &self.copies, self.source.clone())
    }
}

/// Inspects a source; the phone when there is none.
///
/// # Errors
/// Any that reading gives; a source that holds nothing recognisable says so.
pub fn inspect(context: &Context<'_>, source: Option<&Path>) -> Result<Report, Failure> {
    look(context, source)?.report(context)
}

/// Looks at a source; at the phone when there is none.
///
/// # Errors
/// As [`inspect`].
pub fn look(context: &Context<'_>, source: Option<&Path>) -> Result<Looked, Failure> {
    let Some(path) = source else {
        let mut port = open_port(context)?;
        return look_at(context, port.as_mut());
    };
    let metadata = std::fs::metadata(path).map_err(|error| Failure::file("opening", path, &error))?;
    if metadata.is_dir() {
        let copies = folder(path)?;
        let there = |found: &Found<Tree>| !matches!(found, Found::Absent(_));
        let (protect_f, protect_s) = (there(&copies.protect_f), there(&copies.protect_s));
        let covers = Covers { live: true, protect_f, protect_s, ..Covers::default() };
        return Ok(Looked { facts: unknown(), copies, covers, source: format!("folder {}", path.display()) });
    }
    if is_zip(path)? {
        let open = open_archive(path)?;
        let source = format!("archive {}", path.display());
        return Ok(Looked { facts: open.facts, copies: open.copies, covers: covered(&open.layout), source });
    }
    let image = ImageDisk::open(path).map_err(|error| Failure::file("opening", path, &error))?;
    let disk: Shared = share(image);
    let layout = recognise(context, &disk, path)?;
    context.note(format!("{}: {}", path.display(), layout.learned_from));
    let copies = gather(&disk, &layout, Scope::All)?;
    let source = format!("image {}", path.display());
    Ok(Looked { facts: unknown(), copies, covers: covered(&layout), source })
}

/// Inspects the phone at this port.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_at(context: &Context<'_>, port: &mut dyn crate::transport::Port) -> Result<Report, Failure> {
    look_at(context, port)?.report(context)
}

/// Looks at the phone at this port.
///
/// # Errors
/// As [`inspect`].
pub fn look_at(context: &Context<'_>, port: &mut dyn crate::transport::Port) -> Result<Looked, Failure> {
    let session = connect_at(context, port)?;
    context.step("Reading the identity set");
    let disk: Shared = session.disk.clone();
    let looked = gather(&disk, &session.layout, Scope::All).map(|copies| Looked {
        facts: session.facts.clone(),
        copies,
        covers: covered(&session.layout),
        source: "phone".into(),
    });
    session.close(context, looked)
}

/// A partition that is there can be spoken of, even when nothing is in it.
fn covered(layout: &Layout) -> Covers {
    let has = |name: &str| layout.find(name).is_some();
    Covers {
        binregion: has("NVRAM"),
        live: live_root(layout).is_some(),
        pro_info: has("PRO_INFO"),
        protect_f: has("PROTECT_F"),
        protect_s: has("PROTECT_S"),
    }
}

fn unknown() -> PhoneFacts {
    PhoneFacts {
        chip: "unknown".into(),
        hw_code: "unknown".into(),
        storage: "unknown".into(),
        cid: "unknown".into(),
        engine: "none".into(),
    }
}

fn is_zip(path: &Path) -> Result<bool, Failure> {
    let failed = |error: std::io::Error| Failure::file("reading", path, &error);
    let mut start = [0u8; 4];
    let mut file = std::fs::File::open(path).map_err(failed)?;
    match file.read_exact(&mut start) {
        Ok(()) => Ok(start == *b"PK\x03\x04"),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Finds out what an image is: a whole flash (PMT or MBR inside), or one partition.
fn recognise(context: &Context<'_>, disk: &Shared, path: &Path) -> Result<Layout, Failure> {
    let len = lock(disk).len();
    if len == 0 {
        return Err(nothing(path, "it is empty"));
    }
    if let Some(layout) = whole_flash(context, disk, len)? {
        return Ok(layout);
    }
    let one = |name: &str, what: &str| {
        Ok(Layout {
            places: vec![Place { name: name.into(), start: 0, len }],
            learned_from: what.into(),
            ..Layout::default()
        })
    };
    let mut window = Window::new(disk.clone(), 0, len);
    if binregion::parse(&mut window).is_ok() {
        return one("NVRAM", "an image of the NVRAM partition");
    }
    if let Ok(mut volume) = Volume::open(window.clone()) {
        let names: Vec<String> = volume
            .read_dir("/")
            .map(|entries| entries.into_iter().map(|(name, _)| name).collect())
            .unwrap_or_default();
        let has = |volume: &mut Volume<'_>, file: &str| volume.stat(file).is_ok();
        if has(&mut volume, "md/ST33A004") {
            return one("PROTECT_F", "an image of the PROTECT_F partition");
        }
        if has(&mut volume, "md/ST33B004") {
            return one("PROTECT_S", "an image of the PROTECT_S partition");
        }
        if names.iter().any(|name| name == "nvram") {
            return one("USRDATA", "an image of the USRDATA partition");
        }
        if names.iter().any(|name| name == "APCFG" || name == "md") {
            return one("NVDATA", "an image of the nvdata partition");
        }
        return Err(nothing(path, "it is an ext4 volume without NV files"));
    }
    let mut start = vec![0u8; usize::try_from(len.min(1024)).unwrap_or(0)];
    window.read_at(0, &mut start)?;
    if is_blank(&start) {
        return Err(nothing(path, "its start is blank"));
    }
    if looks_like_product_info(&start) {
        return one("PRO_INFO", "an image of the PRO_INFO partition");
    }
    Err(nothing(path, "it is neither an archive, a flash or partition image, nor a folder of NV files"))
}

/// A record with a barcode or an IMEI of fifteen digits whose check digit holds.
fn looks_like_product_info(start: &[u8]) -> bool {
    product_info::decode(start).is_some_and(|record| {
        record.imeis.iter().any(|field| matches!(field, ImeiField::Digits(imei) if imei.check_digit_holds()))
    })
}

/// Recognises a dump of the user area, or of Linux's mmcblk0, by the PMT near its end and the MBR in it.
fn whole_flash(context: &Context<'_>, disk: &Shared, len: u64) -> Result<Option<Layout>, Failure> {
    if len < PMT_BEFORE_END + MBR_SEARCH_LEN {
        return Ok(None);
    }
    let Some(mbr_at) = find_mbr(&mut Window::new(disk.clone(), 0, len), MBR_SEARCH_LEN).ok().flatten() else {
        return Ok(None);
    };
    let mut bytes = vec![0u8; PMT_LEN];
    lock(disk).read_at(len - PMT_BEFORE_END, &mut bytes)?;
    let Ok(copy) = PmtCopy::parse(&bytes) else { return Ok(None) };
    let Some(mbr) = copy.table.find(&["MBR"]) else { return Ok(None) };
    let Some(prefix) = mbr.start.checked_sub(mbr_at) else { return Ok(None) };
    let canonical = |name: &str| context.catalog.canonical_partition(name);
    let layout = locate::locate(&mut Window::new(disk.clone(), 0, len), prefix, None, &canonical)
        .map_err(|error| Failure::new(Exit::ReadIncomplete, error.code(), error.to_string()))?;
    Ok(Some(Layout { learned_from: "a whole-flash image with PMT".into(), ..layout }))
}

fn nothing(path: &Path, why: &str) -> Failure {
    Failure::new(Exit::Usage, "unknown-source", format!("{}: {why}", path.display())).advise(
        "A source is an archive (*.nvk), a raw image of a partition or of the whole flash, or a folder of NV files.",
    )
}

/// Reads a folder of NV files: the tree itself, or a folder that holds it as `nvram` or `data/nvram`, with
/// `protect_f` and `protect_s` beside it.
fn folder(path: &Path) -> Result<Copies, Failure> {
    let root = ["data/nvram", "nvram", "nvdata", "."]
        .iter()
        .map(|below| path.join(below))
        .find(|root| root.join("APCFG").is_dir() || root.join("md").is_dir())
        .ok_or_else(|| nothing(path, "the folder holds neither APCFG nor md"))?;
    let beside = |names: &[&str]| -> Result<Found<Tree>, Failure> {
        for name in names {
            let folder = path.join(name);
            if folder.is_dir() {
                return Ok(Found::Present(tree(&folder)?));
            }
        }
        Ok(Found::Absent(format!("the folder holds no {}", names[0])))
    };
    Ok(Copies {
        binregion: Found::Absent("a folder holds no NVRAM partition".into()),
        live: Found::Present(tree(&root)?),
        pro_info: Found::Absent("a folder holds no PRO_INFO partition".into()),
        protect_f: beside(&["protect_f", "protect1"])?,
        protect_s: beside(&["protect_s", "protect2"])?,
        remnants: Vec::new(),
    })
}

/// Reads the regular files below a folder; links are not followed.
fn tree(root: &Path) -> Result<Tree, Failure> {
    let mut tree = Tree::new();
    let mut waiting: Vec<(PathBuf, String, usize)> = vec![(root.to_path_buf(), String::new(), 0)];
    while let Some((folder, below, depth)) = waiting.pop() {
        let failed = |error: std::io::Error| Failure::file("reading the folder", &folder, &error);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() && depth < MAX_DEPTH {
                waiting.push((entry.path(), format!("{name}/"), depth + 1));
            } else if kind.is_file() && tree.len() < MAX_FILES {
                let path = entry.path();
                let failed = |error: std::io::Error| Failure::file("reading", &path, &error);
                if entry.metadata().map_err(failed)?.len() <= MAX_FILE {
                    let bytes = std::fs::read(&path).map_err(failed)?;
                    tree.insert(name, FileCopy { bytes, extents: Vec::new() });
                }
            }
        }
    }
    Ok(tree)
}
