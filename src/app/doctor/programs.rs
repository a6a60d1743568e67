//! Programs that speak to every new serial device before anybody else can: ModemManager and brltty.

use super::files::{names, word};
use super::rules::Rules;
use super::{Check, Places, State};

/// Where services are described, the administrator's first.
const UNITS: [&str; 4] =
    ["etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];
/// Where programs of the system lie.
const PROGRAMS: [&str; 5] = ["usr/sbin", "usr/bin", "sbin", "bin", "usr/libexec"];

/// How present a program is.
#[derive(PartialEq, Eq)]
enum Presence {
    Running,
    Installed,
    Masked,
    Absent,
}

fn presence(places: &Places, program: &str, unit: &str) -> Presence {
    let processes = places.at("proc");
    let is_number = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
    let is_it = |pid: &String| word(&processes.join(pid).join("comm")).is_some_and(|comm| comm == program);
    if names(&processes).iter().filter(|name| is_number(name)).any(is_it) {
        return Presence::Running;
    }
    for folder in UNITS {
        let unit = places.at(folder).join(unit);
        // An administrator's link to nowhere switches a service off.
        match std::fs::read_link(&unit) {
            Ok(target) if target.as_os_str() == "/dev/null" => return Presence::Masked,
            _ if unit.is_file() => return Presence::Installed,
            _ => {}
        }
    }
    match PROGRAMS.iter().any(|folder| places.at(folder).join(program).is_file()) {
        true => Presence::Installed,
        false => Presence::Absent,
    }
}

/// Checks that ModemManager leaves phones alone.
pub(super) fn modem_manager(places: &Places, rules: &Rules) -> Check {
    let check = |state, says: String| Check::new("modemmanager", state, says);
    let kept_away = rules.rules.iter().find(|rule| rule.keeps_modem_manager_away());
    match (presence(places, "ModemManager", "ModemManager.service"), kept_away) {
        (Presence::Absent, _) => check(State::Ok, "ModemManager is not installed".into()),
        (Presence::Masked, _) => check(State::Ok, "ModemManager is switched off (masked)".into()),
        (_, Some(rule)) => {
            check(State::Ok, format!("ModemManager is kept away from phones by {}", rule.path))
        }
        (Presence::Running, None) => check(
            State::Bad,
            "ModemManager runs, and no rule keeps it away: it talks into the preloader's short window".into(),
        )
        .mend("nvkeep doctor --install-udev   # or: sudo systemctl stop ModemManager"),
        (Presence::Installed, None) => check(
            State::Warn,
            "ModemManager is installed, does not run now, and no rule keeps it away".into(),
        )
        .mend("nvkeep doctor --install-udev"),
    }
}

/// Checks that brltty leaves phones alone.
pub(super) fn brltty(places: &Places, rules: &Rules) -> Check {
    let check = |state, says: String| Check::new("brltty", state, says);
    let claims = rules.rules.iter().find(|rule| rule.name.contains("brltty"));
    match (presence(places, "brltty", "brltty.service"), claims) {
        (Presence::Absent, _) => check(State::Ok, "brltty is not installed".into()),
        (Presence::Masked, _) => check(State::Ok, "brltty is switched off (masked)".into()),
        (_, Some(rule)) => check(State::Bad, format!("brltty takes MediaTek's devices, by {}", rule.path))
            .mend("sudo systemctl mask --now brltty.path brltty.service   # if nobody here reads Braille"),
        (Presence::Running, None) => {
            check(State::Warn, "brltty runs; it may take serial devices for Braille displays".into())
                .mend("sudo systemctl stop brltty   # if nobody here reads Braille")
        }
        (Presence::Installed, None) => check(
            State::Ok,
            "brltty is installed, does not run, and has no rule for MediaTek's devices".into(),
        ),
    }
}
