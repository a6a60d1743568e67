//! `FILELIST` of a G3 modem folder (modem-nvram.md 1.4, ap-nvram.md 2.3): the names the AP holds a copy of. The modem
//! searches it as plain text, so only whole eight-character names are promised.

use crate::formats::lid::LidName;

/// Returns the names of LID files in the list, in its order; whatever else stands there is passed over.
#[must_use]
pub fn file_list(text: &[u8]) -> Vec<String> {
    text.split(|byte| matches!(byte, 0 | b'\n' | b'\r' | b'/' | b'\\' | b' ' | b','))
        .filter_map(|piece| std::str::from_utf8(piece).ok())
        .filter(|name| LidName::parse(name).is_some())
        .map(str::to_owned)
        .collect()
}
