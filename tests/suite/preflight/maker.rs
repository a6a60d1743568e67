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
    pub plain: bool,
    pub parts: Vec<Part>,
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Rom {
    /// The package that was made for the simulated phone: its map, and images for its boot loader, kernel and logo.
    pub fn matching() -> Self {
        let operation = |name: &str| match name {
            "PRELOADER" => "BOOTLOADERS",
            "NVRAM" => "BINREGION",
            "PRO_INFO" | "PROTECT_F" | "PROTECT_S" => "PROTECTED",
            "BMTPOOL" => "RESERVED",
            "SECCFG" | "MISC" | "EXPDB" => "INVISIBLE",
            _ => "UPDATE",
        };
        let layout = Scenario::named("mt6572").unwrap().layout;
        let parts = layout
            .iter()
            .map(|one| Part::of(&one.name, one.linear, one.size, operation(&one.name)))
            .collect();
        let mut rom = Self {
            platform: "MT6572".into(),
            storage: "EMMC".into(),
            project: "demo72".into(),
            plain: false,
            parts,
            files: BTreeMap::new(),
        };
        for (part, file) in [("UBOOT", "lk.bin"), ("BOOTIMG", "boot.img"), ("LOGO", "logo.bin")] {
            rom.flash(part, file, vec![0x5A; 4096]);
        }
        rom
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
        let mut text = format!(
            "- general: MTK_PLATFORM_CFG\n  info:\n    - config_version: V1.1.1\n      platform: {}\n      project: {}\n      \
             storage: {}\n      boot_channel: MSDC_0\n      block_size: 0x20000\n",
            self.platform, self.project, self.storage
        );
        for (index, part) in self.parts.iter().enumerate() {
            text += &format!(
                "- partition_index: SYS{index}\n  partition_name: {}\n  file_name: {}\n  is_download: {}\n  type: NORMAL_ROM\n  \
                 linear_start_addr: {:#x}\n  physical_start_addr: 0x0\n  partition_size: {:#x}\n  region: {}\n  operation_type: {}\n",
                part.name,
                part.file.as_deref().unwrap_or("NONE"),
                part.file.is_some(),
                part.start,
                part.size,
                if part.name == "PRELOADER" { "EMMC_BOOT_1" } else { "EMMC_USER" },
                part.operation
            );
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
