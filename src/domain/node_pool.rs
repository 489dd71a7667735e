//! A node pool as Azure describes it, and its upgrade settings.
//! What its nodes really run is in `node.rs`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::NodePoolName;
use super::provisioning::{AzureErrorDetail, PowerState, ProvisioningState};
use super::surge::Share;
use super::version::{KubernetesVersion, NodeImageVersion};

/// What a pool is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PoolMode {
    System,
    #[default]
    User,
    Gateway,
    Other(String),
}

impl From<&str> for PoolMode {
    fn from(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "system" => Self::System,
            "user" => Self::User,
            "gateway" => Self::Gateway,
            _ => Self::Other(text.to_owned()),
        }
    }
}

impl fmt::Display for PoolMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::System => "System",
            Self::User => "User",
            Self::Gateway => "Gateway",
            Self::Other(word) => word,
        })
    }
}

/// What AKS does with a node whose drain does not finish in time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UndrainableNodeBehavior {
    /// The node becomes schedulable again and the operation fails.
    #[default]
    Schedule,
    /// The node stays cordoned with the quarantine label and the others go on.
    Cordon,
    Other(String),
}

/// A pool's upgrade settings; absent values mean AKS's defaults
/// (AKS docs "Customize node pool rolling upgrades", 2026; API 2026-08-01).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpgradeSettings {
    pub max_surge: Option<Share>,
    pub max_unavailable: Option<Share>,
    /// 5 to 1440.
    pub drain_timeout_minutes: Option<u32>,
    /// 0 to 30.
    pub node_soak_minutes: Option<u32>,
    pub undrainable_node_behavior: Option<UndrainableNodeBehavior>,
}

impl UpgradeSettings {
    /// AKS's drain timeout when none is set.
    pub const DEFAULT_DRAIN_TIMEOUT_MINUTES: u32 = 30;

    /// How long a drain may take before AKS gives up.
    pub fn drain_timeout(&self) -> std::time::Duration {
        std::time::Duration::from_secs(
            60 * u64::from(
                self.drain_timeout_minutes
                    .unwrap_or(Self::DEFAULT_DRAIN_TIMEOUT_MINUTES),
            ),
        )
    }

    /// How long AKS waits after a node is drained.
    pub fn node_soak(&self) -> std::time::Duration {
        std::time::Duration::from_secs(60 * u64::from(self.node_soak_minutes.unwrap_or(0)))
    }
}

/// A node pool, as Azure claims it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePool {
    pub name: NodePoolName,
    pub mode: PoolMode,
    /// Nodes as configured, without surge nodes.
    pub count: u32,
    pub vm_size: String,
    pub os_type: String,
    /// As asked for; may be an alias such as `1.33`.
    pub requested_version: Option<String>,
    /// What Azure says the pool runs. During an upgrade it already shows the target: a claim, not progress.
    pub version: Option<KubernetesVersion>,
    pub node_image: Option<NodeImageVersion>,
    pub provisioning_state: ProvisioningState,
    pub power_state: PowerState,
    pub upgrade_settings: UpgradeSettings,
    pub is_autoscaled: bool,
    pub is_spot: bool,
    pub max_pods: Option<u32>,
    pub etag: Option<String>,
    pub error: Option<AzureErrorDetail>,
}
