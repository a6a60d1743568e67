//! Files, fuses and rules that end in a sentence with advice and exit code 5 (3 on a time-out), on a phone that is unharmed.

use nvkeep::app::Exit;
use nvkeep::simulator::agent::{AgentFacts, Dialect, Flaw, Policy, Recipe};

use super::{BOTH, bench};
use crate::support::workbench::{Workbench, same};

/// The code of the failure, which must say what to do.
fn refused(bench: &Workbench, what: &str) -> &'static str {
    let before = bench.flash();
    let failure = bench.backup("b.nvk").unwrap_err();
    assert!(failure.advice.as_ref().is_some_and(|advice| advice.len() > 20), "{what}: {failure:?}");
    assert!(matches!(failure.exit, Exit::Refused | Exit::NoPhone), "{what}: {failure:?}");
    assert_eq!(bench.files(), Vec::<String>::new(), "{what}");
    assert!(same(&before, &bench.flash()), "{what}");
    // Nothing of it stays: the phone answers the direct engine.
    bench.directly();
    bench.inspect().unwrap();
    failure.code
}

#[test]
fn a_file_of_every_wrong_kind_has_a_sentence_of_its_own() {
    for (flaw, code) in [
        (Flaw::ForeignMagic, "da-encrypted"),
        (Flaw::XmlMark, "da-xml"),
        (Flaw::Cut, "da-truncated"),
        (Flaw::TooManyEntries, "da-damaged"),
        (Flaw::OneRegion, "da-single-region"),
        (Flaw::LongSignature, "da-damaged"),
        (Flaw::ForeignSecondStage, "da2-rejected"),
    ] {
        let bench = Workbench::with("mt6572");
        let chips = vec![[0x6572, 0, 0xCA00, 0]];
        bench.by_agent(&Recipe { chips, flaws: vec![flaw], ..Recipe::of(Dialect::D19) });
        assert_eq!(refused(&bench, &format!("{flaw:?}")), code, "{flaw:?}");
    }
    let bench = Workbench::with("mt6572");
    bench.by_agent(&Recipe { chips: vec![[0x6582, 0, 0, 0]], ..Recipe::of(Dialect::D19) });
    assert_eq!(refused(&bench, "another chip"), "da-other-chip");
}

#[test]
fn a_very_old_file_serves_as_well_and_so_does_a_later_one_with_this_chip() {
    for dialect in BOTH {
        for flaw in [Flaw::OldStride, Flaw::LaterDescription] {
            let bench = Workbench::with("mt6572");
            bench.by_agent(&Recipe { flaws: vec![flaw], ..Recipe::of(dialect) });
            assert_eq!(bench.inspect().unwrap().phone.engine, "legacy");
        }
    }
}

#[test]
fn a_phone_in_every_security_state_takes_the_agent_or_says_why_not() {
    for dialect in BOTH {
        // The simulated preloader verifies signatures where the fuse for secure boot is blown.
        for (fuses, signed, expected) in [
            (0x00, false, None),
            (0x01, true, None),
            (0x05, true, None),
            (0x01, false, Some("da-refused")),
            (0x05, false, Some("da-refused")),
            (0x02, true, Some("da-security")),
            (0x07, true, Some("da-security")),
            (0x10, true, Some("da-security")),
            (0x20, true, Some("da-security")),
            (0x40, true, Some("da-security")),
        ] {
            let bench = Workbench::with("mt6572");
            bench.slot.phone().as_mut().unwrap().0.target_config = fuses;
            // What is longer cannot be verified (section 3.8).
            bench.by_agent(&Recipe { signed, first_len: 0x4000, ..Recipe::of(dialect) });
            let what = format!("{fuses:02x}, signed: {signed}, {dialect:?}");
            match expected {
                None => assert_eq!(bench.inspect().expect(&what).phone.engine, "legacy"),
                Some(code) => {
                    let failure = bench.inspect().unwrap_err();
                    assert_eq!((failure.exit, failure.code), (Exit::Refused, code), "{what}: {failure:?}");
                    assert!(failure.advice.is_some_and(|advice| advice.len() > 20), "{what}");
                }
            }
        }
    }
}

#[test]
fn an_agent_that_finds_no_storage_or_may_not_read_says_so() {
    for dialect in BOTH {
        for (agent, code) in [
            (AgentFacts { emmc_missing: true, ..AgentFacts::default() }, "agent-no-storage"),
            (AgentFacts { soc_fails: true, ..AgentFacts::default() }, "da-other-chip"),
            (AgentFacts { chip: 0xFF, ..AgentFacts::default() }, "da-other-chip"),
            (
                AgentFacts { policy: Policy { no_read: true, ..Policy::default() }, ..AgentFacts::default() },
                "agent-forbidden",
            ),
        ] {
            let bench = bench("mt6572", dialect);
            let what = format!("{agent:?}");
            bench.slot.phone().as_mut().unwrap().0.agent = agent;
            assert_eq!(refused(&bench, &what), code, "{what}");
        }
    }
}
