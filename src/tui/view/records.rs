//! The records screen: the tree of files, the fields of the open one, its bytes or its curves.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Theme, hex, lines, plot};
use crate::app::mask::mask;
use crate::tui::curves;
use crate::tui::layout;
use crate::tui::model::records::TreeRow;
use crate::tui::model::{Model, Pane};
use crate::tui::page::{Role, clip, clip_middle, clip_start};
use crate::tui::subject::{RecordFile, Subject};

/// Draws the screen.
pub(super) fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let Some(subject) = model.subject() else {
        let text = match (&model.open_trouble, model.shows_file) {
            (Some(trouble), true) => trouble.message.clone(),
            _ => "There is nothing to show yet: connect a phone, or open an archive on the Archive screen."
                .into(),
        };
        frame.render_widget(Paragraph::new(text).wrap(ratatui::widgets::Wrap { trim: true }), area);
        return;
    };
    let tree_width = (area.width / 4).clamp(34, 52).min(area.width / 2);
    let tree = Rect { width: tree_width, ..area };
    let rest = Rect { x: area.x + tree_width, width: area.width - tree_width, ..area };
    let rows = model.records.rows(subject);
    draw_tree(model, subject, &rows, theme, frame, tree);
    let Some(file) = model.records.file_in(&rows, subject) else {
        overview(model, subject, theme, frame, rest);
        return;
    };
    let detail = chosen(model, file, theme, rest.width);
    let head = Rect { height: 3.min(rest.height), ..rest };
    frame.render_widget(Paragraph::new(heading(file, theme, head.width)), head);
    let rows = u16::try_from(detail.len()).unwrap_or(0).min(rest.height - head.height);
    frame.render_widget(Paragraph::new(detail), Rect { y: rest.y + head.height, height: rows, ..rest });
    let head = Rect { height: head.height + rows, ..head };
    let below = Rect { y: rest.y + head.height, height: rest.height - head.height, ..rest };
    let curves = curves::of(file, model.records.field);
    match layout::wide(model.size) {
        // Fields and bytes side by side, curves below both.
        true => {
            let plot_height = if curves.is_some() { below.height / 3 } else { 0 };
            let upper = Rect { height: below.height - plot_height, ..below };
            let hex_width = hex::width_for(upper.width / 2).min(upper.width / 2 + 8);
            let fields = Rect { width: upper.width - hex_width, ..upper };
            let bytes = Rect { x: fields.x + fields.width, width: hex_width, ..upper };
            draw_fields(model, file, theme, frame, fields);
            hex::draw(model, file, theme, frame, bytes);
            if let Some(curves) = curves {
                let lower = Rect { y: upper.y + upper.height, height: plot_height, ..below };
                plot::draw(&curves, theme, frame, lower);
            }
        }
        // Fields above, bytes or curves below.
        false => {
            let lower_height = below.height / 2;
            let fields = Rect { height: below.height - lower_height, ..below };
            let lower = Rect { y: fields.y + fields.height, height: lower_height, ..below };
            draw_fields(model, file, theme, frame, fields);
            match curves.filter(|_| model.records.pane == Pane::Fields && !model.records.raw) {
                Some(curves) => plot::draw(&curves, theme, frame, lower),
                None => hex::draw(model, file, theme, frame, lower),
            }
        }
    }
}

fn draw_tree(
    model: &Model,
    subject: &Subject,
    rows: &[TreeRow],
    theme: &Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let width = usize::from(area.width.saturating_sub(2));
    let cursor = if model.records.filtering { "▏" } else { "" };
    let head = match (model.records.filter.text(), model.records.filtering) {
        ("", false) => format!("{} files", subject.files.len()),
        (text, _) => format!("/ {text}{cursor}"),
    };
    let role = if model.records.filtering { Role::Key } else { Role::Dim };
    let line = Line::from(Span::styled(clip(&head, width), theme.style(role)));
    frame.render_widget(
        Paragraph::new(line),
        Rect { x: area.x + 1, height: 1, width: area.width.saturating_sub(2), ..area },
    );
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let height = usize::from(body.height);
    let first = model.records.cursor.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    let count = rows.len();
    let shown: Vec<Line<'_>> = rows
        .iter()
        .enumerate()
        .skip(first)
        .take(height)
        .map(|(index, row)| {
            let mut line = tree_row(row, subject, theme, width);
            if index == model.records.cursor {
                let used = line.width();
                line.spans.push(Span::raw(" ".repeat(width.saturating_sub(used))));
                let style = if model.records.pane == Pane::Files { theme.cursor() } else { theme.chosen() };
                line = line.patch_style(style);
            }
            line
        })
        .collect();
    frame.render_widget(
        Paragraph::new(shown),
        Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body },
    );
    lines::bar(frame, body, count, first);
}

fn tree_row<'a>(row: &TreeRow, subject: &Subject, theme: &Theme, width: usize) -> Line<'a> {
    match row {
        TreeRow::Folder { name, depth, files, damaged, open, .. } => {
            let arrow = if *open { "▾" } else { "▸" };
            let damage = if *damaged > 0 { format!(" ✗{damaged}") } else { String::new() };
            let tail = format!(" {files}{damage}");
            let room = width.saturating_sub(2 * depth + 2 + tail.chars().count());
            let role = if *damaged > 0 { Role::Bad } else { Role::Dim };
            Line::from(vec![
                Span::styled(
                    format!("{}{arrow} {}", "  ".repeat(*depth), clip_start(name, room)),
                    theme.style(Role::Title),
                ),
                Span::styled(tail, theme.style(role)),
            ])
        }
        TreeRow::File { index, depth } => {
            let Some(file) = subject.files.get(*index) else { return Line::default() };
            let (sign, role) = sums_sign(&file.sums);
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            let title = file.title.as_deref().unwrap_or("");
            let indent = "  ".repeat(*depth);
            let room = width.saturating_sub(indent.len() + 2);
            Line::from(vec![
                Span::raw(indent),
                Span::styled(format!("{sign} "), theme.style(role)),
                Span::raw(clip(&format!("{name}  {title}"), room)),
            ])
        }
    }
}

/// The sign of a file's sums.
fn sums_sign(sums: &str) -> (&'static str, Role) {
    match sums {
        "right" => ("✓", Role::Good),
        "damaged" => ("✗", Role::Bad),
        "kept" => ("▪", Role::Warn),
        _ => ("·", Role::Dim),
    }
}

/// Three rows: where it lies, what it is, what its sums say.
fn heading<'a>(file: &RecordFile, theme: &Theme, width: u16) -> Vec<Line<'a>> {
    let width = usize::from(width);
    let (sign, role) = sums_sign(&file.sums);
    let sums = match file.sums.as_str() {
        "right" => "sums right",
        "damaged" => "DAMAGED: length or sums are wrong",
        "kept" => "closed to every known key; kept as it is",
        _ => "no sum of its own",
    };
    let title = file.title.clone().unwrap_or_else(|| "nothing describes it; kept as it is".into());
    vec![
        Line::from(Span::styled(
            clip_start(&format!("{}/{}", file.layer, file.path), width),
            theme.style(Role::Title),
        )),
        Line::from(clip(&title, width)),
        Line::from(vec![
            Span::styled(format!("{sign} {sums}"), theme.style(role)),
            Span::styled(format!(", {} bytes{}", file.raw.len(), notes(file)), theme.style(Role::Dim)),
        ]),
    ]
}

/// The chosen field in full, where the list had to cut it: its name and value, in at most four rows.
fn chosen<'a>(model: &Model, file: &RecordFile, theme: &Theme, width: u16) -> Vec<Line<'a>> {
    let Some(field) = file.fields.get(model.records.field).filter(|_| model.records.pane == Pane::Fields)
    else {
        return Vec::new();
    };
    let identities = if model.setup.masked { model.identities() } else { Vec::new() };
    let unit = field.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let value = format!("{}{unit}", mask(&field.value, &identities));
    let mut page = crate::tui::page::Page::new(width.saturating_sub(1));
    page.hang(
        2,
        Role::Key,
        "▸",
        Role::Key,
        &format!("{}, {} bytes at {:#06x}", field.name, field.len, field.offset),
    );
    page.hang(2, Role::Plain, "", Role::Title, &value);
    let rows = page.done().into_iter().take(4);
    let owned = |row: Vec<crate::tui::page::Span>| {
        Line::from(
            row.into_iter().map(|span| Span::styled(span.text, theme.style(span.role))).collect::<Vec<_>>(),
        )
    };
    rows.map(owned).collect()
}

fn notes(file: &RecordFile) -> String {
    file.notes.iter().map(|note| format!("; {note}")).collect()
}

fn draw_fields(model: &Model, file: &RecordFile, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let height = usize::from(area.height);
    let width = usize::from(area.width.saturating_sub(1));
    let cursor = model.records.field;
    let first = cursor.saturating_sub(height / 2).min(file.fields.len().saturating_sub(height));
    let name_width = (width * 9 / 20).clamp(10, 44);
    let identities = if model.setup.masked { model.identities() } else { Vec::new() };
    let rows = file.fields.iter().enumerate().skip(first).take(height).map(|(index, field)| {
        let unit = field.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let value = mask(&field.value, &identities);
        let room = width.saturating_sub(name_width + 5 + unit.chars().count());
        let line = Line::from(vec![
            Span::styled(format!("{:04x} ", field.offset), theme.style(Role::Dim)),
            Span::raw(format!("{:name_width$}", clip_middle(&field.name, name_width - 1))),
            Span::styled(clip(&value, room), theme.style(if field.secret { Role::Dim } else { Role::Title })),
            Span::styled(unit, theme.style(Role::Dim)),
        ]);
        match (index == cursor, model.records.pane) {
            (true, Pane::Fields) => line.patch_style(theme.cursor()),
            (true, Pane::Files) => line.patch_style(theme.chosen()),
            _ => line,
        }
    });
    frame.render_widget(Paragraph::new(rows.collect::<Vec<_>>()), area);
    lines::bar(frame, area, file.fields.len(), first);
}

/// What is known of the whole source, where no file is chosen.
fn overview(model: &Model, subject: &Subject, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let width = area.width.saturating_sub(2);
    let mut page = crate::tui::page::Page::new(width);
    page.say(Role::Title, &subject.report.source);
    page.gap();
    if !subject.key.is_empty() {
        page.hang(14, Role::Dim, "key", Role::Plain, &subject.key);
    }
    if let Some(manifest) = &subject.manifest {
        page.hang(14, Role::Dim, "calibration", Role::Plain, manifest);
    }
    for (word, name) in
        [("right", "sums right"), ("damaged", "damaged"), ("kept", "closed"), ("unchecked", "no sum")]
    {
        let count = subject.files.iter().filter(|file| file.sums == word).count();
        let (sign, role) = sums_sign(word);
        page.hang(14, role, &format!("{sign} {name}"), Role::Plain, &format!("{count} files"));
    }
    let _ = model;
    lines::rows(&page.done(), 0, theme, frame, area);
}
