//! What is left of lost files: found by content, believed by its own sums, weighed last.

use nvkeep::formats::catalog::Catalog;
use nvkeep::formats::remnant::{FoundFile, RemnantKind, at_start, within};
use nvkeep::identity::evidence::{Kind, Place, Sums, Value, best, collect, lines};
use nvkeep::identity::{Copies, Extent, Found, Remnant, VerdictCode, judge};

use crate::identity::phones;
use crate::support::{Random, hex};

/// modem-nvram.md 6.1: both textbook numbers and eight unset slots.
fn imei_file() -> Vec<u8> {
    let slots = ["3fb02a2d3c6d8f4d558b8922", "f836ec1f7a2a924c558b4556"];
    let unset = ["545f90d0e0e1654aaa74d3ce"; 8];
    slots.iter().chain(&unset).flat_map(|slot| hex(slot)).collect()
}

/// modem-nvram.md 6.2: `TEST0123456789ABCDEF`.
fn barcode_file() -> Vec<u8> {
    hex(
        "ffe53c7b2f2fa88661befe5b230dabf581ee5370f307eb4a7757fe9130aee3d98277ccf9860a9d5254499a087c7c72ef675e83418946dfd4ec902455da1ff551f7e4",
    )
}

/// modem-nvram.md 6.4: the whole G3 file with both numbers, tail 00 00.
fn ldi_file() -> Vec<u8> {
    let head = "4c44490010ef0a000a0000000a4000000020000000000000000000000000a244";
    let slots = [
        "46bc72d9949242f370b016e45062c252f83f790592d758b993b306f2bd232914",
        "2a3a3d7c78642ea0f0f0303dc2b63207f5d57fee4bfc15e696f88d3cc39531da",
    ];
    let unset = ["4ab96d2f1a7925c700db7e7f217756793f086badd56d9fa38ebf8856d4aea0a7"; 8];
    let mut file = hex(head);
    file.extend([0; 32]);
    file.extend(slots.iter().chain(&unset).flat_map(|slot| hex(slot)));
    file
}

fn block(file: &[u8]) -> Vec<u8> {
    let mut block = file.to_vec();
    block.resize(512, 0);
    block
}

#[test]
fn the_files_of_the_reference_are_found_anywhere_in_a_page() {
    for at in [0, 1, 77, 320] {
        let mut page = Random::new(at as u64 + 1).bytes(440);
        page[at..at + 120].copy_from_slice(&imei_file());
        let wanted = FoundFile { kind: RemnantKind::Imei, at, len: 120 };
        assert!(within(&page).contains(&wanted), "{at}");
        page[at + 50] ^= 1;
        assert!(!within(&page).contains(&wanted), "one bit away, at {at}");
    }
    let mut page = vec![b'.'; 440];
    page[200..266].copy_from_slice(&barcode_file());
    assert_eq!(within(&page), [FoundFile { kind: RemnantKind::Barcode, at: 200, len: 66 }]);
}

#[test]
fn a_block_is_recognised_by_the_file_it_starts_with() {
    for (file, kind) in [
        (imei_file(), RemnantKind::Imei),
        (ldi_file(), RemnantKind::Imei),
        (barcode_file(), RemnantKind::Barcode),
    ] {
        let whole = block(&file);
        assert_eq!(at_start(&whole), Some(FoundFile { kind, at: 0, len: file.len() }));
        let mut longer = whole.clone();
        longer[file.len() + 3] = 1;
        assert_eq!(at_start(&longer), None, "another file that happens to start like it");
    }
    for nothing in [vec![0; 512], vec![0xFF; 512], Vec::new(), Random::new(4).bytes(512)] {
        assert_eq!(at_start(&nothing), None);
    }
}

#[test]
fn damaged_pages_and_blocks_never_panic_and_never_reach_beyond_their_end() {
    let mut random = Random::new(0x5EED);
    let samples = [block(&imei_file()), block(&ldi_file()), block(&barcode_file())];
    for round in 0..3000 {
        let mut bytes = samples[round % samples.len()].clone();
        bytes = random.damage(&bytes);
        bytes.truncate(if round % 5 == 0 { round % 512 } else { 512 });
        for found in at_start(&bytes).into_iter().chain(within(&bytes)) {
            assert!(found.at + found.len <= bytes.len());
        }
    }
}

fn left(kind: RemnantKind, bytes: Vec<u8>) -> Remnant {
    let place = Extent { at: 0x1_2345, len: bytes.len() as u64 };
    Remnant { origin: "the journal of NVRAM", kind, place, bytes }
}

/// A phone whose every layer is gone.
fn bare() -> Copies {
    let gone = || Found::Absent("gone".into());
    let mut copies = phones::copies("mt6572-format-all");
    copies.pro_info = Found::Blank;
    copies.live = gone();
    copies
}

#[test]
fn a_remnant_is_evidence_of_the_last_rank() {
    let catalog = Catalog::builtin().unwrap();
    let mut phone = phones::copies("mt6572");
    phone.remnants = vec![left(RemnantKind::Imei, imei_file()), left(RemnantKind::Barcode, barcode_file())];
    let evidence = collect(&phone, None, catalog.family_of("MT6572"));
    let places: Vec<Place> =
        evidence.iter().filter(|piece| piece.kind == Kind::Imei(0)).map(|piece| piece.place).collect();
    assert_eq!(places, [Place::BinRegion, Place::Live, Place::ProInfo, Place::Remnant]);
    let second = best(&evidence, Kind::Imei(1)).unwrap();
    assert_eq!((second.place, second.sums), (Place::Remnant, Sums::Right), "only the remnant knows slot 2");
    let barcodes = lines(&evidence).into_iter().filter(|line| line.what == "the barcode");
    assert!(barcodes.into_iter().any(|line| line.value == "TEST0123456789ABCDEF" && !line.agrees));
}

#[test]
fn remnants_of_either_generation_are_read_by_their_own_key() {
    let catalog = Catalog::builtin().unwrap();
    for (file, family) in [(imei_file(), "wr8"), (ldi_file(), "lr12a")] {
        let mut phone = bare();
        phone.remnants = vec![left(RemnantKind::Imei, file)];
        let evidence = collect(&phone, None, catalog.family(family).unwrap());
        let Some(Value::Imei(imei)) = best(&evidence, Kind::Imei(0)).map(|piece| &piece.value) else {
            panic!("{family}: {evidence:?}")
        };
        assert_eq!(imei.to_string(), "490154203237518");
    }
}

#[test]
fn a_verdict_says_where_an_imei_is_left() {
    let catalog = Catalog::builtin().unwrap();
    let mut phone = bare();
    let verdict = |phone: &Copies| judge(phone, catalog.family_of("MT6572")).verdict;
    assert_eq!(verdict(&phone).code, VerdictCode::Lost);
    phone.remnants = vec![left(RemnantKind::Imei, imei_file())];
    let told = verdict(&phone);
    assert_eq!(told.code, VerdictCode::NeedsArchive);
    assert!(told.summary.contains("IMEI in the journal of NVRAM at 0x12345"), "{}", told.summary);
}
