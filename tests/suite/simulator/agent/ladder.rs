//! The whole way of preloader-and-legacy-da.md 7, as one list of what the host sends and the phone says.

use nvkeep::simulator::{Departure, Presence};

use super::*;
use crate::support::Random;

/// Who speaks.
enum Turn {
    /// The host sends a transfer; the phone says exactly this.
    Ask(Vec<u8>, Vec<u8>),
    /// The host wants a block again; the phone says these bytes and their sum.
    Again(Vec<u8>),
}

fn ask_for(sent: &str, said: &str) -> Turn {
    Turn::Ask(hex(sent), hex(said))
}

#[test]
fn from_the_handshake_to_the_restart() {
    let mut flash = blank();
    let old = Random::new(70).bytes(0x800);
    let new = Random::new(71).bytes(0x800);
    // One partition, NVRAM, at user 400000: 600000 of boot areas and replay-protected block lie before it.
    let mut table = vec![0; 4096];
    table[..8].copy_from_slice(b"1vTP1.0\0");
    table[8..13].copy_from_slice(b"NVRAM");
    table[8 + 0x40..8 + 0x48].copy_from_slice(&0x800_u64.to_le_bytes());
    table[8 + 0x48..8 + 0x50].copy_from_slice(&0xA0_0000_u64.to_le_bytes());
    table[4092..].copy_from_slice(b"1vTP");
    flash.write(Area::User, 0xE690_0000, &table).unwrap();
    flash.write(Area::User, 0x40_0000, &old).unwrap();
    let [first, second] = stages(&container(&recipe(Dialect::D19)));
    let told = hex(&format!(
        "4e5652414d {} 0008000000000000 ff00000000000000 0000a00000000000 0000000000000000",
        "00".repeat(59)
    ));

    let mut way = vec![
        ask_for("fd", "fd 6572 0000"),
        ask_for("d4 10007000 00000001 22000000", "d4 10007000 00000001 0000 22000000 0000"),
        ask_for("d8", "d8 00000000 0000"),
        ask_for("fe", "01"),
        ask_for("fc", "fc 8a00 ca01 0000 0000"),
        ask_for("d7 02007000 0000ea6c 00000100", "d7 02007000 0000ea6c 00000100 0000"),
        Turn::Ask(first.clone(), [&xor16(&first)[..], &[0, 0]].concat()),
        ask_for(
            "d5 02007000",
            "d5 02007000 0000 c0 00000bc4 0007 0000000000000000000000000000 00000000 90014a4838473165050712345678ab00",
        ),
        ask_for("5a", "04 02 88"),
        ask_for(CONFIGURATION, "00000000"),
        ask_for("80000000 000279c0 00001000", "5a"),
    ];
    way.extend(second[..0x27000].chunks(0x1000).map(|packet| Turn::Ask(packet.to_vec(), vec![0x5A])));
    way.push(Turn::Ask(second[0x27000..].to_vec(), vec![0x5A, 0x5A]));
    way.push(Turn::Ask(vec![0x5A], Vec::new())); // the report: golden elsewhere
    way.extend([
        ask_for("60 08", "5a"),
        ask_for("a5", "5a 00000060"),
        Turn::Ask(vec![0x5A], told),
        ask_for("5a", ""),
        ask_for("60 08", "5a"),
        ask_for("d6 0c 02 0000000000400000 0000000000000800", "5a"),
        Turn::Ask(hex("00100000"), [&old[..], &sum16(&old)].concat()),
        Turn::Again(old.clone()),
        ask_for("5a", ""),
        ask_for("62 01 08 0000000000400000 0000000000000800 00100000", "5a"),
        ask_for("5a", ""),
        Turn::Ask(new.clone(), Vec::new()),
        Turn::Ask(sum16(&new).to_vec(), vec![0x69]),
        ask_for("60 08", "5a"),
        ask_for("d6 0c 02 0000000000400000 0000000000000800", "5a"),
        Turn::Ask(hex("00100000"), [&new[..], &sum16(&new)].concat()),
        ask_for("5a", ""),
        ask_for("db 0000 00000000", "5a"),
    ]);

    let mut phone = shake(Phone::plug_in(board(), flash));
    for (number, turn) in way.into_iter().enumerate() {
        match turn {
            Turn::Ask(sent, expected) => {
                let answer = ask(&mut phone, &sent);
                match answer.len() {
                    232 => assert_eq!(answer[222..], hex("5a 00000c0b 00000409 c1")),
                    _ => assert_eq!(answer, expected, "turn {number}"),
                }
            }
            Turn::Again(bytes) => assert_eq!(ask(&mut phone, &[0xA5]), [&bytes[..], &sum16(&bytes)].concat()),
        }
    }
    assert!(matches!(phone.presence(), Presence::Gone { why: Departure::Reset { .. } }));
    assert!(phone.violations().is_empty(), "{:?}", phone.violations());
    assert_eq!(content(phone, 0x40_0000, 0x800), new);
}
