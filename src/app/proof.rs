//! What is left of every write that was finished: its proof, chained to the one before, and printed with `vault proof`.

use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::session::{PhoneSession, hex};
use super::staging::PlanSummary;
use super::{Context, Exit, Failure, Report, Status, Sums};
use crate::vault::{self, Journal, Link, Proof, Said};

/// What `vault proof` answers.
#[derive(Debug, Clone, Serialize)]
pub struct ProofsResult {
    /// The file the chain lies in.
    pub file: PathBuf,
    /// Records in all.
    pub count: usize,
    /// The records that were asked for, with their numbers from 1.
    pub proofs: Vec<Numbered>,
    /// Lines a power loss cut, which hold nothing.
    pub torn: Vec<usize>,
}

/// A record with its number.
#[derive(Debug, Clone, Serialize)]
pub struct Numbered {
    /// Its number, from 1.
    pub number: usize,
    /// What its journal says: `agrees`, `differs`, `gone`.
    pub journal: &'static str,
    /// The record.
    #[serde(flatten)]
    pub link: Link,
}

/// What a write leaves its proof with.
pub(super) struct Finished<'a> {
    /// `restore of a.nvk`.
    pub title: &'a str,
    /// Why it may be written to this phone.
    pub binding: &'a str,
    /// The plan, where there was one.
    pub plan: Option<&'a PlanSummary>,
    /// The phone, read back and judged.
    pub after: Option<&'a Report>,
    /// Whether the old content was put back.
    pub undone: bool,
}

/// Keeps the proof of a write that was read back. The write is done whatever becomes of its proof: where it cannot be kept
/// that is told, not failed.
pub(super) fn keep(
    context: &Context<'_>,
    session: &PhoneSession,
    journal: &Journal,
    finished: &Finished<'_>,
) {
    let [old, new] = digests(journal);
    let (before, after) = if finished.undone { (new, old) } else { (old, new) };
    let plan = finished.plan;
    let evidence = plan.map(|plan| plan.evidence.iter().map(evidence).collect()).unwrap_or_default();
    let blocks = journal.changes();
    let proof = Proof {
        time: (context.now)(),
        tool: format!("nvkeep {}", env!("CARGO_PKG_VERSION")),
        title: finished.title.into(),
        chip: session.facts.chip.clone(),
        cid: session.facts.cid.clone(),
        binding: finished.binding.into(),
        changes: plan.map(|plan| plan.changes.clone()).unwrap_or_default(),
        regions: plan.map(|plan| plan.regions.clone()).unwrap_or_default(),
        before,
        after,
        evidence,
        says: finished.after.map(says).unwrap_or_default(),
        read_back: format!("{blocks} blocks, every one read back as written"),
        journal: journal.path().with_extension("done").display().to_string(),
    };
    match vault::keep(&file_of(context), proof) {
        Ok(_) => context.note("The proof of this write is kept; `nvkeep vault proof` prints it."),
        Err(error) => context.warn(format!("the proof of this write could not be kept: {error}")),
    }
}

/// The chain lies among the journals.
fn file_of(context: &Context<'_>) -> PathBuf {
    context.choices.journals.join("proofs.jsonl")
}

fn evidence(line: &crate::identity::EvidenceLine) -> Said {
    let worth = match line.sums {
        Sums::Right => "sums right",
        Sums::Wrong => "sums wrong",
        Sums::None => "no sum",
    };
    Said {
        place: line.place.clone(),
        what: line.what.clone(),
        value: Some(line.value.clone()),
        worth: worth.into(),
    }
}

/// What each layer says, value by value.
fn says(report: &Report) -> Vec<Said> {
    let mut all = Vec::new();
    for layer in &report.survey.layers {
        let mut say = |what: &str, value: &Option<String>, status: Status| {
            all.push(Said {
                place: layer.name.into(),
                what: what.into(),
                value: value.clone(),
                worth: format!("{status:?}").to_lowercase(),
            });
        };
        for slot in &layer.imei {
            say(&format!("IMEI {}", slot.slot), &slot.value, slot.status);
        }
        let named = [("Wi-Fi", &layer.wifi_mac), ("Bluetooth", &layer.bt_mac), ("barcode", &layer.barcode)];
        for (what, value) in named {
            if let Some(value) = value {
                say(what, &value.value, value.status);
            }
        }
    }
    all
}

/// Digests of all old and of all new blocks of a journal.
fn digests(journal: &Journal) -> [String; 2] {
    let mut hashes = [Sha256::new(), Sha256::new()];
    for block in journal.blocks() {
        for (hash, content) in hashes.iter_mut().zip([&block.old, &block.new]) {
            hash.update(block.lba.to_le_bytes());
            hash.update(content);
        }
    }
    hashes.map(|hash| hex(&hash.finalize()))
}

/// Returns the proofs of all writes of this user, or one of them; each is held against its journal.
///
/// # Errors
/// Exit code 10 where the chain does not hold, 2 for a number it has not.
pub fn proofs(context: &Context<'_>, number: Option<usize>) -> Result<ProofsResult, Failure> {
    let file = file_of(context);
    let chain = vault::chain(&file)?;
    if let Some(broken) = &chain.broken {
        return Err(Failure::new(
            Exit::BadArchive,
            "proofs-broken",
            format!("{}, line {}: {}", file.display(), broken.line, broken.why),
        )
        .advise(format!(
            "The {} records before it hold. What comes after it is not believed; keep the file as it is and ask who changed it.",
            chain.links.len()
        )));
    }
    let count = chain.links.len();
    if let Some(number) = number.filter(|number| *number == 0 || *number > count) {
        return Err(Failure::new(
            Exit::Usage,
            "no-such-proof",
            format!("there is no proof {number}; there are {count}"),
        ));
    }
    let numbered = chain.links.into_iter().enumerate().map(|(index, link)| Numbered {
        number: index + 1,
        journal: held_against_journal(&link.proof),
        link,
    });
    let proofs = numbered.filter(|proof| number.is_none_or(|number| number == proof.number)).collect();
    Ok(ProofsResult { file, count, proofs, torn: chain.torn })
}

fn held_against_journal(proof: &Proof) -> &'static str {
    let Ok(journal) = Journal::open(proof.journal.as_ref()) else { return "gone" };
    let [old, new] = digests(&journal);
    let same = [(&old, &new), (&new, &old)].contains(&(&proof.before, &proof.after));
    if same { "agrees" } else { "differs" }
}

impl ProofsResult {
    /// Returns the identities in it, for masking.
    #[must_use]
    pub fn identities(&self) -> Vec<String> {
        let proofs = self.proofs.iter().map(|proof| &proof.link.proof);
        proofs
            .flat_map(|proof| proof.says.iter().chain(&proof.evidence))
            .filter_map(|said| said.value.clone())
            .collect()
    }
}
