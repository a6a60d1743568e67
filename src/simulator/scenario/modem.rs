//! What a scenario's flash content was written by: modem family, partition table, Android. Names only; what each does is
//! told where it is built and booted.

use serde::Deserialize;

/// A modem family, which decides the format of its files (modem-nvram.md 0.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// No header, RC4 under a four-byte key.
    #[default]
    Wr8,
    /// No header, RC4's output stage on a derived table.
    Lr11,
    /// `LDI` header, AES.
    Lr12a,
}

/// A kind of partition table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableKind {
    /// PMT, MBR and EBR1; linear addresses.
    #[default]
    Pmt,
    /// GPT; `linear` in the layout is the byte of the user area.
    Gpt,
    /// PMT of a NAND; `linear` in the layout is the byte of the chip's main area.
    Nand,
}

/// The generation of a phone's flash content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modem {
    /// Whose files they are.
    #[serde(default)]
    pub family: Family,
    /// How the user area is cut up.
    #[serde(default)]
    pub table: TableKind,
    /// Major version of Android: 4 keeps the live tree in user data, 9 in `nvdata` (ap-nvram.md 2.5).
    #[serde(default = "Modem::oldest")]
    pub android: u8,
}

impl Default for Modem {
    fn default() -> Self {
        Self { family: Family::default(), table: TableKind::default(), android: Self::oldest() }
    }
}

/// The partitions a phone's identity is in, by their role.
#[derive(Debug, Clone, Copy)]
pub struct Roles {
    /// The record with the label's numbers.
    pub pro_info: &'static str,
    /// The backup region.
    pub nvram: &'static str,
    /// Both SIM-lock partitions.
    pub protect: [&'static str; 2],
    /// The volume of the live tree.
    pub live: &'static str,
    /// Folder of the live tree on that volume, without the slash behind it; empty at the volume's root.
    pub live_root: &'static str,
    /// The live tree in Android's eyes, with the slash behind it.
    pub prefix: &'static str,
    /// The volume a factory reset empties besides.
    pub user: &'static str,
}

impl Modem {
    fn oldest() -> u8 {
        4
    }

    /// Returns the SELinux label of the files of the live tree, on an Android that labels them.
    #[must_use]
    pub fn label(&self) -> Option<&'static str> {
        (self.android > 4).then_some("u:object_r:nvdata_file:s0")
    }

    /// Returns the names of the partitions (ap-nvram.md 2.5, 2.8, 5.1).
    #[must_use]
    pub fn roles(&self) -> Roles {
        let (live, live_root, prefix) = match (self.android, self.table) {
            (..=4, TableKind::Pmt | TableKind::Nand) => ("USRDATA", "/nvram", "/data/nvram/"),
            (..=4, TableKind::Gpt) => ("userdata", "/nvram", "/data/nvram/"),
            (5..=7, _) => ("nvdata", "", "/nvdata/"),
            _ => ("nvdata", "", "/mnt/vendor/nvdata/"),
        };
        match self.table {
            TableKind::Pmt | TableKind::Nand => Roles {
                pro_info: "PRO_INFO",
                nvram: "NVRAM",
                protect: ["PROTECT_F", "PROTECT_S"],
                live,
                live_root,
                prefix,
                user: "USRDATA",
            },
            TableKind::Gpt => Roles {
                pro_info: "proinfo",
                nvram: "nvram",
                protect: ["protect1", "protect2"],
                live,
                live_root,
                prefix,
                user: "userdata",
            },
        }
    }
}
