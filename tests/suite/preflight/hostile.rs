//! Claims about packages that mean harm: names that leave the folder, links, cut and damaged zips, bombs, hostile scatter
//! files. Every one ends in a verdict or in a sentence.

use std::fs;
use std::os::unix::fs::symlink;

use nvkeep::app::Exit;
use nvkeep::app::preflight::{Severity, Verdict};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::maker::{Rom, zip_of};
use super::{alone, codes, donor, sentence};
use crate::support::Random;
use crate::support::workbench::Workbench;

fn bench_with(name: &str, bytes: &[u8]) -> Workbench {
    let bench = Workbench::with("mt6572");
    fs::write(bench.path(name), bytes).unwrap();
    bench
}

#[test]
fn a_zip_says_what_its_folder_says() {
    let mut rom = Rom::matching();
    rom.flash("NVRAM", "nvram.bin", donor("mt6572-other-phone", "NVRAM"));
    let bench = bench_with("rom.zip", &rom.zip("ROM v1/images/"));
    rom.lay(&bench.path("rom"));
    let (zipped, laid) = (alone(&bench, "rom.zip").unwrap(), alone(&bench, "rom").unwrap());
    assert_eq!(zipped.package.kind, "zip");
    let without_folder = |text: &str| text.replace("ROM v1/images/", "");
    assert_eq!(
        zipped.reasons.iter().map(|reason| without_folder(&reason.sentence)).collect::<Vec<_>>(),
        laid.reasons.iter().map(|reason| reason.sentence.clone()).collect::<Vec<_>>()
    );
    assert!(codes(&zipped, Severity::Danger).contains(&"carries-identity"));
    assert_eq!(bench.files(), ["rom", "rom.zip"], "nothing was unpacked");
}

#[test]
fn entries_that_leave_the_folder_are_named_and_never_read() {
    for name in ["../nvram.bin", "/tmp/nvram.bin", "a/../../nvram.bin", "C:\\nvram.bin", "..\\nvram.bin"] {
        let mut entries: Vec<_> = Rom::matching().all().into_iter().collect();
        entries.push((name.to_owned(), donor("mt6572-other-phone", "NVRAM")));
        let bench = bench_with("rom.zip", &zip_of(&entries));
        let result = alone(&bench, "rom.zip").unwrap();
        assert_eq!(result.verdict, Verdict::DoNotFlash, "{name}");
        assert_eq!(codes(&result, Severity::Danger), ["name-leaves-package"], "{name}");
        assert!(sentence(&result, "carries-identity").is_empty(), "{name} was read");
    }
}

#[test]
fn a_scatter_file_that_takes_images_from_elsewhere_is_deadly() {
    let bench = Workbench::with("mt6572");
    fs::write(bench.path("lk.bin"), b"outside").unwrap();
    let outside = bench.path("lk.bin").display().to_string();
    for name in ["../lk.bin", "x/../../lk.bin", "..\\lk.bin", &outside] {
        let mut rom = Rom::matching();
        rom.part("UBOOT").file = Some(name.into());
        rom.lay(&bench.path("rom"));
        let result = alone(&bench, "rom").unwrap();
        assert_eq!(codes(&result, Severity::Danger), ["name-leaves-package"], "{name}");
        assert!(result.images.iter().all(|image| image.partition != "UBOOT"), "{name}");
    }
}

#[test]
fn links_are_not_followed() {
    let mut rom = Rom::matching();
    rom.files.remove("lk.bin");
    let bench = Workbench::with("mt6572");
    rom.lay(&bench.path("rom"));
    fs::write(bench.path("secret"), vec![7; 1 << 20]).unwrap();
    symlink(bench.path("secret"), bench.path("rom/lk.bin")).unwrap();
    symlink("/", bench.path("rom/everything")).unwrap();
    let mut zip = ZipWriter::new_append(std::io::Cursor::new(rom.zip(""))).unwrap();
    zip.add_symlink("lk.bin", "/etc/hostname", SimpleFileOptions::default()).unwrap();
    fs::write(bench.path("rom.zip"), zip.finish().unwrap().into_inner()).unwrap();
    for name in ["rom", "rom.zip"] {
        let result = alone(&bench, name).unwrap();
        assert!(
            codes(&result, Severity::Caution).contains(&"image-missing"),
            "{name}: {:#?}",
            result.reasons
        );
        assert!(sentence(&result, "image-missing").contains("lk.bin"), "{name}");
        assert!(
            result
                .not_checked
                .iter()
                .any(|what| what.contains("links are not followed: ") && what.contains("lk.bin")),
            "{name}"
        );
    }
}

#[test]
fn a_zip_that_was_cut_says_so_wherever_it_was_cut() {
    let whole = Rom::matching().zip("");
    for len in (4..whole.len()).step_by(97).chain([whole.len() - 1]) {
        let bench = bench_with("rom.zip", &whole[..len]);
        let failure = alone(&bench, "rom.zip").err().unwrap_or_else(|| panic!("{len} bytes were enough"));
        assert_eq!((failure.code, failure.exit), ("zip-damaged", Exit::Usage), "{len}: {failure}");
    }
    let bench = bench_with("rom.zip", &whole);
    assert!(alone(&bench, "rom.zip").is_ok());
}

#[test]
fn an_image_that_swells_is_not_looked_into() {
    let mut rom = Rom::matching();
    rom.flash("NVRAM", "nvram.bin", vec![0; 80 << 20]);
    let zip = rom.zip("");
    assert!(zip.len() < 1 << 20, "{}", zip.len());
    let result = alone(&bench_with("rom.zip", &zip), "rom.zip").unwrap();
    assert!(sentence(&result, "image-unreadable").contains("too many"), "{:#?}", result.reasons);
    assert!(codes(&result, Severity::Danger).contains(&"image-too-large"));
}

#[test]
fn an_entry_that_lies_about_its_length_is_not_believed() {
    let mut rom = Rom::matching();
    rom.flash("NVRAM", "nvram.bin", vec![1; 8 << 20]);
    let honest = rom.zip("");
    let mut lying = honest.clone();
    let (from, to) = ((8u32 << 20).to_le_bytes(), 5000u32.to_le_bytes());
    let places: Vec<usize> = (0..honest.len() - 4).filter(|at| honest[*at..*at + 4] == from).collect();
    assert!(!places.is_empty());
    places.iter().for_each(|at| lying[*at..*at + 4].copy_from_slice(&to));
    let result = alone(&bench_with("rom.zip", &lying), "rom.zip").unwrap();
    assert!(!sentence(&result, "image-unreadable").is_empty(), "{:#?}", result.reasons);
    let result = alone(&bench_with("rom.zip", &honest), "rom.zip").unwrap();
    assert!(sentence(&result, "image-unreadable").is_empty());
}

#[test]
fn two_scatter_files_are_not_chosen_between() {
    let bench = Workbench::with("mt6572");
    let mut rom = Rom::matching();
    rom.files.insert("other/MT6572_scatter.txt".into(), rom.scatter().into_bytes());
    rom.lay(&bench.path("rom"));
    assert_eq!(alone(&bench, "rom").err().unwrap().code, "two-scatters");
    assert!(alone(&bench, "rom/MT6572_Android_scatter.txt").is_ok());
}

#[test]
fn names_cannot_steer_a_terminal() {
    let mut entries: Vec<_> = Rom::matching().all().into_iter().collect();
    entries.push(("\u{1b}[2Jnvram.bin".into(), vec![1; 2000]));
    let result = alone(&bench_with("rom.zip", &zip_of(&entries)), "rom.zip").unwrap();
    let told = sentence(&result, "name-leaves-package");
    assert!(told.contains("[2Jnvram.bin") && !told.chars().any(char::is_control), "{told:?}");
}

#[test]
fn survives_damaged_scatter_files() {
    let mut random = Random::new(517);
    let bench = Workbench::with("mt6572");
    let rom = Rom::matching();
    rom.lay(&bench.path("rom"));
    let (mut judged, mut refused) = (0, 0);
    for round in 0..300 {
        let text = Rom { plain: round % 3 == 0, ..rom.clone() }.scatter();
        fs::write(bench.path("rom/MT6572_Android_scatter.txt"), random.damage(text.as_bytes())).unwrap();
        match alone(&bench, "rom") {
            Ok(result) => {
                judged += 1;
                assert_ne!(result.verdict, Verdict::Safe);
            }
            Err(failure) => {
                refused += 1;
                assert!(["bad-scatter", "no-scatter"].contains(&failure.code), "{failure:?}");
            }
        }
    }
    assert!(judged > 20 && refused > 20, "{judged} judged, {refused} refused");
}

#[test]
fn survives_damaged_zips() {
    let mut random = Random::new(518);
    let mut rom = Rom::matching();
    rom.flash("PRO_INFO", "pro_info.img", donor("mt6572-other-phone", "PRO_INFO")[..8192].to_vec());
    let whole = rom.zip("");
    let bench = Workbench::with("mt6572");
    let mut judged = 0;
    for _ in 0..300 {
        fs::write(bench.path("rom.zip"), random.damage(&whole)).unwrap();
        if let Ok(result) = alone(&bench, "rom.zip") {
            judged += 1;
            assert_ne!(result.verdict, Verdict::Safe);
        }
        assert_eq!(bench.files(), ["rom.zip"], "nothing was unpacked");
    }
    assert!(judged > 0);
}
