//! What the program itself takes of the machine's memory for the largest backup there is: the real program, as a child, of
//! whose memory the system keeps the high-water mark.

use std::process::Stdio;
use std::time::Duration;

use nvkeep::simulator::Area;
use nvkeep::simulator::agent::{Dialect, Recipe, container};

use crate::support::Random;
use crate::support::program::{Home, Said};
use crate::support::served::Served;
use crate::support::workbench::built;

const MIB: u64 = 1 << 20;
/// Where the built-in phone has PROTECT_F and PROTECT_S.
const PROTECT: (u64, usize) = (0x148_0000, 20 << 20);

/// Returns the most memory that a process had at any time, in bytes, as long as it lives.
fn high_water(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "asks Linux for a child's memory")]
fn a_full_backup_through_an_agent_stays_below_64_megabytes() {
    let (board, mut flash) = built("mt6572", None);
    // No phone's partitions pack worse than this.
    flash.write(Area::User, PROTECT.0, &Random::new(64).bytes(PROTECT.1)).unwrap();
    let phone = Served::new(board, flash);
    let home = Home::new();
    let da = home.file("da.bin", container(&Recipe::of(Dialect::D19)));
    let port = phone.port();
    let mut command = home.command(&["backup", "--full", "-o", "full.nvk", "--da", &da, "--port", &port]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        // The mark only rises: what is asked last before the end is the whole course.
        most = high_water(child.id()).map_or(most, |now| now.max(most));
        std::thread::sleep(Duration::from_millis(1));
    }
    let said = Said::of(&child.wait_with_output().unwrap()).exits(0);
    let packed = std::fs::metadata(home.path("full.nvk")).unwrap().len();
    println!("{:.1} MB at most, for an archive of {:.1} MB", most as f64 / 1e6, packed as f64 / 1e6);
    assert!(said.out.contains("Backup complete"), "{said:#?}");
    assert!(packed > 20 * MIB, "{packed} bytes");
    // The partitions are in memory once, before they are packed.
    assert!(most > 28 * MIB, "{most} bytes were not measured");
    assert!(most < 64 * MIB, "{most} bytes");
}
