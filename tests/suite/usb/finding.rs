//! Finding and opening: which device is a phone, and what keeps it from being opened.

use std::collections::VecDeque;
use std::time::Duration;

use nvkeep::transport::usb::list;
use nvkeep::transport::usb_ids::Mode;
use nvkeep::transport::{BusPath, LinkError, Port, PortKind, UsbPort};

use super::{AMPLE, Complement, SOON, ask, on_bus, open, refusal};
use crate::support::Random;
use crate::support::fake_usb::{
    ControlAnswer, Device, FakeUsb, Holder, NodeFile, UsbModel, configuration, control_interface,
};

#[test]
fn finds_a_preloader_with_its_data_interface_first() {
    let bus = |usb: FakeUsb| usb.plug(Device::preloader(Complement::new()));
    on_bus("finding::finds_a_preloader_with_its_data_interface_first", bus, || {
        let (mut link, kind) = open(None);
        assert_eq!(kind, PortKind::Preloader);
        assert_eq!(link.describe(), "usb 1-2 (0e8d:2000)");
        assert_eq!(ask(&mut link, &[0xA0]), [0x5F]);
        assert_eq!(ask(&mut link, &[0x0A, 0x50, 0x05]), [0xF5, 0xAF, 0xFA]);
    });
}

#[test]
fn finds_a_boot_rom_with_its_data_interface_last() {
    let bus = |usb: FakeUsb| usb.plug(Device::brom(Complement::new()));
    on_bus("finding::finds_a_boot_rom_with_its_data_interface_last", bus, || {
        let (mut link, kind) = open(None);
        assert_eq!(kind, PortKind::Brom);
        assert_eq!(ask(&mut link, &[0xA0]), [0x5F]);
    });
}

#[test]
fn waits_for_a_phone_that_comes_later() {
    let bus = |usb: FakeUsb| usb.wait(Duration::from_millis(250)).plug(Device::preloader(Complement::new()));
    on_bus("finding::waits_for_a_phone_that_comes_later", bus, || {
        let (mut link, _) = open(None);
        assert_eq!(ask(&mut link, &[0xA0]), [0x5F]);
    });
}

#[test]
fn an_empty_bus_has_no_phone() {
    on_bus(
        "finding::an_empty_bus_has_no_phone",
        |usb| usb,
        || {
            assert_eq!(refusal(SOON), LinkError::NoPhone { port: "usb".into(), seconds: 0 });
            assert_eq!(list(), []);
        },
    );
}

#[test]
fn a_phone_that_runs_android_is_named_as_such() {
    let bus = |usb: FakeUsb| usb.plug(Device { product: 0x2008, ..Device::preloader(Complement::new()) });
    on_bus("finding::a_phone_that_runs_android_is_named_as_such", bus, || {
        let error = refusal(SOON);
        let LinkError::NotAPhone { port, what } = error else { panic!("{error}") };
        assert_eq!(port, "usb 1-2 (0e8d:2008)");
        assert!(what.contains("not a boot mode"), "{what}");
    });
}

#[test]
fn a_boot_device_passes_before_a_phone_that_runs() {
    let bus = |usb: FakeUsb| {
        let android = Device { product: 0x2008, ..Device::preloader(Complement::new()) };
        usb.plug(android.at(1)).plug(Device::preloader(Complement::new()).at(3))
    };
    on_bus("finding::a_boot_device_passes_before_a_phone_that_runs", bus, || {
        assert_eq!(open(None).0.describe(), "usb 1-3 (0e8d:2000)");
    });
}

#[test]
fn a_device_without_a_bulk_pair_is_no_phone() {
    let bus = |usb: FakeUsb| {
        let configuration = configuration(&[control_interface(0)]);
        usb.plug(Device { configuration, ..Device::preloader(Complement::new()) })
    };
    on_bus("finding::a_device_without_a_bulk_pair_is_no_phone", bus, || {
        let error = refusal(SOON);
        assert!(error.to_string().contains("no CDC data interface"), "{error}");
    });
}

#[test]
fn takes_both_interfaces_from_the_kernels_driver() {
    /// Answers only a host that took both interfaces: a driver left on one could come back and probe.
    struct Jealous(Complement, Vec<u32>);
    impl UsbModel for Jealous {
        fn claimed(&mut self, interface: u32) {
            self.1.push(interface);
        }
        fn out(&mut self, bytes: &[u8]) {
            if self.1.contains(&0) && self.1.contains(&1) {
                self.0.out(bytes);
            }
        }
        fn take_in(&mut self, max: usize) -> Option<Vec<u8>> {
            self.0.take_in(max)
        }
    }
    let bus = |usb: FakeUsb| {
        let model = Jealous(Complement::new(), Vec::new());
        usb.plug(Device { holder: Holder::Driver, ..Device::preloader(model) })
    };
    on_bus("finding::takes_both_interfaces_from_the_kernels_driver", bus, || {
        assert_eq!(ask(&mut open(None).0, &[0xA0]), [0x5F]);
    });
}

#[test]
fn a_boot_rom_is_told_the_line_coding_and_a_preloader_is_not() {
    /// Says what control requests it heard, instead of an answer.
    struct Parrot(VecDeque<u8>);
    impl UsbModel for Parrot {
        fn control(&mut self, setup: [u8; 8], data: &[u8]) -> ControlAnswer {
            self.0.extend(setup.iter().chain(data));
            ControlAnswer::Accept
        }
        fn out(&mut self, _bytes: &[u8]) {
            self.0.push_back(0x99);
        }
        fn take_in(&mut self, _max: usize) -> Option<Vec<u8>> {
            (!self.0.is_empty()).then(|| self.0.drain(..).collect())
        }
    }
    let bus = |usb: FakeUsb| {
        let brom = Device::brom(Parrot(VecDeque::new()));
        usb.plug(brom.at(1)).plug(Device::preloader(Parrot(VecDeque::new())).at(2))
    };
    on_bus("finding::a_boot_rom_is_told_the_line_coding_and_a_preloader_is_not", bus, || {
        let (mut brom, _) = open(Some(BusPath { bus: 1, ports: vec![1] }));
        let mut heard = [0; 15];
        brom.receive(&mut heard, AMPLE).unwrap();
        assert_eq!(heard, [0x21, 0x20, 0, 0, 0, 0, 7, 0, 0x00, 0x10, 0x0E, 0x00, 0, 0, 8]);
        let (mut preloader, _) = open(Some(BusPath { bus: 1, ports: vec![2] }));
        assert_eq!(ask(&mut preloader, &[0xA0]), [0x99], "nothing was said before the first byte");
    });
}

#[test]
fn a_phone_without_permission_is_denied() {
    let bus =
        |usb: FakeUsb| usb.plug(Device { node: NodeFile::Forbidden, ..Device::preloader(Complement::new()) });
    on_bus("finding::a_phone_without_permission_is_denied", bus, || {
        if std::fs::read("/dev/bus/usb/001/002").is_ok() {
            eprintln!("SKIPPED a_phone_without_permission_is_denied: this user may open everything");
            return;
        }
        let denied = LinkError::Denied { port: "usb 1-2 (0e8d:2000)".into() };
        assert_eq!(refusal(SOON), denied);
        assert_eq!(list()[0].trouble, Some(denied));
    });
}

#[test]
fn a_phone_without_a_node_is_told_from_no_phone() {
    let bus =
        |usb: FakeUsb| usb.plug(Device { node: NodeFile::Missing, ..Device::preloader(Complement::new()) });
    on_bus("finding::a_phone_without_a_node_is_told_from_no_phone", bus, || {
        let error = refusal(SOON).to_string();
        assert!(error.contains("/dev/bus/usb"), "{error}");
        assert!(list()[0].trouble.is_some());
    });
}

#[test]
fn damaged_descriptors_neither_panic_nor_hang() {
    let bus = |mut usb: FakeUsb| {
        let mut random = Random::new(5);
        let sound = Device::preloader(Complement::new()).configuration;
        for port in 1..=20 {
            let configuration = random.damage(&sound);
            usb = usb.plug(Device { configuration, ..Device::preloader(Complement::new()).at(port) });
        }
        usb
    };
    on_bus("finding::damaged_descriptors_neither_panic_nor_hang", bus, || {
        for port in 1..=20 {
            let opened = UsbPort::new(Some(BusPath { bus: 1, ports: vec![port] })).open(Duration::ZERO);
            if let Ok(mut plugged) = opened {
                let _ = plugged.link.send(&[0xA0], Duration::from_millis(5));
                let _ = plugged.link.receive(&mut [0], Duration::from_millis(5));
            }
        }
        assert!(list().len() <= 20);
    });
}

#[test]
fn a_phone_another_program_holds_is_busy() {
    let bus =
        |usb: FakeUsb| usb.plug(Device { holder: Holder::Program, ..Device::preloader(Complement::new()) });
    on_bus("finding::a_phone_another_program_holds_is_busy", bus, || {
        assert_eq!(refusal(SOON), LinkError::Busy { port: "usb 1-2 (0e8d:2000)".into() });
    });
}

#[test]
fn a_device_without_configuration_is_configured() {
    let bus = |usb: FakeUsb| usb.plug(Device { configured: false, ..Device::preloader(Complement::new()) });
    on_bus("finding::a_device_without_configuration_is_configured", bus, || {
        assert_eq!(ask(&mut open(None).0, &[0xA0]), [0x5F]);
    });
}

#[test]
fn a_place_chooses_among_phones() {
    let bus = |usb: FakeUsb| {
        usb.plug(Device::preloader(Complement::new()).at(1)).plug(Device::brom(Complement::new()).at(4))
    };
    on_bus("finding::a_place_chooses_among_phones", bus, || {
        let (link, kind) = open(Some(BusPath { bus: 1, ports: vec![4] }));
        assert_eq!((link.describe().as_str(), kind), ("usb 1-4 (0e8d:0003)", PortKind::Brom));
        let elsewhere = UsbPort::new(Some(BusPath { bus: 1, ports: vec![3] })).open(SOON).err();
        assert_eq!(elsewhere, Some(LinkError::NoPhone { port: "usb:1-3".into(), seconds: 0 }));
    });
}

#[test]
fn the_list_names_every_mediatek_device_and_no_other() {
    let bus = |usb: FakeUsb| {
        let keyboard = Device { vendor: 0x046D, product: 0xC31C, ..Device::preloader(Complement::new()) };
        let android = Device { product: 0x2008, ..Device::preloader(Complement::new()) };
        usb.plug(keyboard.at(1)).plug(android.at(2)).plug(Device::brom(Complement::new()).at(3))
    };
    on_bus("finding::the_list_names_every_mediatek_device_and_no_other", bus, || {
        let mut seen = list();
        seen.sort_by_key(|sighting| sighting.place.clone());
        let short: Vec<_> =
            seen.iter().map(|s| (s.place.to_string(), s.product, s.mode, s.trouble.clone())).collect();
        let expected = [("1-2".into(), 0x2008, Mode::Other, None), ("1-3".into(), 0x0003, Mode::Brom, None)];
        assert_eq!(short, expected);
    });
}
