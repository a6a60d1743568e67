//! How roles look. Without colour (`NO_COLOR`) weight, underline and reverse carry the difference; signs and words do anyway.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use crate::tui::page::{Role, Row};

/// Styles.
#[derive(Debug, Clone, Copy, Default)]
pub struct Theme {
    /// No colours.
    pub plain: bool,
}

impl Theme {
    /// Returns the style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let style = Style::default();
        if self.plain {
            return match role {
                Role::Plain | Role::Good => style,
                Role::Dim => style.add_modifier(Modifier::DIM),
                Role::Title | Role::Key => style.add_modifier(Modifier::BOLD),
                Role::Warn => style.add_modifier(Modifier::UNDERLINED),
                Role::Bad => style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
                Role::GoodSign | Role::WarnSign | Role::BadSign => {
                    style.add_modifier(Modifier::BOLD | Modifier::REVERSED)
                }
            };
        }
        match role {
            Role::Plain => style,
            Role::Dim => style.fg(Color::DarkGray),
            Role::Title => style.add_modifier(Modifier::BOLD),
            Role::Good => style.fg(Color::Green),
            Role::Warn => style.fg(Color::Yellow),
            Role::Bad => style.fg(Color::LightRed).add_modifier(Modifier::BOLD),
            Role::GoodSign => style.fg(Color::Black).bg(Color::Green).add_modifier(Modifier::BOLD),
            Role::WarnSign => style.fg(Color::Black).bg(Color::Yellow).add_modifier(Modifier::BOLD),
            Role::BadSign => style.fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD),
            Role::Key => style.fg(Color::Cyan).add_modifier(Modifier::BOLD),
        }
    }

    /// Returns the style of the row at the cursor.
    #[must_use]
    pub fn cursor(&self) -> Style {
        Style::default().add_modifier(Modifier::REVERSED)
    }

    /// Returns the style of the chosen row of a part of the screen the arrows do not move in.
    #[must_use]
    pub fn chosen(&self) -> Style {
        Style::default().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// Returns a row with its styles.
    #[must_use]
    pub fn line<'a>(&self, row: &'a Row) -> Line<'a> {
        Line::from(
            row.iter()
                .map(|span| Span::styled(span.text.as_str(), self.style(span.role)))
                .collect::<Vec<_>>(),
        )
    }
}
