//! Turns the errors of the rooms below into failures: which exit code, which advice. The one table of that kind.

use super::{Exit, Failure};
use crate::formats::ReadError;
use crate::protocol::ProtocolError;
use crate::storage::phone::INTERRUPTED;
use crate::transport::LinkError;
use crate::vault::VaultError;

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let code = error.code();
        let (exit, advice) = match &error {
            VaultError::Io { source, .. } => {
                let exit = match source.kind() {
                    std::io::ErrorKind::PermissionDenied => Exit::Denied,
                    std::io::ErrorKind::NotFound => Exit::Usage,
                    _ => Exit::Other,
                };
                (exit, None)
            }
            VaultError::DiskFull { .. } => {
                (Exit::Other, Some("Make room or name another folder with -o; no partial file was left."))
            }
            VaultError::Exists { .. } => {
                (Exit::Usage, Some("Name another file with -o, or replace it with --force."))
            }
            VaultError::Busy { .. } => (Exit::Denied, None),
            VaultError::NewerSchema { .. } => {
                (Exit::BadArchive, Some("The archive is fine; update nvkeep to read it."))
            }
            VaultError::NotAnArchive { .. } => (
                Exit::BadArchive,
                Some("An archive is a file that `nvkeep backup` made, usually named *.nvk."),
            ),
            VaultError::ReadBack { .. } => {
                (Exit::Mismatch, Some("The disk did not keep what was written; save to another disk."))
            }
            VaultError::Sealed { passphrase: true, .. } => (
                Exit::Denied,
                Some(
                    "Give its passphrase with --passphrase-file, or run the verb on a terminal to be asked for it.",
                ),
            ),
            VaultError::Sealed { .. } => {
                (Exit::Denied, Some("Give the identity of one of its recipients with --identity KEYFILE."))
            }
            VaultError::WrongKey { .. } => (
                Exit::Denied,
                Some(
                    "Nothing says that the file is damaged; give the key it was sealed to, or another copy of it.",
                ),
            ),
            VaultError::ExcessiveWork { .. } => (
                Exit::BadArchive,
                Some(
                    "It is meant to keep the machine busy, or was made with unusual settings: `age -d` may open it.",
                ),
            ),
            VaultError::SealBroken { .. } => (
                Exit::BadArchive,
                Some("It was damaged or changed after it was sealed; use another copy of it."),
            ),
            VaultError::SealedAlready { .. } | VaultError::Key { .. } => (Exit::Usage, None),
            VaultError::Journal { .. } => (
                Exit::Forbidden,
                Some(
                    "Nothing is written to this phone while that file lies there, for it may tell of a write that did not \
                     finish, and cannot be believed any more. Look at the phone with `nvkeep diagnose` and save it as it is \
                     with `nvkeep backup`; then move the file to another folder, and put the phone's archive back with \
                     `nvkeep restore` if anything is missing.",
                ),
            ),
            _ => (
                Exit::BadArchive,
                Some("The archive was damaged or changed after it was made; use another copy of it."),
            ),
        };
        let failure = Self::new(exit, code, error.to_string());
        match advice {
            Some(advice) => failure.advise(advice),
            None => failure,
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        let (exit, code, advice) = match &error {
            LinkError::NoPhone { .. } => (
                Exit::NoPhone,
                "no-phone",
                "Switch the phone off, start nvkeep, then plug the cable in (on some phones with a volume key held); \
                 the preloader listens only a few seconds. `nvkeep detect` shows what is on USB.",
            ),
            LinkError::Timeout { .. } => (
                Exit::NoPhone,
                "cable-timeout",
                "Unplug the phone, take its battery out for a moment, try another cable or port, and start again.",
            ),
            LinkError::Gone => (
                Exit::ReadIncomplete,
                "cable-gone",
                "Check cable and battery, plug the phone in again and repeat; nothing incomplete was kept.",
            ),
            LinkError::Busy { .. } => (
                Exit::Denied,
                "port-busy",
                "Close the other program (a flash tool, a modem manager, a second nvkeep) and plug the phone in again.",
            ),
            LinkError::Denied { .. } => (
                Exit::Denied,
                "no-permission",
                "`nvkeep doctor --install-udev` gives your user permission; `nvkeep doctor` says what else is in the way.",
            ),
            LinkError::NotAPhone { .. } => (
                Exit::Refused,
                "not-a-preloader",
                "Unplug it, switch the phone off, and plug it in again so that its preloader answers.",
            ),
            LinkError::Replay { .. } => {
                (Exit::Mismatch, "replay-differs", "The recording belongs to another verb, version or phone.")
            }
            LinkError::Io { .. } => {
                (Exit::Other, "cable-io", "Plug the phone in again, at another port if it repeats.")
            }
        };
        Self::new(exit, code, error.to_string()).advise(advice)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::Device { code, .. } => Self::new(exit_of(code), code, error.to_string()),
            ReadError::NotKept { .. } => Self::new(Exit::BadArchive, "not-in-archive", error.to_string()),
            ReadError::OutOfRange { .. } => {
                Self::new(Exit::ReadIncomplete, "out-of-range", error.to_string())
            }
            ReadError::Refused { .. } => Self::new(Exit::Forbidden, "write-refused", error.to_string())
                .advise("nvkeep writes identity regions only; nothing was written."),
        }
    }
}

impl From<ProtocolError> for Failure {
    fn from(error: ProtocolError) -> Self {
        Self::new(exit_of(error.code()), error.code(), error.to_string()).advise(error.advice())
    }
}

/// Returns the exit code of a failed conversation by its stable code.
fn exit_of(code: &str) -> Exit {
    match code {
        INTERRUPTED => Exit::Interrupted,
        "no-phone" | "cable-timeout" | "too-slow" => Exit::NoPhone,
        "port-busy" | "no-permission" => Exit::Denied,
        "handshake-lost" | "not-a-preloader" | "not-a-phone" | "brom" | "security" | "unknown-chip"
        | "chip-not-verified" | "nand-boot" | "fingerprint" | "silent-write32" | "refused-card"
        | "engine-not-built" | "da-refused" | "da-security" | "da-upload" | "da-other-chip"
        | "da2-rejected" | "dram-needed" | "nand-read-only" | "agent-foreign" | "agent-forbidden"
        | "agent-no-storage" => Exit::Refused,
        "replay" => Exit::Mismatch,
        _ => Exit::ReadIncomplete,
    }
}
