//! How nodes and pods get their addresses, as far as it decides what a surge node takes from a subnet.
//! Never reads a subnet: how many addresses are free is Azure's to say.

use super::node_pool::NodePool;

/// Where pods get their addresses from (`networkProfile`, AKS API 2026-08-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodNetwork {
    /// Azure CNI overlay: pods live in a range of their own.
    Overlay,
    Kubenet,
    /// Azure CNI: pods live in the pool's pod subnet, or in the node subnet where it has none.
    Subnet,
}

/// Pods of a node where the pool does not say (AKS docs "IP address planning", 2026).
const MAX_PODS_NODE_SUBNET: u32 = 30;
const MAX_PODS_POD_SUBNET: u32 = 110;

impl PodNetwork {
    /// Reads `networkPlugin` and `networkPluginMode`; `None` for a plugin that is not Azure's.
    pub fn parse(plugin: &str, mode: Option<&str>) -> Option<Self> {
        match plugin.to_ascii_lowercase().as_str() {
            "kubenet" => Some(Self::Kubenet),
            "azure" if mode.is_some_and(|mode| mode.eq_ignore_ascii_case("overlay")) => Some(Self::Overlay),
            "azure" => Some(Self::Subnet),
            _ => None,
        }
    }

    /// Addresses one more node of the pool takes in its subnets, pods included.
    ///
    /// Overlay and kubenet: the node's own. Node subnet: one more for each pod the node may have, taken at once.
    /// Pod subnet: the same number at most, as pods come (AKS docs "IP address planning" and "Configure Azure CNI
    /// networking for dynamic allocation of IPs", 2026).
    pub fn addresses_of_a_node(self, pool: &NodePool) -> u32 {
        let pods = match self {
            Self::Overlay | Self::Kubenet => 0,
            Self::Subnet if pool.pod_subnet.is_some() => pool.max_pods.unwrap_or(MAX_PODS_POD_SUBNET),
            Self::Subnet => pool.max_pods.unwrap_or(MAX_PODS_NODE_SUBNET),
        };
        pods.saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flavour_is_read_from_plugin_and_mode() {
        let check = |plugin, mode, expected| assert_eq!(PodNetwork::parse(plugin, mode), expected, "{plugin} {mode:?}");
        check("azure", Some("Overlay"), Some(PodNetwork::Overlay));
        check("Azure", None, Some(PodNetwork::Subnet));
        check("azure", Some(""), Some(PodNetwork::Subnet));
        check("kubenet", None, Some(PodNetwork::Kubenet));
        check("none", None, None);
        check("", None, None);
    }
}
