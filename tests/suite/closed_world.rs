//! Promise 2 as a property: whatever a phone went through, after a repair it holds no identity that was not there before.
//! Random phones, by seed: families, damage, archives of this and of other phones.

use std::collections::BTreeSet;

use nvkeep::app::archive::{OpenArchive, open_archive};
use nvkeep::app::repair::{RepairRequest, repair_at};
use nvkeep::app::{Exit, Report};
use nvkeep::simulator::{Area, Family, Flash, Scenario};

use crate::support::Random;
use crate::support::workbench::{Workbench, same};

/// Healthy phones to start from.
const BASES: [&str; 3] = ["mt6572", "lr11", "lr12a"];
/// Phones of one run; `NVKEEP_PHONES` takes another number.
const PHONES: u64 = 48;

/// What may have happened to a phone, as pages write it.
fn damage(random: &mut Random, scenario: &Scenario) -> String {
    let roles = scenario.modem.roles();
    let volumes = [roles.protect[0], roles.protect[1], roles.live];
    let how = ["flip-sum", "cut", "remove"];
    let pick = |random: &mut Random, from: &[&str]| from[random.below(from.len() as u64) as usize].to_owned();
    match random.below(9) {
        0 => format!("kind = \"erase\"\npartition = \"{}\"", roles.nvram),
        1 => format!("kind = \"erase\"\npartition = \"{}\"", roles.pro_info),
        2 => format!("kind = \"fresh\"\npartition = \"{}\"", pick(random, &volumes)),
        3 => "kind = \"modem-default-imei\"".into(),
        4 => "kind = \"default-macs\"".into(),
        5 => "kind = \"torn-binregion\"".into(),
        6 => "kind = \"journal-copies\"".into(),
        _ => {
            let [imei, barcode, calibration] = match scenario.modem.family {
                Family::Lr12a => ["NVD_IMEI/LD0B_001", "CALIBRAT/ML09_001", "CALIBRAT/LA05_002"],
                _ => ["NVD_IMEI/MP0B_001", "CALIBRAT/MP09_001", "CALIBRAT/MT05_002"],
            };
            let [imei, barcode, calibration] =
                [imei, barcode, calibration].map(|name| format!("md/NVRAM/{name}"));
            let files = [
                imei.as_str(),
                barcode.as_str(),
                calibration.as_str(),
                "APCFG/APRDEB/WIFI",
                "APCFG/APRDEB/BT_Addr",
                "RestoreFlag",
            ];
            let (path, how) = (pick(random, &files), pick(random, &how));
            format!("kind = \"damage-file\"\nvolume = \"live\"\npath = \"{path}\"\nhow = \"{how}\"")
        }
    }
}

/// A phone with up to three damages, and now and then a few wild bytes in NVRAM and PRO_INFO, or another phone's PRO_INFO.
fn phone(random: &mut Random) -> (Workbench, String) {
    let base = BASES[random.below(BASES.len() as u64) as usize];
    let healthy = Scenario::named(base).unwrap();
    let mut page = format!("base = \"{base}\"\n");
    let mut seen = BTreeSet::new();
    for _ in 0..random.below(4) {
        let one = damage(random, &healthy);
        if seen.insert(one.clone()) {
            page.push_str(&format!("[[damage]]\n{one}\n"));
        }
    }
    let scenario = Scenario::parse(&page).unwrap();
    // A file on a volume that was made anew cannot be spoilt: such a page is no phone.
    let Ok((board, mut flash)) = scenario.build(None) else { return phone(random) };
    if random.below(3) == 0 {
        for partition in [scenario.modem.roles().nvram, scenario.modem.roles().pro_info] {
            let (at, _) = scenario.place(partition).unwrap();
            wild(random, &mut flash, at);
            page.push_str(&format!("# wild bytes in {partition}\n"));
        }
    }
    if random.below(6) == 0 {
        let other = Scenario::named("mt6572-other-phone").unwrap();
        let (from, _) = other.place("PRO_INFO").unwrap();
        let (at, _) = scenario.place(scenario.modem.roles().pro_info).unwrap();
        copy((&other.build(None).unwrap().1, from), (&mut flash, at), 512);
        page.push_str("# another phone's PRO_INFO\n");
    }
    let bench = Workbench::with(base);
    *bench.slot.phone() = Some((board, flash));
    (bench, page)
}

fn wild(random: &mut Random, flash: &mut Flash, at: u64) {
    for _ in 0..1 + random.below(4) {
        let place = at + random.below(0x2_9000);
        let len = 1 + random.below(6) as usize;
        let bytes = random.bytes(len);
        flash.write(Area::User, place, &bytes).unwrap();
    }
}

fn copy((from, start): (&Flash, u64), (to, at): (&mut Flash, u64), len: usize) {
    let mut bytes = vec![0; len];
    from.read(Area::User, start, &mut bytes).unwrap();
    to.write(Area::User, at, &bytes).unwrap();
}

/// Values of a report: whole files, which are listed by digest, are arrangements of values.
fn values(report: &Report) -> BTreeSet<String> {
    let is_value = |one: &&String| one.split_once(':').is_some_and(|(_, value)| value.len() != 64);
    report.survey.identities.iter().filter(is_value).cloned().collect()
}

/// An archive of the healthy phone of this card, or of another phone.
fn archive(random: &mut Random, page: &str) -> Option<OpenArchive> {
    let scenario = match random.below(4) {
        0 | 1 => page.split('"').nth(1).unwrap(),
        2 => "mt6572-other-phone",
        _ => return None,
    };
    let bench = Workbench::with(scenario);
    bench.backup("own.nvk").unwrap();
    Some(open_archive(&bench.path("own.nvk")).unwrap())
}

#[test]
fn no_identity_comes_from_nowhere_whatever_a_phone_went_through() {
    let phones = std::env::var("NVKEEP_PHONES").ok().and_then(|text| text.parse().ok()).unwrap_or(PHONES);
    let (mut healed, mut healthy, mut refused) = (0, 0, std::collections::BTreeMap::new());
    for seed in 0..phones {
        let mut random = Random::new(0xC105_ED00 + seed);
        let (bench, page) = phone(&mut random);
        let archive = archive(&mut random, &page);
        let new_macs =
            (random.below(4) == 0).then(|| [[random.below(256) as u8; 6], [random.below(256) as u8; 6]]);
        let (before, flash) = (bench.inspect().unwrap(), bench.flash());
        let request = RepairRequest { new_macs, ..RepairRequest::default() };
        let (context, mut port) = (bench.context(), bench.port());
        match repair_at(&context, port.as_mut(), archive.as_ref(), &request, &mut |_| true) {
            Ok(result) => {
                let after = bench.inspect().unwrap();
                assert!(after.is_healthy(), "seed {seed}: {:?}\n{page}", after.survey.verdict);
                let archived = archive.as_ref().filter(|_| result.written).map(|archive| {
                    Report::of(&context, archive.facts.clone(), &archive.copies, "archive".into()).unwrap()
                });
                let mut known = values(&before);
                known.extend(archived.iter().flat_map(values));
                let is_new = |one: &String| {
                    let mac = one.strip_prefix("wifi:").or(one.strip_prefix("bt:"));
                    new_macs.is_some()
                        && mac.is_some_and(|mac| matches!(mac.as_bytes()[1], b'2' | b'6' | b'a' | b'e'))
                };
                for one in values(&after).difference(&known) {
                    assert!(is_new(one), "seed {seed}: {one} came from nowhere\n{page}");
                }
                // Judged by the phone's own software, which shares nothing with the host's decoders.
                let shown = bench.reboot().imei[0].clone();
                let imei = |one: &String| one.strip_prefix("imei:").map(str::to_owned);
                let numbers: BTreeSet<String> = known.iter().filter_map(imei).collect();
                assert!(
                    shown.as_ref().is_some_and(|shown| numbers.contains(shown)),
                    "seed {seed}: {shown:?}\n{page}"
                );
                if result.written { healed += 1 } else { healthy += 1 }
            }
            Err(failure) => {
                assert_eq!(failure.exit, Exit::Forbidden, "seed {seed}: {failure}\n{page}");
                assert!(same(&flash, &bench.flash()), "seed {seed}: a refusal wrote something\n{page}");
                *refused.entry(failure.code).or_insert(0) += 1;
            }
        }
    }
    println!("{phones} phones: {healed} healed, {healthy} needed nothing, refused {refused:?}");
    assert!(healed > phones / 12 && !refused.is_empty(), "the phones are not random enough");
}
