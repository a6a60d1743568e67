//! The table in the pool behind the usable blocks, the agent's own, and a scatter file.

use nvkeep::app::info::{InfoResult, info_at};
use nvkeep::simulator::Area;
use nvkeep::simulator::agent::Dialect;

use super::{BOTH, bench, facts, scenario};
use crate::support::workbench::Workbench;

fn told(bench: &Workbench) -> InfoResult {
    info_at(&bench.context(), bench.port().as_mut()).unwrap()
}

/// What the scenario's page says of the partitions, but for what comes from the end.
fn placed(name: &str) -> Vec<(String, u64, u64)> {
    let scenario = scenario(name);
    let of_the_chip = |linear: u64| linear < 0xFFFF_0000;
    let all = scenario.layout.iter().filter(|partition| of_the_chip(partition.linear));
    all.map(|partition| (partition.name.clone(), partition.linear, partition.size)).collect()
}

fn shown(info: &InfoResult) -> Vec<(String, u64, u64)> {
    let all = info.partitions.iter().filter(|place| place.name != "PMT");
    all.map(|place| (place.name.clone(), place.start, place.len)).collect()
}

#[test]
fn both_copies_and_the_agent_agree_on_a_healthy_phone() {
    for name in ["mt6572-nand", "mt6572-nand-4k"] {
        let bench = bench(name, Dialect::D19);
        let info = told(&bench);
        assert_eq!(shown(&info), placed(name), "{name}");
        assert_eq!((info.layout_from.as_str(), info.doubts.len()), ("PMT", 0), "{:?}", info.doubts);
        let remarks = info.remarks.join("; ");
        assert!(remarks.contains("both copies of the PMT are whole and agree"), "{remarks}");
        assert!(remarks.contains("the Download Agent tells the same places"), "{remarks}");
        let nand = info.card.nand.unwrap();
        let facts = facts(&bench);
        assert_eq!((nand.page, nand.blocks), (facts.page.into(), facts.blocks));
        let table = info.partitions.iter().find(|place| place.name == "PMT").unwrap();
        let block = nand.erase_block;
        assert_eq!((table.start, table.len), (u64::from(facts.blocks - 0x50) * block, 2 * block));
    }
}

#[test]
fn the_older_dialect_has_the_agents_word_alone() {
    let bench = bench("mt6572-nand", Dialect::D13);
    let info = told(&bench);
    assert_eq!(shown(&info), placed("mt6572-nand"));
    assert_eq!(info.layout_from, "Download Agent");
}

fn without_table(dialect: Dialect, which: &[u32]) -> Workbench {
    let bench = bench("mt6572-nand", dialect);
    let facts = facts(&bench);
    let block = u64::from(facts.page) * u64::from(facts.pages_per_block);
    bench.change(|flash| {
        for copy in which {
            let at = u64::from(facts.blocks - 0x50 + copy) * block;
            flash.write(Area::User, at, &vec![0xFF; block as usize]).unwrap();
        }
    });
    bench
}

#[test]
fn one_copy_is_enough_and_raises_a_doubt() {
    for (gone, from, doubt) in
        [(1, "PMT", "the PMT has no mirror"), (0, "PMT mirror", "only the mirror of the PMT is there")]
    {
        let bench = without_table(Dialect::D19, &[gone]);
        let info = told(&bench);
        assert_eq!(shown(&info), placed("mt6572-nand"));
        assert_eq!(info.layout_from, from);
        assert!(info.doubts.iter().any(|said| said == doubt), "{:?}", info.doubts);
    }
}

#[test]
fn without_any_table_a_scatter_file_of_a_nand_serves_and_no_other() {
    for dialect in BOTH {
        let bench = without_table(dialect, &[0, 1]);
        let failure = info_at(&bench.context(), bench.port().as_mut()).unwrap_err();
        assert_eq!(failure.code, "no-pmt");
        assert!(failure.advice.unwrap().contains("--scatter"));

        let mut text = String::from(
            "- general: MTK_PLATFORM_CFG\n  info: \n    - config_version: V1.1.1\n      platform: MT6572\n      project: nvkeep\n      \
             storage: NAND\n      boot_channel: MSDC_0\n      block_size: 0x20000\n",
        );
        for (index, (name, at, len)) in placed("mt6572-nand").into_iter().enumerate() {
            text += &format!(
                "- partition_index: SYS{index}\n  partition_name: {name}\n  file_name: NONE\n  is_download: false\n  type: NORMAL_ROM\n  \
                 linear_start_addr: {at:#x}\n  physical_start_addr: 0x0\n  partition_size: {len:#x}\n  region: NONE\n  storage: HW_STORAGE_NAND\n  \
                 boundary_check: true\n  is_reserved: false\n  operation_type: PROTECTED\n  reserve: 0x00\n"
            );
        }
        let file = bench.path("MT6572_scatter.txt");
        std::fs::write(&file, &text).unwrap();
        let mut context = bench.context();
        context.choices.scatter = Some(file.clone());
        let found = info_at(&context, bench.port().as_mut()).unwrap();
        assert_eq!((shown(&found), found.layout_from.as_str()), (placed("mt6572-nand"), "scatter"));

        std::fs::write(&file, text.replace("storage: NAND", "storage: EMMC")).unwrap();
        let failure = info_at(&context, bench.port().as_mut()).unwrap_err();
        assert_eq!(failure.code, "bad-scatter", "{failure}");
    }
}

/// An entry of size 0 is the rest of the chip, and ends before the chip's own table.
#[test]
fn the_last_partition_may_reach_to_the_end() {
    let bench = bench("mt6572-nand", Dialect::D19);
    let facts = facts(&bench);
    let block = u64::from(facts.page) * u64::from(facts.pages_per_block);
    let main = u64::from(facts.blocks - 0x50) * block;
    let mirror = main + 2 * block - u64::from(facts.page);
    // Behind the sixteenth entry, USRDATA, comes what counts from the end: both become the end of the table.
    bench.change(|flash| {
        for page in [main, mirror] {
            flash.write(Area::User, page + 4 + 15 * 76 + 64, &0u32.to_le_bytes()).unwrap();
            flash.write(Area::User, page + 4 + 16 * 76, &[0; 76]).unwrap();
        }
    });
    let info = told(&bench);
    let last = info.partitions.iter().find(|place| place.name == "USRDATA").unwrap();
    assert_eq!((last.start, last.start + last.len), (0x152C_0000, main));
    assert!(!info.layout_proven, "nothing is ever written by it");
    // It is kept, and no two of its regions overlap.
    bench.backup("a.nvk").unwrap();
    nvkeep::app::archive::open_archive(&bench.path("a.nvk")).unwrap();
}

#[test]
fn copies_that_differ_raise_a_doubt_and_the_main_one_is_believed() {
    let bench = bench("mt6572-nand", Dialect::D19);
    let facts = facts(&bench);
    let block = u64::from(facts.page) * u64::from(facts.pages_per_block);
    // The mirror is the last page of the second block; its third entry is NVRAM: name 64, size 4, start 4, flags 4.
    let page = u64::from(facts.blocks - 0x50 + 2) * block - u64::from(facts.page);
    bench.change(|flash| {
        flash.write(Area::User, page + 4 + 2 * 76 + 68, &0x20_0000u32.to_le_bytes()).unwrap()
    });
    let info = told(&bench);
    assert_eq!(shown(&info), placed("mt6572-nand"));
    assert!(info.doubts.iter().any(|said| said.contains("copies disagree")), "{:?}", info.doubts);
}
