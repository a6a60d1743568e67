//! A phone that stays: found at a port, connected once, and kept from one job to the next until it is let go or leaves. For
//! faces that hold a phone while somebody looks at it; verbs open and close their own session.

use std::time::Duration;

use super::journal::open_journal_of;
use super::session::{PhoneSession, connect_plugged, glimpse, open_port};
use super::{Context, Failure};
use crate::transport::{Plugged, Port};

/// A port, and the phone at it.
#[derive(Default)]
pub struct Station {
    port: Option<Box<dyn Port>>,
    found: Option<Plugged>,
    session: Option<PhoneSession>,
}

impl Station {
    /// Looks for a phone for a short time. The port is opened once and kept: a simulated phone keeps its flash.
    ///
    /// # Errors
    /// When the port's name means nothing, or no waiting will help.
    pub fn glimpse(&mut self, context: &Context<'_>, within: Duration) -> Result<bool, Failure> {
        let port = match &mut self.port {
            Some(port) => port,
            none => none.insert(open_port(context)?),
        };
        self.found = glimpse(port.as_mut(), within)?;
        Ok(self.found.is_some())
    }

    /// Connects to the phone that was found, or waits for one.
    ///
    /// # Errors
    /// As a session's.
    pub fn connect(&mut self, context: &Context<'_>) -> Result<&PhoneSession, Failure> {
        self.session = None;
        let port = match &mut self.port {
            Some(port) => port,
            none => none.insert(open_port(context)?),
        };
        let session = match self.found.take() {
            Some(plugged) => connect_plugged(context, port.as_mut(), plugged)?,
            None => super::session::connect_at(context, port.as_mut())?,
        };
        Ok(self.session.insert(session))
    }

    /// Returns the connected phone.
    #[must_use]
    pub fn session(&self) -> Option<&PhoneSession> {
        self.session.as_ref()
    }

    /// Returns the title of a write to the connected phone that did not finish.
    ///
    /// # Errors
    /// When the journals cannot be read.
    pub fn unfinished(&self, context: &Context<'_>) -> Result<Option<String>, Failure> {
        match &self.session {
            Some(session) => open_journal_of(context, &session.facts.cid),
            None => Ok(None),
        }
    }

    /// Asks whether the phone is still there, and forgets it when it is not.
    ///
    /// # Errors
    /// Why it is gone.
    pub fn check(&mut self) -> Result<(), Failure> {
        let there = self.session.as_ref().map_or(Ok(()), PhoneSession::is_there);
        if there.is_err() {
            self.session = None;
        }
        there
    }

    /// Lets the phone go, so that it boots; but a phone with a half-finished write must not boot, and waits in its loop.
    pub fn leave(&mut self, context: &Context<'_>) {
        let Some(session) = self.session.take() else { return };
        match open_journal_of(context, &session.facts.cid) {
            Ok(None) => session.leave(context),
            _ => context
                .warn("the phone is left waiting in its preloader, because a write to it did not finish"),
        }
    }
}
