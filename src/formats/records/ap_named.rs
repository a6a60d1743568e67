//! AP files that are known by name only (ap-nvram.md 3.3-3.5, 4.4): settings and tuning without identity. Their bytes are
//! shown as they are.

use super::DecodedRecord;
use super::sheet::Sheet;

/// Name and what it is.
const FILES: &[(&str, &str)] = &[
    ("AllFile", "work copy of the saved files"),
    ("AllMap", "work copy of their index"),
    ("Audio_AudEnh_Control_Opt", "audio: enhancement switch"),
    ("Audio_Buffer_DC_Calibration_Param", "audio: buffer DC calibration"),
    ("Audio_CompFlt", "audio: loudspeaker filter"),
    ("Audio_Effect", "audio: effects"),
    ("Audio_Hd_Record_48k_Param", "audio: 48 kHz recording"),
    ("Audio_Hd_Record_Param", "audio: recording"),
    ("Audio_Hd_Record_Scene_Table", "audio: recording scenes"),
    ("Audio_Sph", "audio: speech"),
    ("Audio_Sph_Med", "audio: speech enhancement"),
    ("Audio_VOIP_Param", "audio: VoIP"),
    ("Audio_Vol_custom", "audio: volumes"),
    ("Audio_Wb_Sph", "audio: wide-band speech"),
    ("Audio_gain_table", "audio: gain table"),
    ("Audio_ver1_Vol_custom", "audio: volumes, version 1"),
    ("BWCS", "Bluetooth and Wi-Fi coexistence"),
    ("CAMERA_3A", "camera: exposure, white balance, focus"),
    ("CAMERA_DEFECT", "camera: defect pixels"),
    ("CAMERA_LENS", "camera: lens"),
    ("CAMERA_Para", "camera: parameters"),
    ("CAMERA_SENSOR", "camera: sensor"),
    ("CAMERA_SHADING", "camera: shading"),
    ("Dfo", "feature options"),
    ("EXT_MD_Type", "selected external modem image"),
    ("FACTORY", "factory-mode item"),
    ("FG", "fuel gauge"),
    ("Headphone_CompFlt", "audio: headphone filter"),
    ("MD_SBP", "modem setting by carrier"),
    ("MD_Type", "selected modem image"),
    ("OMADM_USB", "device management over USB"),
    ("SDIO", "SDIO tuning"),
    ("SDIO_RETRY", "SDIO retry tuning"),
    ("Sph_Dual_Mic", "audio: two microphones"),
    ("UART", "serial port setting"),
    ("VibSpk_CompFlt", "audio: vibration speaker filter"),
    ("Voice_Recognize_Param", "audio: voice recognition"),
    ("WIFI_CUSTOM", "Wi-Fi: reserved word"),
];
/// Keys of the phone: placed, not shown.
const SECRET: &str = "Hdcp_Key_Table";

pub(super) fn decode(name: &str, body: &[u8]) -> Option<DecodedRecord> {
    if name == SECRET {
        let mut sheet = Sheet::new("HDMI keys", body);
        sheet.secret("keys", 0, body.len());
        return Some(sheet.done());
    }
    let (_, title) = FILES.iter().find(|(known, _)| *known == name)?;
    let mut sheet = Sheet::new(title, body);
    sheet.bytes("content", 0, body.len());
    Some(sheet.done())
}
