//! Is the network in order, and are the things the cluster leans on still there?

mod dependencies;
mod egress;
mod key_management;
mod retired;
mod state;

use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "egress",
        look: egress::look,
    },
    Check {
        code: "vnet-state",
        look: state::look,
    },
    Check {
        code: "dependencies-alive",
        look: dependencies::look,
    },
    Check {
        code: "retired-network",
        look: retired::look,
    },
    Check {
        code: "kms",
        look: key_management::look,
    },
];
