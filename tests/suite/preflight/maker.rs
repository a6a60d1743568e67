//! ROM packages made by the test: the layout of the simulated phone, small images, any of it changed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use nvkeep::simulator::Scenario;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// One entry of the scatter file.
#[derive(Clone)]
pub struct Part {
    pub name: String,
    pub start: u64,
    pub size: u64,
    pub operation: String,
    pub file: Option<String>,
}

impl Part {
    pub fn of(name: &str, start: u64, size: u64, operation: &str) -> Self {
        Self { name: name.into(), start, size, operation: operation.into(), file: None }
    }
}

/// A package.
#[derive(Clone)]
pub struct Rom {
    pub platform: String,
    pub storage: String,
    pub project: String,
    /// `config_version`.
    pub version: &'static str,
    pub plain: bool,
    pub parts: Vec<Part>,
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Rom {
    /// The package that was made for the simulated phone: its map, and images for its boot loader, kernel and logo.
    pub fn matching() -> Self {
        let mut rom = Self::of("mt6572", "V1.1.1");
        for (part, file) in [("UBOOT", "lk.bin"), ("BOOTIMG", "boot.img"), ("LOGO", "logo.bin")] {
            rom.flash(part, file, vec![0x5A; 4096]);
        }
        rom
    }

    /// The package that was made for the simulated phone with a GPT.
    pub fn matching_gpt(version: &'static str) -> Self {
        let mut rom = Self::of("lr12a", version);
        rom.parts.insert(0, Part::of("preloader", 0, 0x4_0000, "BOOTLOADERS"));
        rom.parts.insert(1, Part::of("pgpt", 0, 0x8000, "INVISIBLE"));
        rom.flash("lk", "lk.bin", vec![0x5A; 4096]);
        rom
    }

    fn of(scenario: &str, version: &'static str) -> Self {
        let operation = |name: &str| match name.to_ascii_uppercase().as_str() {
            "PRELOADER" => "BOOTLOADERS",
            "NVRAM" => "BINREGION",
            "PRO_INFO" | "PROTECT_F" | "PROTECT_S" | "PROINFO" | "PROTECT1" | "PROTECT2" | "NVDATA"
            | "NVCFG" => "PROTECTED",
            "BMTPOOL" => "RESERVED",
            "SECCFG" | "MISC" | "EXPDB" => "INVISIBLE",
            _ => "UPDATE",
        };
        let layout = Scenario::named(scenario).unwrap().layout;
        let parts = layout
            .iter()
            .map(|one| Part::of(&one.name, one.linear, one.size, operation(&one.name)))
            .collect();
        Self {
            platform: "MT6572".into(),
            storage: "EMMC".into(),
            project: "demo72".into(),
            version,
            plain: false,
            parts,
            files: BTreeMap::new(),
        }
    }

    pub fn part(&mut self, name: &str) -> &mut Part {
        self.parts.iter_mut().find(|part| part.name == name).unwrap()
    }

    /// Makes the package write an image to a partition.
    pub fn flash(&mut self, part: &str, file: &str, bytes: Vec<u8>) {
        self.part(part).file = Some(file.into());
        self.files.insert(file.into(), bytes);
    }

    /// The scatter file.
    pub fn scatter(&self) -> String {
        if self.plain {
            let marked = |part: &Part| if part.file.is_some() { "" } else { "__NODL_" };
            let entry = |part: &Part| format!("{}{} {:#x}\n{{\n}}\n", marked(part), part.name, part.start);
            return self.parts.iter().map(entry).collect();
        }
        let storage =
            |kind: &str| format!("storage: {kind}\n      boot_channel: MSDC_0\n      block_size: 0x20000\n");
        let mut text = format!(
            "- general: MTK_PLATFORM_CFG\n  info:\n    - config_version: {}\n      platform: {}\n      project: {}\n",
            self.version, self.platform, self.project
        );
        if self.version != "V2.1.0" {
            return text + "      " + &storage(&self.storage) + &self.entries("", 0);
        }
        // A layout for each kind of storage; the one that is not this phone's lies elsewhere.
        for (kind, away) in [("UFS", 0x1000), (self.storage.as_str(), 0)] {
            text += &format!(
                "- storage_type: {kind}\n  description:\n  - general: MTK_STORAGE_CFG\n    info:\n    - {}{}",
                storage(kind),
                self.entries("  ", away)
            );
        }
        text
    }

    fn entries(&self, indent: &str, away: u64) -> String {
        let mut text = String::new();
        for (index, part) in self.parts.iter().enumerate() {
            let start = if part.start == 0 { 0 } else { part.start + away };
            for line in [
                format!("- partition_index: SYS{index}"),
                format!("  partition_name: {}", part.name),
                format!("  file_name: {}", part.file.as_deref().unwrap_or("NONE")),
                format!("  is_download: {}", part.file.is_some()),
                "  type: NORMAL_ROM".into(),
                format!("  linear_start_addr: {start:#x}"),
                "  physical_start_addr: 0x0".into(),
                format!("  partition_size: {:#x}", part.size),
                format!("  region: {}", if index == 0 { "EMMC_BOOT_1" } else { "EMMC_USER" }),
                format!("  operation_type: {}", part.operation),
            ] {
                text += &format!("{indent}{line}\n");
            }
        }
        text
    }

    /// Every file, the scatter file included.
    pub fn all(&self) -> BTreeMap<String, Vec<u8>> {
        let mut all = self.files.clone();
        all.insert("MT6572_Android_scatter.txt".into(), self.scatter().into_bytes());
        all
    }

    /// Writes it as a folder, in the place of what was there.
    pub fn lay(&self, folder: &Path) {
        let _ = fs::remove_dir_all(folder);
        for (name, bytes) in self.all() {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    /// The same as a zip, below `folder`.
    pub fn zip(&self, folder: &str) -> Vec<u8> {
        zip_of(
            &self
                .all()
                .into_iter()
                .map(|(name, bytes)| (format!("{folder}{name}"), bytes))
                .collect::<Vec<_>>(),
        )
    }
}

/// A zip of these entries, whatever their names.
pub fn zip_of(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in entries {
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
