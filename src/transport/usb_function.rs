//! What a phone that is in no boot mode does on the bus, by the classes of its interfaces as the system lists them. It reads
//! the system's files and never the device: a running phone is not disturbed.

use std::fmt;
use std::path::Path;

/// Where Linux lists USB devices.
pub const SYSTEM: &str = "/sys/bus/usb/devices";
/// More interfaces than any phone has.
const MAX_INTERFACES: usize = 32;

/// Class, subclass and protocol of an interface.
pub type Interface = (u8, u8, u8);

/// What a running phone offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// The Android debug bridge.
    Adb,
    /// A modem-style serial port and nothing of Android: META mode.
    Meta,
    /// Files, by MTP or PTP.
    Files,
    /// A mass storage.
    Storage,
    /// Nothing at all.
    Charging,
    /// Something else.
    Other,
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Adb => "Android with adb: not in a boot mode",
            Self::Meta => "META mode: not a boot mode",
            Self::Files => "Android with file transfer: not in a boot mode",
            Self::Storage => "mass storage: not in a boot mode",
            Self::Charging => "charging only: not in a boot mode",
            Self::Other => "not a boot mode (Android, charging or META)",
        })
    }
}

/// Returns what these interfaces are for. The debug bridge is class FF, subclass 42, protocol 1; a serial port is class 2.
#[must_use]
pub fn function_of(interfaces: &[Interface]) -> Function {
    let has = |wanted: fn(&Interface) -> bool| interfaces.iter().any(wanted);
    if has(|interface| *interface == (0xFF, 0x42, 0x01)) {
        return Function::Adb;
    }
    if has(|(class, ..)| *class == 0x06) {
        return Function::Files;
    }
    if has(|(class, ..)| *class == 0x08) {
        return Function::Storage;
    }
    if has(|(class, ..)| *class == 0x02) {
        return Function::Meta;
    }
    if interfaces.is_empty() { Function::Charging } else { Function::Other }
}

/// Returns the interfaces of the device at a place (`1-2.3`), an empty list where it has none; nothing where the system does
/// not know the device, or one of its interfaces cannot be read.
#[must_use]
pub fn interfaces_at(system: &Path, place: &str) -> Option<Vec<Interface>> {
    let device = system.join(place);
    let entries = std::fs::read_dir(&device).ok()?;
    let prefix = format!("{place}:");
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let interface = |name: String| {
        let byte = |file: &str| {
            let text = std::fs::read_to_string(device.join(&name).join(file)).ok()?;
            u8::from_str_radix(text.trim(), 16).ok()
        };
        Some((byte("bInterfaceClass")?, byte("bInterfaceSubClass")?, byte("bInterfaceProtocol")?))
    };
    names.filter(|name| name.starts_with(&prefix)).take(MAX_INTERFACES).map(interface).collect()
}
