//! The phone screen: verdict, layers, what is seen, what to do, and the facts of phone and card.

use super::{Page, Role, judgement, span, trouble};
use crate::tui::model::Model;
use crate::tui::model::bench::CableState;
use crate::tui::subject::Origin;

/// Writes the page.
pub(super) fn write(page: &mut Page, model: &Model) {
    let Some(subject) = model.subject() else {
        return empty(page, model);
    };
    let report = &subject.report;
    judgement::headline(page, report);
    let source = match (&subject.origin, model.connected()) {
        (Origin::Phone, Some(_)) => "the connected phone".to_owned(),
        (Origin::Phone, None) => "the phone that was connected; it is gone now".to_owned(),
        (Origin::File(_), _) => report.source.clone(),
    };
    let phone = &report.phone;
    page.hang(11, Role::Dim, "source", Role::Plain, &source);
    let chip = format!("{}, {}, {}", phone.chip, phone.storage, phone.told_by());
    page.hang(11, Role::Dim, "phone", Role::Plain, &chip);
    page.gap();
    judgement::layers(page, report);
    page.gap();
    judgement::sentences(page, report);
    judgement::reasons(page, report);
    unfinished(page, model);
    page.gap();
    judgement::steps(page, report);
    if subject.origin == Origin::Phone {
        facts(page, model);
    }
}

fn unfinished(page: &mut Page, model: &Model) {
    let open = model.connected().and_then(|phone| phone.open_journal.as_ref());
    if let Some(title) = open.filter(|_| !model.shows_file) {
        let text = format!(
            "An earlier write did not finish: {title}. The Restore screen finishes it or takes it back."
        );
        page.hang(11, Role::Bad, "unfinished", Role::Plain, &text);
    }
}

fn empty(page: &mut Page, model: &Model) {
    if model.shows_file {
        judgement::unknown(page, "nothing was judged");
        page.gap();
        match &model.open_trouble {
            Some(failure) => trouble::write(page, "failed", failure),
            None => page.say(Role::Dim, "The file is being read …"),
        }
        return;
    }
    judgement::unknown(page, "nothing was judged");
    page.gap();
    if let Some(failure) = &model.look_trouble {
        trouble::write(page, "failed", failure);
        page.gap();
        page.row(vec![span(Role::Key, "r"), span(Role::Plain, " reads again")]);
        return facts(page, model);
    }
    match &model.cable.state {
        CableState::Connected(_) => {
            page.say(Role::Plain, "The identity is being read; the verdict comes in a moment.");
            page.gap();
            super::writes::progress(page, model);
            facts(page, model);
        }
        CableState::Connecting { .. } => {
            page.say(Role::Dim, "A phone was found; it is being asked who it is.")
        }
        _ => {
            page.say(Role::Plain, "No phone is connected, and no file is open.");
            page.gap();
            page.row(vec![
                span(Role::Key, "1"),
                span(Role::Plain, " waits for a phone, "),
                span(Role::Key, "7"),
                span(Role::Plain, " shows the archives"),
            ]);
        }
    }
}

/// What phone and card say of themselves.
fn facts(page: &mut Page, model: &Model) {
    let Some(connected) = model.connected() else { return };
    let info = &connected.info;
    page.title("Phone and card");
    let mut fact = |name: &str, text: &str| page.hang(11, Role::Dim, name, Role::Plain, text);
    fact(
        "chip",
        &format!("{}, code {}, versions {}", info.phone.chip, info.phone.hw_code, info.versions.join(" ")),
    );
    fact("security", &format!("{}; {}", info.security.bits, info.security.meaning));
    let card = &info.card;
    fact(
        "card",
        &match &card.nand {
            Some(nand) => format!(
                "raw NAND {} {}, {}, pages of {} + {} bytes; it is only read",
                card.manufacturer,
                card.product,
                crate::app::amount::bytes(card.user_bytes),
                nand.page,
                nand.spare
            ),
            None => format!(
                "{} of maker {}, {} for the user{}",
                card.product,
                card.manufacturer,
                crate::app::amount::bytes(card.user_bytes),
                card.revision.map(|revision| format!(", revision {revision}")).unwrap_or_default()
            ),
        },
    );
    fact("engine", &info.engine_reason);
    let proven = if info.read_only {
        "only read"
    } else if info.layout_proven {
        "proven"
    } else {
        "NOT PROVEN: nothing is written by it"
    };
    fact("layout", &format!("{} partitions, from {}, {proven}", info.partitions.len(), info.layout_from));
    for doubt in &info.doubts {
        page.hang(11, Role::Warn, "doubt", Role::Plain, doubt);
    }
    for remark in &info.remarks {
        page.hang(11, Role::Dim, "remark", Role::Dim, remark);
    }
}
