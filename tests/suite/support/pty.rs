//! A terminal for a real program: a pty with a screen behind it. What is waited for is looked for after every byte that
//! arrives. It knows nothing of what the program says.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use portable_pty::{
    ChildKiller, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system,
};
use vt100::{MouseProtocolMode, Screen};

/// Longest wait for anything, on a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Keys as a terminal sends them.
pub const ENTER: &str = "\r";
pub const ESC: &str = "\x1b";
pub const CTRL_L: &str = "\x0c";
pub const CTRL_Z: &str = "\x1a";

/// A terminal, and the program that runs in it. Dropping it kills the program.
pub struct Terminal {
    /// None once the window is closed.
    master: Option<Box<dyn MasterPty + Send>>,
    /// Held, so that the terminal's settings outlive the program and can be looked at.
    slave: Option<Box<dyn SlavePty + Send>>,
    killer: Box<dyn ChildKiller + Send + Sync>,
    pid: u32,
    ended: Receiver<ExitStatus>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    /// The settings before the program began.
    before: String,
}

/// What a program left behind.
pub struct Left {
    /// Its exit code.
    pub code: u32,
    /// The signal that ended it, where one did.
    pub signal: Option<String>,
    /// Whether the terminal's settings are those from before: echo, lines, signals.
    pub settings_restored: bool,
    /// The screen at the end.
    pub screen: Screen,
    /// Every byte it wrote.
    pub raw: Vec<u8>,
}

struct Shared {
    picture: Mutex<Picture>,
    changed: Condvar,
    keyboard: Mutex<Option<Box<dyn Write + Send>>>,
    closing: AtomicBool,
}

struct Picture {
    parser: vt100::Parser<Questions>,
    raw: Vec<u8>,
    over: bool,
}

/// Questions about the cursor that the program asked and nobody has answered yet.
#[derive(Default)]
struct Questions(usize);

impl vt100::Callbacks for Questions {
    fn unhandled_csi(&mut self, _: &mut Screen, one: Option<u8>, _: Option<u8>, of: &[&[u16]], last: char) {
        if last == 'n' && one.is_none() && of == [&[6][..]] {
            self.0 += 1;
        }
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn some(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Terminal {
    /// Runs a program in a terminal of this size; only its name, arguments, folder and environment are taken over.
    pub fn run(command: &Command, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        builder.env("TERM", "xterm-256color");
        builder.env_remove("NO_COLOR");
        if let Some(folder) = command.get_current_dir() {
            builder.cwd(folder);
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => builder.env(name, value),
                None => builder.env_remove(name),
            }
        }
        let before = settings(pair.master.as_ref());
        let mut child = pair.slave.spawn_command(builder).unwrap();
        let (killer, pid) = (child.clone_killer(), child.process_id().unwrap());
        let (tell, ended) = channel();
        spawn(move || tell.send(child.wait().unwrap()));
        let picture = Picture {
            parser: vt100::Parser::new_with_callbacks(some(rows), some(columns), 0, Questions::default()),
            raw: Vec::new(),
            over: false,
        };
        let shared = Arc::new(Shared {
            picture: Mutex::new(picture),
            changed: Condvar::new(),
            keyboard: Mutex::new(Some(pair.master.take_writer().unwrap())),
            closing: AtomicBool::new(false),
        });
        let output = pair.master.try_clone_reader().unwrap();
        let reader = {
            let shared = Arc::clone(&shared);
            spawn(move || shared.follow(output))
        };
        let (master, slave) = (Some(pair.master), Some(pair.slave));
        Self { master, slave, killer, pid, ended, shared, reader: Some(reader), before }
    }

    fn master(&self) -> &(dyn MasterPty + Send) {
        self.master.as_deref().unwrap()
    }

    /// Returns the program's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Types.
    pub fn keys(&self, keys: &str) {
        self.shared.types(keys);
    }

    /// Pastes, as a terminal does it for a program that asked for brackets.
    pub fn paste(&self, text: &str) {
        self.keys(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Makes the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        lock(&self.shared.picture).parser.screen_mut().set_size(some(rows), some(columns));
        self.master().resize(size(columns, rows)).unwrap();
    }

    /// Sends the program a signal from outside.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.pid.to_string()]).status();
        assert!(sent.unwrap().success(), "kill -{name}");
    }

    /// Returns the screen as it is now.
    pub fn screen(&self) -> Screen {
        lock(&self.shared.picture).parser.screen().clone()
    }

    /// Returns every byte so far.
    pub fn raw(&self) -> Vec<u8> {
        lock(&self.shared.picture).raw.clone()
    }

    /// Returns whether the terminal echoes and gives whole lines, as a shell leaves it.
    pub fn is_cooked(&self) -> bool {
        let settings = settings(self.master());
        let is_set = |flag: &str| settings.split(|c: char| !c.is_alphanumeric()).any(|word| word == flag);
        is_set("ECHO") && is_set("ICANON")
    }

    /// Waits until the screen is as it should be, looking after every byte, and returns when it was.
    #[track_caller]
    pub fn wait(&self, what: &str, is_so: impl Fn(&Screen) -> bool) -> Instant {
        match self.wait_for(PATIENCE, is_so) {
            Some(when) => when,
            None => panic!("waited in vain for: {what}\n{}", self.shown()),
        }
    }

    /// Waits until this text stands on the screen.
    #[track_caller]
    pub fn shows(&self, text: &str) -> Instant {
        self.wait(text, |screen| screen.contents().contains(text))
    }

    /// Waits until the program has written these bytes, after the first `from` of all.
    #[track_caller]
    pub fn writes(&self, what: &str, from: usize, bytes: &[u8]) {
        let written =
            |picture: &Picture| picture.raw[from..].windows(bytes.len()).any(|window| window == bytes);
        assert!(self.until(PATIENCE, written).is_some(), "waited in vain for: {what}\n{}", self.shown());
    }

    /// Waits until a picture is complete, and returns it: its last act is to hide the cursor.
    #[track_caller]
    pub fn picture(&self) -> String {
        let complete = |picture: &Picture| picture.raw.ends_with(b"\x1b[?25l");
        assert!(self.until(PATIENCE, complete).is_some(), "no picture is complete\n{}", self.shown());
        self.shown()
    }

    /// Waits no longer than this until the screen is as it should be; none when it never was, or the program has ended.
    pub fn wait_for(&self, patience: Duration, is_so: impl Fn(&Screen) -> bool) -> Option<Instant> {
        self.until(patience, |picture| is_so(picture.parser.screen()))
    }

    fn until(&self, patience: Duration, is_so: impl Fn(&Picture) -> bool) -> Option<Instant> {
        let deadline = Instant::now() + patience;
        let mut picture = lock(&self.shared.picture);
        loop {
            if is_so(&picture) {
                return Some(Instant::now());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || picture.over {
                return None;
            }
            picture =
                self.shared.changed.wait_timeout(picture, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Returns the screen as text.
    pub fn shown(&self) -> String {
        text(&self.screen())
    }

    /// Returns whether the program still runs.
    pub fn is_running(&self) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        !matches!(state_of(&state), None | Some('Z'))
    }

    /// Returns whether the program is stopped.
    pub fn is_stopped(&self) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        state_of(&state) == Some('T')
    }

    /// Closes the window: the terminal goes, and the program hears of it. Returns its exit code.
    #[track_caller]
    pub fn closed_window(mut self) -> u32 {
        self.shared.closing.store(true, Ordering::SeqCst);
        // The reader lets go when something more arrives: the program draws when its terminal changes.
        self.resize(90, 25);
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        (self.slave, self.master) = (None, None);
        lock(&self.shared.keyboard).take();
        match self.ended.recv_timeout(PATIENCE) {
            Ok(status) => status.exit_code(),
            Err(_) => {
                let _ = self.killer.kill();
                panic!("it goes on without a terminal");
            }
        }
    }

    /// Waits until the program has ended, and looks at what it left.
    #[track_caller]
    pub fn left(mut self) -> Left {
        let Ok(status) = self.ended.recv_timeout(PATIENCE) else {
            panic!("it does not end\n{}", self.shown());
        };
        let settings_restored = settings(self.master()) == self.before;
        // The last holder of the other end: what is still on its way is read, and then the reader ends.
        self.slave = None;
        self.reader.take().unwrap().join().unwrap();
        let picture = lock(&self.shared.picture);
        Left {
            code: status.exit_code(),
            signal: status.signal().map(str::to_owned),
            settings_restored,
            screen: picture.parser.screen().clone(),
            raw: picture.raw.clone(),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.reader.is_some() {
            let _ = self.killer.kill();
        }
    }
}

impl Left {
    /// Fails unless the terminal is as it was, and the exit code this one.
    #[track_caller]
    pub fn in_order(&self, code: u32) {
        let screen = &self.screen;
        assert_eq!((self.code, &self.signal), (code, &None), "{}", screen.contents());
        assert!(self.settings_restored, "echo, lines and signals are as before");
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "pastes come without brackets");
        assert!(screen.mouse_protocol_mode() == MouseProtocolMode::None, "the mouse is free");
        // All of that would be so for a program that never took the terminal.
        let was_taken = |sequence: &[u8]| self.raw.windows(sequence.len()).any(|window| window == sequence);
        assert!(was_taken(b"\x1b[?1049h") && was_taken(b"\x1b[?25l") && was_taken(b"\x1b[?2004h"));
    }
}

impl Shared {
    fn types(&self, keys: &str) {
        // A program that has ended hears nothing; what it left is looked at later.
        if let Some(keyboard) = lock(&self.keyboard).as_mut() {
            let _ = keyboard.write_all(keys.as_bytes());
        }
    }

    /// Takes in what the program writes until nobody can write any more.
    fn follow(&self, mut output: Box<dyn Read + Send>) {
        let mut buffer = [0; 1 << 14];
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            let mut picture = lock(&self.picture);
            picture.raw.extend(&buffer[..count]);
            picture.parser.process(&buffer[..count]);
            let questions = std::mem::take(&mut picture.parser.callbacks_mut().0);
            let (row, column) = picture.parser.screen().cursor_position();
            drop(picture);
            self.changed.notify_all();
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            for _ in 0..questions {
                self.types(&format!("\x1b[{};{}R", row + 1, column + 1));
            }
        }
        lock(&self.picture).over = true;
        self.changed.notify_all();
    }
}

/// Returns a screen as text, without what is empty at the end of its rows: a cell that holds a space looks like one that holds
/// nothing.
pub fn text(screen: &Screen) -> String {
    let (_, columns) = screen.size();
    let rows: Vec<String> = screen.rows(0, columns.get()).map(|row| row.trim_end().to_owned()).collect();
    rows.join("\n")
}

/// Returns the terminal's settings in words.
fn settings(master: &(dyn MasterPty + Send)) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

/// Returns the letter of a process state, which follows the name in brackets.
fn state_of(stat: &str) -> Option<char> {
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
}
