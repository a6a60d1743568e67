//! Every file a start opens, one after the other: used, brought back, made anew, or stopped over (ap-nvram.md 2.2,
//! modem-nvram.md 4.1, 4.2). Works on trees in memory; knows no file system and no cipher.

use super::put;
use super::region::Region;
use super::report::BootReport;
use super::rules::{File, Home, LastResort, Pair, Rules};
use crate::simulator::mounted::Tree;

/// A phone while it starts.
pub struct Phone {
    /// What it opens.
    pub rules: Rules,
    /// The live tree.
    pub live: Tree,
    /// The SIM-lock partitions that mount.
    pub protect: Vec<Option<Tree>>,
    /// The backup region, or why it is no help.
    pub region: Result<Region, String>,
    /// What happened so far.
    pub report: BootReport,
}

impl Phone {
    /// Opens everything, and reads what Android shows.
    pub fn open_files(&mut self) {
        let ap = std::mem::take(&mut self.rules.ap);
        for file in &ap {
            self.open_ap(file);
        }
        let marker = self.live.files.keys().find(|name| is_first_boot_marker(name)).cloned();
        if marker.is_some() || !self.live.folders.contains("md/NVRAM") {
            self.format_modem(marker);
        }
        let modem = std::mem::take(&mut self.rules.modem);
        for file in &modem {
            self.open_modem(file);
        }
        let pairs = std::mem::take(&mut self.rules.pairs);
        for pair in &pairs {
            self.open_pair(pair);
        }
        self.show();
    }

    fn open_ap(&mut self, file: &File) {
        let holds = |bytes: &[u8]| bytes.len() == file.len && trailer_holds(bytes);
        if self.live.files.get(&file.name).is_some_and(|bytes| holds(bytes)) {
            return;
        }
        let kept = self.region.as_ref().ok().and_then(|region| region.file(&file.name));
        match kept.filter(|bytes| holds(bytes)) {
            Some(bytes) => {
                put(&mut self.live, &file.name, bytes);
                self.report.restored.push(file.name.clone());
            }
            None => {
                put(&mut self.live, &file.name, &file.default);
                self.report.defaulted.push(file.name.clone());
            }
        }
    }

    /// The modem's storage counts as unformatted: its folders are emptied; what follows makes every file anew.
    fn format_modem(&mut self, marker: Option<String>) {
        self.report.first_boot = true;
        self.live.files.retain(|name, _| !name.starts_with("md/NVRAM/"));
        if let Some(marker) = marker {
            self.live.files.remove(&marker);
        }
    }

    fn open_modem(&mut self, file: &File) {
        let found = self.live.files.get(&file.name);
        let scanned = file.length_scanned && !self.report.first_boot;
        if scanned && found.is_some_and(|bytes| !bytes.is_empty() && bytes.len() != file.len) {
            self.report.asserts.push(file.name.clone());
            return;
        }
        if found.is_some_and(|bytes| bytes.len() == file.len && self.rules.holds(&file.name, bytes)) {
            return;
        }
        if self.restore(&file.name, Some(file.len)) {
            return;
        }
        if file.last == LastResort::Absent {
            self.live.files.remove(&file.name);
            return;
        }
        if !self.report.first_boot && file.last != LastResort::Default {
            self.report.asserts.push(file.name.clone());
        }
        if self.report.first_boot || file.last != LastResort::Assert {
            put(&mut self.live, &file.name, &file.default);
            self.report.defaulted.push(file.name.clone());
        }
    }

    /// Asks for one file from the backup region. A modem that formats its storage does not ask.
    fn restore(&mut self, name: &str, len: Option<usize>) -> bool {
        if self.report.first_boot {
            return false;
        }
        let kept = self.region.as_ref().ok().and_then(|region| region.file(name));
        let sound = |bytes: &&[u8]| {
            len.is_none_or(|len| bytes.len() == len) && !bytes.is_empty() && self.rules.holds(name, bytes)
        };
        let Some(bytes) = kept.filter(sound) else { return false };
        put(&mut self.live, name, bytes);
        self.report.restored.push(name.to_owned());
        true
    }

    fn open_pair(&mut self, pair: &Pair) {
        let sound = |phone: &Self, home: Home, name: &str| {
            let bytes = phone.tree(home)?.files.get(name)?;
            (!bytes.is_empty() && phone.rules.holds(name, bytes)).then(|| bytes.clone())
        };
        let [first, second] = &pair.copies;
        let found = [first, second].map(|(home, name)| sound(self, *home, name));
        match found {
            [Some(_), Some(_)] => {}
            [Some(good), None] => self.write_copy(second, &good, true),
            [None, Some(good)] => self.write_copy(first, &good, true),
            [None, None] => {
                let mut back = false;
                for (home, name) in &pair.copies {
                    back |= *home == Home::Live && self.restore(name, None);
                }
                if back {
                    return self.open_pair(pair);
                }
                if pair.last != LastResort::Default && !self.report.first_boot {
                    self.report.asserts.push(self.told(first));
                }
                if pair.last != LastResort::Assert {
                    for copy in &pair.copies {
                        self.write_copy(copy, &pair.default, false);
                    }
                }
            }
        }
    }

    fn write_copy(&mut self, copy: &(Home, String), bytes: &[u8], from_twin: bool) {
        let told = self.told(copy);
        let (home, name) = copy;
        let tree = match home {
            Home::Live => Some(&mut self.live),
            Home::Protect(number) => self.protect.get_mut(*number).and_then(Option::as_mut),
        };
        let Some(tree) = tree else { return };
        put(tree, name, bytes);
        let list = if from_twin { &mut self.report.restored } else { &mut self.report.defaulted };
        list.push(told);
    }

    fn tree(&self, home: Home) -> Option<&Tree> {
        match home {
            Home::Live => Some(&self.live),
            Home::Protect(number) => self.protect.get(number).and_then(Option::as_ref),
        }
    }

    fn told(&self, (home, name): &(Home, String)) -> String {
        match home {
            Home::Live => name.clone(),
            Home::Protect(number) => format!("protect {}/{name}", number + 1),
        }
    }

    fn show(&mut self) {
        let address = |name: &str, at: usize| {
            let bytes = self.live.files.get(&format!("APCFG/APRDEB/{name}"))?.get(at..at + 6)?;
            Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"))
        };
        let made_up = |mac: &String| mac.starts_with("00:00:00:00") || is_multicast(mac);
        self.report.bluetooth = address("BT_Addr", 0);
        self.report.wifi = address("WIFI", 4).filter(|mac| !made_up(mac));
        if let Some(bytes) = self.live.files.get(self.rules.imei) {
            let slots = (0..10).map_while(|number| self.rules.decipher(bytes, 10, number));
            self.report.imei = slots.map(|record| digits(&record)).collect();
        }
        let barcode = self.live.files.get(self.rules.barcode);
        self.report.barcode = barcode.and_then(|bytes| self.rules.decipher(bytes, 64, 0)).and_then(text);
    }
}

fn is_first_boot_marker(name: &str) -> bool {
    name.strip_prefix("md/FAT").is_some_and(|rest| rest.len() == 12 && rest.ends_with(".log"))
}

fn is_multicast(mac: &str) -> bool {
    mac.get(1..2).and_then(|digit| u8::from_str_radix(digit, 16).ok()).is_some_and(|digit| digit % 2 == 1)
}

fn trailer_holds(bytes: &[u8]) -> bool {
    let Some((record, trailer)) = bytes.split_last_chunk::<2>() else { return false };
    let mut sum = 0_u8;
    for pair in record.chunks(2) {
        sum = sum.wrapping_add(pair[0]);
        sum ^= pair.get(1).copied().unwrap_or(0);
    }
    *trailer == [0xAA, sum]
}

/// Fifteen digits, low nibble first; nothing for a record that was never set.
fn digits(record: &[u8]) -> Option<String> {
    let nibbles = record.iter().take(8).flat_map(|byte| [byte & 15, byte >> 4]).take(15);
    nibbles.map(|digit| char::from_digit(u32::from(digit), 10)).collect()
}

fn text(record: Vec<u8>) -> Option<String> {
    let text: String =
        record.iter().take(60).take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
    let text = text.trim_end().to_owned();
    (!text.is_empty() && text.is_ascii()).then_some(text)
}
