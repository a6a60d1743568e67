//! The narration of any transfers: bounded lines, and the same ones however the transfers are cut.
//!
//! Input: pieces of one byte with a kind (low two bits) and a length (the rest), then as many bytes.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nvkeep::protocol::{Line, Narrator};
use nvkeep::transport::{LinkError, TraceEvent, Traced};

const GONE: LinkError = LinkError::Gone;
const LATE: LinkError = LinkError::Timeout { wanted: 9, got: 3 };

fuzz_target!(|input: &[u8]| {
    let whole = narrate(input, usize::MAX);
    assert!(whole.len() <= input.len() + 1);
    for line in &whole {
        assert!(line.text.len() < 300, "{line:?}");
        assert!(line.private.as_ref().is_none_or(|hex| hex.chars().count() <= 129), "{line:?}");
    }
    assert_eq!(narrate(input, 1), whole);
});

fn narrate(mut input: &[u8], most: usize) -> Vec<Line> {
    let mut narrator = Narrator::new(Vec::new());
    let mut lines = Vec::new();
    while let Some((head, rest)) = input.split_first() {
        let (bytes, rest) = rest.split_at(rest.len().min(usize::from(head >> 2)));
        input = rest;
        let mut hear = |what| lines.extend(narrator.hear(&TraceEvent { at: Duration::ZERO, what }));
        match head & 3 {
            0 => bytes.chunks(most).for_each(|piece| hear(Traced::Sent(piece))),
            1 => bytes.chunks(most).for_each(|piece| hear(Traced::Received(piece))),
            2 => hear(Traced::NotReceived(bytes.len(), &LATE)),
            _ => hear(Traced::NotSent(bytes, &GONE)),
        }
    }
    lines.extend(narrator.finish());
    lines
}
