//! Draws curves.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType};

use super::Theme;
use crate::tui::curves::Curves;
use crate::tui::page::{Role, clip};

/// Draws curves: the chosen ones before their like.
pub(super) fn draw(curves: &Curves, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if area.height < 5 || area.width < 20 {
        return;
    }
    let all = || curves.family.iter().chain(&curves.chosen).flatten();
    let bounds = |of: fn(&(f64, f64)) -> f64| {
        let low = all().map(of).fold(f64::INFINITY, f64::min);
        let high = all().map(of).fold(f64::NEG_INFINITY, f64::max);
        if high - low < 1.0 { (low - 1.0, high + 1.0) } else { (low, high) }
    };
    let (left, right) = bounds(|(x, _)| *x);
    let (low, high) = bounds(|(_, y)| *y);
    let dataset = |points, style: Style| {
        Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line).style(style).data(points)
    };
    let mut sets: Vec<Dataset<'_>> =
        curves.family.iter().map(|points| dataset(points, theme.style(Role::Dim))).collect();
    let roles = [Role::Good, Role::Warn, Role::Key, Role::Bad];
    let chosen = curves.chosen.iter().zip(roles.iter().cycle());
    sets.extend(chosen.map(|(points, role)| dataset(points, theme.style(*role))));
    let unit = if curves.unit.is_empty() { String::new() } else { format!(", {}", curves.unit) };
    let along = if curves.along.is_empty() { String::new() } else { format!(" over {}", curves.along) };
    let family = match curves.family.len() {
        0 => String::new(),
        alike => format!(" (dim: {alike} alike)"),
    };
    let title = format!(" {}{unit}{along}{family} ", curves.title);
    let title = clip(&title, usize::from(area.width.saturating_sub(2)));
    let label = |value: f64| Span::styled(format!("{value:.0}"), theme.style(Role::Dim));
    let chart = Chart::new(sets)
        .block(Block::bordered().title(Line::from(title)).border_style(theme.style(Role::Dim)))
        .legend_position(None)
        .x_axis(Axis::default().bounds([left, right]).labels([label(left), label(right)]))
        .y_axis(Axis::default().bounds([low, high]).labels([label(low), label(high)]));
    frame.render_widget(chart, area);
}
