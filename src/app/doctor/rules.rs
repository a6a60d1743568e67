//! The udev rules that speak of MediaTek's devices. It reads matches and assignments of single rules; jumps between rules
//! (GOTO) it only notices.

use super::Places;
use super::files::{self, names, plain};
use crate::app::udev::{MEDIATEK, RULE_FOLDER};

/// Where udev looks, the first of a name hides the others.
const FOLDERS: [&str; 4] =
    ["etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"];
/// The product number of a preloader.
const PRELOADER: &str = "2000";
/// More rule files are not read.
const MAX_FILES: usize = 2000;

/// A rule for MediaTek's USB devices.
pub(super) struct Rule {
    /// The file's name, by which rules are ordered.
    pub name: String,
    /// Where it lies.
    pub path: String,
    /// Key, operator, value.
    words: Vec<(String, String, String)>,
}

impl Rule {
    /// Returns the value last assigned to a key.
    pub fn sets(&self, key: &str) -> Option<&str> {
        let assigns = |op: &str| matches!(op, "=" | ":=" | "+=");
        let found = self.words.iter().rfind(|(known, op, _)| known == key && assigns(op));
        found.map(|(.., value)| value.as_str())
    }

    /// Returns whether it tags devices for the user at the desk.
    pub fn tags_for_the_desk(&self) -> bool {
        self.words
            .iter()
            .any(|(key, op, value)| key == "TAG" && op != "==" && op != "!=" && value == "uaccess")
    }

    /// Returns whether it keeps ModemManager away.
    pub fn keeps_modem_manager_away(&self) -> bool {
        let key = self.sets("ENV{ID_MM_DEVICE_IGNORE}").or_else(|| self.sets("ENV{ID_MM_TTY_BLACKLIST}"));
        key.is_some_and(|value| value != "0" && !value.is_empty())
    }
}

/// What the rule folders say of MediaTek's devices.
pub(super) struct Rules {
    /// In the order udev follows them.
    pub rules: Vec<Rule>,
    /// Whether there is any folder of rules.
    pub known: bool,
    /// Files of which not everything was read.
    pub cut: Vec<String>,
}

impl Rules {
    /// Reads every rule file.
    pub fn read(places: &Places) -> Self {
        let mut found: Vec<(String, String)> = Vec::new();
        let mut known = false;
        for folder in FOLDERS {
            let at = places.at(folder);
            known |= at.is_dir();
            for name in names(&at).into_iter().filter(|name| name.ends_with(".rules")).take(MAX_FILES) {
                if found.iter().all(|(other, _)| *other != name) {
                    found.push((name, folder.to_owned()));
                }
            }
        }
        found.sort();
        let mut all = Self { rules: Vec::new(), known, cut: Vec::new() };
        for (name, folder) in found {
            let path = plain(&format!("/{folder}/{name}"));
            // A link to /dev/null switches a rule file off; it is no ordinary file.
            let Some(text) = files::text(&places.at(&folder).join(&name)) else { continue };
            if text.cut {
                all.cut.push(path.clone());
            }
            let rules = logical_lines(&text.text).map(|line| words(&line)).filter(|words| is_ours(words));
            all.rules.extend(rules.map(|words| Rule { name: plain(&name), path: path.clone(), words }));
        }
        all
    }
}

/// Returns the path of a rule file that does not exist yet, for messages.
pub(super) fn own_path() -> String {
    format!("{RULE_FOLDER}/{}", crate::app::udev::RULE_FILE)
}

/// Joins lines that end in a backslash, and leaves remarks out.
fn logical_lines(text: &str) -> impl Iterator<Item = String> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let mut line = lines.next()?.to_owned();
        while line.ends_with('\\') {
            line.pop();
            line.push_str(lines.next().unwrap_or_default());
        }
        Some(line)
    })
    .filter(|line| !line.trim_start().starts_with('#'))
}

/// Splits a rule into key, operator and value; what is no such triple is left out.
fn words(line: &str) -> Vec<(String, String, String)> {
    let mut rest = line;
    let mut found = Vec::new();
    while let Some((before, behind)) = rest.split_once('"') {
        let Some((value, next)) = behind.split_once('"') else { break };
        let before = before.trim_start_matches([',', ' ', '\t']).trim_end();
        let key = before.trim_end_matches(['=', '!', '+', '-', ':']);
        let op = &before[key.len()..];
        if !key.is_empty() && !op.is_empty() {
            found.push((key.trim_end().to_owned(), op.to_owned(), value.to_owned()));
        }
        rest = next;
    }
    found
}

/// Returns whether a rule is for USB devices of MediaTek, a preloader among them.
fn is_ours(words: &[(String, String, String)]) -> bool {
    let of = |keys: &[&str]| -> Vec<&(String, String, String)> {
        words.iter().filter(|(key, ..)| keys.contains(&key.as_str())).collect()
    };
    let vendor = of(&["ATTR{idVendor}", "ATTRS{idVendor}", "ENV{ID_VENDOR_ID}"]);
    let product = of(&["ATTR{idProduct}", "ATTRS{idProduct}", "ENV{ID_MODEL_ID}"]);
    let subsystem = of(&["SUBSYSTEM"]);
    let fits = |word: &&(String, String, String), wanted: &str| match word.1.as_str() {
        "==" => matches(&word.2, wanted),
        "!=" => !matches(&word.2, wanted),
        _ => true,
    };
    vendor.iter().any(|word| word.1 == "==")
        && vendor.iter().all(|word| fits(word, MEDIATEK))
        && product.iter().all(|word| fits(word, PRELOADER))
        && subsystem.iter().all(|word| fits(word, "usb"))
}

/// Matches one of the patterns between bars, by case as udev does; a star at a pattern's end stands for anything.
fn matches(patterns: &str, word: &str) -> bool {
    patterns.split('|').any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => pattern == word,
    })
}
