//! First inputs of `agent_answers`: what sound agents answer, of both dialects, with an eMMC and with a NAND.

use nvkeep_fuzz::agent::{Kind, greeting, hex, starting};
use nvkeep_fuzz::answers::written;

use crate::{Outcome, Seeds};

/// Conversations with a Download Agent: whole ones, their commands alone, and with the simulated phone on a bad cable.
pub fn conversations(seeds: &Seeds) -> Outcome {
    for (name, kind, flags) in [
        ("d19-emmc", Kind { old: false, nand: false }, 0x40),
        ("d13-emmc", Kind { old: true, nand: false }, 0x44),
        ("d19-nand", Kind { old: false, nand: true }, 0x48),
        ("d13-nand", Kind { old: true, nand: true }, 0x4C),
    ] {
        let (operations, commands) = commands(kind);
        let put = |what: &str, flags: u8, parts: &[&[u8]]| {
            seeds.put(
                "agent_answers",
                &format!("{name}-{what}"),
                &[&[&[flags], &operations[..]], parts].concat(),
            )
        };
        let started = written(&starting(kind));
        put("whole", flags, &[&written(&greeting()), &started, &commands])?;
        put("upload", flags | 1, &[&started, &commands])?;
        put("commands", flags | 2, &[&commands])?;
        put("simulated", flags | 3, &[])?;
        put("simulated-changed", flags | 3, &[&[0x40, 1, 0, 1]])?;
        put("simulated-mute", flags | 3, &[&[0x80, 1, 4, 0]])?;
    }
    // A NAND whose size tells its own width, a packet that never has the right sum, a large read, and a device without end.
    let nand = Kind { old: false, nand: true };
    seeds.put(
        "agent_answers",
        "d19-nand-width",
        &[&[0x09, 0x1D, 0xFF, 0xFF, 0xFF], &written(&starting(nand))],
    )?;
    let wrong = [&[0, 1, 0x5A][..], &[3, 3, 7, 0, 17], &[0x86, 1]].concat();
    seeds.put("agent_answers", "wrong-sums", &[&[0x02, 0xE1, 0xFF, 0xFF, 0xFF], &wrong])?;
    let large = [&[0, 1, 0x5A][..], &[2, 3, 1, 0x80, 0], &[0x86, 1]].concat();
    seeds.put("agent_answers", "large", &[&[0x02, 0xE7, 0xFF, 0xFF, 0xFF], &large])?;
    let table = [0, 5, 0x5A, 0, 0, 0x0F, 0x60, 0x86, 0];
    seeds.put("agent_answers", "long-table", &[&[0x02, 0xEB, 0xFF, 0xFF, 0xFF], &table])?;
    seeds.put(
        "agent_answers",
        "refusals",
        &[&[0x02, 0x81, 0xB9, 0xE0, 0xFF], &[0, 5, 0xA5, 0, 0, 0x0C, 0x51, 0x86, 0]],
    )
}

/// Eight operations of the target, and a sound phone's answers to them.
fn commands(kind: Kind) -> ([u8; 4], Vec<u8>) {
    let say = |answers: &[&str]| written(&answers.iter().map(|answer| hex(answer)).collect::<Vec<_>>());
    // An order that is taken, and blocks of one byte with their sums; the acknowledgement of the last one has no answer.
    let blocks = |units: &[u8]| {
        let runs: Vec<u8> = units.iter().flat_map(|units| [2, 3, units ^ 0x5A, 0, *units]).collect();
        [say(&["5A"]), runs, say(&[""])].concat()
    };
    let here = say(&["5A 01"]);
    if !kind.nand {
        // A block is written behind its neighbour, and the neighbour looked at.
        let write = say(&["5A", "", "", "69"]);
        let entry = format!("{:0<128}", "4E5652414D");
        let words = if kind.old {
            "0000500000000000 0000A00000000000 0200000000000000"
        } else {
            "0000500000000000 FF00000000000000 0000A00000000000 0200000000000000"
        };
        let table = format!("{entry}{words}");
        let length = if kind.old { "5A 00000058" } else { "5A 00000060" };
        let all = [
            here,
            blocks(&[32, 16]),
            blocks(&[32, 32]),
            write.clone(),
            [blocks(&[16]), write, blocks(&[16])].concat(),
            say(&[length, &table, ""]),
            blocks(&[16]),
            say(&["5A"]),
        ];
        return ([0x20, 0x83, 0xB9, 0xE1], all.concat());
    }
    if kind.old {
        let bad = say(&["A5 00000BE1"]);
        let no_table = say(&["A5 0000040D"]);
        let all =
            [here, blocks(&[32, 32]), bad, blocks(&[16]), blocks(&[16]), no_table, say(&["5A"])].concat();
        return ([0x30, 0x1D, 0x55, 0xEB], all);
    }
    // Pages of 2048 bytes, or their 64 spare ones: what they are, then how many bytes, the bytes and their sum.
    let pages = |unit: &str, total: &str, units: u16| {
        let total = hex(total);
        let [high, low] = units.to_be_bytes();
        let run = [2, 3, low ^ 0x5A, high, low];
        [say(&[&format!("5A 00000800 00000040 {unit}")]), vec![0x80, 8], total, run.to_vec(), say(&[""])]
            .concat()
    };
    let all = [
        here,
        pages("00000800", "0000000000000800", 64),
        pages("00000800", "0000000000001000", 128),
        say(&["A5 00000BE5"]),
        pages("00000040", "0000000000000040", 2),
        pages("00000040", "0000000000000040", 2),
        pages("00000800", "0000000000000800", 64),
        say(&["5A"]),
    ];
    ([0x30, 0xD4, 0x5D, 0xEF], all.concat())
}
