//! The proofs of finished writes as text: a line each, or one in full.

use std::fmt::Write as _;

use super::archives::plain;
use crate::app::proof::{Numbered, ProofsResult};

/// The answer of `vault proof`.
pub fn proofs(result: &ProofsResult, in_full: bool) -> String {
    let mut text = String::new();
    for proof in &result.proofs {
        match in_full {
            true => whole(&mut text, proof),
            false => line(&mut text, proof),
        }
    }
    for number in &result.torn {
        let _ = writeln!(
            text,
            "line {number} of {} was cut by a power loss and holds nothing",
            result.file.display()
        );
    }
    let _ = match result.count {
        0 => writeln!(text, "No write was finished yet."),
        count => writeln!(text, "The chain of {count} holds: {}", result.file.display()),
    };
    text
}

fn line(text: &mut String, proof: &Numbered) {
    let link = &proof.link;
    let cid = link.proof.cid.get(20..28).unwrap_or("-");
    let journal = match proof.journal {
        "agrees" => "",
        "differs" => "  ITS JOURNAL DIFFERS",
        _ => "  (its journal is gone)",
    };
    let (time, chip, title) = (&link.proof.time, &link.proof.chip, plain(&link.proof.title));
    let _ = writeln!(
        text,
        "{:4}  {time}  {chip} {cid}  {}  {title}{journal}",
        proof.number,
        &link.digest[..16.min(link.digest.len())]
    );
}

fn whole(text: &mut String, proof: &Numbered) {
    let Numbered { number, journal, link } = proof;
    let it = &link.proof;
    let mut say = |name: &str, what: &str| {
        let _ = writeln!(text, "{name:11} {}", plain(what));
    };
    say("proof", &format!("{number} of {}", it.time));
    say("write", &it.title);
    say("tool", &it.tool);
    say("phone", &format!("{}, CID {}", it.chip, it.cid));
    say("bound", &it.binding);
    for change in &it.changes {
        say("changed", change);
    }
    for (region, blocks) in &it.regions {
        say("blocks", &format!("{region} {blocks}"));
    }
    for said in &it.evidence {
        let value = said.value.as_deref().unwrap_or("-");
        say("evidence", &format!("{}: {value} from {} ({})", said.what, said.place, said.worth));
    }
    say("before", &it.before);
    say("after", &it.after);
    say("read back", &it.read_back);
    for said in &it.says {
        let value = said.value.as_deref().unwrap_or("-");
        say("phone says", &format!("{} {}: {value} {}", said.place, said.what, said.worth));
    }
    say("journal", &format!("{} ({journal})", it.journal));
    say("follows", &link.previous);
    say("digest", &link.digest);
}
