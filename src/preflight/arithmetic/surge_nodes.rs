//! How many nodes more a pool has at the peak of its upgrade, and how many are drained at once, for each way AKS
//! upgrades a pool.

use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::PowerState;
use crate::domain::surge::{Batch, Share, batch_of};
use crate::domain::version::KubernetesVersion;

/// How the nodes of a pool are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Surge nodes first, then node after node.
    Rolling,
    /// No surge nodes: nodes are missing while they are reimaged.
    InPlace,
    /// A second set of nodes beside the first one.
    BlueGreen,
    /// No surge nodes (AKS docs "Add an Azure Spot node pool", 2026).
    Spot,
    /// A stopped pool is upgraded when it starts (AKS docs "Automatically upgrade an AKS cluster", 2026).
    Stopped,
}

/// What the upgrade of a pool asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gain {
    pub(crate) way: Way,
    /// Nodes the pool has more of at the peak.
    pub(crate) nodes: u32,
    /// Nodes drained at the same time; 0 where none is.
    pub(crate) drained: u32,
}

impl Gain {
    /// True where new machines are asked for.
    pub(crate) fn needs_machines(self) -> bool {
        self.nodes > 0
    }
}

/// What upgrading a pool of `count` nodes asks for.
///
/// Rolling: max surge, rounded up, at least one and at most the pool (AKS docs "Customize node pool rolling upgrades",
/// 2026). In place: max surge 0 with max unavailable. Blue-green: the whole pool once more.
pub(crate) fn gain(pool: &NodePool, count: u32, strategy: Option<&str>, to: Option<KubernetesVersion>) -> Gain {
    let Batch { surge, unavailable } = batch_of(&pool.upgrade_settings, count, to.or(pool.version));
    let width = |nodes: u32| nodes.max(1).min(count);
    if pool.power_state == PowerState::Stopped || count == 0 {
        return Gain {
            way: Way::Stopped,
            nodes: 0,
            drained: 0,
        };
    }
    if pool.is_spot {
        return Gain {
            way: Way::Spot,
            nodes: 0,
            drained: width(unavailable),
        };
    }
    if strategy.is_some_and(|strategy| strategy.eq_ignore_ascii_case("BlueGreen")) {
        return Gain {
            way: Way::BlueGreen,
            nodes: count,
            drained: count,
        };
    }
    let is_zero = matches!(
        pool.upgrade_settings.max_surge,
        Some(Share::Nodes(0) | Share::Percent(0))
    );
    if is_zero && unavailable > 0 {
        return Gain {
            way: Way::InPlace,
            nodes: 0,
            drained: width(unavailable),
        };
    }
    Gain {
        way: Way::Rolling,
        nodes: surge.max(1),
        drained: width(surge.max(unavailable)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::node_pool::{PoolMode, UpgradeSettings};
    use crate::domain::provisioning::ProvisioningState;

    fn pool(surge: Option<&str>, unavailable: Option<&str>) -> NodePool {
        NodePool {
            name: "apps".into(),
            mode: PoolMode::User,
            count: 0,
            vm_size: "Standard_D4s_v5".to_owned(),
            os_type: "Linux".to_owned(),
            requested_version: None,
            version: Some(KubernetesVersion::new(1, 34, 2)),
            node_image: None,
            provisioning_state: ProvisioningState::Succeeded,
            power_state: PowerState::Running,
            upgrade_settings: UpgradeSettings {
                max_surge: surge.map(|text| text.parse().unwrap()),
                max_unavailable: unavailable.map(|text| text.parse().unwrap()),
                ..UpgradeSettings::default()
            },
            is_autoscaled: false,
            is_spot: false,
            max_pods: None,
            vnet_subnet: None,
            pod_subnet: None,
            etag: None,
            error: None,
        }
    }

    fn check(pool: &NodePool, count: u32, strategy: Option<&str>, expected: (Way, u32, u32)) {
        let gain = gain(pool, count, strategy, None);
        assert_eq!((gain.way, gain.nodes, gain.drained), expected, "{pool:?} of {count}");
    }

    #[test]
    fn surge_nodes_follow_the_settings() {
        check(&pool(None, None), 30, None, (Way::Rolling, 3, 3));
        check(&pool(None, None), 3, None, (Way::Rolling, 1, 1));
        check(&pool(Some("33%"), None), 10, None, (Way::Rolling, 4, 4));
        check(&pool(Some("50"), None), 3, None, (Way::Rolling, 3, 3));
        check(&pool(Some("100%"), Some("0")), 7, None, (Way::Rolling, 7, 7));
        check(&pool(Some("0"), None), 7, None, (Way::Rolling, 1, 1));
        check(&pool(Some("0"), Some("25%")), 10, None, (Way::InPlace, 0, 3));
        check(&pool(Some("0%"), Some("1")), 10, None, (Way::InPlace, 0, 1));
        check(&pool(Some("2"), Some("5")), 10, None, (Way::Rolling, 2, 5));
        check(&pool(Some("2"), None), 10, Some("BlueGreen"), (Way::BlueGreen, 10, 10));
        check(&pool(Some("2"), None), 10, Some("Rolling"), (Way::Rolling, 2, 2));
        check(&pool(Some("2"), None), 0, None, (Way::Stopped, 0, 0));
    }

    #[test]
    fn spot_and_stopped_pools_get_no_surge_nodes() {
        let mut spot = pool(Some("33%"), None);
        spot.is_spot = true;
        check(&spot, 9, None, (Way::Spot, 0, 1));
        let mut stopped = pool(Some("33%"), None);
        stopped.power_state = PowerState::Stopped;
        check(&stopped, 9, None, (Way::Stopped, 0, 0));
    }

    #[test]
    fn the_default_is_that_of_the_target() {
        let old = gain(&pool(None, None), 40, None, Some(KubernetesVersion::new(1, 31, 0)));
        assert_eq!(old.nodes, 1);
    }
}
