//! A device as the bus shows it, and the model that speaks for it.

use std::sync::{Arc, Mutex};

use super::lock;

/// Bytes in a bulk packet at high speed.
pub const PACKET: usize = 512;

/// What a device answers to a control request that the bus does not answer for it.
pub enum ControlAnswer {
    /// Data for an IN request; cut to the length asked for.
    Data(Vec<u8>),
    /// An OUT request was taken.
    Accept,
    /// The request is refused.
    Stall,
}

/// The device's half of a USB cable.
pub trait UsbModel: Send {
    /// Answers a class or vendor request. `data` is what the host sent with it.
    fn control(&mut self, setup: [u8; 8], data: &[u8]) -> ControlAnswer {
        let _ = (setup, data);
        ControlAnswer::Stall
    }

    /// Hears that the host took an interface.
    fn claimed(&mut self, interface: u32) {
        let _ = interface;
    }

    /// Hears one bulk OUT transfer.
    fn out(&mut self, bytes: &[u8]);

    /// Returns the next bulk IN packet of at most `max` bytes, if one is ready.
    fn take_in(&mut self, max: usize) -> Option<Vec<u8>>;

    /// Returns whether the device left the bus. Asked after every transfer; it never comes back under this address.
    fn gone(&self) -> bool {
        false
    }

    /// Returns whether the device takes OUT packets now; while it does not, the bus waits.
    fn takes_out(&self) -> bool {
        true
    }
}

/// One phone that enumerates several times is one model behind several devices.
impl<M: UsbModel> UsbModel for Arc<Mutex<M>> {
    fn control(&mut self, setup: [u8; 8], data: &[u8]) -> ControlAnswer {
        lock(self).control(setup, data)
    }
    fn claimed(&mut self, interface: u32) {
        lock(self).claimed(interface);
    }
    fn out(&mut self, bytes: &[u8]) {
        lock(self).out(bytes);
    }
    fn take_in(&mut self, max: usize) -> Option<Vec<u8>> {
        lock(self).take_in(max)
    }
    fn gone(&self) -> bool {
        lock(self).gone()
    }
    fn takes_out(&self) -> bool {
        lock(self).takes_out()
    }
}

/// Who holds a device's interfaces when it is plugged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Free,
    /// `cdc_acm`, on data and control; taking one away frees both.
    Driver,
    /// A program that claimed them and does not let go.
    Program,
}

/// The device's node below `/dev/bus/usb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeFile {
    /// Anyone may open it.
    Open,
    /// Nobody but root may open it.
    Forbidden,
    /// The device is listed, but has no node: a container without `/dev/bus/usb`.
    Missing,
}

/// What the bus shows of a device.
pub struct Device {
    /// Port of bus 1: the device is `1-PORT`.
    pub port: u8,
    /// Vendor number.
    pub vendor: u16,
    /// Product number.
    pub product: u16,
    /// The configuration descriptor with everything in it.
    pub configuration: Vec<u8>,
    /// Whether the kernel has set the configuration.
    pub configured: bool,
    /// Who holds the interfaces.
    pub holder: Holder,
    /// Its node.
    pub node: NodeFile,
    /// What it says.
    pub model: Box<dyn UsbModel>,
}

impl Device {
    /// An MT6572 preloader: data interface 0 with bulk 0x01/0x81, control interface 1.
    pub fn preloader(model: impl UsbModel + 'static) -> Self {
        Self {
            port: 2,
            vendor: 0x0E8D,
            product: 0x2000,
            configuration: configuration(&[data_interface(0), control_interface(1)]),
            configured: true,
            holder: Holder::Free,
            node: NodeFile::Open,
            model: Box::new(model),
        }
    }

    /// A boot ROM: the same interfaces the other way round.
    pub fn brom(model: impl UsbModel + 'static) -> Self {
        let configuration = configuration(&[control_interface(0), data_interface(1)]);
        Self { product: 0x0003, configuration, ..Self::preloader(model) }
    }

    /// Moves it to another port.
    pub fn at(self, port: u8) -> Self {
        Self { port, ..self }
    }

    pub(super) fn descriptor(&self) -> Vec<u8> {
        let mut bytes = vec![18, 1, 0x00, 0x02, 0x02, 0, 0, 64];
        bytes.extend(self.vendor.to_le_bytes());
        bytes.extend(self.product.to_le_bytes());
        bytes.extend([0x00, 0x01, 1, 2, 0, 1]);
        bytes
    }
}

/// A configuration descriptor around interfaces, self-powered, 500 mA.
pub fn configuration(interfaces: &[Vec<u8>]) -> Vec<u8> {
    let total = 9 + interfaces.iter().map(Vec::len).sum::<usize>() as u16;
    let mut bytes = vec![9, 2];
    bytes.extend(total.to_le_bytes());
    bytes.extend([interfaces.len() as u8, 1, 0, 0xC0, 0xFA]);
    bytes.extend(interfaces.concat());
    bytes
}

/// A CDC data interface with its bulk pair.
pub fn data_interface(number: u8) -> Vec<u8> {
    let mut bytes = vec![9, 4, number, 0, 2, 0x0A, 0, 0, 0];
    bytes.extend([7, 5, 0x01, 2, 0x00, 0x02, 0]);
    bytes.extend([7, 5, 0x81, 2, 0x00, 0x02, 0]);
    bytes
}

/// A CDC control interface with its interrupt endpoint.
pub fn control_interface(number: u8) -> Vec<u8> {
    let mut bytes = vec![9, 4, number, 0, 1, 2, 2, 1, 0];
    bytes.extend([5, 0x24, 0x00, 0x10, 0x01, 4, 0x24, 0x02, 0x0F, 5, 0x24, 0x06, 1, 0, 5, 0x24, 0x01, 3, 0]);
    bytes.extend([7, 5, 0x83, 3, 64, 0, 0x10]);
    bytes
}
