//! What is written to files of this machine: a record's bytes, the log. The log leaves the screen masked (promise 7).

use crate::app::mask::{mask, mask_shapes};
use crate::app::udev::{MEDIATEK, RULE_FILE, rule_for};
use crate::tui::message::{Effect, Job};
use crate::tui::model::{LogKind, LogLine, Model, Tone};
use crate::tui::subject::Origin;

/// Writes the file at the cursor beside the archives, as it is shown: raw, or plain.
pub(super) fn export(model: &mut Model) -> Option<Effect> {
    let raw = model.records.raw;
    let chosen = model.subject().and_then(|subject| {
        let file = model.records.file(subject)?;
        // Two folders of a layer may hold files of one name.
        let name = file.path.replace('/', "-");
        let from = match &subject.origin {
            Origin::Phone => format!("phone-{}", subject.report.phone.cid.get(20..28).unwrap_or("unknown")),
            Origin::File(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        };
        let (bytes, kind) = match (&file.plain, raw) {
            (Some(plain), false) if file.fields.iter().all(|field| !field.secret) => (plain, "plain"),
            _ => (&file.raw, "raw"),
        };
        Some((safe(&format!("{from}-{}-{name}.{kind}", file.layer)), bytes.clone()))
    });
    let Some((name, bytes)) = chosen else {
        model.notify(Tone::Plain, "No file is chosen.");
        return None;
    };
    let path = model.setup.folder.join(name);
    super::work(model, Job::Save { path, bytes })
}

/// Writes the rule for the device that could not be opened. Installing it is the user's.
pub(super) fn rule(model: &mut Model) -> Option<Effect> {
    let device = model.cable.devices.iter().find(|device| device.obstacle.is_some())?;
    let vendor = device.ids.split(':').next().filter(|vendor| vendor.len() == 4).unwrap_or(MEDIATEK);
    let path = model.setup.folder.join(RULE_FILE);
    super::work(model, Job::Save { path, bytes: rule_for(vendor).into_bytes() })
}

/// Writes the lines that are shown to a file, masked and without flash content.
pub(super) fn log(model: &mut Model) -> Option<Effect> {
    let identities = model.identities();
    let mut text = String::new();
    for line in model.log.shown() {
        text.push_str(&mask_shapes(&mask(&words(line), &identities)));
        text.push('\n');
    }
    let name = format!("nvkeep-log-{}.txt", model.now.as_millis());
    let path = model.setup.folder.join(name);
    super::work(model, Job::Save { path, bytes: text.into_bytes() })
}

/// A line of the log as text, without what is private.
pub(crate) fn words(line: &LogLine) -> String {
    let kind = match line.kind {
        LogKind::Step => "step",
        LogKind::Note => "note",
        LogKind::Warning => "warning",
        LogKind::Failure => "failure",
        LogKind::Wire => "wire",
    };
    format!("{:5}.{:03} {kind:8}{}", line.at.as_secs(), line.at.subsec_millis(), line.text)
}

/// A name that no file system and no terminal takes amiss.
fn safe(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    name.chars().map(keep).collect::<String>().trim_start_matches('.').to_owned()
}
