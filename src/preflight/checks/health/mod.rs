//! Is the cluster well before anything is moved? What is broken now would be blamed on the upgrade.

mod api_server;
mod nodes;
mod pending_pods;
mod system_components;
mod system_pools;
mod workloads;

use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "pods-unhealthy",
        look: workloads::look,
    },
    Check {
        code: "pods-pending",
        look: pending_pods::look,
    },
    Check {
        code: "nodes-unhealthy",
        look: nodes::look,
    },
    Check {
        code: "system-pods",
        look: system_components::look,
    },
    Check {
        code: "system-pool-size",
        look: system_pools::look,
    },
    Check {
        code: "apiserver-health",
        look: api_server::look,
    },
];
