//! Progress and notes on stderr: a bar on a terminal, plain lines elsewhere. Never touches stdout, which is the result.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::wrap::wrap;
use crate::app::amount::{bytes, duration, is_cached};
use crate::app::mask::mask_shapes;
use crate::app::{Event, Progress, Sink};

/// Between two plain progress lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Returns the sink that shows events on stderr, or one that swallows progress when `quiet`.
#[must_use]
pub fn sink(quiet: bool) -> Sink {
    let screen = Mutex::new(Screen::new());
    Arc::new(move |event| {
        let mut screen = screen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match event {
            Event::Warning(text) => screen.say(&format!("warning: {text}")),
            Event::Step(_) | Event::Note(_) | Event::Progress(_) if quiet => {}
            Event::Wire(_) => {}
            Event::Step(text) | Event::Note(text) => screen.say(&text),
            Event::Progress(progress) => screen.progress(&progress),
        }
    })
}

/// Where events are drawn.
struct Screen {
    terminal: bool,
    bar: Option<(String, ProgressBar)>,
    last_line: Option<Instant>,
}

impl Screen {
    fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), bar: None, last_line: None }
    }

    /// Prints a line above whatever bar is drawn, identities masked: lines like these end in logs and in reports of trouble
    /// (promise 7). A closed stderr is not worth failing for.
    fn say(&mut self, text: &str) {
        let text = &mask_shapes(text);
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
        let text = if self.terminal { wrap(text, textwrap::termwidth()) } else { text.to_owned() };
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    fn progress(&mut self, progress: &Progress) {
        if self.terminal {
            self.draw(progress);
            return;
        }
        let finished = progress.total > 0 && progress.done >= progress.total;
        let due = self.last_line.is_none_or(|last| last.elapsed() >= LINE_EVERY);
        if due || finished {
            self.last_line = Some(Instant::now());
            let _ = writeln!(std::io::stderr(), "{}", line(progress));
        }
    }

    fn draw(&mut self, progress: &Progress) {
        if self.bar.as_ref().is_none_or(|(what, _)| *what != progress.what) {
            if let Some((_, bar)) = self.bar.take() {
                bar.finish_and_clear();
            }
            let bar = ProgressBar::with_draw_target(Some(progress.total), ProgressDrawTarget::stderr());
            // Without a known end a bar would look full.
            let template = match progress.total {
                0 => "{prefix:12} {bytes:>10} {msg}",
                _ => "{prefix:12} {bar:30} {bytes:>10} {msg}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_prefix(progress.what.clone());
            self.bar = Some((progress.what.clone(), bar));
        }
        if let Some((_, bar)) = &self.bar {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
            bar.set_message(speed_and_time(progress));
        }
    }
}

/// Returns one plain progress line.
fn line(progress: &Progress) -> String {
    let amount = if progress.total > 0 {
        format!("{} of {}", bytes(progress.done), bytes(progress.total))
    } else {
        bytes(progress.done)
    };
    format!("{}: {amount}, {}", progress.what, speed_and_time(progress))
}

fn speed_and_time(progress: &Progress) -> String {
    if is_cached(progress) {
        return "already read".into();
    }
    let mut text = match progress.speed() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a speed for human eyes")]
        Some(speed) => format!("{}/s", bytes(speed as u64)),
        None => return "starting".into(),
    };
    if progress.done < progress.total
        && let Some(left) = progress.left()
    {
        text.push_str(&format!(", {} left", duration(left)));
    }
    text
}
