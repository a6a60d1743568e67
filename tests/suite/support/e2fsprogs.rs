//! mke2fs, e2fsck and debugfs, where they are installed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns whether all three are there; says on stderr that `claim` is skipped when one is missing.
pub fn have_tools(claim: &str) -> bool {
    let missing = ["mke2fs", "e2fsck", "debugfs"].into_iter().find(|name| tool(name).is_none());
    if let Some(name) = missing {
        eprintln!("SKIPPED {claim}: no {name}");
    }
    missing.is_none()
}

fn tool(name: &str) -> Option<PathBuf> {
    ["/usr/sbin", "/sbin", "/usr/bin", "/usr/local/sbin", "/opt/homebrew/opt/e2fsprogs/sbin"]
        .into_iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file())
}

/// Runs a tool; returns its exit code and all it said.
pub fn run(name: &str, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(tool(name).unwrap()).args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
}

/// Makes a volume of `kib` KiB that holds `files`, and runs debugfs commands on it.
pub fn make(arguments: &[&str], kib: u32, files: &BTreeMap<String, Vec<u8>>, commands: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (tree, path) = (folder.path().join("tree"), folder.path().join("image"));
    fs::create_dir_all(&tree).unwrap();
    for (name, bytes) in files {
        let place = tree.join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    }
    let (tree, path, size) = (tree.to_str().unwrap(), path.to_str().unwrap(), format!("{kib}k"));
    let (code, said) = run("mke2fs", &[&["-q", "-F", "-d", tree], arguments, &[path, &size]].concat());
    assert_eq!(code, 0, "{said}");
    let image = fs::read(path).unwrap();
    if commands.is_empty() { image } else { debugfs(&image, commands).0 }
}

/// Returns the image after `commands`, and what debugfs said.
pub fn debugfs(image: &[u8], commands: &str) -> (Vec<u8>, String) {
    let folder = tempfile::tempdir().unwrap();
    let (script, path) = (folder.path().join("commands"), folder.path().join("image"));
    fs::write(&script, commands).unwrap();
    fs::write(&path, image).unwrap();
    let (_, said) = run("debugfs", &["-w", "-f", script.to_str().unwrap(), path.to_str().unwrap()]);
    (fs::read(&path).unwrap(), said)
}

/// Runs e2fsck `how` (`-fn`, `-fy`) on a copy; returns exit code, what it said, and the copy afterwards.
pub fn e2fsck(image: &[u8], how: &str) -> (i32, String, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    fs::write(&path, image).unwrap();
    let (code, said) = run("e2fsck", &[how, path.to_str().unwrap()]);
    (code, said, fs::read(&path).unwrap())
}

/// Unpacks an empty file system of `samples/phones/templates` (its `make.sh` tells the form).
pub fn template(name: &str) -> Vec<u8> {
    use std::io::Read;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/phones/templates").join(name);
    let mut blocks = Vec::new();
    flate2::read::DeflateDecoder::new(&fs::read(path).unwrap()[..]).read_to_end(&mut blocks).unwrap();
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap()) as usize;
    let mut image = vec![0; number(&blocks[..8])];
    for block in blocks[8..].chunks(8 + 4096) {
        let at = number(&block[..8]) * 4096;
        image[at..at + 4096].copy_from_slice(&block[8..]);
    }
    image
}
