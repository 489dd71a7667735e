//! Which APIs are used that the target no longer serves, and what the API server depends on besides itself.

mod beta;
mod extensions;
mod gate;
mod manifests;

use crate::domain::subject::Subject;
use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "api-gate",
        look: gate::look,
    },
    Check {
        code: "api-objects",
        look: manifests::look,
    },
    Check {
        code: "api-beta-off",
        look: beta::look,
    },
    Check {
        code: "webhook-objects",
        look: extensions::look,
    },
];

/// Group and version as a manifest writes them; the core group has no name.
fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    }
}

/// An API as a subject: `API policy/v1beta1 poddisruptionbudgets`.
fn api_subject(group: &str, version: &str, resource: &str) -> Subject {
    Subject::Azure {
        kind: "API".to_owned(),
        name: format!("{} {resource}", api_version(group, version)),
        id: None,
    }
}
