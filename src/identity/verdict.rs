//! The verdict: what the next boot will believe, what it lacks, and whether the phone still holds it elsewhere. Written
//! for the person at the bench: every sentence names the layer, what is in it, and what that does to the phone.

use super::survey::{BootsFrom, ImeiSlot, Layer, LayerState, Status, Value, Verdict, VerdictCode};

/// What a phone needs, and how a layer shows that it has it.
struct Aspect {
    what: &'static str,
    good: fn(&Layer) -> bool,
    /// What is wrong with it in the layer that is believed, and what the phone does then.
    say: fn(&Layer) -> String,
}

/// Only spoken of where a file says that it has none.
const POWER: &str = "Wi-Fi transmit power";

const ASPECTS: [Aspect; 5] = [
    Aspect { what: "IMEI", good: has_imei, say: say_imei },
    Aspect { what: "Wi-Fi address", good: |layer| is_valid(layer.wifi_mac.as_ref()), say: say_wifi },
    Aspect { what: "Bluetooth address", good: |layer| is_valid(layer.bt_mac.as_ref()), say: say_bluetooth },
    Aspect { what: POWER, good: has_power, say: say_power },
    Aspect { what: "RF calibration", good: has_calibration, say: say_calibration },
];

/// Everything the sentences are made of.
#[derive(Default)]
struct Findings {
    symptoms: Vec<String>,
    /// What no layer holds any more.
    gone: Vec<&'static str>,
    /// Where something survives, as `what in layer`.
    survives: Vec<String>,
    notes: Vec<String>,
}

/// Judges layers by what the next boot believes.
pub(super) fn verdict(layers: &[Layer], boots_from: BootsFrom, remnants: &[String]) -> Verdict {
    let named = |name: &str| layers.iter().find(|layer| layer.name == name);
    let boot = match boots_from {
        BootsFrom::Live => named("live"),
        BootsFrom::Binregion => named("binregion"),
        // The best that can be judged by.
        BootsFrom::Unknown => named("binregion").filter(|layer| layer.state == LayerState::Valid),
        BootsFrom::None => None,
    };
    let unread = boots_from == BootsFrom::Unknown;
    let mut found = Findings::default();
    if boot.is_none() && unread {
        found.symptoms.push(
            "The BinRegion is not valid and the live files cannot be read here, so nothing shows what the next boot believes.".into(),
        );
    } else if boot.is_none() {
        found.symptoms.push(
            "The next boot finds neither valid live files nor a valid BinRegion: the modem starts with made-up values, and there is no service.".into(),
        );
    }
    aspects(&mut found, layers, boot, remnants);
    places(&mut found, layers, boots_from);
    disagreement(&mut found, layers);
    let identity = || ASPECTS.iter().filter(|aspect| aspect.what != POWER);
    let any = identity().any(|aspect| layers.iter().any(|layer| (aspect.good)(layer)))
        || layers.iter().any(|layer| is_valid(layer.barcode.as_ref()) || layer.marks.sealed)
        || layers.iter().any(|layer| layer.marks.whole_locks > 0)
        || !remnants.is_empty();
    conclude(found, boots_from, any)
}

/// What the layer that is believed lacks, and where it survives.
fn aspects(found: &mut Findings, layers: &[Layer], boot: Option<&Layer>, remnants: &[String]) {
    for aspect in &ASPECTS {
        if aspect.what == POWER && !boot.is_some_and(|layer| layer.marks.no_tx_power) {
            continue;
        }
        if aspect.what == "IMEI" && boot.is_some_and(|layer| layer.marks.sealed) {
            found.notes.push(
                "The IMEI cannot be read, because this phone's key is unknown; it is compared and kept as it is.".into(),
            );
            continue;
        }
        if boot.is_some_and(aspect.good) {
            continue;
        }
        if let Some(layer) = boot {
            found.symptoms.push((aspect.say)(layer));
        }
        let holders: Vec<&str> =
            layers.iter().filter(|layer| (aspect.good)(layer)).map(|layer| title(layer.name)).collect();
        if !holders.is_empty() {
            found.survives.push(format!("{} in {}", aspect.what, holders.join(" and ")));
        } else if aspect.what == "IMEI" && !remnants.is_empty() {
            found.survives.push(format!("IMEI in {}", remnants.join(" and ")));
        } else if aspect.what == "RF calibration" && calibration_is_spread(layers) {
            found.survives.push("RF calibration, file by file in several layers".into());
        } else {
            found.gone.push(aspect.what);
        }
    }
}

/// Damage of a place, whatever the next boot believes.
fn places(found: &mut Findings, layers: &[Layer], boots_from: BootsFrom) {
    for layer in layers {
        let broken = matches!(layer.state, LayerState::Corrupt | LayerState::Blank);
        let why = layer.reason.as_deref().unwrap_or("damaged");
        match layer.name {
            "binregion" if broken => {
                let lean = match boots_from {
                    BootsFrom::Live => {
                        " The phone runs on its live files; a factory reset would take its identity."
                    }
                    _ => "",
                };
                found.symptoms.push(format!("BinRegion: {why}.{lean}"));
                let live = layers.iter().find(|layer| layer.name == "live");
                if live.is_some_and(|live| live.state == LayerState::Valid) {
                    found.survives.push("every file in the live files".into());
                }
            }
            "live" if layer.marks.unreadable => {
                found.symptoms.push(format!("Live files: their file system cannot be read: {why}."));
            }
            "live" if layer.marks.first_boot => found.symptoms.push(
                "Live files: the modem's marker of an unfinished first boot (md/FAT*.log) is there; at the next boot the modem empties its NVRAM and starts with made-up values."
                    .into(),
            ),
            "live" if broken && boots_from == BootsFrom::Live => {
                found
                    .symptoms
                    .push(format!("Live files: {why}. The phone marks them valid and will use them."));
            }
            "live" if layer.state == LayerState::Unread => found.notes.push(format!(
                "The live files, which the next boot believes where they are valid, are not read: {why}."
            )),
            "live" if boots_from == BootsFrom::Binregion => found.notes.push(
                "There are no valid live files; the phone rebuilds them from the BinRegion at its next boot."
                    .into(),
            ),
            "simlock" if broken => {
                found.symptoms.push(format!("SIM lock: {why}."));
                match layer.marks.whole_locks {
                    0 => found.gone.push("SIM lock"),
                    1 => found.survives.push("SIM lock in its other copy".into()),
                    _ => found.survives.push("SIM lock in two copies".into()),
                }
            }
            _ => {}
        }
    }
}

/// Two valid numbers cannot both be this phone's.
fn disagreement(found: &mut Findings, layers: &[Layer]) {
    let number = |layer: &Layer| {
        layer.imei.first().filter(|slot| slot.slot == 1 && slot.status == Status::Valid)?.value.clone()
    };
    let mut known = layers.iter().filter_map(|layer| Some((layer.name, number(layer)?)));
    let Some((first, value)) = known.next() else { return };
    if let Some((second, _)) = known.find(|(_, other)| *other != value) {
        let (first, second) = (title(first), title(second));
        found.symptoms.push(format!(
            "IMEI slot 1 is one number in {first} and another in {second}; only one can be the phone's own. Compare both with its label."
        ));
    }
}

fn conclude(found: Findings, boots_from: BootsFrom, any: bool) -> Verdict {
    let unread = boots_from == BootsFrom::Unknown;
    let Findings { symptoms, gone, survives, notes } = found;
    let save = "nvkeep backup -o before.nvk   (saves what is there, before anything else is tried)";
    let restore = "nvkeep restore ARCHIVE.nvk   (an archive of this very phone; it is checked)";
    let note = notes.iter().map(|note| format!(" {note}")).collect::<String>();
    let place = if unread { "in what can be read of the phone" } else { "on the phone" };
    let (code, summary, steps) = if symptoms.is_empty() && unread {
        let summary =
            format!("What can be read, the phone's own backup (its BinRegion) first of all, is valid.{note}");
        (VerdictCode::Unread, summary, vec!["nvkeep backup   (what can be read is worth saving)".to_owned()])
    } else if symptoms.is_empty() {
        let believed = match boots_from {
            BootsFrom::Live => "live files",
            _ => "BinRegion",
        };
        let mut steps = vec!["nvkeep backup   (a healthy phone is the one worth saving)".to_owned()];
        if boots_from == BootsFrom::Binregion {
            steps.push("Boot the phone once, then: nvkeep diagnose".into());
        }
        (
            VerdictCode::Healthy,
            format!("Everything the next boot believes, its {believed}, is valid.{note}"),
            steps,
        )
    } else if !any && !unread {
        (
            VerdictCode::Lost,
            "Nothing of this phone's identity is left on it.".into(),
            vec![
                "Look for an archive of this very phone, on every machine that ever flashed it.".into(),
                restore.into(),
            ],
        )
    } else if gone.is_empty() {
        let kept = match survives.is_empty() {
            true => String::new(),
            false => format!(": {}", survives.join(", ")),
        };
        (
            VerdictCode::Repairable,
            format!("Something is damaged, and the phone itself still holds what it needs{kept}.{note}"),
            vec![
                save.into(),
                "nvkeep repair   (from what survives on the phone; the plan is shown first)".into(),
                restore.into(),
                "Without an archive: do not format or reset the phone; what survives is in before.nvk too."
                    .into(),
            ],
        )
    } else {
        let kept = match survives.is_empty() {
            true => String::new(),
            false => format!(" It still holds: {}.", survives.join(", ")),
        };
        (
            VerdictCode::NeedsArchive,
            format!("No valid copy is left {place} of: {}.{kept}{note}", gone.join(", ")),
            vec![save.into(), restore.into()],
        )
    };
    // What cannot be read lies on a raw NAND, to which nothing is written: what would be done can be shown.
    let steps = if unread && code != VerdictCode::Unread {
        let from = if code == VerdictCode::Repairable { "" } else { " --from ARCHIVE.nvk" };
        let why = "shows what would mend it; nvkeep does not write to a raw NAND";
        vec![save.to_owned(), format!("nvkeep repair{from} --dry-run   ({why})")]
    } else {
        steps
    };
    Verdict { code, summary, symptoms, steps }
}

fn title(name: &str) -> &str {
    match name {
        "binregion" => "the BinRegion",
        "live" => "the live files",
        "pro_info" => "PRO_INFO",
        other => other,
    }
}

fn is_valid(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.status == Status::Valid)
}

fn has_imei(layer: &Layer) -> bool {
    layer.imei.first().is_some_and(|slot| slot.slot == 1 && slot.status == Status::Valid)
}

fn has_power(layer: &Layer) -> bool {
    let has_file = layer.name != "pro_info" && layer.wifi_mac.as_ref().is_some_and(|mac| mac.value.is_some());
    has_file && !layer.marks.no_tx_power
}

fn has_calibration(layer: &Layer) -> bool {
    layer
        .calibration
        .as_ref()
        .is_some_and(|found| found.valid > 0 && found.missing.is_empty() && found.corrupt.is_empty())
}

/// Returns whether every calibration file that some layer lacks is whole in another.
fn calibration_is_spread(layers: &[Layer]) -> bool {
    let all: Vec<_> = layers
        .iter()
        .filter_map(|layer| layer.calibration.as_ref())
        .filter(|found| found.valid > 0)
        .collect();
    let lacks = |found: &&super::survey::Calibration, name: &String| {
        found.missing.contains(name) || found.corrupt.contains(name)
    };
    let mut names = all.iter().flat_map(|found| found.missing.iter().chain(&found.corrupt));
    !all.is_empty() && names.all(|name| !all.iter().all(|found| lacks(found, name)))
}

fn say_imei(layer: &Layer) -> String {
    let place = title(layer.name);
    match layer.imei.first() {
        Some(ImeiSlot { status: Status::Default, value: Some(value), .. }) => format!(
            "IMEI slot 1 in {place} is {value}, the number this modem gives every phone without one: no service."
        ),
        Some(ImeiSlot { status: Status::Invalid, value: Some(_), .. }) => {
            format!("IMEI slot 1 in {place} fails its check digit: it is nobody's number.")
        }
        Some(ImeiSlot { status: Status::Invalid, value: None, .. }) => {
            format!(
                "IMEI slot 1 in {place} holds no number, or its IMEI file is damaged: \"IMEI null\", no service."
            )
        }
        _ => format!(
            "IMEI slot 1 in {place} was never written, or its IMEI file is missing: \"IMEI null\", no service."
        ),
    }
}

fn say_wifi(layer: &Layer) -> String {
    let place = title(layer.name);
    match &layer.wifi_mac {
        Some(Value { status: Status::Default, value: Some(value) }) => format!(
            "Wi-Fi address in {place} is {value}, a placeholder: the phone makes up a new address at every boot, or shares it with others."
        ),
        Some(Value { status: Status::Null, value: Some(_) }) => format!(
            "Wi-Fi address in {place} is empty: Wi-Fi shows the network \"NVRAM WARNING: Err = 0x10\" and makes up an address at every boot."
        ),
        Some(Value { status: Status::Invalid, .. }) => format!(
            "Wi-Fi address in {place} cannot be used: it is a multicast address, or its file (WIFI) is damaged."
        ),
        _ => format!(
            "Wi-Fi file (WIFI) is missing in {place}: Wi-Fi shows the network \"NVRAM WARNING: Err = 0x01\"."
        ),
    }
}

fn say_bluetooth(layer: &Layer) -> String {
    let place = title(layer.name);
    match &layer.bt_mac {
        Some(Value { status: Status::Default, value: Some(value) }) => {
            format!("Bluetooth address in {place} is {value}, the chip's own placeholder.")
        }
        Some(Value { status: Status::Invalid, .. }) => {
            format!("Bluetooth address in {place} cannot be used, or its file (BT_Addr) is damaged.")
        }
        _ => format!("Bluetooth address in {place} is empty: the phone uses the chip's placeholder."),
    }
}

fn say_power(layer: &Layer) -> String {
    format!(
        "WIFI in {} says that it holds no transmit power: Wi-Fi shows the network \"NVRAM WARNING: Err = 0x04\".",
        title(layer.name)
    )
}

fn say_calibration(layer: &Layer) -> String {
    let place = title(layer.name);
    let Some(found) = layer.calibration.as_ref() else {
        return format!("RF calibration is missing in {place}.");
    };
    let mut parts = Vec::new();
    for (what, names) in [("missing", &found.missing), ("damaged", &found.corrupt)] {
        let more = names.len().saturating_sub(3);
        let listed: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
        match (listed.is_empty(), more) {
            (true, _) => {}
            (_, 0) => parts.push(format!("{what}: {}", listed.join(" "))),
            _ => parts.push(format!("{what}: {} and {more} more", listed.join(" "))),
        }
    }
    if parts.is_empty() {
        parts.push("no file is there".into());
    }
    format!(
        "RF calibration in {place}: {} of {} files are whole ({}): poor or no reception.",
        found.valid,
        found.expected,
        parts.join("; ")
    )
}
