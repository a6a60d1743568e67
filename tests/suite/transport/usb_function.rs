//! What a running phone does on the bus, from the system's own files.

use std::path::Path;

use nvkeep::transport::usb_function::{Function, Interface, function_of, interfaces_at};

/// Lists a device with these interfaces as the system does.
fn list(system: &Path, place: &str, interfaces: &[Interface]) {
    std::fs::create_dir_all(system.join(place).join("power")).unwrap();
    for (number, (class, subclass, protocol)) in interfaces.iter().enumerate() {
        let folder = system.join(place).join(format!("{place}:1.{number}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("bInterfaceClass"), format!("{class:02x}\n")).unwrap();
        std::fs::write(folder.join("bInterfaceSubClass"), format!("{subclass:02x}\n")).unwrap();
        std::fs::write(folder.join("bInterfaceProtocol"), format!("{protocol:02x}\n")).unwrap();
    }
}

#[test]
fn says_what_a_running_phone_offers() {
    let system = tempfile::tempdir().unwrap();
    let seen = |place: &str, interfaces: &[Interface]| {
        list(system.path(), place, interfaces);
        function_of(&interfaces_at(system.path(), place).unwrap())
    };
    assert_eq!(seen("1-1", &[(0x06, 1, 1), (0xFF, 0x42, 1)]), Function::Adb);
    assert_eq!(seen("1-2", &[(0x06, 1, 1)]), Function::Files);
    assert_eq!(seen("1-3.1", &[(0x08, 6, 0x50)]), Function::Storage);
    assert_eq!(seen("1-4", &[(0x02, 2, 1), (0x0A, 0, 0)]), Function::Meta);
    assert_eq!(seen("1-5", &[(0x0E, 1, 0)]), Function::Other);
    assert_eq!(seen("1-6", &[]), Function::Charging);
    assert!(Function::Charging.to_string().starts_with("charging only"));
}

#[test]
fn knows_nothing_of_a_device_the_system_does_not_list() {
    let system = tempfile::tempdir().unwrap();
    assert_eq!(interfaces_at(system.path(), "9-9"), None);
    list(system.path(), "1-1", &[(0x06, 1, 1)]);
    std::fs::write(system.path().join("1-1/1-1:1.0/bInterfaceClass"), "zz").unwrap();
    assert_eq!(interfaces_at(system.path(), "1-1"), None, "what cannot be read is not guessed");
}
