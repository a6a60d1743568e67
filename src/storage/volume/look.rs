//! Whose a file is and who may touch it: owner, group, mode, SELinux label. What the reference says of them; a neighbour on
//! the volume knows better.

/// Owner, group, mode and label of one file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Owner.
    pub owner: u32,
    /// Group.
    pub group: u32,
    /// Permission, set-id and sticky bits.
    pub mode: u16,
    /// SELinux label, such as `u:object_r:nvdata_file:s0`; `None` on phones without.
    pub label: Option<String>,
}

/// What new files and folders shall look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Like {
    /// For files.
    pub file: Look,
    /// For folders.
    pub folder: Look,
    /// Where there is a neighbour (for a file: files beside it; for a folder: folders beside it, or the one around it), it
    /// is followed instead. The label of the folder around is followed in any case.
    pub neighbours: bool,
}

/// Owner of the daemon that keeps NVRAM on Android 4 (ap-nvram.md 2.5).
const NVRAM: u32 = 9997;
/// Android's `system`.
const SYSTEM: u32 = 1000;

impl Like {
    /// As the NVRAM daemon of Android 4 makes them: folders 2770, files 0660, 9997:9997 (ap-nvram.md 2.5, MT6572 sample).
    #[must_use]
    pub fn android4(label: Option<&str>) -> Self {
        let look = |mode| Look { owner: NVRAM, group: NVRAM, mode, label: label.map(str::to_owned) };
        Self { file: look(0o660), folder: look(0o2770), neighbours: true }
    }

    /// As Android 9 and later make them: folders 0771, files 0660, root:system (ap-nvram.md 2.5).
    #[must_use]
    pub fn android9(label: Option<&str>) -> Self {
        let look = |mode| Look { owner: 0, group: SYSTEM, mode, label: label.map(str::to_owned) };
        Self { file: look(0o660), folder: look(0o771), neighbours: true }
    }
}

/// Returns the label that files of an identity partition carry (modem-nvram.md 1.7), by its canonical name.
#[must_use]
pub fn reference_label(partition: &str) -> Option<&'static str> {
    match partition {
        "NVDATA" => Some("u:object_r:nvdata_file:s0"),
        "NVCFG" => Some("u:object_r:nvcfg_file:s0"),
        "PROTECT_F" => Some("u:object_r:protect_f_data_file:s0"),
        "PROTECT_S" => Some("u:object_r:protect_s_data_file:s0"),
        _ => None,
    }
}

/// Returns the look that most of `looks` have, the first of equals.
pub(super) fn usual(looks: Vec<Look>) -> Option<Look> {
    let count = |look: &Look| looks.iter().filter(|other| *other == look).count();
    let most = looks.iter().map(count).max()?;
    looks.iter().find(|look| count(look) == most).cloned()
}
