//! Do the cluster's settings make a good upgrade: surge, drain, autoscaler, mesh, and what is left switched on.

mod autoscaler;
mod disruption_policy;
mod duration;
mod force;
mod gitops;
mod mesh;
mod spot;
mod surge;

use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "surge-settings",
        look: surge::look,
    },
    Check {
        code: "duration-estimate",
        look: duration::look,
    },
    Check {
        code: "autoscaler",
        look: autoscaler::look,
    },
    Check {
        code: "spot-pools",
        look: spot::look,
    },
    Check {
        code: "istio-mesh",
        look: mesh::look,
    },
    Check {
        code: "force-flag",
        look: force::look,
    },
    Check {
        code: "node-disruption-policy",
        look: disruption_policy::look,
    },
    Check {
        code: "gitops-drift",
        look: gitops::look,
    },
];
