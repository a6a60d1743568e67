//! One engine's archive is the other engine's: nothing above the engines knows which of them ran.

use nvkeep::simulator::agent::Recipe;
use nvkeep::vault::Archive;

use super::BOTH;
use crate::support::workbench::{Workbench, same};

#[test]
fn both_engines_keep_the_same_bytes_and_see_the_same_phone() {
    for scenario in ["mt6572", "mt6572-ddr", "mt6572-format-all", "lr12a"] {
        let bench = Workbench::with(scenario);
        let seen = |name: &str| {
            let result = bench.backup(name).unwrap();
            let mut report = serde_json::to_value(&result.report).unwrap();
            report["phone"]["engine"] = "any".into();
            let mut archive = Archive::open(&result.file).unwrap();
            let regions: Vec<_> =
                archive.manifest().regions.iter().map(|region| region.name.clone()).collect();
            let regions: Vec<_> =
                regions.into_iter().map(|name| (archive.region(&name).unwrap(), name)).collect();
            assert!(regions.iter().any(|(bytes, _)| !bytes.is_empty()));
            (report, regions)
        };
        let direct = seen("direct.nvk");
        for dialect in BOTH {
            bench.by_agent(&Recipe::of(dialect));
            let legacy = seen(&format!("{dialect:?}.nvk"));
            assert_eq!(legacy.0, direct.0, "{scenario} {dialect:?}");
            assert!(legacy.1 == direct.1, "{scenario} {dialect:?}: other bytes were kept");
        }
    }
}

#[test]
fn an_archive_of_one_engine_restores_on_the_other() {
    for dialect in BOTH {
        let bench = Workbench::with("mt6572");
        bench.backup("direct.nvk").unwrap();
        bench.by_agent(&Recipe::of(dialect));
        bench.backup("legacy.nvk").unwrap();

        bench.flash_becomes("mt6572-format-all");
        assert!(bench.restore("direct.nvk").unwrap().written);
        assert!(bench.inspect().unwrap().is_healthy());
        let by_agent = bench.flash();

        bench.directly();
        bench.flash_becomes("mt6572-format-all");
        assert!(bench.restore("legacy.nvk").unwrap().written);
        assert!(bench.inspect().unwrap().is_healthy());
        assert!(same(&by_agent, &bench.flash()), "{dialect:?}");
    }
}
