//! Claims about time: a key is answered at once whatever is being done, and waiting costs next to nothing.

use std::time::{Duration, Instant};

use super::{Bench, judged, screen};
use crate::support::program::Home;
use crate::support::pty::{ENTER, Terminal};

/// Presses a key and returns how long it took until the screen answered.
#[track_caller]
fn answered(screen: &Terminal, key: &str, help: bool) -> Duration {
    let pressed = Instant::now();
    screen.keys(key);
    screen.wait("an answer", |screen| screen.contents().contains("On this screen") == help) - pressed
}

#[test]
fn a_key_is_answered_within_50_ms_during_a_transfer() {
    let bench = Bench::with("mt6572");
    let screen = bench.screen();
    judged(&screen, "GOOD");
    screen.keys("4");
    screen.keys("f");
    screen.shows("every byte");
    screen.keys(ENTER);
    screen.shows("Backing up");
    let mut times: Vec<Duration> = (0..60).map(|turn| answered(&screen, "?", turn % 2 == 0)).collect();
    assert!(screen.shown().contains("Backing up"), "all of that during the transfer\n{}", screen.shown());
    times.sort();
    let of = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "key to screen during a backup over TCP, 60 keys: median {:.1?}, 90 % {:.1?}, worst {:.1?}",
        of(50),
        of(90),
        of(100)
    );
    assert!(of(50) < Duration::from_millis(50), "{times:?}");
    screen.keys("q");
    screen.shows("leave?");
    screen.keys("y");
    screen.left().in_order(0);
}

/// Returns the processor time a process has used, in hundredths of a second.
#[cfg(target_os = "linux")]
fn used(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let field = |number: usize| fields.split(' ').nth(number - 3).unwrap().parse::<u64>().unwrap();
    field(14) + field(15)
}

/// Lets the program wait for a while, and returns the share of one processor it used, in per cent.
#[cfg(target_os = "linux")]
fn idle(what: &str, screen: &Terminal) -> f64 {
    const TIME: Duration = Duration::from_secs(10);
    screen.wait_for(Duration::from_secs(2), |_| false);
    let (before, start) = (used(screen.pid()), Instant::now());
    screen.wait_for(TIME, |_| false);
    let percent = (used(screen.pid()) - before) as f64 / start.elapsed().as_secs_f64();
    println!("idle, {what}: {percent:.2} % of one processor");
    percent
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes a minute and a machine that is quiet: run it to see the figures"]
fn waiting_costs_less_than_one_per_cent() {
    use crate::support::fake_usb::{Device, FakeUsb, SimulatedPhone, UsbModel};
    use crate::support::workbench::built;

    /// A device that says nothing, and is no phone.
    struct Mouse;
    impl UsbModel for Mouse {
        fn out(&mut self, _bytes: &[u8]) {}
        fn take_in(&mut self, _max: usize) -> Option<Vec<u8>> {
            None
        }
    }

    let home = Home::new();
    let mut costs = Vec::new();
    let tcp = screen(&home, "tcp://127.0.0.1:9", 100, 30);
    tcp.shows("waiting");
    costs.push(idle("waiting at TCP", &tcp));
    drop(tcp);

    let bench = Bench::with("mt6572");
    let connected = bench.screen();
    judged(&connected, "GOOD");
    costs.push(idle("a phone connected over TCP", &connected));
    drop(connected);

    let plain = screen(&home, "usb", 100, 30);
    plain.shows("waiting");
    costs.push(idle("waiting at USB, this machine's own bus", &plain));
    drop(plain);

    if let Some(usb) = FakeUsb::new("terminal::pace") {
        let mut bus = usb.by_hand();
        for port in 3..11 {
            bus.plug(Device { vendor: 0x046D, product: 0xC077, ..Device::preloader(Mouse) }.at(port));
        }
        let mut command = home.command(&["tui", "--port", "usb", "--dir", "."]);
        bus.settle(&mut command);
        let screen = Terminal::run(&command, 100, 30);
        screen.shows("no MediaTek device");
        costs.push(idle("waiting at USB, eight other devices on a pretend bus", &screen));
        let (board, flash) = built("mt6572", None);
        bus.plug(SimulatedPhone::plug_in(board, flash).shown().0);
        judged(&screen, "GOOD");
        // The pretend node is a plain file, which is always ready: libusb's reader turns without rest here, and only here.
        idle("a phone connected on the pretend bus (its node never blocks)", &screen);
    }
    assert!(costs.iter().all(|cost| *cost < 1.0), "{costs:?}");
}
