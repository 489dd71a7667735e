//! Refusals for what lies around the cluster: locks, links, networks, limits, and calls of removed APIs.

use jiff::Timestamp;

use super::Refusal;
use crate::domain::version::MinorVersion;

impl Refusal {
    /// ARM's words for a lock (AKS docs "Upgrade options", 2026).
    pub(in crate::simulator::world) fn locked(resource: &str, scope: &str) -> Self {
        Self::new(
            409,
            "ScopeLocked",
            format!(
                "The scope '{resource}' cannot perform write operation because following scope(s) are locked: \
                 '{scope}'. Please remove the lock and try again."
            ),
        )
    }

    /// AKS troubleshooting "Log Analytics workspace missing", 2025.
    pub(in crate::simulator::world) fn workspace_gone(id: &str) -> Self {
        Self::new(
            400,
            "BadRequest",
            format!(
                "Unable to get log analytics workspace info. Resource ID: {id}. Error: the workspace was not found."
            ),
        )
    }

    /// AKS troubleshooting "MissingSubscriptionRegistration", 2025.
    pub(in crate::simulator::world) fn not_registered(namespace: &str) -> Self {
        Self::new(
            409,
            "MissingSubscriptionRegistration",
            format!(
                "The subscription is not registered to use namespace '{namespace}'. See \
                 https://aka.ms/rps-not-found for how to register subscriptions."
            ),
        )
    }

    /// AKS troubleshooting "VirtualNetworkNotInSucceededState", 2025.
    pub(in crate::simulator::world) fn network_busy(id: &str, state: &str) -> Self {
        Self::new(
            400,
            "VirtualNetworkNotInSucceededState",
            format!(
                "Virtual network {id} is in {state} state. It needs to be in Succeeded state in order to set resource \
                 ownership."
            ),
        )
    }

    /// AKS docs "Upgrade the OS version", 2026.
    pub(in crate::simulator::world) fn os_sku(sku: &str, line: MinorVersion) -> Self {
        Self::new(
            400,
            "InvalidOSSKU",
            format!("OSSKU '{sku}' is not supported for Kubernetes version {line}"),
        )
    }

    pub(in crate::simulator::world) fn too_many_machines(pool: &str, count: u32, surge: u32) -> Self {
        Self::new(
            400,
            "InvalidParameter",
            format!(
                "Agent pool {pool} would have {count} nodes and {surge} surge nodes; a virtual machine scale set holds at \
                 most 1000 instances."
            ),
        )
        .at("agentPoolProfile.upgradeSettings.maxSurge")
    }

    /// AKS troubleshooting "InvalidLoadBalancerProfileAllocatedOutboundPorts", 2025.
    pub(in crate::simulator::world) fn outbound_ports(ports: u64, nodes: u64, addresses: u64) -> Self {
        Self::new(
            400,
            "InvalidLoadBalancerProfileAllocatedOutboundPorts",
            format!(
                "Load balancer profile allocated ports {ports} is not in an allowable range given the number of nodes \
                 {nodes} and IPs {addresses}: {} ports are needed and {} are there.",
                ports * nodes,
                64_000 * addresses
            ),
        )
        .at("networkProfile.loadBalancerProfile.allocatedOutboundPorts")
    }

    /// AKS troubleshooting "InsufficientSubnetSize", 2025.
    pub(in crate::simulator::world) fn pod_network(need: u64, have: u64, cidr: &str) -> Self {
        Self::new(
            400,
            "InsufficientSubnetSize",
            format!(
                "Pre-allocated IPs {need} exceeds IPs available {have} in Subnet Cidr {cidr}, Subnet Name \
                 networkProfile.podCIDR. If Autoscaler is enabled, the max-count from each nodepool is counted towards \
                 this total (which means that pre-allocated IPs count represents a theoretical max value, not the actual \
                 number of IPs requested)."
            ),
        )
        .at("networkProfile.podCIDR")
    }

    /// AKS docs "Stop cluster upgrades on API breaking changes", 2026.
    pub(in crate::simulator::world) fn deprecated_api(
        api: &str,
        version: &str,
        removed: &str,
        seen: Timestamp,
    ) -> Self {
        let seen = seen.strftime("%Y-%m-%d %H:%M:%S +0000 UTC");
        let mut refusal = Self::new(
            400,
            "ValidationError",
            format!(
                "Control Plane upgrade is blocked due to recent usage of a Kubernetes API deprecated in the specified \
                 version. Please refer to https://kubernetes.io/docs/reference/using-api/deprecation-guide to migrate the \
                 usage. To bypass this error, set forceUpgrade in upgradeSettings.overrideSettings. Bypassing this error \
                 without migrating usage will result in the deprecated Kubernetes API calls failing. Usage details: 1 \
                 error occurred:\n\t* usage has been detected on API {api}.{version}, and was recently seen at: {seen}, \
                 which will be removed in {removed}\n\n"
            ),
        );
        refusal.subcode = Some("UpgradeBlockedOnDeprecatedAPIUsage".to_owned());
        refusal
    }
}
