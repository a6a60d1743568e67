//! Agents that misbehave in the ways of preloader-and-legacy-da.md 9.6: what honest builds do is borne, the rest ends in a
//! sentence, and the phone is well with the next agent.

use nvkeep::app::Exit;
use nvkeep::simulator::agent::{AgentFacts, Dialect, Policy};

use super::cable::of_the_imei;
use super::{BOTH, bench};
use crate::faults::backup::Ground;
use crate::faults::subject::Subject;
use crate::faults::table::{Left, Outcome};
use crate::support::workbench::Workbench;

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
        let mut codes = std::collections::BTreeSet::new();
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
