//! Fixed shapes out of bytes that may end anywhere: the one door to binrw. Knows no shape itself.

use std::io::Cursor;

use binrw::BinRead;
use binrw::meta::ReadEndian;

/// Reads the shape that starts at byte `at`; `None` when the bytes end before it does.
pub(super) fn shape<T>(bytes: &[u8], at: usize) -> Option<T>
where
    for<'a> T: BinRead<Args<'a> = ()> + ReadEndian,
{
    T::read(&mut Cursor::new(bytes.get(at..)?)).ok()
}
