//! Agents that misbehave in the ways of preloader-and-legacy-da.md 9.6: what honest builds do is borne, the rest ends in a
//! sentence, and the phone is well with the next agent.

use std::collections::{BTreeMap, BTreeSet};

use nvkeep::app::archive::open_archive;
use nvkeep::app::backup::{BackupRequest, backup_at};
use nvkeep::app::restore::{RestoreRequest, restore_at};
use nvkeep::app::source::inspect_at;
use nvkeep::app::{Exit, Selection};
use nvkeep::formats::scatter_any;
use nvkeep::simulator::agent::{AgentFacts, Dialect, Policy};
use nvkeep::simulator::{Area, Flash, Scenario};
use nvkeep::vault::Archive;

use super::cable::of_the_imei;
use super::{BOTH, bench};
use crate::faults::backup::Ground;
use crate::faults::subject::Subject;
use crate::faults::table::{Left, Outcome};
use crate::support::workbench::{Workbench, same};

fn behave(bench: &Workbench, agent: AgentFacts) {
    bench.slot.phone().as_mut().unwrap().0.agent = agent;
}

fn usual() -> AgentFacts {
    AgentFacts::default()
}

#[test]
fn whatever_an_honest_build_does_gives_the_true_archive() {
    for dialect in BOTH {
        let ground = Ground::on(bench("mt6572", dialect));
        let mut builds = vec![
            AgentFacts { zlp_after_fields: true, ..usual() },
            AgentFacts { one_byte_packets: true, ..usual() },
            AgentFacts { reply_delay_ms: 3, ..usual() },
            AgentFacts { drop_last_ack: true, ..usual() },
            AgentFacts { swap_dialect: true, ..usual() },
            AgentFacts { nand_ids: 4, ..usual() },
            AgentFacts { read_us_per_kib: 20, write_us_per_block: 300, ..usual() },
        ];
        // A sum that is wrong once is asked for again.
        builds.extend([1, 2, 9].map(|nth| AgentFacts { wrong_sum: Some(nth), ..usual() }));
        for build in builds {
            behave(&ground.bench, build.clone());
            let result = ground.bench.backup("b.nvk");
            let outcome = ground.settle(&result, false);
            assert_eq!(outcome, Outcome::Done, "{dialect:?} {build:?}: {:?}", result.err());
        }
    }
}

#[test]
fn an_agent_that_falls_silent_anywhere_ends_in_a_sentence_and_no_file() {
    for dialect in BOTH {
        let ground = Ground::on(bench("mt6572", dialect));
        let mut codes = BTreeSet::new();
        for after in (0..30).chain((30..400).step_by(23)) {
            behave(&ground.bench, AgentFacts { silent_after: Some(after), ..usual() });
            let result = ground.bench.backup("b.nvk");
            let place = format!("{dialect:?}, silent after {after} fields: {result:?}");
            let failure = match &result {
                Err(failure) => failure,
                // It said all that was asked, and only its farewell is missing.
                Ok(_) => {
                    assert_eq!(ground.settle(&result, false), Outcome::Done, "{place}");
                    continue;
                }
            };
            assert_eq!(ground.settle(&result, false), Outcome::Nothing, "{place}");
            assert!(matches!(failure.exit, Exit::NoPhone | Exit::Refused), "{place}");
            assert!(failure.advice.as_ref().is_some_and(|advice| advice.len() > 20), "{place}");
            codes.insert(failure.code);
        }
        assert!(codes.contains("cable-timeout"), "{codes:?}");
        behave(&ground.bench, usual());
        assert_eq!(ground.settle(&ground.bench.backup("b.nvk"), false), Outcome::Done);
    }
}

/// The greatest number with which a write still fails.
fn last_failing(subject: &mut Subject, agent: impl Fn(u64) -> AgentFacts) -> u64 {
    let (mut fails, mut works) = (0, 1u64 << 24);
    while works - fails > 1 {
        let middle = fails.midpoint(works);
        subject.again();
        behave(&subject.bench, agent(middle));
        if subject.run().is_ok() { works = middle } else { fails = middle }
    }
    behave(&subject.bench, usual());
    fails
}

#[test]
fn an_agent_that_fails_while_it_writes_leaves_a_way_to_the_old_and_the_new() {
    for dialect in BOTH {
        let mut subject = of_the_imei(dialect);
        let silent = |after| AgentFacts { silent_after: Some(after), ..usual() };
        let cut = |after| AgentFacts { cut_after_bytes: Some(after), ..usual() };
        let (fields, bytes) = (last_failing(&mut subject, silent), last_failing(&mut subject, cut));
        let mut agents: Vec<AgentFacts> = (0..40).map(|nth| silent(fields - 3 * nth)).collect();
        agents.extend((0..40).map(|nth| cut(bytes - 113 * nth)));
        agents.extend((1..400).step_by(13).map(|nth| AgentFacts { duplicate_ack: Some(nth), ..usual() }));
        let mut ends = Vec::new();
        for agent in agents {
            subject.again();
            behave(&subject.bench, agent.clone());
            let result = subject.run();
            behave(&subject.bench, usual());
            let outcome = subject.settle(&result, false, false);
            let fine = !matches!(outcome, Outcome::Mixed(_) | Outcome::False(_));
            assert!(fine, "{dialect:?} {agent:?}: {outcome:?} {result:?}");
            if let Err(failure) = &result {
                assert!(failure.advice.as_ref().is_some_and(|advice| advice.len() > 20), "{failure:?}");
            }
            ends.push(outcome);
        }
        let count = |end: &Outcome| ends.iter().filter(|one| *one == end).count();
        for end in [Outcome::Done, Outcome::Journal(Left::Half), Outcome::Journal(Left::New)] {
            assert!(count(&end) > 2, "{dialect:?} hardly met {end:?}: {ends:?}");
        }
    }
}

#[test]
fn a_phone_whose_rules_forbid_its_agent_to_write_is_as_before() {
    let mut subject: Subject = of_the_imei(Dialect::D19);
    subject.again();
    behave(&subject.bench, AgentFacts { policy: Policy { no_write: true, ..Policy::default() }, ..usual() });
    let failure = subject.run().unwrap_err();
    assert!(failure.message.contains("forbid"), "{failure:?}");
    // The other engine needs no agent's leave.
    subject.bench.directly();
    subject.resume(false).unwrap();
    assert_eq!(subject.settle(&Ok(()), false, false), Outcome::Done);
}

/// An agent that says READY before every field of this number.
fn noisy(every: u64) -> AgentFacts {
    AgentFacts { noise_every: every, ..usual() }
}

#[test]
fn ready_among_an_agents_words_ends_in_a_sentence_and_no_file() {
    for dialect in BOTH {
        let ground = Ground::on(bench("mt6572", dialect));
        let mut codes = BTreeSet::new();
        for every in (1..90).chain((90..1200).step_by(111)) {
            behave(&ground.bench, noisy(every));
            let result = ground.bench.backup_in_one_go("b.nvk");
            let outcome = ground.settle(&result, false);
            let place = format!("{dialect:?}, READY before field {every}: {result:?}");
            match &result {
                // More fields than were said, or before the farewell.
                Ok(_) => assert!(every > 90 && outcome == Outcome::Done, "{place}: {outcome:?}"),
                Err(failure) => {
                    assert_eq!(outcome, Outcome::Nothing, "{place}");
                    assert!(failure.advice.as_ref().is_some_and(|advice| advice.len() > 20), "{place}");
                    codes.insert(failure.code);
                }
            }
        }
        let told = ["agent-foreign", "agent-sum", "cable-timeout", "dram-needed"];
        assert!(codes.iter().all(|code| told.contains(code)) && codes.len() > 1, "{dialect:?}: {codes:?}");
        behave(&ground.bench, usual());
        assert_eq!(ground.settle(&ground.bench.backup("b.nvk"), false), Outcome::Done);
    }
}

#[test]
fn ready_among_an_agents_words_while_it_writes_leaves_a_way_to_the_old_and_the_new() {
    for dialect in BOTH {
        let mut subject = of_the_imei(dialect);
        let last = last_failing(&mut subject, noisy);
        let mut ends = Vec::new();
        for every in (0..14).map(|nth| last - 5 * nth).chain([1, 17, 43]) {
            subject.again();
            behave(&subject.bench, noisy(every));
            let result = subject.run();
            behave(&subject.bench, usual());
            let outcome = subject.settle(&result, false, false);
            let fine = !matches!(outcome, Outcome::Mixed(_) | Outcome::False(_));
            assert!(fine, "{dialect:?}, READY before field {every}: {outcome:?} {result:?}");
            let failure = result.expect_err("every one of these fails");
            assert!(failure.advice.as_ref().is_some_and(|advice| advice.len() > 20), "{failure:?}");
            ends.push(outcome);
        }
        for end in [Outcome::Nothing, Outcome::Journal(Left::Half)] {
            assert!(ends.contains(&end), "{dialect:?} never met {end:?}: {ends:?}");
        }
    }
}

#[test]
fn bytes_too_many_or_too_late_never_make_another_archive() {
    for dialect in BOTH {
        let ground = Ground::on(bench("mt6572", dialect));
        let mut agents: Vec<AgentFacts> =
            (1..60).map(|nth| AgentFacts { duplicate_ack: Some(nth), ..usual() }).collect();
        agents.extend(
            (0..40).map(|step| AgentFacts {
                cut_after_bytes: Some((7 + step % 2 * 4) << (step / 2)),
                ..usual()
            }),
        );
        // Two seconds are more than this host waits for a reply, and one for every reply is more than it has patience for.
        agents.extend([900, 2_500, 5_000].map(|late| AgentFacts { reply_delay_ms: late, ..usual() }));
        let mut ends = [0; 2];
        for agent in agents {
            behave(&ground.bench, agent.clone());
            let result = ground.bench.backup_in_one_go("b.nvk");
            let outcome = ground.settle(&result, false);
            let known = [Outcome::Done, Outcome::Nothing].iter().position(|known| *known == outcome);
            ends[known.unwrap_or_else(|| panic!("{dialect:?} {agent:?}: {outcome:?} {result:?}"))] += 1;
            if let Err(failure) = &result {
                assert!(failure.advice.as_ref().is_some_and(|advice| advice.len() > 20), "{failure:?}");
            }
            if agent.reply_delay_ms > 0 {
                let code = result.expect_err("too late").code;
                assert_eq!(code, if agent.reply_delay_ms < 2_000 { "too-slow" } else { "cable-timeout" });
            }
        }
        assert!(ends[1] > 30, "{dialect:?}: {ends:?}");
        behave(&ground.bench, AgentFacts { reply_delay_ms: 100, ..usual() });
        let result = ground.bench.backup("b.nvk");
        assert_eq!(ground.settle(&result, false), Outcome::Done, "late, and in time: {:?}", result.err());
    }
}

#[test]
fn a_phone_behind_a_slow_hub_is_backed_up_and_restored_like_a_fast_one() {
    for dialect in BOTH {
        let end = |slow: bool| {
            let bench = bench("mt6572", dialect);
            bench.slot.phone().as_mut().unwrap().0.full_speed = slow;
            let backup = bench.backup("a.nvk").unwrap();
            assert_eq!(backup.report.phone.engine, "legacy");
            bench.flash_becomes("mt6572-format-all");
            let restored = bench.restore("a.nvk").unwrap();
            assert!(restored.written && bench.inspect().unwrap().is_healthy());
            assert_eq!(bench.slot.phone().as_ref().unwrap().0.full_speed, slow);
            (backup.sha256, restored.plan.blocks, bench.flash())
        };
        let (fast, slow) = (end(false), end(true));
        assert_eq!((&fast.0, fast.1), (&slow.0, slow.1));
        assert!(same(&fast.2, &slow.2), "{dialect:?}");
    }
}

/// The same phone with the table that says that its MBR lies at 0.
fn zero_mbr(mut flash: Flash) -> Flash {
    let page = include_str!("../../../samples/phones/mt6572-pmt-zero-mbr.toml");
    let damaged = Scenario::parse(page).unwrap().build(None).unwrap().1;
    let (at, mut both) = (flash.len(Area::User) - (1 << 20), [0; 8192]);
    damaged.read(Area::User, at, &mut both).unwrap();
    flash.write(Area::User, at, &both).unwrap();
    flash
}

/// Digests of the regions, by their names.
fn regions(bench: &Workbench, name: &str) -> BTreeMap<String, String> {
    let archive = Archive::open(&bench.path(name)).unwrap();
    let regions = archive.manifest().regions.iter();
    regions.map(|region| (region.name.clone(), region.sha256.clone())).collect()
}

#[test]
fn a_table_that_places_the_mbr_at_zero_is_read_with_a_doubt_and_never_written_by() {
    for dialect in BOTH {
        let bench = bench("mt6572", dialect);
        bench.backup("a.nvk").unwrap();
        bench.change(|flash| *flash = zero_mbr(flash.clone()));
        let backup = bench.backup("b.nvk").unwrap();
        let doubted = |warning: &String| warning.contains("says that the MBR lies at 0");
        assert!(backup.report.is_healthy() && backup.warnings.iter().any(doubted), "{:?}", backup.warnings);
        let (healthy, doubted) = (regions(&bench, "a.nvk"), regions(&bench, "b.nvk"));
        let others = |all: &BTreeMap<_, _>| {
            all.iter().filter(|one| one.0 != "PMT").map(|(a, b)| format!("{a} {b}")).collect::<Vec<_>>()
        };
        assert_eq!(others(&doubted), others(&healthy), "{dialect:?}: read from another place");
        let before = bench.flash();
        let failure = bench.restore("a.nvk").unwrap_err();
        assert_eq!((failure.code, failure.exit), ("layout-unproven", Exit::Forbidden), "{failure}");
        assert!(bench.flash() == before);
    }
}

#[test]
fn a_table_that_places_the_mbr_at_zero_is_not_believed_without_the_card() {
    let bench = bench("mt6572", Dialect::D19);
    let whole = bench.flash();
    // The record behind the preloader, or a file system in it: neither may be amiss.
    for (at, bytes) in [(510, vec![0; 2]), (0x1DE + 8, vec![1])] {
        let mut flash = zero_mbr(whole.clone());
        flash.write(Area::User, 0x140_0000 - 0x88_0000 + at, &bytes).unwrap();
        bench.slot.phone().as_mut().unwrap().1 = flash;
        let failure = bench.backup("b.nvk").unwrap_err();
        assert_eq!((failure.code, bench.files()), ("pmt-impossible", vec![]), "{failure}");
        assert!(failure.advice.is_some_and(|advice| advice.len() > 20));
    }
}

#[test]
fn physical_addresses_of_a_scatter_file_are_no_evidence() {
    const ZERO: &str = include_str!("../../../samples/scatter/mt6572-physical-zero.txt");
    let layout = Scenario::named("mt6572").unwrap().layout;
    let listed = scatter_any::parse(ZERO).unwrap().remove(0).table.entries;
    let listed: Vec<_> = listed.into_iter().map(|entry| (entry.name, entry.start, entry.size)).collect();
    // BMTPOOL counts from the end.
    let layout = layout.into_iter().filter(|partition| partition.name != "BMTPOOL");
    let of_the_page = layout.map(|partition| (partition.name, partition.linear, partition.size));
    assert_eq!(listed, of_the_page.collect::<Vec<_>>());
    assert_eq!(ZERO.matches("physical_start_addr: 0x0\n").count(), listed.len() + 1);
    let mut ends = Vec::new();
    for (dialect, physical) in [(Dialect::D19, "0x0"), (Dialect::D13, "0x0"), (Dialect::D19, "0x1234000")] {
        let bench = bench("mt6572-no-pmt", dialect);
        std::fs::write(
            bench.path("scatter.txt"),
            ZERO.replace("physical_start_addr: 0x0\n", &format!("physical_start_addr: {physical}\n")),
        )
        .unwrap();
        let mut context = bench.context();
        context.choices.scatter = Some(bench.path("scatter.txt"));
        let request = BackupRequest { output: Some(bench.path("a.nvk")), ..BackupRequest::default() };
        backup_at(&context, bench.port().as_mut(), &request).unwrap();
        bench.change(|flash| flash.fill(Area::User, 0x180_0000 - 0x88_0000, 0x50_0000, 0).unwrap());
        let archive = open_archive(&bench.path("a.nvk")).unwrap();
        let request =
            RestoreRequest { archive: bench.path("a.nvk"), dry_run: false, selection: Selection::All };
        restore_at(&context, bench.port().as_mut(), &archive, &request, &mut |_| true).unwrap();
        let after = inspect_at(&context, bench.port().as_mut()).unwrap();
        assert!(after.is_healthy(), "{dialect:?} {physical}: {}", after.survey.verdict.summary);
        ends.push(bench.flash());
    }
    assert!(ends.iter().all(|end| same(end, &ends[0])));
}
