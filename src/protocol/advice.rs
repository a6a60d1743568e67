//! One sentence per kind of failure for the person at the bench. Knows no causes beyond the error itself.

use super::ProtocolError;
use super::card_trouble::CardTrouble;
use crate::transport::LinkError;
use crate::wire::emmc::status;

/// What to do when the stream cannot be trusted any more.
const START_OVER: &str = "Hold the power key for 15 s or take the battery out, then connect the phone again.";

impl ProtocolError {
    /// Returns what a technician should do about it, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Link { cause: LinkError::Gone, .. } => {
                "The phone left the bus: check cable and battery, connect it switched off, and start again."
            }
            Self::Link { cause: LinkError::Denied { .. }, .. } => {
                "Give your user access to the port: `nvkeep doctor --install-udev`."
            }
            Self::Link { cause: LinkError::Busy { .. }, .. } => {
                "Close the other program that uses the port, such as a flash tool or ModemManager."
            }
            Self::Link { cause: LinkError::NoPhone { .. }, .. } => {
                "Switch the phone off, then plug it in while nvkeep is waiting."
            }
            Self::Link { .. } | Self::EchoMismatch { .. } | Self::Desync { .. } => START_OVER,
            Self::HandshakeLost { .. } => {
                "Unplug the phone, take the battery out for some seconds, and plug it in while nvkeep is waiting."
            }
            Self::NotAPreloader { .. } => {
                "Check that the port belongs to the phone and that the phone is switched off when you plug it in."
            }
            Self::Brom => {
                "Release any key or test point that forces the boot ROM, and plug the phone in again, so that its preloader \
                 answers: from the boot ROM its memory would need data only its own firmware has."
            }
            Self::Status { .. } => "Restart the phone and try once more; if it repeats, report this status.",
            Self::Security { .. } => {
                "This phone's maker has closed register access; it needs the maker's own signed tools."
            }
            Self::AddressRefused { .. } => "This is a mistake in a chip description or in nvkeep: report it.",
            Self::UnknownChip { .. } => {
                "nvkeep has no description of this chip; `nvkeep info` output helps to add one."
            }
            Self::ChipNotVerified { writing: false, .. } => {
                "Only developers may try unverified chips, and only to read."
            }
            Self::ChipNotVerified { writing: true, .. } => {
                "Nothing is ever written to a chip nobody has verified."
            }
            Self::NandBoot { .. } => {
                "Give the Download Agent file of this phone's flash package (named like MTK_AllInOne_DA.bin) with --da FILE: through it NAND is read."
            }
            Self::Fingerprint { .. } => {
                "Restart the phone and try again; if it repeats, report these registers: this board is unknown."
            }
            Self::SilentWrite32 { .. } => {
                "This preloader build is not supported; use the vendor's Download Agent."
            }
            Self::Card { trouble, .. } => card_advice(trouble),
            Self::Agent { trouble, .. } => trouble.advice(),
            Self::OtherAgent { .. } => {
                "nvkeep reaches this chip's storage in a later version; nothing was sent to the phone."
            }
            Self::RefusedCard { .. } => {
                "The layout of such a card cannot be computed safely; nothing was written."
            }
            Self::NandReadOnly => {
                "Keep the backup: its regions can be taken out of it with `nvkeep vault export`, for the tool of the phone's maker."
            }
            Self::OutOfRange { .. } => {
                "The partition table points beyond the card: it belongs to another card."
            }
            Self::TooSlow { .. } => {
                "Try another cable and port, and over a network a nearer one; a larger --timeout gives it more time."
            }
            Self::Left { .. } => "Connect the phone again.",
        }
    }
}

fn card_advice(trouble: &CardTrouble) -> &'static str {
    match trouble {
        CardTrouble::NoResponse => {
            "Restart the phone; if it repeats, the eMMC or its solder joints have failed."
        }
        CardTrouble::ResponseCrc | CardTrouble::DataCrc { .. } => {
            "Restart the phone and read again; if it repeats, the eMMC's data lines or its supply are weak."
        }
        CardTrouble::DataTimeout { .. } | CardTrouble::Stuck { .. } => {
            "Restart the phone and try again; if it stops at the same place, the eMMC is failing: save what can be read."
        }
        CardTrouble::Status(word) if word & status::WP_VIOLATION != 0 => {
            "The eMMC has write-protected this area, often because it is worn out: back it up and replace it."
        }
        CardTrouble::Status(word) if word & status::ECC_FAILED != 0 => {
            "The eMMC cannot read this block any more: save the rest and replace it."
        }
        CardTrouble::Status(_) => "Restart the phone and try again; if it repeats, the eMMC is failing.",
    }
}
