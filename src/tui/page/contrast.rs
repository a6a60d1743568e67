//! The compare screen's answer: two sources side by side, by meaning.

use super::{Page, Role, clip, clip_start, judgement, span, trouble};
use crate::app::{Change, Side, Way};
use crate::tui::model::Model;
use crate::tui::subject::{Contrast, ContrastRow, ContrastSide, way_words};

/// Writes the page; the list of sources is no page.
pub(super) fn write(page: &mut Page, model: &Model) {
    match &model.compare.last {
        Some(Ok(contrast)) => compared(page, contrast, model.compare.only_differences),
        Some(Err(failure)) => trouble::write(page, "failed", failure),
        None => {}
    }
}

fn compared(page: &mut Page, contrast: &Contrast, only_differences: bool) {
    let (word, role) = match (contrast.same, contrast.damaged_in_b) {
        (true, _) => ("✓ SAME: nothing that was compared differs", Role::Good),
        (_, true) => ("✗ DIFFERENT: identity that is whole in A is damaged in B", Role::Bad),
        _ => ("! DIFFERENT", Role::Warn),
    };
    page.say(role, word);
    page.gap();
    side(page, "A", &contrast.a);
    side(page, "B", &contrast.b);
    page.hang(4, Role::Dim, "", Role::Plain, &contrast.phone);
    if !contrast.left_out.is_empty() {
        let text =
            format!("left out, because not in both or not looked into: {}", contrast.left_out.join(", "));
        page.hang(4, Role::Dim, "", Role::Dim, &text);
    }
    table(page, "Identity", &contrast.parts, only_differences);
    page.title("In words");
    for sentence in &contrast.summary {
        page.say(Role::Plain, sentence);
    }
    table(page, "Files that differ", &contrast.files, only_differences);
}

fn side(page: &mut Page, name: &str, side: &ContrastSide) {
    let (word, role) = judgement::tone(side.verdict);
    let sign = judgement::sign(role);
    page.row(vec![
        span(Role::Title, format!("{name:4}")),
        span(role, format!("{sign} {word:8}")),
        span(Role::Plain, clip_start(&side.source, page.width().saturating_sub(15))),
    ]);
    if !side.phone.is_empty() {
        page.hang(4, Role::Dim, "", Role::Dim, &side.phone);
    }
}

fn table(page: &mut Page, title: &str, rows: &[ContrastRow], only_differences: bool) {
    let shown: Vec<&ContrastRow> =
        rows.iter().filter(|row| !only_differences || row.way.change != Change::Same).collect();
    if shown.is_empty() {
        return;
    }
    page.title(title);
    let fixed = 11 + 15;
    let what = if title == "Identity" { 11 } else { (page.width().saturating_sub(fixed + 30)).clamp(20, 60) };
    let value = (page.width().saturating_sub(fixed + what) / 2).clamp(12, 34);
    page.row(vec![
        span(Role::Dim, format!("{:11}{:what$}", "layer", "what")),
        span(Role::Dim, format!("{:value$}{:value$}", "A", "B")),
    ]);
    for row in shown {
        let role = way_role(row.way);
        page.row(vec![
            span(Role::Dim, format!("{:11}", clip(judgement::title(&row.layer), 10))),
            span(Role::Plain, format!("{:what$}", clip_start(&row.what, what - 1))),
            span(side_role(row.way, Side::A), format!("{:value$}", clip(&row.a, value - 1))),
            span(side_role(row.way, Side::B), format!("{:value$}", clip(&row.b, value - 1))),
            span(role, way_words(row.way)),
        ]);
    }
}

fn way_role(way: Way) -> Role {
    match way.change {
        Change::Same => Role::Good,
        Change::Changed => Role::Warn,
        _ => Role::Bad,
    }
}

fn side_role(way: Way, side: Side) -> Role {
    match way.worse_in {
        Some(worse) if worse == side => Role::Bad,
        _ => Role::Plain,
    }
}
