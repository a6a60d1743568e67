//! Claims on the two real scatter files of MT6572 phones, which lie beside the repository.

use std::path::{Path, PathBuf};

use nvkeep::app::preflight::{PreflightRequest, PreflightResult, Severity, Verdict, preflight_at};

use super::codes;
use crate::support::real_data;
use crate::support::workbench::Workbench;

fn against_the_phone(package: PathBuf, data: &Path) -> PreflightResult {
    let bench = Workbench::with_data("mt6572", Some(data.join("mt6572-emmc-android44")));
    let request = PreflightRequest { package, phone: true, archive: None };
    preflight_at(&bench.context(), bench.port().as_mut(), &request).unwrap()
}

#[test]
fn the_phones_own_scatter_file_fits_and_lacks_its_images() {
    let Some(folder) = real_data("preflight::real::the_phones_own_scatter_file_fits_and_lacks_its_images")
    else {
        return;
    };
    for package in ["mt6572-emmc-android44", "mt6572-emmc-android44/MT6572_Android_scatter.txt"] {
        let result = against_the_phone(folder.join(package), &folder);
        assert_eq!(result.verdict, Verdict::Risky, "{:#?}", result.reasons);
        assert_eq!(codes(&result, Severity::Caution), ["flashes-preloader", "image-missing"]);
        assert_eq!(result.identity.len(), 4);
    }
}

#[test]
fn another_phones_scatter_file_is_deadly_by_its_shifted_map() {
    let Some(folder) = real_data("preflight::real::another_phones_scatter_file_is_deadly_by_its_shifted_map")
    else {
        return;
    };
    let package = folder.join("scatter/fly-iq4407_MT6572_Android_scatter.txt");
    let result = against_the_phone(package, &folder);
    assert_eq!(result.verdict, Verdict::DoNotFlash);
    assert_eq!(codes(&result, Severity::Danger), ["map-start"]);
    let nvram = result.reasons.iter().find(|reason| reason.partition.as_deref() == Some("NVRAM")).unwrap();
    assert_eq!((nvram.package, nvram.phone), (Some(0x100_0000), Some(0x180_0000)));
}
