//! Claims about the newcomer's first run: it ends healthy, says what it did, and leaves nothing behind.

use crate::support::program::Home;

#[test]
fn ends_with_a_healthy_phone_says_what_it_did_and_leaves_nothing_behind() {
    let home = Home::new();
    let said = home.run(&["demo"]).exits(0);
    for step in ["1. Backed up", "2. \"Format All\"", "3. Diagnosis", "4. Restored", "5. Diagnosis"] {
        assert!(said.out.contains(step), "{step} is missing of:\n{}", said.out);
    }
    assert!(said.out.contains("IMEI 1       490154203237518      valid"), "{}", said.out);
    assert!(said.out.ends_with("the phone is healthy and has its own identity again.\n"), "{}", said.out);
    assert_eq!(home.files(), [""; 0], "temporary folder and home are this one");
}

#[test]
fn its_document_holds_every_step() {
    let home = Home::new();
    let value = home.run(&["demo", "--json", "--quiet"]).exits(0).json();
    assert_eq!((&value["verb"], &value["ok"]), (&"demo".into(), &true.into()));
    let result = &value["result"];
    assert_eq!(result["backup"]["warnings"], serde_json::json!([]));
    assert_eq!(result["lost"]["verdict"]["code"], "needs_archive");
    assert_eq!(result["restore"]["written"], true);
    assert_eq!(result["end"]["verdict"]["code"], "healthy");
}

#[test]
fn runs_on_real_data_too() {
    let Some(folder) = crate::support::real_data("demo::runs_on_real_data_too") else { return };
    let data = folder.join("mt6572-emmc-android44").display().to_string();
    let home = Home::new();
    let value = home.run(&["demo", "--json", "--quiet", "--data", &data]).exits(0).json();
    assert_eq!(value["result"]["end"]["verdict"]["code"], "healthy");
    assert_eq!(home.files(), [""; 0]);
}
