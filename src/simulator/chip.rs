//! Where things are on an MT6572 (msdc-direct.md 1.3, 6.1, 7, 9). Written here a second time, apart from the host's
//! chip descriptions, so that a wrong address there is noticed.

/// Storage controller 0.
pub const MSDC0: u32 = 0x1112_0000;
/// Watchdog and reset unit.
pub const RGU: u32 = 0x1000_7000;
/// Clock multiplexer word; bits 13:11 choose the controller's source.
pub const CLOCK_MUX: u32 = 0x1000_0000;
/// Clock gate word: a set bit stops the clock.
pub const GATE: u32 = 0x1000_0024;
/// Writing ones stops clocks.
pub const GATE_SET: u32 = 0x1000_0054;
/// Writing ones starts clocks.
pub const GATE_CLEAR: u32 = 0x1000_0084;
/// The bit of MSDC0 in the gate word.
pub const GATE_MSDC0: u32 = 1 << 17;
/// Pin modes: CLK, CMD, DAT0, DAT1 in the upper half.
pub const PINS_5: u32 = 0x1000_5350;
/// Pin modes of the other data lines.
pub const PINS_6: u32 = 0x1000_5360;
/// Pin modes that SPI NAND would use.
pub const PINS_7: u32 = 0x1000_5370;
/// "Enter download mode after reset" flags, and the magic word behind it.
pub const USBDL: u32 = 0x1000_141C;
/// Note SEND_DA leaves for later stages.
pub const DA_NOTE: u32 = 0x1000_1430;
/// Frequency of the controller's source clock, hertz (mux field 2).
pub const MSDC_SOURCE_HZ: u64 = 200_000_000;
/// Time the watchdog is programmed to, seconds.
pub const WATCHDOG_S: u64 = 16;
