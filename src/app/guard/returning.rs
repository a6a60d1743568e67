//! The wait for a phone that was given to a flasher. It may be seen booting, charging, or still in the flasher's agent, several
//! times; only a preloader whose partitions are known ends the wait.

use std::time::{Duration, Instant};

use crate::app::again::{next, passes};
use crate::app::session::{PhoneSession, connect_plugged};
use crate::app::{Context, Exit, Failure};
use crate::transport::Port;

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
