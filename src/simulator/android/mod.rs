//! What the phone's own software does to the flash when it starts: the boot decision of its NVRAM daemon, the files its
//! services and its modem then open, and a factory reset (ap-nvram.md 2.2, modem-nvram.md 4). Pure but for the flash it is
//! given; shares nothing with the host's half.

mod access;
mod region;
mod report;
mod rules;

use thiserror::Error;

use super::board::Storage;
use super::build::BuildError;
use super::build::volume::{NVDATA, PROTECT, USRDATA, Volume};
use super::flash::{Area, Flash, FlashError};
use super::mounted::{Custom, Place, Tree, VolumeError, read_tree, write_tree};
use super::scenario::Scenario;
use access::Phone;
use region::Region;
pub use report::{BootReport, BootSource};
use rules::Rules;

/// The file that says that the live tree is valid, and its content (ap-nvram.md 2.1).
const RESTORE_FLAG: &str = "RestoreFlag";
const FLAG_VALID: [u8; 4] = [0x78, 0x56, 0x34, 0x12];

/// Why a phone could not be started.
#[derive(Debug, Error)]
pub enum BootError {
    /// The layout lacks a partition.
    #[error("layout: {partition} {what}")]
    Layout {
        /// The partition.
        partition: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A volume mounts, but is broken.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// A volume could not be made anew.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Something does not fit.
    #[error(transparent)]
    Flash(#[from] FlashError),
}

/// Starts the phone once, and says what its software did and shows.
///
/// # Errors
/// [`BootError`] when the flash is not one of this layout. A phone that merely does not work well is no error.
pub fn boot(flash: &mut Flash, scenario: &Scenario) -> Result<BootReport, BootError> {
    let roles = scenario.modem.roles();
    mountable(scenario)?;
    let rules = Rules::of(scenario.modem.family);
    let mut report = BootReport::default();
    let live_place = place(scenario, roles.live)?;
    let Some(live) = read_tree(flash, live_place, roles.live_root)? else {
        report.unmounted.push(roles.live);
        return Ok(report);
    };
    let nvram = place(scenario, roles.nvram)?;
    let region = Region::read(flash, nvram, rules.counters);
    let mut protect_places = Vec::new();
    let mut protect = Vec::new();
    for name in roles.protect {
        let at = place(scenario, name)?;
        let tree = read_tree(flash, at, "")?;
        if tree.is_none() {
            report.unmounted.push(name);
        }
        protect_places.push(at);
        protect.push(tree);
    }
    let before = (live.clone(), protect.clone());
    let mut phone = Phone { rules, live, protect, region, report };
    decide(&mut phone);
    phone.open_files();
    let (live_before, protect_before) = before;
    write_tree(flash, live_place, roles.live_root, &live_before, &phone.live, custom(scenario))?;
    for ((at, old), new) in protect_places.into_iter().zip(&protect_before).zip(&phone.protect) {
        if let (Some(old), Some(new)) = (old, new) {
            write_tree(flash, at, "", old, new, custom(scenario))?;
        }
    }
    Ok(phone.report)
}

/// Empties user data as Android's "erase all data" does, and on phones with `nvdata` that volume as well; then starts the
/// phone.
///
/// # Errors
/// [`BootError`].
pub fn factory_reset(flash: &mut Flash, scenario: &Scenario) -> Result<BootReport, BootError> {
    let roles = scenario.modem.roles();
    mountable(scenario)?;
    for name in [roles.live, roles.user] {
        make_anew(flash, scenario, name)?;
        if roles.live == roles.user {
            break;
        }
    }
    boot(flash, scenario)
}

/// Checks that the volumes are of a kind that can be mounted here.
fn mountable(scenario: &Scenario) -> Result<(), BootError> {
    match scenario.board.storage {
        Storage::Emmc => Ok(()),
        Storage::Nand => Err(BootError::Layout {
            partition: scenario.modem.roles().live,
            what: "is YAFFS2, which is not mounted here: a NAND phone is not started",
        }),
    }
}

fn make_anew(flash: &mut Flash, scenario: &Scenario, name: &'static str) -> Result<(), BootError> {
    let Place { at, len } = place(scenario, name)?;
    let template = match name {
        "USRDATA" | "userdata" => USRDATA,
        "nvdata" => NVDATA,
        _ => PROTECT,
    };
    let volume = Volume::unpack(template)?;
    if volume.len() > len {
        return Err(BootError::Layout { partition: name, what: "is too small for a file system" });
    }
    flash.fill(Area::User, at, len, 0)?;
    Ok(volume.put(flash, at)?)
}

/// The daemon's decision: live files as they are, or everything from the backup region (ap-nvram.md 2.2).
fn decide(phone: &mut Phone) {
    if phone.live.files.get(RESTORE_FLAG).is_some_and(|flag| flag[..] == FLAG_VALID) {
        phone.report.source = BootSource::Live;
        return;
    }
    let region = match &phone.region {
        Ok(region) => region,
        Err(why) => {
            phone.report.source = BootSource::Nothing(why.clone());
            return;
        }
    };
    for (name, bytes) in region.files() {
        put(&mut phone.live, name, bytes);
    }
    let (map, data) = region.work_copies();
    put(&mut phone.live, "AllMap", map);
    put(&mut phone.live, "AllFile", data);
    put(&mut phone.live, RESTORE_FLAG, &FLAG_VALID);
    phone.report.flag_written = true;
    phone.report.source = BootSource::BinRegion;
}

fn put(tree: &mut Tree, name: &str, bytes: &[u8]) {
    for (end, _) in name.match_indices('/') {
        tree.folders.insert(name[..end].to_owned());
    }
    tree.files.insert(name.to_owned(), bytes.to_vec());
}

fn custom(scenario: &Scenario) -> Custom {
    Custom { label: scenario.modem.label() }
}

fn place(scenario: &Scenario, partition: &'static str) -> Result<Place, BootError> {
    let found = scenario.place(partition);
    found.map(|(at, len)| Place { at, len }).map_err(|what| BootError::Layout { partition, what })
}
