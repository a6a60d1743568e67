//! A ROM package: a folder, a scatter file with its folder, or a zip of one. Lists what is in it within bounds and hands
//! out bytes by name; never leaves the folder, never follows a link.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::names;
use super::reason::{quoted, shown};
use super::zipped::{Entry, Zipped};
use crate::app::intake::folder::{self, Listed};
use crate::app::{Context, Exit, Failure};
use crate::formats::scatter_any::{self, ScatterLayout};
use crate::storage::{ImageDisk, Shared, share};

/// A scatter file larger than this is not read.
const MAX_SCATTER: u64 = 1 << 20;
/// Text files that are looked at in search of the scatter file.
const MAX_TEXTS: usize = 64;
/// Longest image that is looked into while it is in a zip.
const MAX_ZIPPED: u64 = 64 << 20;
/// Bytes of a file that are in memory at a time while it is read through.
const PIECE: usize = 256 << 10;

/// One file of a package.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its name below the package's folder, with plain slashes.
    pub name: String,
    /// Bytes.
    pub len: u64,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    File(PathBuf),
    Entry(Entry),
}

/// A package whose scatter file was read.
pub struct Package {
    /// Its files.
    pub items: Vec<Item>,
    /// The scatter file's name in it.
    pub scatter: String,
    /// One layout, or one for each storage.
    pub layouts: Vec<ScatterLayout>,
    /// Names that leave the folder.
    pub refused: Vec<String>,
    /// Links, which are not followed.
    pub links: Vec<String>,
    zip: Option<Zipped>,
}

/// Opens a package.
///
/// # Errors
/// `no-scatter`, `two-scatters`, `bad-scatter`, `zip-damaged`; the system's.
pub fn open(context: &Context<'_>, path: &Path) -> Result<Package, Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| Failure::file("opening", path, &error))?;
    if metadata.is_dir() {
        let items = folder::list(path)?;
        return Opening { source: path, items: files(items), zip: None, links: links(path) }.finish(context);
    }
    if !metadata.is_file() {
        return Err(no_scatter(path, "it is neither a file nor a folder"));
    }
    if crate::app::source::is_zip(path)? {
        let zip = Zipped::open(path)?;
        let item = |entry: &Entry| Item {
            name: entry.name.clone(),
            len: entry.len,
            place: Place::Entry(entry.clone()),
        };
        let items = zip.entries.iter().map(item).collect();
        let links = zip.links.clone();
        return Opening { source: path, items, zip: Some(zip), links }.finish(context);
    }
    beside(path, metadata.len())
}

/// The scatter file itself was named: its images are the files beside it.
fn beside(path: &Path, len: u64) -> Result<Package, Failure> {
    if len > MAX_SCATTER {
        return Err(no_scatter(path, "too large for a scatter file"));
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = std::fs::read(path).map_err(|error| Failure::file("reading", path, &error))?;
    let layouts = parse(path, &name, &text)?;
    let items = files(folder::list_flat(folder)?);
    Ok(Package { items, scatter: name, layouts, refused: Vec::new(), links: links(folder), zip: None })
}

/// A package on its way to a scatter file.
struct Opening<'a> {
    source: &'a Path,
    items: Vec<Item>,
    zip: Option<Zipped>,
    links: Vec<String>,
}

impl Opening<'_> {
    fn finish(self, context: &Context<'_>) -> Result<Package, Failure> {
        let refused = self.zip.as_ref().map(|zip| zip.refused.clone()).unwrap_or_default();
        let mut package = Package {
            items: self.items,
            scatter: String::new(),
            layouts: Vec::new(),
            refused,
            links: self.links,
            zip: self.zip,
        };
        let is_text =
            |item: &&Item| item.name.to_ascii_lowercase().ends_with(".txt") && item.len <= MAX_SCATTER;
        let mut texts: Vec<Item> = package.items.iter().filter(is_text).cloned().collect();
        texts.sort_by_key(|item| !is_called_scatter(&item.name));
        let mut found: Vec<(String, Vec<ScatterLayout>)> = Vec::new();
        let mut refusal = None;
        for item in texts.into_iter().take(MAX_TEXTS) {
            context.go_on()?;
            let text = package.head(&item, MAX_SCATTER).map_err(|what| bad(self.source, &item.name, &what));
            match text.and_then(|text| parse(self.source, &item.name, &text)) {
                Ok(layouts) => found.push((item.name, layouts)),
                Err(failure) if is_called_scatter(&item.name) => refusal = refusal.or(Some(failure)),
                Err(_) => {}
            }
        }
        if let Some(failure) = refusal {
            return Err(failure);
        }
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (None, _) => Err(no_scatter(self.source, "there is no scatter file in it")),
            (Some((one, _)), Some((other, _))) => Err(Failure::new(
                Exit::Usage,
                "two-scatters",
                format!(
                    "{}: both {} and {} are scatter files",
                    self.source.display(),
                    shown(&one),
                    shown(&other)
                ),
            )
            .advise("Give the one that would be loaded into the flash tool.")),
            (Some((name, layouts)), None) => {
                package.scatter = name;
                package.layouts = layouts;
                Ok(package)
            }
        }
    }
}

impl Package {
    /// Returns whether it is a zip.
    #[must_use]
    pub fn is_zip(&self) -> bool {
        self.zip.is_some()
    }

    /// Finds the image that the scatter file calls so: beside it, whatever the case of its letters.
    #[must_use]
    pub fn image(&self, name: &str) -> Option<&Item> {
        let wanted = format!("{}{}", names::folder_of(&self.scatter), names::inside(name)?);
        let exact = self.items.iter().find(|item| item.name == wanted);
        exact.or_else(|| self.items.iter().find(|item| item.name.eq_ignore_ascii_case(&wanted)))
    }

    /// Returns the first bytes of a file, as many as there are up to `limit`.
    ///
    /// # Errors
    /// In words.
    pub fn head(&mut self, item: &Item, limit: u64) -> Result<Vec<u8>, String> {
        match (&item.place, &mut self.zip) {
            (Place::Entry(entry), Some(zip)) => zip.head(entry, limit),
            (Place::File(path), _) => {
                let mut bytes = Vec::new();
                let read = std::fs::File::open(path)
                    .and_then(|file| file.take(limit.min(item.len)).read_to_end(&mut bytes));
                read.map(|_| bytes).map_err(|error| error.to_string())
            }
            (Place::Entry(_), None) => Err("its zip is not open".into()),
        }
    }

    /// Returns a file as bytes that can be read anywhere.
    ///
    /// # Errors
    /// In words, within: why it cannot be looked into. Outside: the wish to stop.
    pub fn disk(&mut self, context: &Context<'_>, item: &Item) -> Result<Result<Shared, String>, Failure> {
        Ok(match (&item.place, &mut self.zip) {
            (Place::Entry(entry), Some(zip)) => {
                zip.whole(context, entry, MAX_ZIPPED)?.map(|pieces| share(pieces) as Shared)
            }
            (Place::File(path), _) => {
                ImageDisk::open(path).map(|disk| share(disk) as Shared).map_err(|error| error.to_string())
            }
            (Place::Entry(_), None) => Err("its zip is not open".into()),
        })
    }

    /// Hands a whole file on, piece by piece.
    ///
    /// # Errors
    /// In words, within: why it cannot be read to its end. Outside: the wish to stop.
    pub fn stream(
        &mut self,
        context: &Context<'_>,
        item: &Item,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<Result<(), String>, Failure> {
        let mut buffer = vec![0; PIECE];
        match (&item.place, &mut self.zip) {
            (Place::Entry(entry), Some(zip)) => zip.stream(context, entry, &mut buffer, take),
            (Place::File(path), _) => {
                let mut file = match std::fs::File::open(path) {
                    Ok(file) => file,
                    Err(error) => return Ok(Err(error.to_string())),
                };
                loop {
                    context.go_on()?;
                    match file.read(&mut buffer) {
                        Ok(0) => return Ok(Ok(())),
                        Ok(got) => take(&buffer[..got]),
                        Err(error) => return Ok(Err(error.to_string())),
                    }
                }
            }
            (Place::Entry(_), None) => Ok(Err("its zip is not open".into())),
        }
    }

    /// Returns whether looking anywhere into this file costs little.
    #[must_use]
    pub fn is_open_to_looks(&self, item: &Item) -> bool {
        matches!(item.place, Place::File(_)) || item.len <= MAX_ZIPPED
    }
}

fn files(listed: Vec<Listed>) -> Vec<Item> {
    listed
        .into_iter()
        .map(|file| Item { name: file.below, len: file.len, place: Place::File(file.path) })
        .collect()
}

/// Links at the top of a folder; what they point at is not looked at.
fn links(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let links = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()));
    links.map(|entry| entry.file_name().to_string_lossy().into_owned()).take(MAX_TEXTS).collect()
}

fn is_called_scatter(name: &str) -> bool {
    names::last(name).to_ascii_lowercase().contains("scatter")
}

fn parse(source: &Path, name: &str, text: &[u8]) -> Result<Vec<ScatterLayout>, Failure> {
    scatter_any::parse(&String::from_utf8_lossy(text)).map_err(|error| bad(source, name, &error.to_string()))
}

fn bad(source: &Path, name: &str, what: &str) -> Failure {
    Failure::new(Exit::Usage, "bad-scatter", format!("{}: {}: {}", source.display(), shown(name), quoted(what)))
        .advise("What cannot be read cannot be judged: do not flash by this file. Get the package again from its source.")
}

fn no_scatter(path: &Path, what: &str) -> Failure {
    Failure::new(Exit::Usage, "no-scatter", format!("{}: {what}", path.display())).advise(
        "A package is a folder or a zip with a scatter file (*_scatter*.txt) and its images, or the scatter file beside them.",
    )
}
