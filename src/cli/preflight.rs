//! The answer of `preflight` as text: the verdict first, then why, then what to do.

use std::fmt::Write as _;

use super::archives::plain;
use crate::app::preflight::{Effect, PreflightResult, Severity, Verdict};

/// The answer of `preflight`.
pub fn preflight(result: &PreflightResult) -> String {
    let mut text = String::new();
    let package = &result.package;
    let told = |value: Option<&str>| plain(value.unwrap_or("not told"));
    let _ = writeln!(
        text,
        "package    {} {}, scatter file {} ({})",
        package.kind,
        plain(&package.source),
        package.scatter,
        plain(&package.form)
    );
    let _ = writeln!(
        text,
        "for        {}, {}, project {}",
        told(package.platform.as_deref()),
        told(package.storage),
        told(package.project.as_deref())
    );
    match &result.compared {
        Some(compared) => {
            let _ = writeln!(
                text,
                "against    {}: {} with {}, {} partitions",
                plain(&compared.source),
                plain(&compared.phone.chip),
                plain(&compared.phone.storage),
                compared.partitions
            );
        }
        None => {
            let _ = writeln!(text, "against    nothing");
        }
    }
    if !result.identity.is_empty() {
        let fates: Vec<String> =
            result.identity.iter().map(|fate| format!("{} {}", fate.partition, word(fate.effect))).collect();
        let _ = writeln!(text, "identity   {}", fates.join(", "));
    }
    let verdict = match result.verdict {
        Verdict::Safe => "SAFE: it was compared, and nothing speaks against it.",
        Verdict::Risky => "RISKY: read the reasons before you flash it.",
        Verdict::DoNotFlash => "DO NOT FLASH.",
    };
    let _ = writeln!(text, "\n{verdict}");
    for reason in &result.reasons {
        let mark = match reason.severity {
            Severity::Danger => "danger ",
            Severity::Caution => "caution",
            Severity::Note => "note   ",
        };
        let _ = writeln!(text, "  {mark}  {} [{}]", reason.sentence, reason.code);
    }
    if !result.not_checked.is_empty() {
        let _ = writeln!(text, "\nNot checked:");
        for what in &result.not_checked {
            let _ = writeln!(text, "  {what}");
        }
    }
    let _ = writeln!(text, "\nWhat to do:");
    for (number, advice) in (1..).zip(&result.advice) {
        let _ = writeln!(text, "{number}. {advice}");
    }
    text
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Overwritten => "OVERWRITTEN",
        Effect::Formatted => "FORMATTED",
        Effect::Kept => "kept",
        Effect::Unknown => "not told",
    }
}
