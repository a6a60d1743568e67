//! How MediaTek boot devices look on USB (preloader-and-legacy-da.md 1.1, 1.2).

/// MediaTek's vendor id.
pub const VENDOR: u16 = 0x0E8D;
/// Product id of the boot ROM.
pub const BROM: u16 = 0x0003;
/// Product id of the preloader.
pub const PRELOADER: u16 = 0x2000;
/// Product id of a Download Agent after re-enumeration.
pub const AGENT: u16 = 0x2001;
/// Class of the interface that carries the two bulk endpoints.
pub const CLASS_CDC_DATA: u8 = 0x0A;
/// Class of the control interface.
pub const CLASS_CDC: u8 = 0x02;
/// CDC request that sets line coding and makes the preloader send READY.
pub const SET_LINE_CODING: u8 = 0x20;
/// CDC request that reads line coding.
pub const GET_LINE_CODING: u8 = 0x21;
/// CDC request that sets DTR and RTS.
pub const SET_CONTROL_LINE_STATE: u8 = 0x22;
/// CDC request for a break.
pub const SEND_BREAK: u8 = 0x23;
