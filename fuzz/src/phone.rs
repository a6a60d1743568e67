//! Content of the simulated phone: sound bases that the targets damage.

use std::sync::LazyLock;

use nvkeep::formats::ReadAt;
use nvkeep::simulator::{Area, Board, Flash, Scenario};

use crate::source::Base;

/// A simulated phone as it leaves the factory.
pub static HEALTHY: LazyLock<(Board, Flash)> = LazyLock::new(|| built("mt6572"));
/// Its `nvram` partition.
pub static NVRAM: LazyLock<Base> = LazyLock::new(|| base("mt6572", "NVRAM"));
/// The `nvram` partition of another phone.
pub static OTHER_NVRAM: LazyLock<Base> = LazyLock::new(|| base("mt6572-other-phone", "NVRAM"));
/// The healthy phone's first protected volume: ext4, clean.
pub static PROTECT: LazyLock<Base> = LazyLock::new(|| base("mt6572", "PROTECT_F"));
/// A USRDATA whose last commit stands in its journal only.
pub static DIRTY: LazyLock<Base> = LazyLock::new(|| base("mt6572-dirty-journal", "USRDATA"));

/// Builds a built-in scenario.
pub fn built(scenario: &str) -> (Board, Flash) {
    Scenario::named(scenario).expect("built in").build(None).expect("a built-in scenario builds")
}

/// Returns a partition of a built-in scenario.
pub fn base(scenario: &str, name: &str) -> Base {
    let (_, flash) = built(scenario);
    let layout = Scenario::named(scenario).expect("built in").layout;
    let found = layout.iter().find(|partition| partition.name == name).expect("a partition of the layout");
    let prefix = 2 * flash.len(Area::Boot1) + flash.len(Area::Rpmb);
    let start = found.linear - prefix;
    let left = flash.len(Area::User) - start;
    Base::new(flash, start, if found.size == 0 { left } else { found.size.min(left) })
}

/// Returns the first bytes of a partition of a built-in scenario.
pub fn head(scenario: &str, name: &str, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    base(scenario, name).patched(&[]).read_at(0, &mut bytes).expect("a partition is longer");
    bytes
}
