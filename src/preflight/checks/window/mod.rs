//! Is now the time, and does nothing else begin meanwhile?

mod agreed;
mod auto_upgrade;

use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "auto-upgrade-conflict",
        look: auto_upgrade::look,
    },
    Check {
        code: "window-now",
        look: agreed::look,
    },
];

/// An auto-upgrade channel that is switched on.
pub(super) fn channel(word: Option<&str>) -> Option<&str> {
    word.filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("none"))
}
