//! Draws the state. It reads the model and changes nothing; what a page says is `page`'s business.

mod chrome;
mod hex;
mod lines;
mod lists;
mod plot;
mod popup;
mod records;
mod side;
mod theme;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Paragraph;

use super::layout;
use super::model::{Leaving, Model, Screen};

pub use theme::Theme;

/// Draws everything.
pub fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let size = (area.width, area.height);
    if !layout::fits(size) {
        let (width, height) = layout::SMALLEST;
        let text = format!(
            "nvkeep needs {width}x{height} characters; this is {}x{}.\nNothing is lost: what runs goes on.",
            area.width, area.height
        );
        frame.render_widget(Paragraph::new(text), area);
        return;
    }
    chrome::draw(model, theme, frame);
    let whole = Rect { x: 0, y: layout::TOP, width: area.width, height: layout::body(size).1 };
    let side = layout::side_width(model).min(area.width);
    let body = Rect { width: area.width - side, ..whole };
    if side > 0 {
        side::draw(model, theme, frame, Rect { x: body.width, width: side, ..whole });
    }
    match model.screen {
        Screen::Records => records::draw(model, theme, frame, body),
        Screen::Archive => lists::archive(model, theme, frame, body),
        Screen::Restore if lists::chooses(model) => lists::restore(model, theme, frame, body),
        Screen::Restore if model.restore.offer.is_some() => popup::plan(model, theme, frame, body),
        Screen::Compare if model.compare.last.is_none() => lists::compare(model, theme, frame, body),
        Screen::Log => lines::log(model, theme, frame, body),
        _ => lines::page(model, theme, frame, body),
    }
    if model.help {
        popup::help(model, theme, frame, whole);
    }
    if model.leaving != Leaving::No {
        popup::leaving(model, theme, frame, whole);
    }
}
