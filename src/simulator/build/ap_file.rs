//! Files of the application processor: trailers, WIFI, BT_Addr, FILE_VER, PRODUCT_INFO (ap-nvram.md 3, 4). The
//! simulator's own code, apart from the decoder it is used to test.

use super::lid::bcd;

/// Bluetooth address of an MT6572 that was never provisioned.
pub const BT_DEFAULT: [u8; 6] = [0x00, 0x00, 0x46, 0x65, 0x72, 0x01];

/// Returns a record with its two-byte trailer.
#[must_use]
pub fn with_trailer(record: &[u8]) -> Vec<u8> {
    let check = record.iter().enumerate().fold(0_u8, |sum, (at, byte)| match at % 2 {
        0 => sum.wrapping_add(*byte),
        _ => sum ^ byte,
    });
    let mut file = record.to_vec();
    file.extend([0xAA, check]);
    file
}

/// Returns `WIFI` with this address.
#[must_use]
pub fn wifi_file(mac: [u8; 6]) -> Vec<u8> {
    let mut record = [0; 512];
    record[0..2].copy_from_slice(&[0x04, 0x01]);
    record[4..10].copy_from_slice(&mac);
    record[0x0C..0x0E].fill(0x26);
    record[0x10..0x1C].fill(0x20);
    record[0x1C..0x22].fill(0x1E);
    record[0xC4] = 1;
    record[0xC6..0xCA].copy_from_slice(&[1, 0x26, 0x1E, 0x1A]);
    with_trailer(&record)
}

/// Returns `BT_Addr` with this address.
#[must_use]
pub fn bt_file(address: [u8; 6]) -> Vec<u8> {
    let mut record = [0; 64];
    record[..6].copy_from_slice(&address);
    record[6..30].copy_from_slice(&[
        0x60, 0x00, 0x23, 0x10, 0x00, 0x00, 0x07, 0x80, 0x00, 0x06, 0x05, 0x07, 0x03, 0x40, 0x1F, 0x40, 0x1F,
        0x00, 0x04, 0x80, 0x00, 0xFF, 0xFF, 0xFF,
    ]);
    with_trailer(&record)
}

/// Returns `GPS`.
#[must_use]
pub fn gps_file() -> Vec<u8> {
    let mut record = [0; 52];
    record[..11].copy_from_slice(b"/dev/stpgps");
    record[0x14] = 1;
    record[0x18..0x1C].copy_from_slice(&26_000_000_u32.to_le_bytes());
    record[0x1C..0x20].copy_from_slice(&500_u32.to_le_bytes());
    record[0x20] = 0xFF;
    with_trailer(&record)
}

/// Returns `FILE_VER`: 46 rows of name and version, no trailer (ap-nvram.md 3.3).
#[must_use]
pub fn file_ver() -> Vec<u8> {
    let row = |(name, version): (&str, &str)| {
        let mut row = [0; 74];
        row[..name.len()].copy_from_slice(name.as_bytes());
        row[70..73].copy_from_slice(version.as_bytes());
        row
    };
    std::iter::once(("NVRAM_VER_INFO", "000")).chain(VERSIONS).flat_map(row).collect()
}

/// Returns the first block of PRO_INFO: one IMEI and the byte both samples carry.
#[must_use]
pub fn product_info(imei: &str) -> Vec<u8> {
    let mut record = vec![0; 1024];
    record[0x40..0x48].copy_from_slice(&bcd(imei));
    record[0x142] = 5;
    record
}

const VERSIONS: [(&str, &str); 45] = [
    ("FILE_VER", "000"),
    ("BT_Addr", "001"),
    ("AUXADC", "000"),
    ("CAMERA_Para", "000"),
    ("CAMERA_3A", "000"),
    ("CAMERA_SHADING", "000"),
    ("CAMERA_DEFECT", "000"),
    ("CAMERA_SENSOR", "000"),
    ("CAMERA_LENS", "000"),
    ("UART", "000"),
    ("FACTORY", "000"),
    ("BWCS", "000"),
    ("HWMON_ACC", "000"),
    ("HWMON_GYRO", "000"),
    ("OMADM_USB", "000"),
    ("Voice_Recognize_Param", "000"),
    ("Audio_AudEnh_Control_Opt", "000"),
    ("Dfo", "000"),
    ("Audio_VOIP_Param", "000"),
    ("HWMON_PS", "000"),
    ("MD_Type", "000"),
    ("EXT_MD_Type", "000"),
    ("SDIO", "001"),
    ("", "000"),
    ("", "000"),
    ("", "000"),
    ("Audio_Sph", "001"),
    ("GPS", "000"),
    ("Audio_CompFlt", "001"),
    ("Audio_Effect", "001"),
    ("WIFI", "000"),
    ("WIFI_CUSTOM", "000"),
    ("Audio_Sph_Med", "001"),
    ("Audio_Vol_custom", "001"),
    ("Sph_Dual_Mic", "001"),
    ("Audio_Wb_Sph", "001"),
    ("PRODUCT_INFO", "000"),
    ("Headphone_CompFlt", "001"),
    ("Audio_gain_table", "001"),
    ("Audio_ver1_Vol_custom", "001"),
    ("Audio_Hd_Record_Param", "001"),
    ("Audio_Hd_Record_Scene_Table", "001"),
    ("Audio_Hd_Record_48k_Param", "001"),
    ("Audio_Buffer_DC_Calibration_Param", "000"),
    ("VibSpk_CompFlt", "001"),
];
