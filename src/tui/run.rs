//! The loop: one channel for keys, signals and the worker; one thread that draws; one that works. Time is told to the model
//! as a message.

use std::fs::File;
use std::io::{BufReader, BufWriter, IsTerminal};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::message::{Effect, Job, Message, Signal, Task};
use super::model::bench::CableState;
use super::model::{Model, Setup};
use super::tape::{Player, Recorder};
use super::terminal::{self, Screen};
use super::update::update;
use super::view::Theme;
use super::work::Worker;
use crate::app::{Context, Exit, Failure, ScreenRequest};

/// Messages that may wait: a worker that is faster than the screen waits for it, and memory is bounded.
const WAITING: usize = 1024;
/// Between two pictures while messages pour in.
const FRAME: Duration = Duration::from_millis(33);
/// Between two ticks while something moves on the screen.
const LIVELY: Duration = Duration::from_millis(120);
/// Between two ticks while nothing does.
const QUIET: Duration = Duration::from_millis(1000);

/// Runs the screen until it is left.
///
/// # Errors
/// When there is no terminal, when a file to record to or to play cannot be used, and exit code 130 after a signal.
pub fn run(context: &Context<'_>, request: &ScreenRequest) -> Result<(), Failure> {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(Failure::new(Exit::Usage, "no-terminal", "the screen needs a terminal")
            .advise("Every verb works without one: nvkeep --help"));
    }
    let theme = Theme { plain: request.plain };
    if let Some(file) = &request.replay {
        return play(file, request, theme);
    }
    let setup = Setup {
        port: context.choices.port.clone(),
        folder: request.folder.clone(),
        file: request.file.clone(),
        masked: request.masked,
    };
    let mut model = Model::new(setup, terminal::size());
    let recorder = request.record.as_deref().map(|file| record(file, &model)).transpose()?;
    let (tell, heard) = sync_channel(WAITING);
    let (order, jobs) = mpsc::channel();
    let worker_tell = tell.clone();
    let context = &Context {
        cables: context.cables,
        catalog: context.catalog.clone(),
        choices: crate::app::Choices { records: true, wire: true, ..context.choices.clone() },
        sink: sink(&tell),
        stop: context.stop.clone(),
        now: context.now,
    };
    std::thread::scope(|scope| {
        let folder = request.folder.clone();
        scope.spawn(move || {
            let tell = move |message| drop(worker_tell.send(message));
            Worker::new(context, jobs, folder, &tell).run();
        });
        terminal::guard_panics();
        let screen = Screen::take(request.mouse)?;
        listen(&tell);
        drop(tell);
        begin(&mut model, &order);
        let session =
            Session { context, order, heard, theme, recorder, began: Instant::now(), ended_by_signal: false };
        session.run(&mut model, screen)
    })
}

/// The first job: the file that was named, or waiting for a phone.
fn begin(model: &mut Model, order: &mpsc::Sender<Job>) {
    let job = match &model.setup.file {
        Some(file) => {
            model.pending.push(Task::Open);
            Job::Open(file.clone())
        }
        None => Job::Watch { fresh: false },
    };
    let _ = order.send(job);
}

/// A session at the terminal.
struct Session<'a> {
    context: &'a Context<'a>,
    order: mpsc::Sender<Job>,
    heard: Receiver<Message>,
    theme: Theme,
    recorder: Option<Recorder<BufWriter<File>>>,
    began: Instant,
    ended_by_signal: bool,
}

impl Session<'_> {
    fn run(mut self, model: &mut Model, mut screen: Screen) -> Result<(), Failure> {
        let mut drawn: Option<Instant> = None;
        loop {
            screen.draw(model, &self.theme)?;
            drawn.replace(Instant::now());
            let mut message = match self.heard.recv_timeout(pause(model)) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            self.tick(model);
            // What waits is taken in together, as long as the picture is not due.
            while let Some(next) = message {
                if self.step(model, next, &mut screen)? {
                    drop(screen);
                    return self.end();
                }
                let due = drawn.is_some_and(|drawn| drawn.elapsed() >= FRAME);
                message = if due { None } else { self.heard.try_recv().ok() };
            }
        }
    }

    /// Takes a message in and does what it wants. Returns whether the program ends.
    fn step(&mut self, model: &mut Model, message: Message, screen: &mut Screen) -> Result<bool, Failure> {
        self.ended_by_signal |= matches!(message, Message::Signal(Signal::Terminate));
        let effect = match &mut self.recorder {
            None => update(model, message),
            Some(recorder) => {
                let (effect, kept) = recorder.step(model, message);
                if kept.is_err() {
                    // A full disk ends the recording, not the work.
                    self.recorder = None;
                }
                effect
            }
        };
        match effect {
            None => {}
            Some(Effect::Work(job)) => {
                // An answer, or the wish to wait, must not take back the wish to stop what runs.
                if job.task().is_some() {
                    self.context.stop.store(false, Ordering::Relaxed);
                }
                let _ = self.order.send(job);
            }
            Some(Effect::Stop) => self.context.stop.store(true, Ordering::Relaxed),
            Some(Effect::Suspend) => screen.sleep()?,
            Some(Effect::Redraw) => screen.wake()?,
            Some(Effect::Quit) => return Ok(true),
        }
        Ok(false)
    }

    fn tick(&mut self, model: &mut Model) {
        let now = self.began.elapsed();
        if now.saturating_sub(model.now) < Duration::from_millis(50) {
            return;
        }
        let tick = Message::Tick(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        match &mut self.recorder {
            None => drop(update(model, tick)),
            Some(recorder) => {
                if recorder.step(model, tick).1.is_err() {
                    self.recorder = None;
                }
            }
        }
    }

    fn end(self) -> Result<(), Failure> {
        // What began by itself just now, a connection or a look, is not waited for.
        self.context.stop.store(true, Ordering::Relaxed);
        match self.ended_by_signal {
            true => Err(Failure::new(Exit::Interrupted, "interrupted", "stopped by a signal")),
            false => Ok(()),
        }
    }
}

/// How long the screen may stand still.
fn pause(model: &Model) -> Duration {
    let cable = &model.cable;
    let moving = model.busy()
        || matches!(cable.state, CableState::Connecting { .. })
        || (cable.boot_since.is_some() && matches!(cable.state, CableState::Watching { .. }));
    if moving { LIVELY } else { QUIET }
}

fn sink(tell: &SyncSender<Message>) -> crate::app::Sink {
    let tell = tell.clone();
    Arc::new(move |event| drop(tell.send(Message::Event(event))))
}

/// Keys and signals come on threads of their own, which end with the program: neither can be asked to stop waiting.
fn listen(tell: &SyncSender<Message>) {
    let keys = tell.clone();
    std::thread::spawn(move || {
        while let Ok(event) = crossterm::event::read() {
            if let Some(message) = terminal::message(event)
                && keys.send(message).is_err()
            {
                return;
            }
        }
        // A terminal that is gone is as good as a hang-up.
        let _ = keys.send(Message::Signal(Signal::Terminate));
    });
    #[cfg(unix)]
    signals(tell);
}

#[cfg(unix)]
fn signals(tell: &SyncSender<Message>) {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT, SIGCONT]) else {
        return;
    };
    let tell = tell.clone();
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let meant = if signal == SIGCONT { Signal::Continue } else { Signal::Terminate };
            if tell.send(Message::Signal(meant)).is_err() {
                return;
            }
        }
    });
}

fn record(file: &Path, model: &Model) -> Result<Recorder<BufWriter<File>>, Failure> {
    let failed = |error: std::io::Error| Failure::file("recording the screen to", file, &error);
    let paper = File::create_new(file).map_err(failed)?;
    Recorder::new(BufWriter::new(paper), model).map_err(failed)
}

/// Plays a session at the pace it had, at most a second between two messages; q leaves.
fn play(file: &Path, request: &ScreenRequest, theme: Theme) -> Result<(), Failure> {
    let paper = File::open(file).map_err(|error| Failure::file("opening", file, &error))?;
    let (mut player, mut model) = Player::new(BufReader::new(paper))?;
    terminal::guard_panics();
    let mut screen = Screen::take(request.mouse)?;
    let (tell, heard) = sync_channel(WAITING);
    listen(&tell);
    let mut over = false;
    loop {
        screen.draw(&model, &theme)?;
        let before = model.now;
        while !over && model.now.saturating_sub(before) < FRAME {
            match player.next()? {
                Some(message) => drop(update(&mut model, message)),
                None => over = true,
            }
        }
        let wait = if over { QUIET } else { (model.now - before).min(QUIET) };
        let ended = |message: &Message| match message {
            Message::Key(key) => matches!(key.code, super::key::Code::Char('q' | 'c')),
            Message::Signal(signal) => *signal == Signal::Terminate,
            _ => false,
        };
        if heard.recv_timeout(wait).is_ok_and(|message| ended(&message)) {
            return Ok(());
        }
    }
}
