//! The connect screen: what is waited for, how to get a phone there, what is on the bus, and the phones so far.

use std::time::Duration;

use super::{Page, Role, Row, clip, judgement, span, trouble};
use crate::app::amount::duration;
use crate::tui::model::bench::CableState;
use crate::tui::model::{Model, TallyRow};

/// How long a preloader listens (preloader-and-legacy-da.md 1.4).
const WINDOW: Duration = Duration::from_millis(2500);

/// Writes the page.
pub(super) fn write(page: &mut Page, model: &Model) {
    state(page, model);
    page.gap();
    if let Some(failure) = &model.cable.trouble {
        trouble::write(page, "last phone", failure);
        page.gap();
    }
    if matches!(model.cable.state, CableState::Watching { .. } | CableState::Resting) {
        hints(page, model);
        devices(page, model);
    }
    tally(page, model);
}

fn state(page: &mut Page, model: &Model) {
    let waited = |since: Duration| duration(model.now.saturating_sub(since));
    let port = &model.setup.port;
    match &model.cable.state {
        CableState::Resting => {
            let again = if model.cable.left { " The phone restarts; it may be unplugged." } else { "" };
            page.say(Role::Plain, &format!("Nobody is waited for.{again}"));
            page.row(vec![
                span(Role::Key, "Enter"),
                span(Role::Plain, format!(" waits for a phone at {port}")),
            ]);
        }
        CableState::Watching { since, fresh: true } => {
            page.say(Role::Title, "Unplug the phone: it was told to restart.");
            page.say(
                Role::Plain,
                &format!("The next one is waited for as soon as {port} is empty ({}).", waited(*since)),
            );
        }
        CableState::Watching { since, .. } => {
            page.row(vec![
                span(Role::Title, format!("Waiting for a phone at {port}")),
                span(Role::Dim, format!("   {}", waited(*since))),
            ]);
        }
        CableState::Connecting { since } => {
            let text = format!("A phone is here. It is being asked who it is … {}", waited(*since));
            page.say(Role::Title, &text);
        }
        CableState::Connected(phone) => {
            let facts = &phone.info.phone;
            page.say(Role::Good, &format!("✓ Connected: {} with {}", facts.chip, facts.told_by()));
            page.row(vec![
                span(Role::Key, "2"),
                span(Role::Plain, " shows it, "),
                span(Role::Key, "n"),
                span(Role::Plain, " lets it go and waits for the next one"),
            ]);
        }
    }
    window(page, model);
}

/// The time that is left to a preloader that nobody has answered yet.
fn window(page: &mut Page, model: &Model) {
    let Some(since) = model.cable.boot_since else { return };
    if !matches!(model.cable.state, CableState::Watching { .. } | CableState::Connecting { .. }) {
        return;
    }
    let left = WINDOW.saturating_sub(model.now.saturating_sub(since));
    let text = match left.is_zero() {
        true => "The preloader's time to listen (2.5 s) is over: unplug, and plug in again.".to_owned(),
        false => {
            format!("The preloader listens for another {}.{} s", left.as_secs(), left.subsec_millis() / 100)
        }
    };
    page.say(Role::Warn, &text);
}

fn hints(page: &mut Page, model: &Model) {
    if !model.setup.port.starts_with("usb") {
        return;
    }
    page.title("How a phone gets into its preloader");
    for (index, step) in [
        "Take it off the cable and switch it off. If the battery comes out, take it out for a moment and put it back in.",
        "Plug the cable in now. The preloader listens for about 2.5 seconds; nvkeep answers in time.",
        "If a charging picture appears, the preloader was passed: unplug, and try again, holding a volume key.",
    ]
    .into_iter()
    .enumerate()
    {
        page.hang(3, Role::Dim, &format!("{}.", index + 1), Role::Plain, step);
    }
}

fn devices(page: &mut Page, model: &Model) {
    page.title("On the USB now");
    if model.cable.devices.is_empty() {
        page.say(Role::Dim, "no MediaTek device");
    }
    for device in &model.cable.devices {
        let role = if device.boot { Role::Good } else { Role::Warn };
        let name = format!("{:11}{:10}", clip(&device.port, 10), clip(&device.ids, 9));
        page.row(vec![span(Role::Plain, name), span(role, device.mode.clone())]);
        if let Some(obstacle) = &device.obstacle {
            page.hang(4, Role::Bad, "✗", Role::Bad, obstacle);
            mend(page, obstacle);
        }
    }
}

/// What mends an obstacle.
fn mend(page: &mut Page, obstacle: &str) {
    if !obstacle.contains("permission") {
        let text = "Close the other program (ModemManager and SP Flash Tool are the usual ones), then plug in again.";
        return page.hang(4, Role::Plain, "", Role::Plain, text);
    }
    page.hang(
        4,
        Role::Key,
        "u",
        Role::Plain,
        "writes the rule that mends it to the folder of archives. Then, there:",
    );
    let commands =
        ["sudo cp 70-nvkeep.rules /etc/udev/rules.d/", "sudo udevadm control --reload", "and plug in again"];
    for command in commands {
        page.hang(6, Role::Plain, "", Role::Title, command);
    }
}

fn tally(page: &mut Page, model: &Model) {
    if model.tally.rows.is_empty() {
        return;
    }
    let [good, bad, mended] = model.tally.counts();
    page.title("Phones of this session");
    page.row(vec![
        span(Role::Plain, format!("{} in all, ", model.tally.rows.len())),
        span(Role::Good, format!("✓ {good} good")),
        span(Role::Plain, ", "),
        span(if bad == 0 { Role::Dim } else { Role::Bad }, format!("✗ {bad} not good")),
        span(Role::Plain, format!(", {mended} of the good ones mended here")),
    ]);
    for row in model.tally.rows.iter().rev() {
        page.row(tally_row(row));
    }
}

fn tally_row(row: &TallyRow) -> Row {
    let word = |code| judgement::tone(code);
    let mut out = vec![span(
        Role::Plain,
        format!(
            "{:8}{:10}{:17}",
            clip(&row.chip, 7),
            row.cid.get(20..28).unwrap_or("-"),
            row.imei.as_deref().unwrap_or("no IMEI")
        ),
    )];
    match (row.came, row.now) {
        (Some(came), Some(now)) if came != now => {
            out.push(span(word(came).1, word(came).0));
            out.push(span(Role::Dim, " → "));
            out.push(span(word(now).1, word(now).0));
        }
        (_, Some(now)) => out.push(span(word(now).1, word(now).0)),
        _ => out.push(span(Role::Warn, "UNKNOWN")),
    }
    if row.written {
        out.push(span(Role::Good, "  written and read back"));
    }
    if let Some(saved) = &row.saved {
        out.push(span(Role::Dim, format!("  {saved}")));
    }
    out
}
