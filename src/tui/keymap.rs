//! Which key means what on which screen. One table for the keys, the line at the bottom and the help page, so that they
//! cannot disagree.

use super::key::{Code, Key};
use super::message::Task;
use super::model::bench::CableState;
use super::model::{Cable, Ended, Model, Pane, Screen, Stage};

/// What a key can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is said in words beside its key, below")]
pub enum Command {
    Quit,
    Back,
    Help,
    Go(Screen),
    NextScreen,
    PreviousScreen,
    NextPhone,
    Sleep,
    Redraw,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Enter,
    Left,
    Right,
    Filter,
    Wait,
    Rest,
    SwitchSource,
    ReadAgain,
    Raw,
    Export,
    StartBackup,
    EditNote,
    Full,
    Part(usize),
    NewMac,
    Deep,
    EditLabel,
    Plan,
    Finish,
    Undo,
    SideA,
    SideB,
    Swap,
    OnlyDifferences,
    Open,
    Check,
    CompareWithPhone,
    PutBack,
    ListAgain,
    Wire,
    SaveLog,
    Follow,
    SaveRule,
    RepairWith,
    OpenPath,
}

/// A key, what it asks for, and how that is said.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// The key.
    pub key: Key,
    /// What it asks for.
    pub command: Command,
    /// How the key is written.
    pub name: &'static str,
    /// What it does, in a word or three.
    pub what: &'static str,
    /// A sentence for the help page; empty where the word says it all.
    pub more: &'static str,
}

const fn on(
    key: Key,
    command: Command,
    name: &'static str,
    what: &'static str,
    more: &'static str,
) -> Binding {
    Binding { key, command, name, what, more }
}

const fn chr(
    c: char,
    command: Command,
    name: &'static str,
    what: &'static str,
    more: &'static str,
) -> Binding {
    on(Key::char(c), command, name, what, more)
}

const ENTER: Key = Key::plain(Code::Enter);

/// Keys that mean the same everywhere.
pub const EVERYWHERE: &[Binding] = &[
    chr('?', Command::Help, "?", "help", "this page"),
    chr('q', Command::Quit, "q", "quit", "asks while something is being read or written"),
    on(Key::ctrl('c'), Command::Quit, "Ctrl-C", "quit", "the same"),
    on(
        Key::plain(Code::Esc),
        Command::Back,
        "Esc",
        "back",
        "one step back; stops what is being read; never quits",
    ),
    chr('n', Command::NextPhone, "n", "next phone", "lets this phone restart, and waits for the next one"),
    on(Key::plain(Code::Tab), Command::NextScreen, "Tab", "next screen", ""),
    on(Key::plain(Code::BackTab), Command::PreviousScreen, "Shift-Tab", "previous screen", ""),
    on(
        Key::ctrl('z'),
        Command::Sleep,
        "Ctrl-Z",
        "suspend",
        "fg brings it back; not while something is being written",
    ),
    on(Key::ctrl('l'), Command::Redraw, "Ctrl-L", "draw anew", ""),
];

const MOVES: &[Binding] = &[
    on(Key::plain(Code::Up), Command::Up, "Up", "up", ""),
    on(Key::plain(Code::Down), Command::Down, "Down", "down", ""),
    on(Key::plain(Code::PageUp), Command::PageUp, "PgUp", "a page up", ""),
    on(Key::plain(Code::PageDown), Command::PageDown, "PgDn", "a page down", ""),
    on(Key::plain(Code::Home), Command::Top, "Home", "to the top", ""),
    on(Key::plain(Code::End), Command::Bottom, "End", "to the bottom", ""),
    chr('k', Command::Up, "k", "up", ""),
    chr('j', Command::Down, "j", "down", ""),
    chr('g', Command::Top, "g", "to the top", ""),
    chr('G', Command::Bottom, "G", "to the bottom", ""),
];

const WAITING: &[Binding] =
    &[chr('w', Command::Rest, "w", "stop waiting", "nobody is connected until you ask again")];
const RESTING: &[Binding] = &[on(ENTER, Command::Wait, "Enter", "wait for a phone", "")];

const OBSTACLE: &[Binding] = &[chr(
    'u',
    Command::SaveRule,
    "u",
    "write rule",
    "writes the udev rule that gives permission, for you to install",
)];

const SUBJECT: &[Binding] = &[
    chr('s', Command::SwitchSource, "s", "phone or file", "shows the other of the two, where both were read"),
    chr('r', Command::ReadAgain, "r", "read again", "judges the connected phone anew"),
];

const PHONE: &[Binding] = &[
    chr('b', Command::Go(Screen::Backup), "b", "back up", ""),
    chr('p', Command::Go(Screen::Restore), "p", "put back, repair", ""),
];

const TREE: &[Binding] = &[
    chr('/', Command::Filter, "/", "search", "in names, titles, fields and values"),
    on(ENTER, Command::Enter, "Enter", "open", "a folder opens or closes, a file shows its fields"),
    on(Key::plain(Code::Left), Command::Left, "Left", "to the files", "closes a folder"),
    on(Key::plain(Code::Right), Command::Right, "Right", "to the fields", "opens a folder"),
    chr(
        'x',
        Command::Raw,
        "x",
        "raw or plain",
        "the bytes as they lie in the layer, or deciphered and without sums",
    ),
    chr('e', Command::Export, "e", "export file", "writes this file's bytes beside the archives"),
];

const BACKUP: &[Binding] = &[
    on(ENTER, Command::StartBackup, "Enter", "back up", "reads, checks and archives the identity set"),
    chr('t', Command::EditNote, "t", "note", "a note kept in the archive"),
    chr('f', Command::Full, "f", "full", "every byte of the identity partitions, not only what is in use"),
];

/// In every list of archives.
const SEARCH: Binding =
    chr('/', Command::Filter, "/", "search", "IMEI, barcode, chip, card, date, note, file name");

const PLAN: Binding = on(
    ENTER,
    Command::Plan,
    "Enter",
    "plan",
    "reads the phone and shows what would be written; writes nothing",
);

const CHOOSE: &[Binding] = &[
    PLAN,
    SEARCH,
    chr('i', Command::Part(0), "i", "IMEI", "with or without it"),
    chr('w', Command::Part(1), "w", "Wi-Fi", "with or without it"),
    chr('u', Command::Part(2), "u", "Bluetooth", "with or without it"),
    chr('a', Command::Part(3), "a", "calibration", "with or without it"),
    chr('s', Command::Part(4), "s", "SIM lock", "with or without it"),
    chr('c', Command::CompareWithPhone, "c", "compare", "this archive with the phone"),
    chr(
        'r',
        Command::RepairWith,
        "r",
        "repair with it",
        "mends what is broken, with this archive as more evidence",
    ),
];

const OWN_COPIES: &[Binding] = &[
    PLAN,
    chr('l', Command::EditLabel, "l", "label", "the number on the label, only to confirm what is found"),
    chr('m', Command::NewMac, "m", "new addresses", "random, locally administered ones where none survives"),
    chr('d', Command::Deep, "d", "deep", "searches every unused block too; takes minutes"),
    SEARCH,
];

const UNFINISHED: &[Binding] = &[
    chr('F', Command::Finish, "F", "finish", "carries the interrupted write to its end"),
    chr('U', Command::Undo, "U", "undo", "puts the old content back"),
];

const COMPARE: &[Binding] = &[
    on(ENTER, Command::Enter, "Enter", "compare", "A with B; or takes this source for the side that is free"),
    chr('a', Command::SideA, "a", "as A", ""),
    chr('b', Command::SideB, "b", "as B", ""),
    chr('x', Command::Swap, "x", "swap", ""),
    SEARCH,
];

const COMPARED: &[Binding] = &[
    chr('o', Command::OnlyDifferences, "o", "only differences", ""),
    chr('x', Command::Swap, "x", "swap", "compares the other way round"),
];

const ARCHIVE: &[Binding] = &[
    on(ENTER, Command::Check, "Enter", "check", "every digest and every format, and what is in it"),
    chr('o', Command::Open, "o", "open", "shows what is in it"),
    chr(
        'O',
        Command::OpenPath,
        "O",
        "open a path",
        "an archive, an image, or a folder of NV files, wherever it lies",
    ),
    chr('c', Command::CompareWithPhone, "c", "compare", "with the phone"),
    chr('p', Command::PutBack, "p", "put back", "to the connected phone"),
    SEARCH,
    chr('r', Command::ListAgain, "r", "list again", ""),
];

const LOG: &[Binding] = &[
    chr('/', Command::Filter, "/", "filter", ""),
    chr('w', Command::Wire, "w", "wire", "with or without what was said on the cable"),
    chr('f', Command::Follow, "f", "follow", "the newest lines"),
    chr('s', Command::SaveLog, "s", "save", "masked, and without flash content"),
];

/// Returns the tables of the screen at hand, the most particular first. Moves come last.
#[must_use]
pub fn tables(model: &Model) -> Vec<&'static [Binding]> {
    let unfinished = model.connected().is_some_and(|phone| phone.open_journal.is_some());
    let mut tables: Vec<&'static [Binding]> = Vec::new();
    match model.screen {
        Screen::Connect => {
            tables.push(connect(&model.cable));
            if model.cable.devices.iter().any(|device| device.obstacle.is_some()) {
                tables.push(OBSTACLE);
            }
        }
        Screen::Phone => tables.extend([PHONE, SUBJECT]),
        Screen::Records => tables.extend([TREE, SUBJECT]),
        Screen::Backup => tables.push(BACKUP),
        Screen::Restore if model.restore.offer.is_some() => {}
        Screen::Restore if model.restore.ended.is_some() => {
            if unfinished && matches!(model.restore.ended, Some(Ended::Failed(..))) {
                tables.push(UNFINISHED);
            }
        }
        Screen::Restore => {
            if unfinished {
                tables.push(UNFINISHED);
            }
            tables.push(if model.restore.cursor == 0 { OWN_COPIES } else { CHOOSE });
        }
        Screen::Compare if model.compare.last.is_some() => tables.push(COMPARED),
        Screen::Compare => tables.push(COMPARE),
        Screen::Archive => tables.push(ARCHIVE),
        Screen::Log => tables.push(LOG),
    }
    tables
}

fn connect(cable: &Cable) -> &'static [Binding] {
    match cable.state {
        CableState::Watching { .. } => WAITING,
        CableState::Resting => RESTING,
        _ => &[],
    }
}

/// Returns what a key asks for on the screen at hand.
#[must_use]
pub fn command(model: &Model, key: Key) -> Option<Command> {
    if let Code::Char(digit @ '1'..='8') = key.code
        && !key.ctrl
    {
        let index = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or(1);
        return Screen::ALL.get(index - 1).map(|screen| Command::Go(*screen));
    }
    // Vim's letters move only where no table of the screen wants them.
    let tables = tables(model);
    let all = tables.iter().copied().chain([EVERYWHERE, MOVES]).flatten();
    all.into_iter().find(|binding| binding.key == key).map(|binding| binding.command)
}

/// Returns the bindings worth a word on the bottom line.
#[must_use]
pub fn hints(model: &Model) -> Vec<(&'static str, &'static str)> {
    if model.restore.offer.is_some() && model.screen == Screen::Restore {
        return vec![("Enter", "after the word"), ("Esc", "write nothing"), ("PgUp PgDn", "scroll")];
    }
    let running = model.work.as_ref().filter(|work| work.task != Task::List);
    if let Some(work) = running {
        let stop = if work.stage == Stage::Writing { ("q", "stop?") } else { ("Esc", "stop") };
        return vec![stop, ("8", "log"), ("1…8", "screens")];
    }
    let quiet = [Command::Left, Command::Right];
    let fields = model.screen == Screen::Records && model.records.pane == Pane::Fields;
    let mut hints: Vec<_> = tables(model)
        .into_iter()
        .flatten()
        .filter(|binding| !quiet.contains(&binding.command))
        .map(|binding| (binding.name, binding.what))
        .collect();
    // The step a bench waits for.
    let done = matches!(model.screen, Screen::Phone | Screen::Backup | Screen::Restore);
    if done && model.connected().is_some() && !model.busy() {
        hints.push(("n", "next phone"));
    }
    if fields {
        hints.insert(0, ("Left", "to the files"));
    }
    hints
}

/// Returns the tables for the help page, with their titles.
#[must_use]
pub fn sections(model: &Model) -> Vec<(&'static str, Vec<&'static Binding>)> {
    vec![
        ("On this screen", tables(model).into_iter().flatten().collect()),
        ("Everywhere", EVERYWHERE.iter().collect()),
        ("Moving", MOVES.iter().collect()),
    ]
}
