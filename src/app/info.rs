//! `info` and `detect`: what is plugged in, what it is, and how it would be talked to.

use serde::{Deserialize, Serialize};

use super::session::{PhoneFacts, PhoneSession, connect_at, hex, open_port};
use super::{AgentFacts, Context, Device, Failure};
use crate::protocol::TargetConfig;
use crate::storage::shared::lock;
use crate::transport::Port;

/// Security bits in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// The raw word.
    pub bits: String,
    /// What the bits mean for this program, one sentence.
    pub meaning: String,
    /// What each bit that is set demands, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub demands: Vec<String>,
}

/// The card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardInfo {
    /// Manufacturer number, first byte of the CID or of a NAND's id.
    pub manufacturer: String,
    /// Product name from the CID; the rest of a NAND's id as hex.
    pub product: String,
    /// Bytes of the user area.
    pub user_bytes: u64,
    /// Bytes of one boot area.
    pub boot_bytes: u64,
    /// Bytes of the RPMB area.
    pub rpmb_bytes: u64,
    /// EXT_CSD revision.
    /// None where the engine cannot see it.
    pub revision: Option<u8>,
    /// Its shape, where it is a raw NAND.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nand: Option<NandInfo>,
    /// The number the chip told the agent, hex, where it told one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random_id: Option<String>,
}

/// The shape of a raw NAND.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NandInfo {
    /// Main bytes of a page.
    pub page: u32,
    /// Spare bytes of a page.
    pub spare: u32,
    /// Bytes of an erase block.
    pub erase_block: u64,
    /// Erase blocks.
    pub blocks: u32,
    /// Bad blocks that were met so far.
    pub bad_blocks: Vec<u32>,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionInfo {
    /// Name.
    pub name: String,
    /// First byte in the user area.
    pub start: u64,
    /// Bytes.
    pub len: u64,
}

/// What `info` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InfoResult {
    /// Who it is.
    pub phone: PhoneFacts,
    /// Hardware sub code, hardware version, software version.
    pub versions: [String; 3],
    /// Preloader version.
    pub preloader_version: u8,
    /// Security.
    pub security: Security,
    /// The card.
    pub card: CardInfo,
    /// Why this engine.
    pub engine_reason: String,
    /// The Download Agent that runs on the phone, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentFacts>,
    /// Nothing is written to this phone, whatever its layout: its chip is not verified for the engine, or its storage is a raw
    /// NAND.
    #[serde(default)]
    pub read_only: bool,
    /// Where the layout was learned.
    pub layout_from: String,
    /// Whether the layout passed the checks that a write demands.
    pub layout_proven: bool,
    /// What the checks found in order.
    pub remarks: Vec<String>,
    /// What they found out of order.
    pub doubts: Vec<String>,
    /// The partitions.
    pub partitions: Vec<PartitionInfo>,
}

/// Tells about the phone at the chosen port.
///
/// # Errors
/// Any.
pub fn info(context: &Context<'_>) -> Result<InfoResult, Failure> {
    let mut port = open_port(context)?;
    info_at(context, port.as_mut())
}

/// Tells about the phone at this port.
///
/// # Errors
/// Any.
pub fn info_at(context: &Context<'_>, port: &mut dyn Port) -> Result<InfoResult, Failure> {
    let session = connect_at(context, port)?;
    let result = describe(&session);
    session.leave(context);
    Ok(result)
}

/// Tells about a connected phone, which stays connected.
#[must_use]
pub fn describe(session: &PhoneSession) -> InfoResult {
    let facts = &session.preloader;
    InfoResult {
        phone: session.facts.clone(),
        versions: [facts.hw_sub_code, facts.hw_version, facts.sw_version].map(|word| format!("{word:#06x}")),
        preloader_version: facts.bl_version,
        security: security(facts.target_config, session.agent.is_some()),
        card: card(session),
        engine_reason: session.engine_reason.clone(),
        agent: session.agent.clone(),
        read_only: !lock(&session.disk).capabilities().write,
        layout_from: session.layout.learned_from.clone(),
        layout_proven: session.layout.is_proven(),
        remarks: session.layout.remarks.clone(),
        doubts: session.layout.doubts.clone(),
        partitions: session
            .layout
            .places
            .iter()
            .map(|place| PartitionInfo { name: place.name.clone(), start: place.start, len: place.len })
            .collect(),
    }
}

fn card(session: &PhoneSession) -> CardInfo {
    let disk = lock(&session.disk);
    let card = disk.card();
    let graphic = |byte: &u8| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' };
    let (maker, product) = match (&card.cid, &card.nand) {
        (Some(cid), _) => (cid[0], cid[3..9].iter().map(graphic).collect()),
        (None, Some(chip)) => {
            // Zeros behind the last byte are codes this chip does not have.
            let len = chip.ids.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let (maker, rest) = chip.ids[..len].split_first().unwrap_or((&0, &[]));
            (*maker, hex(rest))
        }
        (None, None) => (0, String::new()),
    };
    CardInfo {
        manufacturer: format!("{maker:#04x}"),
        product,
        user_bytes: card.sectors * 512,
        boot_bytes: card.boot_bytes,
        rpmb_bytes: card.rpmb_bytes,
        revision: card.revision,
        nand: card.nand.as_ref().map(|chip| NandInfo {
            page: chip.page,
            spare: chip.spare,
            erase_block: chip.erase_block(),
            blocks: chip.blocks,
            bad_blocks: disk.bad_blocks(),
        }),
        random_id: disk.random_id().map(|id| hex(&id)),
    }
}

fn security(fuses: TargetConfig, through_agent: bool) -> Security {
    let named = [
        (fuses.sbc(), "SBC"),
        (fuses.sla(), "SLA"),
        (fuses.daa(), "DAA"),
        (fuses.cert(), "CERT"),
        (fuses.read_auth(), "READ-AUTH"),
        (fuses.write_auth(), "WRITE-AUTH"),
    ];
    let sentences = [
        (fuses.sbc(), "SBC: its boot images must carry the maker's signature"),
        (fuses.sla(), "SLA: the serial link to it must be authorised by its maker"),
        (fuses.daa(), "DAA: it runs only Download Agents its maker has signed"),
    ];
    let demands = sentences.into_iter().filter(|(set, _)| *set).map(|(_, words)| words.to_owned()).collect();
    let set: Vec<&str> = named.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
    let bits = if set.is_empty() { "no bits set".into() } else { set.join(" ") };
    let meaning = if set.is_empty() {
        "open: no fuse restricts this phone"
    } else if through_agent {
        "restricted to what its maker signed; it took this Download Agent, so reading and restoring work"
    } else {
        "locked for Download Agents that its maker did not sign; the direct engine needs none, so reading and restoring work"
    };
    Security { bits, meaning: meaning.into(), demands }
}

/// Lists devices for `detect`.
///
/// # Errors
/// When the bus cannot be read.
pub fn detect(context: &Context<'_>) -> Result<Vec<Device>, Failure> {
    context.cables.devices()
}
