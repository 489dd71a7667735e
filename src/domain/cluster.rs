//! A cluster as Azure describes it, the versions it is offered, and those its region knows.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::ids::{ClusterId, NodePoolName, SubscriptionId};
use super::network::PodNetwork;
use super::node_pool::NodePool;
use super::provisioning::{AzureErrorDetail, PowerState, ProvisioningState};
use super::version::{KubernetesVersion, MinorVersion, NodeImageVersion};

/// A managed cluster, as Azure claims it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    pub id: ClusterId,
    pub name: String,
    pub resource_group: String,
    pub subscription_id: SubscriptionId,
    pub location: String,
    /// As asked for; may be an alias such as `1.33`.
    pub requested_version: Option<String>,
    /// What Azure says the control plane runs; shows the target as soon as an upgrade was accepted.
    pub version: Option<KubernetesVersion>,
    pub provisioning_state: ProvisioningState,
    pub power_state: PowerState,
    /// `Free`, `Standard` or `Premium`, as Azure wrote it.
    pub tier: Option<String>,
    pub support_plan: SupportPlan,
    pub auto_upgrade: AutoUpgrade,
    pub fqdn: Option<String>,
    /// Set where the API server has no public address.
    pub private_fqdn: Option<String>,
    pub node_resource_group: Option<String>,
    /// `None` where it is not known, or where the plugin is not Azure's.
    pub network: Option<PodNetwork>,
    /// In Azure's order, which is the order a whole-cluster upgrade uses. Empty where Azure sent none.
    pub pools: Vec<NodePool>,
    pub tags: BTreeMap<String, String>,
    /// A force-upgrade override that is still on the cluster, with its end.
    pub force_upgrade_until: Option<Timestamp>,
    pub etag: Option<String>,
    pub error: Option<AzureErrorDetail>,
}

impl Cluster {
    /// The pool of that name.
    pub fn pool(&self, name: &NodePoolName) -> Option<&NodePool> {
        self.pools.iter().find(|pool| pool.name == *name)
    }

    /// Configured nodes over all pools, without surge nodes.
    pub fn node_count(&self) -> u32 {
        self.pools.iter().map(|pool| pool.count).sum()
    }

    /// The state that says whether an operation runs: the cluster's, or the first busy pool's.
    ///
    /// A node image upgrade leaves the cluster at `Succeeded` (AKS recording, 2022), so the cluster
    /// alone is never enough.
    pub fn active_state(&self) -> Option<&ProvisioningState> {
        std::iter::once(&self.provisioning_state)
            .chain(self.pools.iter().map(|pool| &pool.provisioning_state))
            .find(|state| !state.is_terminal())
    }

    /// True while versions or images of this cluster are being changed.
    pub fn is_upgrading(&self) -> bool {
        self.active_state().is_some_and(ProvisioningState::is_upgrading)
    }
}

/// Who supports the cluster's version, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SupportPlan {
    #[default]
    KubernetesOfficial,
    LongTermSupport,
    Other(String),
}

impl From<&str> for SupportPlan {
    fn from(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "" | "kubernetesofficial" => Self::KubernetesOfficial,
            "akslongtermsupport" => Self::LongTermSupport,
            _ => Self::Other(text.to_owned()),
        }
    }
}

/// The two automatic channels, in Azure's words; `None` where Azure sent nothing, which means off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoUpgrade {
    pub kubernetes_channel: Option<String>,
    pub node_os_channel: Option<String>,
}

/// One version Azure offers as the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpgradeOffer {
    pub version: KubernetesVersion,
    pub is_preview: bool,
}

/// What a node pool ran before and could be rolled back to (API 2026-04-01 and later).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentlyUsedVersion {
    pub version: KubernetesVersion,
    pub node_image: NodeImageVersion,
    pub used_until: Option<Timestamp>,
}

/// What one pool can go to. All lists may be empty: Azure leaves them out when there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolUpgrades {
    pub current: Option<KubernetesVersion>,
    pub offers: Vec<UpgradeOffer>,
    pub latest_node_image: Option<NodeImageVersion>,
    pub recently_used: Vec<RecentlyUsedVersion>,
}

/// What a cluster can go to, as its upgrade profiles say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterUpgrades {
    /// Newest first.
    pub control_plane: Vec<UpgradeOffer>,
    pub pools: BTreeMap<NodePoolName, PoolUpgrades>,
}

/// One release line a region knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionMinor {
    pub line: MinorVersion,
    pub is_default: bool,
    pub is_preview: bool,
    /// True where only long-term support covers the line.
    pub is_lts_only: bool,
    /// Each patch with the versions reachable from it in one step.
    pub patches: BTreeMap<KubernetesVersion, Vec<KubernetesVersion>>,
}

/// The versions of a region and the steps between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionVersions {
    pub minors: Vec<RegionMinor>,
}
