//! BinRegion: the packed copy of NVRAM files in the raw `nvram` partition (ap-nvram.md 1).

/// A parsed BinRegion.
#[derive(Debug, Clone)]
pub struct BinRegion {}
