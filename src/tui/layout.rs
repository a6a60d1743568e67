//! Where things lie on a screen of this size. Pure: `update` asks how far a page can scroll, `view` draws there.

use super::model::{Model, Screen};

/// Rows above the body: the tabs and a rule.
pub const TOP: u16 = 2;
/// Rows below the body: the running job or a notice, and the keys.
pub const BOTTOM: u16 = 2;

/// Returns columns and rows of the body.
#[must_use]
pub fn body(size: (u16, u16)) -> (u16, u16) {
    (size.0, size.1.saturating_sub(TOP + BOTTOM))
}

/// Smallest size at which screens are drawn; below it a sentence stands there instead.
pub const SMALLEST: (u16, u16) = (60, 16);

/// Returns whether the terminal is large enough.
#[must_use]
pub fn fits(size: (u16, u16)) -> bool {
    size.0 >= SMALLEST.0 && size.1 >= SMALLEST.1
}

/// From this width a screen has room for a second column.
const WIDE: u16 = 110;

/// Returns whether a screen of this width has room for a second column.
#[must_use]
pub fn wide(size: (u16, u16)) -> bool {
    size.0 >= WIDE
}

/// From this width a page leaves room for what happens beside it.
const VERY_WIDE: u16 = 150;

/// Returns the columns left to what happens beside a page; none on screens that use the whole width themselves.
#[must_use]
pub fn side_width(model: &Model) -> u16 {
    let pages = matches!(
        model.screen,
        Screen::Connect | Screen::Phone | Screen::Backup | Screen::Restore | Screen::Compare
    );
    if pages && model.size.0 >= VERY_WIDE { model.size.0 / 3 } else { 0 }
}

/// Returns columns of the page of the screen at hand: lists leave it a part of the body.
#[must_use]
pub fn page_width(model: &Model) -> u16 {
    let width = body(model.size).0;
    let width = match model.screen {
        _ if model.help => width.saturating_sub(6),
        Screen::Archive if wide(model.size) => width / 2,
        _ => width.saturating_sub(side_width(model)),
    };
    width.saturating_sub(2).max(20)
}

/// Returns rows of the page of the screen at hand.
#[must_use]
pub fn page_height(model: &Model) -> u16 {
    let height = body(model.size).1;
    let height = match model.screen {
        _ if model.help => height.saturating_sub(2),
        Screen::Archive if !wide(model.size) => height / 2,
        // The line that is typed into.
        Screen::Restore if model.restore.offer.is_some() => height.saturating_sub(3),
        _ => height,
    };
    height.max(1)
}

/// Returns the columns of each tab: start and end.
#[must_use]
pub fn tabs(width: u16) -> Vec<(Screen, u16, u16)> {
    // A number, a space, the word, two spaces; where that is too wide, one space less.
    let words: u16 = Screen::ALL.iter().map(|screen| len(screen.title()) + 2).sum();
    let gap = if words + 2 * 7 < width { 2 } else { 1 };
    let mut at = 0;
    let mut tabs = Vec::new();
    for screen in Screen::ALL {
        let end = at + len(screen.title()) + 2;
        tabs.push((screen, at, end));
        at = end + gap;
    }
    tabs
}

/// Returns the tab under a column.
#[must_use]
pub fn tab_at(width: u16, x: u16) -> Option<Screen> {
    tabs(width).into_iter().find(|(_, start, end)| (*start..*end).contains(&x)).map(|(screen, _, _)| screen)
}

fn len(text: &str) -> u16 {
    u16::try_from(text.len()).unwrap_or(u16::MAX)
}
