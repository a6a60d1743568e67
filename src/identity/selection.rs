//! What a restore is asked to put back, and which files each part means.

use std::collections::BTreeSet;

use super::files::{BARCODE, BT, CALIBRAT, IMEI, SECOND_LOCK, WIFI};

/// One part of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The numbers on the label: IMEIs (`MP0B_001`) and barcode (`MP09_001`), and both in PRO_INFO. The barcode goes with
    /// the IMEI and not with the calibration it shares a folder with: it is an identity, so a restore of numbers must bring
    /// it, and a restore of calibration must bring no identity.
    Imei,
    /// `WIFI`: the address, with the transmit power it lies beside.
    Wifi,
    /// `BT_Addr`.
    Bt,
    /// Every file of `CALIBRAT` but the barcode.
    Calibration,
    /// The SIM lock in PROTECT_F and PROTECT_S, and the second lock (`ST6T`).
    Simlock,
}

/// What is to be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The whole set.
    All,
    /// These parts.
    Only(BTreeSet<Part>),
}

impl Selection {
    /// Returns whether the whole set is wanted.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }

    /// Returns whether a part is wanted.
    #[must_use]
    pub fn wants(&self, part: Part) -> bool {
        matches!(self, Self::Only(parts) if parts.contains(&part)) || self.is_all()
    }

    /// Returns whether PROTECT_F and PROTECT_S are touched.
    #[must_use]
    pub fn touches_simlock(&self) -> bool {
        self.wants(Part::Simlock)
    }

    /// Returns the live files needed, or `None` when all are.
    #[must_use]
    pub fn live_files(&self) -> Option<Vec<&'static str>> {
        if self.wants(Part::Calibration) {
            return None;
        }
        let mut files = vec!["RestoreFlag", WIFI, BT];
        files.extend(IMEI.into_iter().chain(BARCODE));
        if self.touches_simlock() {
            files.extend(SECOND_LOCK);
        }
        Some(files)
    }

    /// Returns whether a file of the tree belongs to what is wanted.
    pub(super) fn wants_file(&self, path: &str) -> bool {
        let calibration = path.starts_with(CALIBRAT) && !BARCODE.contains(&path);
        self.wants(Part::Imei) && (IMEI.contains(&path) || BARCODE.contains(&path))
            || self.wants(Part::Wifi) && path == WIFI
            || self.wants(Part::Bt) && path == BT
            || self.wants(Part::Calibration) && calibration
            || self.wants(Part::Simlock) && SECOND_LOCK.contains(&path)
    }
}
