//! A cable with a witness on it: what the host said and heard, and that it keeps to the rules of a running agent. Once the
//! cable has failed there, the host may neither say anything more nor wait for anything.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nvkeep::transport::{Link, LinkError};

/// Transfers after which a host is taken to go round in circles.
const CALLS: u32 = 300_000;
/// Longest a host may wait for one answer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// First bytes of what an agent would unpack instead of writing it.
const SPARSE: [u8; 4] = [0x3A, 0xFF, 0x26, 0xED];

/// What the witness saw.
#[derive(Default)]
pub struct Ledger {
    /// The preloader was given up for an agent: the rules hold from here on.
    pub agent: bool,
    /// The cable has failed since.
    pub failed: bool,
    /// Most bytes that may be wanted at once, where a bound is set.
    pub most: Option<usize>,
    /// Transfers of the host, ever.
    pub sends: u32,
    /// Bytes said since [`Witness::forget`].
    pub said: Vec<u8>,
    /// Bytes heard since.
    pub heard: Vec<u8>,
    calls: u32,
}

/// The target's view of a ledger.
#[derive(Clone, Default)]
pub struct Witness(Arc<Mutex<Ledger>>);

impl Witness {
    /// Puts itself on a cable.
    pub fn on(&self, inner: Box<dyn Link>) -> Box<dyn Link> {
        Box::new(Watched { inner, witness: self.clone() })
    }

    /// Returns what was seen.
    pub fn saw(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets bytes said and heard, and bounds what may be wanted at once; returns the transfers so far.
    pub fn forget(&self, most: usize) -> u32 {
        let mut ledger = self.saw();
        ledger.most = Some(most);
        ledger.said.clear();
        ledger.heard.clear();
        ledger.sends
    }
}

struct Watched {
    inner: Box<dyn Link>,
    witness: Witness,
}

impl Watched {
    fn note<T>(&self, outcome: &Result<T, LinkError>) {
        if outcome.is_err() {
            let mut ledger = self.witness.saw();
            ledger.failed = ledger.agent;
        }
    }
}

impl Link for Watched {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        {
            let mut ledger = self.witness.saw();
            ledger.calls += 1;
            ledger.sends += 1;
            assert!(ledger.calls < CALLS, "the host does not come to an end");
            assert!(
                !ledger.failed,
                "said {:02x?} to an agent in an unknown state",
                &bytes[..bytes.len().min(16)]
            );
            assert!(!ledger.agent || !bytes.starts_with(&SPARSE), "a packet looks like a sparse image");
            ledger.said.extend(bytes);
        }
        let outcome = self.inner.send(bytes, within);
        self.note(&outcome);
        outcome
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        {
            let mut ledger = self.witness.saw();
            ledger.calls += 1;
            assert!(ledger.calls < CALLS, "the host does not come to an end");
            let most = ledger.most.unwrap_or(usize::MAX);
            assert!(into.len() <= most, "{} bytes wanted at once, at most {most} can come", into.len());
            assert!(within <= LONGEST_WAIT, "one answer is waited for for {within:?}");
            assert!(!ledger.failed || within.is_zero(), "the host waits for an agent that has failed");
        }
        let outcome = self.inner.receive(into, within);
        self.note(&outcome);
        if outcome.is_ok() {
            self.witness.saw().heard.extend(&*into);
        }
        outcome
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn pause(&mut self, time: Duration) {
        self.inner.pause(time);
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}
