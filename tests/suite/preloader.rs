//! Handshake and commands: every quirk, frozen bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::protocol::{
    ConnectOptions, Preloader, ProtocolError, TargetConfig, connect, handshake, identify,
};
use nvkeep::simulator::{Board, Departure, Flash, Phone, Presence};
use nvkeep::transport::{Link, LinkError};

use crate::support::Random;
use crate::support::in_process::{OnBench, mt6572};

const WITHIN: Duration = Duration::from_secs(5);

/// A device that is a function from what it hears to what it says, on virtual time.
struct Talker<F> {
    device: F,
    heard: Arc<Mutex<Vec<u8>>>,
    queue: VecDeque<u8>,
    now: Duration,
    gone_at: Option<Duration>,
}

impl<F: FnMut(&[u8], Duration) -> Vec<u8> + Send> Link for Talker<F> {
    fn send(&mut self, bytes: &[u8], _within: Duration) -> Result<(), LinkError> {
        if self.gone_at.is_some_and(|at| self.now >= at) {
            return Err(LinkError::Gone);
        }
        self.heard.lock().unwrap().extend(bytes);
        let said = (self.device)(bytes, self.now);
        self.queue.extend(said);
        Ok(())
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        if self.queue.len() < into.len() {
            let got = self.queue.len();
            self.now += within;
            if self.gone_at.is_some_and(|at| self.now >= at) {
                return Err(LinkError::Gone);
            }
            return Err(LinkError::Timeout { wanted: into.len(), got });
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
        "talker".to_owned()
    }
}

type Heard = Arc<Mutex<Vec<u8>>>;

fn talker(device: impl FnMut(&[u8], Duration) -> Vec<u8> + Send + 'static) -> (Box<dyn Link>, Heard) {
    let heard = Heard::default();
    let link =
        Talker { device, heard: heard.clone(), queue: VecDeque::new(), now: Duration::ZERO, gone_at: None };
    (Box::new(link), heard)
}

fn flash() -> Flash {
    Flash::new(1 << 20, 4 << 20, 512 << 10, 0)
}

fn cold() -> OnBench {
    OnBench::new(Board::default(), flash())
}

fn failure(outcome: Result<Preloader, ProtocolError>) -> ProtocolError {
    outcome.map(|_| "a preloader").unwrap_err()
}

/// A phone whose handshake is the plain four steps, then a script of (host says, phone says).
fn scripted(script: &'static [(&'static [u8], &'static [u8])]) -> (Preloader, Heard) {
    let mut steps = [0xA0, 0x0A, 0x50, 0x05].into_iter().peekable();
    let mut script = script.iter();
    let (link, heard) = talker(move |bytes, _| {
        if steps.peek().is_some() {
            assert_eq!(bytes, [steps.next().unwrap()]);
            return vec![!bytes[0]];
        }
        let (host, phone) = script.next().expect("the host says more than the script");
        assert_eq!(bytes, *host);
        phone.to_vec()
    });
    let preloader = handshake(link, WITHIN).unwrap();
    assert_eq!(std::mem::take(&mut *heard.lock().unwrap()), [0xA0, 0x0A, 0x50, 0x05]);
    (preloader, heard)
}

#[test]
fn shakes_hands_with_a_cold_preloader_that_swallows_the_first_byte() {
    let bench = cold();
    let mut preloader = handshake(bench.link(), WITHIN).unwrap();
    assert_eq!(preloader.hw_code().unwrap(), 0x6572);
    assert!(bench.now() < Duration::from_millis(1000), "{:?}", bench.now());
    assert_eq!(bench.violations(), [""; 0]);
}

#[test]
fn shakes_hands_through_a_flood_of_ready() {
    let bench = cold();
    bench.phone.lock().unwrap().open_port();
    bench.phone.lock().unwrap().pass(Duration::from_millis(400));
    let mut preloader = handshake(bench.link(), WITHIN).unwrap();
    assert_eq!(preloader.hw_code().unwrap(), 0x6572);
    assert_eq!(preloader.hw_sw_version().unwrap().hw_sub_code, 0x8A00);
}

#[test]
fn shakes_hands_at_every_moment_of_the_listen_window() {
    for late in (0..2300).step_by(37) {
        let bench = cold();
        bench.phone.lock().unwrap().pass(Duration::from_millis(late));
        let mut preloader =
            handshake(bench.link(), WITHIN).unwrap_or_else(|error| panic!("{late} ms: {error}"));
        assert_eq!(preloader.hw_code().unwrap(), 0x6572, "{late} ms");
    }
}

/// An interrupted earlier attempt left the phone expecting a second byte: A0 draws A1, then a fresh start works.
#[test]
fn starts_again_when_a_first_byte_was_one_too_many() {
    let bench = cold();
    {
        let mut phone = bench.phone.lock().unwrap();
        phone.answer(&[0xA0]);
        phone.pass(Duration::from_millis(30));
        assert_eq!(phone.answer(&[0xA0]), [0x5F]);
    }
    let mut preloader = handshake(bench.link(), WITHIN).unwrap();
    assert_eq!(preloader.hw_code().unwrap(), 0x6572);
}

/// A device that answers as slowly as a far TCP link: each answer comes after the next byte was sent.
#[test]
fn shakes_hands_over_a_cable_slower_than_its_period() {
    let mut index = 0usize;
    let mut late: VecDeque<u8> = VecDeque::new();
    let (link, _) = talker(move |bytes, now| {
        if bytes == [0xFD] {
            return vec![0xFD, 0x65, 0x72, 0, 0];
        }
        let expected = [0xA0, 0x0A, 0x50, 0x05][index % 4];
        let said = if bytes[0] == expected {
            index += 1;
            !bytes[0]
        } else {
            index = 0;
            bytes[0].wrapping_add(1)
        };
        // The first two answers come one byte late.
        late.push_back(said);
        if now < Duration::from_millis(80) { vec![] } else { late.drain(..).collect() }
    });
    assert_eq!(handshake(link, WITHIN).unwrap().hw_code().unwrap(), 0x6572);
}

#[test]
fn enters_a_command_loop_that_is_already_there_with_one_query() {
    let bench = cold();
    drop(handshake(bench.link(), WITHIN).unwrap());
    let commands = bench.phone.lock().unwrap().counters().commands;
    let mut preloader = handshake(bench.link(), WITHIN).unwrap();
    // One A0 (echoed as unknown), one FD: no byte is repeated into the loop.
    assert_eq!(bench.phone.lock().unwrap().counters().commands, commands + 2);
    assert_eq!(preloader.target_config().unwrap(), TargetConfig(0));
}

#[test]
fn gives_up_a_phone_that_hangs_in_half_a_command() {
    // It echoes what it hears, as an argument that waits for more.
    let (link, heard) = talker(|bytes, _| bytes.to_vec());
    let error = failure(handshake(link, WITHIN));
    assert_eq!(error.code(), "handshake-lost");
    assert!(error.to_string().contains("middle of a command"), "{error}");
    assert!(error.advice().contains("battery"));
    // Neither A0 nor FD was repeated.
    assert_eq!(*heard.lock().unwrap(), [0xA0, 0xFD]);
    let (link, heard) = talker(|bytes, _| if bytes == [0xA0] { vec![0xA0] } else { vec![] });
    assert_eq!(failure(handshake(link, WITHIN)).code(), "handshake-lost");
    assert_eq!(*heard.lock().unwrap(), [0xA0, 0xFD]);
}

#[test]
fn says_that_the_phone_left() {
    let bench = cold();
    bench.phone.lock().unwrap().pass(Duration::from_secs(3));
    assert_eq!(bench.presence(), Presence::Gone { why: Departure::Booted });
    assert_eq!(failure(handshake(bench.link(), WITHIN)).code(), "cable-gone");
    let link = Talker {
        device: |_: &[u8], _| vec![],
        heard: Heard::default(),
        queue: VecDeque::new(),
        now: Duration::ZERO,
        gone_at: Some(Duration::from_millis(700)),
    };
    assert_eq!(failure(handshake(Box::new(link), WITHIN)).code(), "cable-gone");
}

#[test]
fn tells_a_silent_device_from_a_foreign_one() {
    let (silent, _) = talker(|_, _| vec![]);
    let error = failure(handshake(silent, WITHIN));
    assert_eq!(error.code(), "handshake-lost");
    assert!(error.to_string().contains("says nothing"), "{error}");
    let (modem, _) = talker(|_, _| b"\r\nERROR\r\n".to_vec());
    let error = failure(handshake(modem, WITHIN));
    assert_eq!(error.code(), "not-a-preloader");
    assert!(error.to_string().contains("not a MediaTek preloader"), "{error}");
    let (flood, _) = talker(|_, _| vec![0x33; 100_000]);
    assert_eq!(failure(handshake(flood, WITHIN)).code(), "not-a-preloader");
    let (ready, _) = talker(|_, _| b"READY".to_vec());
    let error = failure(handshake(ready, WITHIN));
    assert!(error.to_string().contains("READY"), "{error}");
}

#[test]
fn ends_within_its_time() {
    for device in [&[][..], b"READY", b"\xA1", b"\x5F", b"\x5F\x0B", b"x"] {
        let bench_time = Arc::new(Mutex::new(Duration::ZERO));
        let seen = bench_time.clone();
        let (link, _) = talker(move |_, now| {
            *seen.lock().unwrap() = now;
            device.to_vec()
        });
        assert!(handshake(link, Duration::from_millis(900)).is_err(), "{device:02x?}");
        assert!(*bench_time.lock().unwrap() < Duration::from_millis(1500), "{device:02x?}");
    }
}

#[test]
fn random_devices_never_hang_the_handshake() {
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let (link, _) = talker(move |_, _| {
            let len = random.below(6) as usize;
            let mut said = random.bytes(len);
            for byte in &mut said {
                if random.below(2) == 0 {
                    *byte = [0x5F, 0xF5, 0xAF, 0xFA, 0xA0, 0xA1][random.below(6) as usize];
                }
            }
            said
        });
        if let Ok(mut preloader) = handshake(link, WITHIN) {
            let _ = identify(&mut preloader);
            let _ = preloader.read32(0x1000_0000, &mut [0; 4]);
        }
    }
}

#[test]
fn tells_a_brom_by_its_version_query() {
    let (mut preloader, _) = scripted(&[(&[0xFE], &[0xFE])]);
    let error = preloader.bl_version().unwrap_err();
    assert_eq!(error, ProtocolError::Brom);
    assert!(error.to_string().contains("boot ROM"));
    let (mut preloader, _) = scripted(&[(&[0xFE], &[0x01])]);
    assert_eq!(preloader.bl_version().unwrap(), 1);
}

/// Frozen: preloader-and-legacy-da.md 3.3. If this fails, do not change the test.
#[test]
fn identification_bytes_are_frozen() {
    let (mut preloader, _) = scripted(&[
        (&[0xFD], &[0xFD, 0x65, 0x72, 0x00, 0x00]),
        (&[0xFE], &[0x01]),
        (&[0xFC], &[0xFC, 0x8A, 0x00, 0xCA, 0x01, 0x00, 0x01, 0x00, 0x00]),
        (&[0xD8], &[0xD8, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00]),
    ]);
    let facts = identify(&mut preloader).unwrap();
    assert_eq!((facts.hw_code, facts.bl_version), (0x6572, 1));
    assert_eq!((facts.hw_sub_code, facts.hw_version, facts.sw_version), (0x8A00, 0xCA01, 0x0001));
    let fuses = facts.target_config;
    assert_eq!((fuses.sbc(), fuses.sla(), fuses.daa(), fuses.cert()), (true, false, true, false));
    assert_eq!((fuses.read_auth(), fuses.write_auth()), (false, false));
}

/// Frozen: preloader-and-legacy-da.md 3.4, the watchdog example among them. If this fails, do not change the test.
#[test]
fn register_access_bytes_are_frozen() {
    let (mut preloader, _) = scripted(&[
        (
            &[0xD4, 0x10, 0x00, 0x70, 0x00, 0x00, 0x00, 0x00, 0x01, 0x22, 0x00, 0x00, 0x00],
            &[
                0xD4, 0x10, 0x00, 0x70, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x22, 0x00, 0x00, 0x00,
                0x00, 0x00,
            ],
        ),
        (
            &[0xD1, 0x11, 0x12, 0x00, 0x40, 0x00, 0x00, 0x00, 0x02],
            &[
                0xD1, 0x11, 0x12, 0x00, 0x40, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x09, 0x00,
                0x12, 0x34, 0x56, 0x78, 0x00, 0x00,
            ],
        ),
        (
            &[0xD0, 0x10, 0x00, 0x70, 0x02, 0x00, 0x00, 0x00, 0x01],
            &[0xD0, 0x10, 0x00, 0x70, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0xBE, 0xEF, 0x00, 0x00],
        ),
        (
            &[0xD2, 0x10, 0x00, 0x70, 0x02, 0x00, 0x00, 0x00, 0x02, 0x12, 0x34, 0x56, 0x78],
            &[
                0xD2, 0x10, 0x00, 0x70, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01, 0x12, 0x34, 0x56, 0x78,
                0x00, 0x00,
            ],
        ),
    ]);
    preloader.write32(0x1000_7000, &[0x2200_0000]).unwrap();
    let mut words = [0; 2];
    preloader.read32(0x1112_0040, &mut words).unwrap();
    assert_eq!(words, [0x900, 0x1234_5678]);
    let mut half = [0];
    preloader.read16(0x1000_7002, &mut half).unwrap();
    assert_eq!(half, [0xBEEF]);
    // A status of 0001 is success too (section 3.1).
    preloader.write16(0x1000_7002, &[0x1234, 0x5678]).unwrap();
}

#[test]
fn refuses_before_sending_what_would_assert_the_phone() {
    let (mut preloader, heard) = scripted(&[]);
    let mut words = vec![0; 4097];
    for (address, count) in [
        (0x0800_0008, 1),
        (0x8000_0000, 1),
        (0x0FFF_FFFC, 1),
        (0x1FFF_FFFC, 1),
        (0x2000_0000, 1),
        (0xFFFF_FFFC, 2),
        (0x1000_A000, 1),
        (0x1000_AFFC, 1),
        (0x1000_9FFC, 2),
        (0x1000_0002, 1),
        (0x1000_0000, 0),
        (0x1000_0000, 4097),
    ] {
        let error = preloader.read32(address, &mut words[..count]).unwrap_err();
        assert_eq!(error.code(), "address-refused", "{address:08x} x {count}");
        let values = &words[..count];
        assert_eq!(preloader.write32(address, values).unwrap_err().code(), "address-refused");
    }
    assert_eq!(preloader.read16(0x1000_0001, &mut [0]).unwrap_err().code(), "address-refused");
    assert_eq!(preloader.write16(0x1000_A800, &[0]).unwrap_err().code(), "address-refused");
    assert_eq!(*heard.lock().unwrap(), [0u8; 0]);
}

#[test]
fn accepts_the_edges_of_the_window() {
    let bench = cold();
    let mut preloader = handshake(bench.link(), WITHIN).unwrap();
    let mut word = [0];
    for address in [0x1000_0000, 0x1000_9FFC, 0x1000_B000, 0x1FFF_FFF8] {
        preloader.read32(address, &mut word).unwrap();
    }
    assert_eq!(bench.presence(), Presence::Connected);
}

#[test]
fn names_the_byte_that_came_back_wrong_and_then_keeps_silent() {
    let (mut preloader, heard) = scripted(&[(
        &[0xD1, 0x10, 0x00, 0x00, 0x24, 0x00, 0x00, 0x00, 0x01],
        &[0xD1, 0x10, 0x00, 0x00, 0x25, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00],
    )]);
    let error = preloader.read32(0x1000_0024, &mut [0]).unwrap_err();
    assert_eq!(error.code(), "echo-mismatch");
    assert!(error.to_string().contains("READ32 10000024"), "{error}");
    assert!(error.to_string().contains("byte 4 is 25, expected 24"), "{error}");
    let sent = heard.lock().unwrap().len();
    assert_eq!(preloader.hw_code().unwrap_err().code(), "desync");
    assert_eq!(preloader.read32(0x1000_0024, &mut [0]).unwrap_err().code(), "desync");
    assert_eq!(heard.lock().unwrap().len(), sent);
}

#[test]
fn a_short_reply_is_a_timeout_that_says_where() {
    let (mut preloader, _) =
        scripted(&[(&[0xD1, 0x10, 0x00, 0x00, 0x24, 0x00, 0x00, 0x00, 0x01], &[0xD1, 0x10, 0x00])]);
    let error = preloader.read32(0x1000_0024, &mut [0]).unwrap_err();
    assert_eq!(error.code(), "cable-timeout");
    assert!(error.to_string().contains("reply byte 3"), "{error}");
}

#[test]
fn a_refused_read_is_a_status_and_the_loop_goes_on() {
    let (mut preloader, _) = scripted(&[
        (
            &[0xD1, 0x11, 0x23, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01],
            &[0xD1, 0x11, 0x23, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x10, 0x00],
        ),
        (&[0xFD], &[0xFD, 0x65, 0x72, 0x00, 0x00]),
    ]);
    let error = preloader.read32(0x1123_0000, &mut [0]).unwrap_err();
    assert_eq!(error, ProtocolError::Status { doing: "READ32 11230000 x 1".to_owned(), status: 0x1000 });
    assert_eq!(preloader.hw_code().unwrap(), 0x6572);
}

/// A phone that answers every query and refuses READ32 is closed, not broken.
#[test]
fn a_phone_that_refuses_read32_is_called_secured() {
    refuses_from(0x1000_0000);
}

/// The status of later preloaders (msdc-direct.md 9): the gate may be read, the controller may not.
#[test]
fn a_phone_that_refuses_its_controller_is_called_secured() {
    refuses_from(0x1112_0000);
}

fn refuses_from(first: u32) {
    let mut step = 0;
    let (link, _) = talker(move |bytes, _| {
        step += 1;
        match (step, bytes) {
            (1..=4, [byte]) => vec![!byte],
            (_, [0xFD]) => vec![0xFD, 0x65, 0x72, 0, 0],
            (_, [0xFE]) => vec![0x01],
            (_, [0xFC]) => vec![0xFC, 0x8A, 0, 0xCA, 1, 0, 0, 0, 0],
            (_, [0xD8]) => vec![0xD8, 0, 0, 0, 7, 0, 0],
            (_, other) if u32::from_be_bytes(other[1..5].try_into().unwrap()) >= first => {
                [&other[..9], &[0x10, 0x00]].concat()
            }
            (_, other) => {
                let word: u32 = match other[3..5] {
                    [0x53, 0x50] => 0x1111_0000,
                    [0x53, 0x60] => 0x0111_1111,
                    _ => 0,
                };
                [&other[..9], &[0, 0], &word.to_be_bytes()[..], &[0, 0]].concat()
            }
        }
    });
    let session = connect(link, &[mt6572()], ConnectOptions::default(), WITHIN).unwrap();
    assert!(session.facts().target_config.sla());
    let error = session.into_direct(Default::default()).map(|_| "an engine").unwrap_err();
    assert_eq!(error.code(), "security");
    assert!(error.to_string().contains("status 1000"), "{error}");
}

#[test]
fn asks_a_second_time_when_the_first_query_is_swallowed() {
    let (mut preloader, _) = scripted(&[(&[0xFD], &[]), (&[0xFD], &[0xFD, 0x65, 0x72, 0x00, 0x00])]);
    assert_eq!(preloader.hw_code().unwrap(), 0x6572);
    let (mut preloader, _) = scripted(&[(&[0xFD], &[]), (&[0xFD], &[])]);
    assert_eq!(preloader.hw_code().unwrap_err().code(), "cable-timeout");
}

#[test]
fn every_failure_has_a_code_and_a_sentence() {
    let link = |cause| ProtocolError::Link { doing: "x".to_owned(), cause };
    let failures = [
        link(LinkError::Gone),
        link(LinkError::Timeout { wanted: 2, got: 1 }),
        ProtocolError::Brom,
        ProtocolError::NotAPreloader { heard: vec![1] },
        ProtocolError::UnknownChip { hw_code: 1 },
        ProtocolError::NandBoot { evidence: "x".to_owned() },
        ProtocolError::SilentWrite32 { got: 0 },
        ProtocolError::RefusedCard { why: "x".to_owned() },
    ];
    let mut codes = std::collections::BTreeSet::new();
    for failure in &failures {
        assert!(failure.advice().ends_with('.'), "{failure}");
        assert!(codes.insert(failure.code()), "{} twice", failure.code());
    }
}

#[test]
fn a_phone_that_dies_in_a_query_is_gone() {
    let mut phone = Phone::plug_in(Board::default(), flash());
    phone.pass(Duration::from_millis(10));
    let bench = OnBench::of(phone);
    let mut preloader = handshake(bench.link(), WITHIN).unwrap();
    bench.phone.lock().unwrap().cut();
    let error = preloader.hw_sw_version().unwrap_err();
    assert_eq!(error.code(), "cable-gone");
    assert!(error.to_string().contains("GET_HW_SW_VER"), "{error}");
}
