//! Addresses that further nodes of a pool take, for each way pods get theirs. How many are free is Azure's to say.

use crate::domain::network::PodNetwork;
use crate::domain::node_pool::NodePool;

/// How nodes and pods get their addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// A network plugin that is not Azure's: the node's own address is all that is known.
    OwnPlugin,
    /// Azure CNI, pods in the node subnet.
    NodeSubnet,
    /// Azure CNI overlay, with Cilium or without: a range of 256 of the pod range for each node.
    Overlay,
    /// The same, with a route for each node.
    Kubenet,
    /// Azure CNI, pods in a subnet of their own, 16 addresses at a time.
    PodSubnetDynamic,
    /// The same with blocks of 16 for all pods a node may have, taken at once.
    PodSubnetStatic,
}

/// Addresses by where they come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) node_subnet: u64,
    pub(crate) pod_subnet: u64,
}

/// Addresses of the pod range a node takes (AKS docs "IP address planning", 2026).
pub(crate) const POD_RANGE_OF_A_NODE: u64 = 256;
/// Nodes a kubenet cluster can have routes for (AKS docs "Use kubenet networking", 2026).
pub(crate) const KUBENET_NODES: u64 = 400;
/// Addresses Azure CNI takes from a pod subnet at a time (AKS docs "Configure Azure CNI networking for dynamic
/// allocation of IPs", 2026).
const BLOCK: u64 = 16;
/// Pods of a node with a pod subnet where the pool does not say (AKS docs "IP address planning", 2026).
const MAX_PODS_POD_SUBNET: u32 = 110;

impl Flavour {
    /// The flavour of a pool. `is_static` where its pods get fixed blocks (`podIPAllocationMode` StaticBlock).
    pub(crate) fn of(network: Option<PodNetwork>, pool: &NodePool, is_static: bool) -> Self {
        match network {
            None => Self::OwnPlugin,
            Some(PodNetwork::Overlay) => Self::Overlay,
            Some(PodNetwork::Kubenet) => Self::Kubenet,
            Some(PodNetwork::Subnet) if pool.pod_subnet.is_none() => Self::NodeSubnet,
            Some(PodNetwork::Subnet) if is_static => Self::PodSubnetStatic,
            Some(PodNetwork::Subnet) => Self::PodSubnetDynamic,
        }
    }

    /// True where each node takes 256 addresses of the cluster's pod range.
    pub(crate) fn uses_pod_range(self) -> bool {
        matches!(self, Self::Overlay | Self::Kubenet)
    }

    /// Addresses so many nodes take from the pool's subnets.
    pub(crate) fn addresses(self, pool: &NodePool, nodes: u32) -> Addresses {
        let nodes = u64::from(nodes);
        let max_pods = u64::from(pool.max_pods.unwrap_or(MAX_PODS_POD_SUBNET));
        let (node_subnet, pod_subnet) = match self {
            Self::OwnPlugin | Self::Overlay | Self::Kubenet => (1, 0),
            Self::NodeSubnet => (u64::from(PodNetwork::Subnet.addresses_of_a_node(pool)), 0),
            Self::PodSubnetDynamic => (1, BLOCK),
            Self::PodSubnetStatic => (1, BLOCK * (max_pods + 1).div_ceil(BLOCK)),
        };
        Addresses {
            node_subnet: nodes * node_subnet,
            pod_subnet: nodes * pod_subnet,
        }
    }
}

/// Addresses of an IPv4 range such as `10.244.0.0/16`; the first one where several are named.
pub(crate) fn range_size(cidr: &str) -> Option<u64> {
    let first = cidr.split(',').next()?.trim();
    let (address, length) = first.split_once('/')?;
    let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
    address.parse::<std::net::Ipv4Addr>().ok()?;
    Some(1 << (32 - length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::arithmetic::surge_nodes::gain;

    fn pool(max_pods: Option<u32>, has_pod_subnet: bool) -> NodePool {
        NodePool {
            name: "apps".into(),
            mode: crate::domain::node_pool::PoolMode::User,
            count: 3,
            vm_size: String::new(),
            os_type: "Linux".to_owned(),
            requested_version: None,
            version: None,
            node_image: None,
            provisioning_state: "Succeeded".into(),
            power_state: "Running".into(),
            upgrade_settings: crate::domain::node_pool::UpgradeSettings::default(),
            is_autoscaled: false,
            is_spot: false,
            max_pods,
            vnet_subnet: Some("/nodes".to_owned()),
            pod_subnet: has_pod_subnet.then(|| "/pods".to_owned()),
            etag: None,
            error: None,
        }
    }

    #[test]
    fn each_flavour_has_its_own_sum() {
        let subnet = Some(PodNetwork::Subnet);
        for (network, is_static, max_pods, has_pod_subnet, nodes, expected) in [
            (None, false, Some(110), false, 4, (4, 0)),
            (Some(PodNetwork::Overlay), false, Some(250), false, 4, (4, 0)),
            (Some(PodNetwork::Kubenet), false, Some(110), false, 2, (2, 0)),
            (subnet, false, Some(30), false, 4, (124, 0)),
            (subnet, false, None, false, 1, (31, 0)),
            (subnet, false, Some(110), true, 3, (3, 48)),
            (subnet, true, Some(110), true, 3, (3, 336)),
            (subnet, true, Some(15), true, 1, (1, 16)),
            (subnet, true, Some(16), true, 1, (1, 32)),
            (subnet, true, None, true, 0, (0, 0)),
        ] {
            let pool = pool(max_pods, has_pod_subnet);
            let flavour = Flavour::of(network, &pool, is_static);
            let needed = flavour.addresses(&pool, nodes);
            assert_eq!(
                (needed.node_subnet, needed.pod_subnet),
                expected,
                "{flavour:?} {max_pods:?}"
            );
        }
    }

    #[test]
    fn a_default_pool_of_three_needs_one_node_more() {
        let pool = pool(Some(30), false);
        let more = gain(&pool, pool.count, None, None).nodes;
        assert_eq!(Flavour::NodeSubnet.addresses(&pool, more).node_subnet, 31);
    }

    #[test]
    fn ranges_have_sizes() {
        for (text, size) in [
            ("10.244.0.0/16", Some(65536)),
            ("10.0.0.0/24", Some(256)),
            ("10.0.0.1/32", Some(1)),
            ("0.0.0.0/0", Some(1 << 32)),
            ("10.244.0.0/16, fd00::/64", Some(65536)),
            ("fd00::/64", None),
            ("10.0.0.0/33", None),
            ("10.0.0.0", None),
            ("", None),
        ] {
            assert_eq!(range_size(text), size, "{text}");
        }
    }
}
