//! What is done on the screens, and when a picture is taken.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::pty::{ENTER, ESC, Terminal};
use crate::svg;

const COLUMNS: u16 = 100;
const ROWS: u16 = 30;

/// The folder the program runs in, and where the pictures go.
struct Studio {
    folder: tempfile::TempDir,
    pictures: PathBuf,
}

impl Studio {
    /// Opens the screen. Names of folders of this machine appear in no picture: the program is in its folder.
    fn open(&self, port: &str) -> io::Result<Terminal> {
        let mut program = std::env::current_exe()?;
        // target/debug/examples/pictures is beside target/debug/nvkeep.
        program.pop();
        program.pop();
        let mut command = Command::new(program.join("nvkeep"));
        command.args(["tui", "--port", port, "--dir", "."]).current_dir(self.folder.path());
        command.env("HOME", self.folder.path()).env_remove("XDG_DATA_HOME").env_remove("NVKEEP_HOME");
        Ok(Terminal::run(&command, COLUMNS, ROWS))
    }

    /// Takes a picture.
    fn take(&self, screen: &Terminal, name: &str) -> io::Result<()> {
        screen.picture();
        let path = self.pictures.join(format!("{name}.svg"));
        println!("{name}");
        std::fs::write(path, svg::draw(&screen.screen(), &format!("nvkeep: {}", name.replace('-', " "))))
    }
}

/// Presses keys, one after the other, each when the screen has taken the one before.
fn press(screen: &Terminal, keys: &[&str]) {
    for key in keys {
        let before = screen.picture();
        screen.keys(key);
        screen.wait_for(std::time::Duration::from_millis(400), |now| crate::pty::text(now) != before);
    }
}

/// Waits until the archive stands in a row of a list, with its number.
fn listed(screen: &Terminal) {
    screen.wait("the archive's row", |now| {
        now.contents().lines().any(|row| row.contains("490154203237518") && row.contains("20"))
    });
}

/// Plays it.
pub fn play() -> io::Result<()> {
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screens");
    std::fs::create_dir_all(&pictures)?;
    let studio = Studio { folder: tempfile::tempdir()?, pictures };

    let screen = studio.open("usb")?;
    screen.shows("Waiting");
    studio.take(&screen, "connect")?;
    screen.keys("q");
    screen.left();

    good(&studio)?;
    damaged(&studio)
}

/// A healthy phone: looked at, its records, saved.
fn good(studio: &Studio) -> io::Result<()> {
    let screen = studio.open("sim:mt6572")?;
    screen.shows("GOOD");
    press(&screen, &["2"]);
    studio.take(&screen, "phone-good")?;
    press(&screen, &["3", "/"]);
    screen.keys("MP0B_001");
    press(&screen, &[ENTER, "j", "j"]);
    studio.take(&screen, "records-hex")?;
    press(&screen, &["/", ESC, "/"]);
    screen.keys("ramp");
    press(&screen, &[ENTER, "j", "j", ENTER, "j", "j", "j", "j"]);
    studio.take(&screen, "records-curve")?;
    press(&screen, &["4", ENTER]);
    screen.shows("Archived: every byte");
    studio.take(&screen, "backup")?;
    press(&screen, &["7"]);
    listed(&screen);
    press(&screen, &[ENTER]);
    screen.shows("SHA-256");
    studio.take(&screen, "archive")?;
    press(&screen, &["8"]);
    studio.take(&screen, "log")?;
    screen.keys("q");
    screen.left();
    Ok(())
}

/// The same phone after Format All: judged, compared, mended.
fn damaged(studio: &Studio) -> io::Result<()> {
    let screen = studio.open("sim:mt6572-format-all")?;
    screen.shows("DAMAGED");
    press(&screen, &["2"]);
    studio.take(&screen, "phone-damaged")?;
    press(&screen, &["6"]);
    listed(&screen);
    press(&screen, &["j", "a", "k", "b", ENTER]);
    screen.shows("only differences");
    studio.take(&screen, "compare")?;
    press(&screen, &["5"]);
    listed(&screen);
    press(&screen, &["j", ENTER]);
    screen.shows("Type restore and Enter");
    studio.take(&screen, "restore-plan")?;
    screen.keys("restore");
    screen.keys(ENTER);
    screen.shows("Written, and read back");
    // The phone is read anew by itself.
    screen.wait("the phone as it is now", |now| now.contents().contains("direct  GOOD"));
    studio.take(&screen, "restore-proof")?;
    screen.keys("q");
    screen.left();
    Ok(())
}
