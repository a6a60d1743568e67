//! Claims about a package's checksum files: what agrees is said, what differs is deadly, what cannot be known is no verdict.

use md5::{Digest as _, Md5};
use sha2::Sha256;

use nvkeep::app::preflight::{Severity, Verdict};
use nvkeep::formats::sum_list::{Listed, Of, Sum, parse};

use super::maker::Rom;
use super::{against_the_phone, codes, donor, is_deadly, judge, sentence};
use crate::support::Random;
use crate::support::workbench::Workbench;

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn byte_sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte)))
}

/// A package with images that differ from each other.
fn rom() -> Rom {
    let mut rom = Rom::matching();
    for (file, seed) in [("lk.bin", 1u8), ("boot.img", 2), ("logo.bin", 3)] {
        rom.files
            .insert(file.into(), (0..5000u32).map(|at| (at.to_le_bytes()[0]).wrapping_mul(seed)).collect());
    }
    rom
}

#[test]
fn of_every_common_form_agree_with_what_they_were_made_of() {
    for form in ["md5sum", "sha256sum", "bsd", "itself"] {
        let mut rom = rom();
        let list = |of: &dyn Fn(&str, &[u8]) -> String| -> String {
            rom.files.iter().map(|(name, bytes)| of(name, bytes)).collect()
        };
        let (name, text) = match form {
            "md5sum" => ("md5sum.txt", list(&|name, bytes| format!("{}  {name}\n", hex(Md5::digest(bytes))))),
            "sha256sum" => {
                ("SHA256SUMS", list(&|name, bytes| format!("{} *{name}\r\n", hex(Sha256::digest(bytes)))))
            }
            "bsd" => {
                ("rom.md5", list(&|name, bytes| format!("MD5 ({name}) = {}\n", hex(Md5::digest(bytes)))))
            }
            _ => ("boot.img.md5", hex(Md5::digest(&rom.files["boot.img"]))),
        };
        rom.files.insert(name.into(), text.into_bytes());
        let result = against_the_phone(&rom);
        assert_eq!(result.verdict, Verdict::Safe, "{form}: {:#?}", result.reasons);
        assert_eq!(
            codes(&result, Severity::Note).iter().filter(|code| **code == "sums-agree").count(),
            1,
            "{form}"
        );
        rom.files.get_mut("boot.img").unwrap()[77] ^= 4;
        let result = is_deadly(&rom, "sum-differs");
        assert!(sentence(&result, "sum-differs").contains("boot.img"), "{form}");
        assert!(!sentence(&result, "sum-differs").contains("lk.bin"), "{form}");
    }
}

#[test]
fn of_the_flash_tool_count_where_another_image_proves_the_rule() {
    let mut rom = rom();
    let sum = |name: &str| byte_sum(&rom.files[name]);
    let ini = format!(
        "[CheckSum]\nUBOOT=0x{:04X}\nBOOTIMG=0x{:04x}\nLOGO=0x0\nRECOVERY=0x1234\n[Other]\nLOGO=0x1\n",
        sum("lk.bin"),
        sum("boot.img")
    );
    rom.files.insert("Checksum.ini".into(), ini.into_bytes());
    let result = against_the_phone(&rom);
    assert_eq!(result.verdict, Verdict::Safe, "{:#?}", result.reasons);
    assert_eq!(sentence(&result, "sums-agree"), "By Checksum.ini 2 files came as made.");
    rom.files.get_mut("boot.img").unwrap()[9] ^= 1;
    let result = is_deadly(&rom, "sum-differs");
    assert!(sentence(&result, "sum-differs").contains("boot.img"));
}

#[test]
fn of_the_flash_tool_that_follow_no_known_rule_are_no_verdict() {
    let mut rom = rom();
    rom.files.insert("Checksum.ini".into(), b"[CheckSum]\nUBOOT=0x1111\nBOOTIMG=0x2222\n".to_vec());
    let result = against_the_phone(&rom);
    assert_eq!(result.verdict, Verdict::Safe, "{:#?}", result.reasons);
    assert!(
        result.not_checked.iter().any(|what| what.starts_with("Checksum.ini")),
        "{:?}",
        result.not_checked
    );
}

#[test]
fn of_a_second_generation_are_md5() {
    let mut rom = rom();
    let ini = format!("[CHECKSUM_V2]\nBOOTIMG={}\n", hex(Md5::digest(&rom.files["boot.img"])));
    rom.files.insert("Checksum.ini".into(), ini.into_bytes());
    assert_eq!(against_the_phone(&rom).verdict, Verdict::Safe);
    rom.files.get_mut("boot.img").unwrap()[0] ^= 1;
    is_deadly(&rom, "sum-differs");
}

#[test]
fn of_files_outside_the_package_are_not_looked_for() {
    let mut rom = rom();
    let text = format!("{}  ../../etc/passwd\n{}  /etc/passwd\n", "0".repeat(32), "1".repeat(64));
    rom.files.insert("a.md5".into(), text.into_bytes());
    assert_eq!(against_the_phone(&rom).verdict, Verdict::Safe);
}

#[test]
fn of_noise_are_absent_and_never_more_than_the_bound() {
    let mut random = Random::new(77);
    for _ in 0..300 {
        let mut text =
            b"[CheckSum]\nboot=0x12\n[V2]\n0123456789abcdef0123456789abcdef  a\nMD5 (x) = 00\n".to_vec();
        for _ in 0..random.below(20) {
            let at = random.below(text.len() as u64) as usize;
            text[at] = random.below(256) as u8;
        }
        assert!(parse(&String::from_utf8_lossy(&text)).len() <= 3);
    }
    let long = "0123456789abcdef0123456789abcdef  a\n".repeat(5000);
    assert_eq!(parse(&long).len(), nvkeep::formats::sum_list::MOST);
    assert_eq!(
        parse("d41d8cd98f00b204e9800998ecf8427e  a b.img"),
        [Listed {
            of: Of::File("a b.img".into()),
            sum: Sum::Md5([
                0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0, 0xb2, 4, 0xe9, 0x80, 9, 0x98, 0xec, 0xf8, 0x42, 0x7e
            ])
        }]
    );
}

#[test]
fn of_huge_images_never_hide_somebodys_identity_in_a_zip() {
    let bench = Workbench::with("mt6572");
    let mut rom = rom();
    rom.flash("NVRAM", "nvram.bin", donor("mt6572-other-phone", "NVRAM"));
    // Alone nearly as much as may be unpacked of a zip.
    rom.flash("ANDROID", "system.img", vec![0; 510 << 20]);
    rom.files.insert("md5sum.txt".into(), format!("{}  system.img\n", "0".repeat(32)).into_bytes());
    std::fs::write(bench.path("rom"), rom.zip("")).unwrap();
    let result = judge(&bench);
    assert_eq!(result.verdict, Verdict::DoNotFlash);
    assert!(codes(&result, Severity::Danger).contains(&"carries-identity"), "{:#?}", result.reasons);
    assert!(result.not_checked.iter().any(|what| what.starts_with("md5sum.txt")), "{:?}", result.not_checked);
}
