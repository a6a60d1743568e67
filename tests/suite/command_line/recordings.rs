//! Claims about `--record`, `--replay` and `--scatter`.

use super::{fails, home_with_archive};
use crate::support::program::Home;

#[test]
fn a_recording_gives_the_same_document() {
    let home = Home::new();
    for verb in [&["info"][..], &["inspect"], &["diagnose"], &["backup", "-o", "a.nvk", "--force"]] {
        let record = [&["--port", "sim:mt6572", "--record", "s.txt", "--json"][..], verb].concat();
        let first = home.run(&record).exits(0);
        let again = home.run(&[&["--replay", "s.txt", "--json"][..], verb].concat()).exits(0);
        if verb[0] == "backup" {
            // The archive carries the time it was made; everything read from the phone is the same.
            let (mut first, mut again) = (first.json(), again.json());
            for value in [&mut first, &mut again] {
                let result = value["result"].as_object_mut().unwrap();
                assert!(result.remove("sha256").is_some() && result.remove("bytes").is_some());
                result.remove("cable_seconds");
            }
            assert_eq!(first, again);
        } else {
            assert_eq!(first.out, again.out, "{verb:?}");
        }
    }
}

#[test]
fn a_recording_of_another_verb_is_told_apart() {
    let home = Home::new();
    home.run(&["--port", "sim:mt6572", "--record", "s.txt", "info"]).exits(0);
    let said = home.run(&["--replay", "s.txt", "--json", "inspect"]);
    let code = said.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
    let message = fails(&said, 7, &code);
    assert!(code.starts_with("replay") && message.contains("replay"), "{code}: {message}");
}

#[test]
fn something_else_than_a_recording_is_a_bad_argument() {
    let home = Home::new();
    let file = home.file("s.txt", "once upon a time\n");
    fails(&home.run(&["--replay", &file, "--json", "info"]), 2, "bad-session");
    fails(&home.run(&["--replay", "missing.txt", "--json", "info"]), 2, "file-missing");
}

/// Returns a scatter file of the MT6572 scenarios, with every partition behind MBR moved by `shift`.
fn scatter(shift: u64) -> String {
    let mut text = String::from(
        "############################################################\n- general: MTK_PLATFORM_CFG\n  info:\n    \
         - config_version: V1.1.1\n      platform: MT6572\n      project: synthetic\n      storage: EMMC\n      \
         boot_channel: MSDC_0\n      block_size: 0x20000\n",
    );
    let layout = nvkeep::simulator::Scenario::named("mt6572").unwrap().layout;
    for (index, partition) in layout.iter().enumerate() {
        let moved =
            if matches!(partition.name.as_str(), "PRELOADER" | "MBR" | "BMTPOOL") { 0 } else { shift };
        // Physical addresses count from the user area, linear ones from the preloader's (msdc-direct.md 10).
        let linear = partition.linear + moved;
        let physical = if partition.name == "PRELOADER" { 0 } else { linear.saturating_sub(0x88_0000) };
        let region = if partition.name == "PRELOADER" { "EMMC_BOOT_1" } else { "EMMC_USER" };
        text.push_str(&format!(
            "- partition_index: SYS{index}\n  partition_name: {}\n  file_name: NONE\n  is_download: false\n  type: NORMAL_ROM\n  \
             linear_start_addr: {linear:#x}\n  physical_start_addr: {physical:#x}\n  partition_size: {:#x}\n  region: {region}\n  \
             storage: HW_STORAGE_EMMC\n  boundary_check: true\n  is_reserved: {}\n  operation_type: UPDATE\n  \
             reserve: 0x00\n\n",
            partition.name, partition.size, partition.name == "BMTPOOL",
        ));
    }
    text
}

#[test]
fn a_phone_without_a_table_is_read_by_its_scatter_file() {
    let home = Home::new();
    let phone = ["--port", "sim:mt6572-no-pmt", "--json"];
    let said = home.run(&[&phone[..], &["inspect"]].concat());
    assert!(said.json()["error"]["advice"].as_str().unwrap().contains("--scatter"), "{said:#?}");
    assert_eq!(said.code, Some(6));
    let file = home.file("scatter.txt", scatter(0));
    let value = home.run(&[&phone[..], &["inspect", "--scatter", &file]].concat()).exits(0).json();
    assert_eq!(value["result"]["layers"][0]["imei"][0]["value"], "490154203237518");
}

#[test]
fn a_scatter_file_of_another_phone_is_refused() {
    let home = home_with_archive();
    let phone = ["--port", "sim:mt6572-no-pmt", "--json"];
    let shifted = home.file("shifted.txt", scatter(0x10_0000));
    let said = home.run(&[&phone[..], &["restore", "a.nvk", "--yes", "--scatter", &shifted]].concat());
    assert!(matches!(said.code, Some(6 | 8)), "{said:#?}");
    let code = said.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
    fails(&said, said.code.unwrap(), &code);
    assert_eq!(home.files(), ["a.nvk", "shifted.txt"]);
    if let Some(folder) =
        crate::support::real_data("a_scatter_file_of_another_phone_is_refused: a foreign one")
    {
        let foreign = folder.join("scatter/fly-iq4407_MT6572_Android_scatter.txt").display().to_string();
        let said = home.run(&[&phone[..], &["restore", "a.nvk", "--yes", "--scatter", &foreign]].concat());
        assert!(matches!(said.code, Some(2 | 6 | 8)), "{said:#?}");
        assert_eq!(home.files(), ["a.nvk", "shifted.txt"]);
    }
}

#[test]
fn a_scatter_file_that_is_none_is_a_bad_argument() {
    let home = Home::new();
    let file = home.file("scatter.txt", "- general: nothing\n");
    let said = home.run(&["--port", "sim:mt6572-no-pmt", "--json", "info", "--scatter", &file]);
    fails(&said, 2, "bad-scatter");
    let said = home.run(&["--port", "sim:mt6572", "--json", "info", "--scatter", "missing.txt"]);
    fails(&said, 2, "file-missing");
}
