//! Files made in a simulated ext4 volume that is damaged in up to 64 places (see `Base::patched`). Whatever the library that
//! writes makes of it: a refusal leaves the staged disk alone, and what was made reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::ReadAt;
use nvkeep::formats::ext4::Volume;
use nvkeep::storage::volume::{Existing, Like, NewFile, create};
use nvkeep::storage::{Guard, Place, Staged, Window, share, shared::lock};
use nvkeep_fuzz::phone::PROTECT;

fuzz_target!(|bytes: &[u8]| {
    let mut patched = PROTECT.patched(bytes);
    let mut image = vec![0; usize::try_from(patched.len()).expect("ten megabytes")];
    patched.read_at(0, &mut image).expect("the base never fails");
    let place = Place { name: "PROTECT_F".into(), start: 0, len: image.len() as u64 };
    let mut guard = Guard::closed();
    guard.open(0, place.len);
    let staged = share(Staged::new(share(image), guard));
    let file = |path: &str, len: usize, existing| NewFile {
        path: path.into(),
        bytes: vec![0x5A; len],
        like: Like::android4(Some("u:object_r:protect_f_data_file:s0")),
        existing,
    };
    let files = [
        file("md/ST33A004", 900, Existing::Replace),
        file("md/new/deep/file", 5_000, Existing::Refuse),
        file("beside", 4, Existing::Refuse),
    ];
    if create(&staged, &place, &files, 1_700_000_000).is_err() {
        assert!(lock(&staged).changes().is_empty(), "a refusal changes nothing");
        return;
    }
    let mut volume = Volume::open(Window::new(staged, 0, place.len)).expect("it was opened before");
    for file in files {
        let found = volume.read_file(&file.path, file.bytes.len() as u64);
        assert!(found.expect("it was read back before") == file.bytes);
    }
});
