//! The host's half against a device of the fuzzer's: one that babbles (for a while or for ever), and a simulated phone on
//! a bad cable. Every session must end.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nvkeep::protocol::{
    ChipProfile, ClockGate, ConnectOptions, DirectOptions, Engine, Fingerprint, Pace, WordCheck, connect,
};
use nvkeep::simulator::Phone;
use nvkeep::transport::Link;
use nvkeep_fuzz::cable::{Babble, Damaged};
use nvkeep_fuzz::phone::HEALTHY;

const WITHIN: Duration = Duration::from_secs(3);

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    let bytes = &bytes[..bytes.len().min(4096)];
    let pace = if flag & 4 == 0 { Pace::Strict } else { Pace::Fast };
    let link: Box<dyn Link> = match flag & 3 {
        0 => Box::new(Babble::new(bytes, false)),
        1 => Box::new(Babble::new(bytes, true)),
        _ => {
            let (board, flash) = HEALTHY.clone();
            Box::new(Damaged::new(Phone::plug_in(board, flash), bytes))
        }
    };
    session(link, pace);
});

fn session(link: Box<dyn Link>, pace: Pace) {
    let options = ConnectOptions { unverified: true };
    let Ok(session) = connect(link, &[mt6572()], options, WITHIN) else { return };
    let Ok(mut engine) = session.into_direct(DirectOptions { pace }) else { return };
    let mut block = [0; 1024];
    if engine.read(0, &mut block).is_ok() {
        let _ = engine.write(2, &[0x5A; 512]);
    }
    let _ = engine.leave();
}

fn mt6572() -> ChipProfile {
    let pins = |address, mask, expected| WordCheck { address, mask, expected };
    ChipProfile {
        name: "MT6572".to_owned(),
        hw_code: 0x6572,
        msdc0: 0x1112_0000,
        rgu: 0x1000_7000,
        usbdl_flags: Some(0x1000_141C),
        clock_gate: Some(ClockGate { address: 0x1000_0024, bit: 17 }),
        pinmux: vec![
            pins(0x1000_5350, 0xFFFF_0000, 0x1111_0000),
            pins(0x1000_5360, 0x0FFF_FFFF, 0x0111_1111),
        ],
        nand_pinmux: vec![pins(0x1000_5350, 0xFFFF_0000, 0x4444_0000)],
        fingerprint: Fingerprint {
            cfg_sdr: 0x0000_0199,
            cfg_ddr: 0x0002_0099,
            inten: 0x0001_FF7B,
            sdc_cfg_low: 0x001A_0002,
            patch_bit0: 0x403C_004F,
            patch_bit1: 0xFFFF_0009,
        },
        ckdiv_25mhz: 2,
        ckdiv_slow: 8,
        verified: true,
    }
}
