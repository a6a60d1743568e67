//! Which engine is taken for a phone, what is said about it, and what happens when its agent is refused.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use nvkeep::app::info::info_at;
use nvkeep::app::{Context, EngineWish, Event, Exit, Failure};
use nvkeep::protocol::AgentImage;
use nvkeep::transport::{LinkError, Plugged, Port, PortKind};

use super::script::{Step, greeting, image, ladder, play, starting, step};
use super::{Entry, container};
use crate::support::workbench::Workbench;

/// A port at which written conversations are plugged in one after the other, and then the phone of the bench.
struct Desk {
    scripts: VecDeque<Vec<Step>>,
    then: Option<Box<dyn Port>>,
}

impl Port for Desk {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        match (self.scripts.pop_front(), &mut self.then) {
            (Some(steps), _) => {
                // A phone whose script is over has left.
                let over = steps.len();
                Ok(Plugged { link: play(steps, usize::MAX, Some(over)).0, kind: PortKind::Preloader })
            }
            (None, Some(port)) => port.open(within),
            (None, None) => Err(LinkError::NoPhone { port: self.name(), seconds: 0 }),
        }
    }

    fn name(&self) -> String {
        "desk".into()
    }
}

fn desk(scripts: Vec<Vec<Step>>, then: Option<Box<dyn Port>>) -> Desk {
    Desk { scripts: scripts.into(), then }
}

fn file_with(bench: &Workbench, name: &str, image: &AgentImage) -> PathBuf {
    let stage = |stage: &nvkeep::protocol::Stage| (stage.bytes.clone(), stage.address, stage.signature_len);
    let entry =
        Entry { first: stage(&image.first), second: stage(&image.second), ..Entry::of(0x6572, 0xCA00, 0) };
    let path = bench.path(name);
    std::fs::write(&path, container("MTK_AllInOne_DA_v3.3001.2019-12-31", &[entry])).unwrap();
    path
}

fn asking(bench: &Workbench, engine: EngineWish, da: Option<PathBuf>) -> Context<'static> {
    let mut context = bench.context();
    context.choices.reach.engine = engine;
    context.choices.reach.da = da;
    context
}

fn failure(context: &Context<'_>, port: &mut dyn Port) -> Failure {
    let failure = info_at(context, port).unwrap_err();
    assert!(failure.advice.as_ref().is_some_and(|advice| advice.len() > 20), "{failure:?}");
    failure
}

/// SEND_DA up to the verdict, which is a refusal.
fn refusing() -> Vec<Step> {
    let mut steps = greeting(0);
    steps.extend(starting(&image(), ""));
    steps.truncate(steps.len() - 2);
    let sum = super::script::checksum(&image().first.bytes).to_be_bytes();
    steps.last_mut().unwrap().phone = vec![sum[0], sum[1], 0x20, 0x01];
    steps
}

/// A phone of another chip, up to its fuses.
fn other(code: u16) -> Vec<Step> {
    let mut steps = greeting(0);
    let at = steps.iter().position(|step| step.host == [0xFD]).unwrap();
    steps[at] = step("FD", &format!("FD {code:04x} 0000"));
    steps
}

#[test]
fn a_phone_the_direct_engine_knows_needs_no_file_and_says_so() {
    let bench = Workbench::with("mt6572");
    let info = info_at(&bench.context(), bench.port().as_mut()).unwrap();
    assert!(info.engine_reason.starts_with("direct: ") && info.engine_reason.contains("no vendor file"));
    assert_eq!((info.agent, info.phone.engine.as_str()), (None, "direct"));
    // A file for every phone is no wish for this one.
    let mut context = bench.context();
    context.choices.reach.da_by_environment = Some(bench.path("missing.bin"));
    assert_eq!(info_at(&context, bench.port().as_mut()).unwrap().phone.engine, "direct");
}

#[test]
fn a_refused_agent_is_followed_by_the_direct_engine_where_that_is_allowed() {
    let bench = Workbench::with("mt6572");
    let da = file_with(&bench, "MTK_AllInOne_DA.bin", &image());
    let mut port = desk(vec![refusing()], Some(bench.port()));
    let info = info_at(&asking(&bench, EngineWish::Auto, Some(da.clone())), &mut port).unwrap();
    assert_eq!(info.phone.engine, "direct");
    assert!(info.engine_reason.contains("refused the Download Agent"), "{}", info.engine_reason);
    assert!(bench.warnings().iter().any(|text| text.contains("2001") && text.contains("waited for again")));

    // Who asked for the agent gets the refusal, and exit code 5.
    let mut port = desk(vec![refusing()], Some(bench.port()));
    let failure = failure(&asking(&bench, EngineWish::Legacy, Some(da)), &mut port);
    assert_eq!((failure.exit, failure.code), (Exit::Refused, "da-refused"));
}

#[test]
fn fuses_that_forbid_the_agent_leave_the_direct_engine_where_that_is_allowed() {
    let bench = Workbench::with("mt6572");
    let da = file_with(&bench, "MTK_AllInOne_DA.bin", &image());
    bench.slot.phone().as_mut().unwrap().0.target_config = 0x02;
    let info = info_at(&asking(&bench, EngineWish::Auto, Some(da.clone())), bench.port().as_mut()).unwrap();
    assert!(info.engine_reason.starts_with("direct: ") && info.engine_reason.contains("(SLA)"));
    let failure = failure(&asking(&bench, EngineWish::Legacy, Some(da)), bench.port().as_mut());
    assert_eq!((failure.exit, failure.code), (Exit::Refused, "da-security"));
}

#[test]
fn a_found_agent_is_not_sent_to_a_phone_that_demands_its_makers() {
    let bench = Workbench::with("mt6572");
    let da = file_with(&bench, "DA_PL.bin", &image());
    let mut context = asking(&bench, EngineWish::Legacy, None);
    context.choices.reach.da_by_environment = Some(da);
    let failure = failure(&context, &mut desk(vec![greeting(0x04)], None));
    assert_eq!((failure.exit, failure.code), (Exit::Refused, "da-security"));
    assert!(failure.message.contains("(DAA)"), "{failure}");
}

#[test]
fn an_agent_that_runs_is_told_with_digest_build_and_entry() {
    let bench = Workbench::with("mt6572");
    let da = file_with(&bench, "MTK_AllInOne_DA.bin", &image());
    // The layout cannot be read from a script that ends here; what was told before is enough.
    let context = asking(&bench, EngineWish::Auto, Some(da));
    let failure = info_at(&context, &mut desk(vec![ladder(0)], None)).unwrap_err();
    assert_eq!(failure.code, "cable-gone");
    let told: Vec<String> = bench
        .events
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match event {
            Event::Step(text) | Event::Note(text) => Some(text.clone()),
            _ => None,
        })
        .collect();
    let has = |words: &str| told.iter().any(|text| text.contains(words));
    assert!(
        has("given with --da") && has("entry 0 of 1: chip 6572") && has("MT6572 with eMMC, engine legacy"),
        "{told:?}"
    );
}

#[test]
fn the_file_beside_a_scatter_is_the_all_in_one_first_and_always_the_same() {
    let bench = Workbench::with("mt6572");
    for name in ["DA_PL.bin", "MTK_AllInOne_DA_2.bin", "mtk_allinone_da_1.BIN", "DA_notes.txt", "ADA_1.bin"] {
        std::fs::write(bench.path(name), b"nothing").unwrap();
    }
    let mut context = asking(&bench, EngineWish::Legacy, None);
    context.choices.scatter = Some(bench.path("MT6572_Android_scatter.txt"));
    let failure = failure(&context, &mut desk(vec![greeting(0)], None));
    assert_eq!((failure.exit, failure.code), (Exit::Refused, "da-not-a-container"));
    assert!(failure.message.contains("mtk_allinone_da_1.BIN"), "{failure}");
}

#[test]
fn a_wrong_file_is_told_before_anybody_waits_for_a_phone() {
    let bench = Workbench::with("mt6572");
    let wrong = [
        ("text.bin", b"hello".to_vec(), "da-not-a-container"),
        ("cut.bin", b"MTK_DOWNLOAD_AGENT\0\0".to_vec(), "da-truncated"),
        ("later.bin", container("MTK_DA_v6", &[Entry::of(0x6572, 0, 0)]), "da-xml"),
    ];
    for (name, bytes, code) in wrong {
        std::fs::write(bench.path(name), bytes).unwrap();
        let context = asking(&bench, EngineWish::Auto, Some(bench.path(name)));
        let failure = failure(&context, &mut desk(vec![], None));
        assert_eq!((failure.exit, failure.code), (Exit::Refused, code));
    }
    let context = asking(&bench, EngineWish::Auto, Some(bench.path("missing.bin")));
    let missing = info_at(&context, &mut desk(vec![], None)).unwrap_err();
    assert_eq!((missing.exit, missing.code), (Exit::Usage, "file-missing"));
    let da = file_with(&bench, "other.bin", &image());
    let failure = failure(&asking(&bench, EngineWish::Auto, Some(da)), &mut desk(vec![other(0x6582)], None));
    assert_eq!((failure.exit, failure.code), (Exit::Refused, "da-other-chip"));
}

#[test]
fn an_engine_without_its_file_is_told_before_anybody_waits_for_a_phone() {
    let bench = Workbench::with("mt6572");
    let failure = failure(&asking(&bench, EngineWish::Legacy, None), &mut desk(vec![], None));
    assert_eq!((failure.exit, failure.code), (Exit::Refused, "da-needed"));
    assert_eq!(failure.message, "the legacy engine needs a Download Agent file");
}

#[test]
fn a_chip_nobody_describes_is_refused_with_a_file_too() {
    let bench = Workbench::with("mt6572");
    let da = file_with(&bench, "MTK_AllInOne_DA.bin", &image());
    for wish in [EngineWish::Legacy, EngineWish::Auto] {
        let context = asking(&bench, wish, Some(da.clone()));
        assert_eq!(failure(&context, &mut desk(vec![other(0x1234)], None)).code, "unknown-chip");
    }
}

#[test]
fn a_chip_that_needs_an_agent_or_another_engine_says_so() {
    let bench = Workbench::with("mt6572");
    for (code, wish, expected, words) in [
        (0x6592, EngineWish::Auto, "da-needed", "MT6592 has no other verified way"),
        (0x0321, EngineWish::Auto, "da-needed", "MT6735 has no other"),
        (0x6580, EngineWish::Auto, "da-needed", "MT6580 has no other"),
        (0x6582, EngineWish::Direct, "chip-not-verified", "described but not verified"),
        (0x6592, EngineWish::Direct, "unknown-chip", "6592"),
        (0x0279, EngineWish::Auto, "engine-not-built", "needs the xflash engine"),
        (0x1209, EngineWish::Auto, "engine-not-built", "needs the xml engine"),
        (0x1234, EngineWish::Auto, "unknown-chip", "1234"),
    ] {
        let failure = failure(&asking(&bench, wish, None), &mut desk(vec![other(code)], None));
        assert_eq!((failure.exit, failure.code), (Exit::Refused, expected), "{failure}");
        assert!(failure.message.contains(words), "{failure}");
    }
}
