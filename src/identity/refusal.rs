//! Why nothing is written: the refusals of binding and planning, each with a stable code and what the user can do.

use thiserror::Error;

/// Why nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum Refusal {
    #[error("the archive is of a {archive}, this phone is a {phone}")]
    OtherChip { phone: String, archive: String },
    #[error("{region} lies elsewhere on this phone than in the archive")]
    OtherLayout { region: &'static str },
    #[error("the archive is of another phone: {why}")]
    OtherPhone { why: &'static str },
    #[error("the archive was imported and carries no CID, so that only surviving copies can bind it: {why}")]
    WeakBinding { why: &'static str },
    #[error("the archive holds no valid BinRegion")]
    NoSource,
    #[error("the phone's BinRegion is not valid, so parts of it cannot be replaced")]
    NoTarget,
    #[error("{path} has another size on the phone than in the archive, or is missing there")]
    OtherSize { path: String },
    #[error("the archive does not hold {what}")]
    NotInArchive { what: &'static str },
    #[error("{path} of the live files cannot be overwritten in place")]
    NoPlace { path: String },
    #[error(
        "the live files are marked valid, and neither {path} nor the mark itself can be overwritten in place: the phone would go on using them"
    )]
    LiveStuck { path: String },
    #[error("the phone would rebuild its live files from a BinRegion that is not valid: {reason}")]
    RegionNotValid { reason: String },
    #[error("two valid copies contradict each other about {what}: {first}, {second}")]
    Conflict { what: String, first: String, second: String },
    #[error("the IMEI on the label is not confirmed: {why}")]
    Label { why: &'static str },
    #[error(
        "the BinRegion's checksum does not hold, and nothing vouches for {path}: it has no sum of its own and no equal copy"
    )]
    Unvouched { path: String },
    #[error("the evidence is not enough to make this phone healthy. {missing}")]
    NotEnough { missing: String },
    #[error(
        "NVRAM is blank, and among the live files there is no whole AllMap and AllFile to say how this phone's BinRegion is built"
    )]
    NoPattern,
    #[error("this copy cannot be made safe to publish: {why}")]
    CannotRedact { why: &'static str },
    #[error("no BinRegion can be made of the live files: {why}")]
    CannotCompose { why: String },
    #[error("the random address came out as a known placeholder")]
    UnfitAddress,
}

impl Refusal {
    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherChip { .. } => "other-chip",
            Self::OtherLayout { .. } => "other-layout",
            Self::OtherPhone { .. } | Self::WeakBinding { .. } => "other-phone",
            Self::NoSource => "archive-not-valid",
            Self::NoTarget => "binregion-not-valid",
            Self::OtherSize { .. } => "size-differs",
            Self::NotInArchive { .. } => "not-in-archive",
            Self::NoPlace { .. } => "no-place",
            Self::LiveStuck { .. } => "live-stuck",
            Self::RegionNotValid { .. } => "region-not-valid",
            Self::Conflict { .. } => "evidence-conflicts",
            Self::Label { .. } => "label-differs",
            Self::Unvouched { .. } => "not-vouched-for",
            Self::NotEnough { .. } => "not-enough-evidence",
            Self::NoPattern => "no-pattern",
            Self::CannotCompose { .. } => "cannot-compose",
            Self::CannotRedact { .. } => "cannot-redact",
            Self::UnfitAddress => "unfit-address",
        }
    }

    /// Returns what the user can do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NoTarget | Self::OtherSize { .. } => "Restore the whole archive, without --only.",
            Self::NoPlace { .. } => {
                "Boot the phone once and switch it off, so that its file system is settled; or restore the whole archive, without --only."
            }
            Self::LiveStuck { .. } => {
                "Boot the phone once and switch it off, so that its file system is settled, and try again. If it does not boot, wipe its user data in its recovery first: the phone then has no live files that stand in the way."
            }
            Self::Conflict { .. } => {
                "Only one can be the phone's own: compare both with its label (nvkeep inspect). An archive of this very phone settles it: nvkeep restore ARCHIVE."
            }
            Self::Label { .. } => {
                "Nothing was written. Look at what the phone holds (nvkeep inspect); a typed number is never written."
            }
            Self::Unvouched { .. } | Self::NotEnough { .. } => {
                "Nothing was written. Give an archive of this very phone: nvkeep repair --from ARCHIVE, or nvkeep restore ARCHIVE for the whole set. On phones with nvdata, --deep also looks into what is left of deleted files. Where only Wi-Fi and Bluetooth addresses are missing, --new-mac makes up local ones."
            }
            Self::NoPattern => {
                "The phone runs on its live files: back it up now, and do not factory-reset it. An archive of this very phone puts NVRAM back: nvkeep restore ARCHIVE."
            }
            Self::CannotRedact { .. } => "Nothing was written. Do not publish this copy.",
            Self::CannotCompose { .. } => {
                "The phone runs on its live files: back it up now, and do not factory-reset it."
            }
            Self::UnfitAddress => "Nothing was written. Run the repair again.",
            Self::NoSource | Self::RegionNotValid { .. } | Self::NotInArchive { .. } => {
                "Use an older archive of this phone."
            }
            _ => "Use an archive of this very phone. Other phones' archives can be inspected, never written.",
        }
    }
}
