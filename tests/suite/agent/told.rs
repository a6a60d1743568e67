//! What the screen's log says of a conversation with an agent: how much went either way, in few lines.

use std::time::Duration;

use nvkeep::protocol::Narrator;
use nvkeep::transport::{TraceEvent, Traced};

use super::script::{ladder, raw, step};

#[test]
fn what_goes_to_an_agent_and_comes_from_it_is_counted_in_few_lines() {
    let mut steps = ladder(0);
    steps.push(step("D6 0B 02 0000000000400000 0000000000100000", "5A"));
    steps.push(raw(&[0, 0x10, 0, 0], &vec![0x49; 0x10_0000]));
    steps.push(raw(&[0x5A], &[]));
    steps.push(step("62 01 08 0000000000400000 0000000000000200 00000200", "5A"));
    steps.push(raw(&[0x49; 512], &[]));
    steps.push(step("DB 0000 00000000", "5A"));
    let mut narrator = Narrator::new(Vec::new());
    let mut lines = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let at = Duration::from_millis(at as u64);
        lines.extend(narrator.hear(&TraceEvent { at, what: Traced::Sent(&step.host) }));
        if !step.phone.is_empty() {
            lines.extend(narrator.hear(&TraceEvent { at, what: Traced::Received(&step.phone) }));
        }
    }
    lines.extend(narrator.finish());
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert!(texts.iter().any(|text| text.ends_with("bytes to the agent")), "{texts:#?}");
    assert!(texts.len() < 60, "{texts:#?}");
    assert!(lines.iter().all(|line| line.private.as_ref().is_none_or(|hex| hex.len() < 200)));
}
