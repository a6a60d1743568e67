//! The cable cut over the real libusb on the pretend bus, at moments of a restore chosen by seed; plugged in again, `resume`
//! leads to old or new.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use nvkeep::simulator::Flash;

use super::course::{Course, RESTORE};
use super::{Loss, ending, journals};
use crate::support::Random;
use crate::support::fake_usb::{ControlAnswer, FakeUsb, SimulatedPhone, UsbModel};
use crate::support::program::{Home, Said};
use crate::support::workbench::same;

/// How many, where `NVKEEP_CUTS` says nothing else.
const CUTS: usize = 12;
const SEED: u64 = 61;

/// A phone whose cable is pulled when so many bytes have passed to it, in the middle of a transfer where that is so.
struct Pulled {
    phone: Arc<Mutex<SimulatedPhone>>,
    left: Option<u64>,
}

impl UsbModel for Pulled {
    fn control(&mut self, setup: [u8; 8], data: &[u8]) -> ControlAnswer {
        self.phone.control(setup, data)
    }
    fn out(&mut self, bytes: &[u8]) {
        let Some(left) = self.left.as_mut() else { return self.phone.out(bytes) };
        let pass = bytes.len().min(usize::try_from(*left).unwrap());
        *left -= pass as u64;
        let is_over = *left == 0;
        self.phone.out(&bytes[..pass]);
        if is_over {
            self.phone.lock().unwrap().cut();
        }
    }
    fn take_in(&mut self, max: usize) -> Option<Vec<u8>> {
        self.phone.take_in(max)
    }
    fn gone(&self) -> bool {
        self.phone.gone()
    }
}

/// Plugs the phone in, runs the program, and pulls the cable: after so many bytes, or when it has ended.
fn on_usb(
    home: &Home,
    loss: &Loss,
    flash: Flash,
    arguments: &[&str],
    bytes: Option<u64>,
) -> Option<(Said, Flash)> {
    let usb = FakeUsb::new("killed::unplugged")?;
    let (mut device, phone) = SimulatedPhone::plug_in(loss.board.clone(), flash).shown();
    device.model = Box::new(Pulled { phone: phone.clone(), left: bytes });
    let said =
        Said::of(&usb.plug(device).run(home.command(&[arguments, &["--timeout", "3", "--json"]].concat())));
    let phone = Arc::try_unwrap(phone).ok().unwrap().into_inner().unwrap();
    Some((said, phone.unplug().1))
}

#[test]
fn a_cable_cut_at_any_moment_over_libusb_is_finished_or_taken_back() {
    let start = Instant::now();
    let loss = Loss::of_the_imei();
    let course = Course::of(&loss);
    let mut table = BTreeMap::<(&str, &str, &str), usize>::new();
    let cuts = std::env::var("NVKEEP_CUTS").map_or(CUTS, |count| count.parse().unwrap());
    for index in 0..cuts {
        let mut random = Random::new(SEED + index as u64 * 7919);
        // A quarter before anything is written; the journal is made in the last fourth of what lies before the first block.
        let (from, to) = match index % 6 {
            0 => (1, course.planned),
            1 => (course.judging, course.total),
            _ => (course.planned, course.judging),
        };
        let (at, undo) = (from + random.below(to - from), index % 2 == 1);
        let place = format!("cut after {at} bytes, undo {undo}");
        let home = loss.home();
        let Some((said, left)) = on_usb(&home, &loss, loss.old.clone(), &RESTORE, Some(at)) else { return };
        let open = ending(&journals(&home), ".journal").len();
        let done = ending(&journals(&home), ".done").len();
        let phase = match () {
            () if open == 1 && same(&left, &loss.old) => "journal kept",
            () if open == 1 && same(&left, &course.new) => "reading back",
            () if open == 1 => "writing",
            () if done == 1 => "restarting",
            () => "before the journal",
        };
        assert_eq!(said.code == Some(0), done == 1, "{place}, {phase}: {said:#?}");
        if said.code != Some(0) {
            assert!(said.json()["error"]["advice"].is_string(), "{place}: {said:#?}");
        }
        let resume = [&["resume", "--yes"][..], if undo { &["--undo"] } else { &[] }].concat();
        let (resumed, end) = on_usb(&home, &loss, left, &resume, None).unwrap();
        let (wanted, name, by) = match (open, done, undo) {
            (1, 0, false) => (&course.new, "new", "resume"),
            (1, 0, true) => (&loss.old, "old", "resume --undo"),
            (0, 1, _) => (&course.new, "new", "nothing to resume"),
            (0, 0, _) => (&loss.old, "old", "nothing to resume"),
            other => panic!("{place}: {other:?}"),
        };
        resumed.exits(if open == 1 { 0 } else { 2 });
        assert!(same(&end, wanted), "{place}, {phase}, then {by}: a mixture stayed");
        assert_eq!(ending(&journals(&home), ".journal"), [""; 0], "{place}");
        *table.entry((phase, name, by)).or_default() += 1;
    }
    println!("{:20} {:6} {:20} {:>5}", "cut in", "ended", "by", "runs");
    for ((phase, name, by), count) in &table {
        println!("{phase:20} {name:6} {by:20} {count:5}");
    }
    println!("{cuts} cables cut over libusb in {:.1?}", start.elapsed());
    assert!(
        table.keys().any(|(phase, ..)| *phase == "writing"),
        "no cable was cut while a block was written"
    );
}
