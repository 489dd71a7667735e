//! Does the nodes' operating system exist in the target version, and does it change under the workloads?

mod image_age;
mod retired;
mod runtime;
mod sku;
mod windows;

use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "windows-pools",
        look: windows::look,
    },
    Check {
        code: "os-sku",
        look: sku::look,
    },
    Check {
        code: "os-retired",
        look: retired::look,
    },
    Check {
        code: "node-image-age",
        look: image_age::look,
    },
    Check {
        code: "cgroup-runtime",
        look: runtime::look,
    },
];
