//! The user's Download Agent file: given, named by the environment, or lying beside the scatter file. Opened once, bounded,
//! and told by name and digest; nothing of it is changed or kept.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::session::hex;
use super::{Context, Exit, Failure};
use crate::formats::da_container::{DaContainer, DaError, DaRegion, Device, MOST_BYTES};
use crate::protocol::{AgentImage, PreloaderFacts, Stage};

/// How a file came to be used. Only a given one may try its signature on a phone that demands its maker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// `--da`.
    Given,
    /// `NVKEEP_DA`.
    Environment,
    /// Beside the scatter file.
    Beside,
}

impl Origin {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Given => "given with --da",
            Self::Environment => "named by NVKEEP_DA",
            Self::Beside => "found beside the scatter file",
        }
    }
}

/// An opened file.
pub(super) struct AgentFile {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
    pub(super) sha256: String,
    pub(super) container: DaContainer,
    bytes: Vec<u8>,
}

/// Finds and opens the file, if there is one; a given one goes before the environment's, and that before a found one.
pub(super) fn find(context: &Context<'_>) -> Result<Option<AgentFile>, Failure> {
    let wish = &context.choices.reach;
    let beside = || context.choices.scatter.as_deref().and_then(beside);
    let found = match (&wish.da, &wish.da_by_environment) {
        (Some(path), _) => Some((path.clone(), Origin::Given)),
        (None, Some(path)) => Some((path.clone(), Origin::Environment)),
        (None, None) => beside().map(|path| (path, Origin::Beside)),
    };
    found.map(|(path, origin)| open(path, origin)).transpose()
}

/// Returns the agent file in a scatter file's folder: flash packages keep the two together. Of several the all-in-one first,
/// then by name, so that the same folder always gives the same file.
fn beside(scatter: &Path) -> Option<PathBuf> {
    let folder = scatter.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found: Vec<(bool, String, PathBuf)> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().to_str()?.to_ascii_lowercase();
            let all_in_one = name.starts_with("mtk_allinone_da");
            let named = (all_in_one || name.starts_with("da_")) && name.ends_with(".bin");
            (named && entry.path().is_file()).then(|| (!all_in_one, name, entry.path()))
        })
        .collect();
    found.sort();
    found.into_iter().next().map(|(_, _, path)| path)
}

fn open(path: PathBuf, origin: Origin) -> Result<AgentFile, Failure> {
    let failed = |error: std::io::Error| Failure::file("reading the Download Agent file", &path, &error);
    let len = std::fs::metadata(&path).map_err(failed)?.len();
    if len > MOST_BYTES {
        let what = format!("{}: {len} bytes, more than any Download Agent file has", path.display());
        return Err(Failure::new(Exit::Refused, "da-not-a-container", what)
            .advise("Give the file named like MTK_AllInOne_DA.bin from this phone's flash package."));
    }
    let bytes = std::fs::read(&path).map_err(failed)?;
    let container = DaContainer::parse(&bytes).map_err(|error| wrong(&path, &error))?;
    let sha256 = hex(&Sha256::digest(&bytes));
    Ok(AgentFile { path, origin, sha256, container, bytes })
}

fn wrong(path: &Path, error: &DaError) -> Failure {
    Failure::new(Exit::Refused, error.code(), format!("{}: {error}", path.display())).advise(error.advice())
}

impl AgentFile {
    /// Chooses the entry for a phone and cuts its stages out; returns them with the reason for this entry.
    pub(super) fn image(
        &self,
        da_code: u16,
        facts: &PreloaderFacts,
    ) -> Result<(AgentImage, String), Failure> {
        let device = Device {
            da_code,
            hw_sub_code: facts.hw_sub_code,
            hw_version: facts.hw_version,
            sw_version: facts.sw_version,
        };
        let chosen = self.container.choose(device, &self.bytes).map_err(|error| wrong(&self.path, &error))?;
        let stage = |region: &DaRegion| Stage {
            address: region.address,
            // Whole: the container was checked for it.
            bytes: region.of(&self.bytes).unwrap_or_default().to_vec(),
            signature_len: region.signature_len,
        };
        Ok((AgentImage { first: stage(&chosen.first), second: stage(&chosen.second) }, chosen.reason))
    }

    /// Returns the file's name without its folders.
    pub(super) fn name(&self) -> String {
        self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }
}
