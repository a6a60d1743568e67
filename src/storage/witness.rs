//! The partition table an engine's other end tells, held against the one found on the card. It never places anything: it can
//! only confirm, or raise a doubt, which stops writes (preloader-and-legacy-da.md 6.15).

use super::Layout;
use super::locate::Canonical;
use crate::protocol::NamedRange;

/// Partitions that a restore writes.
const IDENTITY: [&str; 6] = ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S", "NVDATA", "NVCFG"];

/// Compares the identity partitions of `told`, whose addresses begin `prefix` bytes before the user area, with the layout.
pub fn compare(layout: &mut Layout, told: &[NamedRange], prefix: u64, canonical: Canonical<'_>) {
    let mut confirmed = 0;
    for range in told {
        let name = canonical(&range.name);
        let Some(place) = layout.find(&name).filter(|place| IDENTITY.contains(&place.name.as_str())) else {
            continue;
        };
        let start = range.start.checked_sub(prefix);
        if start == Some(place.start) && range.len == place.len {
            confirmed += 1;
            continue;
        }
        let told = start.map_or_else(|| "before the user area".to_owned(), |start| format!("at {start:#x}"));
        let doubt = format!(
            "the Download Agent places {name} {told} with {:#x} bytes, the table on the card at {:#x} with {:#x}",
            range.len, place.start, place.len
        );
        layout.doubts.push(doubt);
    }
    // A layout without remarks was not checked, and this alone does not check it.
    if confirmed > 0 && !layout.remarks.is_empty() {
        layout
            .remarks
            .push(format!("the Download Agent tells the same places for {confirmed} identity partitions"));
    }
}
