//! What to do after a verdict, the first thing first.

use super::PreflightRequest;
use super::reason::{Findings, Verdict};

/// Returns the advice that goes with the findings.
#[must_use]
pub fn of(findings: &Findings, request: &PreflightRequest) -> Vec<String> {
    let mut advice = Vec::new();
    let mut say = |text: &str| advice.push(text.to_owned());
    if findings.has("not-compared") {
        say("Compare it with the phone: add --phone, or --archive with an archive of that phone.");
    }
    if request.archive.is_none() {
        say("Run `nvkeep backup` first, and keep the archive on another disk.");
    }
    if findings.verdict() == Verdict::DoNotFlash {
        say("Do not flash this package to this phone. Look for the one that was made for it.");
    } else {
        say("Flash under `nvkeep guard -- COMMAND…`, which puts back what the flash damaged.");
    }
    if findings.verdict() != Verdict::DoNotFlash && findings.has("flashes-preloader") {
        say("Leave the preloader out in the flash tool unless the phone cannot start without a new one.");
    }
    if ["overwrites-identity", "carries-identity", "carries-addresses"].iter().any(|code| findings.has(code))
    {
        say(
            "Leave NVRAM, PRO_INFO, PROTECT and nvdata out in the flash tool: another phone's do not make this one work, they make it a twin.",
        );
    }
    if findings.has("formats-identity") || findings.has("operation-unknown") {
        say(
            "Choose \"download only\" in the flash tool, never \"format all\" and never \"firmware upgrade\".",
        );
    }
    advice
}
