//! The terminal: taken over at the beginning, given back at the end, on a panic, on a signal, and while the program sleeps.
//! The only file beside `view` that knows the terminal library.

use std::io::{BufWriter, Stdout, Write, stdout};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event, KeyCode,
    KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, terminal};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};

use super::key::{Code, Key, Mouse};
use super::message::Message;
use super::model::Model;
use super::view::{self, Theme};
use crate::app::{Exit, Failure};

/// Whether the terminal is taken over just now: a panic gives back only what was taken.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is taken over. Dropping it gives it back.
pub(super) struct Screen {
    /// Never dropped: its own end prints what it could not do, and where the window was closed there is nobody to print to,
    /// which is a panic.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal over.
    pub(super) fn take(mouse: bool) -> Result<Self, Failure> {
        take_over(mouse).map_err(|error| failed(&error))?;
        let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, stdout()));
        let terminal = Terminal::new(backend).map_err(|error| {
            give_back();
            failed(&error)
        })?;
        Ok(Self { terminal: ManuallyDrop::new(terminal), mouse })
    }

    /// Draws the state.
    pub(super) fn draw(&mut self, model: &Model, theme: &Theme) -> Result<(), Failure> {
        self.terminal.draw(|frame| view::draw(model, theme, frame)).map_err(|error| failed(&error))?;
        Ok(())
    }

    /// Forgets what is on the terminal, so that everything is drawn anew.
    ///
    /// Not with `clear`: that asks the terminal where its cursor is, and the thread that waits for keys holds the only ear
    /// for the answer. The question would time out and end the program.
    pub(super) fn forget(&mut self) -> Result<(), Failure> {
        let size = self.terminal.size().map_err(|error| failed(&error))?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size))).map_err(|error| failed(&error))
    }

    /// Puts the program to sleep, the terminal given back meanwhile.
    pub(super) fn sleep(&mut self) -> Result<(), Failure> {
        give_back();
        #[cfg(unix)]
        let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
        self.wake()
    }

    /// Takes the terminal over again after a sleep.
    pub(super) fn wake(&mut self) -> Result<(), Failure> {
        take_over(self.mouse).map_err(|error| failed(&error))?;
        self.forget()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take_over(mouse: bool) -> std::io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    if mouse {
        execute!(stdout(), EnableMouseCapture)?;
    }
    Ok(())
}

/// Gives the terminal back. Whatever fails here, nothing better can be done.
pub(super) fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(stdout(), DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
    let _ = stdout().flush();
}

/// Returns columns and rows.
pub(super) fn size() -> (u16, u16) {
    terminal::size().unwrap_or((80, 24))
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Other, "terminal", format!("the terminal cannot be used: {error}"))
        .advise("Every verb works without the screen: nvkeep --help")
}

/// A panic on the thread that draws gives the terminal back before its words are printed; one on the worker is told by the
/// screen.
pub(super) fn guard_panics() {
    let drawing = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == drawing || !TAKEN.load(Ordering::SeqCst) {
            give_back();
            before(info);
        }
    }));
}

/// Returns what an event of the terminal means here; nothing for what is not wanted.
pub(super) fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) => key_of(key).map(Message::Key),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(width, height) => Some(Message::Resize(width, height)),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                Some(Message::Mouse(Mouse::Click { x: mouse.column, y: mouse.row }))
            }
            MouseEventKind::ScrollDown => Some(Message::Mouse(Mouse::Wheel { down: 1 })),
            MouseEventKind::ScrollUp => Some(Message::Mouse(Mouse::Wheel { down: -1 })),
            _ => None,
        },
        Event::FocusGained | Event::FocusLost => None,
    }
}

fn key_of(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release || event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    let code = match event.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        _ => return None,
    };
    Some(Key { code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) })
}
