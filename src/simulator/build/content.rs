//! What a healthy phone's identity regions hold, as files and bytes: synthetic, or a real phone's from a folder.

use std::fs;
use std::path::Path;

use super::BuildError;
use super::binregion::BinRegion;
use super::{ap_file, later, lid, names, partitions};
use crate::simulator::scenario::{Family, Identity};

/// Most files a folder of real data may hold, and most bytes one may have.
const FILES_MOST: usize = 4096;
const BYTES_MOST: u64 = 16 << 20;

/// Where the live tree is in Android's eyes.
const ROOT: &str = "/data/nvram/";
const IMEI: &str = "md/NVRAM/NVD_IMEI/MP0B_001";
pub const WIFI: &str = "APCFG/APRDEB/WIFI";
pub const BT: &str = "APCFG/APRDEB/BT_Addr";

/// Everything but file systems and tables.
pub struct Content {
    /// Whose files they are.
    pub family: Family,
    /// The live tree, names below its root, without the work copies.
    pub live: Vec<(String, Vec<u8>)>,
    /// The raw NVRAM partition.
    pub region: BinRegion,
    /// Files of PROTECT_F and PROTECT_S.
    pub protect: [Vec<(String, Vec<u8>)>; 2],
    /// First bytes of PRO_INFO.
    pub pro_info: Vec<u8>,
    /// First sectors of MBR and EBR1.
    pub tables: [Vec<u8>; 2],
}

impl Content {
    /// Makes the content of a healthy phone with this identity.
    pub fn synthetic(identity: &Identity) -> Self {
        let mut seed = identity.seed;
        let mut packed = vec![
            (0, BT.to_owned(), ap_file::bt_file(identity.bt_mac)),
            (0, WIFI.to_owned(), ap_file::wifi_file(identity.wifi_mac)),
            (0, "APCFG/APRDEB/WIFI_CUSTOM".to_owned(), ap_file::with_trailer(&[0; 4])),
            (0, "APCFG/APRDEB/GPS".to_owned(), ap_file::gps_file()),
            (1, "APCFG/APRDCL/FILE_VER".to_owned(), ap_file::file_ver()),
            (1, "APCFG/APRDCL/AUXADC".to_owned(), ap_file::with_trailer(&noise(&mut seed, 76))),
            (1, "APCFG/APRDCL/HWMON_PS".to_owned(), ap_file::with_trailer(&noise(&mut seed, 12))),
            (1, "APCFG/APRDCL/HWMON_ACC".to_owned(), ap_file::with_trailer(&noise(&mut seed, 12))),
            (2, IMEI.to_owned(), lid::imei_file(&[&identity.imei])),
            (2, "md/NVRAM/NVD_IMEI/ST6TA001".to_owned(), lid::simlock_file(2)),
            (2, "md/NVRAM/NVD_IMEI/ST6TB001".to_owned(), lid::simlock_file(2)),
        ];
        for (name, size) in names::calibration() {
            let file = match name.as_str() {
                "MP09_001" => later::barcode_file(Family::Wr8, &identity.barcode),
                "MPA2_000" | "MPA8_000" => lid::plain(&vec![0; size - 2]),
                _ => lid::plain(&noise(&mut seed, size - 2)),
            };
            packed.push((3, format!("md/NVRAM/CALIBRAT/{name}"), file));
        }
        let mut live: Vec<(String, Vec<u8>)> =
            packed.iter().map(|(_, name, bytes)| (name.clone(), bytes.clone())).collect();
        for (name, size) in [
            ("Audio_AudEnh_Control_Opt", 4),
            ("Audio_Buffer_DC_Calibration_Param", 8),
            ("Audio_CompFlt", 1040),
            ("Audio_Hd_Record_Param", 4054),
            ("Audio_Sph", 1444),
        ] {
            live.push((format!("APCFG/APRDCL/{name}"), ap_file::with_trailer(&noise(&mut seed, size))));
        }
        live.push(("md/NVRAM/NVD_CORE/MT00A000".to_owned(), lid::system_file()));
        live.push(("md/NVRAM/NVD_CORE/MT00B000".to_owned(), lid::system_file()));
        live.push(("RestoreFlag".to_owned(), vec![0x78, 0x56, 0x34, 0x12]));
        for (_, name, _) in &mut packed {
            name.insert_str(0, ROOT);
        }
        Self {
            family: Family::Wr8,
            live,
            region: BinRegion::pack(&packed, later::counters(Family::Wr8)),
            protect: [
                vec![
                    ("md/ST33A004".to_owned(), lid::simlock_file(4)),
                    ("md/MP0D_000".to_owned(), vec![0x31, 0, 0x31, 0]),
                ],
                vec![("md/ST33B004".to_owned(), lid::simlock_file(4))],
            ],
            pro_info: ap_file::product_info(&identity.imei),
            tables: [partitions::mbr(), partitions::ebr1()],
        }
    }

    /// Takes the content of a real phone from a folder laid out like the MT6572 sample.
    ///
    /// # Errors
    /// [`BuildError::Data`] with the file that is missing, unreadable or not what it must be.
    pub fn from_folder(folder: &Path) -> Result<Self, BuildError> {
        let mut live = tree(&folder.join("data/nvram"))?;
        let mut take = |name: &str| {
            let at = live.iter().position(|(path, _)| path == name);
            at.map(|at| live.swap_remove(at).1).ok_or_else(|| missing(&folder.join("data/nvram").join(name)))
        };
        let (map, data) = (take("AllMap")?, take("AllFile")?);
        let region = BinRegion::from_work_copies(map, data).ok_or_else(|| BuildError::Data {
            path: folder.display().to_string(),
            what: "AllMap too short".into(),
        })?;
        live.sort();
        Ok(Self {
            family: Family::Wr8,
            live,
            region,
            protect: [tree(&folder.join("protect_f"))?, tree(&folder.join("protect_s"))?],
            pro_info: read(&folder.join("partitions/pro_info.first4k.bin"))?,
            tables: [read(&folder.join("partitions/MBR.bin"))?, read(&folder.join("partitions/EBR1.bin"))?],
        })
    }

    /// Puts another phone's identity in, everywhere.
    pub fn set_identity(&mut self, identity: &Identity) {
        let (family, [imei, barcode]) = (self.family, later::names(self.family));
        self.replace(imei, &later::imei_file(family, &[&identity.imei]));
        self.replace(barcode, &later::barcode_file(family, &identity.barcode));
        self.replace(WIFI, &later::wifi_file(family, identity.wifi_mac));
        self.replace(BT, &later::bt_file(family, identity.bt_mac));
        if let Some(place) = self.pro_info.get_mut(0x40..0x48) {
            place.copy_from_slice(&lid::bcd(&identity.imei));
        }
    }

    /// Makes every IMEI slot the modem's default, in the live tree and in the region.
    pub fn lose_imei(&mut self) {
        let [imei, _] = later::names(self.family);
        self.replace(imei, &later::imei_file(self.family, &[]));
    }

    /// Makes both addresses what an unprovisioned phone has, in the live tree and in the region.
    pub fn lose_addresses(&mut self) {
        self.replace(WIFI, &later::wifi_file(self.family, [0; 6]));
        self.replace(BT, &later::bt_file(self.family, ap_file::BT_DEFAULT));
    }

    /// Makes the region's journal hold the IMEI file and the barcode file.
    pub fn keep_journal_copies(&mut self) {
        for wanted in later::names(self.family) {
            for (_, bytes) in self.live.iter().filter(|(name, _)| name == wanted) {
                self.region.keep_journal_copy(bytes);
            }
        }
    }

    fn replace(&mut self, name: &str, bytes: &[u8]) {
        for (path, content) in &mut self.live {
            if path == name {
                *content = bytes.to_vec();
            }
        }
        self.region.replace(name, bytes);
    }

    /// Returns the files of a volume that is the live tree's alone.
    pub fn live_files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> =
            self.live.iter().map(|(name, bytes)| (format!("/{name}"), bytes.clone())).collect();
        files.push(("/AllMap".to_owned(), self.region.map().to_vec()));
        files.push(("/AllFile".to_owned(), self.region.data().to_vec()));
        files
    }

    /// Returns the files of USRDATA: the live tree with its work copies, among others.
    pub fn user_files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = vec![
            ("/app/com.example.notes-1.apk".to_owned(), b"PK\x03\x04not an app".repeat(700)),
            ("/app/com.example.clock-2.apk".to_owned(), b"PK\x03\x04not an app".repeat(90)),
            ("/system/packages.xml".to_owned(), b"<packages></packages>\n".to_vec()),
            ("/system/users/0.xml".to_owned(), b"<user id=\"0\"></user>\n".to_vec()),
            ("/misc/wifi/wpa_supplicant.conf".to_owned(), b"update_config=1\n".to_vec()),
        ];
        files.extend(self.live.iter().map(|(name, bytes)| (format!("/nvram/{name}"), bytes.clone())));
        files.push(("/nvram/AllMap".to_owned(), self.region.map().to_vec()));
        files.push(("/nvram/AllFile".to_owned(), self.region.data().to_vec()));
        files
    }
}

/// Returns `len` bytes by seed (splitmix64), never all zero.
pub fn noise(seed: &mut u64, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = (*seed ^ (*seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bytes.extend((word ^ (word >> 31) | 1).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Reads every file below a folder, names with forward slashes, sorted.
fn tree(root: &Path) -> Result<Vec<(String, Vec<u8>)>, BuildError> {
    let mut files = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| data(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| data(&folder, &error))?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(|error| data(&entry.path(), &error))?;
            if kind.is_dir() && prefix.len() < 200 {
                folders.push((entry.path(), format!("{name}/")));
            } else if kind.is_file() {
                files.push((name, read(&entry.path())?));
            }
            if files.len() + folders.len() > FILES_MOST {
                return Err(BuildError::Data {
                    path: root.display().to_string(),
                    what: "too many files".into(),
                });
            }
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    let len = fs::metadata(path).map_err(|error| data(path, &error))?.len();
    if len > BYTES_MOST {
        return Err(BuildError::Data {
            path: path.display().to_string(),
            what: format!("{len} bytes are too many"),
        });
    }
    fs::read(path).map_err(|error| data(path, &error))
}

fn missing(path: &Path) -> BuildError {
    BuildError::Data { path: path.display().to_string(), what: "missing".into() }
}

fn data(path: &Path, error: &std::io::Error) -> BuildError {
    BuildError::Data { path: path.display().to_string(), what: error.to_string() }
}
