//! What the copies on a phone say, which is right, and what to write. Pure: no disk, no clock, no cable.

pub mod binding;
pub mod compare;
pub mod copies;
pub mod evidence;
mod files;
pub mod judge;
mod key;
mod mend;
pub mod parts;
pub mod plan;
pub mod redact;
pub mod refusal;
pub mod repair;
mod scheme;
pub mod selection;
mod simlock;
pub mod survey;
mod twin;
mod values;
pub mod verdict;

pub use binding::{BindingReason, PhoneIds, bind, places_are_known};
pub use compare::{Comparison, Covers, compare};
pub use copies::{BinRegionCopy, Copies, Extent, FileCopy, Found, Remnant, Tree};
pub use evidence::EvidenceLine;
pub use judge::judge;
pub use parts::judge_parts;
pub use plan::{Creation, Edit, LiveOutcome, Plan, Volume, check_outcome, plan_restore};
pub use redact::{Redaction, plan_redaction};
pub use refusal::Refusal;
pub use repair::{Ground, NvramGround, Repair, Wishes, check_repair, plan_repair};
pub use scheme::generation;
pub use selection::{Part, Selection};
pub use survey::{
    BootsFrom, Layer, LayerState, Marks, Status, Stranger, Survey, Verdict, VerdictCode, closed_world,
};
