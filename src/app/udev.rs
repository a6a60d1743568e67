//! The udev rule that lets a user open a phone: its one text, its file, and where the system looks for it.

/// The rule that gives the user at the desk permission, and keeps ModemManager out of the preloader's short window.
const RULE: &str = "ACTION==\"add|change\", SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ATTR{idVendor}==\"VENDOR\", \
                    MODE=\"0660\", TAG+=\"uaccess\", ENV{ID_MM_DEVICE_IGNORE}=\"1\"\n";
/// The rule's file. Its number comes before [`SEAT_FILE`].
pub const RULE_FILE: &str = "70-nvkeep.rules";
/// Where an administrator's rules lie.
pub const RULE_FOLDER: &str = "/etc/udev/rules.d";
/// Where the system hands tagged devices to the user at the desk: a tag that is given later is not seen.
pub const SEAT_FILE: &str = "73-seat-late.rules";
/// MediaTek's vendor number, as rules and sysfs write it.
pub const MEDIATEK: &str = "0e8d";

/// Returns the rule for the devices of this vendor.
#[must_use]
pub fn rule_for(vendor: &str) -> String {
    RULE.replace("VENDOR", vendor)
}
