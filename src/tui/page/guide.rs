//! The help page: what the screen is for, and every key of it.

use super::{Page, Role};
use crate::tui::keymap;
use crate::tui::model::{Model, Screen};

/// Writes the page.
pub(super) fn write(page: &mut Page, model: &Model) {
    page.say(Role::Title, model.screen.title());
    page.say(Role::Plain, about(model.screen));
    for (title, bindings) in keymap::sections(model) {
        if bindings.is_empty() {
            continue;
        }
        page.title(title);
        for binding in bindings {
            let text = match binding.more {
                "" => binding.what.to_owned(),
                more => format!("{}: {more}", binding.what),
            };
            page.hang(11, Role::Key, binding.name, Role::Plain, &text);
        }
    }
    page.hang(11, Role::Key, "1 … 8", Role::Plain, "the screens, as their tabs are numbered");
    page.title("Signs");
    page.say(Role::Plain, "✓ valid, ! the vendor's default, ∅ null or erased, ✗ invalid or damaged, ▸ what the next boot believes.");
}

/// What a screen is for.
fn about(screen: Screen) -> &'static str {
    match screen {
        Screen::Connect => {
            "Waits for a phone in its preloader, and shows what is on the USB and why it cannot be used yet. A phone that is plugged in is read by itself; nothing is written."
        }
        Screen::Phone => {
            "The verdict on the phone or file: the four places that keep its identity side by side, which of them the next boot believes, what the user of the phone sees, and what to do."
        }
        Screen::Records => {
            "Every NV file of the source, taken apart into fields with units, beside its bytes. Rows of numbers are drawn as curves. Codes and PINs are never shown."
        }
        Screen::Backup => {
            "Reads, checks and archives the identity set of the connected phone. The archive is written beside its target, read back, and renamed when it is whole."
        }
        Screen::Restore => {
            "Puts the phone's own data back, from one of its archives or from the copies that survive on it. The plan is shown first; only the typed word writes. Before the first block is written, the old content of all of them is kept in a journal on disk."
        }
        Screen::Compare => {
            "Two sources side by side, by meaning: the phone, or any archive. Only what both hold is compared."
        }
        Screen::Archive => {
            "The archives of the folder: found by number, barcode, chip, card, date, note or file name, checked, opened, compared, put back."
        }
        Screen::Log => {
            "What happened, from steps down to the words on the cable. What is saved from here is masked and free of flash content; what is shown is not."
        }
    }
}
