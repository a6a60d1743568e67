//! Reading that goes on after the cable: a phone that leaves or falls silent while it is read is waited for at its port, and what
//! was read of it is not read again. Promises that one archive never holds bytes of before and of after a start of the phone.
//!
//! A phone that was off the cable may have been started, and have written. What was read before may be mixed with what is read
//! after only where the card proves that it was not:
//!
//! * It is the same phone: card (CID), chip, ids, sizes and partitions, all of them asked for and read anew.
//! * Whoever writes to an identity partition mounts file systems first - Android, its recovery, the factory modes all do - and a
//!   mount for writing changes the superblock of each (mount count, mount time, write time, the flag that its journal waits). So
//!   the superblocks are read before anything else, and again after a return. A place that was blank counts too: what mounts it
//!   has to format it.
//! * Beside them are read again, where they were read before: the first block of every journal; the first block of NVRAM, whose
//!   map begins with a sum over everything (ap-nvram.md 1); the first block of PRO_INFO; and whatever connecting reads - the
//!   partition tables and their mirrors, the boot records.
//!
//! One bit of difference, or no superblock that could tell, and everything read so far is forgotten: reading starts over.

use std::time::{Duration, Instant};

use super::gather::{is_blank, live_root};
use super::session::{POWER_FIRST, PhoneSession, connect_plugged};
use super::{Context, Exit, Failure};
use crate::formats::ReadAt;
use crate::formats::ext4::mounts::{SUPERBLOCK_AT, is_journal_head, is_superblock};
use crate::storage::{BLOCK, PhoneDisk, Place, shared::lock};
use crate::transport::{LinkError, Plugged, Port};

/// Longest wait in one piece, so that a wish to stop is heard.
const SLICE: Duration = Duration::from_secs(3);
/// A port that says no faster than this does not wait at all, and asking again would never end.
const AT_ONCE: Duration = Duration::from_millis(500);
/// So many losses one after the other between which nothing new was read are no accident: a block that cannot be read, an agent
/// that hangs at one place. Nor are so many starts of the phone. Few, for each costs somebody a battery taken out.
const BARREN: u32 = 4;
/// A phone that was found again so often and could not be connected to will not be.
const TRIES: u32 = 8;
/// Most first blocks of journals looked for; a phone has five.
const JOURNALS: usize = 64;
/// Partitions that Android mounts for writing each time it starts, where a phone has them; that of the live tree is one more.
const MOUNTED: [&str; 3] = ["PROTECT_F", "PROTECT_S", "NVCFG"];

/// How often a phone was lost and taken up again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Losses {
    returns: u32,
    restarts: u32,
}

impl Losses {
    /// Returns what to say of them, nothing where there were none.
    pub(super) fn told(self) -> Option<String> {
        let restarts = match self.restarts {
            0 => String::new(),
            count => {
                format!(", {} from the start, for the phone may have been running in between", times(count))
            }
        };
        let told =
            format!("the phone was lost while it was read, and reading went on {}", times(self.returns));
        (self.returns > 0).then(|| told + &restarts)
    }
}

fn times(count: u32) -> String {
    if count == 1 { "once".into() } else { format!("{count} times") }
}

/// Reads the blocks by which a later start of this phone is told, before anything that one could change.
///
/// # Errors
/// When the device fails.
pub(super) fn read_witnesses(session: &PhoneSession) -> Result<(), Failure> {
    let mut disk = lock(&session.disk);
    let mut block = [0; 512];
    for lba in superblocks(session) {
        disk.read_at(lba * BLOCK, &mut block)?;
    }
    Ok(())
}

/// Does `work`, and does it again each time it failed because the phone was lost and came back: what was read is still there,
/// so it comes quickly to where it was.
///
/// # Errors
/// The work's own; that of the loss after which the phone did not come back, or after which too often nothing was won;
/// `other-phone`; `interrupted`.
pub(super) fn go_on_after_losses<T>(
    context: &Context<'_>,
    port: &mut dyn Port,
    session: &mut PhoneSession,
    mut work: impl FnMut(&PhoneSession) -> Result<T, Failure>,
) -> Result<(T, Losses), Failure> {
    let mut losses = Losses::default();
    let (mut most, mut barren) = (0, 0);
    loop {
        let failure = match work(session) {
            Ok(done) => return Ok((done, losses)),
            Err(failure) => session.explain(failure),
        };
        if !is_loss(failure.code) {
            return Err(failure);
        }
        let known = lock(&session.disk).known();
        barren = if known > most { 0 } else { barren + 1 };
        most = most.max(known);
        if barren >= BARREN || losses.restarts > BARREN {
            return Err(failure);
        }
        let fresh = return_of(context, port, session, failure)?;
        losses.returns += 1;
        if !take_over(context, session, fresh) {
            losses.restarts += 1;
            (most, barren) = (lock(&session.disk).known(), 0);
        }
    }
}

/// Returns whether a failure with this code means that the phone left, or that nothing more can be said to it.
fn is_loss(code: &str) -> bool {
    matches!(code, "cable-gone" | "cable-timeout" | "cable" | "desync")
}

/// Waits for the phone of this session at its port and connects to it anew, until it is one with which can be gone on. Its
/// witnesses have been read.
fn return_of(
    context: &Context<'_>,
    port: &mut dyn Port,
    session: &PhoneSession,
    lost: Failure,
) -> Result<PhoneSession, Failure> {
    let within = context.choices.timeout;
    let (seconds, power) = (
        within.as_secs(),
        match lock(&session.disk).outlives_a_cable() {
            true => format!(" {POWER_FIRST}"),
            false => String::new(),
        },
    );
    // Of a raw NAND nothing tells whether it was written meanwhile.
    let (kept, next_step) = match session.layout.nand {
        true => ("", "reading starts anew"),
        false => ("; what was read is kept", "reading goes on"),
    };
    context.warn(format!("the phone was lost while it was read ({lost}){kept}.{power}"));
    context.step(format!(
        "Waiting up to {seconds} s for the phone: plug it in again, switched off, and {next_step}"
    ));
    // The port cannot be opened again while the old cable is held.
    lock(&session.disk).let_go();
    let began = Instant::now();
    let mut seen = Vec::new();
    for _ in 0..TRIES {
        let found = match next(context, port, (began, within), &mut seen) {
            Err(failure) if failure.exit != Exit::Interrupted => Err(failure),
            found => Ok(found?),
        };
        let failure = match found {
            Ok(None) => break,
            Ok(Some(plugged)) => match meet(context, port, plugged, session) {
                Ok(fresh) => return Ok(fresh),
                Err(failure) if matches!(failure.exit, Exit::Interrupted | Exit::Forbidden) => {
                    return Err(failure);
                }
                Err(failure) => failure,
            },
            Err(failure) => failure,
        };
        context.note(format!("Not yet: {failure}"));
        let passes = passes(&failure) && began.elapsed() < within;
        seen = vec![failure.message];
        if !passes {
            break;
        }
    }
    Err(Failure { causes: seen, ..lost })
}

/// Connects to a phone, and lets it go again where it is not the one of this session.
fn meet(
    context: &Context<'_>,
    port: &mut dyn Port,
    plugged: Plugged,
    session: &PhoneSession,
) -> Result<PhoneSession, Failure> {
    let fresh = connect_plugged(context, port, plugged)?;
    let met = refuse_stranger(session, &fresh).and_then(|()| look_again(session, &fresh));
    match met {
        Ok(()) => Ok(fresh),
        Err(failure) => fresh.close(context, Err(failure)),
    }
}

/// Nothing of two phones may come into one archive.
fn refuse_stranger(session: &PhoneSession, fresh: &PhoneSession) -> Result<(), Failure> {
    let (first, second) = (session.ids(), fresh.ids());
    let told = match () {
        () if first.cid != second.cid => {
            format!("its card is {}, the one that was read has {}", second.cid, first.cid)
        }
        () if first.soc_id.is_some() && second.soc_id.is_some() && first.soc_id != second.soc_id => {
            "it has another SoC id".into()
        }
        () if (&first.chip, &first.hw_code, &first.storage)
            != (&second.chip, &second.hw_code, &second.storage) =>
        {
            "it has another chip or storage".into()
        }
        () if (first.linear_prefix, &first.layout) != (second.linear_prefix, &second.layout) => {
            "its partitions lie elsewhere than before".into()
        }
        () => return Ok(()),
    };
    let message = format!("another phone came back: {told}; nothing was kept");
    Err(Failure::new(Exit::Forbidden, "other-phone", message)
        .advise("Plug in the phone that was being read, and start again; one that was flashed meanwhile counts as another."))
}

/// Reads from the card what tells whether the phone was started since, as far as it was read before.
fn look_again(session: &PhoneSession, fresh: &PhoneSession) -> Result<(), Failure> {
    let witnesses = {
        let old = lock(&session.disk);
        let mut witnesses = superblocks(session);
        let first = |name| session.layout.find(name).map(|place| place.start / BLOCK);
        witnesses.extend(["NVRAM", "PRO_INFO"].into_iter().filter_map(first));
        witnesses.extend(old.seen_where(JOURNALS, is_journal_head));
        witnesses.retain(|lba| old.seen(*lba).is_some());
        witnesses
    };
    let mut block = [0; 512];
    for lba in witnesses {
        let read = lock(&fresh.disk).read_at(lba * BLOCK, &mut block);
        read.map_err(|error| fresh.explain(error.into()))?;
    }
    Ok(())
}

/// Where the superblocks of the volumes lie that are mounted at each start and that a backup looks into anyway, in blocks. On raw
/// NAND there are none: what lies there is a log without a fixed place that every mount changes.
fn superblocks(session: &PhoneSession) -> Vec<u64> {
    if session.facts.storage != "emmc" {
        return Vec::new();
    }
    let layout = &session.layout;
    let live = live_root(layout).map(|(place, _)| place);
    let places = MOUNTED.iter().filter_map(|name| layout.find(name)).chain(live);
    let whole = places.filter(|place: &&Place| place.len >= SUPERBLOCK_AT + BLOCK);
    whole.map(|place| (place.start + SUPERBLOCK_AT) / BLOCK).collect()
}

/// Goes on with the phone that came back: with what was read before where nothing can have been written since, else from the
/// start. Returns whether what was read is kept.
fn take_over(context: &Context<'_>, session: &mut PhoneSession, fresh: PhoneSession) -> bool {
    let keeps = {
        let (mut old, mut new) = (lock(&session.disk), lock(&fresh.disk));
        let keeps = can_tell(&old, session) && old.differs_from(&new).is_none();
        if !keeps {
            old.forget_everything();
        }
        old.replace_engine(&mut new);
        keeps
    };
    *session = PhoneSession { disk: session.disk.clone(), ..fresh };
    // A job that was interrupted may have stopped the telling, and with it the hearing of a wish to stop.
    session.attend(context);
    match keeps {
        true => context.note("The same phone, and nothing was written to it since: what was read is not read again."),
        false => context.warn(
            "what was read before cannot be told from what the phone may have written since: all of it is read once more",
        ),
    }
    keeps
}

/// Returns whether a start of the phone would be seen: a superblock was read, or a place where one would be made.
fn can_tell(old: &PhoneDisk, session: &PhoneSession) -> bool {
    let mut witnesses = superblocks(session).into_iter().filter_map(|lba| old.seen(lba));
    witnesses.any(|block| is_superblock(block) || is_blank(block))
}

/// Waits for the next device that can be opened; none when the time is over or the port does not wait.
pub(super) fn next(
    context: &Context<'_>,
    port: &mut dyn Port,
    (began, within): (Instant, Duration),
    seen: &mut Vec<String>,
) -> Result<Option<Plugged>, Failure> {
    loop {
        context.go_on()?;
        let left = within.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        let asked = Instant::now();
        let slice = left.min(SLICE);
        let error = match port.open(slice) {
            Ok(plugged) => return Ok(Some(plugged)),
            Err(error) => error,
        };
        let waited = asked.elapsed() >= slice.min(AT_ONCE);
        match error {
            LinkError::NoPhone { .. } if waited => {}
            LinkError::NoPhone { .. } => return Ok(None),
            // The flasher's agent may still hold it, or Android may run: told if nothing better comes.
            LinkError::Busy { .. } | LinkError::Denied { .. } | LinkError::NotAPhone { .. } if waited => {
                *seen = vec![error.to_string()];
            }
            error => return Err(error.into()),
        }
    }
}

/// Returns whether a phone that failed so may still come back: it went on booting, or is in another mode.
pub(super) fn passes(failure: &Failure) -> bool {
    failure.exit == Exit::NoPhone
        || matches!(
            failure.code,
            "cable-gone" | "handshake-lost" | "not-a-preloader" | "not-a-phone" | "brom"
        )
}
