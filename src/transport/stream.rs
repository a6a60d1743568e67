//! What every real cable needs between single system calls and whole transfers: the queue of bytes that came, and sending to
//! the end. A byte that came is handed out exactly once and in order, whatever timed out in between. It knows no cable.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::link::LinkError;

/// The shortest wait a cable is asked for: several system interfaces read zero as "for ever".
pub const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Bytes that came and were not asked for yet, and how the stream ended if it has.
#[derive(Debug, Default)]
pub struct Inbox {
    queue: VecDeque<u8>,
    end: Option<LinkError>,
}

impl Inbox {
    /// Starts empty and open.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends bytes that came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.queue.extend(bytes);
    }

    /// Marks the end of the stream. What is queued stays available; the first reason given is kept.
    pub fn close(&mut self, why: LinkError) {
        self.end.get_or_insert(why);
    }

    /// Returns how many bytes wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Returns whether no byte waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Returns why the stream ended, if it has.
    pub fn end(&self) -> Option<&LinkError> {
        self.end.as_ref()
    }

    /// Fills `into` from the queue if the queue holds enough, else takes nothing and returns `false`.
    pub fn take(&mut self, into: &mut [u8]) -> bool {
        let count = into.len();
        if self.queue.len() < count {
            return false;
        }
        for (place, byte) in into.iter_mut().zip(self.queue.drain(..count)) {
            *place = byte;
        }
        true
    }

    /// Fills `into`, calling `pull` for more until there is enough or `within` is over. `pull` waits at most the time
    /// it is given (never zero) and pushes what came into the inbox, or closes it.
    ///
    /// # Errors
    /// [`LinkError::Timeout`], with what came kept; the reason of the end once the queue cannot satisfy the request.
    pub fn fill(
        &mut self,
        into: &mut [u8],
        within: Duration,
        mut pull: impl FnMut(&mut Self, Duration),
    ) -> Result<(), LinkError> {
        let start = Instant::now();
        let mut pulled = false;
        while !self.take(into) {
            if let Some(end) = &self.end {
                return Err(end.clone());
            }
            let left = within.saturating_sub(start.elapsed());
            if pulled && left.is_zero() {
                return Err(LinkError::Timeout { wanted: into.len(), got: self.queue.len() });
            }
            pull(self, left.max(SHORTEST_WAIT));
            pulled = true;
        }
        Ok(())
    }
}

/// Sends all of `bytes`, calling `put` for more until everything is sent or `within` is over. `put` waits at most the time it
/// is given (never zero) and returns how many bytes were taken; none is no error.
///
/// # Errors
/// [`LinkError::Timeout`] with what was taken; what `put` fails with.
pub fn send_all(
    bytes: &[u8],
    within: Duration,
    mut put: impl FnMut(&[u8], Duration) -> Result<usize, LinkError>,
) -> Result<(), LinkError> {
    let start = Instant::now();
    let mut sent = 0;
    let mut tried = false;
    while sent < bytes.len() {
        let left = within.saturating_sub(start.elapsed());
        if tried && left.is_zero() {
            return Err(LinkError::Timeout { wanted: bytes.len(), got: sent });
        }
        sent += put(&bytes[sent..], left.max(SHORTEST_WAIT))?;
        tried = true;
    }
    Ok(())
}
