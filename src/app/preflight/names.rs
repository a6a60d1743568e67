//! Names that a package gives to files: taken apart, and refused where they could leave the package's own folder.

/// Longest name that is taken.
const MAX_NAME: usize = 512;

/// Returns a name with plain slashes, or nothing where it is empty, absolute, climbs, or holds what no name of a ROM has.
#[must_use]
pub fn inside(name: &str) -> Option<String> {
    if name.len() > MAX_NAME || name.chars().any(|c| c.is_control() || c == ':') {
        return None;
    }
    let name = name.replace('\\', "/");
    let name = name.strip_prefix("./").unwrap_or(&name);
    let bad = name.split('/').any(|part| part.is_empty() || part == "." || part == "..");
    (!bad).then(|| name.to_owned())
}

/// Returns the folder part of a name with its slash, or nothing.
#[must_use]
pub fn folder_of(name: &str) -> &str {
    name.rfind('/').map_or("", |at| &name[..=at])
}

/// Returns the last part of a name.
#[must_use]
pub fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_the_folder_has_no_name() {
        for name in
            ["", "/etc/passwd", "../a", "a/../../b", "a//b", "C:\\a", "..\\a", "\\\\host\\a", "a\nb", "a/."]
        {
            assert_eq!(inside(name), None, "{name:?}");
        }
        for (name, taken) in
            [("boot.img", "boot.img"), ("./a/b.img", "a/b.img"), ("a\\b.img", "a/b.img"), ("a..b", "a..b")]
        {
            assert_eq!(inside(name).as_deref(), Some(taken));
        }
        assert_eq!((folder_of("a/b/c"), folder_of("c"), last("a/b/c")), ("a/b/", "", "c"));
    }
}
