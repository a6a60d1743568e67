//! A port whose phones are overheard: every finished line of the narration is an event. Changes nothing of what passes.

use super::{Context, Event, Sink, WireLine};
use crate::protocol::{Line, Narrator};
use crate::transport::{Plugged, Port, Trace, TraceEvent, WrappedPort};

/// Tells the listener what is said at `port`, each plug-in from its beginning.
pub(super) fn overhear(port: Box<dyn Port>, context: &Context<'_>) -> Box<dyn Port> {
    let (sink, chips) = (context.sink.clone(), super::chips::profiles(&context.catalog));
    Box::new(WrappedPort::new(port, move |plugged: Plugged| {
        let mut ear = Ear { narrator: Narrator::new(chips.clone()), sink: sink.clone() };
        let link = Trace::new(plugged.link, move |event: TraceEvent<'_>| ear.hear(&event));
        Plugged { link: Box::new(link), kind: plugged.kind }
    }))
}

/// Listens to one plugged-in phone.
struct Ear {
    narrator: Narrator,
    sink: Sink,
}

impl Ear {
    fn hear(&mut self, event: &TraceEvent<'_>) {
        let lines = self.narrator.hear(event);
        self.tell(lines);
    }

    fn tell(&self, lines: Vec<Line>) {
        for Line { at, text, private } in lines {
            (self.sink)(Event::Wire(WireLine { at, text, private }));
        }
    }
}

impl Drop for Ear {
    /// The last lines were waiting for more of the same.
    fn drop(&mut self) {
        let lines = self.narrator.finish();
        self.tell(lines);
    }
}
