//! A device on the bus: the files that show it, and what everyone who opened its node shares.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;

use super::device::{Device, Holder, NodeFile, UsbModel};
use super::lock;

/// A device on the bus, shared by everyone who has its node open.
pub(super) struct Plugged {
    pub(super) root: PathBuf,
    pub(super) address: u8,
    pub(super) port: u8,
    pub(super) vendor: u16,
    pub(super) product: u16,
    pub(super) descriptor: Vec<u8>,
    pub(super) configuration: Vec<u8>,
    pub(super) file: NodeFile,
    pub(super) closing: AtomicBool,
    pub(super) state: Mutex<State>,
}

pub(super) struct State {
    pub(super) model: Box<dyn UsbModel>,
    /// Interfaces `cdc_acm` holds.
    pub(super) driver: BTreeSet<u32>,
    /// Whether another program holds all interfaces.
    pub(super) program: bool,
    pub(super) configured: bool,
    pub(super) gone: bool,
    pub(super) leave: Sender<()>,
}

impl Plugged {
    pub(super) fn new(root: &Path, address: u8, device: Device, leave: Sender<()>) -> Self {
        let driver = if device.holder == Holder::Driver { BTreeSet::from([0, 1]) } else { BTreeSet::new() };
        Self {
            root: root.to_path_buf(),
            address,
            port: device.port,
            vendor: device.vendor,
            product: device.product,
            descriptor: device.descriptor(),
            configuration: device.configuration,
            file: device.node,
            closing: AtomicBool::new(false),
            state: Mutex::new(State {
                model: device.model,
                driver,
                program: device.holder == Holder::Program,
                configured: device.configured,
                gone: false,
                leave,
            }),
        }
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.root.join(format!("ioctl/dev/bus/usb/001/{:03}", self.address))
    }

    fn node(&self) -> PathBuf {
        self.root.join(format!("dev/bus/usb/001/{:03}", self.address))
    }

    fn link(&self) -> PathBuf {
        self.root.join(format!("sys/bus/usb/devices/1-{}", self.port))
    }

    /// Writes the files the kernel shows for a device. The link in the bus's list comes last: it makes the device visible.
    pub(super) fn appear(&self) {
        let (address, minor) = (self.address, self.address - 1);
        let below = format!("devices/pci0000:00/0000:00:14.0/usb1/1-{}", self.port);
        let folder = self.root.join("sys").join(&below);
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        write("busnum", "1\n");
        write("devnum", &format!("{address}\n"));
        write("speed", "480\n");
        write("bConfigurationValue", if lock(&self.state).configured { "1\n" } else { "" });
        write("idVendor", &format!("{:04x}\n", self.vendor));
        write("idProduct", &format!("{:04x}\n", self.product));
        let event = format!(
            "MAJOR=189\nMINOR={minor}\nDEVNAME=bus/usb/001/{address:03}\nDEVTYPE=usb_device\n\
             PRODUCT={:x}/{:x}/100\nTYPE=2/0/0\nBUSNUM=001\nDEVNUM={address:03}\n",
            self.vendor, self.product
        );
        write("uevent", &event);
        fs::write(folder.join("descriptors"), [&self.descriptor[..], &self.configuration].concat()).unwrap();
        symlink("../../../../../bus/usb", folder.join("subsystem")).unwrap();
        if self.file != NodeFile::Missing {
            fs::write(self.node(), "").unwrap();
        }
        if self.file == NodeFile::Forbidden {
            fs::set_permissions(self.node(), fs::Permissions::from_mode(0o000)).unwrap();
        }
        let number = self.root.join(format!("dev/.node/bus_usb_001_{address:03}"));
        symlink(format!("189:{minor}"), number).unwrap();
        symlink(Path::new("../../..").join(&below), self.link()).unwrap();
    }

    /// Takes the device off the bus once its model is gone.
    pub(super) fn notice(&self, state: &mut State) {
        if state.gone || !state.model.gone() {
            return;
        }
        state.gone = true;
        let folder = fs::canonicalize(self.link());
        let _ = fs::remove_file(self.link());
        let _ = folder.and_then(fs::remove_dir_all);
        let _ = fs::remove_file(self.node());
        let _ = state.leave.send(());
    }
}
