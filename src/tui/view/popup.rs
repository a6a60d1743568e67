//! What lies over a screen or asks for a word: help, the question before leaving, the plan with its confirmation.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::{Theme, lines};
use crate::tui::model::restore::word_for;
use crate::tui::model::{Leaving, Model};
use crate::tui::page::{self, Role};

/// Draws the help page.
pub(super) fn help(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let area = Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area };
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(" Help (Esc closes) ").border_style(theme.style(Role::Key));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    lines::rows(&page::help(model), model.scroll, theme, frame, inner);
}

/// Draws the question before leaving, or that it is being left.
pub(super) fn leaving(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let text: &[&str] = match (model.leaving, model.writing()) {
        (Leaving::Waiting, _) => &["Leaving as soon as the block at hand is done …"],
        (_, true) => &[
            "The phone is being written to.",
            "Leaving now stops after the block at hand. The journal keeps what was",
            "and what is to be: plug the phone in again to finish or undo it.",
            "",
            "Stop and leave?   y yes   n no",
        ],
        _ => &[
            "Something is still being done; nothing is being written.",
            "",
            "Stop it and leave?   y yes   n no",
        ],
    };
    let width = 76.min(area.width);
    let height = u16::try_from(text.len() + 2).unwrap_or(area.height).min(area.height);
    let area =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(" Leave nvkeep ").border_style(theme.style(Role::Warn));
    let lines: Vec<Line<'_>> = text.iter().map(|line| Line::from(*line)).collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// Draws the plan, and the line its word is typed into.
pub(super) fn plan(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let height = area.height.saturating_sub(3);
    lines::page(model, theme, frame, Rect { height, ..area });
    let ask = Rect { y: area.y + height, height: 3, ..area };
    let block = Block::bordered().border_style(theme.style(Role::Warn));
    let word = model.work.as_ref().map_or("restore", |work| word_for(work.task));
    let line = Line::from(vec![
        Span::styled("Type ", theme.style(Role::Plain)),
        Span::styled(word, theme.style(Role::Key)),
        Span::styled(
            " and Enter to write this to the phone, Esc to write nothing: ",
            theme.style(Role::Plain),
        ),
        Span::styled(format!("{}▏", model.restore.typed.text()), theme.style(Role::Title)),
    ]);
    frame.render_widget(Paragraph::new(line).block(block), ask);
}
