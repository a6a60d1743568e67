//! How much a file may ask for before it is refused. A whole identity set is a few tens of megabytes.

/// Entries in an archive (a phone's NV tree has a few hundred).
pub const MAX_ENTRIES: usize = 8192;
/// Bytes of `manifest.json`, unpacked.
pub const MAX_MANIFEST: u64 = 4 << 20;
/// Bytes of `report.txt`, unpacked.
pub const MAX_REPORT: u64 = 4 << 20;
/// Bytes of one entry under `files/`, unpacked.
pub const MAX_FILE: u64 = 16 << 20;
/// Bytes of all regions together, unpacked.
pub const MAX_REGIONS: u64 = 256 << 20;
/// Bytes of all entries together, unpacked.
pub const MAX_TOTAL: u64 = 320 << 20;
/// Characters of an entry's name.
pub const MAX_NAME: usize = 512;
/// Blocks of 512 bytes in a journal (64 MiB of phone).
pub const MAX_JOURNAL_BLOCKS: usize = 128 << 10;
/// Bytes of a journal's header.
pub const MAX_JOURNAL_HEADER: usize = 64 << 10;
/// Bytes of the chain of proofs: tens of thousands of writes.
pub const MAX_PROOFS: u64 = 64 << 20;
/// Bytes of a file sealed with age: what is inside, with its header, its tags, and a quarter more where it is armored.
pub const MAX_SEALED: u64 = MAX_TOTAL + MAX_TOTAL / 2;
/// Bytes of the header of a sealed file (a recipient takes about a hundred).
pub const MAX_SEALED_HEADER: usize = 64 << 10;
/// Lines of that header: it is parsed anew for each.
pub const MAX_SEALED_LINES: usize = 1024;
/// Work of a passphrase, as a power of two, that a sealed file may ask for: 20 is a gigabyte of memory and some seconds.
pub const MAX_WORK: u8 = 20;
/// Recipients of a sealed file.
pub const MAX_RECIPIENTS: usize = 256;
/// Identities that are tried.
pub const MAX_IDENTITIES: usize = 256;
/// Bytes of an identity file, or of one with a passphrase.
pub const MAX_KEY_FILE: u64 = 64 << 10;
