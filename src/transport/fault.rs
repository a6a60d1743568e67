//! A link that breaks as planned: cut, stalled, flipped, shortened, doubled or lost at a chosen transfer. Every send and every
//! receive counts as one transfer, over all plug-ins of a port, so that a sweep can first ask how many there are and then
//! break each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::link::{Link, LinkError, Plugged};
use super::stream::Inbox;

/// What goes wrong with a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The cable is pulled before the transfer: nothing of it passes, and nothing ever after on this link.
    Cut,
    /// The cable is pulled right after the transfer passed: a send reaches the phone, but the host is told that it is gone.
    CutAfter,
    /// The cable is pulled inside the transfer: its first half passes - of a send to the phone, of a receive out of the phone
    /// and not to the host - and nothing ever after.
    CutInside,
    /// The transfer runs into its time-out. A send does not reach the phone; what the phone sent is kept for later.
    Stall,
    /// One bit is wrong, counted from bit 0 of the first byte and reduced to the length of the transfer.
    Flip(usize),
    /// Only the first half passes within the time. The rest of a receive is kept for later, the rest of a send is not sent.
    Short,
    /// The transfer passes twice: a send reaches the phone two times, what was received comes once more.
    Twice,
    /// The transfer is lost on the way: a send is acknowledged and never delivered, what should have been received is gone
    /// and the host gets what comes behind it.
    Lost,
}

/// Which transfers go wrong, and how many there were. Clones share both.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    plan: BTreeMap<u64, Fault>,
    transfers: u64,
}

impl Faults {
    /// Plans nothing: transfers are only counted.
    pub fn none() -> Self {
        Self::default()
    }

    /// Plans one fault at transfer `number`, counted from 0.
    pub fn at(number: u64, fault: Fault) -> Self {
        Self::none().and(number, fault)
    }

    /// Plans one more.
    #[must_use]
    pub fn and(self, number: u64, fault: Fault) -> Self {
        self.lock().plan.insert(number, fault);
        self
    }

    /// Plans `count` faults among the first `transfers` transfers, the same for the same seed.
    pub fn seeded(seed: u64, count: usize, transfers: u64) -> Self {
        let mut state = seed;
        let mut next = move || {
            // splitmix64: any seed will do, zero included.
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        };
        let faults = Self::none();
        for _ in 0..count {
            let number = next() % transfers.max(1);
            let fault = match next() % 8 {
                0 => Fault::Cut,
                1 => Fault::CutAfter,
                2 => Fault::CutInside,
                3 => Fault::Stall,
                4 => Fault::Flip(usize::try_from(next() % 4096).unwrap_or(0)),
                5 => Fault::Short,
                6 => Fault::Twice,
                _ => Fault::Lost,
            };
            faults.lock().plan.insert(number, fault);
        }
        faults
    }

    /// Returns how many transfers were begun so far.
    pub fn transfers(&self) -> u64 {
        self.lock().transfers
    }

    /// Returns the planned faults that did not happen yet, in order.
    pub fn left(&self) -> Vec<(u64, Fault)> {
        self.lock().plan.iter().map(|(number, fault)| (*number, *fault)).collect()
    }

    /// Puts the plan between the host and `plugged`. For every plug-in of a port: `WrappedPort::new(port, move |p| faults.wrap(p))`.
    pub fn wrap(&self, plugged: Plugged) -> Plugged {
        Plugged { link: Box::new(Faulty::new(plugged.link, self.clone())), kind: plugged.kind }
    }

    /// Counts a transfer and returns its fault, which happens once.
    fn next(&self) -> Option<Fault> {
        let mut state = self.lock();
        let number = state.transfers;
        state.transfers += 1;
        state.plan.remove(&number)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A link with a plan of faults. When the cable is cut the inner link is dropped, as the phone would notice it.
pub struct Faulty<L> {
    link: Option<L>,
    faults: Faults,
    /// What a shortened receive took from the link and the host did not get yet.
    kept: Inbox,
    name: String,
    clock: Duration,
}

impl<L: Link> Faulty<L> {
    /// Breaks `link` as `faults` says.
    pub fn new(link: L, faults: Faults) -> Self {
        let (name, clock) = (link.describe(), link.elapsed());
        Self { link: Some(link), faults, kept: Inbox::new(), name, clock }
    }

    fn cut(&mut self) -> Result<(), LinkError> {
        self.clock = self.elapsed();
        self.link = None;
        self.kept = Inbox::new();
        Err(LinkError::Gone)
    }

    /// Keeps bytes in front of what is still kept, so that the order of the stream holds.
    fn keep(&mut self, bytes: &[u8]) {
        let mut rest = vec![0; self.kept.len()];
        self.kept.take(&mut rest);
        self.kept.push(bytes);
        self.kept.push(&rest);
    }

    /// Receives through what was kept.
    fn pass(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        let link = self.link.as_mut().ok_or(LinkError::Gone)?;
        let ready = self.kept.len().min(into.len());
        let mut rest = vec![0; into.len() - ready];
        if !rest.is_empty() {
            link.receive(&mut rest, within).map_err(|error| match error {
                LinkError::Timeout { got, .. } => LinkError::Timeout { wanted: into.len(), got: ready + got },
                other => other,
            })?;
        }
        self.kept.take(&mut into[..ready]);
        into[ready..].copy_from_slice(&rest);
        Ok(())
    }
}

impl<L: Link> Link for Faulty<L> {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        let fault = self.faults.next();
        let link = self.link.as_mut().ok_or(LinkError::Gone)?;
        let half = bytes.len() / 2;
        match fault {
            None => link.send(bytes, within),
            Some(Fault::Cut) => self.cut(),
            Some(Fault::CutAfter) => link.send(bytes, within).and_then(|()| self.cut()),
            Some(Fault::CutInside) => match half {
                0 => self.cut(),
                _ => link.send(&bytes[..half], within).and_then(|()| self.cut()),
            },
            Some(Fault::Stall) => {
                link.pause(within);
                Err(LinkError::Timeout { wanted: bytes.len(), got: 0 })
            }
            Some(Fault::Flip(bit)) => link.send(&flipped(bytes, bit), within),
            Some(Fault::Short) => {
                link.send(&bytes[..half], within)?;
                Err(LinkError::Timeout { wanted: bytes.len(), got: half })
            }
            Some(Fault::Twice) => link.send(bytes, within).and_then(|()| link.send(bytes, within)),
            Some(Fault::Lost) => Ok(()),
        }
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        let fault = self.faults.next();
        let link = self.link.as_mut().ok_or(LinkError::Gone)?;
        match fault {
            None => self.pass(into, within),
            Some(Fault::Cut) => self.cut(),
            Some(Fault::CutAfter) => self.pass(into, within).and_then(|()| self.cut()),
            Some(Fault::CutInside) => {
                let half = into.len() / 2;
                self.pass(&mut into[..half], within).and_then(|()| self.cut())
            }
            Some(Fault::Stall) => {
                link.pause(within);
                Err(LinkError::Timeout { wanted: into.len(), got: self.kept.len() })
            }
            Some(Fault::Flip(bit)) => {
                self.pass(into, within)?;
                let wrong = flipped(into, bit);
                into.copy_from_slice(&wrong);
                Ok(())
            }
            Some(Fault::Short) => {
                let mut half = vec![0; into.len() / 2];
                self.pass(&mut half, within)?;
                self.keep(&half);
                Err(LinkError::Timeout { wanted: into.len(), got: half.len() })
            }
            Some(Fault::Twice) => {
                self.pass(into, within)?;
                self.keep(into);
                Ok(())
            }
            Some(Fault::Lost) => {
                let end = link.elapsed().saturating_add(within);
                self.pass(into, within)?;
                let left = end.saturating_sub(self.elapsed());
                self.pass(into, left)
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.link.as_ref().map_or(self.clock, Link::elapsed)
    }

    fn pause(&mut self, time: Duration) {
        match &mut self.link {
            Some(link) => link.pause(time),
            None => self.clock = self.clock.saturating_add(time),
        }
    }

    fn describe(&self) -> String {
        self.name.clone()
    }
}

/// Returns a copy with one bit changed.
fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut wrong = bytes.to_vec();
    if !wrong.is_empty() {
        let bit = bit % (wrong.len() * 8);
        wrong[bit / 8] ^= 1 << (bit % 8);
    }
    wrong
}
