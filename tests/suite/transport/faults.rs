//! Claims about links that break as planned: what the host is told, and what the phone heard.

use std::sync::Arc;

use nvkeep::transport::{Fault, Faults, Faulty, Link, LinkError, WrappedPort};

use super::{Echo, EchoPort, SOON, open, receive};

/// What the host got from one transfer: nothing from a send.
type Outcome = Result<Vec<u8>, LinkError>;

/// Four transfers: two questions, two answers. Returns the outcome of each, and what the phone heard.
fn conversation(faults: &Faults) -> (Vec<Outcome>, Vec<Vec<u8>>) {
    let echo = Echo::default();
    let heard = Arc::clone(&echo.heard);
    let mut link = Faulty::new(echo, faults.clone());
    let mut outcomes = Vec::new();
    for question in [[0x01, 0x02], [0x03, 0x04]] {
        outcomes.push(link.send(&question, SOON).map(|()| vec![]));
        outcomes.push(receive(&mut link, 2));
    }
    let heard = heard.lock().unwrap().clone();
    (outcomes, heard)
}

#[test]
fn faults_are_counted_without_a_plan() {
    let faults = Faults::none();
    let (outcomes, heard) = conversation(&faults);
    assert_eq!(outcomes, [Ok(vec![]), Ok(vec![0xFE, 0xFD]), Ok(vec![]), Ok(vec![0xFC, 0xFB])]);
    assert_eq!(heard, [vec![1, 2], vec![3, 4]]);
    assert_eq!(faults.transfers(), 4);
}

#[test]
fn a_cut_ends_the_link_at_every_transfer() {
    for number in 0..4 {
        let (outcomes, heard) = conversation(&Faults::at(number, Fault::Cut));
        for (index, outcome) in outcomes.iter().enumerate() {
            assert_eq!(
                outcome.is_err(),
                index as u64 >= number,
                "cut at {number}: transfer {index} {outcome:?}"
            );
        }
        assert_eq!(heard.len() as u64, number.div_ceil(2), "a transfer that was cut does not arrive");
    }
}

#[test]
fn a_cut_afterwards_reaches_the_phone_but_not_the_host() {
    let (outcomes, heard) = conversation(&Faults::at(2, Fault::CutAfter));
    assert_eq!(outcomes[2..], [Err(LinkError::Gone), Err(LinkError::Gone)]);
    assert_eq!(heard, [vec![1, 2], vec![3, 4]]);
}

#[test]
fn a_cut_link_can_be_plugged_in_again() {
    let faults = Faults::at(1, Fault::Cut);
    let counter = faults.clone();
    let mut port = WrappedPort::new(EchoPort, move |plugged| faults.wrap(plugged));
    let mut link = open(&mut port);
    link.send(&[1], SOON).unwrap();
    assert_eq!(receive(&mut link, 1), Err(LinkError::Gone));
    let mut again = open(&mut port);
    again.send(&[1], SOON).unwrap();
    assert_eq!(receive(&mut again, 1), Ok(vec![0xFE]));
    assert_eq!(counter.transfers(), 4, "the count goes on over plug-ins");
    assert_eq!(counter.left(), []);
}

#[test]
fn a_stall_costs_the_time_and_loses_no_answer() {
    let mut link = Faulty::new(Echo::default(), Faults::at(1, Fault::Stall));
    link.send(&[1, 2], SOON).unwrap();
    let before = link.elapsed();
    assert_eq!(receive(&mut link, 2), Err(LinkError::Timeout { wanted: 2, got: 0 }));
    assert_eq!(link.elapsed() - before, SOON);
    assert_eq!(receive(&mut link, 2), Ok(vec![0xFE, 0xFD]));
}

#[test]
fn a_short_receive_keeps_the_rest_in_order() {
    let faults = Faults::at(1, Fault::Short).and(2, Fault::Short);
    let mut link = Faulty::new(Echo::default(), faults);
    link.send(&[1, 2, 3, 4, 5, 6], SOON).unwrap();
    assert_eq!(receive(&mut link, 6), Err(LinkError::Timeout { wanted: 6, got: 3 }));
    assert_eq!(receive(&mut link, 4), Err(LinkError::Timeout { wanted: 4, got: 2 }));
    assert_eq!(receive(&mut link, 6), Ok(vec![0xFE, 0xFD, 0xFC, 0xFB, 0xFA, 0xF9]));
}

#[test]
fn a_short_send_arrives_by_half() {
    let (outcomes, heard) = conversation(&Faults::at(0, Fault::Short));
    assert_eq!(outcomes[0], Err(LinkError::Timeout { wanted: 2, got: 1 }));
    assert_eq!(heard[0], [1]);
}

#[test]
fn a_flip_changes_exactly_one_bit() {
    let (outcomes, heard) = conversation(&Faults::at(0, Fault::Flip(8 + 7)).and(3, Fault::Flip(16)));
    assert_eq!(heard[0], [0x01, 0x82]);
    assert_eq!(outcomes[3], Ok(vec![0xFD, 0xFB]), "bit 16 of two bytes is bit 0");
}

#[test]
fn seeded_faults_are_the_same_for_the_same_seed() {
    let plan = |seed| Faults::seeded(seed, 5, 100).left();
    assert_eq!(plan(7), plan(7));
    assert_ne!(plan(7), plan(8));
    assert!((1..=5).contains(&plan(0).len()));
    assert!(plan(0).iter().all(|(number, _)| *number < 100));
    assert!(Faults::seeded(1, 1, 0).left().len() == 1, "no transfers is no reason to panic");
}

#[test]
fn a_cut_inside_lets_half_pass() {
    let (outcomes, heard) = conversation(&Faults::at(2, Fault::CutInside));
    assert_eq!(outcomes[2..], [Err(LinkError::Gone), Err(LinkError::Gone)]);
    assert_eq!(heard, [vec![1, 2], vec![3]]);
    let (outcomes, heard) = conversation(&Faults::at(1, Fault::CutInside));
    assert_eq!(outcomes[1..], [Err(LinkError::Gone), Err(LinkError::Gone), Err(LinkError::Gone)]);
    assert_eq!(heard, [[1, 2]]);
}

#[test]
fn a_cut_inside_one_byte_lets_nothing_pass() {
    let echo = Echo::default();
    let heard = Arc::clone(&echo.heard);
    let mut link = Faulty::new(echo, Faults::at(0, Fault::CutInside));
    assert_eq!(link.send(&[1], SOON), Err(LinkError::Gone));
    assert!(heard.lock().unwrap().is_empty());
}

#[test]
fn a_send_that_passes_twice_is_heard_twice() {
    let (outcomes, heard) = conversation(&Faults::at(0, Fault::Twice));
    assert_eq!(heard, [[1, 2], [1, 2], [3, 4]]);
    assert_eq!(outcomes[..2], [Ok(vec![]), Ok(vec![0xFE, 0xFD])]);
    assert_eq!(outcomes[3], Ok(vec![0xFE, 0xFD]), "the surplus answer comes before the right one");
}

#[test]
fn a_receive_that_passes_twice_comes_again_before_what_follows() {
    let (outcomes, heard) = conversation(&Faults::at(1, Fault::Twice));
    assert_eq!(heard, [[1, 2], [3, 4]], "the phone knows nothing of it");
    assert_eq!((&outcomes[1], &outcomes[3]), (&Ok(vec![0xFE, 0xFD]), &Ok(vec![0xFE, 0xFD])));
}

#[test]
fn a_lost_send_is_acknowledged_and_never_heard() {
    let (outcomes, heard) = conversation(&Faults::at(0, Fault::Lost));
    assert_eq!(outcomes[0], Ok(vec![]));
    assert_eq!(outcomes[1], Err(LinkError::Timeout { wanted: 2, got: 0 }));
    assert_eq!(heard, [[3, 4]]);
}

#[test]
fn a_lost_receive_gives_what_comes_behind_it() {
    let mut link = Faulty::new(Echo::default(), Faults::at(1, Fault::Lost));
    link.send(&[1, 2, 3, 4], SOON).unwrap();
    assert_eq!(receive(&mut link, 2), Ok(vec![0xFC, 0xFB]));
    let mut link = Faulty::new(Echo::default(), Faults::at(1, Fault::Lost));
    link.send(&[1, 2], SOON).unwrap();
    let before = link.elapsed();
    assert_eq!(receive(&mut link, 2), Err(LinkError::Timeout { wanted: 2, got: 0 }));
    assert_eq!(link.elapsed() - before, SOON, "the time is not waited for twice");
}

#[test]
fn seeded_plans_know_every_kind() {
    let kinds: std::collections::BTreeSet<String> = (0..40)
        .flat_map(|seed| Faults::seeded(seed, 4, 1000).left())
        .map(|(_, fault)| format!("{fault:?}").chars().take_while(|letter| letter.is_alphabetic()).collect())
        .collect();
    let all = ["Cut", "CutAfter", "CutInside", "Flip", "Lost", "Short", "Stall", "Twice"];
    assert_eq!(kinds, all.map(String::from).into());
}
