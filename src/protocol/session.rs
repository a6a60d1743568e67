//! From a plugged link to a known phone: handshake, identification, chip description. Promises that nothing was written.

use std::time::Duration;

use super::ProtocolError;
use super::chip::ChipProfile;
use super::direct::{DirectEngine, DirectOptions};
use super::handshake::handshake;
use super::legacy::{AgentChip, AgentImage, LegacyEngine, LegacyOptions};
use super::preloader::{Preloader, TargetConfig};
use crate::transport::Link;

/// What a preloader tells about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreloaderFacts {
    /// Answer of GET_HW_CODE.
    pub hw_code: u16,
    /// Hardware sub code.
    pub hw_sub_code: u16,
    /// Hardware version.
    pub hw_version: u16,
    /// Software version.
    pub sw_version: u16,
    /// Preloader version.
    pub bl_version: u8,
    /// Security fuses.
    pub target_config: TargetConfig,
}

/// How to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectOptions {
    /// Accept chips whose description is not verified; they stay read-only.
    pub unverified: bool,
}

/// A phone that has said who it is.
pub struct Session {
    preloader: Preloader,
    facts: PreloaderFacts,
    chip: ChipProfile,
}

/// Connects to a phone: handshake, the four queries, its description.
///
/// # Errors
/// As [`handshake`]; [`ProtocolError::Brom`], [`ProtocolError::UnknownChip`], [`ProtocolError::ChipNotVerified`], each
/// with nothing sent but queries.
pub fn connect(
    link: Box<dyn Link>,
    chips: &[ChipProfile],
    options: ConnectOptions,
    within: Duration,
) -> Result<Session, ProtocolError> {
    greet(link, within)?.into_session(chips, options)
}

/// A phone that has said who it is, before anybody has decided how to reach its flash.
pub struct Greeted {
    preloader: Preloader,
    facts: PreloaderFacts,
}

/// Talks a phone into its command loop and asks it the four queries.
///
/// # Errors
/// As [`handshake`] and [`identify`].
pub fn greet(link: Box<dyn Link>, within: Duration) -> Result<Greeted, ProtocolError> {
    let mut preloader = handshake(link, within)?;
    let facts = identify(&mut preloader)?;
    Ok(Greeted { preloader, facts })
}

impl Greeted {
    /// Returns what the preloader told.
    #[must_use]
    pub fn facts(&self) -> &PreloaderFacts {
        &self.facts
    }

    /// Finds its description for the direct engine.
    ///
    /// # Errors
    /// [`ProtocolError::UnknownChip`], [`ProtocolError::ChipNotVerified`].
    pub fn into_session(
        self,
        chips: &[ChipProfile],
        options: ConnectOptions,
    ) -> Result<Session, ProtocolError> {
        let Self { preloader, facts } = self;
        let hw_code = facts.hw_code;
        let chip = chips.iter().find(|chip| chip.hw_code == hw_code);
        let chip = chip.cloned().ok_or(ProtocolError::UnknownChip { hw_code })?;
        if !chip.verified && !options.unverified {
            return Err(ProtocolError::ChipNotVerified { name: chip.name, hw_code, writing: false });
        }
        Ok(Session { preloader, facts, chip })
    }

    /// Gives the preloader up for a Download Agent.
    ///
    /// # Errors
    /// See [`LegacyEngine::open`].
    pub fn into_legacy(
        self,
        chip: AgentChip,
        image: &AgentImage,
        options: LegacyOptions,
    ) -> Result<LegacyEngine, ProtocolError> {
        LegacyEngine::open(self.preloader, self.facts, chip, image, options)
    }
}

/// Asks a preloader who it is. FD comes first: its answer depends on nothing else.
///
/// # Errors
/// [`ProtocolError::Brom`], or when a query fails.
pub fn identify(preloader: &mut Preloader) -> Result<PreloaderFacts, ProtocolError> {
    let hw_code = preloader.hw_code()?;
    let bl_version = preloader.bl_version()?;
    let versions = preloader.hw_sw_version()?;
    let target_config = preloader.target_config()?;
    Ok(PreloaderFacts {
        hw_code,
        hw_sub_code: versions.hw_sub_code,
        hw_version: versions.hw_version,
        sw_version: versions.sw_version,
        bl_version,
        target_config,
    })
}

impl Session {
    /// Returns what the preloader told.
    #[must_use]
    pub fn facts(&self) -> &PreloaderFacts {
        &self.facts
    }

    /// Returns the chip's description.
    #[must_use]
    pub fn chip(&self) -> &ChipProfile {
        &self.chip
    }

    /// Gives the preloader up for an engine that drives the storage controller.
    ///
    /// # Errors
    /// When a check of msdc-direct.md 11 fails; see [`DirectEngine::open`].
    pub fn into_direct(self, options: DirectOptions) -> Result<DirectEngine, ProtocolError> {
        DirectEngine::open(self.preloader, self.facts, self.chip, options)
    }

    /// Gives the bare preloader up, for engines that load an agent.
    #[must_use]
    pub fn into_preloader(self) -> Preloader {
        self.preloader
    }
}
