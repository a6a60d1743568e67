//! Scenario pages; small phones are built, too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::simulator::Scenario;

fuzz_target!(|text: &str| {
    if text.len() > 16 << 10 {
        return;
    }
    if let Ok(scenario) = Scenario::parse(text) {
        // Building costs milliseconds: only where the input asks for it.
        if text.contains("# build") {
            let _ = scenario.build(None);
        }
    }
});
