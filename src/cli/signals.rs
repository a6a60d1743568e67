//! The user's wish to stop. The first signal lets the block at hand finish, the second ends the program at once; what is typed
//! at the keyboard while another program has the terminal is that program's.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};
use signal_hook::low_level::unregister;

use crate::app::Exit;

/// Signals that are heard, until they are lent away.
pub struct Signals {
    stop: Arc<AtomicBool>,
    /// What an interrupt from the keyboard does.
    keyboard: RefCell<Vec<SigId>>,
}

impl Signals {
    /// Sets `stop` at the first signal from here on.
    pub fn hear(stop: &Arc<AtomicBool>) -> Self {
        let _ = listen(SIGTERM, stop);
        Self { stop: stop.clone(), keyboard: RefCell::new(listen(SIGINT, stop)) }
    }

    /// Runs `work` while an interrupt from the keyboard means nothing here: the terminal sends it to the other program too.
    pub fn deaf<T>(&self, work: impl FnOnce() -> T) -> T {
        // Heard by nobody first, for an interrupt that nothing hears would be the system's and end this program.
        let nobody = register(SIGINT, Arc::default()).ok();
        self.keyboard.borrow_mut().drain(..).for_each(|id| {
            unregister(id);
        });
        let done = work();
        *self.keyboard.borrow_mut() = listen(SIGINT, &self.stop);
        nobody.map(unregister);
        done
    }
}

fn listen(signal: i32, stop: &Arc<AtomicBool>) -> Vec<SigId> {
    let at_once = register_conditional_shutdown(signal, Exit::Interrupted as i32, stop.clone());
    [at_once, register(signal, stop.clone())].into_iter().flatten().collect()
}
