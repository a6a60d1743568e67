//! A simulated phone on an in-process cable. The phone's clock is the link's clock: waiting costs no real time, and the
//! link model of the scenario says what a packet, a transfer and a wait cost (design section 6).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::simulator::{Board, Fares, Flash, Phone, Presence};
use crate::transport::stream::Inbox;
use crate::transport::{Link, LinkError, Plugged, Port, PortKind};

/// The longest step in which a waiting host lets simulated time pass.
const STEP: Duration = Duration::from_millis(1);

/// What lies on the bench while no cable is in: board and flash survive every plug-in.
#[derive(Clone)]
pub struct Slot {
    phone: Arc<Mutex<Option<(Board, Flash)>>>,
    name: Arc<str>,
}

impl Slot {
    /// Lays a phone on the bench.
    pub fn new(name: &str, board: Board, flash: Flash) -> Self {
        Self { phone: Arc::new(Mutex::new(Some((board, flash)))), name: name.into() }
    }

    /// Returns the phone that lies there, none while it is plugged in.
    pub fn phone(&self) -> MutexGuard<'_, Option<(Board, Flash)>> {
        self.phone.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A port into which the phone of a slot is plugged at each opening.
pub struct BenchPort(pub Slot);

impl Port for BenchPort {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        let Some((board, flash)) = self.0.phone().take() else {
            return Err(LinkError::NoPhone { port: self.name(), seconds: within.as_secs() });
        };
        let kind = if board.is_brom() { PortKind::Brom } else { PortKind::Preloader };
        let fares = Fares::new(&board);
        let link = BenchLink {
            phone: Some(Phone::plug_in(board, flash)),
            slot: self.0.clone(),
            fares,
            inbox: Inbox::new(),
            asked: false,
        };
        Ok(Plugged { link: Box::new(link), kind })
    }

    fn name(&self) -> String {
        format!("sim:{}", self.0.name)
    }
}

/// One plug-in. Dropping it pulls the cable and lays the phone back on the bench.
struct BenchLink {
    phone: Option<Phone>,
    slot: Slot,
    fares: Fares,
    inbox: Inbox,
    asked: bool,
}

impl BenchLink {
    /// Moves every packet the phone has ready into the inbox; each costs its time.
    fn collect(&mut self) {
        let Some(phone) = &mut self.phone else { return };
        while let Some(packet) = phone.next_packet() {
            phone.pass(self.fares.incoming(packet.len()));
            self.inbox.push(&packet);
        }
        if phone.presence() != Presence::Connected {
            self.inbox.close(LinkError::Gone);
        }
    }
}

impl Link for BenchLink {
    fn send(&mut self, bytes: &[u8], _within: Duration) -> Result<(), LinkError> {
        let Some(phone) = &mut self.phone else { return Err(LinkError::Gone) };
        if phone.presence() != Presence::Connected {
            return Err(LinkError::Gone);
        }
        phone.hear(bytes);
        phone.pass(self.fares.outgoing(bytes.len()));
        self.asked = true;
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        if self.asked {
            self.asked = false;
            self.pause(self.fares.wait());
        }
        let deadline = self.elapsed() + within;
        loop {
            self.collect();
            if self.inbox.take(into) {
                return Ok(());
            }
            if let Some(end) = self.inbox.end() {
                return Err(end.clone());
            }
            let left = deadline.saturating_sub(self.elapsed());
            if left.is_zero() {
                return Err(LinkError::Timeout { wanted: into.len(), got: self.inbox.len() });
            }
            self.pause(left.min(STEP));
        }
    }

    fn elapsed(&self) -> Duration {
        self.phone.as_ref().map_or(Duration::ZERO, Phone::now)
    }

    fn pause(&mut self, time: Duration) {
        if let Some(phone) = &mut self.phone {
            phone.pass(time);
        }
    }

    fn describe(&self) -> String {
        format!("simulated phone {}", self.slot.name)
    }
}

impl Drop for BenchLink {
    fn drop(&mut self) {
        if let Some(phone) = self.phone.take() {
            *self.slot.phone() = Some(phone.unplug());
        }
    }
}
