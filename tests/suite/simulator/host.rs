//! The least a test needs to speak to the simulated phone: its own few lines, none of the crate's host half.

use std::time::Duration;

use nvkeep::simulator::{Board, Flash, Phone};

pub const MSDC: u32 = 0x1112_0000;

/// A flash of the default card's size, unwritten.
pub fn blank() -> Flash {
    Flash::new(0x74_FD00 * 512, 4 << 20, 512 << 10, 0)
}

/// A phone that has just been configured by a host.
pub fn cold(board: Board) -> Phone {
    Phone::plug_in(board, blank())
}

/// A phone in its command loop.
pub fn warm(board: Board) -> Phone {
    shake(cold(board))
}

/// Shakes hands with a cold phone.
pub fn shake(mut phone: Phone) -> Phone {
    phone.hear(&[0xA0]);
    phone.pass(Duration::from_millis(20));
    assert_eq!(phone.answer(&[0xA0]), [0x5F]);
    assert_eq!(phone.answer(&[0x0A]), [0xF5]);
    assert_eq!(phone.answer(&[0x50]), [0xAF]);
    assert_eq!(phone.answer(&[0x05]), [0xFA]);
    phone
}

/// READ32 of `count` dwords.
pub fn read(phone: &mut Phone, address: u32, count: u32) -> Vec<u32> {
    let mut sent = vec![0xD1];
    sent.extend(address.to_be_bytes());
    sent.extend(count.to_be_bytes());
    let said = phone.answer(&sent);
    let end = 11 + 4 * count as usize;
    assert_eq!(said.len(), end + 2, "{said:02x?} {:?}", phone.presence());
    assert_eq!(said[..9], sent[..]);
    assert_eq!([&said[9..11], &said[end..]], [[0, 0], [0, 0]]);
    said[11..end].chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect()
}

/// READ32 of one controller register.
pub fn get(phone: &mut Phone, offset: u32) -> u32 {
    read(phone, MSDC + offset, 1)[0]
}

/// WRITE32 of one dword.
pub fn write(phone: &mut Phone, address: u32, value: u32) {
    let mut sent = vec![0xD4];
    sent.extend(address.to_be_bytes());
    sent.extend([0, 0, 0, 1]);
    sent.extend(value.to_be_bytes());
    let said = phone.answer(&sent);
    let mut expected = sent[..9].to_vec();
    expected.extend([0, 0]);
    expected.extend(value.to_be_bytes());
    expected.extend([0, 0]);
    assert_eq!(said, expected);
}

/// WRITE32 of one controller register.
pub fn set(phone: &mut Phone, offset: u32, value: u32) {
    write(phone, MSDC + offset, value);
}

/// A command without data (msdc-direct.md 3.1): seven register accesses.
pub fn command(phone: &mut Phone, raw: u32, argument: u32) -> Result<u32, u32> {
    get(phone, 0x3C);
    set(phone, 0x0C, 0x0001_FFFF);
    set(phone, 0x38, argument);
    set(phone, 0x34, raw);
    let event = get(phone, 0x0C);
    let response = get(phone, 0x40);
    set(phone, 0x0C, 0x700);
    if event & 0x700 == 0x100 { Ok(response) } else { Err(event & 0x700) }
}

/// CMD13.
pub fn status(phone: &mut Phone) -> u32 {
    command(phone, 0x8D, 0x0001_0000).unwrap()
}

/// Waits while the card holds DAT0 low.
pub fn wait(phone: &mut Phone) {
    for _ in 0..10 {
        if get(phone, 0x08) & 1 << 16 != 0 {
            return;
        }
    }
    panic!("busy for ever");
}

/// A single-block read (3.2, 3.4); the error is the INT word or the response.
pub fn read_block(phone: &mut Phone, raw: u32, argument: u32) -> Result<Vec<u8>, u32> {
    set(phone, 0x14, 0x8000_0000);
    while get(phone, 0x14) & 0x8000_0000 != 0 {}
    set(phone, 0x50, 1);
    let response = command(phone, raw, argument)?;
    if response & 0xFFF8_0080 != 0 {
        return Err(response);
    }
    let mut block = Vec::new();
    for _ in 0..4 {
        let level = get(phone, 0x14) & 0xFF;
        if level < 128 {
            return Err(get(phone, 0x0C));
        }
        for _ in 0..32 {
            block.extend(get(phone, 0x1C).to_le_bytes());
        }
    }
    let event = get(phone, 0x0C);
    set(phone, 0x0C, 0xD000);
    if event & 0xD000 == 0x1000 { Ok(block) } else { Err(event) }
}

/// A single-block write (3.6) without its checks.
pub fn write_block(phone: &mut Phone, lba: u32, block: &[u8]) -> Result<(), u32> {
    set(phone, 0x14, 0x8000_0000);
    while get(phone, 0x14) & 0x8000_0000 != 0 {}
    set(phone, 0x50, 1);
    let response = command(phone, 0x0200_2898, lba)?;
    if response & 0xFFF8_0080 != 0 {
        return Err(response);
    }
    for chunk in block.chunks(128) {
        while get(phone, 0x14) >> 16 & 0xFF != 0 {}
        for word in chunk.chunks(4) {
            set(phone, 0x18, u32::from_le_bytes(word.try_into().unwrap()));
        }
    }
    for _ in 0..10 {
        let event = get(phone, 0x0C);
        if event & 0xD000 != 0 {
            set(phone, 0x0C, 0xD000);
            return if event & 0xC000 == 0 { Ok(()) } else { Err(event) };
        }
    }
    Err(0)
}
