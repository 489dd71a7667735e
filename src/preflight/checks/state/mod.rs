//! Is the cluster at rest, and is what Azure claims what the nodes run?

mod cluster;
mod nodes_agree;
mod pools;

use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "state-cluster",
        look: cluster::look,
    },
    Check {
        code: "state-pools",
        look: pools::look,
    },
    Check {
        code: "state-arm-vs-nodes",
        look: nodes_agree::look,
    },
];
