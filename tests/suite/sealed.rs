//! Claims about sealed archives: ordinary age files, never in the clear on the disk, opened by every verb that has the key, and
//! nothing else said of them than what is so.

mod hostile; // files that are made to keep the machine busy, or damaged
mod program; // as it is typed

use std::fs;
use std::io::{Cursor, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use age::x25519;
use nvkeep::app::backup::{BackupRequest, backup_at};
use nvkeep::app::sealing;
use nvkeep::app::shelf::shelf;
use nvkeep::app::{Exit, Keyring, Keys, Lock, Passphrase};
use nvkeep::vault::sealed::{open, unseal};
use nvkeep::vault::{Archive, VaultError};

use crate::support::workbench::Workbench;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

/// Keys of the published test identity.
fn test_keys() -> Keys {
    Keys::read(&[sample("sealed/identity.txt")], None).unwrap()
}

/// A new identity: as age has it, as a recipient of ours, and as keys of ours.
fn identity(folder: &Path) -> (x25519::Identity, Lock, Keys) {
    use age::secrecy::ExposeSecret;
    let identity = x25519::Identity::generate();
    let file = folder.join("key");
    fs::write(&file, format!("# a comment\n\n{}\n", identity.to_string().expose_secret())).unwrap();
    let lock = Lock::to(&[identity.to_public().to_string()]).unwrap();
    let keys = Keys::read(&[&file], None).unwrap();
    fs::remove_file(file).unwrap();
    (identity, lock, keys)
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.into()).unwrap()
}

/// Opens with the age library alone.
fn by_age(sealed: &[u8], identity: &dyn age::Identity) -> Vec<u8> {
    let mut plain = Vec::new();
    let decryptor = age::Decryptor::new(sealed).unwrap();
    decryptor.decrypt(std::iter::once(identity)).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

#[test]
fn files_of_the_age_program_open() {
    let plain = fs::read(sample("archives/schema-1.nvk")).unwrap();
    let secret = Passphrase::from_file(&sample("sealed/passphrase.txt")).unwrap();
    let by_passphrase = Keys::default().with(secret);
    for (name, keys) in [
        ("to-recipient.nvk.age", &test_keys()),
        ("armored.nvk.age", &test_keys()),
        ("to-passphrase.nvk.age", &by_passphrase),
    ] {
        let path = sample("sealed").join(name);
        assert_eq!(unseal(&path, keys).unwrap(), plain, "{name}");
        assert!(open(&path, keys).unwrap().verify().is_whole(), "{name}");
        let closed = Archive::open(&path).unwrap_err();
        assert_eq!(closed.code(), "archive-sealed", "{name}: {closed}");
    }
}

#[test]
fn the_age_library_opens_what_was_sealed() {
    let bench = Workbench::with("mt6572");
    let plain = fs::read(sample("archives/schema-1.nvk")).unwrap();
    let (own, lock, _) = identity(bench.folder.path());
    let context = bench.context();
    let file = bench.path("a.nvk.age");
    let result = sealing::seal(&context, (&sample("archives/schema-1.nvk"), &file), &lock, false).unwrap();
    assert_eq!(by_age(&fs::read(&file).unwrap(), &own), plain);
    assert_eq!((result.sealed.to.as_str(), result.sealed.recipients), ("recipients", Some(1)));
    assert!(!result.sealed.opened_again, "no identity was given, and it does not claim otherwise");
    assert_eq!(result.bytes, fs::metadata(&file).unwrap().len());
    assert_eq!(result.sha256, nvkeep::vault::sha256_of_file(&file).unwrap());

    let file = bench.path("b.nvk.age");
    let lock = Lock::Passphrase(passphrase("hunter2"));
    let result = sealing::seal(&context, (&sample("archives/schema-1.nvk"), &file), &lock, false).unwrap();
    assert_eq!(
        by_age(&fs::read(&file).unwrap(), &age::scrypt::Identity::new("hunter2".to_owned().into())),
        plain
    );
    assert!(result.sealed.opened_again, "a passphrase is always at hand");
}

#[test]
fn each_of_several_recipients_opens_it_and_nobody_else() {
    let bench = Workbench::with("mt6572");
    let known: Vec<_> = (0..3).map(|_| identity(bench.folder.path())).collect();
    let names: Vec<String> = known.iter().map(|(own, _, _)| own.to_public().to_string()).collect();
    let file = bench.path("a.nvk.age");
    let lock = Lock::to(&names).unwrap();
    sealing::seal(&bench.context(), (&sample("archives/schema-1.nvk"), &file), &lock, false).unwrap();
    for (_, _, keys) in &known {
        assert!(open(&file, keys).unwrap().verify().is_whole());
    }
    let (_, _, stranger) = identity(bench.folder.path());
    assert!(matches!(open(&file, &stranger), Err(VaultError::WrongKey { passphrase: false, .. })));
    let wrong_kind = Keys::default().with(passphrase("x"));
    assert!(matches!(open(&file, &wrong_kind), Err(VaultError::Sealed { passphrase: false, .. })));
}

#[test]
fn a_sealed_backup_holds_the_phone_and_is_never_in_the_clear_on_the_disk() {
    let bench = Workbench::with("mt6572");
    let (own, lock, keys) = identity(bench.folder.path());
    let mut context = bench.context();
    context.choices.keyring = Keyring { keys, ask: None };
    let (over, folder) = (AtomicBool::new(false), bench.folder.path());
    let request = BackupRequest {
        folder: folder.into(),
        lock: Some(lock),
        note: "a secret note".into(),
        ..Default::default()
    };
    let (result, looked) = std::thread::scope(|scope| {
        // Somebody who looks into the folder all the while.
        let watcher = scope.spawn(|| {
            let mut looked = 0;
            while !over.load(Ordering::Relaxed) {
                for entry in fs::read_dir(folder).unwrap().flatten() {
                    let bytes = fs::read(entry.path()).unwrap_or_default();
                    assert!(bytes.is_empty() || bytes.starts_with(b"age-encryption.org/v1\n"), "{entry:?}");
                    looked += 1;
                }
                std::thread::yield_now();
            }
            looked
        });
        let result = backup_at(&context, bench.port().as_mut(), &request);
        over.store(true, Ordering::Relaxed);
        (result.unwrap(), watcher.join().unwrap())
    });
    eprintln!("looked at {looked} files while it was written");
    assert_eq!(bench.files(), ["nvkeep-MT6572-4e564b01-20261125T010203Z.nvk.age"]);
    let sealed = fs::read(&result.file).unwrap();
    for clear in
        [&b"PK\x03\x04"[..], b"manifest.json", b"490154203237518", b"NVKEEPSYNTHETIC1", b"a secret note"]
    {
        assert!(!sealed.windows(clear.len()).any(|window| window == clear), "{clear:?}");
    }
    assert_eq!(fs::metadata(&result.file).unwrap().permissions().mode() & 0o777, 0o600);
    let seal = result.sealed.unwrap();
    assert!(seal.opened_again, "{seal:?}");
    let mut archive = Archive::from_reader(Cursor::new(by_age(&sealed, &own))).unwrap();
    assert_eq!(archive.manifest().note, "a secret note");
    assert!(archive.verify().is_whole());
    // And the phone gets it back.
    let healthy = bench.inspect().unwrap();
    bench.flash_becomes("mt6572-format-all");
    let request = nvkeep::app::restore::RestoreRequest {
        archive: result.file.clone(),
        dry_run: false,
        selection: nvkeep::app::Selection::All,
    };
    let open = nvkeep::app::archive::open_with(&context, &result.file).unwrap();
    nvkeep::app::restore::restore_at(&context, bench.port().as_mut(), &open, &request, &mut |_| true)
        .unwrap();
    assert_eq!(bench.inspect().unwrap().survey.identities, healthy.survey.identities);
}

#[test]
fn an_identity_that_does_not_open_what_was_sealed_leaves_nothing() {
    let bench = Workbench::with("mt6572");
    let (_, lock, _) = identity(bench.folder.path());
    let (_, _, other) = identity(bench.folder.path());
    let mut context = bench.context();
    context.choices.keyring = Keyring { keys: other, ask: None };
    let archive = sample("archives/schema-1.nvk");
    let failure = sealing::seal(&context, (&archive, &bench.path("a.nvk.age")), &lock, false).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("wrong-key", Exit::Denied), "{failure:?}");
    assert!(failure.message.contains("a.nvk.age:"), "{failure:?}");
    assert!(bench.files().is_empty(), "{:?}", bench.files());
}

#[test]
fn what_is_no_whole_archive_is_not_sealed_and_what_is_there_stays() {
    let bench = Workbench::with("mt6572");
    let (_, lock, keys) = identity(bench.folder.path());
    let mut context = bench.context();
    let good = fs::read(sample("archives/schema-1.nvk")).unwrap();
    fs::write(bench.path("cut.nvk"), &good[..good.len() / 2]).unwrap();
    let mut flipped = good.clone();
    let at =
        good.windows(6).position(|window| window == b".img\x62\x60" || window.starts_with(b".img")).unwrap()
            + 6;
    flipped[at] ^= 1;
    fs::write(bench.path("flipped.nvk"), flipped).unwrap();
    for name in ["cut.nvk", "flipped.nvk"] {
        let failure =
            sealing::seal(&context, (&bench.path(name), &bench.path("out")), &lock, false).unwrap_err();
        assert_eq!(failure.exit, Exit::BadArchive, "{name}: {failure:?}");
    }
    fs::write(bench.path("out"), b"mine").unwrap();
    let archive = sample("archives/schema-1.nvk");
    let failure = sealing::seal(&context, (&archive, &bench.path("out")), &lock, false).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("target-exists", Exit::Usage));
    assert_eq!(fs::read(bench.path("out")).unwrap(), b"mine");
    sealing::seal(&context, (&archive, &bench.path("out")), &lock, true).unwrap();
    let failure =
        sealing::seal(&context, (&bench.path("out"), &bench.path("twice")), &lock, false).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("sealed-already", Exit::Usage));

    context.choices.keyring = Keyring { keys, ask: None };
    let result = sealing::open(&context, (&bench.path("out"), &bench.path("back.nvk")), false).unwrap();
    assert_eq!(fs::read(&result.file).unwrap(), good);
    assert_eq!(fs::metadata(&result.file).unwrap().permissions().mode() & 0o777, 0o600);
    let failure = sealing::open(&context, (&archive, &bench.path("x.nvk")), false).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("sealed-already", Exit::Usage));
    assert_eq!(bench.files(), ["back.nvk", "cut.nvk", "flipped.nvk", "out"]);
}

#[test]
fn a_sealed_file_that_holds_something_else_is_no_archive() {
    let bench = Workbench::with("mt6572");
    let (own, _, keys) = identity(bench.folder.path());
    let recipient = own.to_public();
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).unwrap();
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).unwrap();
    writer.write_all(b"a letter").unwrap();
    writer.finish().unwrap();
    fs::write(bench.path("letter.nvk.age"), sealed).unwrap();
    let mut context = bench.context();
    context.choices.keyring = Keyring { keys, ask: None };
    let failure =
        sealing::open(&context, (&bench.path("letter.nvk.age"), &bench.path("x")), false).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("not-an-archive", Exit::BadArchive));
    assert_eq!(bench.files(), ["letter.nvk.age"]);
}

#[test]
fn the_list_tells_sealed_ones_and_looks_into_those_it_has_a_key_for() {
    let bench = Workbench::with("mt6572");
    let (_, lock, keys) = identity(bench.folder.path());
    bench.backup("one.nvk").unwrap();
    let mut context = bench.context();
    sealing::seal(&context, (&bench.path("one.nvk"), &bench.path("two.nvk.age")), &lock, false).unwrap();
    fs::copy(sample("sealed/to-passphrase.nvk.age"), bench.path("three.nvk.age")).unwrap();
    fs::write(bench.path("letter.age"), b"age-encryption.org/v1\n").unwrap();
    fs::write(bench.path("torn.nvk.age"), b"age-encryption.org/v1\n-> X25519 ").unwrap();
    let names = |paths: Vec<&PathBuf>| -> Vec<String> {
        paths.into_iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    let found = shelf(&context, bench.folder.path(), Some("490154203237518")).unwrap();
    assert_eq!(names(found.archives.iter().map(|one| &one.file).collect()), ["one.nvk"]);
    assert_eq!(names(found.sealed.iter().map(|one| &one.file).collect()), ["three.nvk.age", "two.nvk.age"]);
    assert!(found.sealed.iter().all(|one| one.code == "archive-sealed"), "{found:?}");
    assert_eq!(names(found.bad.iter().map(|one| &one.file).collect()), ["torn.nvk.age"]);
    assert_eq!(found.bad[0].code, "sealed-damaged");

    let never = |_: &Path| -> Result<Option<Passphrase>, nvkeep::app::Failure> {
        panic!("nobody is asked for the passphrases of a folder")
    };
    context.choices.keyring = Keyring { keys, ask: Some(std::sync::Arc::new(never)) };
    let found = shelf(&context, bench.folder.path(), Some("490154203237518")).unwrap();
    assert_eq!(names(found.archives.iter().map(|one| &one.file).collect()), ["one.nvk", "two.nvk.age"]);
    assert_eq!(names(found.sealed.iter().map(|one| &one.file).collect()), ["three.nvk.age"]);
}

#[test]
fn a_secret_is_in_no_error_and_no_debug_text() {
    let bench = Workbench::with("mt6572");
    let secret =
        fs::read_to_string(sample("sealed/identity.txt")).unwrap().lines().last().unwrap().to_owned();
    assert!(secret.starts_with("AGE-SECRET-KEY-1"));
    let mut texts = vec![
        format!("{:?}", passphrase("hunter2")),
        format!("{:?}", Keys::default().with(passphrase("hunter2"))),
        format!("{:?}", Lock::Passphrase(passphrase("hunter2"))),
        format!("{:?}", test_keys()),
        Lock::to(std::slice::from_ref(&secret)).unwrap_err().to_string(),
        Lock::to(&["hunter2".into()]).unwrap_err().to_string(),
    ];
    for content in
        [format!("{secret}\nhunter2\n"), format!("{secret}X\n"), "hunter2".to_owned(), String::new()]
    {
        fs::write(bench.path("key"), content).unwrap();
        let error = Keys::read(&[bench.path("key")], None).unwrap_err();
        assert_eq!(error.code(), "bad-key");
        texts.push(error.to_string());
    }
    for content in ["", "\n", "hunter2\nhunter2\n", "\r\n"] {
        fs::write(bench.path("word"), content).unwrap();
        let error = Passphrase::from_file(&bench.path("word")).unwrap_err();
        assert_eq!(error.code(), "bad-key", "{content:?}");
        texts.push(error.to_string());
    }
    fs::write(bench.path("long"), vec![b'x'; 1 << 20]).unwrap();
    assert_eq!(Passphrase::from_file(&bench.path("long")).unwrap_err().code(), "bad-key");
    for text in texts {
        assert!(!text.contains("hunter2") && !text.contains(&secret[20..]), "{text}");
    }
    for ending in ["", "\n", "\r\n"] {
        fs::write(bench.path("word"), format!("hunter2{ending}")).unwrap();
        assert!(Passphrase::from_file(&bench.path("word")).unwrap().is(&passphrase("hunter2")), "{ending:?}");
    }
}
