//! What a healthy phone of a later family holds: LR11 (headerless files, derived cipher) and LR12A (files with an LDI header)
//! under Android 7 and 9 (modem-nvram.md 3.6, ap-nvram.md 2.5, 3.5, 4). Sizes of calibration files are made up.

use md5::{Digest, Md5};

use super::binregion::BinRegion;
use super::content::{BT, Content, WIFI, noise};
use super::dialect::{Item, file};
use super::{ap_file, lid, partitions};
use crate::simulator::scenario::{Family, Identity, Scenario};

/// Slots of an IMEI file.
const SLOTS: usize = 10;
/// Counters of the region's header: H4, and H5 of "ECCCI C2K" builds (ap-nvram.md 1.3).
const H4: usize = 10;
const H5: usize = 16;

const IMEI_ITEM: Item = Item { lid: 0xEF10, attributes: 0x400A, category: 0x2000 };
const BARCODE_ITEM: Item = Item { lid: 0xF101, attributes: 0x0008, category: 0x1000 };
const CALIBRATION: Item = Item { lid: 0xE901, attributes: 0x0080, category: 0x1000 };
const LOCK: Item = Item { lid: 0xEF20, attributes: 0x6008, category: 0x4200 };
const NVRAM_LOCK: Item = Item { lid: 0xF006, attributes: 0x608A, category: 0x2400 };
const SETTINGS: Item = Item { lid: 0xEF30, attributes: 0x0088, category: 0 };

/// Returns the counters in the header of a family's region.
#[must_use]
pub fn counters(family: Family) -> usize {
    if family == Family::Lr12a { H5 } else { H4 }
}

/// Returns the paths of IMEI file and barcode file.
#[must_use]
pub fn names(family: Family) -> [&'static str; 2] {
    match family {
        Family::Lr12a => ["md/NVRAM/NVD_IMEI/LD0B_001", "md/NVRAM/CALIBRAT/ML09_001"],
        Family::Wr8 | Family::Lr11 => ["md/NVRAM/NVD_IMEI/MP0B_001", "md/NVRAM/CALIBRAT/MP09_001"],
    }
}

/// Returns the IMEI file: the given numbers, the other slots unset.
#[must_use]
pub fn imei_file(family: Family, imeis: &[&str]) -> Vec<u8> {
    if family == Family::Wr8 {
        return lid::imei_file(imeis);
    }
    let slot = |at: usize| match imeis.get(at) {
        Some(imei) => lid::bcd(imei).into_iter().chain([0, 0]).collect(),
        None => vec![0xFF; 10],
    };
    file(family, IMEI_ITEM, &(0..SLOTS).map(slot).collect::<Vec<_>>())
}

/// Returns the barcode file.
#[must_use]
pub fn barcode_file(family: Family, text: &str) -> Vec<u8> {
    let mut body = vec![b' '; 64];
    body.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    body[60..].copy_from_slice(b"10\0\0");
    file(family, BARCODE_ITEM, &[body])
}

/// Returns `WIFI` of the family's Android.
#[must_use]
pub fn wifi_file(family: Family, mac: [u8; 6]) -> Vec<u8> {
    if family != Family::Lr12a {
        return ap_file::wifi_file(mac);
    }
    let mut record = vec![0; 2048];
    record[..4].copy_from_slice(&[0x01, 0, 0x08, 0]);
    record[4..10].copy_from_slice(&mac);
    ap_file::with_trailer(&record)
}

/// Returns `BT_Addr` of the family's Android.
#[must_use]
pub fn bt_file(family: Family, address: [u8; 6]) -> Vec<u8> {
    if family != Family::Lr12a {
        return ap_file::bt_file(address);
    }
    let mut record = vec![0; 438];
    record[..6].copy_from_slice(&address);
    ap_file::with_trailer(&record)
}

/// Returns a SIM-lock file of `count` unlocked records.
#[must_use]
pub fn simlock_file(family: Family, count: usize) -> Vec<u8> {
    if family == Family::Wr8 {
        return lid::simlock_file(count);
    }
    file(family, LOCK, &vec![lid::simlock_record(); count])
}

/// Makes the content of a healthy phone.
#[must_use]
pub fn healthy(scenario: &Scenario) -> Content {
    let (identity, family) = (&scenario.identity, scenario.modem.family);
    let mut seed = identity.seed;
    let [imei, barcode] = names(family);
    let mut packed: Vec<(usize, String, Vec<u8>)> = vec![
        (0, BT.into(), bt_file(family, identity.bt_mac)),
        (0, WIFI.into(), wifi_file(family, identity.wifi_mac)),
        (1, "APCFG/APRDCL/FILE_VER".into(), ap_file::file_ver()),
        (1, "APCFG/APRDCL/HWMON_ACC".into(), ap_file::with_trailer(&noise(&mut seed, 12))),
        (2, imei.into(), imei_file(family, &[&identity.imei])),
    ];
    if family == Family::Lr12a {
        let lock = file(family, NVRAM_LOCK, &[b"__NVRAM_LOCK_NO_".to_vec()]);
        packed.push((2, "md/NVRAM/NVD_IMEI/NV01_000".into(), lock));
    }
    packed.push((3, barcode.into(), barcode_file(family, &identity.barcode)));
    for (name, len) in calibration(family) {
        let body = if name.starts_with("FT") || name.starts_with("MPA") {
            vec![0; len]
        } else {
            noise(&mut seed, len)
        };
        packed.push((3, format!("md/NVRAM/CALIBRAT/{name}"), file(family, CALIBRATION, &[body])));
    }
    let mut live: Vec<(String, Vec<u8>)> =
        packed.iter().map(|(_, name, bytes)| (name.clone(), bytes.clone())).collect();
    live.push(("RestoreFlag".into(), vec![0x78, 0x56, 0x34, 0x12]));
    if family == Family::Lr12a {
        let security = vec![noise(&mut seed, 38), noise(&mut seed, 38)];
        live.push(("md/NVRAM/NVD_DATA/LD6G_003".into(), file(family, SETTINGS, &security)));
        live.push(("md/NVRAM/INFO_FILE".into(), info_file(&live)));
    } else {
        live.push(("md/NVRAM/NVD_CORE/MT00A000".into(), system_file(family)));
        live.push(("md/NVRAM/NVD_CORE/MT00B000".into(), system_file(family)));
    }
    let root = scenario.modem.roles().prefix;
    for (_, name, _) in &mut packed {
        name.insert_str(0, root);
    }
    Content {
        family,
        live,
        region: BinRegion::pack(&packed, counters(family)),
        protect: protect(family),
        pro_info: product_info(identity),
        tables: [partitions::mbr(), partitions::ebr1()],
    }
}

fn calibration(family: Family) -> Vec<(String, usize)> {
    let series = |prefix: &str, ids: &str, version: &str, len: usize| -> Vec<(String, usize)> {
        ids.split(' ').map(|id| (format!("{prefix}{id}_{version}"), len)).collect()
    };
    let layer = if family == Family::Lr12a { "LA" } else { "MT" };
    let mut files = series(layer, "05", "002", 260);
    files.extend(series(layer, "06 07 08 09", "002", 664));
    files.extend(series("UL", "11 12 13", if family == Family::Lr12a { "001" } else { "000" }, 720));
    match family {
        Family::Lr12a => files.extend([("FT01_000".into(), 312), ("FT02_000".into(), 1352)]),
        _ => files.extend([("MPA2_000".into(), 312), ("MPA8_000".into(), 1352), ("MT1F_001".into(), 104)]),
    }
    files
}

/// Both generations keep every lock twice; only the names differ (modem-nvram.md 1.3, 3.6).
fn protect(family: Family) -> [Vec<(String, Vec<u8>)>; 2] {
    [0, 1].map(|side| {
        let letter = if family == Family::Lr12a { '_' } else { ['A', 'B'][side] };
        let (first, second) = if family == Family::Lr12a { ("ST33", "ST34") } else { ("ST33", "ST6T") };
        let mut files = vec![
            (format!("md/{first}{letter}004"), simlock_file(family, SLOTS)),
            (format!("md/{second}{letter}001"), simlock_file(family, 2)),
        ];
        if side == 0 && family != Family::Lr12a {
            files.push(("md/MP0D_000".into(), vec![0x31, 0, 0x31, 0]));
        }
        files
    })
}

/// The system record of a headerless family, its pattern under the family's cipher.
fn system_file(family: Family) -> Vec<u8> {
    let mut head = b"LR11.W1630.MD.LWTG".to_vec();
    head.truncate(18);
    head.extend([0x00, 0xDD, 0xC5, 0xB9]);
    // The pattern is enciphered by itself, from the start of the key stream.
    let lock = file(family, IMEI_ITEM, &[b" _NVRAM__NO_".to_vec()]);
    head.extend(&lock[..12]);
    let text = |words: &str| {
        let mut record = words.as_bytes().to_vec();
        record.resize(34, 0);
        lid::plain(&record)
    };
    [lid::plain(&head), text("MOLY.LR11 NVKEEP_SIM"), text("DEFAULT")].concat()
}

/// The modem's book of files that exist (modem-nvram.md 4.5).
fn info_file(live: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bitmap = vec![0_u8; 1600];
    for (_, bytes) in live.iter().filter(|(_, bytes)| bytes.starts_with(b"LDI\0")) {
        let lid = usize::from(u16::from_le_bytes([bytes[4], bytes[5]]));
        let place = if lid < 0x1200 { lid >> 3 } else { 0x240 + ((lid - 0xE000) >> 3) };
        if let Some(byte) = bitmap.get_mut(place) {
            *byte |= 1 << (lid & 7);
        }
    }
    let mut file = b"INFO".to_vec();
    file.extend(0xFDFD_FBFB_u32.to_le_bytes());
    file.extend(Md5::digest(&bitmap));
    file.extend(bitmap);
    file.extend([0; 4]);
    file
}

/// The record of later builds: barcode and addresses beside the numbers (ap-nvram.md 4.3).
fn product_info(identity: &Identity) -> Vec<u8> {
    let mut record = ap_file::product_info(&identity.imei);
    record[..identity.barcode.len().min(64)]
        .copy_from_slice(&identity.barcode.as_bytes()[..identity.barcode.len().min(64)]);
    record[0x68..0x6E].copy_from_slice(&identity.bt_mac);
    record[0x6E..0x74].copy_from_slice(&identity.wifi_mac);
    record
}
