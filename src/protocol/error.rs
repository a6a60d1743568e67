//! Everything that can go wrong between host and phone, always with the place: which command, which byte, which LBA.

use thiserror::Error;

use crate::transport::LinkError;

/// A failed conversation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProtocolError {
    /// The cable failed.
    #[error("{doing}: {cause}")]
    Link {
        /// What was being done.
        doing: String,
        /// The cable's error.
        cause: LinkError,
    },
}

impl ProtocolError {
    /// Returns the stable code of this kind of failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Link { .. } => "cable",
        }
    }
}
