//! gzip around anything: read as a stream, or laid out in a nameless temporary file of bounded size whose blank parts take
//! no room. A stream that ends early or has a wrong sum gives nothing.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use flate2::read::MultiGzDecoder;

use super::refuse;
use crate::app::{Context, Exit, Failure};
use crate::storage::{Shared, shared::lock};

/// Longest image that is unpacked: the user area of an 8 GB phone.
pub const MAX_UNPACKED: u64 = 8 << 30;
const PIECE: usize = 64 << 10;

/// Returns whether a gzip stream begins here.
pub fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1F, 0x8B, 0x08])
}

/// A shared disk read from its start to its end.
pub struct Stream {
    disk: Shared,
    at: u64,
    len: u64,
}

impl Stream {
    /// Starts at the disk's first byte.
    pub fn new(disk: &Shared) -> Self {
        let len = lock(disk).len();
        Self { disk: disk.clone(), at: 0, len }
    }

    /// Starts a decoder at the disk's first byte.
    pub fn unpacked(disk: &Shared) -> MultiGzDecoder<std::io::BufReader<Self>> {
        MultiGzDecoder::new(std::io::BufReader::with_capacity(PIECE, Self::new(disk)))
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.len - self.at).unwrap_or(usize::MAX);
        let take = left.min(into.len());
        lock(&self.disk).read_at(self.at, &mut into[..take]).map_err(std::io::Error::other)?;
        self.at += take as u64;
        Ok(take)
    }
}

/// Returns the first bytes of the unpacked stream, as many as there are up to `len`.
///
/// # Errors
/// `gzip-damaged`.
pub fn head(source: &str, disk: &Shared, len: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    Stream::unpacked(disk)
        .take(len as u64)
        .read_to_end(&mut bytes)
        .map_err(|error| damaged(source, &error))?;
    Ok(bytes)
}

/// Unpacks a stream of at most `limit` bytes into a temporary file without a name.
///
/// # Errors
/// `gzip-damaged`, `gzip-too-large`; the system's, where there is no room.
pub fn unpack(context: &Context<'_>, source: &str, disk: &Shared, limit: u64) -> Result<File, Failure> {
    let failed = |error: std::io::Error| {
        let code = if error.kind() == std::io::ErrorKind::StorageFull { "disk-full" } else { "file" };
        Failure::new(Exit::Other, code, format!("unpacking {source} into a temporary file: {error}"))
    };
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut stream = Stream::unpacked(disk);
    let mut piece = vec![0; PIECE];
    let mut len = 0u64;
    loop {
        context.go_on()?;
        let got = stream.read(&mut piece).map_err(|error| damaged(source, &error))?;
        if got == 0 {
            break;
        }
        len += got as u64;
        if len > limit {
            return Err(refuse(
                "gzip-too-large",
                format!(
                    "{source}: unpacks to more than {limit} bytes, which no phone's flash of this kind has"
                ),
            ));
        }
        if piece[..got].iter().all(|byte| *byte == 0) {
            file.seek(SeekFrom::Start(len)).map_err(failed)?;
        } else {
            file.write_all(&piece[..got]).map_err(failed)?;
        }
    }
    file.set_len(len).map_err(failed)?;
    Ok(file)
}

fn damaged(source: &str, error: &std::io::Error) -> Failure {
    refuse("gzip-damaged", format!("{source}: the gzip stream is damaged: {error}"))
}
