//! A verdict in words and signs: what is good, what is broken, what the next boot believes.

use super::{Page, Role, Row, clip, span};
use crate::app::{BootsFrom, Layer, LayerState, Report, Status, Value, VerdictCode};

/// The sign of a value's worth: a sign and a colour, because not everybody sees the colour.
#[must_use]
pub fn mark(status: Status) -> (&'static str, Role) {
    match status {
        Status::Valid => ("✓", Role::Good),
        Status::Default => ("!", Role::Warn),
        Status::Null => ("∅", Role::Bad),
        Status::Invalid => ("✗", Role::Bad),
    }
}

/// How a verdict looks.
#[must_use]
pub fn tone(code: VerdictCode) -> (&'static str, Role) {
    match code {
        VerdictCode::Healthy => ("GOOD", Role::Good),
        VerdictCode::Repairable | VerdictCode::NeedsArchive => ("DAMAGED", Role::Bad),
        VerdictCode::Lost => ("LOST", Role::Bad),
        VerdictCode::Unread => ("UNKNOWN", Role::Warn),
    }
}

/// The sign before a verdict's word: its colour is never the only carrier of what it says.
#[must_use]
pub fn sign(role: Role) -> &'static str {
    match role {
        Role::Good => "✓",
        Role::Warn => "?",
        _ => "✗",
    }
}

/// What a verdict means for the next step, in a few words.
fn meaning(code: VerdictCode) -> &'static str {
    match code {
        VerdictCode::Healthy => "nothing to do; worth a backup",
        VerdictCode::Repairable => "the phone itself holds what it needs",
        VerdictCode::NeedsArchive => "needs an archive of this very phone",
        VerdictCode::Lost => "nothing is left on the phone",
        VerdictCode::Unread => "what can be read is whole; the live files cannot be read",
    }
}

fn badge(role: Role) -> Role {
    match role {
        Role::Good => Role::GoodSign,
        Role::Warn => Role::WarnSign,
        _ => Role::BadSign,
    }
}

/// The big word, and what it means.
pub(super) fn headline(page: &mut Page, report: &Report) {
    let (word, role) = tone(report.survey.verdict.code);
    let sign = sign(role);
    page.row(vec![
        span(badge(role), format!("  {sign} {word}  ")),
        span(Role::Title, format!("  {}", meaning(report.survey.verdict.code))),
    ]);
}

/// The big word where nothing was judged.
pub(super) fn unknown(page: &mut Page, why: &str) {
    page.row(vec![span(Role::WarnSign, "  ? UNKNOWN  "), span(Role::Title, format!("  {why}"))]);
}

/// The sentences of a verdict.
pub(super) fn sentences(page: &mut Page, report: &Report) {
    let verdict = &report.survey.verdict;
    page.say(Role::Plain, &verdict.summary);
    page.hang(11, Role::Title, "next boot", Role::Plain, boots(report.survey.boots_from));
    for symptom in &verdict.symptoms {
        page.hang(11, Role::Warn, "you see", Role::Plain, symptom);
    }
}

/// What to do, step by step.
pub(super) fn steps(page: &mut Page, report: &Report) {
    for (index, step) in report.survey.verdict.steps.iter().enumerate() {
        page.hang(11, Role::Dim, &format!("step {}", index + 1), Role::Plain, step);
    }
}

fn boots(from: BootsFrom) -> &'static str {
    match from {
        BootsFrom::Live => "the phone will believe its live files",
        BootsFrom::Binregion => "the phone will rebuild its live files from the BinRegion",
        BootsFrom::None => "the phone will find nothing to believe, and make defaults",
        BootsFrom::Unknown => "not known: the live files, which would decide, cannot be read",
    }
}

/// The four layers side by side, one row a value. Needs 60 columns; gives what is more to the columns.
pub(super) fn layers(page: &mut Page, report: &Report) {
    let layers = &report.survey.layers;
    let widths = columns(page.width(), layers);
    let believed = match report.survey.boots_from {
        BootsFrom::Live => "live",
        BootsFrom::Binregion => "binregion",
        BootsFrom::None | BootsFrom::Unknown => "",
    };
    let mut head: Row = vec![span(Role::Dim, format!("{:LABEL$}", ""))];
    for (layer, column) in layers.iter().zip(&widths) {
        let arrow = if layer.name == believed { "▸" } else { " " };
        head.push(span(Role::Title, format!("{:column$}", format!("{arrow}{}", title(layer.name)))));
    }
    page.row(head);
    table_row(page, "state", layers, &widths, |layer| state(layer.state));
    let slots = layers.iter().map(|layer| layer.imei.len()).max().unwrap_or(0).clamp(1, 4);
    for slot in 1..=slots {
        table_row(page, &format!("IMEI {slot}"), layers, &widths, |layer| {
            let found = layer.imei.iter().find(|known| known.slot == slot);
            found.map_or_else(none, |slot| worth(slot.value.as_deref(), slot.status))
        });
    }
    let value = |value: &Option<Value>| {
        value.as_ref().map_or_else(none, |value| worth(value.value.as_deref(), value.status))
    };
    table_row(page, "Wi-Fi", layers, &widths, |layer| value(&layer.wifi_mac));
    table_row(page, "Bluetooth", layers, &widths, |layer| value(&layer.bt_mac));
    table_row(page, "barcode", layers, &widths, |layer| match value(&layer.barcode) {
        // Many phones never had one there: no alarm where the verdict raises none.
        (_, text) if layer.name == "pro_info" && is_null(&layer.barcode) => (Role::Dim, text),
        shown => shown,
    });
    table_row(page, "calibrat.", layers, &widths, calibration);
    table_row(page, "files", layers, &widths, |layer| (Role::Dim, format!(" {}", layer.files)));
    page.row(vec![span(
        Role::Dim,
        clip("✓ valid  ! default  ∅ null or erased  ✗ invalid  ▸ believed by the next boot", page.width()),
    )]);
}

/// Columns of the row's name.
const LABEL: usize = 10;

/// A sign, an address and a gap: no layer needs more to be read without a cut.
const WHOLE: usize = 19;

/// Columns of each layer. The SIM lock has no addresses, and is the first to give.
fn columns(width: usize, layers: &[Layer]) -> Vec<usize> {
    let room = width.saturating_sub(LABEL);
    let lock = layers.iter().filter(|layer| layer.name == "simlock").count();
    let others = layers.len().saturating_sub(lock).max(1);
    let wide = (room / layers.len().max(1)).min(26);
    let (other, simlock) = match wide >= WHOLE {
        true => (wide, wide),
        false => (WHOLE.min(room.saturating_sub(10) / others), room.saturating_sub(WHOLE * others).max(10)),
    };
    layers.iter().map(|layer| if layer.name == "simlock" { simlock } else { other }).collect()
}

fn table_row(
    page: &mut Page,
    label: &str,
    layers: &[Layer],
    widths: &[usize],
    cell: impl Fn(&Layer) -> (Role, String),
) {
    let mut row: Row = vec![span(Role::Dim, format!("{:LABEL$}", clip(label, LABEL)))];
    for (layer, column) in layers.iter().zip(widths) {
        let (role, text) = cell(layer);
        row.push(span(role, format!("{:column$}", clip(&text, column.saturating_sub(1)))));
    }
    page.row(row);
}

fn is_null(value: &Option<Value>) -> bool {
    value.as_ref().is_some_and(|value| value.status == Status::Null)
}

fn none() -> (Role, String) {
    (Role::Dim, " -".into())
}

fn worth(value: Option<&str>, status: Status) -> (Role, String) {
    let (sign, role) = mark(status);
    let word = match (value, status) {
        (Some(value), _) => value.to_owned(),
        (None, Status::Null) => "null".into(),
        (None, _) => "-".into(),
    };
    (role, format!("{sign}{word}"))
}

fn state(state: LayerState) -> (Role, String) {
    match state {
        LayerState::Valid => (Role::Good, "✓valid".into()),
        LayerState::Blank => (Role::Bad, "∅BLANK".into()),
        LayerState::Corrupt => (Role::Bad, "✗CORRUPT".into()),
        LayerState::Absent => (Role::Warn, "-absent".into()),
        LayerState::Unread => (Role::Warn, "?unread".into()),
    }
}

fn calibration(layer: &Layer) -> (Role, String) {
    let Some(calibration) = &layer.calibration else { return none() };
    let text = format!("{} of {}", calibration.valid, calibration.expected);
    match calibration.valid == calibration.expected && calibration.expected > 0 {
        true => (Role::Good, format!("✓{text}")),
        false => (Role::Bad, format!("✗{text}")),
    }
}

/// The reasons layers give, and the names of lost or broken calibration files.
pub(super) fn reasons(page: &mut Page, report: &Report) {
    for layer in &report.survey.layers {
        if let Some(reason) = &layer.reason {
            page.hang(11, Role::Dim, title(layer.name), Role::Dim, reason);
        }
        let Some(calibration) = &layer.calibration else { continue };
        for (what, names) in [("missing", &calibration.missing), ("corrupt", &calibration.corrupt)] {
            if !names.is_empty() {
                page.hang(11, Role::Warn, what, Role::Plain, &format!("{}: {}", layer.name, names.join(" ")));
            }
        }
    }
}

/// A layer's name as a person says it.
pub(super) fn title(name: &str) -> &str {
    match name {
        "binregion" => "BinRegion",
        "live" => "live files",
        "pro_info" => "PRO_INFO",
        "simlock" => "SIM lock",
        other => other,
    }
}
