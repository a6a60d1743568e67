//! A phone made of a recording: it answers the recorded bytes when the host sends exactly the recorded transfers, and says
//! which transfer and byte differs when it does not. Its clock is the recording's, so replays take no time.

use std::collections::VecDeque;
use std::time::Duration;

use super::link::{Link, LinkError, Plugged, Port};
use super::session::{Event, Plug, Session, SessionError, What};
use super::stream::Inbox;

/// Plays the plug-ins of a session one after the other.
pub struct ReplayPort {
    name: String,
    plugs: VecDeque<Plug>,
}

impl ReplayPort {
    /// Reads a session; `name` is what the port calls itself in messages, such as `replay:FILE`.
    ///
    /// # Errors
    /// [`SessionError`] when the text is not a session.
    pub fn new(name: impl Into<String>, text: &str) -> Result<Self, SessionError> {
        Ok(Self { name: name.into(), plugs: Session::parse(text)?.plugs.into() })
    }
}

impl Port for ReplayPort {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        let nobody = || LinkError::NoPhone { port: self.name.clone(), seconds: within.as_secs() };
        let plug = self.plugs.pop_front().ok_or_else(nobody)?;
        Ok(Plugged { kind: plug.kind, link: Box::new(Replay::new(plug)) })
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// One plug-in being played.
///
/// What the host sends is compared transfer by transfer. How it splits its receives is free: recorded bytes are a stream. A
/// receive that the recording cannot satisfy before the host's next transfer is a time-out, as with a phone that says nothing.
#[derive(Debug)]
pub struct Replay {
    name: String,
    events: VecDeque<Event>,
    inbox: Inbox,
    transfer: usize,
    now: Duration,
}

impl Replay {
    /// Starts at the beginning of a plug-in.
    pub fn new(plug: Plug) -> Self {
        Self {
            name: plug.name,
            events: plug.events.into(),
            inbox: Inbox::new(),
            transfer: 0,
            now: Duration::ZERO,
        }
    }

    /// Returns how many recorded events were not played yet.
    pub fn left(&self) -> usize {
        self.events.len()
    }

    /// Takes the next event and lets its time come.
    fn advance(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        self.now = self.now.max(event.at);
        Some(event)
    }

    /// Compares one transfer with the recorded one.
    fn compare(&self, line: usize, recorded: &[u8], sent: &[u8]) -> Result<(), LinkError> {
        if recorded == sent {
            return Ok(());
        }
        let same = recorded.iter().zip(sent).take_while(|(a, b)| a == b).count();
        let (transfer, show) = (self.transfer, |bytes: &[u8]| match bytes.get(same) {
            Some(byte) => format!("{byte:02x}"),
            None => "nothing".to_owned(),
        });
        let what = format!(
            "transfer {transfer} (line {line}) differs at byte {same}: recorded {} of {} bytes, sent {} of {}",
            show(recorded),
            recorded.len(),
            show(sent),
            sent.len(),
        );
        Err(self.differs(what))
    }

    fn differs(&self, what: String) -> LinkError {
        LinkError::Replay { what }
    }
}

impl Link for Replay {
    fn send(&mut self, bytes: &[u8], _within: Duration) -> Result<(), LinkError> {
        if self.inbox.end().is_some() {
            return Err(LinkError::Gone);
        }
        self.transfer += 1;
        loop {
            match self.advance() {
                // Answers the host did not collect yet stay available; a time-out it did not run into is passed over.
                Some(Event { what: What::Received(more), .. }) => self.inbox.push(&more),
                Some(Event { what: What::ReceiveFailed(LinkError::Timeout { .. }), .. }) => {}
                Some(Event { what: What::ReceiveFailed(error) | What::SendFailed(error), .. }) => {
                    self.inbox.close(error.clone());
                    return Err(error);
                }
                Some(Event { what: What::Sent(recorded), line, .. }) => {
                    self.compare(line, &recorded, bytes)?;
                    break;
                }
                None => {
                    let what = format!(
                        "the recording ends before transfer {} of {} bytes",
                        self.transfer,
                        bytes.len()
                    );
                    return Err(self.differs(what));
                }
            }
        }
        let failed = |event: &Event| matches!(event.what, What::SendFailed(_));
        if self.events.front().is_some_and(failed)
            && let Some(Event { what: What::SendFailed(error), .. }) = self.advance()
        {
            if !matches!(error, LinkError::Timeout { .. }) {
                self.inbox.close(error.clone());
            }
            return Err(error);
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        let begin = self.now;
        while !self.inbox.take(into) {
            if let Some(end) = self.inbox.end() {
                return Err(end.clone());
            }
            let timeout = LinkError::Timeout { wanted: into.len(), got: self.inbox.len() };
            match self.events.front().map(|event| &event.what) {
                Some(What::Received(_)) => {
                    if let Some(Event { what: What::Received(more), .. }) = self.advance() {
                        self.inbox.push(&more);
                    }
                }
                Some(What::ReceiveFailed(LinkError::Timeout { got, .. })) => {
                    let got = (*got).max(self.inbox.len());
                    self.advance();
                    return Err(LinkError::Timeout { wanted: into.len(), got });
                }
                Some(What::ReceiveFailed(_)) => {
                    if let Some(Event { what: What::ReceiveFailed(error), .. }) = self.advance() {
                        self.inbox.close(error);
                    }
                }
                Some(What::Sent(_) | What::SendFailed(_)) | None => {
                    self.now = self.now.max(begin.saturating_add(within));
                    return Err(timeout);
                }
            }
        }
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        self.now
    }

    fn pause(&mut self, time: Duration) {
        self.now = self.now.saturating_add(time);
    }

    fn describe(&self) -> String {
        format!("replay of {}", self.name)
    }
}
