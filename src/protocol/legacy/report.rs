//! What the second stage says of the phone's storage (preloader-and-legacy-da.md 6.8), in either dialect, by its own counts.

use std::time::Duration;

use super::line::{LATER, Line, SOON};
use super::opening::Opening;
use super::trouble::{AgentTrouble, Dialect};
use crate::protocol::{Card, NandChip, ProtocolError};
use crate::wire::agent::reply;
use crate::wire::emmc::BLOCK;

const DOING: &str = "the agent's report";
/// Storage is set up before the first byte: 1 to 5 s.
const SETUP: Duration = Duration::from_secs(15);
/// Bytes of the parts whose length is fixed.
const NOR: usize = 28;
const SD: usize = 28;
const RANDOM: usize = 16;
/// NAND ids a D13 report has, which does not count them.
const OLD_IDS: usize = 5;
/// Most NAND ids.
const MOST_IDS: usize = 32;
/// Most pages of an erase block.
const MOST_PAGES_PER_BLOCK: u32 = 1024;
/// Largest card that is believed: 2 TiB.
const MOST_BYTES: u64 = 2 << 40;

/// What was reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Error number of NAND; 0 where there is one.
    pub nand: u32,
    /// The NAND as it was reported, believed or not.
    pub shape: Shape,
    /// Error number of the eMMC; 0 where there is one.
    pub emmc: u32,
    /// Bytes of BOOT1, BOOT2, RPMB, four general-purpose parts, user area.
    pub areas: [u64; 8],
    /// The eMMC's CID, most significant byte first.
    pub cid: [u8; 16],
    /// Bytes of DRAM.
    pub ram: u64,
    /// The chip's own random id; zeros where it has none.
    pub random: [u8; 16],
    /// "Download status", a number that always says "blank flash".
    pub download: u32,
    /// How the phone boots.
    pub boot_style: u32,
}

/// A NAND as reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// Bytes, without spare ones.
    pub bytes: u64,
    /// Id codes.
    pub ids: Vec<u16>,
    /// Bytes of a page.
    pub page: u16,
    /// Spare bytes of a page.
    pub spare: u16,
    /// Pages of an erase block.
    pub pages_per_block: u16,
}

/// Receives the report and its trailer.
pub fn hear(line: &mut Line, opening: Opening, nand_size: Option<u8>) -> Result<Report, ProtocolError> {
    let mut nor = [0; NOR];
    line.hear(&mut nor, SETUP, DOING)?;
    let (nand, shape) = nand(line, opening, nand_size)?;
    let emmc = line.word(SOON, DOING)?;
    let mut areas = [0; 8];
    for (index, area) in areas.iter_mut().enumerate() {
        // D13 has 32 bits for all but the user area.
        let wide = opening.dialect == Dialect::D19 || index == 7;
        *area = if wide { wide_word(line)? } else { line.word(SOON, DOING)?.into() };
    }
    let mut cid = [0; 16];
    line.hear(&mut cid, SOON, DOING)?;
    let mut firmware_and_sd = [0; 8 + SD];
    line.hear(&mut firmware_and_sd, SOON, DOING)?;
    let mut internal = [0; 14];
    line.hear(&mut internal, SOON, DOING)?;
    let ram = match opening.dialect {
        Dialect::D19 => wide_word(line)?,
        Dialect::D13 => line.word(SOON, DOING)?.into(),
    };
    let mut random = [0; RANDOM];
    line.hear(&mut random, SOON, DOING)?;
    let (download, boot_style) = trailer(line)?;
    Ok(Report { nand, shape, emmc, areas, cid, ram, random, download, boot_style })
}

/// Returns the error number of NAND, and what is said of it.
fn nand(line: &mut Line, opening: Opening, size: Option<u8>) -> Result<(u32, Shape), ProtocolError> {
    let result = line.word(SOON, DOING)?;
    let mut select_and_id = [0; 3];
    line.hear(&mut select_and_id, SOON, DOING)?;
    let mut bytes = u64::from(line.word(SOON, DOING)?);
    let ids = match (opening.dialect, size) {
        (Dialect::D13, _) => OLD_IDS,
        (Dialect::D19, Some(4)) => line.half(SOON, DOING)?.into(),
        (Dialect::D19, Some(_)) => {
            bytes = bytes << 32 | u64::from(line.word(SOON, DOING)?);
            line.half(SOON, DOING)?.into()
        }
        // The opening counted the ids already: where its number stands tells how wide the size is.
        (Dialect::D19, None) => match line.half(SOON, DOING)? {
            count if Some(count) == opening.nand_ids && count != 0 => count.into(),
            high => {
                let low = line.half(SOON, DOING)?;
                bytes = bytes << 32 | u64::from(high) << 16 | u64::from(low);
                line.half(SOON, DOING)?.into()
            }
        },
    };
    if ids > MOST_IDS {
        return Err(line.absurd("number of NAND ids", ids as u64, DOING));
    }
    let mut codes = Vec::new();
    for _ in 0..ids {
        codes.push(line.half(SOON, DOING)?);
    }
    let [page, spare, pages_per_block] =
        [line.half(SOON, DOING)?, line.half(SOON, DOING)?, line.half(SOON, DOING)?];
    // Width of the bus, address cycles, whether there is a bad-block table.
    line.hear(&mut [0; 3], SOON, DOING)?;
    Ok((result, Shape { bytes, ids: codes, page, spare, pages_per_block }))
}

fn trailer(line: &mut Line) -> Result<(u32, u32), ProtocolError> {
    const DOING: &str = "the report's trailer";
    // A security scan comes first: up to 3 s.
    match line.byte(LATER, DOING)? {
        reply::ACK => {}
        got => return Err(line.unexpected("5a", got, DOING)),
    }
    let words = (line.word(SOON, DOING)?, line.word(SOON, DOING)?);
    match line.byte(SOON, DOING)? {
        reply::SOC_OK => Ok(words),
        reply::SOC_FAIL => Err(line.broken_by(ProtocolError::agent(DOING, AgentTrouble::OtherChip))),
        got => Err(line.unexpected("c1 or cf", got, DOING)),
    }
}

fn wide_word(line: &mut Line) -> Result<u64, ProtocolError> {
    let mut bytes = [0; 8];
    line.hear(&mut bytes, SOON, DOING)?;
    Ok(u64::from_be_bytes(bytes))
}

impl Report {
    /// Returns the eMMC, if this program can work with it: the same rules as the direct engine's.
    pub fn card(&self, dialect: Dialect) -> Result<Card, ProtocolError> {
        if self.emmc != 0 {
            if self.nand == 0 {
                return self.nand_card();
            }
            let trouble = AgentTrouble::NoCard { dialect, emmc: self.emmc, nand: self.nand };
            return Err(ProtocolError::agent(DOING, trouble));
        }
        let refuse = |why: String| Err(ProtocolError::RefusedCard { why });
        let [boot1, boot2, rpmb, gp1, gp2, gp3, gp4, user] = self.areas;
        if [gp1, gp2, gp3, gp4].iter().any(|bytes| *bytes != 0) {
            return refuse(
                "it has general-purpose partitions, whose layout vendors compute differently".into(),
            );
        }
        if boot1 != boot2 {
            return refuse(format!("its boot areas differ: {boot1:#x} and {boot2:#x} bytes"));
        }
        let block = BLOCK as u64;
        if user == 0 || !user.is_multiple_of(block) || self.areas.iter().any(|bytes| *bytes > MOST_BYTES) {
            return refuse(format!("its user area has {user:#x} bytes"));
        }
        if self.cid.iter().all(|byte| *byte == 0) || self.cid.iter().all(|byte| *byte == 0xFF) {
            return refuse("its CID is empty".into());
        }
        Ok(Card {
            cid: Some(self.cid),
            nand: None,
            ext_csd: None,
            sectors: user / block,
            boot_bytes: boot1,
            rpmb_bytes: rpmb,
            revision: None,
            general_purpose: false,
        })
    }

    /// Returns the NAND, if its shape can be.
    fn nand_card(&self) -> Result<Card, ProtocolError> {
        let Shape { bytes, ids, page, spare, pages_per_block } = &self.shape;
        let (page, spare, pages_per_block) =
            (u32::from(*page), u32::from(*spare), u32::from(*pages_per_block));
        let erase_block = u64::from(page) * u64::from(pages_per_block);
        let can_be = [2048, 4096, 8192, 16384].contains(&page)
            && (1..=page).contains(&spare)
            && pages_per_block.is_power_of_two()
            && pages_per_block <= MOST_PAGES_PER_BLOCK
            && *bytes > 0
            && *bytes <= MOST_BYTES
            && bytes.is_multiple_of(erase_block);
        let blocks = u32::try_from(bytes / erase_block.max(1)).ok().filter(|_| can_be);
        let Some(blocks) = blocks else {
            return Err(ProtocolError::RefusedCard {
                why: format!(
                    "its NAND is said to have {bytes:#x} bytes in pages of {page} + {spare}, {pages_per_block} to a block"
                ),
            });
        };
        let ids = ids.iter().filter_map(|code| u8::try_from(*code).ok()).collect();
        Ok(Card {
            cid: None,
            nand: Some(NandChip { page, spare, pages_per_block, blocks, ids }),
            ext_csd: None,
            sectors: bytes / BLOCK as u64,
            boot_bytes: 0,
            rpmb_bytes: 0,
            revision: None,
            general_purpose: false,
        })
    }
}
