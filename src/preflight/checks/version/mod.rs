//! May the cluster go to that version, is it supported, and what changes with it?

mod components;
mod newer_patch;
mod path;
mod preview;
mod skew;
mod support;

use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "version-path",
        look: path::look,
    },
    Check {
        code: "version-skew",
        look: skew::look,
    },
    Check {
        code: "version-support",
        look: support::look,
    },
    Check {
        code: "version-patch-current",
        look: newer_patch::look,
    },
    Check {
        code: "version-preview",
        look: preview::look,
    },
    Check {
        code: "components-breaking",
        look: components::look,
    },
];
