//! The cable fails while a NAND is read: an archive is made whole or not at all, and every failure has its advice.

use nvkeep::app::Exit;
use nvkeep::app::archive::open_archive;
use nvkeep::transport::{Fault, Faults};

use super::{BOTH, bench};

/// Transfers of a backup; the last of them is the order to restart.
fn transfers(bench: &mut crate::support::workbench::Workbench) -> u64 {
    bench.faults = Faults::none();
    bench.backup("whole.nvk").unwrap();
    bench.faults.transfers()
}

#[test]
fn a_backup_is_whole_or_not_there() {
    for dialect in BOTH {
        let mut bench = bench("mt6572-nand", dialect);
        let count = transfers(&mut bench);
        let whole = open_archive(&bench.path("whole.nvk")).unwrap();
        // A prime number of places, so that every kind of transfer is met.
        for at in (0..count).step_by(usize::try_from(count / 61).unwrap().max(1)) {
            for fault in [Fault::Cut, Fault::Lost, Fault::Short] {
                bench.faults = Faults::at(at, fault);
                let target = bench.path("b.nvk");
                match bench.backup("b.nvk") {
                    Ok(_) => {
                        let made = open_archive(&target).unwrap();
                        assert_eq!(made.manifest.regions, whole.manifest.regions, "{fault:?} at {at}");
                        std::fs::remove_file(&target).unwrap();
                    }
                    Err(failure) => {
                        assert!(failure.advice.is_some(), "{fault:?} at {at}: {failure}");
                        assert!(
                            matches!(failure.exit, Exit::NoPhone | Exit::Refused | Exit::ReadIncomplete),
                            "{fault:?} at {at}: {failure:?}"
                        );
                        assert!(!target.exists());
                    }
                }
            }
        }
    }
}
