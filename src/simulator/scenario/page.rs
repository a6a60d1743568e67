//! A scenario's page as it is written: keys and types, checked into values.

use serde::Deserialize;

use super::{Damage, Family, Identity, Modem, Partition, Scenario, ScenarioError, TableKind, field};
use crate::simulator::agent::AgentFacts;
use crate::simulator::board::{Board, BootsAs, CardFacts, LinkModel, Pace, Storage};
use crate::simulator::faults::CardFault;
use crate::simulator::nand::NandFacts;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    name: String,
    about: String,
    board: BoardPage,
    card: CardPage,
    #[serde(default)]
    link_model: LinkModel,
    #[serde(default)]
    pace: Pace,
    identity: IdentityPage,
    #[serde(default)]
    modem: Modem,
    layout: Vec<Partition>,
    #[serde(default)]
    replace_identity: bool,
    #[serde(default)]
    damage: Vec<Damage>,
    #[serde(default)]
    faults: Vec<CardFault>,
    #[serde(default)]
    nand: NandFacts,
    #[serde(default)]
    agent: AgentFacts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BoardPage {
    hw_code: u16,
    versions: [u16; 3],
    bl_version: u8,
    storage: Storage,
    #[serde(default)]
    boots_as: BootsAs,
    #[serde(default = "usual_brom")]
    brom_version: u8,
    #[serde(default)]
    target_config: u32,
    #[serde(default)]
    always_verify_da: bool,
    #[serde(default)]
    emergency_download: bool,
    #[serde(default)]
    force_download: bool,
    #[serde(default)]
    silent_write32: bool,
    #[serde(default)]
    full_speed: bool,
    #[serde(default)]
    timeout_counts_when_stopped: bool,
    #[serde(default)]
    noise: Vec<u8>,
    #[serde(default)]
    noise_every: u32,
    cut_after_in_packets: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardPage {
    cid: String,
    ddr: bool,
    revision: u8,
    sectors: u32,
    boot_mult: u8,
    rpmb_mult: u8,
    #[serde(default)]
    gp1_mult: u8,
    partition_config: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityPage {
    imei: String,
    barcode: String,
    wifi_mac: String,
    bt_mac: String,
    seed: u64,
}

impl Page {
    pub(super) fn into_scenario(self) -> Result<Scenario, ScenarioError> {
        let IdentityPage { imei, barcode, wifi_mac, bt_mac, seed } = self.identity;
        if imei.len() != 15 || !imei.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(field("identity.imei", "is not 15 digits"));
        }
        if barcode.len() > 60 || !barcode.is_ascii() {
            return Err(field("identity.barcode", "is not up to 60 ASCII characters"));
        }
        if self.layout.len() > 46 || self.board.noise.len() > 512 {
            return Err(field("layout", "has more partitions than a PMT, or noise more than a packet"));
        }
        if self.agent.noise.len() > 512 {
            return Err(field("agent.noise", "is more than a packet"));
        }
        if let Some(what) = self.nand.wrong() {
            return Err(field("nand", what));
        }
        if (self.board.storage == Storage::Nand) != (self.modem.table == TableKind::Nand) {
            return Err(field("modem.table", "is \"nand\" where board.storage is, and only there"));
        }
        if self.layout.iter().any(|partition| partition.linear.checked_add(partition.size).is_none()) {
            return Err(field("layout", "overflows"));
        }
        // What a phone of one age has with what another has was never built.
        let ages = match (self.modem.table, self.modem.family) {
            (TableKind::Pmt | TableKind::Nand, Family::Wr8) => 4..=4,
            (TableKind::Pmt | TableKind::Nand, _) => {
                return Err(field("modem.table", "is of an age without this family"));
            }
            (TableKind::Gpt, _) => 5..=9,
        };
        if !ages.contains(&self.modem.android) {
            return Err(field(
                "modem.android",
                "does not go with this table: 4 with pmt and nand, 5 to 9 with gpt",
            ));
        }
        let identity = Identity {
            imei,
            barcode,
            wifi_mac: hex("identity.wifi_mac", &wifi_mac)?,
            bt_mac: hex("identity.bt_mac", &bt_mac)?,
            seed,
        };
        let board = self.board;
        let card = self.card;
        Ok(Scenario {
            name: self.name,
            about: self.about,
            board: Board {
                hw_code: board.hw_code,
                versions: board.versions,
                bl_version: board.bl_version,
                boots_as: board.boots_as,
                brom_version: board.brom_version,
                target_config: board.target_config,
                always_verify_da: board.always_verify_da,
                emergency_download: board.emergency_download,
                force_download: board.force_download,
                silent_write32: board.silent_write32,
                noise: board.noise,
                noise_every: board.noise_every,
                full_speed: board.full_speed,
                timeout_counts_when_stopped: board.timeout_counts_when_stopped,
                storage: board.storage,
                card: CardFacts {
                    cid: hex("card.cid", &card.cid)?,
                    ddr: card.ddr,
                    revision: card.revision,
                    sectors: card.sectors,
                    boot_mult: card.boot_mult,
                    rpmb_mult: card.rpmb_mult,
                    gp1_mult: card.gp1_mult,
                    partition_config: card.partition_config,
                },
                pace: self.pace,
                faults: self.faults,
                cut_after_in_packets: board.cut_after_in_packets,
                link: self.link_model,
                nand: self.nand,
                agent: self.agent,
            },
            modem: self.modem,
            layout: self.layout,
            identity,
            replace_identity: self.replace_identity,
            damage: self.damage,
        })
    }
}

/// The version a boot ROM of this age usually tells (section 3.3).
fn usual_brom() -> u8 {
    5
}

/// Reads exactly `N` bytes of hexadecimal; colons are allowed between them.
fn hex<const N: usize>(name: &'static str, text: &str) -> Result<[u8; N], ScenarioError> {
    let digits: Vec<u32> = text.chars().filter(|c| *c != ':').map_while(|c| c.to_digit(16)).collect();
    let wrong = || field(name, &format!("is not {N} bytes of hexadecimal"));
    if digits.len() != 2 * N || digits.len() != text.chars().filter(|c| *c != ':').count() {
        return Err(wrong());
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::try_from(pair[0] << 4 | pair[1]).map_err(|_| wrong())?;
    }
    Ok(bytes)
}
