//! MediaTek's devices on USB as the system lists them: who holds them, how fast their cable is, whether they are put to sleep.
//! No device is opened.

use super::files::{names, word};
use super::{Check, Places, State};
use crate::app::udev::MEDIATEK;

/// Where Linux lists USB devices.
const SYSTEM: &str = "sys/bus/usb/devices";
/// More devices of one vendor are not looked at.
const MAX_DEVICES: usize = 32;
/// More open files of one process are not looked at.
const MAX_OPEN: usize = 4096;
/// The slowest cable a preloader should have, in megabits a second.
const HIGH_SPEED: f64 = 480.0;

/// A MediaTek device.
pub(super) struct Device {
    /// Its place, `1-2.3`.
    place: String,
    /// Product number.
    product: String,
    /// Files of `/dev` through which it is spoken to.
    nodes: Vec<String>,
}

/// Lists MediaTek's devices.
pub(super) fn devices(places: &Places) -> Vec<Device> {
    let system = places.at(SYSTEM);
    let mut found = Vec::new();
    // Interfaces have a colon in their name.
    for place in names(&system).into_iter().filter(|name| !name.contains(':')) {
        let folder = system.join(&place);
        if found.len() >= MAX_DEVICES || word(&folder.join("idVendor")).as_deref() != Some(MEDIATEK) {
            continue;
        }
        let number = |file: &str| word(&folder.join(file)).and_then(|word| word.parse::<u16>().ok());
        let bus = number("busnum").zip(number("devnum"));
        let mut nodes: Vec<String> =
            bus.into_iter().map(|(bus, device)| format!("/dev/bus/usb/{bus:03}/{device:03}")).collect();
        for interface in names(&folder).into_iter().filter(|name| name.contains(':')) {
            nodes.extend(names(&folder.join(interface).join("tty")).iter().map(|tty| format!("/dev/{tty}")));
        }
        let product = word(&folder.join("idProduct")).unwrap_or_else(|| "unknown".into());
        found.push(Device { place, product, nodes });
    }
    found
}

fn nobody(name: &'static str) -> Check {
    Check::new(name, State::Unknown, "no MediaTek device is on USB now; plug one in and ask again")
}

/// Checks that no other program holds a device.
pub(super) fn holders(places: &Places, devices: &[Device]) -> Check {
    if devices.is_empty() {
        return nobody("holder");
    }
    let processes = places.at("proc");
    let own = std::process::id().to_string();
    let (mut held, mut hidden) = (Vec::new(), 0usize);
    for pid in names(&processes).into_iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        if pid == own {
            continue;
        }
        let Ok(open) = std::fs::read_dir(processes.join(&pid).join("fd")) else {
            hidden += 1;
            continue;
        };
        let targets = open.flatten().take(MAX_OPEN).filter_map(|entry| std::fs::read_link(entry.path()).ok());
        let ours = |target: &std::path::PathBuf| {
            devices.iter().flat_map(|device| &device.nodes).any(|node| target.as_os_str() == node.as_str())
        };
        if let Some(node) = targets.into_iter().find(ours) {
            let program = word(&processes.join(&pid).join("comm")).unwrap_or_else(|| "a program".into());
            held.push((program, pid, node.display().to_string()));
        }
    }
    let unseen = match hidden {
        0 => String::new(),
        count => format!(
            " (programs of other users that could not be looked into: {count}; root can: sudo nvkeep doctor)"
        ),
    };
    match held.first() {
        None if hidden == 0 => Check::new("holder", State::Ok, "no program holds the device"),
        None => Check::new(
            "holder",
            State::Unknown,
            format!("no program that can be seen holds the device{unseen}"),
        ),
        Some((program, pid, node)) => {
            let more = match held.len() {
                1 => String::new(),
                count => format!(", and {} more programs", count - 1),
            };
            let says = format!("{program} (process {pid}) holds {node}{more}");
            Check::new("holder", State::Bad, says).mend(format!("kill {pid}   # or close {program}"))
        }
    }
}

/// Returns the speed a device was found at, in megabits a second.
fn speed(places: &Places, device: &Device) -> Option<f64> {
    let text = word(&places.at(SYSTEM).join(&device.place).join("speed"))?;
    text.parse::<f64>().ok().filter(|speed| speed.is_finite())
}

/// Checks how fast the cable is.
pub(super) fn cable(places: &Places, devices: &[Device]) -> Check {
    let slowest = devices.iter().filter_map(|device| Some((device, speed(places, device)?)));
    let slowest = slowest.min_by(|a, b| a.1.total_cmp(&b.1));
    let Some((device, speed)) = slowest else {
        return if devices.is_empty() {
            nobody("cable")
        } else {
            Check::new("cable", State::Unknown, "the system does not tell how fast the device's cable is")
        };
    };
    let hubs = match device.place.matches('.').count() {
        0 => "plugged into the machine itself".to_owned(),
        1 => "behind a hub".to_owned(),
        count => format!("behind {count} hubs"),
    };
    let at = format!("usb:{} ({MEDIATEK}:{})", device.place, device.product);
    if speed >= HIGH_SPEED {
        return Check::new("cable", State::Ok, format!("{at} has {speed} Mbit/s, {hubs}"));
    }
    Check::new(
        "cable",
        State::Warn,
        format!("{at} has {speed} Mbit/s instead of {HIGH_SPEED}, {hubs}: reading takes long"),
    )
    .mend("another cable, and a port of the machine itself; then: nvkeep doctor")
}

/// Checks that the system does not put a device to sleep.
pub(super) fn sleep(places: &Places, devices: &[Device]) -> Check {
    if devices.is_empty() {
        return nobody("autosuspend");
    }
    let system = places.at(SYSTEM);
    let mut told = false;
    for device in devices {
        let power = system.join(&device.place).join("power");
        let control = word(&power.join("control"));
        told |= control.is_some();
        let delay = word(&power.join("autosuspend_delay_ms")).and_then(|delay| delay.parse::<i64>().ok());
        if control.as_deref() == Some("auto") && delay.is_none_or(|delay| delay >= 0) {
            let at = &device.place;
            return Check::new(
                "autosuspend",
                State::Warn,
                format!("the system may put usb:{at} to sleep while it waits"),
            )
            .mend(format!("echo on | sudo tee /sys/bus/usb/devices/{at}/power/control"));
        }
    }
    match told {
        true => Check::new("autosuspend", State::Ok, "the system does not put the device to sleep"),
        false => Check::new(
            "autosuspend",
            State::Unknown,
            "the system does not tell whether it puts the device to sleep",
        ),
    }
}
