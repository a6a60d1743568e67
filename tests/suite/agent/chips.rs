//! The chips as their agents need them: what is known, what is certain, and what a user's description may not say.

use std::collections::BTreeSet;

use nvkeep::app::chips::agent;
use nvkeep::formats::catalog::{AgentRow, Catalog, Confidence, DaMode};
use nvkeep::protocol::{AgentMode, Watchdog};

fn row(name: &str) -> AgentRow {
    let catalog = Catalog::builtin().unwrap();
    catalog.agents().iter().find(|row| row.name == name).unwrap().clone()
}

#[test]
fn only_the_chip_the_reference_is_certain_of_may_be_written() {
    let catalog = Catalog::builtin().unwrap();
    let rows = catalog.agents();
    let verified: Vec<&str> = rows.iter().filter(|row| row.verified).map(|row| row.name.as_str()).collect();
    assert_eq!(verified, ["MT6572"]);
    let codes: BTreeSet<u16> = rows.iter().map(|row| row.hw_code).collect();
    assert_eq!(codes.len(), rows.len());
    for mode in [DaMode::Legacy, DaMode::XFlash, DaMode::Xml] {
        assert!(rows.iter().filter(|row| row.da_mode == mode).count() > 3);
    }
    assert_eq!(row("MT6592").confidence, Confidence::Guessed);
}

#[test]
fn chips_differ_in_watchdog_number_configuration_and_reset() {
    let mt6572 = agent(&row("MT6572"));
    assert_eq!((mt6572.da_code, mt6572.mode, mt6572.reset_bytes), (0x6572, AgentMode::Legacy, 6));
    assert_eq!(mt6572.watchdogs, [Watchdog { address: 0x1000_7000, value: 0x2200_0000, narrow: false }]);
    assert!(mt6572.configuration.is_empty());

    let mt6580 = agent(&row("MT6580"));
    let extra = [&[0, 0, 0, 1][..], &[0x46; 16], &[0xFF, 0, 0, 0]].concat();
    assert_eq!((mt6580.configuration, mt6580.reset_bytes), (extra, 8));
    assert_eq!(agent(&row("MT6582")).configuration, [0, 0, 0, 1]);
    let second = Watchdog { address: 0x1000_0500, value: 0x2200_0000, narrow: false };
    assert_eq!(agent(&row("MT6592")).watchdogs[1], second);
    let mt6735 = agent(&row("MT6735"));
    assert_eq!((mt6735.hw_code, mt6735.da_code), (0x0321, 0x6735));
    assert_eq!(mt6735.watchdogs[0].address, 0x1021_2000);
}

#[test]
fn a_users_description_may_leave_agents_out_and_may_not_say_nonsense() {
    let text = |lines: &str| {
        format!(
            "schema = 1\nchip = []\n[[agent]]\nname = \"X\"\nhw_code = 1\nsource = \"here\"\nconfidence = \"described\"\n{lines}\n"
        )
    };
    let laid = |text: &str| Catalog::builtin().unwrap().with_overlay("chips", text);
    assert!(laid("schema = 1\nchip = []\n").unwrap().agents().is_empty());
    let good = "da_mode = \"legacy\"\nwatchdogs = [{ address = 0x10007000, value = 1, bits = 32 }]\n";
    assert!(laid(&text(good)).is_ok());
    for (lines, says) in [
        ("da_mode = \"legacy\"".to_owned(), "needs its watchdog"),
        (good.replace("0x10007000", "0x20000000"), "within a preloader's reach"),
        (good.replace("0x10007000", "0x10007002"), "within a preloader's reach"),
        (good.replace("bits = 32", "bits = 8"), "within a preloader's reach"),
        (format!("{good}configuration = \"0g\""), "hexadecimal"),
        (format!("{good}configuration = \"012\""), "whole bytes"),
        (format!("{good}configuration = \"{}\"", "00".repeat(65)), "whole bytes"),
        (format!("{good}reset_bytes = 0"), "reset_bytes"),
        (format!("{good}nand_size_bytes = 6"), "nand_size_bytes"),
        (format!("{good}formula = 1"), "unknown field"),
        ("da_mode = \"xflash\"\nverified = true".to_owned(), "only a legacy chip"),
        ("da_mode = \"later\"".to_owned(), "unknown variant"),
    ] {
        let error = laid(&text(&lines)).unwrap_err().to_string();
        assert!(error.contains(says), "{lines}: {error}");
    }
    let guessed = text(&format!("{good}verified = true")).replace("\"described\"", "\"guessed\"");
    assert!(laid(&guessed).unwrap_err().to_string().contains("no guess"));
}
