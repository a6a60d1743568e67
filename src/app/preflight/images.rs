//! The images that the scatter file names: there, inside the folder, and no larger than their partitions.

use serde::Serialize;

use super::effects::is_flashed;
use super::names;
use super::package::{Item, Package};
use super::reason::{Findings, Severity, quoted, shown};
use crate::formats::scatter_any::ScatterLayout;

/// The mark of Android's sparse images.
const ANDROID_SPARSE: [u8; 4] = [0x3A, 0xFF, 0x26, 0xED];
/// Longest preloader that is searched for names of chips.
const MAX_PRELOADER: u64 = 2 << 20;
/// How chips are called that run a preloader; radio and power chips beside them have other numbers.
const FAMILIES: [&[u8]; 6] = [b"65", b"67", b"68", b"81", b"83", b"87"];

/// One image that would be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// The partition, as the scatter file calls it.
    pub partition: String,
    /// The file, as the scatter file calls it.
    pub file: String,
    /// Bytes it would fill; nothing where it is missing.
    pub bytes: Option<u64>,
    /// Bytes of its partition; 0 is "to the end of the device".
    pub room: Option<u64>,
}

/// Looks at every image that would be written.
pub fn check(findings: &mut Findings, package: &mut Package, layout: &ScatterLayout) -> Vec<Image> {
    let (mut images, mut missing) = (Vec::new(), Vec::new());
    for entry in layout.entries.iter().filter(|entry| is_flashed(layout, entry)) {
        let Some(file) = &entry.file_name else { continue };
        let partition = shown(&entry.name);
        if names::inside(file).is_none() {
            findings.about(
                &partition,
                Severity::Danger,
                "name-leaves-package",
                format!("The scatter file takes {partition} from {}, outside the package.", shown(file)),
            );
            continue;
        }
        let room = layout.table.entries.iter().find(|place| place.name == entry.name).map(|place| place.size);
        let item = package.image(file).cloned();
        let bytes = item.as_ref().map(|item| length(findings, package, item));
        match (bytes, room) {
            (None, _) => missing.push(shown(file)),
            (Some(0), _) => findings.about(
                &partition,
                Severity::Caution,
                "image-empty",
                format!("{} is empty.", shown(file)),
            ),
            (Some(bytes), Some(room)) if room != 0 && bytes > room => findings.about(
                &partition,
                Severity::Danger,
                "image-too-large",
                format!("{} has {bytes} bytes, {partition} has room for {room}.", shown(file)),
            ),
            _ => {}
        }
        images.push(Image { partition, file: shown(file), bytes, room });
    }
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(String::as_str).take(20).collect();
        let more = if missing.len() > names.len() { " and more" } else { "" };
        findings.add(
            Severity::Caution,
            "image-missing",
            format!("Named by the scatter file and not in the package: {}{more}.", names.join(", ")),
        );
    }
    images
}

/// Bytes an image fills: a sparse one says it in its header (magic, version, header sizes, block size, blocks).
fn length(findings: &mut Findings, package: &mut Package, item: &Item) -> u64 {
    let head = match package.head(item, 28) {
        Ok(head) => head,
        Err(what) => {
            findings.add(
                Severity::Danger,
                "image-damaged",
                format!("{} cannot be read: {}.", shown(&item.name), quoted(&what)),
            );
            return item.len;
        }
    };
    let word =
        |at: usize| head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    match (word(12), word(16)) {
        (Some(block), Some(blocks)) if head.starts_with(&ANDROID_SPARSE) => {
            u64::from(block) * u64::from(blocks)
        }
        _ => item.len,
    }
}

/// Looks for the names of chips in the preloader's image: one that names others only is not for this one.
pub fn preloader(findings: &mut Findings, package: &mut Package, layout: &ScatterLayout) {
    let Some(platform) = layout.platform.as_deref() else { return };
    let is_preloader = |name: &str| name.to_ascii_uppercase().starts_with("PRELOADER");
    let Some(entry) =
        layout.entries.iter().find(|entry| is_flashed(layout, entry) && is_preloader(&entry.name))
    else {
        return;
    };
    let Some(item) = entry.file_name.as_deref().and_then(|name| package.image(name)).cloned() else { return };
    let Ok(bytes) = package.head(&item, MAX_PRELOADER) else { return };
    let named = chips_named(&bytes);
    if named.is_empty() {
        findings.skip(format!(
            "{}: it names no chip, so only the scatter file says which one it is for",
            shown(&item.name)
        ));
    } else if !named.iter().any(|chip| chip.eq_ignore_ascii_case(platform)) {
        findings.about(
            "PRELOADER",
            Severity::Danger,
            "preloader-of-another-chip",
            format!(
                "{} names {}, and the scatter file is for {}.",
                shown(&item.name),
                named.join(", "),
                shown(platform)
            ),
        );
    }
}

fn chips_named(bytes: &[u8]) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for window in bytes.windows(6).filter(|window| window[..2].eq_ignore_ascii_case(b"mt")) {
        let digits = &window[2..];
        let is_chip =
            digits.iter().all(u8::is_ascii_digit) && FAMILIES.iter().any(|family| digits.starts_with(family));
        let name = String::from_utf8_lossy(window).to_ascii_uppercase();
        if is_chip && named.len() < 8 && !named.contains(&name) {
            named.push(name);
        }
    }
    named
}
