//! What can be undone, and what is at hand when something goes wrong.

mod backups;
mod blue_green;
mod extensions;
mod observation;
mod rollback;

use crate::preflight::registry::Check;

/// The checks of this group. Whether the whole cluster could be swapped for another one (`bluegreen-cluster`) is decided
/// by things outside of it, so no check says it.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "backup",
        look: backups::look,
    },
    Check {
        code: "rollback-ready",
        look: rollback::look,
    },
    Check {
        code: "bluegreen-pool",
        look: blue_green::look,
    },
    Check {
        code: "workload-identity",
        look: extensions::look,
    },
    Check {
        code: "alerts-silence",
        look: observation::look,
    },
];
