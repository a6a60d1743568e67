//! The bytes of a file, with those of the chosen field marked. Bytes of codes and PINs are not shown.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Theme;
use crate::tui::model::Model;
use crate::tui::page::Role;
use crate::tui::subject::RecordFile;

/// Columns of one row: place, hex, characters.
fn columns(per_row: usize) -> usize {
    6 + per_row * 3 + 1 + per_row
}

/// Returns the columns that bytes take where there are this many: 8, 16 or 32 a row.
pub(super) fn width_for(width: u16) -> u16 {
    u16::try_from(columns(per_row(width))).unwrap_or(width).min(width)
}

fn per_row(width: u16) -> usize {
    [32, 16, 8].into_iter().find(|per_row| columns(*per_row) <= usize::from(width)).unwrap_or(4)
}

/// Draws the bytes around the chosen field.
pub(super) fn draw(model: &Model, file: &RecordFile, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if area.height < 2 {
        return;
    }
    let raw = model.records.raw || file.plain.is_none();
    let bytes = match (&file.plain, raw) {
        (Some(plain), false) => plain,
        _ => &file.raw,
    };
    let chosen = file.fields.get(model.records.field).filter(|_| !raw);
    let (start, end) = chosen.map_or((0, 0), |field| (field.offset, field.offset + field.len));
    let per_row = per_row(area.width);
    let kind = match (raw, file.plain.is_some()) {
        (false, _) => "plain bytes; x shows them as they lie",
        (true, true) => "as it lies in the layer; x shows the plain bytes",
        (true, false) => "as it lies in the layer",
    };
    let head = Line::from(Span::styled(kind, theme.style(Role::Dim)));
    let height = usize::from(area.height.saturating_sub(1));
    let rows = bytes.len().div_ceil(per_row);
    let first = (start / per_row).saturating_sub(height / 3).min(rows.saturating_sub(height));
    let hidden = |at: usize| {
        !raw && file
            .fields
            .iter()
            .any(|field| field.secret && (field.offset..field.offset + field.len).contains(&at))
            || model.setup.masked
    };
    let mut lines = vec![head];
    for row in first..rows.min(first + height) {
        let at = row * per_row;
        let piece = bytes.get(at..(at + per_row).min(bytes.len())).unwrap_or_default();
        lines.push(hex_row(at, piece, per_row, (start, end), &hidden, theme));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn hex_row<'a>(
    at: usize,
    piece: &[u8],
    per_row: usize,
    (start, end): (usize, usize),
    hidden: &dyn Fn(usize) -> bool,
    theme: &Theme,
) -> Line<'a> {
    let marked = |place: usize| (start..end).contains(&place);
    let mut spans = vec![Span::styled(format!("{at:04x}  "), theme.style(Role::Dim))];
    for (index, byte) in piece.iter().enumerate() {
        let place = at + index;
        let text = if hidden(place) { "··".to_owned() } else { format!("{byte:02x}") };
        let style = if marked(place) { theme.cursor() } else { theme.style(Role::Plain) };
        spans.push(Span::styled(text, style));
        let between = marked(place) && marked(place + 1);
        spans.push(Span::styled(" ", if between { theme.cursor() } else { theme.style(Role::Plain) }));
    }
    spans.push(Span::raw("   ".repeat(per_row - piece.len())));
    spans.push(Span::raw(" "));
    for (index, byte) in piece.iter().enumerate() {
        let place = at + index;
        let shown = byte.is_ascii_graphic() || *byte == b' ';
        let c = if shown && !hidden(place) { char::from(*byte) } else { '·' };
        let style = if marked(place) { theme.cursor() } else { theme.style(Role::Dim) };
        spans.push(Span::styled(c.to_string(), style));
    }
    Line::from(spans)
}
