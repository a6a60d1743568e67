//! Recorded sessions of the screen: whatever a recording says is refused, or taken in and drawn.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use nvkeep::tui::tape::Player;
use nvkeep::tui::update::update;
use nvkeep::tui::view::{Theme, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fuzz_target!(|lines: &[u8]| {
    if lines.len() > 64 << 10 {
        return;
    }
    let Ok((mut player, mut model)) = Player::new(Cursor::new(lines)) else { return };
    while let Ok(Some(message)) = player.next() {
        let _ = update(&mut model, message);
    }
    for (width, height) in [(80, 24), (200, 50)] {
        model.size = (width, height);
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
        terminal.draw(|frame| draw(&model, &Theme::default(), frame)).expect("memory takes every picture");
    }
});
