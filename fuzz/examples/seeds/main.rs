//! Writes the first inputs of every target below the folder named: from the simulated phone, the archive and the
//! descriptions this repository holds, and short texts. Called by `seeds.sh`.

mod agent;

use std::path::{Path, PathBuf};
use std::{env, fs};

use nvkeep::simulator::{Area, Flash};
use nvkeep::vault::Archive;
use nvkeep_fuzz::phone::{HEALTHY, head};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SCATTER: &str = "\
- general: MTK_PLATFORM_CFG
  info:
    - config_version: V1.1.1
      platform: MT6572
      project: textbook
      storage: EMMC
      block_size: 0x20000

- partition_index: SYS1
  partition_name: __NODL_NVRAM
  file_name: NONE
  is_download: false
  linear_start_addr: 0x1000000
  partition_size: 0x500000
  region: EMMC_USER
  operation_type: BINREGION

- partition_index: SYS2
  partition_name: BMTPOOL
  file_name: NONE
  is_download: false
  linear_start_addr: 0xFFFF00a8
  partition_size: 0x1500000
  region: EMMC_USER
  operation_type: RESERVED
";

const SESSION: &str = "\
nvkeep session 1
# made for fuzzing
plug preloader usb 1-2 (0e8d:2000)
> 0.001234 a0
< 0.001500 5f
! 0.021500 receive timeout 4 1
> 0.022000 0a50
! 0.023000 send failed pipe
! 0.030000 receive gone
plug unknown
";

/// The configuration of a preloader: data interface with a bulk pair, then the control interface.
const CONFIGURATION: [u8; 48] = [
    9, 2, 48, 0, 2, 1, 3, 0xC0, 0xFA, 9, 4, 0, 0, 2, 10, 0, 0, 4, 7, 5, 1, 2, 0, 2, 0, 7, 5, 0x81, 2, 0, 2,
    0, 9, 4, 1, 0, 1, 2, 2, 1, 5, 7, 5, 0x83, 3, 64, 0, 16,
];

struct Seeds(PathBuf);

impl Seeds {
    fn put(&self, target: &str, name: &str, parts: &[&[u8]]) -> Outcome {
        let folder = self.0.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), parts.concat())?;
        Ok(())
    }
}

/// Pieces of the `narrate` target: READY, a handshake, GET_HW_CODE, a register read and written, and failures.
const TRANSFERS: [&[u8]; 23] = [
    b"\x15READY",
    b"\x04\xa0",
    b"\x05\x5f",
    b"\x04\x0a",
    b"\x05\xf5",
    b"\x04\x50",
    b"\x05\xaf",
    b"\x04\x05",
    b"\x05\xfa",
    b"\x04\xfd",
    b"\x15\xfd\x65\x72\0\0",
    b"\x24\xd1\x11\x12\0\x0c\0\0\0\x01",
    b"\x2d\xd1\x11\x12\0\x0c\0\0\0\x01\0\0",
    b"\x19\0\0\x01\0\0\0",
    b"\x34\xd4\x11\x12\0\x34\0\0\0\x01\0\0\0\x8d",
    b"\x2d\xd4\x11\x12\0\x34\0\0\0\x01\0\0",
    b"\x19\0\0\0\x8d\0\0",
    b"\x04\xe7",
    b"\x05\xe7",
    b"\x06\0",
    b"\x04\xfe",
    b"\x05\x01",
    b"\x07\xfd",
];

/// The same after a jump: a D13 agent's opening, configuration, a second stage of three bytes and a report; then a part is
/// chosen, two blocks of four bytes are read, one of them twice, one is written, pages are refused, and the phone restarts.
const AGENT: [&[u8]; 40] = [
    b"\x14\xd5\x02\0\x70\0",
    b"\x1d\xd5\x02\0\x70\0\0\0",
    b"\x11\xc0\x04\x02\x88",
    b"\x3c\xff\x01\x08\x08\0\x70\x07\xff\xff\0\0\0\0\x02\0",
    b"\x11\0\0\0\0",
    b"\x30\x80\0\0\0\0\0\0\x03\0\0\0\x02",
    b"\x05\x5a",
    b"\x08\x01\x02",
    b"\x05\x5a",
    b"\x04\x03",
    b"\x09\x5a\x5a",
    b"\x04\x5a",
    // NOR, NAND, the eMMC's areas, SD and memory: 184 bytes, and what stands behind them.
    &[0xFD; 64],
    &[0xFD; 64],
    &[0xE9; 59],
    b"\x29\x5a\0\0\x0c\x06\0\0\x04\x09\xc1",
    b"\x08\x60\x08",
    b"\x05\x5a",
    b"\x08\xd6\x02",
    b"\x40\0\0\0\0\0\xf8\0\0\0\0\0\0\0\0\0\x08",
    b"\x05\x5a",
    b"\x10\0\0\0\x04",
    b"\x19\x01\x02\x03\x04\0\x0a",
    b"\x04\xa5",
    b"\x19\x01\x02\x03\x04\0\x0a",
    b"\x04\x5a",
    b"\x19\x01\x02\x03\x04\0\x0b",
    b"\x04\x5a",
    b"\x5c\x62\x01\x08\0\0\0\0\0\xf8\0\0\0\0\0\0\0\0\0\x02\0\0\0\x02",
    b"\x05\x5a",
    b"\x14\x5a\x01\x02\0\x03",
    b"\x15\xa5\0\0\x0b\xf5",
    b"\x14\x5a\x01\x02\0\x03",
    b"\x05\x69",
    b"\x5c\xdf\x03\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\0\x18\0\0\x01\0\0",
    b"\x15\xa5\0\0\x0b\xe1",
    b"\x04\x72",
    b"\x09\x5a\x01",
    b"\x1c\xdb\0\0\0\0\0\0",
    b"\x05\x5a",
];

fn main() -> Outcome {
    let seeds = Seeds(env::args().nth(1).unwrap_or_else(|| "seeds".to_owned()).into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    texts(&seeds, &root)?;
    flash(&seeds)?;
    files(&seeds)?;
    at_rest(&seeds, &root)?;
    closed(&seeds, &root)?;
    cable(&seeds)?;
    agent::conversations(&seeds)
}

fn texts(seeds: &Seeds, root: &Path) -> Outcome {
    seeds.put("scatter", "mt6572", &[SCATTER.as_bytes()])?;
    seeds.put("session", "mt6572", &[SESSION.as_bytes()])?;
    seeds.put("narrate", "session", &TRANSFERS)?;
    seeds.put("narrate", "agent", &AGENT)?;
    let agents = agents();
    seeds.put("da_container", "two-entries", &[&[0], &agents])?;
    seeds.put("da_container", "entries", &[&[5], &agents])?;
    for (flag, name) in [(0, "chips"), (1, "partitions"), (2, "nvram/wr8")] {
        let text = fs::read(root.join("formats").join(name).with_extension("toml"))?;
        seeds.put("catalog", &name.replace('/', "-"), &[&[flag], &text])?;
    }
    for name in ["mt6572", "mt6572-ddr", "mt6572-format-all", "mt6572-torn-binregion"] {
        let text = fs::read(root.join("samples/phones").join(name).with_extension("toml"))?;
        seeds.put("scenario", name, &[&text])?;
        seeds.put("scenario", &format!("{name}-built"), &[&text, b"\n# build\n"])?;
    }
    Ok(())
}

/// A Download Agent file with two entries and stages of a few bytes.
fn agents() -> Vec<u8> {
    let mut file = b"MTK_DOWNLOAD_AGENT".to_vec();
    file.resize(0x20, 0);
    file.extend(b"MTK_AllInOne_DA_v3.3001");
    file.resize(0x60, 0);
    for word in [4, 0x2266_8899, 2] {
        file.extend(u32::to_le_bytes(word));
    }
    let data = 0x6C + 2 * 0xDC;
    for code in [0x6572, 0x6582] {
        for half in [0xDADA, code, 0, 0xCA00, 0, 0, 0x1000, 0, 0, 3] {
            file.extend(u16::to_le_bytes(half));
        }
        for (at, len, address, signature) in
            [(0, 8, 0x8001_0000, 0), (8, 16, 0x0200_7000, 4), (24, 16, 0x8000_0000, 4)]
        {
            for word in [data + at, len, address, len - signature, signature] {
                file.extend(u32::to_le_bytes(word));
            }
        }
        file.extend([0; 7 * 20]);
    }
    file.extend(1..=40);
    file
}

fn flash(seeds: &Seeds) -> Outcome {
    let (_, flash) = &*HEALTHY;
    let mut copy = [0; 0x1000];
    flash.read(Area::User, flash.len(Area::User) - 0x10_0000, &mut copy)?;
    seeds.put("pmt", "main", &[&[0], &copy])?;
    seeds.put("pmt", "entries", &[&[1], &copy[..8 + 88 * 20]])?;

    let slot = |kind: u8, start: u8| [0, 0, 0, 0, kind, 0, 0, 0, start, 0, 0, 0, 64, 0, 0, 0];
    let first = [slot(5, 1), slot(0x83, 9), slot(0x83, 10), [0; 16]].concat();
    let second = [slot(0x83, 8), slot(5, 1), [0; 16], [0; 16]].concat();
    seeds.put("mbr", "chain", &[&[1], &first, &second, &second])?;
    let mut mbr = [0; 512];
    mbr.copy_from_slice(&head("mt6572", "MBR", 512));
    seeds.put("mbr", "mt6572", &[&[0], &mbr])?;

    let nvram = head("mt6572", "NVRAM", 24 << 10);
    seeds.put("binregion", "sound", &[&[0, 0, 0]])?;
    seeds.put("binregion", "patched", &[&[0, 0, 0, 0x03, 0, 0, 0, 1, 2, 3, 4, 0x00, 0x10, 0x02, 0, 9]])?;
    seeds.put("binregion", "head", &[&[0x51], &nvram])?;
    seeds.put("identity", "all", &[&[15, 0, 0]])?;
    seeds.put("identity", "imei-live", &[&[1, 17, 0]])?;
    for (name, flag) in [("clean", 0), ("dirty", 2)] {
        seeds.put("ext4", name, &[&[flag, 0, 0]])?;
        seeds.put(
            "ext4",
            &format!("{name}-patched"),
            &[&[flag, 0, 0, 0x01, 0x20, 0x04, 0, 7, 7, 0, 4, 8, 0, 1]],
        )?;
    }

    seeds.put("volume", "clean", &[&[0, 0]])?;
    seeds.put("volume", "patched", &[&[0, 0, 0x01, 0x20, 0x04, 0, 7, 7, 0, 4, 8, 0, 1]])?;

    let mut small = Flash::new(1 << 20, 1 << 17, 1 << 17, 0xFF);
    small.write(Area::User, 0, b"user")?;
    small.write(Area::Boot1, 0x1_0000, b"boot")?;
    let mut saved = Vec::new();
    small.save(&mut saved)?;
    seeds.put("flash_snapshot", "small", &[&saved])
}

fn files(seeds: &Seeds) -> Outcome {
    let imeis = [0x94, 0x10, 0x45, 0x02, 0x23, 0x73, 0x15, 0xF8, 0, 0];
    seeds.put("lid", "imei", &[&[1], &imeis, &[0xFF; 10]])?;
    seeds.put("lid", "barcode", &[&[5], &[0x30; 64]])?;
    seeds.put("lid", "system", &[&[3], &[0x41; 34 * 3]])?;
    seeds.put("lid", "name", &[b"MP0B_001"])?;
    let wifi = [&[0x04, 0x01, 0, 0, 2, 0x4E, 0x56, 0x4B, 0x50, 1][..], &[0; 502]].concat();
    seeds.put("ap_file", "wifi", &[&wifi, &nvkeep::formats::ap_file::trailer(&wifi)])?;
    seeds.put("ap_file", "mac", &[b"02:4e:56:4b:50:01"])?;
    seeds.put("ap_file", "backup-flag", &[&[1, 0, 0, 0, 1]])?;
    let row = [&b"NVRAM_VER_INFO"[..], &[0; 56], b"000\0"].concat();
    seeds.put("ap_file", "file-ver", &[&row, &row])?;
    let info = [&b"NVKEEPSYNTHETIC1"[..], &[0; 48], &imeis, &[0; 950]].concat();
    seeds.put("product_info", "one-imei", &[&info])?;
    seeds.put("product_info", "digits", &[b"490154203237518"])
}

fn at_rest(seeds: &Seeds, root: &Path) -> Outcome {
    let golden = root.join("samples/archives/schema-1.nvk");
    let manifest = serde_json::to_vec(Archive::open(&golden)?.manifest())?;
    seeds.put("archive", "golden", &[&[0], &fs::read(&golden)?])?;
    seeds.put("archive", "manifest", &[&[1], &manifest])?;
    seeds.put("archive", "draft", &[&[2], &[0x14], b"NVRAM", &[0xA5; 91], &[0x15], b"md/NV", &[1; 60]])?;
    let header = br#"{"created":"2024-01-01T00:00:00Z","chip":"MT6572","cid":"00","title":"restore"}"#;
    let len = u32::try_from(header.len())?.to_le_bytes();
    let block = [&7_u64.to_le_bytes()[..], &[0; 512], &[1; 512]].concat();
    seeds.put("journal", "one-block", &[&[3], &len, header, &1_u32.to_le_bytes(), &block])
}

/// Chains of proofs, sealed files, and ROM packages.
fn closed(seeds: &Seeds, root: &Path) -> Outcome {
    let proof = concat!(
        r#"{"time":"2026-11-25T01:02:03Z","tool":"nvkeep 0.1.0","title":"repair","chip":"MT6572","cid":"00","binding":"own","#,
        r#""changes":["IMEI"],"regions":[["NVRAM",3]],"before":"","after":"","evidence":[],"#,
        r#""says":[{"place":"live","what":"IMEI 1","value":"490154203237518","worth":"valid"}],"read_back":"all","journal":"a"}"#,
    );
    seeds.put("proof", "two", &[&[1], proof.as_bytes(), b"\n", proof.as_bytes(), b"\n"])?;
    seeds.put("proof", "torn", &[&[1], proof.as_bytes(), b"\n{\"proof\":{\"ti\n", proof.as_bytes()])?;
    for name in ["to-recipient", "armored", "to-passphrase"] {
        let sealed = fs::read(root.join("samples/sealed").join(name).with_extension("nvk.age"))?;
        seeds.put("sealed", name, &[&[0], &sealed])?;
    }
    let stanza = b"-> scrypt dyHoElr/46NRbO5b+0p6jA 1\nur5xQ4P19R0YBVr+rrE1BSN73yT2SWDnucAmy1cxq8k\n--- ";
    seeds.put("sealed", "work", &[&[1], stanza, &[b'A'; 43], b"\n", &[0; 40]])?;
    seeds.put("sealed", "patched", &[&[2], &[200, 0, 1, 100, 2, 0x80]])?;
    seeds.put("sealed", "armored-patched", &[&[3], &[60, 0, 1]])?;
    seeds.put("rom", "folder", &[&[2], SCATTER.as_bytes(), &[0], &head("mt6572", "NVRAM", 8 << 10)])?;
    let entry = |name: &[u8], content: &[u8]| -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let len = u16::try_from(content.len())?.to_le_bytes();
        Ok([&[u8::try_from(name.len())?][..], name, &len, content].concat())
    };
    let scatter = entry(b"rom/MT6572_Android_scatter.txt", SCATTER.as_bytes())?;
    let image = entry(b"rom/nvram.bin", &[0x5A; 512])?;
    seeds.put("rom", "zip", &[&[1], &scatter, &image])?;
    seeds.put(
        "rom",
        "climbing",
        &[&[1], &scatter, &entry(b"../../nvram.bin", b"x")?, &entry(b"C:\\nvram.bin", b"x")?],
    )
}

fn cable(seeds: &Seeds) -> Outcome {
    seeds.put("usb_descriptors", "preloader", &[&CONFIGURATION])?;
    let answers = [
        0x5F, 0xF5, 0xAF, 0xFA, 0xFD, 0x65, 0x72, 0, 0, 1, 0xFC, 0x8A, 0, 0xCA, 1, 0, 0, 0, 0, 0xD8, 0, 0, 0,
        0, 0, 0,
    ];
    seeds.put("preloader_answers", "babble", &[&[0], b"READYREADY", &answers])?;
    seeds.put("preloader_answers", "endless", &[&[1], b"READY"])?;
    for (name, flag) in [("strict", 2), ("fast", 6)] {
        seeds.put("preloader_answers", name, &[&[flag]])?;
        seeds.put("preloader_answers", &format!("{name}-drop"), &[&[flag, 40, 0, 1, 0, 0, 2, 0, 1]])?;
        seeds.put("preloader_answers", &format!("{name}-late"), &[&[flag, 0, 16, 0, 1, 0, 32, 4, 0]])?;
    }
    Ok(())
}
