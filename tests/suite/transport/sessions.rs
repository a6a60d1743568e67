//! Recording and replaying, and the text between them.

use std::io::{self, Write};
use std::time::Duration;

use nvkeep::transport::session::{Event, Plug, What};
use nvkeep::transport::{
    Faults, LinkError, Port, PortKind, Recording, RecordingPort, ReplayPort, Session, WrappedPort,
};

use super::{AMPLE, EchoPort, Paper, SOON, open, receive};
use crate::support::Random;

const HANDSHAKE: &str = "nvkeep session 1
# a preloader that swallows the first A0
plug preloader usb 1-2 (0e8d:2000)
> 0.001 a0
! 0.031 receive timeout 1 0
> 0.0312 a0
< 0.0315 5f
> 0.0316 0a
< 0.0318 f5
> 0.032 fd
< 0.033 fd
< 0.033001 6572
< 0.033002 0000
! 0.5 receive gone

plug brom usb 1-2 (0e8d:0003)
> 0.1 a0
! 0.2 send timeout 1 0
> 0.3 a0
! 0.3 send gone
";

fn replay(text: &str) -> ReplayPort {
    ReplayPort::new("replay:test", text).unwrap()
}

#[test]
fn a_replay_answers_what_was_recorded_on_the_recordings_clock() {
    let mut port = replay(HANDSHAKE);
    let mut link = open(&mut port);
    assert_eq!(link.describe(), "replay of usb 1-2 (0e8d:2000)");
    link.send(&[0xA0], SOON).unwrap();
    assert_eq!(link.elapsed(), Duration::from_millis(1));
    assert_eq!(receive(&mut link, 1), Err(LinkError::Timeout { wanted: 1, got: 0 }));
    link.send(&[0xA0], SOON).unwrap();
    assert_eq!(receive(&mut link, 1), Ok(vec![0x5F]));
    assert_eq!(link.elapsed(), Duration::from_micros(31_500));
    link.send(&[0x0A], SOON).unwrap();
    assert_eq!(receive(&mut link, 1), Ok(vec![0xF5]));
    link.send(&[0xFD], SOON).unwrap();
    assert_eq!(receive(&mut link, 2), Ok(vec![0xFD, 0x65]), "receives may be split otherwise than recorded");
    assert_eq!(receive(&mut link, 3), Ok(vec![0x72, 0x00, 0x00]));
    assert_eq!(receive(&mut link, 1), Err(LinkError::Gone));
    assert_eq!(link.send(&[0xA0], SOON), Err(LinkError::Gone));

    let again = port.open(AMPLE).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.kind, PortKind::Brom);
    let mut link = again.link;
    assert_eq!(link.elapsed(), Duration::ZERO);
    assert_eq!(link.send(&[0xA0], SOON), Err(LinkError::Timeout { wanted: 1, got: 0 }));
    assert_eq!(link.send(&[0xA0], SOON), Err(LinkError::Gone));
    let nobody = port.open(AMPLE).err();
    assert_eq!(nobody, Some(LinkError::NoPhone { port: "replay:test".into(), seconds: 5 }));
}

#[test]
fn a_replay_keeps_answers_the_host_has_not_collected() {
    let mut link =
        open(&mut replay("nvkeep session 1\nplug unknown x\n> 0.1 01\n< 0.2 aabb\n> 0.3 02\n< 0.4 cc\n"));
    link.send(&[1], SOON).unwrap();
    assert_eq!(receive(&mut link, 1), Ok(vec![0xAA]));
    link.send(&[2], SOON).unwrap();
    assert_eq!(receive(&mut link, 2), Ok(vec![0xBB, 0xCC]));
    let before = link.elapsed();
    assert_eq!(receive(&mut link, 1), Err(LinkError::Timeout { wanted: 1, got: 0 }));
    assert_eq!(link.elapsed() - before, SOON, "silence costs the time waited");
}

#[test]
fn a_replay_says_which_transfer_and_byte_differs() {
    let differs = |sent: &[u8]| {
        let mut link = open(&mut replay("nvkeep session 1\nplug unknown x\n> 0.1 d1\n\n> 0.2 01020304\n"));
        link.send(&[0xD1], SOON).unwrap();
        link.send(sent, SOON).unwrap_err().to_string()
    };
    let expected = "replay: transfer 2 (line 5) differs at byte 2: recorded 03 of 4 bytes, sent ff of 4";
    assert_eq!(differs(&[1, 2, 0xFF, 4]), expected);
    let expected = "replay: transfer 2 (line 5) differs at byte 3: recorded 04 of 4 bytes, sent nothing of 3";
    assert_eq!(differs(&[1, 2, 3]), expected);
    let mut link = open(&mut replay("nvkeep session 1\nplug unknown x\n"));
    assert_eq!(
        link.send(&[1], SOON).unwrap_err().to_string(),
        "replay: the recording ends before transfer 1 of 1 bytes"
    );
}

#[test]
fn what_was_recorded_replays_the_same() {
    // The host's half: answers and failures alike are its result.
    fn host(port: &mut dyn Port) -> Vec<(Result<Vec<u8>, LinkError>, Duration)> {
        let mut results = Vec::new();
        for _ in 0..2 {
            let mut link = open(port);
            for (question, answers) in
                [(vec![1, 2, 3], 2), (vec![], 2), (vec![0xFF; 600], 500), (vec![9], 99)]
            {
                let sent = link.send(&question, SOON).map(|()| vec![]);
                results.push((sent, link.elapsed()));
                results.push((receive(&mut *link, answers), link.elapsed()));
                link.pause(Duration::from_millis(3));
            }
        }
        results
    }
    for seed in 0..40 {
        let faults = Faults::seeded(seed, 2, 16);
        let paper = Paper::default();
        let recording = Recording::new(Box::new(paper.clone())).unwrap();
        let wrapped = WrappedPort::new(EchoPort, move |plugged| faults.wrap(plugged));
        let live = host(&mut RecordingPort::new(wrapped, recording.clone()));
        recording.finish().unwrap();
        let played = host(&mut replay(&paper.text()));
        assert_eq!(live, played, "seed {seed}:\n{}", paper.text());
    }
}

#[test]
fn a_recording_that_cannot_be_written_is_told_and_disturbs_nothing() {
    /// A disk with room for a few bytes.
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.len() > self.0 {
                return Err(io::Error::other("disk full"));
            }
            self.0 -= bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert!(Recording::new(Box::new(Full(3))).is_err(), "before the session it is an error");
    let recording = Recording::new(Box::new(Full(45))).unwrap();
    let mut port = RecordingPort::new(EchoPort, recording.clone());
    let mut link = open(&mut port);
    link.send(&[1, 2, 3, 4], SOON).unwrap();
    assert_eq!(receive(&mut link, 4), Ok(vec![0xFE, 0xFD, 0xFC, 0xFB]));
    let trouble = LinkError::Io { doing: "write the recording", what: "disk full".into() };
    assert_eq!(recording.finish(), Err(trouble.clone()));
    drop(link);
    assert_eq!(port.open(AMPLE).err(), Some(trouble), "the next session would not be recorded");
}

#[test]
fn sessions_write_what_they_read() {
    let session = Session::parse(HANDSHAKE).unwrap();
    assert_eq!(session.plugs.len(), 2);
    assert_eq!(
        session.plugs[0].events[0],
        Event { at: Duration::from_millis(1), what: What::Sent(vec![0xA0]), line: 4 }
    );
    let text = session.to_string();
    assert!(text.contains("< 0.033001 6572\n"), "{text}");
    let again = Session::parse(&text).unwrap();
    assert_eq!(again.to_string(), text);
    assert_eq!(again.plugs.len(), 2);
}

#[test]
fn names_cannot_start_a_line_of_their_own() {
    let name = "evil\n> 0.0 ff\r\u{0}".to_owned();
    let session = Session { plugs: vec![Plug { kind: PortKind::Unknown, name, events: vec![] }] };
    let read = Session::parse(&session.to_string()).unwrap();
    assert_eq!(read.plugs.len(), 1);
    assert_eq!(read.plugs[0].events, []);
}

#[test]
fn sessions_refuse_what_is_not_one() {
    let refused = |text: &str| Session::parse(text).expect_err(text);
    for (text, line) in [
        ("", 1),
        ("nvkeep session 2\n", 1),
        ("nvkeep session 1\n> 0.1 00\n", 2),
        ("nvkeep session 1\nplug toaster x\n", 2),
        ("nvkeep session 1\nplug brom x\n> 0.1 0\n", 3),
        ("nvkeep session 1\nplug brom x\n> 0.1 0g\n", 3),
        ("nvkeep session 1\nplug brom x\n> 1 00\n", 3),
        ("nvkeep session 1\nplug brom x\n> -1.0 00\n", 3),
        ("nvkeep session 1\nplug brom x\n> 0.0000000001 00\n", 3),
        ("nvkeep session 1\nplug brom x\n> 99999999999999999999.0 00\n", 3),
        ("nvkeep session 1\nplug brom x\n> 0.2 00\n< 0.1 00\n", 4),
        ("nvkeep session 1\nplug brom x\n! 0.2 send gone\n", 3),
        ("nvkeep session 1\nplug brom x\n! 0.2 receive timeout 1\n", 3),
        ("nvkeep session 1\nplug brom x\n! 0.2 gone\n", 3),
        ("nvkeep session 1\nplug brom x\n? 0.2 00\n", 3),
    ] {
        assert_eq!(refused(text).line, line, "{text:?}");
    }
}

#[test]
fn damaged_sessions_neither_panic_nor_hang() {
    let mut random = Random::new(11);
    for _ in 0..5000 {
        let text = String::from_utf8_lossy(&random.damage(HANDSHAKE.as_bytes())).into_owned();
        let Ok(mut port) = ReplayPort::new("replay", &text) else {
            continue;
        };
        while let Ok(mut plugged) = port.open(SOON) {
            for _ in 0..32 {
                let question = random.bytes(2);
                let _ = plugged.link.send(&question[..1 + random.below(2) as usize], SOON);
                let _ = receive(&mut *plugged.link, random.below(8) as usize);
            }
        }
    }
}
