//! When a scenario begins, its trouble is there: in an error, an event, a condition, a machine, or a refusal.

use super::{attempt, cluster, words, world};
use crate::simulator::scenario::Scenario;

/// Scenario, and what is said somewhere when it begins.
const TOLD: &[(&str, &str)] = &[
    ("drain-budget", "(usually a pdb): checkout-"),
    (
        "drain-budget-failed",
        "blocked by pdb checkout-pdb (MinAvailable: 3) (CurrentHealthy: 3)",
    ),
    (
        "drain-budget-forgotten",
        "blocked by pdb checkout-pdb (MinAvailable: 100%)",
    ),
    ("drain-budget-of-one", "(usually a pdb): ledger-0"),
    ("drain-unready", "(usually a pdb): cart-"),
    ("drain-unready-failed", "with 1 unready pods: [search/index-"),
    ("drain-two-budgets", "This pod has more than one PodDisruptionBudget"),
    ("drain-slow-grace", "Pod import-"),
    ("drain-finalizer", "Pod backup-"),
    ("surge-exhausted", "Cordoned nodes have used all surge nodes"),
    ("quarantined", "node of apps old quarantined cordoned"),
    ("soak", "Upgrade: Soak duration 20m0s after draining node: aks-apps-"),
    ("node-left-cordoned", "node of apps new cordoned"),
    ("aborted-mid-drain", "node of apps old cordoned"),
    ("failed-left", "InternalOperationError: Internal server error"),
    ("node-forgotten", "node of apps old"),
    ("internal-error", "AKS encountered an internal error"),
    ("preempted", "has been preempted by another operation with ID"),
    ("stalled", "pool apps Upgrading"),
    ("spot-evicted", "PreemptScheduled"),
    ("quota-used-up", "exceeding approved standardESv5Family Cores quota"),
    (
        "subnet-full",
        "Subnet aks-nodes with address prefix 10.20.4.0/28 does not have enough capacity for 1 IP",
    ),
    (
        "subnet-full-node-network",
        "does not have enough capacity for 31 IP addresses",
    ),
    ("no-capacity", "Code=\"AllocationFailed\""),
    ("public-addresses", "Cannot create more than 10 public IP addresses"),
    (
        "policy",
        "was disallowed by policy. Policy identifiers: '[{'policyAssignment':{'name':'require-cost-centre'",
    ),
    (
        "missing-right",
        "does not have permission to perform action 'Microsoft.Network/virtualNetworks/subnets/join",
    ),
    (
        "group-locked",
        "cannot perform write operation because following scope(s) are locked",
    ),
    (
        "deletion-locked",
        "cannot perform delete operation because following scope(s) are locked",
    ),
    (
        "resource-missing",
        "networkSecurityGroups/nsg-nodes referenced by resource",
    ),
    ("service-principal", "AADSTS7000222"),
    ("image-withdrawn", "PlatformImageNotFound"),
    ("scale-set-edited", "Changing property 'imageReference' is not allowed."),
    ("bootstrap-outbound", "bootstrap 50: nc: connect to mcr.microsoft.com"),
    ("bootstrap-outbound-failed", "command terminated with exit status=50"),
    ("bootstrap-api-server", "bootstrap 51:"),
    ("bootstrap-dns", "bootstrap 52:"),
    ("bootstrap-download", "bootstrap 31:"),
    ("bootstrap-packages", "bootstrap 99:"),
    ("bootstrap-kubelet", "bootstrap 34:"),
    ("bootstrap-gpu", "bootstrap 84:"),
    ("bootstrap-windows", "WINDOWS_CSE_ERROR_CHECK_API_SERVER_CONNECTIVITY"),
    ("bootstrap-endpoints", "bootstrap 65:"),
    ("bootstrap-registry", "bootstrap 212:"),
    ("bootstrap-localdns", "bootstrap 216:"),
    ("bootstrap-timeout", "SubCode: VMExtensionProvisioningTimeout"),
    ("machine-failed", "machine OSProvisioningTimedOut"),
    ("never-joined", "node of apps new surge away"),
    (
        "surge-not-ready",
        "Node Ready=False: container runtime network not ready",
    ),
    ("reimage-failed", "Upgrade: Failed to reimage node aks-apps-"),
    ("node-not-deleted", "Upgrade: Unable to delete node aks-apps-"),
    ("busy", "Another operation (apps - Upgrading) is in progress"),
    (
        "version-too-far",
        "Upgrading Kubernetes version 1.34.4 to 1.36.3 is not allowed",
    ),
    (
        "pool-too-old",
        "Node pool version 1.31.13 and control plane version 1.35.5 are incompatible",
    ),
    ("budget-of-zero", "PDB shop/basket-guard has maxunavailble == 0"),
    ("pools-mixed", "NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged"),
    (
        "pod-network-too-small",
        "Pre-allocated IPs 2304 exceeds IPs available 2048",
    ),
    ("outbound-ports", "InvalidLoadBalancerProfileAllocatedOutboundPorts"),
    (
        "deprecated-api",
        "flowcontrol.apiserver.k8s.io.prioritylevelconfigurations.v1beta3, and was recently seen at: 2026-11-23 0",
    ),
    ("cluster-locked", "ScopeLocked"),
    ("workspace-gone", "Unable to get log analytics workspace info"),
    ("network-busy", "vnet-shop is in Updating state"),
    ("provider-not-registered", "MissingSubscriptionRegistration"),
    (
        "os-sku-ended",
        "OSSKU 'Windows2019' is not supported for Kubernetes version 1.33",
    ),
    ("too-many-machines", "at most 1000 instances"),
    ("no-room", "Insufficient cpu"),
    ("zonal-volume", "node(s) had volume node affinity conflict"),
    ("pinned-pods", "7 node(s) didn't match Pod's node affinity/selector"),
    ("disk-still-attached", "FailedAttachVolume: Multi-Attach error"),
    (
        "image-pull",
        "Failed: Failed to pull image \"contoso.azurecr.io/shop/mail-worker:1.0.0\"",
    ),
    (
        "crash-on-new-nodes",
        "BackOff: Back-off restarting failed container reports",
    ),
    ("no-pod-addresses", "IPAM: no IPs available"),
    (
        "webhook-down",
        "FailedCreate: Error creating: Internal error occurred: failed calling webhook \"images.rules.example\"",
    ),
    (
        "eviction-denied",
        "admission webhook \"drain.streams.example\" denied the request",
    ),
    ("dns-down", "BackOff: Back-off restarting failed container coredns"),
    ("tunnel-down", "Unhealthy: Readiness probe failed: HTTP probe failed"),
    ("auto-repair", "NodeRebootStart"),
    ("vm-maintenance", "Node VMEventScheduled=True"),
    ("control-plane-slow", "cluster Upgrading"),
    ("add-ons-not-ready", "Pods not in Running status: metrics-server-"),
    ("server-overloaded", "pool apps Upgrading"),
    ("etcd-full", "etcdserver: mvcc: database space exceeded"),
    ("server-unreachable", "KubernetesAPICallFailed"),
    ("outside-window", "cluster Upgrading"),
    ("budget-and-unready", "(usually a pdb): cart-"),
    ("budget-and-unready", "(usually a pdb): checkout-"),
    ("budget-and-bootstrap", "(usually a pdb): checkout-"),
    ("budget-and-bootstrap", "bootstrap 52:"),
    ("budget-and-subnet", "(usually a pdb): checkout-"),
    ("budget-and-subnet", "SubnetIsFull"),
    ("quota-finalizer-cordon", "standardDSv5Family Cores quota"),
    ("quota-finalizer-cordon", "Pod backup-"),
    ("quota-finalizer-cordon", "node of system new cordoned"),
    ("image-and-budget", "Failed: Failed to pull image"),
    ("image-and-budget", "(usually a pdb): cart-"),
    ("no-room-and-budget", "Insufficient cpu"),
    ("no-room-and-budget", "(usually a pdb): render-"),
    ("webhook-and-budget", "(usually a pdb): checkout-"),
    ("webhook-and-budget", "FailedCreate"),
    ("exhausted-and-dns", "Cordoned nodes have used all surge nodes"),
    ("exhausted-and-dns", "failed container coredns"),
    ("lock-and-repair", "ScopeLocked"),
    ("lock-and-repair", "NodeReimageStart"),
    ("drain-grace-too-long", "Pod import-"),
    ("drain-one-node", "blocked by pdb ledger-pdb (MinAvailable: 1)"),
    (
        "pod-network-maximum",
        "the max-count from each nodepool is counted towards",
    ),
    (
        "out-of-support",
        "Upgrading Kubernetes version 1.32.9 to 1.32.11 is not allowed. Available upgrades: [1.34.6 1.34.4]",
    ),
    ("cluster-stopped", "managed cluster is in (Stopped) Power State"),
    (
        "crash-on-new-os",
        "BackOff: Back-off restarting failed container reports",
    ),
    ("webhook-asleep", "failed calling webhook \"images.rules.example\""),
    ("webhook-system", "failed calling webhook \"images.rules.example\""),
    ("certificates-expired", "x509: certificate has expired"),
    ("bootstrap-zone", "bootstrap 52:"),
    ("harbour-budget", "(usually a pdb): queue-"),
    ("harbour-budget-added", "(usually a pdb): crane-gateway-"),
    ("harbour-no-events", "node of w2 old cordoned"),
    ("harbour-events-denied", "(usually a pdb): queue-"),
    ("harbour-budgets-denied", "(usually a pdb): queue-"),
    ("harbour-azure-only", "tracking-core/queue-0 blocked by pdb queue-pdb"),
    ("harbour-azure-only-running", "pool w2 Upgrading"),
    ("harbour-azure-only-bootstrap", "bootstrap 50:"),
    ("harbour-kubernetes-only", "(usually a pdb): queue-"),
    ("harbour-kubernetes-only-node", "PLEG is not healthy"),
    (
        "harbour-cores",
        "exceeding quota limits of Core. Maximum allowed: 40, Current in use: 40",
    ),
    ("harbour-zone-full", "Code=\"ZonalAllocationFailed\""),
    ("harbour-unready-late", "Unhealthy: Readiness probe failed: dial tcp"),
    ("harbour-finalizer", "Pod ledger-"),
];

/// Told by answers of Azure or by settings alone.
const ELSEWHERE: [&str; 4] = [
    "rollback-refused",
    "changed-meanwhile",
    "subscription-throttled",
    "auto-upgrade-waits",
];

#[test]
fn the_trouble_of_every_scenario_is_there_when_it_begins() {
    let mut missing = Vec::new();
    for scenario in Scenario::names() {
        let scenario = Scenario::built_in(scenario).unwrap();
        let Some(expected) = scenario.expected().filter(|expected| expected.cause.is_some()) else {
            continue;
        };
        let name = scenario.name.as_str();
        let told: Vec<&str> = TOLD
            .iter()
            .filter(|(of, _)| *of == name)
            .map(|(_, text)| *text)
            .collect();
        assert_ne!(
            told.is_empty(),
            !ELSEWHERE.contains(&name),
            "{name} has no row here, or one too many"
        );
        let mut world = world(name);
        let refusal = expected.start.as_ref().and_then(|start| attempt(&mut world, start));
        let mut words = words(cluster(&world));
        words.extend(
            refusal
                .and_then(Result::err)
                .map(|refusal| format!("{}: {}", refusal.code, refusal.message)),
        );
        let is_told = |text: &&str| words.iter().any(|line| line.contains(*text));
        missing.extend(
            told.iter()
                .filter(|text| !is_told(text))
                .map(|text| format!("{name}: {text}")),
        );
    }
    assert!(missing.is_empty(), "not told:\n{}", missing.join("\n"));
}

#[test]
fn nothing_fails_in_a_healthy_scenario_and_its_upgrade_ends_well() {
    for scenario in Scenario::names() {
        let scenario = Scenario::built_in(scenario).unwrap();
        if !scenario.expected().is_some_and(|expected| expected.healthy) {
            continue;
        }
        let mut world = world(&scenario.name);
        world.advance_to(world.now + std::time::Duration::from_hours(2));
        let cluster = cluster(&world);
        assert_eq!(cluster.state.as_str(), "Succeeded", "{}", scenario.name);
        for pool in &cluster.pools {
            assert_eq!(pool.state.as_str(), "Succeeded", "{} {}", scenario.name, pool.name);
            assert!(pool.runs(pool.claimed), "{} {}", scenario.name, pool.name);
            let is_left = |node: &crate::simulator::world::SimulatedNode| {
                node.is_surge || cluster.objects.is_cordoned(&node.name)
            };
            assert!(!pool.nodes.iter().any(is_left), "{} {}", scenario.name, pool.name);
        }
    }
}
