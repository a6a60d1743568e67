//! The wait for a phone that was given to a flasher. It may be seen booting, charging, or still in the flasher's agent, several
//! times; only a preloader whose partitions are known ends the wait.

use std::time::{Duration, Instant};

use crate::app::session::{PhoneSession, connect_plugged};
use crate::app::{Context, Exit, Failure};
use crate::transport::{LinkError, Plugged, Port};

/// Longest wait in one piece, so that a wish to stop is heard.
const SLICE: Duration = Duration::from_secs(3);
/// A port that says no faster than this does not wait at all, and asking again would never end.
const AT_ONCE: Duration = Duration::from_millis(500);
/// A phone that answered wrongly this often will not answer rightly.
const TRIES: u32 = 200;

/// Waits until the phone is in its preloader again, and connects.
///
/// # Errors
/// `not-back`, with what was seen last; what no waiting will mend.
pub(super) fn wait_for_return(
    context: &Context<'_>,
    port: &mut dyn Port,
    within: Duration,
) -> Result<PhoneSession, Failure> {
    context.step(format!(
        "Waiting up to {} s for the phone to come back: take it off the cable, switch it off, plug it in again",
        within.as_secs()
    ));
    let began = Instant::now();
    let mut seen = Vec::new();
    for _ in 0..TRIES {
        let Some(plugged) = next(context, port, (began, within), &mut seen)? else { break };
        match connect_plugged(context, port, plugged) {
            Ok(session) => return Ok(session),
            Err(failure) if passes(&failure) && began.elapsed() < within => {
                context.note(format!("Not yet: {failure}"));
                seen = vec![failure.message];
            }
            Err(failure) if passes(&failure) => {
                seen = vec![failure.message];
                break;
            }
            Err(failure) => return Err(failure),
        }
    }
    let message = format!("the phone did not come back to its preloader within {} s", within.as_secs());
    Err(Failure { causes: seen, ..Failure::new(Exit::NoPhone, "not-back", message) }.advise(
        "Nothing was written to the phone, so there is nothing to resume. Take it off the cable, its battery out for a moment, \
         start nvkeep again and plug it in.",
    ))
}

/// Waits for the next device that can be opened; none when the time is over or the port does not wait.
fn next(
    context: &Context<'_>,
    port: &mut dyn Port,
    (began, within): (Instant, Duration),
    seen: &mut Vec<String>,
) -> Result<Option<Plugged>, Failure> {
    loop {
        context.go_on()?;
        let left = within.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        let asked = Instant::now();
        let slice = left.min(SLICE);
        let error = match port.open(slice) {
            Ok(plugged) => return Ok(Some(plugged)),
            Err(error) => error,
        };
        let waited = asked.elapsed() >= slice.min(AT_ONCE);
        match error {
            LinkError::NoPhone { .. } if waited => {}
            LinkError::NoPhone { .. } => return Ok(None),
            // The flasher's agent may still hold it, or Android may run: told if nothing better comes.
            LinkError::Busy { .. } | LinkError::Denied { .. } | LinkError::NotAPhone { .. } if waited => {
                *seen = vec![error.to_string()];
            }
            error => return Err(error.into()),
        }
    }
}

/// Returns whether a phone that failed so may still come back: it went on booting, or is in another mode.
fn passes(failure: &Failure) -> bool {
    failure.exit == Exit::NoPhone
        || matches!(
            failure.code,
            "cable-gone" | "handshake-lost" | "not-a-preloader" | "not-a-phone" | "brom"
        )
}
