//! A report as text: for the screen, and as `report.txt` inside an archive. States are words, never colours alone.

use std::fmt::Write as _;

use super::Report;
use crate::identity::survey::Value;
use crate::identity::{BootsFrom, Layer, LayerState, Status, VerdictCode};

/// Everything decoded, layer by layer, then the verdict.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    let phone = &report.phone;
    let _ = writeln!(text, "source     {}", report.source);
    let _ = writeln!(
        text,
        "phone      {} ({}), {}, {}",
        phone.chip,
        phone.hw_code,
        phone.storage,
        phone.told_by()
    );
    for layer in &report.survey.layers {
        text.push('\n');
        describe(&mut text, layer);
    }
    text.push('\n');
    text.push_str(&verdict(report));
    text
}

/// The verdict, what is seen, and what to do.
#[must_use]
pub fn verdict(report: &Report) -> String {
    let mut text = String::new();
    let verdict = &report.survey.verdict;
    let word = match verdict.code {
        VerdictCode::Healthy => "HEALTHY",
        VerdictCode::Repairable => "DAMAGED, repairable from the phone itself",
        VerdictCode::NeedsArchive => "DAMAGED, needs an archive of this phone",
        VerdictCode::Lost => "LOST on the phone",
        VerdictCode::Unread => "UNKNOWN: what can be read is whole, but not everything can be read",
    };
    let _ = writeln!(text, "verdict    {word}");
    let _ = writeln!(text, "           {}", verdict.summary);
    for layer in &report.survey.layers {
        let reason = layer.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let _ = writeln!(text, "  {:11} {}{reason}", layer.name, state(layer.state));
    }
    let _ = writeln!(text, "next boot  {}", boots(report.survey.boots_from));
    for symptom in &verdict.symptoms {
        let _ = writeln!(text, "seen       {symptom}");
    }
    for (index, step) in verdict.steps.iter().enumerate() {
        let _ = writeln!(text, "step {}     {step}", index + 1);
    }
    text
}

/// The identity in a few lines, from the layer the phone believes.
#[must_use]
pub fn identity_lines(report: &Report) -> String {
    let mut text = String::new();
    let name = if report.survey.boots_from == BootsFrom::Live { "live" } else { "binregion" };
    if let Some(layer) = report.survey.layer(name) {
        values(&mut text, layer);
    }
    text
}

fn describe(text: &mut String, layer: &Layer) {
    let reason = layer.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let files = match layer.files {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    let _ = writeln!(text, "{:10} {}{reason}, {files}", layer.name, state(layer.state));
    values(text, layer);
}

fn values(text: &mut String, layer: &Layer) {
    for slot in &layer.imei {
        let _ = writeln!(text, "  IMEI {}       {}", slot.slot, worth(slot.value.as_deref(), slot.status));
    }
    let mut line = |label: &str, value: &Option<Value>| {
        if let Some(value) = value {
            let _ = writeln!(text, "  {label:12} {}", worth(value.value.as_deref(), value.status));
        }
    };
    line("Wi-Fi", &layer.wifi_mac);
    line("Bluetooth", &layer.bt_mac);
    line("barcode", &layer.barcode);
    if let Some(calibration) = &layer.calibration {
        let _ =
            writeln!(text, "  calibration  {} of {} files valid", calibration.valid, calibration.expected);
        for (what, names) in [("missing", &calibration.missing), ("corrupt", &calibration.corrupt)] {
            if !names.is_empty() {
                let _ = writeln!(text, "    {what}: {}", names.join(" "));
            }
        }
    }
}

fn worth(value: Option<&str>, status: Status) -> String {
    let word = match status {
        Status::Valid => "valid",
        Status::Default => "DEFAULT, not this phone's own",
        Status::Null => "NULL, never written or erased",
        Status::Invalid => "INVALID",
    };
    format!("{:20} {word}", value.unwrap_or("-"))
}

fn state(state: LayerState) -> &'static str {
    match state {
        LayerState::Valid => "valid",
        LayerState::Blank => "BLANK",
        LayerState::Corrupt => "CORRUPT",
        LayerState::Absent => "absent",
        LayerState::Unread => "not read",
    }
}

fn boots(from: BootsFrom) -> &'static str {
    match from {
        BootsFrom::Live => "the phone will use its live tree",
        BootsFrom::Binregion => "the phone will rebuild its live tree from the BinRegion",
        BootsFrom::None => "the phone will find nothing to use, and make defaults",
        BootsFrom::Unknown => "not known: the live tree, which would decide, cannot be read",
    }
}
