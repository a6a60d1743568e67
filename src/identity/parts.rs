//! The judgement of a narrow look: what was not asked for was not read, and is neither good nor lost.

use super::copies::Copies;
use super::judge::judge;
use super::selection::{Part, Selection};
use super::survey::{BootsFrom, Layer, LayerState, Status, Survey, Value, Verdict, VerdictCode};
use crate::formats::catalog::Family;

/// Judges copies of which only these parts were gathered. For [`Selection::All`] it is [`judge`].
#[must_use]
pub fn judge_parts(copies: &Copies, family: &Family, parts: &Selection) -> Survey {
    let mut survey = judge(copies, family);
    if parts.is_all() {
        return survey;
    }
    for layer in survey.layers.iter_mut().filter(|layer| layer.name == "live" || layer.name == "simlock") {
        let looked_at = layer.name == "live" || parts.touches_simlock();
        if layer.name == "live" && !parts.wants(Part::Calibration) {
            layer.calibration = None;
            layer.barcode = None;
        }
        if layer.state == LayerState::Valid || !looked_at {
            layer.reason = Some("only the parts asked for were looked at".into());
        }
        if !looked_at {
            layer.state = LayerState::Absent;
        }
    }
    survey.verdict = verdict(&survey, parts);
    survey
}

fn verdict(survey: &Survey, parts: &Selection) -> Verdict {
    let name = if survey.boots_from == BootsFrom::Live { "live" } else { "binregion" };
    let valid = |value: Option<&Value>| value.is_some_and(|value| value.status == Status::Valid);
    let holds = |layer: &Layer, part: Part| match part {
        Part::Imei => layer.imei.first().is_some_and(|slot| slot.slot == 1 && slot.status == Status::Valid),
        Part::Wifi => valid(layer.wifi_mac.as_ref()),
        Part::Bt => valid(layer.bt_mac.as_ref()),
        Part::Calibration => layer
            .calibration
            .as_ref()
            .is_some_and(|found| found.valid > 0 && found.missing.is_empty() && found.corrupt.is_empty()),
        Part::Simlock => survey.layer("simlock").is_some_and(|layer| layer.state == LayerState::Valid),
    };
    let named = [
        (Part::Imei, "IMEI"),
        (Part::Wifi, "Wi-Fi address"),
        (Part::Bt, "Bluetooth address"),
        (Part::Calibration, "RF calibration"),
        (Part::Simlock, "SIM lock"),
    ];
    let missing: Vec<&str> = named
        .into_iter()
        .filter(|(part, _)| parts.wants(*part))
        .filter(|(part, _)| !survey.layer(name).is_some_and(|layer| holds(layer, *part)))
        .map(|(_, what)| what)
        .collect();
    if missing.is_empty() && survey.boots_from == BootsFrom::Unknown {
        return Verdict {
            code: VerdictCode::Unread,
            summary: "The parts asked for are valid where they can be read; the live files cannot.".into(),
            symptoms: Vec::new(),
            steps: Vec::new(),
        };
    }
    if missing.is_empty() {
        return Verdict {
            code: VerdictCode::Healthy,
            summary: "The parts asked for are valid; nothing else was looked at.".into(),
            symptoms: Vec::new(),
            steps: vec!["Look at the whole phone: nvkeep diagnose.".into()],
        };
    }
    Verdict {
        code: VerdictCode::NeedsArchive,
        summary: format!("Of the parts asked for, the next boot finds no valid {}.", missing.join(", ")),
        symptoms: Vec::new(),
        steps: vec!["Look at the whole phone: nvkeep diagnose.".into()],
    }
}
