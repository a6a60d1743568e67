//! Screens that are lists: sources to restore from or to compare, the archives.

use std::path::PathBuf;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Theme, lines};
use crate::app::mask::mask;
use crate::app::shelf::Shelved;
use crate::tui::layout;
use crate::tui::message::{Place, Task};
use crate::tui::model::restore::PARTS;
use crate::tui::model::{Model, Screen};
use crate::tui::page::{Role, clip, sign, tone};

/// Returns whether the restore screen shows its list of sources.
pub(super) fn chooses(model: &Model) -> bool {
    let works = model.work.as_ref().is_some_and(|work| work.task.writes());
    model.restore.offer.is_none() && model.restore.ended.is_none() && !works
}

/// Draws the sources of a restore, and what of them is put back.
pub(super) fn restore(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let unfinished = model.connected().and_then(|phone| phone.open_journal.as_ref());
    let options = if unfinished.is_some() { 6 } else { 4 };
    let mut head = vec![say(theme, Role::Title, "Put back from where?  (● made of this very phone)")];
    if let Some(title) = unfinished {
        let text = format!("✗ An earlier write to this phone did not finish: {title}.");
        head.push(say(theme, Role::Bad, &clip(&text, area.width.saturating_sub(2).into())));
        head.push(Line::from(vec![
            Span::styled("F", theme.style(Role::Key)),
            Span::raw(" finishes it, "),
            Span::styled("U", theme.style(Role::Key)),
            Span::raw(" puts the old content back. Nothing else is written before that."),
        ]));
    } else if model.connected().is_none() {
        head.push(say(theme, Role::Warn, "No phone is connected: plans can be made as soon as one is."));
    } else {
        head.push(Line::default());
    }
    head.push(choices(model, theme));
    let inner = inset(area);
    frame.render_widget(Paragraph::new(head), Rect { height: options.min(area.height), ..inner });
    let list = Rect { y: area.y + options, height: area.height.saturating_sub(options), ..area };
    let own =
        "this phone's own surviving copies (repair: null IMEI, default addresses, broken sums, lost copies)";
    // A NAND has no CID, and none is not the same as none.
    let cid = model.connected().map(|phone| phone.info.phone.cid.as_str()).filter(|cid| !cid.is_empty());
    let mine = |place: Option<&Place>| match place {
        Some(Place::File(file)) => {
            let shown = model.archives.shown();
            let of_this_phone =
                shown.iter().any(|shelved| shelved.file == *file && Some(shelved.cid.as_str()) == cid);
            if of_this_phone { "● " } else { "  " }
        }
        _ => "  ",
    };
    sources(model, theme, frame, list, own, model.restore.cursor, &mine);
}

/// What of the chosen source is put back, or how the phone's own copies are used.
fn choices<'a>(model: &Model, theme: &Theme) -> Line<'a> {
    let on = |yes: bool| if yes { "[x]" } else { "[ ]" };
    let mut spans = Vec::new();
    let mut push = |key: &str, text: String| {
        spans.push(Span::styled(key.to_owned(), theme.style(Role::Key)));
        spans.push(Span::raw(format!(" {text}  ")));
    };
    if model.restore.cursor == 0 {
        let cursor = if model.restore.editing_label { "▏" } else { "" };
        let label = match model.restore.label.text() {
            "" if !model.restore.editing_label => "not given".to_owned(),
            text => format!("{text}{cursor}"),
        };
        push("m", format!("{} new addresses", on(model.restore.new_mac)));
        push("d", format!("{} deep search", on(model.restore.deep)));
        push("l", format!("label's IMEI: {label}"));
    } else {
        let keys = ["i", "w", "u", "a", "s"];
        for ((key, (_, name)), without) in keys.iter().zip(PARTS).zip(model.restore.without) {
            push(key, format!("{} {name}", on(!without)));
        }
    }
    Line::from(spans)
}

/// Draws the two sides that are compared, and the sources to choose from.
pub(super) fn compare(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if model.work.as_ref().is_some_and(|work| work.task == Task::Compare) {
        frame.render_widget(Paragraph::new("Both are being read …"), inset(area));
        return;
    }
    let name = |place: &Option<Place>| match place {
        None => "not chosen".to_owned(),
        Some(Place::Phone) => "the connected phone".to_owned(),
        Some(Place::File(path)) => path.display().to_string(),
    };
    let head = vec![
        say(theme, Role::Title, "Compare which two?"),
        Line::from(vec![Span::styled("A  ", theme.style(Role::Key)), Span::raw(name(&model.compare.a))]),
        Line::from(vec![Span::styled("B  ", theme.style(Role::Key)), Span::raw(name(&model.compare.b))]),
    ];
    frame.render_widget(Paragraph::new(head), Rect { height: 3.min(area.height), ..inset(area) });
    let list = Rect { y: area.y + 4, height: area.height.saturating_sub(4), ..area };
    let side = |place: Option<&Place>| match place {
        Some(place) if Some(place) == model.compare.a.as_ref() => "A ",
        Some(place) if Some(place) == model.compare.b.as_ref() => "B ",
        _ => "  ",
    };
    sources(model, theme, frame, list, "the connected phone", model.compare.cursor, &side);
}

/// A list whose first row is the phone; the archives follow.
fn sources(
    model: &Model,
    theme: &Theme,
    frame: &mut Frame<'_>,
    area: Rect,
    first: &str,
    cursor: usize,
    side: &dyn Fn(Option<&Place>) -> &'static str,
) {
    // The file that is open is a side of a comparison, never a source of a write from here.
    let is_listed = |file: &PathBuf| model.archives.shown().iter().any(|shelved| shelved.file == *file);
    let others = model.opened().filter(|file| model.screen == Screen::Compare && !is_listed(file));
    let width = usize::from(area.width.saturating_sub(2));
    let hidden = hidden(model);
    let mut rows = vec![Line::from(vec![
        Span::raw(side(Some(&Place::Phone))),
        Span::styled(clip(first, width.saturating_sub(2)), theme.style(Role::Title)),
    ])];
    if let Some(opened) = others {
        let place = Place::File(opened.clone());
        rows.push(Line::from(vec![
            Span::raw(side(Some(&place))),
            Span::raw(format!("the open file {}", opened.display())),
        ]));
    }
    rows.extend(model.archives.shown().into_iter().map(|shelved| {
        let mark = side(Some(&Place::File(shelved.file.clone())));
        let mut line = entry(shelved, theme, width.saturating_sub(2), &hidden);
        line.spans.insert(0, Span::raw(mark));
        line
    }));
    list(model, theme, frame, area, rows, cursor);
}

/// Draws the archives, and the one at the cursor.
pub(super) fn archive(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let (upper, lower) = match layout::wide(model.size) {
        true => {
            let left = area.width / 2;
            (Rect { width: left, ..area }, Rect { x: area.x + left, width: area.width - left, ..area })
        }
        false => {
            let lower = layout::page_height(model).min(area.height);
            let upper = area.height - lower;
            (Rect { height: upper, ..area }, Rect { y: area.y + upper, height: lower, ..area })
        }
    };
    let width = usize::from(upper.width.saturating_sub(2));
    let hidden = hidden(model);
    let mut rows: Vec<Line<'_>> =
        model.archives.shown().into_iter().map(|shelved| entry(shelved, theme, width, &hidden)).collect();
    // What is no archive any more is told, and cannot be chosen.
    let bad = model.archives.shelf.iter().flat_map(|shelf| &shelf.bad);
    rows.extend(bad.map(|bad| {
        let name = bad.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        say(theme, Role::Bad, &clip(&format!("✗ {name}: {}", bad.message), width))
    }));
    // Neither can what is sealed: it is opened by the program, with its key.
    let sealed = model.archives.shelf.iter().flat_map(|shelf| &shelf.sealed);
    rows.extend(sealed.map(|sealed| {
        let name =
            sealed.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        say(
            theme,
            Role::Dim,
            &clip(&format!("· {name}: sealed with age; start nvkeep tui with its key"), width),
        )
    }));
    list(model, theme, frame, upper, rows, model.archives.cursor);
    lines::page(model, theme, frame, lower);
}

/// One archive in one row: made, verdict, IMEI, chip, note, name.
fn entry<'a>(shelved: &Shelved, theme: &Theme, width: usize, hidden: &[String]) -> Line<'a> {
    let (word, role) = tone(shelved.verdict);
    let sign = sign(role);
    let name = shelved.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let made: String = shelved.created.chars().take(16).collect::<String>().replace('T', " ");
    let imei = shelved.imeis.first().cloned().unwrap_or_else(|| "no IMEI".into());
    let head = format!("{made:17}");
    let verdict = format!("{sign}{word:8}");
    let mut rest = format!("{imei:16}{:8}", shelved.chip);
    if !shelved.note.is_empty() {
        rest.push_str(&format!("{}  ", clip(&shelved.note, 24)));
    }
    rest.push_str(&name);
    let room = width.saturating_sub(head.chars().count() + verdict.chars().count());
    Line::from(vec![
        Span::styled(head, theme.style(Role::Dim)),
        Span::styled(verdict, theme.style(role)),
        Span::raw(clip(&mask(&rest, hidden), room)),
    ])
}

/// What is not to be seen by others.
fn hidden(model: &Model) -> Vec<String> {
    if model.setup.masked { model.identities() } else { Vec::new() }
}

/// Draws rows with one of them at the cursor, under a line that tells what the search left.
fn list(
    model: &Model,
    theme: &Theme,
    frame: &mut Frame<'_>,
    area: Rect,
    mut rows: Vec<Line<'_>>,
    cursor: usize,
) {
    if area.height < 2 {
        return;
    }
    let title = Rect { height: 1, ..inset(area) };
    frame.render_widget(Paragraph::new(found(model, theme)), title);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let height = usize::from(body.height);
    let first = cursor.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    let width = usize::from(body.width.saturating_sub(2));
    if let Some(row) = rows.get_mut(cursor) {
        let used = row.width();
        row.spans.push(Span::raw(" ".repeat(width.saturating_sub(used))));
        *row = std::mem::take(row).patch_style(theme.cursor());
    }
    let count = rows.len();
    let shown: Vec<Line<'_>> = rows.into_iter().skip(first).take(height).collect();
    frame.render_widget(Paragraph::new(shown), inset(body));
    lines::bar(frame, body, count, first);
}

/// How many archives there are, what is searched, and what is no archive.
fn found<'a>(model: &Model, theme: &Theme) -> Line<'a> {
    let folder = model.setup.folder.display();
    let mut spans = match &model.archives.shelf {
        None if model.archives.trouble.is_some() => {
            vec![Span::styled("The folder cannot be read.", theme.style(Role::Bad))]
        }
        None => vec![Span::styled(format!("Archives in {folder}: being listed …"), theme.style(Role::Dim))],
        Some(shelf) => {
            let shown = model.archives.shown().len();
            let all = shelf.archives.len();
            let count = if shown == all { format!("{all}") } else { format!("{shown} of {all}") };
            let mut spans =
                vec![Span::styled(format!("Archives in {folder}: {count}"), theme.style(Role::Dim))];
            if !shelf.bad.is_empty() {
                spans.push(Span::styled(format!(", ✗ {} damaged", shelf.bad.len()), theme.style(Role::Bad)));
            }
            if !shelf.sealed.is_empty() {
                spans.push(Span::styled(format!(", {} sealed", shelf.sealed.len()), theme.style(Role::Dim)));
            }
            spans
        }
    };
    if model.archives.typing_path {
        let text = format!("  open: {}▏", model.archives.path.text());
        spans.push(Span::styled(text, theme.style(Role::Key)));
    }
    let cursor = if model.archives.filtering { "▏" } else { "" };
    if model.archives.filtering || !model.archives.filter.is_empty() {
        spans.push(Span::styled(
            format!("  / {}{cursor}", model.archives.filter.text()),
            theme.style(Role::Key),
        ));
    }
    Line::from(spans)
}

fn say<'a>(theme: &Theme, role: Role, text: &str) -> Line<'a> {
    Line::from(Span::styled(text.to_owned(), theme.style(role)))
}

fn inset(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
}
