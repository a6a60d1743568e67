//! Whether this user may open a phone: the udev rule, the desk, and groups.

use super::files::{names, plain, text};
use super::rules::{Rule, Rules, own_path};
use super::{Check, Places, State};
use crate::app::udev::SEAT_FILE;

const INSTALL: &str = "nvkeep doctor --install-udev";
/// Groups that distributions give phones and serial ports to.
const GROUPS: [&str; 4] = ["plugdev", "dialout", "uucp", "adbusers"];

/// Who runs this program.
pub(super) struct User {
    /// Number; nothing when the system does not tell.
    id: Option<u32>,
    /// Names of the user's groups.
    groups: Vec<String>,
    /// Whether this user sits at the desk.
    at_desk: Option<bool>,
}

impl User {
    /// Reads who this process is, and who sits at the desk.
    pub fn read(places: &Places) -> Self {
        let status = text(&places.at("proc/self/status")).map(|text| text.text).unwrap_or_default();
        let line = |label: &str| status.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default();
        let id = line("Uid:").split_whitespace().nth(1).and_then(|id| id.parse().ok());
        let mut numbers: Vec<&str> = line("Groups:").split_whitespace().collect();
        numbers.extend(line("Gid:").split_whitespace().nth(1));
        let table = text(&places.at("etc/group")).map(|text| text.text).unwrap_or_default();
        let named = |line: &str| {
            let mut fields = line.split(':');
            let (name, number) = (fields.next()?, fields.nth(1)?);
            numbers.contains(&number).then(|| plain(name))
        };
        let seats = places.at("run/systemd/seats");
        let active = |name: &String| {
            let seat = text(&seats.join(name))?.text;
            seat.lines().find_map(|line| line.strip_prefix("ACTIVE_UID="))?.trim().parse::<u32>().ok()
        };
        let at_desk =
            seats.is_dir().then(|| names(&seats).iter().filter_map(active).any(|user| Some(user) == id));
        Self { id, groups: table.lines().filter_map(named).collect(), at_desk }
    }

    fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|known| known == group)
    }

    fn is_root(&self) -> bool {
        self.id == Some(0)
    }
}

/// What a rule gives.
enum Gift<'a> {
    /// Everybody may open the phone.
    Everybody,
    /// The user at the desk may.
    Desk,
    /// The user at the desk would, but the tag comes too late.
    DeskTooLate,
    /// A group may.
    Group(&'a str),
    /// Nothing.
    Nothing,
}

fn gift(rule: &Rule) -> Gift<'_> {
    let mode = rule.sets("MODE").map(|mode| mode.trim_start_matches('0'));
    let writes = |digit: Option<char>| matches!(digit, Some('6' | '7'));
    if writes(mode.and_then(|mode| mode.chars().nth(2))) {
        return Gift::Everybody;
    }
    if rule.tags_for_the_desk() && rule.name.as_str() < SEAT_FILE {
        return Gift::Desk;
    }
    match rule.sets("GROUP") {
        Some(group) if mode.is_none_or(|mode| writes(mode.chars().nth(1))) => Gift::Group(group),
        _ if rule.tags_for_the_desk() => Gift::DeskTooLate,
        _ => Gift::Nothing,
    }
}

/// Checks that a rule lets somebody open the phone.
pub(super) fn rule(rules: &Rules, user: &User) -> Check {
    let check = |state, says: String| Check::new("rule", state, says);
    if !rules.known {
        return check(
            State::Unknown,
            "no folder of udev rules is here, so nothing tells who may open a phone".into(),
        );
    }
    let mut best = None;
    for rule in &rules.rules {
        let found = match gift(rule) {
            Gift::Everybody => {
                (3, check(State::Ok, format!("{} lets everybody open MediaTek's devices", rule.path)))
            }
            Gift::Desk => (
                3,
                check(State::Ok, format!("{} lets the user at the desk open MediaTek's devices", rule.path)),
            ),
            Gift::Group(group) => {
                let says = format!("{} lets group {} open MediaTek's devices", rule.path, plain(group));
                (2, check(State::Ok, says))
            }
            Gift::DeskTooLate => {
                let says = format!(
                    "{} tags MediaTek's devices for the user at the desk, but its name sorts behind {SEAT_FILE}, where the tag is \
                     looked for: it has no effect",
                    rule.path
                );
                (1, check(State::Bad, says).mend(INSTALL))
            }
            Gift::Nothing => {
                let says = format!("{} names MediaTek's devices, but lets nobody open them", rule.path);
                (0, check(State::Bad, says).mend(INSTALL))
            }
        };
        if best.as_ref().is_none_or(|(rank, _)| found.0 > *rank) {
            best = Some(found);
        }
    }
    match best {
        Some((_, check)) if check.state == State::Bad && user.is_root() => {
            Check { state: State::Warn, ..check }
        }
        Some((_, check)) => check,
        None if user.is_root() => {
            check(State::Warn, "no udev rule lets a user open a phone; root may without one".into())
                .mend(INSTALL)
        }
        None if !rules.cut.is_empty() => check(
            State::Unknown,
            format!(
                "no udev rule for MediaTek's devices was seen, but {} is too large to be read whole",
                rules.cut.join(", ")
            ),
        )
        .mend(INSTALL),
        None => check(
            State::Bad,
            format!("no udev rule lets you open a phone ({} is the place for one)", own_path()),
        )
        .mend(INSTALL),
    }
}

/// Checks that this user is one of those the rules let in.
pub(super) fn groups(rules: &Rules, user: &User) -> Check {
    let check = |state, says: String| Check::new("groups", state, says);
    let member: Vec<&str> = GROUPS.into_iter().filter(|group| user.is_in(group)).collect();
    let member = if member.is_empty() { "none of the groups for devices".into() } else { member.join(", ") };
    if user.is_root() {
        return check(State::Ok, "you are root, who may open everything; no verb needs it".into());
    }
    let gifts: Vec<Gift<'_>> = rules.rules.iter().map(gift).collect();
    if gifts.iter().any(|gift| matches!(gift, Gift::Everybody)) {
        return check(State::Ok, format!("the rule asks for no group; you are in {member}"));
    }
    let let_in = gifts.iter().any(|gift| matches!(gift, Gift::Group(group) if user.is_in(group)));
    if let_in {
        return check(State::Ok, format!("you are in {member}"));
    }
    let desk = gifts.iter().any(|gift| matches!(gift, Gift::Desk));
    let group = gifts.iter().find_map(|gift| match gift {
        Gift::Group(group) => Some(plain(group)),
        _ => None,
    });
    match (desk, user.at_desk, group) {
        (true, Some(true), _) => check(State::Ok, format!("you sit at the desk, and are in {member}")),
        (_, _, Some(group)) => check(
            State::Bad,
            format!("the rule lets group {group} in, and you are not in it (you are in {member})"),
        )
        .mend(format!("sudo usermod -aG {} \"$USER\"   # then log in again", shell_word(&group))),
        (true, Some(false), None) => check(
            State::Warn,
            "the rule lets the user at the desk in, and that is not you (ssh, a server, or no session)".into(),
        )
        .mend(format!(
            "sudo sed -i 's/MODE=\"0660\"/MODE=\"0660\", GROUP=\"plugdev\"/' {} && sudo udevadm control --reload && sudo usermod -aG plugdev \
             \"$USER\"   # then log in again",
            own_path()
        )),
        (true, None, None) => check(State::Unknown, format!("nothing tells who sits at the desk; you are in {member}")),
        (false, ..) => check(State::Unknown, format!("no rule asks for a group; you are in {member}")),
    }
}

/// A group's name is put into a command only if it is a name.
fn shell_word(word: &str) -> &str {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if plain && !word.is_empty() { word } else { "GROUP" }
}
