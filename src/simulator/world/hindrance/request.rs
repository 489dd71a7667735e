//! What AKS and Resource Manager look at before they accept a change: locks, links, networks, limits that can be
//! reckoned beforehand, and who still calls an API that the target removes.

use std::time::Duration;

use jiff::Timestamp;

use super::{Obstacle, is_workspace};
use crate::domain::version::{KubernetesVersion, MinorVersion};
use crate::simulator::world::cluster::{SimulatedCluster, is_force_valid};
use crate::simulator::world::landscape::LockScope;
use crate::simulator::world::pool::SimulatedPool;
use crate::simulator::world::refusal::Refusal;

/// Addresses a node's pods take of the pod network (AKS docs "Azure CNI Overlay", 2026: a /24 for each node).
const POD_ADDRESSES: u64 = 256;
/// Ports an outbound address has for nodes (AKS docs "Use a public standard load balancer", 2026).
const PORTS: u64 = 64_000;
/// Instances of one scale set (Azure docs "Virtual Machine Scale Sets FAQ", 2026).
const MOST_MACHINES: u32 = 1000;
/// A write through an old API counts so long (AKS docs "Stop cluster upgrades on API breaking changes", 2026).
const API_MEMORY: Duration = Duration::from_hours(12);

/// OS SKUs with the minors in which they may be used (AKS docs "Upgrade the OS version", 2026).
const OS_SKUS: [(&str, u16); 5] = [
    ("Windows2019", 32),
    ("Windows2022", 36),
    ("AzureLinux3", 36),
    ("Ubuntu2204", 36),
    ("Ubuntu2404", 38),
];

impl SimulatedCluster {
    /// What stands in the way of any change of the cluster or of a pool.
    pub(in crate::simulator::world) fn refuse_hindered(&self, drops_monitoring: bool) -> Result<(), Refusal> {
        let landscape = &self.landscape;
        let profile = &self.profile;
        let group = format!(
            "/subscriptions/{}/resourceGroups/{}",
            profile.subscription, profile.resource_group
        );
        let resource = format!(
            "{group}/providers/Microsoft.ContainerService/managedClusters/{}",
            profile.name
        );
        for lock in landscape.locks.iter().filter(|lock| lock.level == "ReadOnly") {
            let scope = match &lock.on {
                LockScope::Subscription => format!("/subscriptions/{}", profile.subscription),
                LockScope::ClusterGroup => group.clone(),
                LockScope::Cluster => resource.clone(),
                LockScope::NodeGroup | LockScope::Group(_) | LockScope::Resource(_) => continue,
            };
            return Err(Refusal::locked(&resource, &scope));
        }
        let has_monitoring = !drops_monitoring && landscape.has_monitoring();
        if let Some(workspace) = landscape.missing.iter().find(|id| has_monitoring && is_workspace(id)) {
            return Err(Refusal::workspace_gone(workspace));
        }
        if let Some(namespace) = self.hindrances.find(None, |what| match what {
            Obstacle::NotRegistered { namespace } => Some(namespace),
            _ => None,
        }) {
            return Err(Refusal::not_registered(namespace));
        }
        for subnet in &landscape.subnets {
            let network = landscape.networks.get(&subnet.network);
            if let Some(state) = network.and_then(|network| network.provisioning_state.as_deref())
                && !state.eq_ignore_ascii_case("Succeeded")
            {
                let of = subnet.resource_group.as_deref().unwrap_or(&profile.resource_group);
                let id = format!(
                    "/subscriptions/{}/resourceGroups/{of}/providers/Microsoft.Network/virtualNetworks/{}",
                    profile.subscription, subnet.network
                );
                return Err(Refusal::network_busy(&id, state));
            }
        }
        Ok(())
    }

    /// What stands in the way of bringing these pools to a version.
    pub(in crate::simulator::world) fn refuse_upgrade_of(
        &self,
        pools: &[&SimulatedPool],
        target: KubernetesVersion,
    ) -> Result<(), Refusal> {
        for pool in pools {
            let properties = self.landscape.pool_properties.get(&pool.name);
            let sku = properties.and_then(|it| it["osSKU"].as_str()).unwrap_or_default();
            if OS_SKUS
                .iter()
                .any(|(known, last)| *known == sku && target.minor > *last)
            {
                return Err(Refusal::os_sku(sku, target.minor_line()));
            }
            let (surge, _) = pool.settings.batch(pool.count, target);
            if pool.count.saturating_add(surge) > MOST_MACHINES {
                return Err(Refusal::too_many_machines(&pool.name, pool.count, surge));
            }
        }
        let nodes: u64 = self.pools.iter().map(|pool| self.most_nodes(pool, target, pools)).sum();
        self.refuse_ports(nodes)?;
        self.refuse_pod_network(nodes)
    }

    /// Nodes a pool may come to: its maximum, and its surge nodes where it is upgraded.
    fn most_nodes(&self, pool: &SimulatedPool, target: KubernetesVersion, upgraded: &[&SimulatedPool]) -> u64 {
        let properties = self.landscape.pool_properties.get(&pool.name);
        let most = properties.and_then(|it| it["maxCount"].as_u64());
        let is_upgraded = upgraded.iter().any(|other| other.name == pool.name);
        let surge = if is_upgraded {
            pool.settings.batch(pool.count, target).0
        } else {
            0
        };
        most.unwrap_or(u64::from(pool.count)) + u64::from(surge)
    }

    fn refuse_ports(&self, nodes: u64) -> Result<(), Refusal> {
        let profile = &self.landscape.cluster_properties["networkProfile"]["loadBalancerProfile"];
        let ports = profile["allocatedOutboundPorts"].as_u64().unwrap_or(0);
        let addresses = profile["managedOutboundIPs"]["count"].as_u64().unwrap_or(1);
        if ports * nodes > PORTS * addresses {
            return Err(Refusal::outbound_ports(ports, nodes, addresses));
        }
        Ok(())
    }

    fn refuse_pod_network(&self, nodes: u64) -> Result<(), Refusal> {
        let Some(cidr) = self.landscape.cluster_properties["networkProfile"]["podCidr"].as_str() else {
            return Ok(());
        };
        let bits: u32 = cidr
            .rsplit_once('/')
            .and_then(|(_, bits)| bits.parse().ok())
            .unwrap_or(16);
        let have = 1_u64 << 32_u32.saturating_sub(bits).min(31);
        let need = nodes * POD_ADDRESSES;
        if need > have {
            return Err(Refusal::pod_network(need, have, cidr));
        }
        Ok(())
    }

    /// AKS's gate for calls of removed APIs; a forced upgrade passes it.
    pub(in crate::simulator::world) fn refuse_deprecated_use(
        &self,
        target: KubernetesVersion,
        force: Option<(bool, Option<Timestamp>)>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if target.minor_line() == self.control_plane.claimed.minor_line() || is_force_valid(force, now) {
            return Ok(());
        }
        let found = self.hindrances.find(None, |what| match what {
            Obstacle::DeprecatedApi {
                api,
                version,
                removed_in,
                seen_minutes_before,
            } => Some((api, version, removed_in, *seen_minutes_before)),
            _ => None,
        });
        let Some((api, version, removed_in, minutes)) = found else {
            return Ok(());
        };
        let seen = self.begun - Duration::from_mins(u64::from(minutes));
        let is_removed = removed_in
            .parse::<MinorVersion>()
            .is_ok_and(|removed| removed <= target.minor_line());
        if is_removed && seen + API_MEMORY > now {
            return Err(Refusal::deprecated_api(api, version, removed_in, seen));
        }
        Ok(())
    }
}
