//! Claims about phones and cables that fail: every kind with its own sentence and exit code, and no file left.

use std::thread;
use std::time::Duration;

use nvkeep::app::Exit;
use nvkeep::simulator::Area;
use nvkeep::transport::{Fault, Faults};

use super::fails;
use crate::support::program::{Home, stranger};
use crate::support::workbench::Workbench;

/// Backs up from a port that fails, and checks that nothing is left.
fn backup_fails(port: &str, timeout: &str, exit: i32, code: &str) -> String {
    let home = Home::new();
    let said = home.run(&["--port", port, "--timeout", timeout, "--json", "backup", "-o", "a.nvk"]);
    let message = fails(&said, exit, code);
    assert!(said.json()["error"]["advice"].is_string(), "{said:#?}");
    assert_eq!(home.files(), [""; 0]);
    message
}

/// The same for a scenario laid over the healthy phone.
fn phone_fails(page: &str, exit: i32, code: &str) -> String {
    let home = Home::new();
    let text = format!("base = \"mt6572\"\nname = \"broken\"\nabout = \"broken on purpose\"\n{page}\n");
    let file = home.file("broken.toml", text);
    let port = format!("sim:{file}");
    let said = home.run(&["--port", &port, "--json", "backup", "-o", "a.nvk"]);
    let message = fails(&said, exit, code);
    assert_eq!(home.files(), ["broken.toml"]);
    message
}

#[test]
fn nobody_at_the_port_is_no_phone() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    backup_fails(&format!("tcp://{free}"), "1", 3, "no-phone");
}

#[test]
fn a_device_that_talks_otherwise_is_no_preloader() {
    let (port, server) = stranger(|_| b"login: ".to_vec());
    let message = backup_fails(&port, "2", 5, "not-a-preloader");
    assert!(message.contains("6c, 6f, 67"), "it shows what was heard: {message}");
    server.join().unwrap();
}

#[test]
fn a_device_that_says_nothing_loses_the_handshake() {
    let (port, server) = stranger(|_| Vec::new());
    let message = backup_fails(&port, "1", 5, "handshake-lost");
    assert!(message.contains("says nothing"), "{message}");
    server.join().unwrap();
}

#[test]
fn a_handshake_that_ends_half_way_is_lost() {
    let (port, server) = stranger(|byte| if byte == 0xA0 { vec![0x5F] } else { Vec::new() });
    backup_fails(&port, "2", 5, "handshake-lost");
    server.join().unwrap();
}

#[test]
fn a_device_that_echoes_everything_is_left_alone() {
    let (port, server) = stranger(|byte| vec![byte]);
    backup_fails(&port, "2", 5, "handshake-lost");
    server.join().unwrap();
}

#[test]
fn phones_this_program_must_not_touch_are_refused_by_name() {
    let mut sentences = vec![
        backup_fails("sim:mt6572-nand", "5", 5, "nand-boot"),
        backup_fails("sim:mt6572-silent-write32", "5", 5, "silent-write32"),
        phone_fails("[board]\nhw_code = 0x9999", 5, "unknown-chip"),
    ];
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), 3, "each has its own sentence: {sentences:#?}");
}

#[test]
fn a_phone_with_blown_fuses_says_so_and_is_read_as_far_as_it_allows() {
    let home = Home::new();
    let value = home.run(&["--port", "sim:mt6572-secured", "info", "--json"]).exits(0).json();
    let security = &value["result"]["security"];
    let open = home.run(&["--port", "sim:mt6572", "info", "--json"]).exits(0).json();
    assert!(security["meaning"].as_str().is_some_and(|text| text.len() > 10), "{security}");
    assert_ne!(*security, open["result"]["security"]);
}

#[test]
fn a_card_that_fails_says_how() {
    // LBA 0x7C00 is the first block of NVRAM.
    let message = phone_fails("[[faults]]\nkind = \"unreadable\"\nlba = 0x7C00", 6, "card-status");
    assert!(
        message.contains(&0x7C00.to_string()) || message.contains("0x7c00"),
        "it names the block: {message}"
    );
    // Faults that last: every try fails.
    let lasting = |kind: &str| {
        (30..90).map(|nth| format!("[[faults]]\nkind = \"{kind}\"\nnth = {nth}\n")).collect::<String>()
    };
    phone_fails(&lasting("data-crc"), 6, "card-crc");
    phone_fails(&lasting("data-timeout"), 6, "card-timeout");
    phone_fails(&lasting("no-response"), 6, "card-no-response");
    // A card whose every answer is garbled is, in the end, one that does not answer.
    phone_fails(&lasting("bad-response"), 6, "card-no-response");
}

#[test]
fn a_cable_pulled_while_reading_says_so() {
    phone_fails("[board]\ncut_after_in_packets = 20000", 6, "cable-gone");
}

/// A simulated phone whose cable is pulled is plugged in again at once.
#[test]
fn a_cable_pulled_and_plugged_in_again_is_a_backup_that_says_so() {
    let home = Home::new();
    let page = "base = \"mt6572\"\nname = \"broken\"\nabout = \"broken on purpose\"\n[board]\ncut_after_in_packets = 150000";
    let port = format!("sim:{}", home.file("broken.toml", page));
    let said = home.run(&["--port", &port, "--json", "backup", "-o", "a.nvk"]).exits(0);
    let warnings = said.json()["result"]["warnings"].to_string();
    assert!(warnings.contains("the phone was lost while it was read"), "{warnings}");
    home.run(&["verify", "a.nvk"]).exits(0);
}

#[test]
fn a_stall_in_the_middle_of_a_block_and_a_wrong_echo_say_so() {
    // Transfer 30 000 is in the middle of a block of NVRAM; the next sends are found from there.
    for (fault, code, exit) in [
        (Fault::Stall, "cable-timeout", Exit::NoPhone),
        (Fault::Short, "cable-timeout", Exit::NoPhone),
        (Fault::Cut, "cable-gone", Exit::ReadIncomplete),
        (Fault::Flip(3), "echo-mismatch", Exit::ReadIncomplete),
    ] {
        let mut bench = Workbench::with("mt6572");
        let met = (30_000..30_060).any(|at| {
            bench.faults = Faults::at(at, fault);
            match bench.backup_in_one_go("a.nvk") {
                Ok(_) => {
                    std::fs::remove_file(bench.path("a.nvk")).unwrap();
                    false
                }
                Err(failure) => {
                    assert!(failure.advice.is_some(), "{failure:?}");
                    assert!(bench.files().is_empty());
                    failure.code == code && failure.exit == exit
                }
            }
        });
        assert!(met, "{fault:?} never ended as {code}");
    }
}

#[test]
fn a_table_that_points_beyond_the_card_is_refused() {
    // NVRAM's size in both copies of the PMT becomes 1 TiB.
    let bench = Workbench::with("mt6572");
    bench.change(|flash| {
        let (start, mut table) = (flash.len(Area::User) - 0x150_0000, vec![0; 0x150_0000]);
        flash.read(Area::User, start, &mut table).unwrap();
        let places: Vec<usize> =
            (0..table.len() - 72).filter(|at| table[*at..].starts_with(b"NVRAM\0")).collect();
        assert_eq!(places.len(), 2, "both copies: {places:x?}");
        for place in places {
            assert_eq!(table[place + 64..place + 72], 0x50_0000u64.to_le_bytes());
            flash.write(Area::User, start + place as u64 + 64, &(1u64 << 40).to_le_bytes()).unwrap();
        }
    });
    let before = bench.flash();
    let failure = bench.backup("a.nvk").unwrap_err();
    println!("{failure:?}");
    assert_eq!(failure.exit, Exit::ReadIncomplete, "{failure:?}");
    assert!(failure.message.contains("NVRAM"), "{failure:?}");
    assert!(bench.files().is_empty() && bench.flash() == before);
}

#[test]
fn tables_that_disagree_are_read_with_a_warning() {
    let home = Home::new();
    let said = home.run(&["--port", "sim:mt6572-pmt-disagree", "info", "--json"]).exits(0);
    assert_eq!(said.json()["result"]["layout_proven"], false);
    assert!(said.err.contains("warning:"), "{}", said.err);
}

#[test]
fn a_phone_that_comes_late_is_waited_for() {
    let home = Home::new();
    // The port is free again when the phone comes: a place is reserved, given up, and taken half a second later.
    let place = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (listen, port) = (format!("tcp://{place}"), format!("tcp://{place}"));
    let mut info = home.command(&["--port", &port, "--timeout", "20", "--json", "info"]);
    let waiting =
        info.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_millis(500));
    let sim = crate::support::program::Sim::serve(
        &home,
        "mt6572",
        &listen,
        &home.path("phone.state"),
        &["--connections", "1"],
    );
    let said = crate::support::program::Said::of(&waiting.wait_with_output().unwrap()).exits(0);
    assert_eq!(said.json()["result"]["phone"]["chip"], "MT6572");
    sim.end();
}
