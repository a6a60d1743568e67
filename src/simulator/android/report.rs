//! What starting a phone came to: which copy was used, what was mended or lost, and what Android then shows.

/// Where the live tree of this start came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootSource {
    /// It counted as valid and was used as it was.
    Live,
    /// It did not, and was written anew from the backup region.
    BinRegion,
    /// It did not, and the backup region is no help; why, in a sentence. Nothing was restored and no flag written.
    Nothing(String),
}

/// What starting a phone came to. Names are below the live tree, or behind the partition's name and a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootReport {
    /// Which copy was used.
    pub source: BootSource,
    /// The daemon wrote its flag.
    pub flag_written: bool,
    /// The modem took its storage for unformatted and made everything anew.
    pub first_boot: bool,
    /// Single files that came back, from the backup region or from their twin.
    pub restored: Vec<String>,
    /// Single files that were made anew with the built-in default.
    pub defaulted: Vec<String>,
    /// Files over which the modem stops: it does not start before they are mended.
    pub asserts: Vec<String>,
    /// Partitions whose file system does not mount.
    pub unmounted: Vec<&'static str>,
    /// What each slot shows; nothing for a slot that was never set.
    pub imei: Vec<Option<String>>,
    /// Barcode; nothing when it was never written.
    pub barcode: Option<String>,
    /// Wi-Fi address, colons between bytes; nothing when the driver has to make one up.
    pub wifi: Option<String>,
    /// Bluetooth address, colons between bytes.
    pub bluetooth: Option<String>,
}

impl Default for BootReport {
    fn default() -> Self {
        Self {
            source: BootSource::Nothing("the volume of the live tree does not mount".to_owned()),
            flag_written: false,
            first_boot: false,
            restored: Vec::new(),
            defaulted: Vec::new(),
            asserts: Vec::new(),
            unmounted: Vec::new(),
            imei: Vec::new(),
            barcode: None,
            wifi: None,
            bluetooth: None,
        }
    }
}

impl BootReport {
    /// Returns whether the phone started as a healthy one does: nothing mended, nothing lost, nothing stopped.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        !matches!(self.source, BootSource::Nothing(_))
            && !self.first_boot
            && self.restored.is_empty()
            && self.defaulted.is_empty()
            && self.asserts.is_empty()
            && self.unmounted.is_empty()
    }
}
