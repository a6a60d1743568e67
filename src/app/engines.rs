//! Which way to a phone's flash: what the user asked for, what its chip allows, what its fuses forbid. Promises to say which was
//! taken and why, and that an agent nobody may send is not sent.

use serde::{Deserialize, Serialize};

use super::agent_file::{self, AgentFile, Origin};
use super::context::EngineWish;
use super::{Context, Exit, Failure, Pace, chips};
use crate::formats::catalog::{AgentRow, Confidence, DaMode};
use crate::protocol::{
    ConnectOptions, DirectOptions, Engine, Greeted, LegacyEngine, LegacyOptions, Pace as EnginePace, Patient,
    PreloaderFacts, ProtocolError, legacy,
};

/// Why the direct engine, where nothing else was said.
const NO_FILE_NEEDED: &str =
    "direct: the preloader's register commands reach the eMMC controller, so no vendor file is needed";

/// The Download Agent that runs on a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentFacts {
    /// Name of the file it was taken from.
    pub file: String,
    /// The file's digest.
    pub sha256: String,
    /// The file's own description of itself.
    pub build: String,
    /// Which entry, and why that one.
    pub entry: String,
    /// Which dialect it speaks: `D19`, `D13`.
    pub dialect: String,
    /// How sure the chip's description is: `observed`, `described`, `guessed`.
    pub confidence: String,
}

/// A phone whose flash can be asked.
pub(super) struct Reached {
    pub preloader: PreloaderFacts,
    pub engine: Box<dyn Engine>,
    pub chip: String,
    pub reason: String,
    pub agent: Option<AgentFacts>,
}

/// Why there is none.
pub(super) enum Missed {
    /// For good.
    Failed(Failure),
    /// The phone refused the agent and restarts; the direct engine may be tried when it is back. Holds the refusal.
    Refused(String),
}

impl<E: Into<Failure>> From<E> for Missed {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The way to the flash, from one try to the next.
pub(super) struct Ways {
    file: Option<AgentFile>,
    searched: bool,
    /// The agent was refused once, with these words.
    refused: Option<String>,
}

/// Ways to the flash.
enum Way<'a> {
    Direct(String),
    Agent(&'a AgentRow, String),
}

impl Ways {
    /// Opens a file that will be used at once, so that a wrong or missing one is told before anybody waits for a phone: one
    /// that was spoken to stays in its preloader.
    pub(super) fn new(context: &Context<'_>) -> Result<Self, Failure> {
        let mut ways = Self { file: None, searched: false, refused: None };
        let demanded = context.choices.reach.engine == EngineWish::Legacy;
        if demanded || context.choices.reach.da.is_some() {
            ways.search(context)?;
        }
        if demanded && ways.file.is_none() {
            return Err(needs_file("the legacy engine"));
        }
        Ok(ways)
    }

    /// Remembers a refusal: from here on only the direct engine is tried.
    pub(super) fn refused(&mut self, words: String) {
        self.refused = Some(words);
    }

    /// Returns whether a phone that restarts is waited for.
    pub(super) fn awaits_return(&self) -> bool {
        self.refused.is_some()
    }

    fn search(&mut self, context: &Context<'_>) -> Result<(), Failure> {
        if !self.searched {
            self.file = agent_file::find(context)?;
            self.searched = true;
            if let Some(file) = &self.file {
                context.note(format!("Download Agent {}: {}", file.path.display(), file.origin.words()));
            }
        }
        Ok(())
    }

    /// Opens the engine for a phone that has said who it is.
    pub(super) fn open(&mut self, context: &Context<'_>, greeted: Greeted) -> Result<Reached, Missed> {
        match self.choose(context, greeted.facts())? {
            Way::Direct(reason) => direct(context, greeted, reason),
            Way::Agent(row, reason) => self.agent(context, greeted, row, reason),
        }
    }

    fn choose<'a>(&mut self, context: &'a Context<'_>, facts: &PreloaderFacts) -> Result<Way<'a>, Failure> {
        let hw_code = facts.hw_code;
        let row = context.catalog.agents().iter().find(|row| row.hw_code == hw_code);
        let chip = context.catalog.chips().iter().find(|chip| chip.hw_code == hw_code);
        let wish = context.choices.reach.engine;
        if let Some(words) = &self.refused {
            return Ok(Way::Direct(format!("direct: the phone refused the Download Agent ({words})")));
        }
        match wish {
            EngineWish::Direct => return Ok(Way::Direct(NO_FILE_NEEDED.into())),
            EngineWish::Auto
                if context.choices.reach.da.is_none() && chip.is_some_and(|chip| chip.verified) =>
            {
                return Ok(Way::Direct(NO_FILE_NEEDED.into()));
            }
            _ => {}
        }
        let Some(row) = row else {
            // Whatever the direct engine has to say of this chip.
            return if wish == EngineWish::Auto && self.file.is_none() {
                Ok(Way::Direct(NO_FILE_NEEDED.into()))
            } else {
                Err(ProtocolError::UnknownChip { hw_code }.into())
            };
        };
        if row.da_mode != DaMode::Legacy {
            let (name, mode) = (row.name.clone(), chips::mode(row.da_mode));
            return Err(ProtocolError::OtherAgent { name, mode }.into());
        }
        self.search(context)?;
        let Some(file) = &self.file else { return Err(needs_file(&only_way(&row.name))) };
        if wish == EngineWish::Auto
            && chip.is_some_and(|chip| chip.verified)
            && let Err(error) = legacy::admit(facts.target_config, file.origin == Origin::Given)
        {
            context.warn(format!("the Download Agent is not sent: {error}"));
            return Ok(Way::Direct(format!("direct: {error}")));
        }
        let why = match (wish, file.origin) {
            (EngineWish::Legacy, _) => "asked for with --engine".to_owned(),
            (_, Origin::Given) => "a Download Agent was given with --da".to_owned(),
            (_, origin) => {
                format!(
                    "{} is not verified for the direct engine; the Download Agent was {}",
                    row.name,
                    origin.words()
                )
            }
        };
        Ok(Way::Agent(row, format!("legacy: {why}")))
    }

    fn agent(
        &self,
        context: &Context<'_>,
        greeted: Greeted,
        row: &AgentRow,
        reason: String,
    ) -> Result<Reached, Missed> {
        let preloader = *greeted.facts();
        let Some(file) = &self.file else { return Err(needs_file(&only_way(&row.name)).into()) };
        let (image, entry) = file.image(row.da_code(), &preloader)?;
        context.step(format!("Sending the Download Agent ({entry})"));
        let options = LegacyOptions { given: file.origin == Origin::Given, ..LegacyOptions::default() };
        let direct_too =
            context.catalog.chips().iter().any(|chip| chip.hw_code == row.hw_code && chip.verified);
        let falls_back = context.choices.reach.engine == EngineWish::Auto && direct_too;
        match greeted.into_legacy(chips::agent(row), &image, options) {
            Ok(engine) => Ok(Reached {
                preloader,
                chip: row.name.clone(),
                reason,
                agent: Some(AgentFacts {
                    file: file.name(),
                    sha256: file.sha256.clone(),
                    build: file.container.description.clone(),
                    entry,
                    dialect: engine.dialect().to_string(),
                    confidence: confidence(row.confidence).into(),
                }),
                engine: patient(engine, context),
            }),
            Err(error) if error.code() == "da-refused" && falls_back => {
                Err(Missed::Refused(error.to_string()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// An agent answers whole runs: looking after each is soon enough.
fn patient(engine: LegacyEngine, context: &Context<'_>) -> Box<dyn Engine> {
    let step = usize::try_from(engine.capabilities().run_blocks).unwrap_or(1);
    Box::new(Patient::new(engine, context.choices.timeout, step))
}

fn direct(context: &Context<'_>, greeted: Greeted, reason: String) -> Result<Reached, Missed> {
    let profiles = chips::profiles(&context.catalog);
    let hw_code = greeted.facts().hw_code;
    let agent =
        context.catalog.agents().iter().any(|row| row.hw_code == hw_code && row.da_mode == DaMode::Legacy);
    let session = match greeted.into_session(&profiles, ConnectOptions::default()) {
        Ok(session) => session,
        Err(error @ (ProtocolError::ChipNotVerified { .. } | ProtocolError::UnknownChip { .. })) if agent => {
            return Err(Missed::Failed(Failure::from(error).advise(GIVE_FILE)));
        }
        Err(error) => return Err(error.into()),
    };
    let (preloader, chip) = (*session.facts(), session.chip().name.clone());
    let pace = match context.choices.pace {
        Pace::Strict => EnginePace::Strict,
        Pace::Fast => EnginePace::Fast,
    };
    let engine = session.into_direct(DirectOptions { pace }).map_err(|error| nand_way(context, error))?;
    // This engine asks for each block alone, so looking after each costs nothing.
    let engine = Patient::new(engine, context.choices.timeout, 1);
    Ok(Reached { preloader, engine: Box::new(engine), chip, reason, agent: None })
}

/// Names the way to a NAND where the user has its file already.
fn nand_way(context: &Context<'_>, error: ProtocolError) -> Failure {
    let reach = &context.choices.reach;
    let is_nand = matches!(error, ProtocolError::NandBoot { .. });
    let failure = Failure::from(error);
    match (&reach.da, &reach.da_by_environment) {
        (Some(_), _) if is_nand => {
            failure.advise("Leave --engine direct out: through the file given with --da NAND is read.")
        }
        (None, Some(_)) if is_nand => failure.advise(
            "Say --engine legacy: then the file that NVKEEP_DA names is used, through which NAND is read.",
        ),
        _ => failure,
    }
}

/// What helps a phone that only an agent reaches.
const GIVE_FILE: &str = "Give the Download Agent file of this phone's flash package (named like MTK_AllInOne_DA.bin) with --da FILE.";

fn needs_file(what: &str) -> Failure {
    Failure::new(Exit::Refused, "da-needed", format!("{what} needs a Download Agent file")).advise(GIVE_FILE)
}

fn only_way(chip: &str) -> String {
    format!("{chip} has no other verified way to its storage, and")
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Observed => "observed",
        Confidence::Described => "described",
        Confidence::Guessed => "guessed",
    }
}
