//! Defects of the program: a job that panics ends the job, not the session.

use nvkeep::tui::model::bench::CableState;

use crate::screen::desk::Desk;

use super::*;

#[test]
fn a_panic_in_the_port_is_a_failure_and_the_next_phone_comes() {
    let desk = Desk::with("mt6572");
    desk.panic_in("port");
    let mut session = Session::begin(desk, Begin::default());
    session.until("the failure", |model| model.cable.trouble.is_some());
    assert_eq!(session.model.cable.trouble.as_ref().unwrap().code, "defect");
    assert!(matches!(session.model.cable.state, CableState::Resting));
    session.write("1");
    session.press(ENTER);
    session.plug();
    session.end();
}

#[test]
fn a_panic_in_the_bus_is_a_failure_and_the_next_phone_comes() {
    let desk = Desk::with("mt6572");
    desk.panic_in("devices");
    let mut session = Session::begin(desk, Begin { port: "usb", ..Begin::default() });
    session.until("the failure", |model| model.cable.trouble.is_some());
    assert_eq!(session.model.cable.trouble.as_ref().unwrap().code, "defect");
    session.write("1");
    session.press(ENTER);
    session.plug();
    session.end();
}

#[test]
fn a_panic_in_a_job_is_a_failure_of_the_job() {
    let desk = Desk::with("mt6572");
    let mut session = Session::begin(desk, Begin::default());
    session.plug();
    session.desk.panic_in("link");
    session.write("4");
    session.press(ENTER);
    session.until("the failure", |model| model.backup.last.is_some() && !model.busy());
    assert!(matches!(&session.model.backup.last, Some(Err(trouble)) if trouble.code == "defect"));
    session.model.backup.last = None;
    back_up(&mut session);
    session.end();
}

#[test]
fn a_panic_between_jobs_is_a_failure_too() {
    let mut session = Session::with("mt6572");
    session.plug();
    // The worker asks every second whether the phone is still there.
    session.desk.panic_in("link");
    session.until("the failure", |model| model.connected().is_none());
    assert_eq!(session.model.cable.trouble.as_ref().unwrap().code, "defect");
    session.desk.pull();
    session.write("1");
    if matches!(session.model.cable.state, CableState::Resting) {
        session.press(ENTER);
    }
    session.plug();
    session.end();
}

#[test]
fn journals_that_cannot_be_read_keep_no_phone_from_leaving() {
    let mut session = Session::with("mt6572");
    std::fs::write(session.path("journals"), b"no folder").unwrap();
    session.desk.plug();
    session.until("the failure", |model| model.cable.trouble.is_some());
    std::fs::remove_file(session.path("journals")).unwrap();
    // Somebody sets it right and asks again.
    session.desk.pull();
    if matches!(session.model.cable.state, CableState::Resting) {
        session.press(ENTER);
    }
    session.plug();
    session.end();
}
