//! Decoding a whole BinRegion, and judging its 115 files. The bound is 2 ms for both together (first issue, point 6).

#![expect(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use nvkeep::formats::{binregion, catalog::Catalog};
use nvkeep::identity::{BinRegionCopy, Copies, Found, judge};
use nvkeep::simulator::{Area, Scenario};

/// Boot areas and RPMB before the user area of the simulated phone.
const PREFIX: u64 = 0x88_0000;

fn partition() -> Vec<u8> {
    let scenario = Scenario::named("mt6572").unwrap();
    let (_, flash) = scenario.build(None).unwrap();
    let place = scenario.layout.iter().find(|partition| partition.name == "NVRAM").unwrap();
    let mut bytes = vec![0; usize::try_from(place.size).unwrap()];
    flash.read(Area::User, place.linear - PREFIX, &mut bytes).unwrap();
    bytes
}

fn copies(image: &mut Vec<u8>) -> Copies {
    let absent = || "not part of this measurement".to_owned();
    Copies {
        binregion: Found::Present(BinRegionCopy {
            region: binregion::parse(image).unwrap(),
            partition_at: 0,
        }),
        live: Found::Absent(absent()),
        pro_info: Found::Absent(absent()),
        protect_f: Found::Absent(absent()),
        protect_s: Found::Absent(absent()),
        remnants: Vec::new(),
    }
}

fn decode(criterion: &mut Criterion) {
    let mut image = partition();
    let catalog = Catalog::builtin().unwrap();
    let family = catalog.family_of("MT6572");
    assert_eq!(judge(&copies(&mut image), family).layers[0].files, 115);
    criterion.bench_function("decode a BinRegion", |bencher| {
        bencher.iter(|| binregion::parse(black_box(&mut image)).unwrap())
    });
    criterion.bench_function("decode a BinRegion and judge its 115 files", |bencher| {
        bencher.iter(|| judge(&copies(black_box(&mut image)), family));
    });
}

criterion_group!(benches, decode);
criterion_main!(benches);
