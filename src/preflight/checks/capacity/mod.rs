//! Is there room for the nodes that come, and for the pods that have to move?

mod address_maximum;
mod addresses;
mod addresses_needed;
mod network_limits;
mod room;
mod vcpus;
mod vm_size;

use crate::preflight::registry::Check;

/// The checks of this group.
pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "ip-headroom",
        look: addresses::look,
    },
    Check {
        code: "ip-max-plan",
        look: address_maximum::look,
    },
    Check {
        code: "quota-vcpu",
        look: vcpus::look,
    },
    Check {
        code: "sku-restrictions",
        look: vm_size::look,
    },
    Check {
        code: "quota-network",
        look: network_limits::look,
    },
    Check {
        code: "room-for-evicted",
        look: room::look,
    },
];
