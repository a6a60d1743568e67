//! The real program as a child: in a home of its own, without a terminal, on whatever cable is named. And a simulated
//! phone served by another child.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread::JoinHandle;

use serde_json::Value;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_nvkeep");

/// What a run left behind.
#[derive(Debug)]
pub struct Said {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// stdout.
    pub out: String,
    /// stderr.
    pub err: String,
}

impl Said {
    /// Takes what a child said.
    pub fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Returns the one document on stdout, and fails when there is anything else.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{self:#?}"))
    }

    /// Fails unless the exit code is this one.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// A home folder for runs of the program; gone afterwards.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// Makes an empty one.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Returns a path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into it and returns its path as text.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// Returns the program in this home, with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments);
        self.settle(&mut command);
        command
    }

    /// Puts any command into this home.
    pub fn settle(&self, command: &mut Command) {
        command
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env_remove("XDG_DATA_HOME")
            .env_remove("NVKEEP_HOME")
            .env_remove("COLUMNS")
            .env("TMPDIR", self.folder.path())
            .stdin(Stdio::null());
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::of(&self.command(arguments).output().unwrap())
    }

    /// Returns every file below, journals and saved states included, as sorted relative paths.
    pub fn files(&self) -> Vec<String> {
        let root = self.folder.path();
        let mut found = Vec::new();
        let mut waiting = vec![root.to_path_buf()];
        while let Some(folder) = waiting.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    found.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

/// A simulated phone in a process of its own.
pub struct Sim {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// The port name under which the program finds it.
    pub port: String,
}

impl Sim {
    /// Serves a phone whose state is kept in `state`; `more` are further arguments.
    pub fn serve(home: &Home, scenario: &str, listen: &str, state: &Path, more: &[&str]) -> Self {
        let mut command = home.command(&["sim", scenario, "--listen", listen, "--state"]);
        command.arg(state).args(more).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        lines.read_line(&mut first).unwrap();
        let place = first.trim_end().strip_prefix("PORT ").unwrap_or_else(|| panic!("first line: {first:?}"));
        let port = if listen == "pty" { place.to_owned() } else { format!("tcp://127.0.0.1:{place}") };
        Self { child, lines, port }
    }

    /// Waits until it ends by itself, after as many connections as it was told, and returns the rest of what it said.
    pub fn end(mut self) -> String {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
        rest
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A device on TCP that is no phone: to each byte it answers what `answer` says, for one connection.
pub fn stranger(mut answer: impl FnMut(u8) -> Vec<u8> + Send + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("tcp://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
        let mut byte = [0];
        while let Ok(1) = stream.read(&mut byte) {
            if stream.write_all(&answer(byte[0])).is_err() {
                return;
            }
        }
    });
    (port, server)
}
