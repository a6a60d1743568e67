//! The whole job with the real program on the real libusb: save, lose, diagnose, restore, diagnose, the phone unplugged
//! and plugged in between. And what keeps a phone on the bus from being used.

use std::time::{Duration, Instant};

use nvkeep::simulator::{Board, Flash};

use super::Complement;
use crate::support::fake_usb::{Device, FakeUsb, Holder, NodeFile, SimulatedPhone};
use crate::support::program::{Home, Said};
use crate::support::workbench::built;

/// Plugs the phone in, runs the program on that bus, and pulls the cable. None without the preload library.
fn on_usb(home: &Home, phone: (Board, Flash), arguments: &[&str]) -> Option<(Said, (Board, Flash))> {
    let usb = FakeUsb::new("usb::first_light")?;
    let start = Instant::now();
    let (device, phone) = SimulatedPhone::plug_in(phone.0, phone.1).shown();
    let said = Said::of(&usb.plug(device).run(home.command(arguments)));
    println!("{:8} over libusb: {:.1?}", arguments[0], start.elapsed());
    let phone = std::sync::Arc::try_unwrap(phone).ok().unwrap().into_inner().unwrap();
    Some((said, phone.unplug()))
}

#[test]
fn saved_lost_and_put_back_over_libusb() {
    let home = Home::new();
    let backup = ["backup", "-o", "a.nvk", "--json"];
    let Some((said, (board, _))) = on_usb(&home, built("mt6572", None), &backup) else { return };
    let value = said.exits(0).json();
    assert_eq!(value["result"]["warnings"], serde_json::json!([]));
    // Format All. The phone is plugged in again for every verb: each one ended with its restart.
    let lost = (board, built("mt6572-format-all", None).1);
    let (said, lost) = on_usb(&home, lost, &["diagnose", "--json"]).unwrap();
    assert_eq!(said.exits(9).json()["result"]["verdict"]["code"], "needs_archive");
    let (said, back) = on_usb(&home, lost, &["restore", "a.nvk", "--yes", "--json"]).unwrap();
    assert_eq!(said.exits(0).json()["result"]["written"], true);
    let (said, _) = on_usb(&home, back, &["diagnose", "--json"]).unwrap();
    let value = said.exits(0).json();
    assert_eq!(value["result"]["verdict"]["code"], "healthy");
    let layer = &value["result"]["layers"][0];
    assert_eq!(layer["files"], 115);
    assert_eq!(layer["imei"][0]["value"], "490154203237518");
    assert_eq!(layer["wifi_mac"]["value"], "02:4e:56:4b:50:01");
    assert_eq!(layer["bt_mac"]["value"], "02:4e:56:4b:50:02");
}

#[test]
fn a_phone_that_leaves_before_it_answers_is_waited_for_again() {
    let home = Home::new();
    let Some(usb) = FakeUsb::new("usb::first_light::a_phone_that_leaves") else { return };
    let (board, flash) = built("mt6572", None);
    let hasty = SimulatedPhone::plug_in(board.clone(), flash.clone());
    // The first phone is on its way out already: nobody spoke to it in time.
    let hasty = Device { configured: true, ..Hasty::of(hasty) };
    let usb = usb.plug(hasty).until_gone().wait(Duration::from_millis(200));
    let usb = usb.plug(SimulatedPhone::plug_in(board, flash).device());
    let said = Said::of(&usb.run(home.command(&["info", "--json", "--timeout", "20"])));
    let said = said.exits(0);
    assert_eq!(said.json()["result"]["phone"]["chip"], "MT6572");
    assert!(said.err.contains("waiting for it again"), "{}", said.err);
}

/// A phone that hears one byte and goes on booting.
struct Hasty(bool);

impl Hasty {
    fn of(phone: SimulatedPhone) -> Device {
        let configuration = phone.device().configuration;
        Device { configuration, ..Device::preloader(Self(false)) }
    }
}

impl crate::support::fake_usb::UsbModel for Hasty {
    fn out(&mut self, _bytes: &[u8]) {
        self.0 = true;
    }
    fn take_in(&mut self, _max: usize) -> Option<Vec<u8>> {
        None
    }
    fn gone(&self) -> bool {
        self.0
    }
}

/// Runs `info` on a bus with one device or none.
fn refused(bus: impl FnOnce(FakeUsb) -> FakeUsb) -> Option<Said> {
    let usb = FakeUsb::new("usb::first_light::refused")?;
    let home = Home::new();
    let said = Said::of(&bus(usb).run(home.command(&["info", "--json", "--timeout", "1"])));
    assert!(said.json()["error"]["advice"].is_string(), "{said:#?}");
    assert_eq!(home.files(), [""; 0]);
    Some(said)
}

#[test]
fn a_phone_another_program_holds_ends_with_exit_4() {
    let bus =
        |usb: FakeUsb| usb.plug(Device { holder: Holder::Program, ..Device::preloader(Complement::new()) });
    let Some(said) = refused(bus) else { return };
    assert_eq!(said.exits(4).json()["error"]["code"], "port-busy");
}

#[test]
fn a_bus_without_a_phone_ends_with_exit_3() {
    let Some(said) = refused(|usb| usb) else { return };
    assert_eq!(said.exits(3).json()["error"]["code"], "no-phone");
}

#[test]
fn a_device_that_only_looks_like_a_preloader_ends_with_exit_5() {
    /// Says the same to everything.
    struct Modem;
    impl crate::support::fake_usb::UsbModel for Modem {
        fn out(&mut self, _bytes: &[u8]) {}
        fn take_in(&mut self, _max: usize) -> Option<Vec<u8>> {
            Some(b"\r\nOK\r\n".to_vec())
        }
    }
    let Some(said) = refused(|usb| usb.plug(Device::preloader(Modem))) else { return };
    assert_eq!(said.exits(5).json()["error"]["code"], "not-a-preloader");
}

#[test]
fn detect_lists_what_is_on_the_bus_and_what_is_missing() {
    let Some(usb) = FakeUsb::new("usb::first_light::detect") else { return };
    let home = Home::new();
    let held = Device { node: NodeFile::Missing, ..Device::preloader(Complement::new()) };
    let usb = usb.plug(held.at(2)).plug(Device::brom(Complement::new()).at(4));
    let value = Said::of(&usb.run(home.command(&["detect", "--json"]))).exits(0).json();
    let mut devices = value["result"].as_array().unwrap().clone();
    devices.sort_by_key(|device| device["port"].to_string());
    assert_eq!((&devices[0]["port"], &devices[0]["ids"]), (&"usb:1-2".into(), &"0e8d:2000".into()));
    assert!(devices[0]["obstacle"].as_str().unwrap().contains("/dev/bus/usb"), "{value}");
    assert_eq!((&devices[1]["port"], &devices[1]["obstacle"]), (&"usb:1-4".into(), &serde_json::Value::Null));
}
