//! Any bytes, cut and joined in any way.

use std::time::Duration;

use nvkeep::protocol::{Narrator, Pace};
use nvkeep::transport::{LinkError, TraceEvent};

use super::{Heard, Story, len, mt6572, narrate, session, texts};
use crate::support::Random;

/// Cuts every transfer into a piece of at most `first` bytes and the rest in pieces of at most `next`.
fn cut(story: &Story, first: usize, next: usize) -> Story {
    let pieces = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let (head, tail) = bytes.split_at(first.min(bytes.len()));
        [head].into_iter().chain(tail.chunks(next)).map(<[u8]>::to_vec).collect()
    };
    let cut = |(at, heard): &(Duration, Heard)| -> Story {
        match heard {
            Heard::Sent(bytes) => pieces(bytes).into_iter().map(|piece| (*at, Heard::Sent(piece))).collect(),
            Heard::Received(bytes) => {
                pieces(bytes).into_iter().map(|piece| (*at, Heard::Received(piece))).collect()
            }
            other => vec![(*at, other.clone())],
        }
    };
    story.iter().flat_map(cut).collect()
}

#[test]
fn the_same_bytes_cut_anywhere_are_the_same_lines() {
    for pace in [Pace::Strict, Pace::Fast] {
        let story = session(&[0xD1, 0xD4, 0xA0, 0xFD], pace);
        let whole = narrate(&story);
        let longest = story.iter().map(|(_, heard)| len(heard)).max().unwrap();
        for place in 1..longest {
            let again = cut(&story, place, usize::MAX);
            assert!(again.len() > story.len(), "nothing was cut");
            assert_eq!(narrate(&again), whole, "every transfer cut at {place}");
        }
        assert_eq!(narrate(&cut(&story, 1, 1)), whole, "byte by byte");
        let joined = joined(&story);
        assert!(joined.len() < story.len(), "nothing was joined");
        assert_eq!(texts(&narrate(&joined)), texts(&whole));
    }
}

/// Joins neighbours of one direction.
fn joined(story: &Story) -> Story {
    let mut joined: Story = Vec::new();
    for (at, heard) in story {
        match (joined.last_mut(), heard) {
            (Some((_, Heard::Sent(all))), Heard::Sent(more)) => all.extend(more),
            (Some((_, Heard::Received(all))), Heard::Received(more)) => all.extend(more),
            _ => joined.push((*at, heard.clone())),
        }
    }
    joined
}

/// A story of nothing in particular, with many beginnings of commands in it.
fn wild(random: &mut Random) -> Story {
    let mut at = Duration::ZERO;
    let mut last = Vec::new();
    (0..random.below(60))
        .map(|_| {
            at += Duration::from_millis(random.below(400));
            let amount = random.below(40) as usize;
            let mut bytes = random.bytes(amount);
            for byte in &mut bytes {
                if random.below(3) == 0 {
                    let pick =
                        [0xA0, 0x0A, 0xD1, 0xD4, 0xFD, 0xE7, 0x00, 0x00, 0x11, 0x12, 0x1C, 0x52, 0xB2, 0xD7];
                    *byte = pick[random.below(pick.len() as u64) as usize];
                }
            }
            let error = match random.below(3) {
                0 => LinkError::Gone,
                1 => LinkError::Io { doing: "read", what: "broken".into() },
                _ => LinkError::Timeout { wanted: 9, got: random.below(9) as usize },
            };
            let heard = match random.below(8) {
                0..=2 => {
                    last.clone_from(&bytes);
                    Heard::Sent(bytes)
                }
                // Half of what comes back is what a phone would echo.
                3 | 4 => Heard::Received(last.clone()),
                5 => Heard::Received(bytes),
                6 => Heard::NotSent(bytes, error),
                _ => Heard::NotReceived(amount, error),
            };
            (at, heard)
        })
        .collect()
}

#[test]
fn no_story_is_too_wild_to_be_told_in_bounded_lines() {
    let mut random = Random::new(5);
    for round in 0..3000 {
        let story = wild(&mut random);
        let lines = narrate(&story);
        let bytes: usize = story.iter().map(|(_, heard)| 1 + len(heard)).sum();
        assert!(lines.len() <= bytes, "{round}: {} lines of {bytes} bytes", lines.len());
        for line in &lines {
            assert!(line.text.len() < 300, "{round}: {line:?}");
            assert!(line.private.as_ref().is_none_or(|hex| hex.chars().count() <= 129), "{round}: {line:?}");
        }
        assert_eq!(narrate(&cut(&story, 1, 1)), lines, "{round}, byte by byte");
    }
}

#[test]
fn a_host_that_never_listens_is_not_remembered() {
    let mut narrator = Narrator::new(vec![mt6572()]);
    let commands = [0xD1, 0x11, 0x12, 0x00, 0x0C, 0, 0, 0, 1].repeat(512);
    let mut told = 0;
    for _ in 0..200 {
        told += narrator
            .hear(&TraceEvent { at: Duration::ZERO, what: Heard::Sent(commands.clone()).traced() })
            .len();
    }
    // A line now and then says that nobody answered: what is kept does not grow.
    assert_eq!(told, 200 * 512 / 256 - 1);
    assert_eq!(narrator.finish().len(), 1);
    for bytes in [vec![0x77; 1 << 20], vec![0x52; 1 << 20]] {
        let mut told =
            narrator.hear(&TraceEvent { at: Duration::ZERO, what: Heard::Sent(bytes.clone()).traced() });
        told.extend(narrator.hear(&TraceEvent { at: Duration::ZERO, what: Heard::Received(bytes).traced() }));
        told.extend(narrator.finish());
        assert!(told.len() <= 4, "{}", told.len());
    }
}
