//! The claims of every use case again, through the user's own Download Agent: container, upload, agent and storage on both
//! sides of the cable, in both dialects, on the phone's half that knows nothing of the host's.

mod advice; // what a phone needs whose agent was left running
mod cable; // faults at samples of every transfer
mod card; // everything a card gets wrong
mod crossing; // one engine's archive, the other engine's restore
mod host; // what the host itself spends
mod knobs; // agents that misbehave
mod memory; // what the program takes of the machine
mod neighbours; // blocks that are written along with others
mod refusals; // files, fuses and rules that end in a sentence
mod round_trips; // lost and back again
mod speed; // both engines side by side

use std::path::PathBuf;

use nvkeep::simulator::agent::{Dialect, Recipe};

use crate::support::workbench::Workbench;

const BOTH: [Dialect; 2] = [Dialect::D19, Dialect::D13];

/// A bench on which the phone of this scenario is reached through an agent of this dialect.
fn bench(scenario: &str, dialect: Dialect) -> Workbench {
    bench_with(scenario, dialect, None)
}

/// The same, built from a folder of real data.
fn bench_with(scenario: &str, dialect: Dialect, data: Option<PathBuf>) -> Workbench {
    let bench = Workbench::with_data(scenario, data);
    bench.by_agent(&Recipe::of(dialect));
    bench
}
