//! TCP and serial devices, against the system's own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use nvkeep::transport::{LinkError, Port, SerialPort, TcpPort};

use super::{AMPLE, SOON, open, receive};

/// Answers every byte with its complement until the other end closes.
fn complement(mut read: impl Read, mut write: impl Write) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = read.read(&mut buffer) {
        let answer: Vec<u8> = buffer[..count].iter().map(|byte| !byte).collect();
        if write.write_all(&answer).is_err() {
            return;
        }
    }
}

#[test]
fn tcp_carries_the_stream_and_notices_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let end = listener.local_addr().unwrap().to_string();
    let phone = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = [0; 3];
        stream.read_exact(&mut question).unwrap();
        stream.write_all(&[1, 2, 3, 4, 5]).unwrap();
        // A second phone at the same place.
        drop(stream);
        let (stream, _) = listener.accept().unwrap();
        complement(stream.try_clone().unwrap(), stream);
    });
    let mut port = TcpPort::new(end.clone());
    assert_eq!(port.name(), format!("tcp://{end}"));
    let mut link = open(&mut port);
    link.send(b"abc", AMPLE).unwrap();
    let mut two = [0; 2];
    link.receive(&mut two, AMPLE).unwrap();
    assert_eq!(two, [1, 2]);
    let mut four = [0; 4];
    assert_eq!(link.receive(&mut four, AMPLE), Err(LinkError::Gone), "three of four bytes, then the end");
    let mut three = [0; 3];
    link.receive(&mut three, AMPLE).unwrap();
    assert_eq!(three, [3, 4, 5], "what came before the end was kept");

    let mut link = open(&mut port);
    assert_eq!(receive(&mut link, 1), Err(LinkError::Timeout { wanted: 1, got: 0 }));
    let long: Vec<u8> = (0..100_000u32).map(|index| index as u8).collect();
    link.send(&long, AMPLE).unwrap();
    let mut back = vec![0; long.len()];
    link.receive(&mut back, AMPLE).unwrap();
    assert!(back.iter().zip(&long).all(|(answer, question)| *answer == !question));
    drop(link);
    phone.join().unwrap();
}

#[test]
fn tcp_refused_is_no_phone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let end = listener.local_addr().unwrap().to_string();
    drop(listener);
    let name = format!("tcp://{end}");
    let refused = TcpPort::new(end).open(SOON).err();
    assert_eq!(refused, Some(LinkError::NoPhone { port: name, seconds: 0 }));
}

#[test]
fn tcp_says_at_once_that_a_name_cannot_be_looked_up() {
    // A name the resolver refuses without asking the network.
    let refused = TcpPort::new("no\u{0}host:4000").open(AMPLE).err();
    assert!(matches!(refused, Some(LinkError::Io { doing: "look up the host", .. })), "{refused:?}");
}

#[test]
fn tcp_waits_for_a_phone_that_comes_later() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let end = listener.local_addr().unwrap();
    drop(listener);
    let host = thread::spawn(move || TcpPort::new(end.to_string()).open(AMPLE).map(|_| ()));
    // The host may or may not have knocked by now; either way it must get in.
    let Ok(listener) = TcpListener::bind(end) else {
        eprintln!("SKIPPED tcp_waits_for_a_phone_that_comes_later: another program took the port");
        return;
    };
    let stream: Option<TcpStream> = listener.accept().ok().map(|(stream, _)| stream);
    assert_eq!(host.join().unwrap(), Ok(()));
    drop(stream);
}

#[test]
fn a_missing_serial_device_is_no_phone() {
    let missing = "/dev/does-not-exist/ttyACM7";
    let nobody = LinkError::NoPhone { port: missing.into(), seconds: 0 };
    assert_eq!(SerialPort::new(missing).open(SOON).err(), Some(nobody));
}

#[cfg(unix)]
#[test]
fn a_file_is_no_serial_device() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = SerialPort::new(file.path()).open(SOON).err();
    assert!(matches!(refused, Some(LinkError::NotAPhone { .. })), "{refused:?}");
}

#[cfg(unix)]
#[test]
fn a_pty_is_a_clean_cable() {
    use serialport::{SerialPort as _, TTYPort};
    let (mut phone, terminal) = TTYPort::pair().unwrap();
    let path = terminal.name().unwrap();
    phone.set_timeout(AMPLE).unwrap();
    // A terminal that somebody holds is busy; the pair lives as long as the phone's end does.
    drop(terminal);
    let mut link = open(&mut SerialPort::new(&path));
    let held = SerialPort::new(&path).open(SOON).err();
    assert_eq!(held, Some(LinkError::Busy { port: path.clone() }));
    assert_eq!(link.describe(), format!("serial {path}"));

    // Every byte value both ways: nothing is a control character here.
    let all: Vec<u8> = (0..=255).collect();
    link.send(&all, AMPLE).unwrap();
    let mut heard = vec![0; 256];
    phone.read_exact(&mut heard).unwrap();
    assert_eq!(heard, all);
    phone.write_all(&all).unwrap();
    let mut first = [0; 100];
    link.receive(&mut first, AMPLE).unwrap();
    assert_eq!(first, all[..100]);
    assert_eq!(receive(&mut link, 157), Err(LinkError::Timeout { wanted: 157, got: 156 }));
    assert_eq!(receive(&mut link, 156), Ok(all[100..].to_vec()));
    drop(phone);
    assert_eq!(receive(&mut link, 1), Err(LinkError::Gone));
    assert_eq!(link.send(&[1], AMPLE), Err(LinkError::Gone));
}
