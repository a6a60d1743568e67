//! The agent's own cable: its speed, its ids, and the serial line (preloader-and-legacy-da.md 6.17).

use std::time::Duration;

use super::commands;
use super::turn::{Turn, World};
use crate::simulator::phone::Departure;

/// USB_STATUS.
pub fn usb_status(world: &mut World<'_>) -> Turn {
    world.ack();
    world.say(&[u8::from(!world.board.full_speed)]);
    commands::idle()
}

/// USB_SETUP: acknowledges, leaves the bus, and waits for commands again when it is back.
pub fn usb_speed() -> Turn {
    Turn::byte(|world, enable| {
        world.ack();
        // The acknowledgement is collected first.
        Turn::after(Duration::ZERO, move |_| {
            Turn::away(Departure::Enumerates { high_speed: enable != 0 }, |_| commands::idle())
        })
    })
}

/// The command with two ids. That they are the ones the agent shows after USB_SETUP is a guess of the reference's, so here they
/// are taken and change nothing.
pub fn usb_ids() -> Turn {
    Turn::scalars(1 + 2 + 2, |world, _| {
        world.ack();
        commands::idle()
    })
}

/// UART_SPEED: what follows the acknowledgement - new speed, C0 until it is echoed, 256 byte values - goes over a serial line,
/// which this phone has not: over USB nothing changes.
pub fn uart_speed() -> Turn {
    Turn::scalars(1 + 1, |world, _| {
        world.ack();
        commands::idle()
    })
}
