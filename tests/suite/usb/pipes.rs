//! The interfaces and endpoints that make a stream.

use nvkeep::transport::usb_descriptors::Pipes;

use crate::support::Random;
use crate::support::fake_usb::{configuration, control_interface, data_interface};

#[test]
fn are_chosen_by_class_not_by_number() {
    let first = configuration(&[data_interface(0), control_interface(1)]);
    let pipes = Pipes { data: 0, control: Some(1), send: 0x01, receive: 0x81, packet: 512 };
    assert_eq!(Pipes::choose(&first), Some(pipes.clone()));
    let last = configuration(&[control_interface(0), data_interface(1)]);
    assert_eq!(Pipes::choose(&last), Some(Pipes { data: 1, control: Some(0), ..pipes.clone() }));
    // LG's composite device: the stream is interface 2, behind a data interface without a pair.
    let mut half = data_interface(1);
    half.truncate(16);
    let composite = configuration(&[control_interface(0), half, data_interface(2)]);
    assert_eq!(Pipes::choose(&composite), Some(Pipes { data: 2, control: Some(0), ..pipes.clone() }));
    assert_eq!(Pipes::choose(&configuration(&[data_interface(0)])), Some(Pipes { control: None, ..pipes }));
}

#[test]
fn of_damaged_descriptors_are_absent_or_within_bounds() {
    let mut random = Random::new(3);
    let sound = configuration(&[data_interface(0), control_interface(1)]);
    let mut absent = 0;
    for _ in 0..20_000 {
        match Pipes::choose(&random.damage(&sound)) {
            Some(pipes) => {
                assert!(pipes.send & 0x80 == 0 && pipes.receive & 0x80 != 0 && pipes.packet < 2048)
            }
            None => absent += 1,
        }
    }
    assert!((1000..19_000).contains(&absent), "the damage must both matter and not: {absent}");
    assert_eq!(Pipes::choose(&sound[..sound.len() - 1]).map(|pipes| pipes.data), Some(0));
    assert_eq!(Pipes::choose(&[]), None);
    assert_eq!(Pipes::choose(&[0; 64]), None, "a length of zero ends the chain");
}
