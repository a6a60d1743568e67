//! Pages and the log: rows of text, scrolled.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Scrollbar, ScrollbarOrientation, ScrollbarState};

use super::Theme;
use crate::tui::model::{LogKind, LogLine, Model};
use crate::tui::page::{self, Role, Row, clip};

/// Draws the page of the screen at hand.
pub(super) fn page(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    rows(&page::page(model), model.scroll, theme, frame, area);
}

/// Draws rows from `scroll` on, with a bar at the right edge where not all of them fit.
pub(super) fn rows(rows: &[Row], scroll: usize, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let height = usize::from(area.height);
    let scroll = scroll.min(rows.len().saturating_sub(height));
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let lines: Vec<Line<'_>> = rows.iter().skip(scroll).take(height).map(|row| theme.line(row)).collect();
    frame.render_widget(Paragraph::new(lines), inner);
    bar(frame, area, rows.len(), scroll);
}

/// Draws a scroll bar where it says something.
pub(super) fn bar(frame: &mut Frame<'_>, area: Rect, len: usize, at: usize) {
    let height = usize::from(area.height);
    if len <= height {
        return;
    }
    let mut state = ScrollbarState::new(len - height).position(at);
    let bar = Scrollbar::new(ScrollbarOrientation::VerticalRight).begin_symbol(None).end_symbol(None);
    frame.render_stateful_widget(bar, area, &mut state);
}

/// Draws the log: the newest line at the bottom.
pub(super) fn log(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let head = Rect { height: 1, ..area };
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let height = usize::from(body.height);
    let total = model.log.shown().count();
    let mut shown: Vec<&LogLine> = model.log.shown().rev().skip(model.log.back).take(height).collect();
    shown.reverse();
    let cursor = if model.log.filtering { "▏" } else { "" };
    let filter = match (model.log.filter.text(), model.log.filtering) {
        ("", false) => String::new(),
        (text, _) => format!("  / {text}{cursor}"),
    };
    let dropped = if model.log.dropped > 0 {
        format!(", {} older ones dropped", model.log.dropped)
    } else {
        String::new()
    };
    let follow = if model.log.back == 0 { "following" } else { "held; f follows" };
    let wire = if model.log.wire { "" } else { ", without the wire" };
    let text = format!("{total} lines{dropped}{wire}, {follow}");
    frame.render_widget(
        Paragraph::new(Line::from(vec![
            Span::styled(text, theme.style(Role::Dim)),
            Span::styled(filter, theme.style(Role::Key)),
        ])),
        Rect { x: head.x + 1, width: head.width.saturating_sub(2), ..head },
    );
    let width = usize::from(body.width.saturating_sub(2));
    let identities = if model.setup.masked { model.identities() } else { Vec::new() };
    let lines: Vec<Line<'_>> =
        shown.into_iter().map(|line| log_line(line, theme, width, model.setup.masked, &identities)).collect();
    frame.render_widget(
        Paragraph::new(lines),
        Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body },
    );
    let at = total.saturating_sub(height).saturating_sub(model.log.back);
    bar(frame, body, total, at);
}

fn log_line<'a>(
    line: &LogLine,
    theme: &Theme,
    width: usize,
    masked: bool,
    identities: &[String],
) -> Line<'a> {
    let (word, role) = match line.kind {
        LogKind::Step => ("step", Role::Title),
        LogKind::Note => ("note", Role::Plain),
        LogKind::Warning => ("warning", Role::Warn),
        LogKind::Failure => ("FAILURE", Role::Bad),
        LogKind::Wire => ("wire", Role::Dim),
    };
    let head = format!("{:5}.{:03} {word:8}", line.at.as_secs(), line.at.subsec_millis());
    let mut text = crate::app::mask::mask(&line.text, identities);
    if let Some(private) = line.private.as_ref().filter(|_| !masked) {
        text.push_str("  ");
        text.push_str(private);
    }
    let room = width.saturating_sub(head.len());
    Line::from(vec![
        Span::styled(head, theme.style(Role::Dim)),
        Span::styled(clip(&text, room), theme.style(role)),
    ])
}
