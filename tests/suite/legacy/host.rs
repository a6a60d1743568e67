//! What the host itself spends on a long read: a cable that answers at once, so that every moment is the host's.

use std::time::{Duration, Instant};

use nvkeep::formats::ReadAt;
use nvkeep::protocol::LegacyOptions;
use nvkeep::storage::PhoneDisk;
use nvkeep::transport::{Link, LinkError};

use crate::agent::script::{ladder, open, play};
use crate::support::Random;

const MIB: usize = 1 << 20;

/// Plays an agent's opening from a script, and then sends the same block for every block that is asked for.
struct Instantly {
    opening: Box<dyn Link>,
    steps: usize,
    block: Vec<u8>,
    ready: Vec<u8>,
    taken: usize,
    left: usize,
}

impl Link for Instantly {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        if self.steps > 0 {
            self.steps -= 1;
            return self.opening.send(bytes, within);
        }
        assert_eq!(self.taken, self.ready.len(), "an answer was not taken");
        self.taken = 0;
        self.ready.clear();
        if let [0xD6, .., _, _] = bytes
            && bytes.len() == 19
        {
            let length: [u8; 8] = bytes[11..].try_into().unwrap();
            self.left = u64::from_be_bytes(length) as usize / MIB;
            self.ready.push(0x5A);
        } else if self.left > 0 {
            self.left -= 1;
            self.ready.extend_from_slice(&self.block);
        }
        Ok(())
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        if self.ready.is_empty() {
            return self.opening.receive(into, within);
        }
        into.copy_from_slice(&self.ready[self.taken..self.taken + into.len()]);
        self.taken += into.len();
        Ok(())
    }
    fn elapsed(&self) -> Duration {
        self.opening.elapsed()
    }
    fn pause(&mut self, time: Duration) {
        self.opening.pause(time);
    }
    fn describe(&self) -> String {
        "instantly".into()
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "a claim about an optimised program")]
fn a_hundred_megabytes_cost_the_host_a_tenth_of_a_second() {
    let steps = ladder(0);
    let count = steps.len();
    let mut block = Random::new(100).bytes(MIB);
    let sum = block.iter().fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    block.extend(sum.to_be_bytes());
    let opening = play(steps, usize::MAX, None).0;
    let link = Instantly { opening, steps: count, block, ready: Vec::new(), taken: 0, left: 0 };
    let engine = open(Box::new(link), LegacyOptions::default()).map_err(|error| error.to_string()).unwrap();
    let mut disk = PhoneDisk::new(Box::new(engine));
    let mut into = vec![0; 4 * MIB];
    let began = Instant::now();
    for run in 0..25 {
        let at = run * into.len() as u64;
        disk.read_at(at, &mut into).unwrap();
        disk.release(at, into.len() as u64);
    }
    let took = began.elapsed();
    println!("100 MiB through engine and cache, on an instant cable: {took:?}");
    assert!(took < Duration::from_millis(100), "{took:?}");
}
