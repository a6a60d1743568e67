//! ext4: a clean and a dirty simulated volume, damaged in up to 64 places (see `Base::patched`), or bytes on zeros. Opens,
//! walks, reads every file and asks for the ranges in use.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::ReadAt;
use nvkeep::formats::ext4::{FileKind, TreeLimits, Volume, used_ranges};
use nvkeep_fuzz::phone::{DIRTY, PROTECT};
use nvkeep_fuzz::source::Headed;

const MOST: u64 = 256 << 10;
const LIMITS: TreeLimits = TreeLimits { depth: 12, entries: 400, bytes: 16 << 20 };

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    match flag & 3 {
        0 | 1 => check(PROTECT.patched(bytes)),
        2 => check(DIRTY.patched(bytes)),
        _ => check(Headed { head: bytes, len: 10 << 20 }),
    }
});

fn check(mut source: impl ReadAt) {
    let len = source.len();
    let mut read_back = Vec::new();
    {
        let Ok(mut volume) = Volume::open(&mut source) else { return };
        let _ = (volume.uuid(), volume.journal_state(), volume.read_dir("/"), volume.stat("nvram/md"));
        for entry in volume.walk("", LIMITS).unwrap_or_default() {
            if entry.stat.kind != FileKind::Regular {
                continue;
            }
            let content = volume.read_file(&entry.path, MOST);
            let extents = volume.file_extents(&entry.path);
            let (Ok(content), Ok(extents)) = (content, extents) else { continue };
            assert_eq!(content.len() as u64, entry.stat.size);
            // Behind the journal's back the card still holds what the next mount replaces.
            if !extents.iter().any(|(at, size)| volume.journalled(*at..at + size)) {
                read_back.push((content, extents));
            }
        }
        if let Ok(used) = used_ranges(&mut volume) {
            let mut all: Vec<(u64, u64)> = used.ranges.clone();
            all.extend(used.not_read.iter().map(|(at, size, _)| (*at, *size)));
            all.sort_unstable();
            let end = all.into_iter().fold(0, |end, (at, size)| {
                assert_eq!(at, end, "no gap, no overlap");
                at + size
            });
            assert_eq!(end, len, "the ranges cover the volume");
        }
    }
    for (content, extents) in read_back {
        let mut again = Vec::new();
        for (at, size) in extents {
            let mut piece = vec![0; usize::try_from(size).expect("bounded by the file")];
            source.read_at(at, &mut piece).expect("extents lie in the volume");
            again.extend(piece);
        }
        assert!(again == content, "extents name the bytes of the file");
    }
}
