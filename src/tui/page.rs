//! Pages of text: rows of words with a role each, wrapped to a width. What they say is decided here, how a role looks is
//! the view's business.

mod archives;
mod backup;
mod bench;
mod contrast;
mod facts;
mod guide;
mod judgement;
mod trouble;
mod writes;

use super::layout;
use super::model::{Model, Screen};

pub use judgement::{mark, sign, tone};

/// What a word means, for its look. Never the only carrier of the meaning: a word or a sign says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "words of their own")]
pub enum Role {
    Plain,
    Dim,
    Title,
    Good,
    Warn,
    Bad,
    Key,
    GoodSign,
    WarnSign,
    BadSign,
}

/// Words of one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The role.
    pub role: Role,
    /// The words.
    pub text: String,
}

/// One row of the screen.
pub type Row = Vec<Span>;

/// A page being written.
pub struct Page {
    width: usize,
    rows: Vec<Row>,
}

impl Page {
    /// An empty page of this many columns.
    #[must_use]
    pub fn new(width: u16) -> Self {
        Self { width: width.max(10).into(), rows: Vec::new() }
    }

    /// Returns its rows.
    #[must_use]
    pub fn done(self) -> Vec<Row> {
        self.rows
    }

    /// Returns its width.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Adds an empty row, unless the page begins with it.
    pub fn gap(&mut self) {
        if self.rows.last().is_some_and(|row| !row.is_empty()) {
            self.rows.push(Vec::new());
        }
    }

    /// Adds a title.
    pub fn title(&mut self, text: &str) {
        self.gap();
        self.say(Role::Title, text);
    }

    /// Adds a paragraph.
    pub fn say(&mut self, role: Role, text: &str) {
        self.hang(0, role, "", role, text);
    }

    /// Adds a paragraph behind a word of its own column: the paragraph's further rows hang under its first.
    pub fn hang(&mut self, column: usize, head_role: Role, head: &str, role: Role, text: &str) {
        let room = self.width.saturating_sub(column).max(8);
        let mut first = true;
        for line in text.split('\n') {
            for piece in wrap(line, room) {
                let mut row = Vec::new();
                if column > 0 {
                    let head = if first { clip(head, column.saturating_sub(1)) } else { String::new() };
                    row.push(Span { role: head_role, text: format!("{head:column$}") });
                }
                row.push(Span { role, text: piece });
                self.rows.push(row);
                first = false;
            }
        }
    }

    /// Adds a row as it is.
    pub fn row(&mut self, row: Row) {
        self.rows.push(row);
    }
}

/// A span.
#[must_use]
pub fn span(role: Role, text: impl Into<String>) -> Span {
    Span { role, text: text.into() }
}

/// Wraps at words, and inside a word that is longer than a row.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    textwrap::wrap(&plain, width).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// Cuts text to a number of columns; what was cut is told by an ellipsis.
#[must_use]
pub fn clip(text: &str, columns: usize) -> String {
    let count = text.chars().count();
    if count <= columns {
        return text.to_owned();
    }
    let kept: String = text.chars().take(columns.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Cuts text to a number of columns in its middle: names of fields differ at their ends.
#[must_use]
pub fn clip_middle(text: &str, columns: usize) -> String {
    let count = text.chars().count();
    if count <= columns || columns < 5 {
        return clip(text, columns);
    }
    let tail = (columns - 1) / 2;
    let head: String = text.chars().take(columns - 1 - tail).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{head}…{end}")
}

/// Cuts text to a number of columns from its start: the end of a path says more.
#[must_use]
pub fn clip_start(text: &str, columns: usize) -> String {
    let count = text.chars().count();
    if count <= columns {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(count + 1 - columns.max(1)).collect();
    format!("…{kept}")
}

/// Returns the page of the screen at hand; empty where the screen is no page.
#[must_use]
pub fn page(model: &Model) -> Vec<Row> {
    let mut page = Page::new(layout::page_width(model));
    match model.screen {
        Screen::Connect => bench::write(&mut page, model),
        Screen::Phone => facts::write(&mut page, model),
        Screen::Backup => backup::write(&mut page, model),
        Screen::Restore => writes::write(&mut page, model),
        Screen::Compare => contrast::write(&mut page, model),
        Screen::Archive => archives::write(&mut page, model),
        Screen::Records | Screen::Log => {}
    }
    masked(model, page.done())
}

/// Returns the help page of the screen at hand.
#[must_use]
pub fn help(model: &Model) -> Vec<Row> {
    let mut page = Page::new(layout::page_width(model));
    guide::write(&mut page, model);
    page.done()
}

/// Hides identities where that was asked for, for screens that others see.
fn masked(model: &Model, rows: Vec<Row>) -> Vec<Row> {
    if !model.setup.masked {
        return rows;
    }
    let identities = model.identities();
    let hide = |span: Span| Span { text: crate::app::mask::mask(&span.text, &identities), ..span };
    rows.into_iter().map(|row| row.into_iter().map(hide).collect()).collect()
}
