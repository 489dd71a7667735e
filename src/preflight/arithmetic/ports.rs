//! Outbound ports of a load balancer, and how many nodes one may serve.

/// Ports an outbound address can give to nodes (Azure docs "Outbound rules Azure Load Balancer", 2026).
pub(crate) const PORTS_OF_AN_ADDRESS: u64 = 64_000;
/// Machines behind one load balancer (Azure docs "Azure subscription limits", 2026).
pub(crate) const NODES_OF_A_BACKEND: u64 = 5_000;
/// Nodes of a pool (AKS docs "Quotas, SKU restrictions, and region availability", 2026).
pub(crate) const NODES_OF_A_POOL: u64 = 1_000;

/// Ports that are missing when `nodes` nodes get `each` of them; 0 where they are enough, or Azure divides them.
pub(crate) fn missing_ports(each: u32, nodes: u64, addresses: u32) -> u64 {
    let needed = u64::from(each).saturating_mul(nodes);
    needed.saturating_sub(PORTS_OF_AN_ADDRESS * u64::from(addresses))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_given_to_every_node() {
        for (each, nodes, addresses, missing) in [
            (0, 5_000, 1, 0),
            (1_024, 62, 1, 0),
            (1_024, 63, 1, 512),
            (8_000, 16, 2, 0),
            (8_000, 17, 2, 8_000),
            (64_000, 1, 1, 0),
            (8, 1, 0, 8),
        ] {
            assert_eq!(
                missing_ports(each, nodes, addresses),
                missing,
                "{each} x {nodes} of {addresses}"
            );
        }
    }
}
