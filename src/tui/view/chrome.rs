//! What lies round every screen: tabs above, the running job and the keys below.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Theme;
use crate::app::amount;
use crate::tui::keymap;
use crate::tui::layout;
use crate::tui::model::bench::CableState;
use crate::tui::model::{Model, Stage, Tone};
use crate::tui::page::{self, Role, clip};

/// Draws it.
pub(super) fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    tabs(model, theme, frame, Rect { height: 1, ..area });
    let rule = Rect { y: 1, height: 1, ..area };
    frame.render_widget(Paragraph::new(status(model, theme, area.width)), rule);
    let bottom = area.height.saturating_sub(layout::BOTTOM);
    frame.render_widget(Paragraph::new(job(model, theme, area.width)), Rect { y: bottom, height: 1, ..area });
    frame.render_widget(
        Paragraph::new(keys(model, theme, area.width)),
        Rect { y: bottom + 1, height: 1, ..area },
    );
}

fn tabs(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    for (index, (screen, start, end)) in layout::tabs(area.width).into_iter().enumerate() {
        if end > area.width {
            break;
        }
        let here = screen == model.screen;
        let style = if here { theme.cursor() } else { theme.style(Role::Plain) };
        let number = if here { theme.cursor() } else { theme.style(Role::Key) };
        let line = Line::from(vec![
            Span::styled((index + 1).to_string(), number),
            Span::styled(format!(" {}", screen.title()), style),
        ]);
        frame.render_widget(Paragraph::new(line), Rect { x: start, width: end - start, ..area });
    }
}

/// The phone in a few words, over the whole width.
fn status<'a>(model: &Model, theme: &Theme, width: u16) -> Line<'a> {
    let (word, role, text) = match &model.cable.state {
        CableState::Resting => ("no phone", Role::Dim, model.setup.port.clone()),
        CableState::Watching { .. } => ("waiting", Role::Dim, model.setup.port.clone()),
        CableState::Connecting { .. } => ("connecting", Role::Warn, model.setup.port.clone()),
        CableState::Connected(phone) => {
            let facts = &phone.info.phone;
            (
                "connected",
                Role::Good,
                format!("{} {} {}", facts.chip, facts.cid.get(20..28).unwrap_or(""), facts.engine),
            )
        }
    };
    let mut spans = vec![
        Span::styled(format!("─ {word} "), theme.style(role)),
        Span::styled(text, theme.style(Role::Dim)),
    ];
    let verdict = model.phone.as_ref().filter(|_| model.connected().is_some());
    if let Some(subject) = verdict {
        let (word, role) = page::tone(subject.report.survey.verdict.code);
        spans.push(Span::styled(format!("  {word}"), theme.style(role)));
    }
    if let Some(path) = model.opened() {
        let shown = if model.shows_file { "▸" } else { " " };
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        spans.push(Span::styled(format!("  {shown}file {}", clip(&name, 30)), theme.style(Role::Dim)));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let rest = usize::from(width).saturating_sub(used + 1);
    spans.push(Span::styled(format!(" {}", "─".repeat(rest)), theme.style(Role::Dim)));
    Line::from(spans)
}

/// A notice, or how far the job is.
fn job<'a>(model: &Model, theme: &Theme, width: u16) -> Line<'a> {
    let width = usize::from(width);
    if let Some(notice) = &model.notice {
        let role = match notice.tone {
            Tone::Good => Role::Good,
            Tone::Plain => Role::Title,
            Tone::Bad => Role::Bad,
        };
        return Line::from(Span::styled(clip(&notice.text, width), theme.style(role)));
    }
    let Some(work) = &model.work else { return Line::default() };
    let role = match work.stage {
        Stage::Writing => Role::Warn,
        _ => Role::Plain,
    };
    let title = match work.stage {
        Stage::Writing => "WRITING, do not unplug",
        Stage::Asking => "waiting for your word",
        Stage::Reading => work.task.title(),
    };
    let stopping = if work.stopping { " (stopping)" } else { "" };
    let spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"];
    let turn = usize::try_from(model.now.as_millis() / 120).unwrap_or(0) % spinner.len();
    let mut text = format!("{} {title}{stopping}", spinner[turn]);
    if work.stage == Stage::Asking {
        text.push_str(": nothing is written before it");
    } else if let Some(transfer) = work.transfer() {
        text.push_str(&format!(": {}, {}", transfer.what, amount::transfer(transfer)));
    } else if let Some(step) = work.steps.last() {
        text.push_str(&format!(": {step}"));
    }
    Line::from(Span::styled(clip(&text, width), theme.style(role)))
}

/// The keys of the screen, as many as there is room for; help and quit always.
fn keys<'a>(model: &Model, theme: &Theme, width: u16) -> Line<'a> {
    let always = [("?", "help"), ("q", "quit")];
    let reserved: usize = always.iter().map(|(key, what)| key.len() + what.len() + 3).sum();
    let mut room = usize::from(width).saturating_sub(reserved);
    let mut spans = Vec::new();
    let push = |spans: &mut Vec<Span<'a>>, key: &str, what: &str| {
        spans.push(Span::styled(key.to_owned(), theme.style(Role::Key)));
        spans.push(Span::styled(format!(" {what}  "), theme.style(Role::Dim)));
    };
    for (key, what) in keymap::hints(model) {
        let wanted = key.len() + what.len() + 3;
        if wanted > room {
            break;
        }
        room -= wanted;
        push(&mut spans, key, what);
    }
    for (key, what) in always {
        push(&mut spans, key, what);
    }
    Line::from(spans)
}
