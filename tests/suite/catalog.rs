//! Every description loads and is complete.

use nvkeep::formats::catalog::Catalog;

#[test]
fn built_in_descriptions_load() {
    let catalog = Catalog::builtin().unwrap();
    assert!(
        catalog.chips().iter().any(|chip| chip.name == "MT6572" && chip.hw_code == 0x6572 && chip.verified)
    );
    assert!(catalog.chips().iter().all(|chip| chip.verified == (chip.name == "MT6572")));
    assert_eq!(catalog.canonical_partition("__NODL_NVRAM"), "NVRAM");
    assert_eq!(catalog.canonical_partition("ANDROID"), "ANDROID");
    assert!(catalog.family_of("MT6572").lid("ST33").unwrap().sizes.iter().any(|size| size.count == 4));
}

#[test]
fn unknown_keys_and_names_are_refused() {
    let catalog = Catalog::builtin().unwrap();
    assert!(catalog.clone().with_overlay("chips", "schema = 1\nchip = []\nmagic = 2\n").is_err());
    assert!(catalog.clone().with_overlay("modems", "").is_err());
    assert!(catalog.with_overlay("chips", "schema = 1\nchip = []\n").unwrap().is_overlaid("chips"));
}

#[test]
fn an_overlay_replaces_a_whole_description_or_nothing() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("formats/nvram/wr8.toml");
    let text = std::fs::read_to_string(root).unwrap();
    let catalog = Catalog::builtin().unwrap();
    let other =
        text.replacen("default_imeis = [\"354648020000251\"]", "default_imeis = [\"356938035643809\"]", 1);
    assert_ne!(other, text);
    let imei = nvkeep::formats::imei::Imei::parse("356938035643809").unwrap();
    assert!(!catalog.family_of("MT6572").is_default_imei(&imei));
    let overlaid = catalog.clone().with_overlay("nvram/wr8", &other).unwrap();
    assert!(overlaid.family_of("MT6572").is_default_imei(&imei) && overlaid.is_overlaid("nvram/wr8"));
    for (from, to, says) in [
        ("schema = 1", "schema = 2", "only schema 1"),
        ("prefix = \"MP09\"", "prefix = \"MP0B\"", "named twice"),
        ("confidence = \"observed\"", "confidence = \"certain\"", "unknown variant"),
        ("354648020000251", "35464802000025", "cannot be read"),
        ("10:ab:1a:1b:1c:12", "10:ab:1a:1b:1c", "cannot be read"),
        ("role = \"system\"", "role = \"system\"\nformula = \"a + b\"", "unknown field"),
        ("name = \"wr8\"", "name = \"wr9\"", "another family"),
    ] {
        let lie = text.replacen(from, to, 1);
        assert_ne!(lie, text, "{from}");
        let error = catalog.clone().with_overlay("nvram/wr8", &lie).unwrap_err().to_string();
        assert!(error.contains(says), "{from}: {error}");
        assert!(error.contains("nvram/wr8"), "the message says which description spoke: {error}");
    }
}

#[test]
fn every_description_tells_where_it_was_learned() {
    let catalog = Catalog::builtin().unwrap();
    let family = catalog.family_of("MT6572");
    assert!(family.lids.iter().all(|lid| !lid.source.is_empty() && lid.prefix.len() == 4));
    assert!(catalog.chips().iter().all(|chip| !chip.source.is_empty()));
    // Sizes of the reference (modem-nvram.md 3.1, 3.2, 3.3) against the table.
    for (prefix, len) in [
        ("MT00", 108),
        ("MP0B", 120),
        ("MP09", 66),
        ("ST33", 2060),
        ("ST33", 824),
        ("ST6T", 412),
        ("MP0D", 4),
        ("MPA2", 314),
        ("MPA8", 1354),
        ("MT1F", 106),
        ("MT05", 262),
        ("MT06", 666),
        ("MT0D", 666),
        ("MT0E", 66),
        ("MT0I", 10),
        ("MT0J", 46),
        ("MT0K", 466),
        ("MT0P", 34),
        ("MT0V", 132),
        ("UL10", 18),
        ("UL11", 722),
        ("UL1B", 710),
        ("UL1M", 98),
        ("HL10", 100),
        ("HL1A", 74),
        ("UL1W", 98),
        ("ULB0", 722),
        ("ULBB", 98),
    ] {
        let lid = family.lid(prefix).unwrap_or_else(|| panic!("{prefix} is not described"));
        assert!(lid.sizes.iter().any(|size| size.file_len() == len), "{prefix} {len}");
    }
}
