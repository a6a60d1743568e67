//! The bench: everything a repair chooses from, and how it chooses. For one broken file the best surviving content, else
//! this phone's own file with the value that evidence holds.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::{mend, tell};
use crate::formats::ap_file::{self, BT_MAC_AT, WIFI_MAC_AT};
use crate::formats::binregion::Content;
use crate::formats::catalog::Family;
use crate::formats::lid::LidName;
use crate::formats::mac::MacAddress;
use crate::identity::copies::{FileCopy, Remnant};
use crate::identity::evidence::{self, Evidence, Kind, Value};
use crate::identity::files::{BT, Files, SECOND_LOCK, WIFI, flaw};
use crate::identity::plan::Plan;
use crate::identity::scheme::{Scheme, remnant_path};

/// A file of the BinRegion as it is after the repair.
pub(super) struct Mended<'a> {
    pub path: &'a str,
    pub bytes: Vec<u8>,
    pub good: bool,
}

pub(super) struct Bench<'a> {
    pub family: &'a Family,
    pub scheme: &'a Scheme<'a>,
    pub region: Files<'a>,
    pub live: Files<'a>,
    pub archive: Files<'a>,
    /// The daemon's work copy of the region: one more copy of each of its files, as of its last backup.
    pub work: Files<'a>,
    /// Order, header and counts of that backup.
    pub pattern: Option<Content>,
    pub remnants: &'a [Remnant],
    pub evidence: Vec<Evidence>,
    pub made: [Option<MacAddress>; 2],
    pub newcomers: BTreeSet<String>,
}

impl<'a> Bench<'a> {
    /// Whether a copy has the right length and sums, and a value that can be this phone's.
    pub fn is_good(&self, path: &str, bytes: &[u8], yardstick: Option<usize>) -> bool {
        if flaw(path, bytes, yardstick, self.scheme).is_some() {
            return false;
        }
        match path {
            _ if path == self.scheme.imei() && !self.scheme.is_sealed() => {
                mend::imei_file(bytes, &self.evidence, self.scheme).as_deref() == Some(bytes)
            }
            WIFI => evidence::own_mac(bytes, WIFI_MAC_AT, self.family).is_some(),
            BT => evidence::own_mac(bytes, BT_MAC_AT, self.family).is_some(),
            _ => true,
        }
    }

    /// Returns the best content for a broken copy and where it comes from. `own` is the broken copy itself.
    pub fn replacement(&mut self, path: &str, own: &[u8]) -> Option<(Vec<u8>, &'static str)> {
        let twin = match SECOND_LOCK {
            [first, second] if path == first => Some(second),
            [first, second] if path == second => Some(first),
            _ => None,
        };
        let twin = twin.and_then(|twin| self.region.get(twin).or_else(|| self.live.get(twin)));
        let others = [
            (self.archive.get(path), "the archive"),
            (self.region.get(path), "the BinRegion"),
            (self.live.get(path), "the live files"),
            (twin, "its twin"),
            (self.work.get(path), "the daemon's work copy"),
        ];
        let remnants = self.remnants.iter().filter(|remnant| remnant_path(remnant) == path);
        let remnants = remnants.map(|remnant| (remnant.bytes.as_slice(), remnant.origin));
        let others: Vec<(&[u8], &'static str)> = others
            .into_iter()
            .filter_map(|(bytes, from)| Some((*bytes?, from)))
            .chain(remnants)
            .filter(|(bytes, _)| bytes.len() == own.len())
            .collect();
        if let Some((bytes, from)) = others.iter().find(|(bytes, _)| self.is_good(path, bytes, None)) {
            return Some((bytes.to_vec(), from));
        }
        let whole = |bytes: &&[u8]| flaw(path, bytes, None, self.scheme).is_none();
        let base = std::iter::once(own).chain(others.iter().map(|(bytes, _)| *bytes)).find(whole)?;
        let [wifi, bt] = self.made;
        match path {
            _ if path == self.scheme.imei() && !self.scheme.is_sealed() => {
                let from = evidence::best(&self.evidence, Kind::Imei(0))?.place.title();
                let bytes = mend::imei_file(base, &self.evidence, self.scheme)?;
                self.newcomers.insert(format!("imei:{}", digest(&bytes)));
                Some((bytes, from))
            }
            WIFI => self
                .with_known(Kind::Wifi, base, WIFI_MAC_AT)
                .or_else(|| self.with_new("wifi", base, WIFI_MAC_AT, wifi?)),
            BT => self
                .with_known(Kind::Bt, base, BT_MAC_AT)
                .or_else(|| self.with_new("bt", base, BT_MAC_AT, bt?)),
            _ => None,
        }
    }

    /// Returns the content of a file that is nowhere in its tree.
    pub fn lost(&self, path: &str) -> Option<(Vec<u8>, &'static str)> {
        let remnants = self.remnants.iter().filter(|remnant| remnant_path(remnant) == path);
        let remnants = remnants.map(|remnant| (remnant.bytes.as_slice(), remnant.origin));
        let kept = [(self.archive.get(path), "the archive"), (self.work.get(path), "the daemon's work copy")];
        let kept = kept.into_iter().filter_map(|(bytes, from)| Some((*bytes?, from)));
        let mut found = kept.chain(remnants).filter(|(bytes, _)| self.is_good(path, bytes, None));
        found.next().map(|(bytes, from)| (bytes.to_vec(), from))
    }

    /// This phone's own file with the address that a record elsewhere still knows.
    fn with_known(&self, kind: Kind, base: &[u8], at: usize) -> Option<(Vec<u8>, &'static str)> {
        let best = evidence::best(&self.evidence, kind)?;
        let Value::Mac(mac) = best.value else { return None };
        Some((mend::mac_file(base, at, mac)?, best.place.title()))
    }

    fn with_new(
        &mut self,
        kind: &str,
        base: &[u8],
        at: usize,
        mac: MacAddress,
    ) -> Option<(Vec<u8>, &'static str)> {
        let bytes = mend::mac_file(base, at, mac)?;
        self.newcomers.insert(format!("{kind}:{mac}"));
        Some((bytes, "a new random, locally administered address"))
    }

    /// PRO_INFO's record: numbers of evidence where it holds none. It has no sum and the modem never reads it.
    pub fn pro_info(&self, record: &FileCopy, plan: &mut Plan) {
        if let Some(bytes) = mend::product_info(&record.bytes, &self.evidence) {
            tell(plan, record, &bytes, "pro_info", "IMEI of PRO_INFO", "the best copy");
        }
    }
}

/// Returns whether a file says by itself that it is damaged.
pub(super) fn has_own_sum(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match path.starts_with("APCFG/") {
        true => ap_file::has_trailer(name),
        false => LidName::parse(name).is_some(),
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
