//! Recorded sessions: what is parsed and written is parsed and written the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::transport::Session;

fuzz_target!(|text: &str| {
    if text.len() > 64 << 10 {
        return;
    }
    if let Ok(session) = Session::parse(text) {
        let written = session.to_string();
        let again = Session::parse(&written).expect("what was written parses");
        assert_eq!(again.to_string(), written);
        assert_eq!(again.plugs.len(), session.plugs.len());
        for (a, b) in again.plugs.iter().zip(&session.plugs) {
            assert_eq!((a.kind, a.events.len()), (b.kind, b.events.len()));
        }
    }
});
