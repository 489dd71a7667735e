//! What ties pods to zones and nodes, so that they find no other place when theirs goes.

mod attachments;
mod daemons;
mod pinned;
mod spread;
mod zonal_volumes;

use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "zonal-volumes",
        look: zonal_volumes::look,
    },
    Check {
        code: "volume-attach-limits",
        look: attachments::look,
    },
    Check {
        code: "pinned-pods",
        look: pinned::look,
    },
    Check {
        code: "spread-missing",
        look: spread::look,
    },
    Check {
        code: "daemonsets",
        look: daemons::look,
    },
];
