//! Claims about a bench on the real libusb, over a pretend bus whose cable is pulled by hand.

use std::sync::{Arc, Mutex};

use nvkeep::simulator::{Board, Flash};

use super::{journal, judged};
use crate::support::fake_usb::{BusByHand, FakeUsb, SimulatedPhone};
use crate::support::program::Home;
use crate::support::pty::{ENTER, Terminal};
use crate::support::workbench::built;

/// Opens the screen on this bus.
fn screen(home: &Home, bus: &BusByHand) -> Terminal {
    let mut command = home.command(&["tui", "--port", "usb", "--dir", "."]);
    bus.settle(&mut command);
    Terminal::run(&command, 100, 30)
}

/// A phone on the bus.
struct Plugged(Arc<Mutex<SimulatedPhone>>);

impl Plugged {
    fn into(bus: &mut BusByHand, board: Board, flash: Flash) -> Self {
        let (device, phone) = SimulatedPhone::plug_in(board, flash).shown();
        bus.plug(device);
        Self(phone)
    }

    /// Pulls the cable, waits until the screen says so, and returns the phone.
    fn pull(self, bus: &mut BusByHand, screen: &Terminal) -> (Board, Flash) {
        self.0.lock().unwrap().cut();
        bus.pulled();
        screen.shows("waiting");
        bus.forget();
        Arc::try_unwrap(self.0).ok().unwrap().into_inner().unwrap().unplug()
    }
}

#[test]
fn a_phone_is_pulled_while_it_is_written_to_and_mended_when_it_comes_back() {
    let Some(usb) = FakeUsb::new("terminal::usb") else { return };
    let home = Home::new();
    home.run(&["--port", "sim:mt6572", "backup", "-o", "a.nvk", "-q"]).exits(0);
    let mut bus = usb.by_hand();
    let screen = screen(&home, &bus);
    screen.shows("no MediaTek device");
    // A healthy phone comes, and is taken away.
    let (board, flash) = built("mt6572", None);
    let phone = Plugged::into(&mut bus, board, flash);
    judged(&screen, "GOOD");
    phone.pull(&mut bus, &screen);
    screen.shows("no MediaTek device");
    // A damaged one: its cable is pulled in the middle of the write.
    let (board, flash) = built("mt6572-format-all", None);
    let phone = Plugged::into(&mut bus, board, flash);
    judged(&screen, "DAMAGED");
    screen.keys("5");
    screen.shows("a.nvk");
    screen.keys("j");
    screen.keys(ENTER);
    screen.shows("Type restore and Enter");
    screen.keys("restore");
    screen.keys(ENTER);
    screen.wait("blocks being written", |screen| {
        let text = screen.contents();
        text.contains("WRITING") && text.contains("blocks; do not unplug")
    });
    let (board, flash) = phone.pull(&mut bus, &screen);
    screen.shows("failed");
    assert!(journal(&home).is_some(), "{:?}", home.files());
    // Plugged in again: the write is finished.
    let phone = Plugged::into(&mut bus, board, flash);
    screen.shows("connected");
    judged(&screen, "DAMAGED");
    screen.keys("F");
    screen.shows("Type resume and Enter");
    screen.keys("resume");
    screen.keys(ENTER);
    screen.shows("finished");
    judged(&screen, "GOOD");
    assert_eq!(journal(&home), None);
    phone.pull(&mut bus, &screen);
    screen.keys("q");
    screen.left().in_order(0);
}
