//! An agent that says anything: whatever comes, the host ends with an engine or an error, within bounded time and memory.

use std::collections::VecDeque;
use std::time::Duration;

use nvkeep::protocol::{Engine, LegacyOptions};
use nvkeep::transport::{Link, LinkError};

use super::script::{Step, ladder, old_ladder, open};
use crate::support::Random;

/// Plays the answers of a conversation, whatever the host says; counts what it says.
struct Deaf {
    answers: VecDeque<Vec<u8>>,
    queue: VecDeque<u8>,
    now: Duration,
    calls: u32,
}

impl Link for Deaf {
    fn send(&mut self, _bytes: &[u8], _within: Duration) -> Result<(), LinkError> {
        self.calls += 1;
        assert!(self.calls < 10_000, "the host does not come to an end");
        self.queue.extend(self.answers.pop_front().unwrap_or_default());
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        assert!(into.len() <= 8 << 20, "{} bytes at once", into.len());
        if self.queue.len() < into.len() {
            self.now += within;
            assert!(self.now < Duration::from_secs(600), "the host waits for ever");
            return Err(LinkError::Timeout { wanted: into.len(), got: self.queue.len() });
        }
        into.fill_with(|| self.queue.pop_front().unwrap());
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        self.now
    }

    fn pause(&mut self, time: Duration) {
        self.now += time;
    }

    fn describe(&self) -> String {
        "deaf".to_owned()
    }
}

#[test]
fn damaged_answers_end_in_an_engine_or_an_error() {
    let mut random = Random::new(19);
    let (mut engines, mut errors) = (0, 0);
    for steps in [ladder(0), old_ladder()] {
        let answered: Vec<usize> = (8..steps.len()).filter(|at| !steps[*at].phone.is_empty()).collect();
        for _ in 0..300 {
            let mut steps: Vec<Step> = steps.clone();
            // The opening and the report are the longest, so they are hit as often as everything else.
            let at = match random.below(3) {
                0 => answered[random.below(answered.len() as u64) as usize],
                1 => steps.iter().rposition(|step| step.phone.len() > 100).unwrap(),
                _ => steps.iter().position(|step| step.phone.contains(&0xC0)).unwrap(),
            };
            steps[at].phone = random.damage(&steps[at].phone);
            steps.extend((0..20).map(|_| Step { host: Vec::new(), phone: random.bytes(40) }));
            let answers = steps.into_iter().map(|step| step.phone).collect();
            let link = Deaf { answers, queue: VecDeque::new(), now: Duration::ZERO, calls: 0 };
            match open(Box::new(link), LegacyOptions::default()) {
                Ok(mut engine) => {
                    engines += 1;
                    assert!(engine.card().sectors > 0);
                    let _ = engine.partitions();
                    let _ = engine.read(0, &mut [0; 4096]);
                    let _ = engine.write(0, &[1; 512]);
                    let _ = engine.is_there();
                    let _ = engine.leave();
                }
                Err(error) => {
                    errors += 1;
                    assert!(!error.to_string().is_empty() && !error.advice().is_empty());
                }
            }
        }
    }
    assert!(engines > 20 && errors > 200, "{engines} engines, {errors} errors");
}

#[test]
fn damaged_partition_tables_are_read_or_refused() {
    use nvkeep::protocol::{Dialect, legacy::parse_table};
    let mut table = Vec::new();
    for name in ["MBR", "NVRAM", "PRO_INFO"] {
        let mut entry = name.as_bytes().to_vec();
        entry.resize(0x60, 0);
        table.extend(entry);
    }
    let mut random = Random::new(40);
    let mut read = 0;
    for _ in 0..5000 {
        let damaged = random.damage(&table);
        for dialect in [Dialect::D19, Dialect::D13] {
            let Some(ranges) = parse_table(dialect, &damaged) else { continue };
            read += 1;
            assert!(!ranges.is_empty() && ranges.iter().all(|range| (1..64).contains(&range.name.len())));
        }
    }
    assert!(read > 100, "{read}");
}
