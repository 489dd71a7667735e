//! Every automatable remedy with the scenario it cures.

use aks_cockpit::simulator::world::World;

use super::journey::{Back, Case, Then, When};

const fn case(remedy: &'static str, scenario: &'static str, cause: &'static str) -> Case {
    Case {
        remedy,
        scenario,
        cause,
        when: When::AtOnce,
        then: Then::GoesOn,
        back: Back::AsItWas,
        most: 1,
        tidied_by: None,
        before_undo: None,
    }
}

impl Case {
    const fn ended(self) -> Self {
        Self {
            when: When::Ended,
            ..self
        }
    }

    const fn again(self) -> Self {
        Self {
            then: Then::Again,
            ..self.ended()
        }
    }

    const fn accepted(self) -> Self {
        Self {
            then: Then::Accepted,
            ..self
        }
    }

    const fn for_good(self) -> Self {
        Self {
            back: Back::None,
            ..self
        }
    }

    const fn by_requests(self) -> Self {
        Self {
            back: Back::Requests,
            ..self
        }
    }

    /// What it was about is another one by then: its undo finds nothing to send.
    const fn replaced(self) -> Self {
        Self {
            back: Back::Replaced,
            ..self
        }
    }

    /// Azure refuses its undo once what it would abort has ended.
    const fn too_late(self) -> Self {
        Self {
            back: Back::TooLate,
            ..self
        }
    }

    /// The upgrade of the control plane to this version, once more.
    const fn control_plane(self, to: &'static str) -> Self {
        Self {
            then: Then::ControlPlane(to),
            ..self.ended()
        }
    }

    /// Another remedy tidies up what this one leaves by its nature.
    const fn and_then(self, cause: &'static str, remedy: &'static str) -> Self {
        Self {
            tidied_by: Some((cause, remedy)),
            ..self
        }
    }

    /// What somebody does in the world so that the undo can be accepted.
    const fn before_undo(self, change: fn(&mut World)) -> Self {
        Self {
            before_undo: Some(change),
            ..self
        }
    }

    const fn up_to(self, most: usize) -> Self {
        Self { most, ..self }
    }
}

/// The workspace is there again, as its owner can make it within two weeks.
fn restore_workspace(world: &mut World) {
    for cluster in world.clusters.values_mut() {
        cluster.landscape.missing.clear();
    }
}

const PDB: &str = "drain-blocked-by-pdb";

pub(super) const OBJECTS: &[Case] = &[
    case("scale-up-workload", "drain-budget", PDB),
    case("scale-to-zero", "drain-budget", PDB),
    case("pdb-relax", "drain-budget", PDB),
    case("pdb-relax", "drain-budget-failed", PDB).again(),
    case("pdb-backup-delete", "drain-budget", PDB),
    case("delete-pod", "drain-budget-of-one", PDB).for_good().up_to(6),
    case(
        "pdb-always-allow-unhealthy",
        "drain-unready",
        "drain-blocked-by-unready-pods",
    ),
    case("merge-pdbs", "drain-two-budgets", "pdb-more-than-one"),
    case("remove-finalizer", "drain-finalizer", "terminating-stuck").for_good(),
    case("remove-finalizer", "node-not-deleted", "node-delete-failed")
        .again()
        .for_good(),
    case("force-delete-pod", "drain-grace-too-long", "drain-slow-grace")
        .for_good()
        .up_to(10),
    case("uncordon", "node-left-cordoned", "node-left-cordoned"),
    case("unquarantine", "quarantined", "node-quarantined")
        .again()
        .replaced(),
    case("webhook-ignore", "webhook-down", "webhook-fails-closed"),
    case("webhook-exclude-system", "webhook-system", "webhook-fails-closed"),
    case("webhook-backend-up", "webhook-asleep", "webhook-fails-closed"),
    case(
        "exempt-webhook-evictions",
        "eviction-denied",
        "eviction-denied-by-webhook",
    )
    .again(),
    case("detach-volume", "disk-still-attached", "volume-multiattach").for_good(),
    case("restart-konnectivity", "tunnel-down", "konnectivity-down").for_good(),
    case("drop-guard", "server-overloaded", "apiserver-overload"),
];

pub(super) const POOLS: &[Case] = &[
    case("raise-drain-timeout", "drain-grace-too-long", "drain-slow-grace").again(),
    case("undrainable-cordon", "drain-one-node", PDB)
        .again()
        .and_then("node-quarantined", "scale-to-upgraded-count"),
    case("lower-surge", "pod-network-too-small", "subnet-too-small").accepted(),
    case("in-place", "quota-used-up", "quota-vcpu").again(),
    case("change-os-sku", "image-withdrawn", "image-gone").again(),
    case("rollback-os-sku", "crash-on-new-os", "app-breaks-on-new").ended(),
    case("scale-to-upgraded-count", "quarantined", "node-quarantined").ended(),
    case("delete-machine", "quarantined", "node-quarantined")
        .ended()
        .up_to(3),
    case("reimage-node", "reimage-failed", "reimage-failed")
        .again()
        .for_good(),
    case("scale-down-for-ips", "subnet-full", "subnet-full").again(),
    case("scale-pool-up", "no-room-and-budget", "pending-no-room").again(),
    case("lower-max-count", "pod-network-maximum", "subnet-too-small").accepted(),
    case("pool-rollback", "crash-on-new-nodes", "app-breaks-on-new").by_requests(),
    case("upgrade-node-image", "image-withdrawn", "image-gone").by_requests(),
    case("upgrade-lagging-pools", "pool-too-old", "version-skew")
        .accepted()
        .by_requests(),
];

pub(super) const RETRY: Case = case("retry-upgrade", "internal-error", "internal-generic").too_late();

pub(super) const CLUSTERS: &[Case] = &[
    case("reconcile", "failed-left", "failed-state-left").for_good(),
    RETRY,
    case("full-upgrade", "pool-too-old", "version-skew")
        .accepted()
        .for_good(),
    case("force-upgrade", "drain-budget-failed", PDB).again(),
    case("force-upgrade-api", "deprecated-api", "deprecated-api-gate").accepted(),
    case("pause-autoupgrade", "rollback-refused", "rollback-refused").accepted(),
    case("pause-autoupgrade", "pools-mixed", "pools-versions-mixed").accepted(),
    case("scale-tier", "server-overloaded", "apiserver-overload").again(),
    case("enable-lts", "out-of-support", "version-path").accepted(),
    case("start-cluster", "cluster-stopped", "apiserver-call-failed")
        .accepted()
        .by_requests(),
    case("disable-monitoring", "workspace-gone", "workspace-gone")
        .accepted()
        .before_undo(restore_workspace),
    case("add-authorized-ip", "bootstrap-api-server", "cse-apiserver-conn").again(),
    case("lb-outbound", "outbound-ports", "lb-outbound-ports").accepted(),
    case("extend-window", "auto-upgrade-waits", "auto-upgrade-not-started").for_good(),
    case("remove-lock", "cluster-locked", "scope-locked").accepted(),
    case("link-dns-zone", "bootstrap-zone", "cse-apiserver-dns").again(),
    case("rotate-certs", "certificates-expired", "cert-expired")
        .control_plane("1.35.5")
        .for_good(),
];
