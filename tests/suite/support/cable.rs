//! A cable that can be pulled: TCP in between, byte for byte. While it is unplugged nobody answers at its near end, and the
//! phone at its far end has noticed.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

/// A cable to a phone on TCP.
pub struct Cable {
    near: SocketAddr,
    wire: Arc<Wire>,
    socket: Option<JoinHandle<()>>,
}

struct Wire {
    far: SocketAddr,
    plugged: AtomicBool,
    /// Microseconds each piece takes on its way to the phone.
    slowness: AtomicU64,
    carrying: Mutex<Vec<TcpStream>>,
}

impl Cable {
    /// Plugs in a cable to the phone at this port.
    pub fn to(port: &str) -> Self {
        let far = port.strip_prefix("tcp://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Wire {
            far,
            plugged: AtomicBool::new(false),
            slowness: AtomicU64::new(0),
            carrying: Mutex::default(),
        };
        let near = listener.local_addr().unwrap();
        let mut cable = Self { near, wire: Arc::new(wire), socket: None };
        cable.listen(listener);
        cable
    }

    /// Returns the port name of its near end.
    pub fn port(&self) -> String {
        format!("tcp://{}", self.near)
    }

    /// Makes it slow: every piece on its way to the phone takes this long.
    pub fn slow(&self, piece: Duration) {
        self.wire.slowness.store(piece.as_micros() as u64, Ordering::SeqCst);
    }

    /// Pulls it, whatever it carries.
    pub fn unplug(&mut self) {
        self.wire.plugged.store(false, Ordering::SeqCst);
        if let Some(socket) = self.socket.take() {
            let _ = TcpStream::connect(self.near);
            socket.join().unwrap();
        }
        for stream in self.wire.carrying.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Plugs it in again.
    pub fn plug(&mut self) {
        self.listen(TcpListener::bind(self.near).unwrap());
    }

    fn listen(&mut self, listener: TcpListener) {
        self.wire.plugged.store(true, Ordering::SeqCst);
        let wire = Arc::clone(&self.wire);
        self.socket = Some(spawn(move || {
            for near in listener.incoming() {
                if !wire.plugged.load(Ordering::SeqCst) {
                    return;
                }
                // A phone that is not there refuses, as it would without the cable.
                if let (Ok(near), Ok(far)) = (near, TcpStream::connect(wire.far)) {
                    wire.carry(near, far);
                }
            }
        }));
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.unplug();
    }
}

impl Wire {
    fn carry(self: &Arc<Self>, near: TcpStream, far: TcpStream) {
        for stream in [&near, &far] {
            stream.set_nodelay(true).unwrap();
        }
        self.carrying.lock().unwrap().extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
        let ends = [(near.try_clone().unwrap(), far.try_clone().unwrap(), true), (far, near, false)];
        for (mut from, mut to, to_the_phone) in ends {
            let wire = Arc::clone(self);
            spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = from.read(&mut buffer) {
                    let slowness = wire.slowness.load(Ordering::SeqCst);
                    if to_the_phone && slowness > 0 {
                        sleep(Duration::from_micros(slowness));
                    }
                    if to.write_all(&buffer[..count]).is_err() {
                        break;
                    }
                }
                for stream in [from, to] {
                    let _ = stream.shutdown(Shutdown::Both);
                }
            });
        }
    }
}
