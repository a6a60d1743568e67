//! What passes once a phone is open: a stream in both directions, until it leaves.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nvkeep::simulator::{Board, Flash};
use nvkeep::transport::{LinkError, PortKind};

use super::{AMPLE, Complement, SOON, ask, on_bus, open};
use crate::support::fake_usb::{Device, FakeUsb, PACKET, SimulatedPhone, UsbModel};

#[test]
fn a_small_receive_meets_a_large_packet() {
    let bus = |usb: FakeUsb| usb.plug(Device::preloader(Complement::saying(b"READYREADY")));
    on_bus("streaming::a_small_receive_meets_a_large_packet", bus, || {
        let (mut link, _) = open(None);
        for expected in b"READYREA" {
            let mut byte = [0];
            link.receive(&mut byte, AMPLE).unwrap();
            assert_eq!(byte, [*expected]);
        }
        let mut three = [0; 3];
        assert_eq!(link.receive(&mut three, SOON), Err(LinkError::Timeout { wanted: 3, got: 2 }));
        assert_eq!(ask(&mut link, &[0x00])[0], b'D', "what was left comes before the answer");
    });
}

#[test]
fn the_pretend_bus_overflows_like_a_real_one() {
    let bus = |usb: FakeUsb| usb.plug(Device::preloader(Complement::saying(b"READY")));
    on_bus("streaming::the_pretend_bus_overflows_like_a_real_one", bus, || {
        use rusb::UsbContext;
        let context = rusb::Context::new().unwrap();
        let device = context.devices().unwrap().iter().next().unwrap();
        let handle = device.open().unwrap();
        handle.claim_interface(0).unwrap();
        let mut byte = [0];
        assert_eq!(handle.read_bulk(0x81, &mut byte, AMPLE), Err(rusb::Error::Overflow));
    });
}

#[test]
fn fields_that_come_as_packets_of_their_own_are_one_stream() {
    let bus = |usb: FakeUsb| usb.plug(Device::preloader(Complement::in_packets_of(1)));
    on_bus("streaming::fields_that_come_as_packets_of_their_own_are_one_stream", bus, || {
        let (mut link, _) = open(None);
        let question: Vec<u8> = (0..=255).collect();
        let expected: Vec<u8> = (0..=255).rev().collect();
        assert_eq!(ask(&mut link, &question), expected);
    });
}

#[test]
fn an_answer_that_ends_on_a_packet_border_comes_at_once() {
    let bus = |usb: FakeUsb| usb.plug(Device::preloader(Complement::new()));
    on_bus("streaming::an_answer_that_ends_on_a_packet_border_comes_at_once", bus, || {
        let (mut link, _) = open(None);
        let start = Instant::now();
        for _ in 0..20 {
            assert_eq!(ask(&mut link, &[0x11; 2 * PACKET]), [0xEE; 2 * PACKET]);
        }
        // Had each waited for a request to time out, twenty would have taken a second.
        assert!(start.elapsed() < Duration::from_millis(900), "{:?}", start.elapsed());
    });
}

#[test]
fn a_megabyte_goes_both_ways() {
    let bus = |usb: FakeUsb| usb.plug(Device::preloader(Complement::new()));
    on_bus("streaming::a_megabyte_goes_both_ways", bus, || {
        let (mut link, _) = open(None);
        let question: Vec<u8> = (0..1 << 20).map(|index: u32| (index % 251) as u8).collect();
        let answer = ask(&mut link, &question);
        assert!(answer.iter().zip(&question).all(|(answer, question)| *answer == !question));
    });
}

#[test]
fn a_phone_that_takes_nothing_is_a_timeout() {
    /// NAKs every OUT packet.
    struct Deaf;
    impl UsbModel for Deaf {
        fn out(&mut self, _bytes: &[u8]) {
            unreachable!("it takes nothing");
        }
        fn take_in(&mut self, _max: usize) -> Option<Vec<u8>> {
            None
        }
        fn takes_out(&self) -> bool {
            false
        }
    }
    let bus = |usb: FakeUsb| usb.plug(Device::preloader(Deaf));
    on_bus("streaming::a_phone_that_takes_nothing_is_a_timeout", bus, || {
        let (mut link, _) = open(None);
        assert_eq!(link.send(&[1, 2, 3], SOON), Err(LinkError::Timeout { wanted: 3, got: 0 }));
        let mut byte = [0];
        assert_eq!(link.receive(&mut byte, Duration::ZERO), Err(LinkError::Timeout { wanted: 1, got: 0 }));
    });
}

#[test]
fn a_pulled_cable_is_noticed_and_the_phone_found_again() {
    let bus = |usb: FakeUsb| {
        let again = Device::brom(Complement::new());
        usb.plug(Device::preloader(Complement::new())).until_gone().wait(SOON).plug(again)
    };
    on_bus("streaming::a_pulled_cable_is_noticed_and_the_phone_found_again", bus, || {
        let (mut link, kind) = open(None);
        assert_eq!(kind, PortKind::Preloader);
        assert_eq!(ask(&mut link, &[0xA0]), [0x5F]);
        link.send(&[0xEE], AMPLE).unwrap();
        let mut ten = [0; 10];
        assert_eq!(link.receive(&mut ten, AMPLE), Err(LinkError::Gone));
        assert_eq!(link.send(&[0xA0], AMPLE), Err(LinkError::Gone));
        drop(link);
        let (mut link, kind) = open(None);
        assert_eq!(kind, PortKind::Brom);
        assert_eq!(ask(&mut link, &[0x0A]), [0xF5]);
    });
}

#[test]
fn a_phone_that_waits_for_its_reader_is_not_stalled_by_a_long_send() {
    /// Takes nothing while an answer waits, as a preloader that flushes each field.
    struct Flushing(Complement);
    impl UsbModel for Flushing {
        fn out(&mut self, bytes: &[u8]) {
            self.0.out(bytes);
        }
        fn take_in(&mut self, max: usize) -> Option<Vec<u8>> {
            self.0.take_in(max)
        }
        fn takes_out(&self) -> bool {
            self.0.queue.is_empty()
        }
    }
    let bus = |usb: FakeUsb| usb.plug(Device::preloader(Flushing(Complement::in_packets_of(1))));
    on_bus("streaming::a_phone_that_waits_for_its_reader_is_not_stalled_by_a_long_send", bus, || {
        let (mut link, _) = open(None);
        for number in 0..50 {
            link.send(&[number; 9], AMPLE).unwrap();
        }
        let mut answers = [0; 50 * 9];
        link.receive(&mut answers, AMPLE).unwrap();
        assert!(answers.chunks(9).zip(0..).all(|(answer, number)| *answer == [!number; 9]));
    });
}

#[test]
fn a_link_can_be_dropped_while_the_phone_floods() {
    /// Says something whenever it is asked.
    struct Flood;
    impl UsbModel for Flood {
        fn out(&mut self, _bytes: &[u8]) {}
        fn take_in(&mut self, max: usize) -> Option<Vec<u8>> {
            Some(vec![0x55; max])
        }
    }
    let bus = |usb: FakeUsb| usb.plug(Device::preloader(Arc::new(Mutex::new(Flood))));
    on_bus("streaming::a_link_can_be_dropped_while_the_phone_floods", bus, || {
        let (mut link, _) = open(None);
        // One receive, then a host that looks away until the queue is full.
        let mut some = vec![0; 3 * PACKET];
        link.receive(&mut some, AMPLE).unwrap();
        link.pause(Duration::from_millis(200));
        drop(link);
        let (mut again, _) = open(None);
        again.receive(&mut some, AMPLE).unwrap();
        assert!(some.iter().all(|byte| *byte == 0x55));
    });
}

#[test]
fn the_simulated_phone_is_talked_to_as_a_real_one() {
    let bus = |usb: FakeUsb| {
        let phone = SimulatedPhone::plug_in(Board::default(), Flash::new(1 << 20, 1 << 17, 1 << 17, 0));
        usb.plug(phone.device())
    };
    on_bus("streaming::the_simulated_phone_is_talked_to_as_a_real_one", bus, || {
        let (mut link, kind) = open(None);
        assert_eq!(kind, PortKind::Preloader);
        // A cold preloader swallows the first A0 (reference 2).
        link.send(&[0xA0], AMPLE).unwrap();
        let mut byte = [0];
        assert!(matches!(link.receive(&mut byte, SOON), Err(LinkError::Timeout { .. })));
        for (question, answer) in [(0xA0, 0x5F), (0x0A, 0xF5), (0x50, 0xAF), (0x05, 0xFA)] {
            assert_eq!(ask(&mut link, &[question]), [answer]);
        }
        // GET_HW_CODE: echo, code, status, each a packet of its own.
        link.send(&[0xFD], AMPLE).unwrap();
        let mut answer = [0; 5];
        link.receive(&mut answer, AMPLE).unwrap();
        assert_eq!(answer, [0xFD, 0x65, 0x72, 0x00, 0x00]);
        // READ32 of one dword, 56 times in one transfer of 504 bytes: the answers come in the order asked.
        let read = [0xD1, 0x11, 0x12, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01];
        link.send(&read.repeat(56), AMPLE).unwrap();
        let mut answers = vec![0; 56 * 17];
        link.receive(&mut answers, AMPLE).unwrap();
        for answer in answers.chunks(17) {
            assert_eq!(answer[..9], read, "the echo");
            assert_eq!((&answer[9..11], &answer[15..]), (&[0, 0][..], &[0, 0][..]), "the two statuses");
        }
    });
}

#[test]
fn a_failed_transfer_ends_the_stream() {
    /// Sends a sound packet, one larger than the bus allows, and sound ones again.
    struct Babble(u8);
    impl UsbModel for Babble {
        fn out(&mut self, _bytes: &[u8]) {}
        fn take_in(&mut self, max: usize) -> Option<Vec<u8>> {
            self.0 = self.0.saturating_add(1);
            Some(vec![self.0; if self.0 == 2 { max + 1 } else { 3 }])
        }
    }
    let bus = |usb: FakeUsb| usb.plug(Device::preloader(Babble(0)));
    on_bus("streaming::a_failed_transfer_ends_the_stream", bus, || {
        let (mut link, _) = open(None);
        let mut three = [0; 3];
        assert_eq!(link.receive(&mut three, AMPLE), Ok(()));
        assert_eq!(three, [1; 3], "what came before the failure is good");
        for _ in 0..2 {
            let failed = link.receive(&mut three, AMPLE);
            assert!(matches!(failed, Err(LinkError::Io { doing: "receive", .. })), "{failed:?}");
        }
    });
}
