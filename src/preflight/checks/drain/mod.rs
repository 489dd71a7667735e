//! Can every node of the moving pools be emptied in time, and what is lost or away while it is?

mod bare_pods;
mod budget_empty;
mod budget_missing;
mod budget_overlap;
mod budget_tight;
mod budget_zero;
mod grace;
mod jobs;
mod local_data;
mod readiness;
mod single_replica;
mod stuck_deletion;
mod subjects;
mod webhook_eviction;
mod webhook_fail;

use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "pdb-zero",
        look: budget_zero::look,
    },
    Check {
        code: "pdb-tight",
        look: budget_tight::look,
    },
    Check {
        code: "pdb-overlap",
        look: budget_overlap::look,
    },
    Check {
        code: "pdb-missing",
        look: budget_missing::look,
    },
    Check {
        code: "pdb-empty",
        look: budget_empty::look,
    },
    Check {
        code: "single-replica",
        look: single_replica::look,
    },
    Check {
        code: "bare-pods",
        look: bare_pods::look,
    },
    Check {
        code: "local-data",
        look: local_data::look,
    },
    Check {
        code: "grace-long",
        look: grace::look,
    },
    Check {
        code: "long-jobs",
        look: jobs::look,
    },
    Check {
        code: "readiness-missing",
        look: readiness::look,
    },
    Check {
        code: "finalizers-stuck",
        look: stuck_deletion::look,
    },
    Check {
        code: "webhook-fail-system",
        look: webhook_fail::look,
    },
    Check {
        code: "webhook-eviction",
        look: webhook_eviction::look,
    },
];
