//! What happens beside a page, where the terminal is wide enough: the running job and the last lines of the log, without
//! the wire.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Paragraph};

use super::Theme;
use crate::app::mask::mask;
use crate::tui::model::{LogKind, Model};
use crate::tui::page::{Page, Role, Row};

/// Draws it: the newest line at the bottom.
pub(super) fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let block =
        Block::default().borders(Borders::LEFT).title(" What happened ").border_style(theme.style(Role::Dim));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let room = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let height = usize::from(room.height);
    let identities = if model.setup.masked { model.identities() } else { Vec::new() };
    // The wire can be thousands of lines: only as many lines as there are rows are wrapped.
    let lines = model.log.lines.iter().rev().filter(|line| line.kind != LogKind::Wire).take(height);
    let mut rows: Vec<Row> = Vec::new();
    for line in lines {
        let role = match line.kind {
            LogKind::Step => Role::Title,
            LogKind::Warning => Role::Warn,
            LogKind::Failure => Role::Bad,
            LogKind::Note | LogKind::Wire => Role::Plain,
        };
        let mut page = Page::new(room.width.saturating_sub(1));
        let time = format!("{:02}:{:02}", line.at.as_secs() / 60, line.at.as_secs() % 60);
        page.hang(6, Role::Dim, &time, role, &mask(&line.text, &identities));
        let mut wrapped = page.done();
        wrapped.reverse();
        rows.extend(wrapped);
        if rows.len() >= height {
            break;
        }
    }
    rows.truncate(height);
    rows.reverse();
    let shown: Vec<Line<'_>> = rows.iter().map(|row| theme.line(row)).collect();
    frame.render_widget(
        Paragraph::new(shown),
        Rect { x: room.x + 1, width: room.width.saturating_sub(1), ..room },
    );
}
