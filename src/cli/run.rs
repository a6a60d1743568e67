//! From words to work: builds the context, calls the verb, shows what came of it.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::{CommandFactory, Parser};

use super::arguments::{Arguments, Common, DialectWord, EngineChoice, PaceChoice, PartWord, VaultVerb, Verb};
use super::guard::Command;
use super::keys::KeyWords;
use super::output::{Outcome, show};
use super::signals::Signals;
use super::wrap::wrap;
use super::{archives, comparison, doctor, events, guard, preflight as rom, proof, text};
use crate::app::archive::verify;
use crate::app::backup::{BackupRequest, backup};
use crate::app::carry::Offer;
use crate::app::demo::demo;
use crate::app::diff::diff;
use crate::app::export::export;
use crate::app::guard::GuardRequest;
use crate::app::import::{ImportRequest, import};
use crate::app::info::{detect, info};
use crate::app::journal::resume;
use crate::app::mask::{mask, mask_shapes};
use crate::app::preflight::{PreflightRequest, preflight};
use crate::app::proof::proofs;
use crate::app::redact::redact;
use crate::app::repair::{RepairRequest, repair};
use crate::app::restore::{RestoreRequest, restore};
use crate::app::shelf::shelf;
use crate::app::source::inspect;
use crate::app::{
    Cables, Choices, Context, EngineWish, Exit, Failure, Keyring, Pace, Part, Reach, Report, ScreenRequest,
    Selection, ServeRequest, VerdictCode, descriptions, random, sealing,
};

/// Runs the program: parse, work, show.
pub fn run(cables: &dyn Cables, screen: Screen) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = error.print();
            return ExitCode::from(code as u8);
        }
    };
    let common = arguments.common.clone();
    let Some(chosen) = arguments.verb.or_else(without_a_verb) else {
        let _ = write!(std::io::stderr(), "{}", Arguments::command().render_help());
        return ExitCode::from(Exit::Usage as u8);
    };
    let verb = name_of(&chosen);
    let stop = Arc::new(AtomicBool::new(false));
    // A served phone has nothing to finish: there the first signal ends the program, as the system does it.
    let heard = (!matches!(chosen, Verb::Sim { .. } | Verb::Tui { .. })).then(|| Signals::hear(&stop));
    let made = context(cables, &common, &chosen, stop);
    let result = made.and_then(|context| match screen_request(&chosen, &common) {
        Some(request) => screen(&context, &request).map(|()| Outcome::nothing("tui")),
        None => work(&context, chosen, (heard.as_ref(), &common)),
    });
    show(verb, result, common.json, common.mask)
}

/// What draws the screen, given from above: this face does not know the other.
pub type Screen<'a> = &'a dyn Fn(&Context<'_>, &ScreenRequest) -> Result<(), Failure>;

/// nvkeep alone opens the screen where there is a terminal to show it on.
fn without_a_verb() -> Option<Verb> {
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let dir = PathBuf::from(".");
    let keys = KeyWords::default();
    terminal.then_some(Verb::Tui { source: None, dir, record_ui: None, replay_ui: None, mouse: false, keys })
}

fn screen_request(verb: &Verb, common: &Common) -> Option<ScreenRequest> {
    let Verb::Tui { source, dir, record_ui, replay_ui, mouse, .. } = verb else { return None };
    Some(ScreenRequest {
        file: source.clone(),
        folder: dir.clone(),
        record: record_ui.clone(),
        replay: replay_ui.clone(),
        mouse: *mouse,
        masked: common.mask,
        plain: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
    })
}

fn context<'a>(
    cables: &'a dyn Cables,
    common: &Common,
    verb: &Verb,
    stop: Arc<AtomicBool>,
) -> Result<Context<'a>, Failure> {
    Ok(Context {
        cables,
        catalog: descriptions::load(common.formats.as_deref())?,
        choices: Choices {
            port: common.port.clone(),
            timeout: Duration::from_secs(common.timeout),
            pace: match common.pace {
                PaceChoice::Strict => Pace::Strict,
                PaceChoice::Fast => Pace::Fast,
            },
            reach: Reach {
                engine: match common.engine {
                    EngineChoice::Auto => EngineWish::Auto,
                    EngineChoice::Direct => EngineWish::Direct,
                    EngineChoice::Legacy => EngineWish::Legacy,
                },
                da: common.da.clone(),
                da_by_environment: std::env::var_os("NVKEEP_DA")
                    .filter(|path| !path.is_empty())
                    .map(PathBuf::from),
            },
            scatter: common.scatter.clone(),
            data: common.data.clone(),
            record: common.record.clone(),
            replay: common.replay.clone(),
            keyring: keyring(verb, &stop)?,
            journals: journals(),
            records: matches!(verb, Verb::Inspect { records: true, .. }),
            wire: false,
        },
        sink: events::sink(common.quiet),
        stop,
        now: || jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    })
}

/// What opens sealed archives, as the verb was told.
fn keyring(verb: &Verb, stop: &Arc<AtomicBool>) -> Result<Keyring, Failure> {
    match verb {
        Verb::Backup { lock, .. } | Verb::Vault { verb: VaultVerb::Seal { lock, .. } } => lock.keyring(),
        // The screen has the terminal for itself.
        Verb::Tui { keys, .. } => Ok(keys.keyring(stop)?.quiet()),
        Verb::Inspect { keys, .. }
        | Verb::Diagnose { keys, .. }
        | Verb::Diff { keys, .. }
        | Verb::Restore { keys, .. }
        | Verb::Repair { keys, .. }
        | Verb::Verify { keys, .. }
        | Verb::Preflight { keys, .. }
        | Verb::Vault {
            verb:
                VaultVerb::List { keys, .. }
                | VaultVerb::Redact { keys, .. }
                | VaultVerb::Export { keys, .. }
                | VaultVerb::Open { keys, .. },
        } => keys.keyring(stop),
        _ => Ok(Keyring::default()),
    }
}

/// Journals lie in the user's data folder, or where `NVKEEP_HOME` says.
fn journals() -> PathBuf {
    let home = std::env::var_os("NVKEEP_HOME").map(PathBuf::from);
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let user = std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share"));
    home.or_else(|| data.or(user).map(|data| data.join("nvkeep")))
        .unwrap_or_else(|| PathBuf::from(".nvkeep"))
        .join("journals")
}

fn name_of(verb: &Verb) -> &'static str {
    match verb {
        Verb::Detect => "detect",
        Verb::Info => "info",
        Verb::Backup { .. } => "backup",
        Verb::Inspect { .. } => "inspect",
        Verb::Diagnose { .. } => "diagnose",
        Verb::Diff { .. } => "diff",
        Verb::Restore { .. } => "restore",
        Verb::Repair { .. } => "repair",
        Verb::Resume { .. } => "resume",
        Verb::Guard { .. } => "guard",
        Verb::Verify { .. } => "verify",
        Verb::Preflight { .. } => "preflight",
        Verb::Vault { verb: VaultVerb::List { .. } } => "vault list",
        Verb::Vault { verb: VaultVerb::Import { .. } } => "vault import",
        Verb::Vault { verb: VaultVerb::Export { .. } } => "vault export",
        Verb::Vault { verb: VaultVerb::Proof { .. } } => "vault proof",
        Verb::Vault { verb: VaultVerb::Redact { .. } } => "vault redact",
        Verb::Vault { verb: VaultVerb::Seal { .. } } => "vault seal",
        Verb::Vault { verb: VaultVerb::Open { .. } } => "vault open",
        Verb::Sim { .. } => "sim",
        Verb::Tui { .. } => "tui",
        Verb::Doctor { .. } => "doctor",
        Verb::Demo => "demo",
        Verb::Completions { .. } => "completions",
        Verb::Man => "man",
    }
}

fn work(
    context: &Context<'_>,
    verb: Verb,
    (signals, common): (Option<&Signals>, &Common),
) -> Result<Outcome, Failure> {
    match verb {
        Verb::Detect => {
            let devices = detect(context)?;
            let value: Vec<_> = devices
                .iter()
                .map(|device| serde_json::json!({ "port": device.port, "ids": device.ids, "mode": device.mode, "obstacle": device.obstacle }))
                .collect();
            Outcome::done("detect", &value, text::devices(&devices))
        }
        Verb::Info => {
            let result = info(context)?;
            Outcome::done("info", &result, text::info(&result))
        }
        Verb::Backup { output, note, full, force, lock } => {
            let lock = lock.lock()?;
            let request = BackupRequest { output, note, full, force, lock, ..BackupRequest::default() };
            let result = backup(context, &request)?;
            let text = text::backup(&result);
            let exit = if result.lacking.is_empty() { Exit::Done } else { Exit::ReadIncomplete };
            Ok(Outcome {
                exit,
                identities: result.report.identities(),
                ..Outcome::done("backup", &result, text)?
            })
        }
        Verb::Inspect { source, .. } => {
            let report = inspect(context, source.as_deref())?;
            let text = text::inspect(&report);
            judged("inspect", &report, text)
        }
        Verb::Diagnose { source, .. } => {
            let report = inspect(context, source.as_deref())?;
            let text = text::diagnose(&report);
            judged("diagnose", &report, text)
        }
        Verb::Diff { a, b, .. } => {
            let result = diff(context, &a, &b)?;
            let text = comparison::diff(&result);
            let exit = if result.comparison.damaged_in_b { Exit::Damaged } else { Exit::Done };
            let identities = result.identities.clone();
            Ok(Outcome { exit, identities, ..Outcome::done("diff", &result, text)? })
        }
        Verb::Restore { archive, dry_run, yes, only, .. } => {
            let request = RestoreRequest { archive, dry_run, selection: selection(&only) };
            let result = restore(context, &request, &mut |offer| {
                yes || ask(context, &planned(&offer, common.mask), "Write this to the phone?")
            })?;
            let text = text::restore(&result);
            Ok(Outcome { identities: result.after.identities(), ..Outcome::done("restore", &result, text)? })
        }
        Verb::Repair { from, new_mac, label_imei, deep, dry_run, yes, .. } => {
            let new_macs = new_mac.then(random::addresses).transpose()?;
            let request = RepairRequest { archive: from, label: label_imei, new_macs, deep, dry_run };
            let result = repair(context, &request, &mut |offer| {
                yes || ask(context, &planned(&offer, common.mask), "Write this to the phone?")
            })?;
            let text = text::repair(&result);
            // The evidence that is shown may hold what the phone lost since.
            let identities = [result.before.identities(), result.after.identities()].concat();
            Ok(Outcome { identities, ..Outcome::done("repair", &result, text)? })
        }
        Verb::Resume { undo, yes } => {
            let result =
                resume(context, undo, &mut |title| yes || ask(context, &format!("{title}\n"), "Go on?"))?;
            let text = text::resume(&result);
            Outcome::done("resume", &result, text)
        }
        Verb::Guard { output, note, yes, return_timeout, command } => {
            let backup = BackupRequest { output, note, ..BackupRequest::default() };
            let request = GuardRequest { backup, return_within: Duration::from_secs(return_timeout) };
            guard::guard(context, &request, Command::new(command, common.json, signals), &mut |offer| {
                yes || ask(context, &planned(&offer, common.mask), "Put this back on the phone?")
            })
        }
        Verb::Verify { archive, .. } => {
            let result = verify(context, &archive)?;
            let text = text::verify(&archive, &result);
            Ok(Outcome { identities: result.report.identities(), ..Outcome::done("verify", &result, text)? })
        }
        Verb::Preflight { package, phone, archive, .. } => {
            let result = preflight(context, &PreflightRequest { package, phone, archive })?;
            let (exit, identities) = (result.exit(), result.identities.clone());
            Ok(Outcome { exit, identities, ..Outcome::done("preflight", &result, rom::preflight(&result))? })
        }
        Verb::Vault { verb } => vault(context, verb),
        Verb::Sim { make_agent: Some(file), dialect, .. } => make_agent(context, &file, dialect),
        Verb::Sim { scenario, listen, state, connections, .. } => {
            sim(context, scenario.unwrap_or_default(), listen, state, connections)
        }
        // Answered before: the screen is another face.
        Verb::Tui { .. } => Ok(Outcome::nothing("tui")),
        Verb::Doctor { print_udev, install_udev } => doctor::doctor(context, print_udev, install_udev),
        Verb::Demo => {
            let result = demo(context)?;
            let text = text::demo(&result);
            Ok(Outcome { identities: result.end.identities(), ..Outcome::done("demo", &result, text)? })
        }
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "nvkeep", &mut script);
            Outcome::done("completions", &(), String::from_utf8_lossy(&script).into_owned())
        }
        Verb::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Arguments::command())
                .render(&mut page)
                .map_err(|error| Failure::new(Exit::Other, "man", error.to_string()))?;
            Outcome::done("man", &(), String::from_utf8_lossy(&page).into_owned())
        }
    }
}

fn vault(context: &Context<'_>, verb: VaultVerb) -> Result<Outcome, Failure> {
    match verb {
        VaultVerb::List { dir, search, .. } => {
            let result = shelf(context, &dir, search.as_deref())?;
            let identities = result.identities.clone();
            let text = archives::shelf(&result);
            Ok(Outcome { identities, ..Outcome::done("vault list", &result, text)? })
        }
        VaultVerb::Import { source, output, chip, note } => {
            let result = import(context, &ImportRequest { source, output, chip, note })?;
            let text = archives::import(&result);
            Ok(Outcome {
                identities: result.report.identities(),
                ..Outcome::done("vault import", &result, text)?
            })
        }
        VaultVerb::Proof { number } => {
            let result = proofs(context, number)?;
            let identities = result.identities();
            let text = proof::proofs(&result, number.is_some());
            Ok(Outcome { identities, ..Outcome::done("vault proof", &result, text)? })
        }
        VaultVerb::Export { archive, dir, .. } => {
            let result = export(context, &archive, &dir)?;
            Outcome::done("vault export", &result, archives::export(&result))
        }
        VaultVerb::Redact { archive, output, force, .. } => {
            let result = redact(context, &archive, &output, force)?;
            let text = archives::redact(&result);
            let identities = result.report.identities();
            Ok(Outcome { identities, ..Outcome::done("vault redact", &result, text)? })
        }
        VaultVerb::Seal { archive, output, force, lock } => {
            let lock = lock.lock_or_ask(&context.stop)?;
            let result = sealing::seal(context, (&archive, &output), &lock, force)?;
            Outcome::done("vault seal", &result, archives::sealed(&result))
        }
        VaultVerb::Open { archive, output, force, .. } => {
            let result = sealing::open(context, (&archive, &output), force)?;
            Outcome::done("vault open", &result, archives::opened(&result))
        }
    }
}

/// A damaged identity is an answer, not a failure: the document is whole, the exit code is 9; 6 where what decides could not
/// be read.
fn judged(verb: &'static str, report: &Report, text: String) -> Result<Outcome, Failure> {
    let exit = match report.survey.verdict.code {
        VerdictCode::Healthy => Exit::Done,
        VerdictCode::Unread => Exit::ReadIncomplete,
        _ => Exit::Damaged,
    };
    Ok(Outcome { exit, identities: report.identities(), ..Outcome::done(verb, report, text)? })
}

fn make_agent(context: &Context<'_>, file: &Path, dialect: DialectWord) -> Result<Outcome, Failure> {
    let bytes = context.cables.sample_agent(dialect == DialectWord::D13);
    std::fs::write(file, bytes).map_err(|error| Failure::file("writing the DA file", file, &error))?;
    Outcome::done("sim", &serde_json::json!({ "agent": file }), format!("wrote {}\n", file.display()))
}

fn sim(
    context: &Context<'_>,
    scenario: String,
    listen: String,
    state: Option<PathBuf>,
    connections: Option<u32>,
) -> Result<Outcome, Failure> {
    if scenario == "list" {
        let scenarios = context.cables.scenarios();
        let value: Vec<_> = scenarios
            .iter()
            .map(|scenario| serde_json::json!({ "name": scenario.name, "about": scenario.about }))
            .collect();
        return Outcome::done("sim", &value, text::scenarios(&scenarios));
    }
    let request = ServeRequest { scenario, listen, data: context.choices.data.clone(), state, connections };
    let mut out = std::io::stdout();
    context.cables.serve(&request, &mut |line| {
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    })?;
    Outcome::done("sim", &(), String::new())
}

/// No word at all means everything.
fn selection(parts: &[PartWord]) -> Selection {
    if parts.is_empty() {
        return Selection::All;
    }
    let part = |word: &PartWord| match word {
        PartWord::Imei => Part::Imei,
        PartWord::Wifi => Part::Wifi,
        PartWord::Bt => Part::Bt,
        PartWord::Calibration => Part::Calibration,
        PartWord::Simlock => Part::Simlock,
    };
    Selection::Only(parts.iter().map(part).collect())
}

/// A plan as it is shown before it is confirmed: whole, or masked where others look on.
fn planned(offer: &Offer<'_>, masked: bool) -> String {
    let plan = text::plan(offer.plan);
    if !masked {
        return plan;
    }
    mask_shapes(&mask(&plan, &[offer.before.identities(), offer.after.identities()].concat()))
}

/// Asks on a terminal; without one the answer is no, because verbs never prompt there.
pub(super) fn ask(context: &Context<'_>, plan: &str, question: &str) -> bool {
    let stdin = std::io::stdin();
    let mut stderr = std::io::stderr();
    let plan = if stderr.is_terminal() { wrap(plan, textwrap::termwidth()) } else { plan.to_owned() };
    let _ = write!(stderr, "{plan}");
    if !stdin.is_terminal() {
        let _ = writeln!(stderr, "There is no terminal to ask at; use --yes to carry the plan out.");
        return false;
    }
    let _ = write!(stderr, "{question} Type yes: ");
    let _ = stderr.flush();
    // Read beside, because a signal does not end a read: the first Ctrl-C at the question must be an answer.
    let (answered, answer) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = stdin.read_line(&mut line);
        let _ = answered.send(line);
    });
    loop {
        match answer.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => return line.trim().eq_ignore_ascii_case("yes"),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) if context.go_on().is_ok() => {}
            Err(_) => return false,
        }
    }
}
