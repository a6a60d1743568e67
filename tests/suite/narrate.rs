//! Claims about the narration: a line for each command, whatever the transfers look like, and nothing private in its text.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::protocol::{
    ConnectOptions, DirectEngine, DirectOptions, Engine, Line, Narrator, Pace, ProtocolError, connect,
};
use nvkeep::simulator::{Area, Board, Flash};
use nvkeep::transport::{Link, LinkError, Trace, TraceEvent, Traced};

use crate::support::Random;
use crate::support::in_process::{OnBench, mt6572};

const LBA: u64 = 0x7C00;

/// A transfer that can be kept.
#[derive(Debug, Clone, PartialEq)]
enum Heard {
    Sent(Vec<u8>),
    Received(Vec<u8>),
    NotSent(Vec<u8>, LinkError),
    NotReceived(usize, LinkError),
}

type Story = Vec<(Duration, Heard)>;

impl Heard {
    fn of(what: &Traced<'_>) -> Self {
        match what {
            Traced::Sent(bytes) => Self::Sent(bytes.to_vec()),
            Traced::Received(bytes) => Self::Received(bytes.to_vec()),
            Traced::NotSent(bytes, error) => Self::NotSent(bytes.to_vec(), (*error).clone()),
            Traced::NotReceived(wanted, error) => Self::NotReceived(*wanted, (*error).clone()),
        }
    }

    fn traced(&self) -> Traced<'_> {
        match self {
            Self::Sent(bytes) => Traced::Sent(bytes),
            Self::Received(bytes) => Traced::Received(bytes),
            Self::NotSent(bytes, error) => Traced::NotSent(bytes, error),
            Self::NotReceived(wanted, error) => Traced::NotReceived(*wanted, error),
        }
    }
}

/// Tells a story from its beginning to its end.
fn narrate(story: &[(Duration, Heard)]) -> Vec<Line> {
    let mut narrator = Narrator::new(vec![mt6572()]);
    let mut lines = Vec::new();
    for (at, heard) in story {
        lines.extend(narrator.hear(&TraceEvent { at: *at, what: heard.traced() }));
    }
    lines.extend(narrator.finish());
    lines
}

fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

/// A link whose transfers are kept, and the keeper.
fn overheard(link: Box<dyn Link>) -> (Box<dyn Link>, Arc<Mutex<Story>>) {
    let story: Arc<Mutex<Story>> = Arc::default();
    let kept = Arc::clone(&story);
    let sink = move |event: TraceEvent<'_>| kept.lock().unwrap().push((event.at, Heard::of(&event.what)));
    (Box::new(Trace::new(link, sink)), story)
}

fn open(link: Box<dyn Link>, pace: Pace) -> Result<DirectEngine, ProtocolError> {
    let session = connect(link, &[mt6572()], ConnectOptions::default(), Duration::from_secs(3))?;
    session.into_direct(DirectOptions { pace })
}

fn bench() -> OnBench {
    let board = Board::default();
    let mut flash = Flash::new(u64::from(board.card.sectors) * 512, 4 << 20, 512 << 10, 0);
    flash.write(Area::User, LBA * 512, &Random::new(7).bytes(16 * 512)).unwrap();
    OnBench::new(board, flash)
}

#[test]
fn look() {
    let (link, story) = overheard(bench().link());
    let mut engine = open(link, Pace::Strict).unwrap();
    let mut block = [0; 512];
    engine.read(LBA, &mut block).unwrap();
    engine.write(LBA, &block).unwrap();
    engine.leave().unwrap();
    for line in narrate(&story.lock().unwrap()) {
        println!("{:?} {} {}", line.at, line.text, line.private.unwrap_or_default());
    }
}
