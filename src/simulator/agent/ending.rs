//! How a session with the agent ends: a restart by the watchdog, or a phone that stays dead (preloader-and-legacy-da.md 6.21).

use std::time::Duration;

use super::commands;
use super::turn::{Turn, World};
use crate::simulator::chip;
use crate::simulator::phone::Departure;
use crate::simulator::soc::Soc;
use crate::wire::soc::{rgu, usbdl};

/// The watchdog's unit of time, microseconds.
const UNIT_US: u64 = 15_600;
/// Flags of WATCHDOG: the boot that follows wants the power key; stay in the loop while the watchdog runs.
const WANTS_KEY: u32 = 1;
const STAY: u32 = 2;
/// A chip whose agent takes other arguments: a word and four bytes.
const OTHER_FORM: u16 = 0x6580;

/// WATCHDOG: arms the watchdog, and restarts at once unless told to stay.
pub fn watchdog(world: &mut World<'_>) -> Turn {
    if world.board.hw_code == OTHER_FORM {
        return Turn::scalars(8, |world, mut fields| {
            let milliseconds = u64::from(fields.u32());
            let [_, bypass, _, _] = std::array::from_fn(|_| fields.u8());
            arm(world, milliseconds * 1000, if bypass != 0 { 0 } else { WANTS_KEY })
        });
    }
    Turn::scalars(6, |world, mut fields| {
        let (interval, flags) = (fields.u16(), fields.u32());
        arm(world, u64::from(interval.max(1)) * UNIT_US, flags)
    })
}

fn arm(world: &mut World<'_>, microseconds: u64, flags: u32) -> Turn {
    let last = flags & STAY == 0;
    if !(last && world.facts().drop_last_ack) {
        world.ack();
    }
    // The registers are written once the answer was collected.
    Turn::after(Duration::ZERO, move |world| {
        let bypass = if flags & WANTS_KEY == 0 { rgu::AUTO_RESTART } else { 0 };
        world.soc.write32(chip::RGU + rgu::MODE, rgu::MODE_KEY | bypass | 1);
        if last {
            return Turn::gone(restarted(world.soc));
        }
        world.memory.armed = Some(world.now.saturating_add(Duration::from_micros(microseconds)));
        commands::idle()
    })
}

/// Returns how the phone leaves when the chip is reset now.
pub fn restarted(soc: &Soc) -> Departure {
    let ([flags, magic], mode) = soc.reset_flags();
    Departure::Reset {
        download_cancelled: flags & 1 == 0 && magic != usbdl::MAGIC_VALUE,
        automatic: mode & rgu::AUTO_RESTART != 0,
    }
}

/// FINISH: the phone leaves the bus and does nothing more until its battery is taken out or its key is held.
pub fn finish(world: &mut World<'_>) -> Turn {
    world.ack();
    Turn::scalars(4, |world, mut status| {
        let status = status.u32();
        world.ack();
        if status > 1 {
            return Turn::never();
        }
        Turn::after(Duration::ZERO, |_| Turn::gone(Departure::Finished))
    })
}
