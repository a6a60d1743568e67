//! The restore screen: sources to choose from, the plan, progress, and the proof or the refusal in full.

use super::{Page, Role, judgement, span, trouble};
use crate::app::carry::WriteResult;
use crate::app::journal::ResumeResult;
use crate::app::staging::PlanSummary;
use crate::app::{Report, Status, Sums, amount};
use crate::tui::message::Offered;
use crate::tui::model::{Ended, Model, Stage};

/// Writes the page; the list of sources is no page.
pub(super) fn write(page: &mut Page, model: &Model) {
    if let Some(offer) = &model.restore.offer {
        return plan(page, offer);
    }
    if model.work.as_ref().is_some_and(|work| work.task.writes()) {
        return progress(page, model);
    }
    match &model.restore.ended {
        Some(Ended::Written(_, result)) => proof(page, result),
        Some(Ended::Resumed(result)) => resumed(page, result),
        Some(Ended::Failed(task, failure)) => {
            let word = if failure.exit == 8 { "refused" } else { "failed" };
            page.say(Role::Bad, &format!("✗ {}: {word}", task.title()));
            page.gap();
            trouble::write(page, word, failure);
            page.gap();
            let open = model.connected().and_then(|phone| phone.open_journal.as_ref());
            match open {
                Some(_) => page.row(vec![
                    span(Role::Key, "F"),
                    span(Role::Plain, " finishes the write, "),
                    span(Role::Key, "U"),
                    span(Role::Plain, " puts the old content back"),
                ]),
                None => page.row(vec![span(Role::Key, "Esc"), span(Role::Plain, " back to the sources")]),
            }
        }
        None => {}
    }
}

/// The plan by meaning: what changes, from what to what, and where each value comes from.
fn plan(page: &mut Page, offer: &Offered) {
    page.say(Role::Title, &format!("The plan: {}", offer.title));
    let Some(proposal) = &offer.proposal else {
        page.say(Role::Plain, "Each block is compared with its old and its new content first; a block that holds neither is left alone.");
        return;
    };
    let plan = &proposal.plan;
    page.hang(11, Role::Dim, "bound", Role::Plain, &plan.binding);
    page.gap();
    changes(page, &proposal.before, &proposal.after);
    page.gap();
    details(page, plan);
    evidence(page, plan);
    page.gap();
    page.say(Role::Title, "After it the phone would be");
    judgement::headline(page, &proposal.after);
    judgement::layers(page, &proposal.after);
}

/// Before and after, value by value: only what changes.
fn changes(page: &mut Page, before: &Report, after: &Report) {
    let column = (page.width().saturating_sub(22) / 2).clamp(16, 40);
    let mut any = false;
    page.row(vec![
        span(Role::Title, format!("{:22}", "what changes")),
        span(Role::Title, format!("{:column$}", "before")),
        span(Role::Title, "after"),
    ]);
    for (old, new) in before.survey.layers.iter().zip(&after.survey.layers) {
        for ((name, was), (_, is)) in values(old).into_iter().zip(values(new)) {
            if was == is {
                continue;
            }
            any = true;
            let label = format!("{} {name}", judgement::title(old.name));
            page.row(vec![
                span(Role::Plain, format!("{:22}", super::clip(&label, 21))),
                span(was.1, format!("{:column$}", super::clip(&was.0, column - 1))),
                span(is.1, super::clip(&is.0, column)),
            ]);
        }
    }
    if !any {
        page.say(Role::Dim, "No value changes; what is written mends sums, copies and places.");
    }
}

/// A value with its sign.
type Shown = (String, Role);

fn values(layer: &crate::app::Layer) -> Vec<(String, Shown)> {
    let shown = |value: Option<&str>, status: Status| -> Shown {
        let (sign, role) = judgement::mark(status);
        (format!("{sign}{}", value.unwrap_or("nothing")), role)
    };
    let none = || ("nothing".to_owned(), Role::Dim);
    let mut all = vec![("state".to_owned(), (format!("{:?}", layer.state).to_lowercase(), Role::Plain))];
    for slot in 1..=4 {
        let found = layer.imei.iter().find(|known| known.slot == slot);
        let value = found.map_or_else(none, |slot| shown(slot.value.as_deref(), slot.status));
        all.push((format!("IMEI {slot}"), value));
    }
    let named = [("Wi-Fi", &layer.wifi_mac), ("Bluetooth", &layer.bt_mac), ("barcode", &layer.barcode)];
    for (name, value) in named {
        let value = value.as_ref().map_or_else(none, |value| shown(value.value.as_deref(), value.status));
        all.push((name.into(), value));
    }
    let calibration = layer
        .calibration
        .as_ref()
        .map_or_else(none, |files| (format!("{} of {} files", files.valid, files.expected), Role::Plain));
    all.push(("calibration".into(), calibration));
    all
}

fn details(page: &mut Page, plan: &PlanSummary) {
    page.say(Role::Title, &format!("{} blocks will change", plan.blocks));
    for (region, blocks) in &plan.regions {
        page.hang(13, Role::Dim, region, Role::Plain, &format!("{blocks} blocks"));
    }
    for change in &plan.changes {
        page.hang(2, Role::Dim, "·", Role::Plain, change);
    }
    page.hang(11, Role::Dim, "live files", Role::Plain, &plan.live);
    for note in &plan.notes {
        page.hang(11, Role::Dim, "note", Role::Plain, note);
    }
}

/// Every surviving copy, best place first: where what is written comes from.
fn evidence(page: &mut Page, plan: &PlanSummary) {
    if plan.evidence.is_empty() {
        return;
    }
    page.title("Evidence, best place first");
    for line in &plan.evidence {
        let (sums, role) = match line.sums {
            Sums::Right => ("sums right", Role::Good),
            Sums::Wrong => ("SUMS WRONG, not used", Role::Bad),
            Sums::None => ("no sum", Role::Dim),
        };
        let agrees = if line.agrees { "" } else { ", DIFFERS from the best" };
        page.row(vec![
            span(Role::Dim, format!("{:22}", super::clip(&line.what, 21))),
            span(Role::Plain, format!("{:19}", super::clip(&line.value, 18))),
            span(role, format!("{sums}{agrees}")),
        ]);
        page.hang(22, Role::Dim, "", Role::Dim, &line.place);
    }
}

/// The running job: steps, transfers, warnings.
pub(super) fn progress(page: &mut Page, model: &Model) {
    let Some(work) = &model.work else { return };
    let waited = amount::duration(model.now.saturating_sub(work.began));
    page.row(vec![
        span(Role::Title, format!("{} …", work.task.title())),
        span(Role::Dim, format!("   {waited}")),
    ]);
    if work.stage == Stage::Writing {
        page.say(Role::Warn, "! Do not unplug the phone. If it happens all the same: plug it in again, and the write is finished or taken back.");
    }
    if work.stopping {
        page.say(Role::Warn, "! Stopping after the block at hand.");
    }
    page.gap();
    for transfer in &work.transfers {
        let room = page.width().saturating_sub(60).clamp(8, 40);
        page.row(vec![
            span(Role::Plain, format!("{:12}", super::clip(&transfer.what, 11))),
            span(Role::Good, bar(transfer.done, transfer.total, room)),
            span(Role::Plain, format!("  {}", amount::transfer(transfer))),
        ]);
    }
    page.gap();
    for step in work.steps.iter().rev().take(6).rev() {
        page.hang(2, Role::Dim, "·", Role::Dim, step);
    }
    for warning in &work.warnings {
        page.hang(2, Role::Bad, "!", Role::Warn, warning);
    }
}

/// A bar of this many columns; dots where the end is not known.
pub(super) fn bar(done: u64, total: u64, columns: usize) -> String {
    if total == 0 {
        return "·".repeat(columns);
    }
    let filled = usize::try_from(done.min(total).saturating_mul(columns as u64) / total).unwrap_or(columns);
    format!("{}{}", "█".repeat(filled), "░".repeat(columns.saturating_sub(filled)))
}

/// What was written and how it was proven.
fn proof(page: &mut Page, result: &WriteResult) {
    match (result.written, result.after.is_healthy()) {
        (true, true) => {
            page.say(Role::Good, "✓ Written, and read back: every block holds what the plan says.")
        }
        (true, false) => {
            page.say(Role::Warn, "! Written, and read back; the phone is not all good yet, see below.")
        }
        (false, _) => page.say(Role::Good, "✓ Nothing had to be written: the phone holds it already."),
    }
    page.gap();
    changes(page, &result.before, &result.after);
    page.gap();
    page.say(Role::Title, "The phone as it was read back");
    judgement::headline(page, &result.after);
    page.gap();
    judgement::layers(page, &result.after);
    page.gap();
    judgement::sentences(page, &result.after);
    page.gap();
    page.hang(11, Role::Dim, "bound", Role::Plain, &result.plan.binding);
    page.hang(
        11,
        Role::Dim,
        "blocks",
        Role::Plain,
        &format!("{}, {:.1} s on the cable", result.plan.blocks, result.cable_seconds),
    );
    if let Some(journal) = &result.journal {
        page.hang(11, Role::Dim, "old content", Role::Plain, &journal.display().to_string());
    }
    page.gap();
    page.row(vec![
        span(Role::Key, "n"),
        span(Role::Plain, " next phone (this one restarts), "),
        span(Role::Key, "Esc"),
        span(Role::Plain, " back"),
    ]);
}

fn resumed(page: &mut Page, result: &ResumeResult) {
    let what = if result.undone { "taken back" } else { "finished" };
    page.say(Role::Good, &format!("✓ {}: {what}", result.title));
    page.gap();
    let blocks = format!(
        "{} in the journal, {} had to be written; every one was read back",
        result.blocks, result.written
    );
    page.hang(11, Role::Dim, "blocks", Role::Plain, &blocks);
    page.hang(11, Role::Dim, "journal", Role::Plain, &result.journal.display().to_string());
    page.gap();
    page.row(vec![span(Role::Key, "2"), span(Role::Plain, " shows the phone as it is now")]);
}
