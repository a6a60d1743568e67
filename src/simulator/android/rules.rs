//! Which files a modem family and its Android open at every start, when each of them holds, and what stands in for one
//! that does not (modem-nvram.md 3, 4; ap-nvram.md 3). A table; `access` walks it.

use crate::simulator::build::{ap_file, dialect, later, lid, names};
use crate::simulator::scenario::Family;

/// What the modem does about a file that cannot be read and cannot be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastResort {
    /// Write the default.
    Default,
    /// Stop, and write the default once somebody got it past that.
    AssertThenDefault,
    /// Stop.
    Assert,
    /// Leave it away: what is read of it then is unset (G3 items without a default, modem-nvram.md 4.2).
    Absent,
}

/// A file of the live tree.
pub struct File {
    /// Its name below the live tree.
    pub name: String,
    /// Bytes it must have.
    pub len: usize,
    /// What stands in for it.
    pub default: Vec<u8>,
    /// What happens when it cannot be restored.
    pub last: LastResort,
    /// A length other than zero and the right one stops the modem before anything is read.
    pub length_scanned: bool,
}

/// Two copies of one file: number of the SIM-lock partition and name there, or the live tree.
pub struct Pair {
    /// Where they are.
    pub copies: [(Home, String); 2],
    /// What stands in for both.
    pub default: Vec<u8>,
    /// What happens when neither can be read nor restored.
    pub last: LastResort,
}

/// Where a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// In the live tree.
    Live,
    /// In the SIM-lock partition of this number.
    Protect(usize),
}

/// Everything one phone opens.
pub struct Rules {
    /// Whose files they are.
    pub family: Family,
    /// Counters in the backup region's header, fixed when the daemon was compiled.
    pub counters: usize,
    /// Files of the application processor.
    pub ap: Vec<File>,
    /// Files of the modem.
    pub modem: Vec<File>,
    /// Files of the modem with a twin.
    pub pairs: Vec<Pair>,
    /// The IMEI file and the barcode file.
    pub imei: &'static str,
    /// The barcode file.
    pub barcode: &'static str,
}

impl Rules {
    /// Returns what a family opens.
    pub fn of(family: Family) -> Self {
        match family {
            Family::Wr8 => Self::wr8(),
            Family::Lr11 | Family::Lr12a => Self::later(family),
        }
    }

    fn later(family: Family) -> Self {
        let [imei, barcode] = later::names(family);
        let is_g3 = family == Family::Lr12a;
        let modem = vec![File {
            name: imei.to_owned(),
            len: later::imei_file(family, &[]).len(),
            default: later::imei_file(family, &[]),
            last: if is_g3 { LastResort::Absent } else { LastResort::AssertThenDefault },
            length_scanned: false,
        }];
        let (letters, second) =
            if family == Family::Lr12a { (['_', '_'], "ST34") } else { (['A', 'B'], "ST6T") };
        let pair = |name: &str, version: &str, records: usize| Pair {
            copies: [0, 1].map(|side| (Home::Protect(side), format!("md/{name}{}{version}", letters[side]))),
            default: later::simlock_file(family, records),
            last: if is_g3 { LastResort::Assert } else { LastResort::Default },
        };
        let pairs = vec![pair("ST33", "004", 10), pair(second, "001", 2)];
        let (bluetooth, wifi) = if family == Family::Lr12a { (438, 2048) } else { (64, 512) };
        let ap = ap_files(bluetooth, wifi);
        Self { family, counters: later::counters(family), ap, modem, pairs, imei, barcode }
    }

    fn wr8() -> Self {
        let (imei, barcode) = ("md/NVRAM/NVD_IMEI/MP0B_001", "md/NVRAM/CALIBRAT/MP09_001");
        let mut modem = vec![File {
            name: imei.to_owned(),
            len: 120,
            default: lid::imei_file(&[]),
            last: LastResort::AssertThenDefault,
            length_scanned: false,
        }];
        for (name, len) in names::calibration() {
            let confidential = name == "MP09_001";
            let body = vec![0; len - 2];
            modem.push(File {
                name: format!("md/NVRAM/CALIBRAT/{name}"),
                len,
                default: if confidential { lid::confidential(&body) } else { lid::plain(&body) },
                last: LastResort::AssertThenDefault,
                length_scanned: true,
            });
        }
        let live = |name: &str| (Home::Live, name.to_owned());
        let pairs = vec![
            Pair {
                copies: [
                    (Home::Protect(0), "md/ST33A004".to_owned()),
                    (Home::Protect(1), "md/ST33B004".to_owned()),
                ],
                default: lid::simlock_file(4),
                last: LastResort::Default,
            },
            Pair {
                copies: [live("md/NVRAM/NVD_IMEI/ST6TA001"), live("md/NVRAM/NVD_IMEI/ST6TB001")],
                default: lid::simlock_file(2),
                last: LastResort::AssertThenDefault,
            },
            Pair {
                copies: [live("md/NVRAM/NVD_CORE/MT00A000"), live("md/NVRAM/NVD_CORE/MT00B000")],
                default: lid::system_file(),
                last: LastResort::Default,
            },
        ];
        Self { family: Family::Wr8, counters: 10, ap: ap_files(64, 512), modem, pairs, imei, barcode }
    }

    /// Returns whether a modem file's sums hold, whatever its length must be.
    pub fn holds(&self, name: &str, bytes: &[u8]) -> bool {
        dialect::holds(self.family, bytes, lid::record_len(name, bytes.len()))
    }

    /// Returns the bytes of record `number` of a confidential file, deciphered.
    pub fn decipher(&self, bytes: &[u8], record: usize, number: usize) -> Option<Vec<u8>> {
        dialect::decipher(self.family, bytes, record, number)
    }
}

fn ap_files(bluetooth: usize, wifi: usize) -> Vec<File> {
    let file = |name: &str, record: Vec<u8>, len: usize| File {
        name: format!("APCFG/APRDEB/{name}"),
        len: len + 2,
        default: ap_file::with_trailer(&record),
        last: LastResort::Default,
        length_scanned: false,
    };
    let mut address = ap_file::bt_file(ap_file::BT_DEFAULT);
    address.resize(bluetooth, 0);
    address.truncate(64.min(bluetooth));
    address.resize(bluetooth, 0);
    let mut radio = ap_file::wifi_file([0; 6]);
    radio.truncate(512);
    radio.resize(wifi, 0);
    vec![file("BT_Addr", address, bluetooth), file("WIFI", radio, wifi)]
}
