//! What goes into a BinRegion: files with their categories, by the folder they lie in (ap-nvram.md 1.3), and which of them
//! the daemon backs up (3.4). Made from nothing here; a phone's own work copies are the best pattern.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::map::{self, Category, HeaderVariant};
use super::{BinRegionError, data_checksum};

/// AP files that the Android 4.4 daemon backs up when they exist and are not empty (ap-nvram.md 3.4, confidence S); all
/// others return to defaults after a wipe. `PRODUCT_INFO` only where the phone does not keep it in `pro_info`; the caller
/// knows.
pub const AP_BACKED_UP: [&str; 15] = [
    "FILE_VER",
    "BT_Addr",
    "WIFI",
    "AUXADC",
    "FACTORY",
    "HWMON_ACC",
    "HWMON_GYRO",
    "HWMON_PS",
    "WIFI_CUSTOM",
    "GPS",
    "PRODUCT_INFO",
    "SDIO_RETRY",
    "Hdcp_Key_Table",
    "Dfo",
    "SDIO",
];

/// What newer daemons add to [`AP_BACKED_UP`] (ap-nvram.md 3.4); the list is not complete.
pub const AP_BACKED_UP_LATER: [&str; 2] = ["MD_SBP", "FG"];

/// One file of a region that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its category.
    pub category: Category,
    /// Absolute path on the Android that will read the region: `/data/nvram/md/NVRAM/NVD_IMEI/MP0B_001`.
    pub name: String,
    /// Content, trailer included.
    pub bytes: Vec<u8>,
}

/// Everything a region says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The title header that the phone's daemon was built with; another is silently misread (1.8).
    pub variant: HeaderVariant,
    /// Common and custom AP LIDs the daemon knows (MT6572 on Android 4.4: 26 and 19).
    pub lid_counts: (u32, u32),
    /// The files. Within a category their order is kept; categories go in the header's order.
    pub files: Vec<Entry>,
}

/// Why a region cannot be made of this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ContentError {
    /// Nothing to write.
    #[error("no files: a BinRegion without data is no BinRegion")]
    NoFiles,
    /// An empty file; the daemon does not store these.
    #[error("{name} is empty")]
    EmptyFile {
        /// Its path.
        name: String,
    },
    /// A path that a title cannot hold.
    #[error("{name:?} cannot be a title: {reason}")]
    Name {
        /// The path.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// Two files of one path.
    #[error("{name} is there twice")]
    Twice {
        /// The path.
        name: String,
    },
    /// A file outside its category's folder.
    #[error("{name} does not lie in the folder of its category, {folder}")]
    Folder {
        /// The path.
        name: String,
        /// The folder.
        folder: &'static str,
    },
    /// The daemon never backs this category up, or the header has no counter for it.
    #[error("{name}: a {variant:?} header holds no files of {category:?}")]
    Category {
        /// The path.
        name: String,
        /// The category.
        category: Category,
        /// The header.
        variant: HeaderVariant,
    },
    /// More than the words can count, or than the parser believes.
    #[error("too much: {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
    },
    /// `AllMap` and `AllFile` that are not of one backup.
    #[error("the work copies do not agree: the map's checksum is {stored:08x}, the data's {computed:08x}")]
    Checksum {
        /// In the map.
        stored: u32,
        /// Of the data.
        computed: u32,
    },
    /// A map that cannot be read.
    #[error(transparent)]
    Map(#[from] BinRegionError),
}

impl Category {
    /// Returns the folder of its files below the NVRAM root (ap-nvram.md 1.3).
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::ApBoot => "APCFG/APRDEB",
            Self::ApClean => "APCFG/APRDCL",
            Self::MdBoot => "md/NVRAM/NVD_IMEI",
            Self::MdClean => "md/NVRAM/CALIBRAT",
            Self::MdImportant => "md/NVRAM/IMPORTNT",
            Self::MdCore => "md/NVRAM/NVD_CORE",
            Self::MdData => "md/NVRAM/NVD_DATA",
            Self::Md2Boot => "md2/NVRAM/NVD_IMEI",
            Self::Md2Clean => "md2/NVRAM/CALIBRAT",
            Self::Md2Important => "md2/NVRAM/IMPORTNT",
            Self::Md5Boot => "md5/NVRAM/NVD_IMEI",
            Self::Md5Clean => "md5/NVRAM/CALIBRAT",
            Self::Md5Important => "md5/NVRAM/IMPORTNT",
            Self::Via => "md_via",
            Self::Md3Boot => "md3/NVRAM/NVD_IMEI",
            Self::Md3Clean => "md3/NVRAM/CALIBRAT",
            Self::Md3Important => "md3/NVRAM/IMPORTNT",
        }
    }

    /// Returns whether the daemon backs its files up; the counters of the other two are always 0 (ap-nvram.md 1.3).
    #[must_use]
    pub fn is_backed_up(self) -> bool {
        !matches!(self, Self::MdCore | Self::MdData)
    }
}

impl HeaderVariant {
    /// Returns the category under which a region with this header keeps the file `below` the NVRAM root
    /// (`md/NVRAM/NVD_IMEI/MP0B_001`); `None` for files that the daemon does not back up.
    #[must_use]
    pub fn category_of(self, below: &str) -> Option<Category> {
        let (folder, name) = below.rsplit_once('/')?;
        let category = self.categories().into_iter().find(|category| category.folder() == folder)?;
        let listed = match category {
            Category::ApBoot | Category::ApClean => {
                AP_BACKED_UP.iter().chain(&AP_BACKED_UP_LATER).any(|known| *known == name)
            }
            other => other.is_backed_up(),
        };
        listed.then_some(category)
    }
}

impl Content {
    /// Takes a phone's own work copies, `AllMap` and `AllFile`: order, counts and header of its last backup.
    ///
    /// # Errors
    /// [`ContentError::Map`] and [`ContentError::Checksum`]; places are counted from the map's start.
    pub fn from_work_copies(map: &[u8], data: &[u8]) -> Result<Self, ContentError> {
        if data.is_empty() {
            return Err(ContentError::NoFiles);
        }
        let titles = map::parse(map, data.len() as u64, 0)?;
        let stored = map.first_chunk().map_or(0, |four| u32::from_le_bytes(*four));
        let computed = data_checksum(data);
        if stored != computed {
            return Err(ContentError::Checksum { stored, computed });
        }
        let files = titles.files.into_iter().map(|title| {
            let bytes = data.get(title.start..title.start + title.size).unwrap_or_default().to_vec();
            Entry { category: title.category, name: title.name, bytes }
        });
        Ok(Self { variant: titles.variant, lid_counts: titles.lid_counts, files: files.collect() })
    }

    /// Takes from a live tree what the daemon would back up: files `below` the NVRAM root that is `root` on the phone
    /// (`/data/nvram`), without the empty ones. A `PRODUCT_INFO` is taken too; leave it out where `pro_info` holds it.
    pub fn of_tree<'a>(
        variant: HeaderVariant,
        lid_counts: (u32, u32),
        root: &str,
        tree: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        let root = root.trim_end_matches('/');
        let files = tree.into_iter().filter(|(_, bytes)| !bytes.is_empty()).filter_map(|(below, bytes)| {
            let category = variant.category_of(below)?;
            Some(Entry { category, name: format!("{root}/{below}"), bytes: bytes.to_vec() })
        });
        Self { variant, lid_counts, files: files.collect() }
    }

    /// Puts the files into the order of an earlier backup, those it does not know last.
    #[must_use]
    pub fn in_order_of(mut self, pattern: &Self) -> Self {
        let places: BTreeMap<&str, usize> =
            pattern.files.iter().enumerate().map(|(at, one)| (one.name.as_str(), at)).collect();
        self.files.sort_by_key(|one| places.get(one.name.as_str()).copied().unwrap_or(usize::MAX));
        self
    }

    /// Returns the files in title order, each checked.
    pub(super) fn ordered(&self) -> Result<Vec<&Entry>, ContentError> {
        let categories = self.variant.categories();
        let mut seen = BTreeSet::new();
        let mut files = Vec::with_capacity(self.files.len());
        for entry in &self.files {
            let name = || entry.name.clone();
            check_name(&entry.name)?;
            if entry.bytes.is_empty() {
                return Err(ContentError::EmptyFile { name: name() });
            }
            let (category, variant) = (entry.category, self.variant);
            let place = categories.iter().position(|one| *one == category && category.is_backed_up());
            let Some(place) = place else {
                return Err(ContentError::Category { name: name(), category, variant });
            };
            let folder = category.folder();
            let lies_there = match entry.name.rsplit_once('/') {
                Some((around, _)) if category == Category::Via => around.contains(folder),
                Some((around, _)) => around.strip_suffix(folder).is_some_and(|root| root.ends_with('/')),
                None => false,
            };
            if !lies_there {
                return Err(ContentError::Folder { name: name(), folder });
            }
            if !seen.insert(&entry.name) {
                return Err(ContentError::Twice { name: name() });
            }
            files.push((place, entry));
        }
        if files.is_empty() {
            return Err(ContentError::NoFiles);
        }
        files.sort_by_key(|(place, _)| *place);
        Ok(files.into_iter().map(|(_, entry)| entry).collect())
    }
}

fn check_name(name: &str) -> Result<(), ContentError> {
    let wrong = |reason| Err(ContentError::Name { name: name.to_owned(), reason });
    if !name.starts_with('/') {
        return wrong("it is no absolute path");
    }
    if name.len() > 127 {
        return wrong("it is longer than 127 bytes");
    }
    if !name.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        return wrong("it has bytes that do not print");
    }
    Ok(())
}
