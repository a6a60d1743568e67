//! ext4 volumes: an empty file system made by the real mke2fs, filled file by file. Knows paths and bytes, not what they
//! mean.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::BuildError;
use crate::simulator::flash::{Area, Flash};
use crate::simulator::mounted::{Custom, Place, add_files};

/// Bytes of a block in a template.
pub const BLOCK: usize = 4096;
/// Most bytes a template may unpack to.
const TEMPLATE_MOST: u64 = 16 << 20;

/// An empty volume for PROTECT_F and PROTECT_S.
pub const PROTECT: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/phones/templates/protect.ext4.deflate"));
/// An empty volume for USRDATA.
pub const USRDATA: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/phones/templates/usrdata.ext4.deflate"));

/// An empty volume for nvdata.
pub const NVDATA: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/phones/templates/nvdata.ext4.deflate"));

/// A volume in memory, kept as sparsely as a flash.
#[derive(Debug, Clone)]
pub struct Volume {
    cells: Flash,
}

impl Volume {
    /// Unpacks a template.
    ///
    /// # Errors
    /// [`BuildError::Template`] when it does not unpack.
    pub fn unpack(template: &[u8]) -> std::result::Result<Self, BuildError> {
        let broken = |what: &'static str| BuildError::Template { what };
        let mut bytes = Vec::new();
        let read = DeflateDecoder::new(template).take(TEMPLATE_MOST).read_to_end(&mut bytes);
        if read.is_err() || bytes.len() < 8 {
            return Err(broken("deflate"));
        }
        let number = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).unwrap_or(u64::MAX);
        let mut cells = Flash::new(number(&bytes[..8]), 0, 0, 0);
        for block in bytes[8..].chunks(8 + BLOCK) {
            if block.len() != 8 + BLOCK {
                return Err(broken("last block"));
            }
            let at = number(&block[..8]).checked_mul(BLOCK as u64).ok_or(broken("block number"))?;
            cells.write(Area::User, at, &block[8..])?;
        }
        Ok(Self { cells })
    }

    /// Returns the volume's length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.cells.len(Area::User)
    }

    /// Creates folders and files. Folders are made before what is in them.
    ///
    /// # Errors
    /// [`BuildError::Volume`] when the library refuses.
    pub fn fill(
        &mut self,
        files: &[(String, Vec<u8>)],
        custom: Custom,
    ) -> std::result::Result<(), BuildError> {
        let place = Place { at: 0, len: self.len() };
        Ok(add_files(&mut self.cells, place, files, custom)?)
    }

    /// Reads bytes.
    ///
    /// # Errors
    /// [`BuildError::Flash`] outside the volume.
    pub fn read(&self, at: u64, into: &mut [u8]) -> std::result::Result<(), BuildError> {
        Ok(self.cells.read(Area::User, at, into)?)
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// [`BuildError::Flash`] outside the volume.
    pub fn write(&mut self, at: u64, bytes: &[u8]) -> std::result::Result<(), BuildError> {
        Ok(self.cells.write(Area::User, at, bytes)?)
    }

    /// Returns the numbers of blocks that were ever written.
    pub fn written_blocks(&self) -> impl Iterator<Item = u64> {
        self.cells.written_chunks(Area::User)
    }

    /// Copies the volume into a flash.
    ///
    /// # Errors
    /// [`BuildError::Flash`] where it does not fit.
    pub fn put(&self, flash: &mut Flash, at: u64) -> std::result::Result<(), BuildError> {
        let mut block = [0; BLOCK];
        for number in self.written_blocks() {
            let offset = number * BLOCK as u64;
            self.read(offset, &mut block)?;
            flash.write(Area::User, at + offset, &block)?;
        }
        Ok(())
    }
}
