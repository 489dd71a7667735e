//! May the upgrade do what it does: credentials, rights, locks and policies.

mod credentials;
mod locks;
mod policies;
mod rights;

use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "credentials",
        look: credentials::look,
    },
    Check {
        code: "rbac-self",
        look: rights::look,
    },
    Check {
        code: "locks",
        look: locks::look,
    },
    Check {
        code: "policy",
        look: policies::look,
    },
];
