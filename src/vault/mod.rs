//! Archives at rest: named blobs, a manifest, digests; the journal of a write before it, and the proof of it after. Knows nothing of phones or formats:
//! what the blobs mean is somebody else's business.
//!
//! Files appear whole or not at all, never over an existing one unless told; whatever is opened is taken for hostile.

mod digest;
mod error;
mod export;
mod journal;
mod keys;
pub mod limits;
mod listing;
mod manifest;
mod names;
mod onward;
mod proof;
mod reader;
pub mod sealed;
mod tail;
mod whole;
mod writer;

pub use digest::{sha256_hex, sha256_of_file};
pub use error::VaultError;
pub use export::{Exported, export};
pub use journal::{BLOCK_LEN, Block, Journal, JournalHeader};
pub use keys::{Keys, Lock, Passphrase};
pub use listing::{Listed, list};
pub use manifest::{
    AgentOrigin, FileEntry, Gap, Imported, Manifest, NandRecord, Partition, PhoneIds, Range, Region, SCHEMA,
};
pub use proof::{Break, Chain, Link, Proof, Said, chain, chain_of, keep};
pub use reader::{Archive, EntryFailure, VerifyReport};
pub use sealed::{Body, Sealed, unseal_from};
pub use whole::{Existing, make_folder};
pub use writer::{Draft, Saved};
