//! Text that is read in the diff: run with `NVKEEP_GOLDEN=write` to make it anew.

use std::path::Path;

/// Compares with the file of this name, or writes it.
pub fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("NVKEEP_GOLDEN").is_some_and(|what| what == "write") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let longest = text.lines().count().max(expected.lines().count());
    for number in 0..longest {
        let (is, was) = (text.lines().nth(number), expected.lines().nth(number));
        let place = format!("{} line {}; NVKEEP_GOLDEN=write makes it anew", path.display(), number + 1);
        assert_eq!(is, was, "{place}");
    }
    assert_eq!(text.len(), expected.len(), "{} differs in its line ends", path.display());
}
