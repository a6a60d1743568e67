//! Where the named partitions of a source lie, in bytes of its user area. How the layout was learned is kept beside it,
//! because a guess must not be written by.

/// One named range of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Canonical name: `NVRAM`, `PRO_INFO`, `PROTECT_F`, `USRDATA` …
    pub name: String,
    /// First byte in the user area.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
}

/// The partitions of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// In ascending order of start.
    pub places: Vec<Place>,
    /// Who said so: `PMT`, `scatter`, `archive`, `content`.
    pub learned_from: String,
    /// The source is a raw NAND: its file systems are YAFFS2, which are kept as they lie and not looked into (ap-nvram.md 2.8).
    pub nand: bool,
    /// What the cross-checks that a write demands (msdc-direct.md 10) found in order, one sentence each.
    pub remarks: Vec<String>,
    /// What they found out of order. One doubt is enough: nothing is written by such a layout.
    pub doubts: Vec<String>,
}

impl Layout {
    /// Returns whether every cross-check that a write demands was made and passed. A layout that nobody checked (of an
    /// image, of an archive) is not proven, and that of a raw NAND never is: nothing is written to one.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        !self.nand && !self.remarks.is_empty() && self.doubts.is_empty()
    }

    /// Returns the place with this canonical name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.name == name)
    }
}
